"""python -m flowscale_cli: the `flowscale` command."""

from flowscale_cli.main import main

main()
