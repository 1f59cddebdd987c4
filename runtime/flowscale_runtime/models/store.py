"""The store of models: each wanted file found here, among a project's objects, or where it comes from."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from flowscale_runtime.models import formats
from flowscale_runtime.models.cache import Cache, sha256_of
from flowscale_runtime.models.errors import ModelDamaged, ModelError, ModelMissing, SourceWrong
from flowscale_runtime.models.known import Known
from flowscale_runtime.models.sources import Bucket, File, Web, read_source
from flowscale_runtime.models.values import Tell, Wanted, silent
from flowscale_runtime.secrets import SecretMissing, Secrets

if TYPE_CHECKING:
    from flowscale_runtime.models.remotes import Remote

log = logging.getLogger(__name__)


class Objects(Protocol):
    """Where a project's files are by content. `path` raises where there is none."""

    def exists(self, name: str) -> bool: ...

    def path(self, name: str) -> Path: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where files are looked for beside the cache: those of a spec's folder, and objects of a project."""

    folder: Path | None = None
    roots: tuple[Path, ...] = ()
    """Folders of models, with a folder for each kind."""
    objects: Objects | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """Files that are here, as graphs name them: `root` has a folder for each kind, `files` says where each lies."""

    root: Path
    pins: tuple[Wanted, ...]
    files: Mapping[str, Path]

    def beyond(self, roots: Iterable[Path]) -> bool:
        """Whether there is any file that isn't in these folders already."""
        own = tuple(roots)
        return any(path not in [root / key for root in own] for key, path in self.files.items())


@dataclass(slots=True)
class ModelStore:
    """Finds and fetches files of weights. All of its methods wait: they belong into threads."""

    cache: Cache
    secrets: Secrets
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def lay(self, wanted: Iterable[Wanted], place: Place = Place(), tell: Tell = silent) -> Laid:
        """Has every wanted file here, and a folder of links to them. Raises a ModelError that names the file."""
        files: dict[str, tuple[Path, str]] = {}
        pins = []
        for one in wanted:
            try:
                path, pin = self.have(one, place, tell)
            except ModelError as error:
                raise type(error)(f"model {one.key}: {error}") from error
            pins.append(pin)
            files[one.key] = path, str(pin.sha256)
        paths = {key: path for key, (path, _) in files.items()}
        return Laid(self.cache.lay(files), tuple(pins), paths)

    def have(self, wanted: Wanted, place: Place = Place(), tell: Tell = silent) -> tuple[Path, Wanted]:
        """The file, checked, with its checksum and size filled in. Raises a ModelError."""
        _check_key(wanted.key)
        formats.check_name(wanted.name, allowed=wanted.pickle)
        path, sha256 = self._here(wanted, place) or self._fetched(wanted, tell)
        return path, replace(wanted, sha256=sha256, size=path.stat().st_size)

    def find(self, wanted: Wanted, place: Place = Place()) -> Path | None:
        """The file, if nothing has to be fetched for it. Raises a ModelError."""
        found = self._here(wanted, place)
        return found[0] if found else None

    def _here(self, wanted: Wanted, place: Place) -> tuple[Path, str] | None:
        """The file where nothing has to be fetched for it."""
        if local := self._local(wanted, place):
            return local
        if sha256 := wanted.sha256 or self._known.get(wanted.source or ""):
            if path := self.cache.find(sha256):
                return path, sha256
            if place.objects and place.objects.exists(sha256):
                return self.cache.link(place.objects.path(sha256), sha256), sha256
        return None

    def _local(self, wanted: Wanted, place: Place) -> tuple[Path, str] | None:
        """A file of the spec's folder, or of its folders of models, with the checksum that is wanted."""
        for path in _candidates(wanted, place, self.environment):
            if not path.is_file():
                continue
            sha256 = self._known.of_file(path)
            if wanted.sha256 in (None, sha256):
                formats.check_content(wanted.name, path, allowed=wanted.pickle)
                return path, sha256
        return None

    def _fetched(self, wanted: Wanted, tell: Tell) -> tuple[Path, str]:
        if wanted.source is None or isinstance(source := read_source(wanted.source, self.environment), File):
            raise _nowhere(wanted)
        with self.cache.alone(wanted.source):
            sha256 = wanted.sha256 or self._known.get(wanted.source)
            if sha256 and (path := self.cache.find(sha256)):
                return path, sha256  # another process had it fetched meanwhile
            remote = self._remote(source, wanted)
            try:
                return self._download(remote, wanted, tell)
            finally:
                remote.close()

    def _download(self, remote: "Remote", wanted: Wanted, tell: Tell) -> tuple[Path, str]:
        assert wanted.source
        size = wanted.size or remote.facts().size or 0
        self.cache.make_room(size)
        aside = self.cache.incoming(wanted.source)
        from flowscale_runtime.models.fetching import download  # takes a twentieth of a second to import

        log.info("fetching model %s from %s (%s bytes)", wanted.key, wanted.source, size or "?")
        download(remote, aside, lambda done, of: tell(wanted.key, done, of))
        return self._kept(aside, wanted, wanted.sha256)

    def _kept(self, file: Path, wanted: Wanted, sha256: str | None) -> tuple[Path, str]:
        """Takes a file that came in into the cache whose content is as it should be. Raises ModelDamaged and PickleRefused."""
        found = sha256_of(file)
        try:
            if sha256 not in (None, found):
                raise ModelDamaged(
                    f"the file has the checksum {found}, and {sha256} is declared: the file at its source is another "
                    "one than was meant"
                )
            formats.check_content(wanted.name, file, allowed=wanted.pickle)
        except ModelError:
            file.unlink()
            raise
        if wanted.source and sha256 is None:
            self._known.put(wanted.source, found)
        return self.cache.keep(file, found), found

    def _remote(self, source: Web | Bucket, wanted: Wanted) -> "Remote":
        from flowscale_runtime.models.remotes import BucketFile, WebFile  # only where something is fetched

        if isinstance(source, Bucket):
            return BucketFile(
                source.url, insecure=self.environment.get("AWS_ALLOW_HTTP", "").lower() == "true"
            )
        return WebFile(source.url, self._token(source, wanted))

    def _token(self, source: Web, wanted: Wanted) -> str | None:
        if wanted.token is None:
            return self.environment.get(source.variable) if source.variable else None
        try:
            return self.secrets.get(wanted.token)
        except SecretMissing as missing:
            raise SourceWrong(str(missing)) from missing

    @property
    def _known(self) -> Known:
        return Known(self.cache.root / "known.db")


def _check_key(key: str) -> None:
    """Raises SourceWrong for a name that leads elsewhere."""
    path = PurePosixPath(key.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in key:
        raise SourceWrong("the name leads out of its folder: give one relative to the folder of its kind")


def _candidates(wanted: Wanted, place: Place, environment: Mapping[str, str]) -> Iterable[Path]:
    if place.folder and wanted.source and isinstance(read_source(wanted.source, environment), File):
        yield place.folder / wanted.source
    yield from (root / wanted.key for root in place.roots)


def _nowhere(wanted: Wanted) -> ModelMissing:
    if wanted.source is None:
        return ModelMissing(f"there is no file models/{wanted.key}: put it there, or declare its `source`")
    if wanted.sha256:
        return ModelMissing(
            f"no file {wanted.source} with the checksum {wanted.sha256} is here or in the object store: run "
            "`flowscale pin` where the file is, and `flowscale up` from there"
        )
    return ModelMissing(f"there is no file {wanted.source} beside the spec")
