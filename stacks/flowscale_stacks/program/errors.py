"""What keeps a folder of specs from becoming a stack.

ProgramError        the specs, the lock or the settings don't say enough
    UnknownTarget   a target that the environment doesn't have
    NotPinned       a version that flowscale.lock doesn't name
    NoImages        no images to run
"""


class ProgramError(Exception):
    """The specs, the lock or the settings don't say enough."""


class UnknownTarget(ProgramError):
    """A target that the environment doesn't have."""


class NotPinned(ProgramError):
    """A version that flowscale.lock doesn't name."""


class NoImages(ProgramError):
    """No images to run."""
