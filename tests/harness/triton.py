"""A Triton server for tests: where it is, or why a test can't have one."""

import os

import pytest

from flowscale_runtime.engines.errors import EngineMissing
from flowscale_runtime.engines.triton.installation import Installation, find


def installation() -> Installation:
    """The Triton server of this machine; without one the test is skipped, and fails where CI should have fetched it."""
    try:
        return find()
    except EngineMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip("no Triton server here: scripts/triton ensure fetches one")
