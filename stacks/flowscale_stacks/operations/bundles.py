"""Release bundles into the object store of an environment, before anything in the cluster names them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from obstore.exceptions import BaseError
from obstore.store import from_url

from flowscale_stacks.operations.errors import SettingsWrong, StateUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowscale_stacks.reading.records import Releases

OBJECTS = ".flowscale/objects"
SETTING = "FLOWSCALE_OBJECTS"
_ANSWERED_BY_CLUSTER = "bundled"


class Store(Protocol):
    """Where bundles go: names are digests without their prefix."""

    def has(self, name: str) -> bool: ...

    def put(self, name: str, data: bytes) -> None: ...


class UrlStore:
    """A bucket or a folder by its address, laid out as the gateway reads it: `ab/abcd...`."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            self._store = from_url(url if "://" in url else f"file://{url}")
        except (BaseError, ValueError) as error:
            raise SettingsWrong(f"{url} is no object store: {error}") from error

    def has(self, name: str) -> bool:
        try:
            self._store.head(_key(name))
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise self._unreachable(error) from error
        return True

    def put(self, name: str, data: bytes) -> None:
        try:
            self._store.put(_key(name), data)
        except BaseError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> StateUnreachable:
        return StateUnreachable(
            f"the object store {self._url} doesn't answer ({error}): check its address and AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL"
        )


def upload(releases: Releases, folder: Path, store: Store) -> tuple[str, ...]:
    """Puts the bundles that the store lacks; answers with their digests. Raises SettingsWrong for one that is nowhere."""
    sent = []
    for digest in sorted({digest for of in releases.values() for digest in of.values()}):
        name = digest.removeprefix("sha256:")
        if not store.has(name):
            store.put(name, _bundle(folder, name))
            sent.append(digest)
    return tuple(sent)


def address(objects: str, environ: Mapping[str, str]) -> str | None:
    """The object store that this process can reach; None where the cluster's own is meant and no setting says how."""
    if told := environ.get(SETTING):
        return told
    return None if objects == _ANSWERED_BY_CLUSTER or objects.startswith("secret:") else objects


def _bundle(folder: Path, name: str) -> bytes:
    path = folder / OBJECTS / name[:2] / name
    if not path.is_file():
        raise SettingsWrong(
            f"the release sha256:{name} is neither in the object store nor in {folder / OBJECTS}: run `flowscale pin` here, "
            "or where the lock was made, and upload from there"
        )
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != name:
        raise SettingsWrong(f"{path} is damaged: delete it and run `flowscale pin`")
    return data


def _key(name: str) -> str:
    return f"{name[:2]}/{name}"
