"""What can go wrong in the controllers, and what follows from it.

ControllerError
    NotLeader       another process holds the lease: nothing may be written
    GatewayLost     the gateway's streams don't answer; decisions go on without news until they do
    TraceError      a trace of arrivals can't be read; says file and line
"""


class ControllerError(Exception):
    """A controller could not do its work."""


class NotLeader(ControllerError):
    """Another process holds the lease."""


class GatewayLost(ControllerError):
    """The gateway's streams don't answer."""


class TraceError(ControllerError):
    """A trace of arrivals can't be read."""
