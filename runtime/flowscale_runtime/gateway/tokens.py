"""Short-lived signed tokens that stand for a key where a key can't be sent, and never outlive it."""

from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from flowscale_runtime.gateway.errors import Unauthenticated
from flowscale_runtime.stores.values import SECOND

LONGEST = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: the key that it came from, and the part of that key's rights that it has."""

    key_id: str
    project: str
    scopes: frozenset[str]
    deployments: tuple[str, ...] | None


class Tokens:
    """Makes and reads tokens. `clock` gives microseconds since the epoch."""

    def __init__(self, secret: str, clock: Callable[[], int]) -> None:
        self._serializer = URLSafeSerializer(secret, salt="tokens")
        self._clock = clock

    def issue(self, claims: Claims, seconds: float) -> tuple[str, int]:
        """A token, and when it ends in microseconds."""
        expires = self._clock() + int(seconds * SECOND)
        names = list(claims.deployments) if claims.deployments is not None else None
        said = [claims.key_id, claims.project, sorted(claims.scopes), names, expires]
        return str(self._serializer.dumps(said)), expires

    def read(self, token: str) -> Claims:
        """What a token says. Raises Unauthenticated where it is forged, broken or expired."""
        try:
            key_id, project, scopes, names, expires = self._serializer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise Unauthenticated("This token is not valid.") from error
        if expires <= self._clock():
            raise Unauthenticated("This token has expired: ask for a new one.")
        return Claims(key_id, project, frozenset(scopes), tuple(names) if names is not None else None)
