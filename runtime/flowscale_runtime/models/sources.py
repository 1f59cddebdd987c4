"""Where weights come from, read from the text of a spec: a path, an address, Hugging Face, Civitai, a bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flowscale_runtime.models.errors import SourceWrong

HUGGING_FACE = "https://huggingface.co"
CIVITAI = "https://civitai.com"
BUCKETS = ("s3", "gs", "az")
_HUB = re.compile(r"(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)(@(?P<revision>[^/]+))?/(?P<file>.+)\Z")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<rest>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """A path, relative to the spec's folder."""

    path: str


@dataclass(frozen=True, slots=True)
class Web:
    """An address. `variable` is called what has a token of the site, where one is usual."""

    url: str
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """An object of a bucket: s3://, gs:// or az://, with the usual variables for credentials."""

    url: str


Source = File | Web | Bucket


def read_source(text: str, environment: Mapping[str, str]) -> Source:
    """The place that a source names.

    HF_ENDPOINT and CIVITAI_ENDPOINT replace the sites' own addresses. Raises SourceWrong.
    """
    match = _SCHEME.match(text)
    if match is None:
        return File(text)
    scheme, rest = match["scheme"].lower(), match["rest"]
    if scheme in ("http", "https"):
        return Web(text)
    if scheme in BUCKETS:
        return Bucket(text)
    if scheme == "hf":
        return _hugging_face(text, rest, environment)
    if scheme == "civitai":
        return _civitai(text, rest, environment)
    raise SourceWrong(
        f"{text!r} is no source of a model: give a path, an https, s3, gs or az address, hf:owner/repo/file, or "
        "civitai:version"
    )


def _hugging_face(text: str, rest: str, environment: Mapping[str, str]) -> Web:
    match = _HUB.match(rest)
    if match is None:
        raise SourceWrong(
            f"{text!r} is no file of Hugging Face: write hf:owner/repo/file or hf:owner/repo@revision/file"
        )
    site = environment.get("HF_ENDPOINT", HUGGING_FACE).rstrip("/")
    revision = quote(match["revision"] or "main", safe="")
    url = f"{site}/{match['owner']}/{match['repo']}/resolve/{revision}/{quote(match['file'])}"
    return Web(url, variable="HF_TOKEN")


def _civitai(text: str, rest: str, environment: Mapping[str, str]) -> Web:
    if not rest.isdigit():
        raise SourceWrong(
            f"{text!r} is no version of Civitai: write civitai: and the number of the model's version"
        )
    site = environment.get("CIVITAI_ENDPOINT", CIVITAI).rstrip("/")
    return Web(f"{site}/api/download/models/{rest}", variable="CIVITAI_TOKEN")
