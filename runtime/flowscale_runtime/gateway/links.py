"""Signed, expiring links to stored files: what `url` and `download_url` hold."""

from collections.abc import Callable
from dataclasses import astuple, dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import HTTPConnection

from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.stores.values import SECOND

LIFE = 24 * 3600  # seconds; links made within the same hour are equal, so that caches can hold them
STEP = 3600
PATH = "/api/v1/files/"


@dataclass(frozen=True, slots=True)
class Link:
    """What a token stands for."""

    object: str
    filename: str
    content_type: str
    run_id: str = ""
    """The run that made or took it, if it was one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An upload that was announced: whoever has its link may send its bytes."""

    id: str
    filename: str
    content_type: str
    size: int
    project: str
    key_id: str | None = None
    sha256: str = ""
    """What the bytes must have; "": nobody knows yet."""
    direct: bool = False
    """Whether the bytes go to the bucket itself."""


class Links:
    """Makes and reads tokens. `clock` gives microseconds since the epoch."""

    def __init__(self, secret: str, clock: Callable[[], int]) -> None:
        self._serializer = URLSafeSerializer(secret, salt="files")
        self._uploads = URLSafeSerializer(secret, salt="uploads")
        self._clock = clock

    def url(self, base: str, object_: str, filename: str, content_type: str, run_id: str = "") -> str:
        """A link to a file that works for a day."""
        expires = (self._clock() // SECOND + LIFE) // STEP * STEP + STEP
        token = self._serializer.dumps([object_, filename, content_type, expires, run_id])
        return f"{base}{PATH}{token}"

    def find(self, url: str) -> Link | None:
        """What a URL stands for, where it is a link of ours."""
        _, ours, token = url.partition(PATH)
        try:
            return self.read(token.partition("?")[0]) if ours else None
        except NotFound:
            return None

    def read(self, token: str) -> Link:
        """What a token stands for. Raises NotFound where it is forged, broken or expired."""
        try:
            object_, filename, content_type, expires, *run_id = self._serializer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFound("This link is not valid.") from error
        if expires < self._clock() / SECOND:
            raise NotFound("This link has expired: ask for the run again to get a new one.")
        return Link(object_, filename, content_type, *run_id)

    def upload(self, plan: Plan) -> tuple[str, int]:
        """A token for the bytes of an upload, and when it ends in seconds since the epoch."""
        expires = self._clock() // SECOND + LIFE
        return str(self._uploads.dumps([*astuple(plan), expires])), expires

    def read_upload(self, token: str) -> Plan:
        """Which upload a token is for. Raises NotFound."""
        try:
            *fields, expires = self._uploads.loads(token)
            plan = Plan(*fields)
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFound("There is no such upload.") from error
        if expires < self._clock() / SECOND:
            raise NotFound("This upload has expired: begin another.")
        return plan


def base_url(request: HTTPConnection) -> str:
    """The address that the caller used, without a path."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", request.url.scheme).replace("ws", "http")
    host = headers.get("x-forwarded-host") or headers.get("host") or request.url.netloc
    return f"{scheme}://{host}"
