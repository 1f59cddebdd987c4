"""What an answer means: the envelope of a success, or the error that a failure becomes."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flowscale import exceptions as errors
from flowscale._core.requests import Reply, Request

ERRORS: Mapping[int, type[errors.FlowScaleError]] = {
    400: errors.FlowScaleValidationError,
    401: errors.FlowScaleAuthenticationError,
    402: errors.FlowScaleBudgetError,
    403: errors.FlowScalePermissionError,
    404: errors.FlowScaleNotFoundError,
    408: errors.FlowScaleTimeoutError,
    409: errors.FlowScaleConflictError,
    410: errors.FlowScaleRunFailedError,
    429: errors.FlowScaleRateLimitError,
}
LONGEST_QUOTE = 200


def error_type(status: int) -> type[errors.FlowScaleError]:
    """The error of a status; one that the table does not name is the caller's mistake below 500."""
    return ERRORS.get(
        status, errors.FlowScaleServerError if status >= 500 else errors.FlowScaleValidationError
    )


def data_of(request: Request, reply: Reply) -> Any:
    """The `data` of a successful answer."""
    return envelope_of(request, reply)["data"]


def envelope_of(request: Request, reply: Reply) -> dict[str, Any]:
    """The whole envelope of a successful answer: `data` and perhaps `meta`."""
    envelope = _json_object(reply.content)
    if envelope is None or "data" not in envelope:
        raise errors.FlowScaleProtocolError(
            f"{_call(request)} answered {reply.status} without the JSON of a FlowScale server:"
            f" is base_url right? It began with {_quote(reply.content)}",
            status=reply.status,
        )
    return envelope


def error_of(request: Request, reply: Reply, retry_after: float | None) -> errors.FlowScaleError:
    """The error that a failed answer becomes; whatever the body, one comes out."""
    envelope = _json_object(reply.content) or {}
    error = envelope["error"] if isinstance(envelope.get("error"), dict) else {}
    sentences = _sentences(envelope.get("errors"))
    details = error["details"] if isinstance(error.get("details"), dict) else {}
    code = str(error["code"]) if error.get("code") else None
    if 300 <= reply.status < 400:
        return errors.FlowScaleProtocolError(
            f"{_call(request)} answered with a redirect ({reply.status}) to"
            f" {reply.headers.get('location', 'nowhere')}: put the final address into base_url",
            status=reply.status,
        )
    return error_type(reply.status)(
        f"{_said(error, sentences, reply)} ({_call(request)}: {reply.status}{f' {code}' if code else ''})",
        status=reply.status,
        code=code,
        details=details,
        errors=sentences,
        request_id=reply.headers.get("x-request-id") or details.get("request_id"),
        retry_after=retry_after,
        run_id=details.get("run_id"),
    )


def run_error(run: Mapping[str, Any]) -> errors.FlowScaleError | None:
    """The error that a run's end means, or None where it completed or still goes on."""
    status, run_id = run.get("status"), run.get("run_id")
    kind = {
        "failed": errors.FlowScaleRunFailedError,
        "cancelled": errors.FlowScaleRunCancelledError,
        "timed_out": errors.FlowScaleTimeoutError,
    }.get(str(status))
    if kind is None:
        return None
    error = run.get("error")
    fields = error if isinstance(error, dict) else {"message": error}
    said = f": {fields['message']}" if fields.get("message") else ""
    return kind(
        f"run {run_id} {str(status).replace('_', ' ')}{said}",
        code=str(fields["code"]) if fields.get("code") else None,
        details=fields["details"] if isinstance(fields.get("details"), dict) else None,
        run=run,
    )


def _said(error: Mapping[str, Any], sentences: tuple[str, ...], reply: Reply) -> str:
    if error.get("message"):
        return str(error["message"])
    if sentences:
        return "; ".join(sentences)
    known = reply.status in {status.value for status in HTTPStatus}
    phrase = HTTPStatus(reply.status).phrase if known else "The server refused"
    return f"{phrase}: {_quote(reply.content)}" if reply.content else phrase


def _sentences(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _call(request: Request) -> str:
    return f"{request.method} {request.path.partition('?')[0]}"


def _quote(content: bytes) -> str:
    return repr(content[:LONGEST_QUOTE].decode("utf-8", "replace"))
