"""What a repository of workflows refuses.

RepositoryError
    NoGit          the program is missing, or git refuses; its own words are in the message
    NotThere       no workflow or no commit has this name
    Exists         another workflow has this name already
    BadName        a name leads out of the folder, or is none
"""


class RepositoryError(Exception):
    """Base of what can go wrong with saved workflows."""


class NoGit(RepositoryError):
    """Git can't be run, or refuses."""


class NotThere(RepositoryError):
    """There is no such workflow or commit."""


class Exists(RepositoryError):
    """Another workflow has this name."""


class BadName(RepositoryError):
    """A name that can't be one."""
