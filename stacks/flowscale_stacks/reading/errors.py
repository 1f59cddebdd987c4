"""Why what is wanted, or what is there, can't be read.

ReadingError
    NotDeployable           the specs, the lock or the settings don't say enough to deploy
        UnknownTarget       a target that the environment doesn't have
        NotPinned           a version that flowscale.lock doesn't name
        NoImages            no images to run
    NotObjects              a file doesn't hold Kubernetes objects
    NotRevision             git doesn't know a revision, or the folder isn't in a repository
    ClusterUnreachable      no API server answers
    CredentialsRefused      it answers, and doesn't know us (any more)
"""


class ReadingError(Exception):
    """What is wanted, or what is there, can't be read."""


class NotDeployable(ReadingError):
    """The specs, the lock or the settings don't say enough to deploy."""


class UnknownTarget(NotDeployable):
    """A target that the environment doesn't have."""


class NotPinned(NotDeployable):
    """A version that flowscale.lock doesn't name."""


class NoImages(NotDeployable):
    """No images to run."""


class NotObjects(ReadingError):
    """A file doesn't hold Kubernetes objects."""


class NotRevision(ReadingError):
    """Git doesn't know a revision, or the folder isn't in a repository."""


class ClusterUnreachable(ReadingError):
    """No API server answers."""


class CredentialsRefused(ReadingError):
    """It answers, and doesn't know us (any more)."""
