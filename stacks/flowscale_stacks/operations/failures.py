"""From what the engine and the provider print to errors that say what to do: pure reading of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowscale_stacks.operations import errors
from flowscale_stacks.operations.locks import holders, locked
from flowscale_stacks.reading.errors import ClusterUnreachable, CredentialsRefused, ReadingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Failure = errors.OperationError | ReadingError

_UNREACHABLE = re.compile(
    r"cluster is unreachable|connection refused|no such host|i/o timeout|Connection refused|no route to host"
    r"|failed to load kubeconfig|context .* does not exist"
)
_REFUSED_US = re.compile(
    r"\bUnauthorized\b|must be logged in to the server|provide credentials|token has expired|certificate has expired"
)
_NO_KIND = re.compile(
    r'no matches for kind "(?P<kind>[^"]+)" in version "(?P<version>[^"]+)"'
    r"|could not find the requested resource"
)
_EXISTS = re.compile(r"already exists")
_LARGE = re.compile(
    r"Request entity too large|request is too large|Too long: may not be more than|etcdserver: request is too large"
)
_PASSPHRASE = re.compile(r"passphrase must be set|incorrect passphrase|PULUMI_CONFIG_PASSPHRASE")
_TOKEN = re.compile(r"PULUMI_ACCESS_TOKEN|pulumi login|invalid access token")
_STATE = re.compile(
    r"could not list bucket|unable to open bucket|error reading bucket|NoSuchBucket|failed to load checkpoint"
)
_PROTECTED = re.compile(r"is protected|cannot be deleted\b.*protect")

_NOISE = re.compile(r"warning:|code:|stdout:|@ |(update|preview|refresh|destroy) failed$")

_READERS: tuple[tuple[re.Pattern[str], type[Failure], str], ...] = (
    (
        _PASSPHRASE,
        errors.SettingsWrong,
        "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the passphrase that the stack was made with, or name a secrets provider with --secrets-provider",
    ),
    (_TOKEN, errors.SettingsWrong, "set PULUMI_ACCESS_TOKEN, or choose another backend with --backend"),
    (
        _REFUSED_US,
        CredentialsRefused,
        "the cluster refuses the credentials: log in to it again, and check with `kubectl auth whoami`",
    ),
    (
        _UNREACHABLE,
        ClusterUnreachable,
        "no API server answers: check KUBECONFIG, the context that the environment names, and `kubectl cluster-info`",
    ),
    (
        _STATE,
        errors.StateUnreachable,
        "the backend of the state can't be read: check its address and its credentials",
    ),
    (
        _LARGE,
        errors.TooLarge,
        "an object is larger than the API server takes: keep what is large in the object store",
    ),
    (
        _NO_KIND,
        errors.KindMissing,
        "the cluster doesn't know a kind: install its custom resource definition first",
    ),
    (
        _EXISTS,
        errors.NameClash,
        "something of that name is in the cluster already, and this stack didn't make it: remove it, or choose another namespace for the environment",
    ),
    (_PROTECTED, errors.Refused, "what holds data is protected: `flowscale destroy` removes it"),
)


def failure(said: Sequence[str], output: str) -> Failure:
    """The error for a failed operation: `said` are the engine's diagnostics, `output` is all that it printed."""
    if locked(output):
        return errors.StackLocked(holders(output).advice())
    complaints = [one for text in said if (one := tidy(text))]
    text = "\n".join(complaints) or tidy(output)
    for pattern, kind, advice in _READERS:
        if pattern.search(text) or (not complaints and pattern.search(output)):
            return kind(f"{_first(complaints, pattern.search) or text}\n{advice}")
    refusals = [one for one in complaints if "Kubernetes API server" in one]
    if refusals:
        advice = "what was applied before stays as it is; correct this and run the same again"
        return errors.Refused("\n".join([*dict.fromkeys(refusals), advice]))
    return errors.EngineFailed(text[-2000:] or "the engine ended without a word")


def tidy(text: str) -> str:
    """A diagnostic without colours, prefixes and empty lines."""
    plain = re.sub(r"\x1b\[[0-9;]*m|<\{%[^%]*%\}>", "", text)
    lines = (line.strip().removeprefix("error: ") for line in plain.splitlines())
    kept = [line for line in lines if line and not _NOISE.match(line)]
    return "\n".join(kept)


def _first(complaints: Sequence[str], matches: Callable[[str], object]) -> str | None:
    return next((one for one in complaints if matches(one)), None)
