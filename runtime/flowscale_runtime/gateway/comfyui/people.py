"""Whose settings and files a request means: everybody's own, or with several users those of the one that it names."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import orjson
from starlette.datastructures import Headers

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.comfyui.tree import write
from flowscale_runtime.gateway.errors import BadRequest, Forbidden, Unauthenticated

HEADER = "comfy-user"
ALONE = "default"
"""The user where there is only one."""
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
_SAFE = re.compile(r"[A-Za-z0-9_-]+\Z")
_LONGEST = 100  # characters of a name


@dataclass(frozen=True, slots=True)
class People:
    """The users below `root`, each with a folder; `several` says that there may be more than one.

    Who shows a key is the user of that key and no other. Without keys users are those that were made, and a request
    says which one it is.
    """

    root: Path
    several: bool = False

    def known(self, principal: Principal) -> dict[str, str]:
        """Names by id, of the users that a caller can be."""
        if principal.key_id is not None:
            return {user_of(principal.key_id): principal.name}
        path = self._list
        found: dict[str, str] = orjson.loads(path.read_bytes()) if path.is_file() else {}
        return found

    def add(self, principal: Principal, name: str) -> str:
        """Makes a user and answers with its id. Raises BadRequest."""
        if not self.several:
            raise BadRequest("There is one user; start the server with --comfyui-multi-user.")
        if principal.key_id is not None:
            raise BadRequest("Each API key is a user; make another key instead.")
        known, name = self.known(principal), name.strip()
        if not name or len(name) > _LONGEST:
            raise BadRequest(f"A user's name has 1 to {_LONGEST} characters.", field="username")
        if name in known.values():
            raise BadRequest("Duplicate username.", field="username")
        made = f"{_PLAIN.sub('', name)}_{uuid.uuid4()}"
        write(self._list, orjson.dumps({**known, made: name}, option=orjson.OPT_INDENT_2))
        return made

    def home(self, principal: Principal, headers: Headers) -> Path:
        """The folder of the user that a request means. Raises Forbidden or Unauthenticated."""
        if not self.several:
            return self.root / ALONE
        named, known = headers.get(HEADER), self.known(principal)
        if principal.key_id is not None:
            return self.root / _own(next(iter(known)), named)
        if named not in known:
            raise Unauthenticated(f"There is no user {named!r}: GET /users names them.", user=named)
        return self.root / named

    @property
    def _list(self) -> Path:
        return self.root / "users.json"


def user_of(key_id: str) -> str:
    """The id of a key's user, fit for a folder's name."""
    if _SAFE.match(key_id) and key_id != ALONE:
        return key_id
    return f"user-{hashlib.sha256(key_id.encode()).hexdigest()[:32]}"


def _own(user: str, named: str | None) -> str:
    """The key's own user; a client that hasn't chosen one yet says nothing, or `default`."""
    if named not in (None, "", ALONE, user):
        raise Forbidden(f"This key is not the user {named!r}.", user=named)
    return user
