"""Options that several verbs share."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="The folder with the specs.", show_default=True)]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Where runs, outputs and keys are kept. [default: DIR/.flowscale]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="The server. [default: the one that serves this folder]", envvar="FLOWSCALE_BASE_URL"
    ),
]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="A file that holds the API key.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
RunName = Annotated[str, typer.Argument(help="The run's id.", metavar="RUN_ID")]
Outputs = Annotated[Path, typer.Option("--output", "-o", help="The folder for outputs.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for the end.")]
Environment = Annotated[
    str | None, typer.Option("--environment", "-e", help="The Environment spec to apply.")
]


class Engine(Enum):
    """What computes runs."""

    INPROCESS = "inprocess"
    TRITON = "triton"


def data_folder(folder: Path, data: Path | None) -> Path:
    """Where a folder's data is."""
    return data or folder / ".flowscale"
