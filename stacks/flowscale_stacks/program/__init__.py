"""The Pulumi program of a folder of specs, and the decisions that lead to it."""

from flowscale_stacks.program.running import deploy, project_args, project_program
from flowscale_stacks.reading.folders import Source
from flowscale_stacks.reading.wanting import Wanted, read

__all__ = ["Source", "Wanted", "deploy", "project_args", "project_program", "read"]
