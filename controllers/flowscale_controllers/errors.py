"""What can go wrong in the controllers, and what follows from it.

ControllerError
    TraceError  a trace of arrivals can't be read; says file and line
"""


class ControllerError(Exception):
    """A controller could not do its work."""


class TraceError(ControllerError):
    """A trace of arrivals can't be read."""
