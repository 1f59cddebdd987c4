"""From a resolved project to plain Kubernetes objects: pure, deterministic, in an order in which applying works."""

from flowscale_stacks.compile.context import Images
from flowscale_stacks.compile.errors import BadName, CompileError, NameClash, TooLarge
from flowscale_stacks.compile.objects import Object
from flowscale_stacks.compile.project import compile_project

__all__ = ["BadName", "CompileError", "Images", "NameClash", "Object", "TooLarge", "compile_project"]
