"""The Pulumi program of a folder of specs, and the decisions that lead to it."""

from flowscale_stacks.program.reading import Source, Wanted, read
from flowscale_stacks.program.running import deploy, project_args, project_program

__all__ = ["Source", "Wanted", "deploy", "project_args", "project_program", "read"]
