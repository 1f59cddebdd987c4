"""Tokens of identity providers: checked against the issuer's published keys, and what their holders may do."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from flowscale_runtime.gateway.catalog import Catalog, Served
from flowscale_runtime.gateway.errors import NotReady, Unauthenticated
from flowscale_runtime.stores.values import SECOND
from flowscale_specs import ResolvedJwt
from flowscale_specs.rights import ROLES, SCOPES, Grant, strongest

# Signatures with a shared secret are not among them: whoever can check those can forge them.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
FRESH = 3600 * SECOND  # how long an issuer's keys are trusted before they are fetched again
PAUSE = 30 * SECOND  # the least time between two fetches: tokens with made-up key ids cause no more
DISCOVERY = "/.well-known/openid-configuration"
TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom an issuer vouches for."""

    issuer: str
    user: str
    grant: Grant

    @property
    def name(self) -> str:
        """What stands for a key's id where it is said who did something."""
        return f"{self.issuer}#{self.user}"


@dataclass(slots=True)
class _Fetched:
    keys: Mapping[str, jwt.PyJWK]
    at: int


class Issuers:
    """Reads tokens of the issuers that deployments accept. `clock` gives microseconds since the epoch."""

    def __init__(self, served: Served, clock: Callable[[], int]) -> None:
        self._served, self._clock = served, clock
        self._fetched: dict[str, _Fetched] = {}
        self._fetching: dict[str, asyncio.Lock] = {}

    @property
    def project(self) -> str:
        """The project that is served now."""
        return self._served.catalog.project

    async def read(self, token: str) -> Identity:
        """Who holds a token, and what they may do. Raises Unauthenticated, or NotReady where keys can't be had."""
        kid, issuer = _unverified(token)
        catalog = self._served.catalog
        accepting = catalog.accepting(issuer)
        if not accepting:
            raise Unauthenticated("No deployment accepts tokens of this issuer.", issuer=issuer)
        held: dict[str, dict[str, Any]] = {}
        refused: jwt.PyJWTError | None = None
        for name, terms in accepting.items():
            try:
                held[name] = self._claims(token, await self._key(terms, kid), terms)
            except jwt.PyJWTError as error:
                refused = error
        if not held:
            raise Unauthenticated(f"This token is not valid: {refused}.") from refused
        return _identity(catalog, {name: (accepting[name], claims) for name, claims in held.items()})

    def _claims(self, token: str, key: jwt.PyJWK, terms: ResolvedJwt) -> dict[str, Any]:
        """The claims of a token that is for this audience and valid now. Raises PyJWTError."""
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=terms.audience,
            issuer=terms.issuer,
            options={"require": ["exp", "iss", "aud", terms.user], "verify_exp": False, "verify_nbf": False},
        )
        now = self._clock() / SECOND
        if float(claims["exp"]) <= now - terms.leeway:
            raise jwt.ExpiredSignatureError("it has expired")
        if float(claims.get("nbf", 0)) > now + terms.leeway:
            raise jwt.ImmatureSignatureError("it is not valid yet")
        return claims

    async def _key(self, terms: ResolvedJwt, kid: str) -> jwt.PyJWK:
        """The issuer's key with this id; its keys are fetched again where it isn't known yet."""
        source = terms.keys or terms.issuer
        async with self._fetching.setdefault(source, asyncio.Lock()):
            known, now = self._fetched.get(source), self._clock()
            old = known is None or now - known.at > FRESH
            if known is None or old or (kid not in known.keys and now - known.at > PAUSE):
                known = self._fetched[source] = _Fetched(await _fetch(terms), now)
        if kid not in known.keys:
            raise Unauthenticated("This token is signed with a key that its issuer doesn't publish.")
        return known.keys[kid]


def _unverified(token: str) -> tuple[str, str]:
    """The key id and the issuer that a token names, before anything of it is believed."""
    try:
        kid = str(jwt.get_unverified_header(token).get("kid", ""))
        said = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise Unauthenticated("This token is not valid.") from error
    return kid, str(said.get("iss", ""))


async def _fetch(terms: ResolvedJwt) -> dict[str, jwt.PyJWK]:
    """The issuer's public keys by id."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            where = terms.keys
            if where is None:
                found = await client.get(terms.issuer.rstrip("/") + DISCOVERY)
                where = str(found.raise_for_status().json()["jwks_uri"])
            published = (await client.get(where)).raise_for_status().json()
        keys = jwt.PyJWKSet.from_dict(published).keys
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        message = f"The keys of the issuer {terms.issuer} can't be had: {error or type(error).__name__}"
        raise NotReady(message, retry_after=5.0, issuer=terms.issuer) from error
    return {key.key_id or "": key for key in keys}


def _identity(catalog: Catalog, held: Mapping[str, tuple[ResolvedJwt, Mapping[str, Any]]]) -> Identity:
    """Whom the claims name; `held` has the deployments that take the token, with their terms."""
    terms, claims = next(iter(held.values()))
    names = {str(claims[terms.user]), *_verified_address(claims), *_texts(claims.get(terms.groups))}
    grant = strongest(catalog.members[name] for name in sorted(names) if name in catalog.members)
    if grant is None:
        grant = _guest({name: terms for name, (terms, _) in held.items()})
    if not grant.scopes:
        raise Unauthenticated(
            "The holder of this token is no member of the project.", user=claims[terms.user]
        )
    places = tuple(name for name in held if grant.deployments is None or name in grant.deployments)
    asked = _asked(claims)
    scopes = grant.scopes & asked if asked else grant.scopes
    return Identity(terms.issuer, str(claims[terms.user]), Grant(scopes, places))


def _guest(held: Mapping[str, ResolvedJwt]) -> Grant:
    """What somebody may do who is no member: the least of the roles of the deployments that let them in."""
    roles = {name: frozenset(ROLES[terms.role]) for name, terms in held.items() if terms.role != "none"}
    return Grant(frozenset.intersection(*roles.values()) if roles else frozenset(), tuple(roles))


def _verified_address(claims: Mapping[str, Any]) -> list[str]:
    """The holder's e-mail address, unless the issuer says that nobody has checked it."""
    address = claims.get("email")
    return [address] if isinstance(address, str) and claims.get("email_verified", True) is True else []


def _asked(claims: Mapping[str, Any]) -> frozenset[str]:
    """The scopes of ours that a token is limited to; none where it says nothing of them."""
    said = {*_texts(claims.get("scope")), *_texts(claims.get("scp"))}
    return frozenset(said & set(SCOPES))


def _texts(claim: Any) -> Iterable[str]:
    """A claim as texts: a list of them, or words in one text."""
    if isinstance(claim, str):
        return claim.split()
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list) else []
