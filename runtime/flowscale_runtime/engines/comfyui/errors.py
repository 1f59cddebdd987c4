"""How a ComfyUI server can fail a run.

HostDied
    NoServer        none of the pool answers
    Refused         a server doesn't take the prompt, for a reason that isn't the graph's
Busy                a server takes nothing now; later it does
"""

from flowscale_runtime.engines.errors import HostDied


class NoServer(HostDied):
    """No server of the pool answers, or all are taken by other runs of this worker."""


class Refused(HostDied):
    """A server answers in a way that isn't ComfyUI's, such as a proxy that wants a login."""


class Busy(Exception):
    """A server's queue is full, or it can't be reached just now."""
