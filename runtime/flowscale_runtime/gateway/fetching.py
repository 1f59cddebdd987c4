"""URL inputs: fetched before a run is admitted, from public addresses alone, within limits of size and time."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import httpx

from flowscale_runtime.gateway.errors import BodyTooLarge, FetchFailed
from flowscale_runtime.stores.objects import Objects, receive

REDIRECTS = 3
CONNECT, TOTAL = 5.0, 60.0  # seconds


class AddressProblem(Exception):
    """A URL leads where this server doesn't go."""


class Fetcher:
    """Fetches http and https URLs into the object store. `private` allows addresses that aren't public."""

    def __init__(self, objects: Objects, *, private: bool = False) -> None:
        self._objects, self._private = objects, private
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(TOTAL, connect=CONNECT), follow_redirects=False, trust_env=False
        )

    async def fetch(self, url: str, limit: int) -> tuple[str, str, str]:
        """Stores what a URL gives; answers with the object's name, the media type and the last URL's path.

        Raises FetchFailed or BodyTooLarge.
        """
        try:
            async with asyncio.timeout(TOTAL), self._response(url) as response:
                stored = await receive(self._objects, response.aiter_bytes(), limit)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as error:
            reason = str(error) or type(error).__name__
            raise FetchFailed(f"The URL input can't be fetched: {reason}", url=url) from error
        if stored is None:
            raise BodyTooLarge(
                f"The URL gives more than the {limit} bytes that are allowed.", url=url, limit=limit
            )
        media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        return stored[0], media_type, urlsplit(str(response.url)).path

    async def close(self) -> None:
        """Closes connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _response(self, url: str) -> AsyncIterator[httpx.Response]:
        for _ in range(REDIRECTS + 1):
            request = await self._request(url)
            response = await self._client.send(request, stream=True)
            try:
                if response.is_redirect:
                    url = urljoin(url, response.headers["location"])
                    continue
                if response.status_code != 200:
                    raise FetchFailed(
                        f"The URL input answered {response.status_code}.",
                        url=url,
                        status=response.status_code,
                    )
                yield response
                return
            finally:
                await response.aclose()
        raise FetchFailed(f"The URL input redirects more than {REDIRECTS} times.", url=url)

    async def _request(self, url: str) -> httpx.Request:
        try:
            return await pinned(self._client, "GET", url, private=self._private)
        except AddressProblem as problem:
            raise FetchFailed(f"The URL input can't be fetched: {problem}", url=url) from problem


async def pinned(
    client: httpx.AsyncClient, method: str, url: str, *, private: bool, content: bytes | None = None
) -> httpx.Request:
    """A request to the very address that was checked, so that a second look-up can't lead elsewhere.

    Raises AddressProblem where the URL isn't http or https, its host isn't known, or (unless `private`) isn't public.
    """
    parts = httpx.URL(url)
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise AddressProblem("only http and https URLs are allowed")
    address = await _address(
        parts.host, parts.port or (443 if parts.scheme == "https" else 80), private=private
    )
    return client.build_request(
        method,
        parts.copy_with(host=address, userinfo=b""),
        headers={"Host": parts.netloc.decode(), "User-Agent": "flowscale"},
        content=content,
        extensions={"sni_hostname": parts.host},
    )


async def _address(host: str, port: int, *, private: bool) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise AddressProblem(f"the host {host!r} is not known") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(ip_address(address).is_global for address in addresses):
        raise AddressProblem(f"the host {host!r} is not a public address")
    return addresses[0]
