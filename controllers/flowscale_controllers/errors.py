"""What can go wrong in the controllers, and what follows from it.

ControllerError
    SettingMissing  the process can't start; says which setting it needs
    NotLeader       another process holds the lease: nothing may be written
    GatewayLost     the gateway doesn't answer; decisions go on without news until it does
    TraceError      a trace of arrivals can't be read; says file and line
"""


class ControllerError(Exception):
    """A controller could not do its work."""


class SettingMissing(ControllerError):
    """The process can't start without a setting."""


class NotLeader(ControllerError):
    """Another process holds the lease."""


class GatewayLost(ControllerError):
    """The gateway doesn't answer."""


class TraceError(ControllerError):
    """A trace of arrivals can't be read."""
