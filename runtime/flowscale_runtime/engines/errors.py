"""How a host can fail its worker.

HostDied                the process ended by itself: another attempt may succeed
    ServerDied          the server that its process belongs to ended
EngineMissing           this machine can't run the engine; says what to install
"""


class HostDied(Exception):
    """The host process ended by itself."""


class ServerDied(HostDied):
    """The server that a host's process belongs to ended."""


class EngineMissing(Exception):
    """This machine can't run the engine that was asked for."""
