"""What the engine prints becomes an error that says what to do."""

import os
import socket
import subprocess
import sys

import pytest

from flowscale_stacks.operations import errors
from flowscale_stacks.operations.failures import failure, tidy
from flowscale_stacks.operations.locks import holders
from flowscale_stacks.reading.errors import ClusterUnreachable, CredentialsRefused

CASES = [
    (
        "configured Kubernetes cluster is unreachable: dial tcp 127.0.0.1:1: connect: connection refused",
        ClusterUnreachable,
        "kubectl cluster-info",
    ),
    (
        "the server has asked for the client to provide credentials",
        CredentialsRefused,
        "log in to it again",
    ),
    ("Unauthorized", CredentialsRefused, "log in to it again"),
    (
        'no matches for kind "Thing" in version "example.com/v1"',
        errors.KindMissing,
        "install its custom resource",
    ),
    ('configmaps "x" already exists', errors.NameClash, "choose another namespace"),
    ("Request entity too large: limit is 3145728", errors.TooLarge, "object store"),
    (
        "passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
        errors.SettingsWrong,
        "PULUMI_CONFIG_PASSPHRASE",
    ),
    (
        "resource 'here/x' was not successfully created by the Kubernetes API server: Deployment.apps \"x\" is invalid",
        errors.Refused,
        "what was applied before stays",
    ),
    ("the unexpected", errors.EngineFailed, "the unexpected"),
]


@pytest.mark.parametrize(("said", "kind", "advice"), CASES)
def test_each_complaint_has_its_error_and_advice(said: str, kind: type[Exception], advice: str) -> None:
    found = failure([said], "noise: connection refused is only noise here")
    assert type(found) is kind
    assert said in str(found)
    assert advice in str(found)


def test_without_complaints_all_that_was_printed_is_read() -> None:
    found = failure([], "error: failed: dial tcp: lookup nowhere: no such host\n")
    assert isinstance(found, ClusterUnreachable)


def test_every_refused_object_is_told_once() -> None:
    first = "resource 'a' was not successfully created by the Kubernetes API server: no"
    second = "resource 'b' was not successfully updated by the Kubernetes API server: no"
    lines = str(failure([first, second, first, "update failed"], "")).splitlines()
    assert lines[:2] == [first, second]
    assert len(lines) == 3


def locked_by(pid: int, host: str) -> str:
    return (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock "
        f"file with `pulumi cancel`.\n  file:///state/locks/x.json: created by ann@{host} (pid {pid}) at "
        "2026-01-02T03:04:05Z"
    )


def test_a_lock_tells_who_holds_it_and_how_it_is_broken() -> None:
    found = failure([], locked_by(4711, "elsewhere"))
    assert isinstance(found, errors.StackLocked)
    assert "ann@elsewhere (process 4711), since 2026-01-02T03:04:05Z" in str(found)
    assert "--unlock" in str(found)


def test_a_holder_is_dead_only_where_that_can_be_known() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = socket.gethostname()
    assert holders(locked_by(gone.pid, here)).all_dead
    assert not holders(locked_by(os.getpid(), here)).all_dead
    assert not holders(locked_by(gone.pid, "elsewhere")).all_dead
    assert not holders("nothing that tells").all_dead


def test_colours_and_prefixes_are_left_out() -> None:
    assert (
        tidy("\x1b[31merror: \x1b[0mbroken\n\n<{%reset%}>still<{%reset%}>\nwarning: old") == "broken\nstill"
    )
