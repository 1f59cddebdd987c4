"""Releases: immutable bundles by digest, and the lock file that names them."""

from flowscale_specs.releases.bundles import Release, digest, digest_of
from flowscale_specs.releases.canonical import canonical
from flowscale_specs.releases.locks import LOCK_NAME, Lock, read_lock, render_lock, unpinned, wanted

__all__ = [
    "LOCK_NAME",
    "Lock",
    "Release",
    "canonical",
    "digest",
    "digest_of",
    "read_lock",
    "render_lock",
    "unpinned",
    "wanted",
]
