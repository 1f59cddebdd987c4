"""How packs can fail to be locked or installed: `str(error)` says what, where and what to do.

PackError
    NoProgram               git or uv isn't there
    SourceFailed            a pack can't be fetched from its source
    RequirementsFailed      what a pack requires can't be read, or there are no wheels for it
    InstallFailed           locked wheels can't be installed
"""


class PackError(Exception):
    """A pack can't be had."""


class NoProgram(PackError):
    """A program that packs are fetched or installed with isn't there."""


class SourceFailed(PackError):
    """A pack can't be fetched from its source."""


class RequirementsFailed(PackError):
    """What a pack requires can't be read, or there are no wheels for it."""


class InstallFailed(PackError):
    """Locked wheels can't be installed."""
