"""How an attempt can fail without an answer from the engine; a host that dies says so itself (HostDied).

AttemptFailed
    OutOfTime       the run took longer than it may
    OutOfMemory     the run took more memory than it may
    Stopped         somebody ended the run: nothing is to be written
"""


class AttemptFailed(Exception):
    """The engine gave no result."""


class OutOfTime(AttemptFailed):
    """The run took longer than it may."""


class OutOfMemory(AttemptFailed):
    """The run took more memory than it may."""


class Stopped(AttemptFailed):
    """Somebody ended the run."""
