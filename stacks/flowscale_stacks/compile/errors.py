"""Why a project can't become Kubernetes objects.

The tree:

    CompileError
        BadName         a name that Kubernetes doesn't take
        NameClash       two things that would be the same object
        TooLarge        an object that the API server would refuse for its size
"""


class CompileError(Exception):
    """A project can't become Kubernetes objects."""


class BadName(CompileError):
    """A name that Kubernetes doesn't take."""


class NameClash(CompileError):
    """Two things that would be the same object."""


class TooLarge(CompileError):
    """An object that the API server would refuse for its size."""
