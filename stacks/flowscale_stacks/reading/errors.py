"""Why what is there can't be read.

The tree:

    ReadingError
        ClusterUnreachable      no API server answers, or it refuses the credentials
        NotObjects              a file doesn't hold Kubernetes objects
        NotRevision             git doesn't know a revision, or the folder isn't in a repository
"""


class ReadingError(Exception):
    """What is there can't be read."""


class ClusterUnreachable(ReadingError):
    """No API server answers, or it refuses the credentials."""


class NotObjects(ReadingError):
    """A file doesn't hold Kubernetes objects."""


class NotRevision(ReadingError):
    """Git doesn't know a revision, or the folder isn't in a repository."""
