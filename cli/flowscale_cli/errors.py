"""How a command ends: one sentence for a person and an exit code for a script.

CliError        1   the command did what it could, and it did not work out
    UsageError  2   the command line is wrong (as the option parser has it)
    SpecsWrong  3   specs, workflows or the lock are wrong; each error was printed with file, line and column
    Unreachable 4   no server answers, or it refuses the credentials
    RunFailed   5   the run ended without a result
    Drifted     6   the cluster is not as the last update left it
    PolicyDenied 7  a policy forbids what was planned
    Interrupted 130 Ctrl-C; what the command had begun was ended
"""

from typing import ClassVar


class CliError(Exception):
    """The command did not work out."""

    code: ClassVar[int] = 1


class UsageError(CliError):
    """The command line is wrong."""

    code = 2


class SpecsWrong(CliError):
    """Specs, workflows or the lock are wrong."""

    code = 3


class Unreachable(CliError):
    """No server answers, or it refuses the credentials."""

    code = 4


class RunFailed(CliError):
    """The run ended without a result."""

    code = 5


class Drifted(CliError):
    """The cluster is not as the last update left it."""

    code = 6


class PolicyDenied(CliError):
    """A policy forbids what was planned."""

    code = 7


class Interrupted(CliError):
    """Ctrl-C."""

    code = 130
