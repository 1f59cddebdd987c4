"""Who calls, and what they may do: API keys to principals, scopes, addresses, rates."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerSecond
from starlette.requests import HTTPConnection

from flowscale_runtime.gateway.catalog import Catalog, Deployment
from flowscale_runtime.gateway.errors import (
    AddressRefused,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from flowscale_runtime.gateway.identity import Identity, Issuers
from flowscale_runtime.gateway.rates import Rates
from flowscale_runtime.gateway.tokens import Claims, Tokens
from flowscale_runtime.stores import keys
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.values import SECOND
from flowscale_specs.values import Rate

FRESH = 2 * SECOND  # how long a key is trusted before the database is asked again
TOUCH_EVERY = 10.0
JWT = "eyJ"  # how the header of every JSON Web Token begins: '{"'
KEY_WANTED = "Send your API key in the X-API-KEY header."
_ANYBODY = frozenset({"runs:read", "runs:execute", "workflows:read"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever makes a request. `deployments` None means all of the project."""

    project: str
    scopes: frozenset[str]
    key_id: str | None = None
    name: str = "anonymous"
    deployments: tuple[str, ...] | None = None
    rate: str | None = None
    by_token: bool = False

    def require(self, scope: str) -> None:
        """Raises Forbidden without the scope."""
        if scope not in self.scopes and "admin" not in self.scopes:
            raise Forbidden(f"This key lacks the scope {scope!r}.", scope=scope)

    def check_deployment(self, name: str) -> None:
        """Raises NotFound where the key is for other deployments: for it, this one isn't there."""
        if self.deployments is not None and name not in self.deployments:
            if self.key_id is None:
                raise Unauthenticated(KEY_WANTED)
            raise NotFound(f"There is no deployment {name!r}.", workflow_id=name)


class Gate:
    """Checks keys, addresses and rates. `clock` gives microseconds since the epoch."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        tokens: Tokens,
        issuers: Issuers,
        rates: Rates,
    ) -> None:
        self.tokens = tokens
        self._database, self._clock, self._issuers, self._rates = database, clock, issuers, rates
        self._known: dict[str, tuple[int, keys.Key | None]] = {}
        self._used: dict[str, int] = {}

    async def principal(self, request: HTTPConnection, catalog: Catalog | None = None) -> Principal:
        """Who makes this request; without a key somebody who may use the open deployments of the catalog.

        Raises Unauthenticated.
        """
        key = credential(request)
        if key is None:
            return _anybody(catalog)
        if key.startswith(JWT) and key.count(".") == 2:
            return self._identified(await self._issuers.read(key))
        if "." in key:
            return await self._by_token(self.tokens.read(key))
        found = self._valid(await self._find(keys.digest(key)))
        return Principal(found.project, found.scopes, found.id, found.name, found.deployments, found.rate)

    async def _by_token(self, said: Claims) -> Principal:
        found = self._valid(await self._find(said.key_id))
        scopes = said.scopes if "admin" in found.scopes else said.scopes & found.scopes
        deployments = found.deployments if said.deployments is None else said.deployments
        return Principal(said.project, scopes, found.id, found.name, deployments, found.rate, by_token=True)

    def _identified(self, found: Identity) -> Principal:
        scopes, deployments = found.grant.scopes, found.grant.deployments
        project, rate = self._issuers.project, None
        return Principal(project, scopes, found.name, found.user, deployments, rate, by_token=True)

    def _valid(self, key: keys.Key | None) -> keys.Key:
        now = self._clock()
        if key is None:
            raise Unauthenticated("This API key is not valid.")
        if key.revoked_at is not None:
            raise Unauthenticated("This API key was revoked.")
        if key.expires_at is not None and key.expires_at <= now:
            raise Unauthenticated("This API key has expired.")
        self._used[key.id] = now
        return key

    def check_address(self, request: HTTPConnection, deployment: Deployment) -> None:
        """Raises AddressRefused where the deployment names addresses, and this isn't one."""
        allowed = deployment.spec.auth.allowed_addresses
        if allowed:
            caller = request.client.host if request.client else ""
            if not any(caller and ip_address(caller) in ip_network(each, strict=False) for each in allowed):
                raise AddressRefused("Requests from this address are not allowed.", address=caller)

    async def check_rate(self, principal: Principal, deployment: Deployment) -> None:
        """Counts this request; raises RateLimited past the key's or the deployment's rate."""
        limit = deployment.spec.limits.rate
        await self._count(principal, deployment.name, _of_key(principal.rate), _of_pair(limit))

    async def _count(self, principal: Principal, name: str, *terms: RateLimitItem | None) -> None:
        for item in filter(None, terms):
            who = principal.key_id or "anonymous"
            if wait := await self._rates.hit(item, who, name):
                raise RateLimited(f"More than {item} from this key.", retry_after=wait, limit=str(item))

    async def check_key_rate(self, principal: Principal, name: str) -> None:
        """Counts a request to something that has no rate of its own; raises RateLimited past the key's."""
        await self._count(principal, name, _of_key(principal.rate))

    def forget(self) -> None:
        """Asks the database again for every key: something about keys has changed."""
        self._known.clear()

    async def note_use(self) -> None:
        """Writes down now and then when keys were last used."""
        while True:
            await asyncio.sleep(TOUCH_EVERY)
            if self._used:
                used, self._used = self._used, {}
                await self._database.write(keys.touch, used)

    async def _find(self, name: str) -> keys.Key | None:
        """A key by its hash or its id, as it was at most two seconds ago."""
        now, known = self._clock(), self._known.get(name)
        if known and now - known[0] < FRESH:
            return known[1]
        found = await self._database.read(keys.find, name)
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[name] = (now, found)
        return found


def _anybody(catalog: Catalog | None) -> Principal:
    if catalog is None or not (names := catalog.open()):
        raise Unauthenticated(KEY_WANTED)
    return Principal(catalog.project, _ANYBODY, deployments=names)


def credential(request: HTTPConnection) -> str | None:
    """The key or token of a request: from a header, or a token from the query where a page can't send headers."""
    headers = request.headers
    if key := headers.get("x-api-key"):
        return key
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip() or None
    token = request.query_params.get("token", "") if request.scope.get("method", "GET") == "GET" else ""
    return token if "." in token else None


@lru_cache
def _of_key(rate: str | None) -> RateLimitItem | None:
    if rate is None:
        return None
    terms = Rate.parse(rate)
    return _of_pair((terms.count, terms.seconds))


@lru_cache
def _of_pair(rate: tuple[int, float] | None) -> RateLimitItem | None:
    return RateLimitItemPerSecond(rate[0], max(round(rate[1]), 1)) if rate else None
