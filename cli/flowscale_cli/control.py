"""Control routes that the client has no method for: one request, its `data`, errors as ends of the command."""

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from flowscale_cli.errors import CliError, Unreachable

PREFIX = "/api/v1"
SECONDS = 30.0


class Control:
    """Asks one server."""

    def __init__(self, url: str, key: str | None) -> None:
        import httpx  # 50 ms that verbs without a server need not spend

        self._url = url
        self._client = httpx.Client(
            base_url=url.rstrip("/").removesuffix(PREFIX) + PREFIX,
            headers={"X-API-KEY": key} if key else {},
            timeout=SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The `data` of the answer. Raises Unreachable or CliError."""
        import httpx

        try:
            answer = self._client.request(method, path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self._url}: {error}") from error
        told = _object(answer.content)
        if answer.is_success and told is not None and "data" in told:
            return told["data"]
        said = "; ".join(
            map(str, (told or {}).get("errors") or [f"{method} {path} answered {answer.status_code}"])
        )
        if told is None or answer.status_code in (401, 403):
            raise Unreachable(f"{self._url}: {said}")
        raise CliError(said)

    def lines(self, path: str) -> Iterator[str]:
        """The lines of an answer that isn't JSON as a whole. Raises Unreachable or CliError."""
        import httpx

        try:
            with self._client.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                    raise CliError(f"GET {path} answered {answer.status_code}: {answer.text[:200]}")
                yield from answer.iter_lines()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self._url}: {error}") from error


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(content)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
