"""Release bundles and the weights that lie beside specs, into the object store of an environment before anything in the
cluster names them."""

from __future__ import annotations

import hashlib
import json
import re
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

    def put(self, name: str, file: Path) -> None: ...


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

    def put(self, name: str, file: Path) -> None:
        try:
            self._store.put(_key(name), file)
        except BaseError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> StateUnreachable:
        return StateUnreachable(
            f"the object store {self._url} doesn't answer ({error}): check its address and AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL"
        )


def upload(releases: Releases, folder: Path, store: Store) -> tuple[str, ...]:
    """Puts the bundles that the store lacks, each after its weights; answers with their digests.

    Raises SettingsWrong for what is nowhere.
    """
    sent = []
    for digest in sorted({digest for of in releases.values() for digest in of.values()}):
        name = digest.removeprefix("sha256:")
        if not store.has(name):
            bundle = _object(folder, name, f"the release {digest}")
            for model, pin in json.loads(bundle.read_bytes()).get("models", {}).items():
                if _is_file(pin) and not store.has(pin["sha256"]):
                    store.put(pin["sha256"], _object(folder, pin["sha256"], f"the model {model}"))
            store.put(name, bundle)
            sent.append(digest)
    return tuple(sent)


def address(objects: str, environ: Mapping[str, str]) -> str | None:
    """The object store that this process can reach; None where the cluster's own is meant and no setting says how."""
    if told := environ.get(SETTING):
        return told
    return None if objects == _ANSWERED_BY_CLUSTER or objects.startswith("secret:") else objects


def _is_file(pin: Mapping[str, str]) -> bool:
    """Whether a model comes from a file beside its spec, and not from an address."""
    return not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", pin.get("source", ""))


def _object(folder: Path, name: str, what: str) -> Path:
    path = folder / OBJECTS / name[:2] / name
    if not path.is_file():
        raise SettingsWrong(
            f"{what} is neither in the object store nor in {folder / OBJECTS}: run `flowscale pin` here, "
            "or where the lock was made, and upload from there"
        )
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != name:
            raise SettingsWrong(f"{path} is damaged: delete it and run `flowscale pin`")
    return path


def _key(name: str) -> str:
    return f"{name[:2]}/{name}"
