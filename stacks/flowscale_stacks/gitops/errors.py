"""What keeps git sync from following a repository.

GitError                the repository can't be followed
    GitMissing          the `git` program isn't there
    RepositoryUnreachable   it doesn't answer, or refuses the credentials
    NoSuchBranch        it has no branch of that name
    NoSuchFolder        the commit has no folder of that name
    Unsigned            the commit has no signature that is trusted
"""


class GitError(Exception):
    """The repository can't be followed."""


class GitMissing(GitError):
    """The `git` program isn't there."""


class RepositoryUnreachable(GitError):
    """It doesn't answer, or refuses the credentials."""


class NoSuchBranch(GitError):
    """It has no branch of that name."""


class NoSuchFolder(GitError):
    """The commit has no folder of that name."""


class Unsigned(GitError):
    """The commit has no signature that is trusted."""
