"""Its errors: one envelope, with codes that programs tell apart."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from flowscale_runtime.gateway.comfyui.replies import reply
from flowscale_runtime.gateway.comfyui.submission import Refused
from flowscale_runtime.gateway.errors import ApiError

Handler = Callable[[Request], Awaitable[Response]]
_CODES = {
    "BUDGET_EXCEEDED": ("insufficient_credits", 402),
    "QUEUE_FULL": ("queue_full", 429),
    "NOT_READY": ("deployment_not_ready", 429),
    "RATE_LIMITED": ("rate_limited", 429),
    "IDEMPOTENCY_KEY_REUSED": ("idempotency_key_reuse", 422),
}
_BY_STATUS = {401: "unauthorized", 403: "forbidden", 404: "not_found"}


class Fault(Exception):
    """What this API refuses in its own words."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "invalid_workflow"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message, self.details = message, details


class WorkflowFormatUi(Fault):
    """The editor's form came where the executable one is wanted."""

    code = "workflow_format_ui"


class MissingAsset(Fault):
    """A workflow names an asset that isn't there."""

    code = "missing_asset"


class KeyReuse(Fault):
    """An idempotency key came before with something else."""

    code = "idempotency_key_reuse"


class BadMetadata(Fault):
    """Labels that can't be kept."""

    code = "metadata_invalid"


class BadCursor(Fault):
    """A cursor that no page gave."""

    status, code = 400, "invalid_cursor"


class HashMismatch(Fault):
    """The bytes aren't those that were announced."""

    status, code = 409, "hash_mismatch"


class BlobNotFound(Fault):
    """There are no such bytes here."""

    status, code = 404, "blob_not_found"


def answered(handler: Handler) -> Handler:
    """A route whose errors come in the envelope."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Fault as fault:
            return envelope(fault.code, fault.message, fault.status, fault.details)
        except Refused as refused:
            details = {"node_errors": refused.body["node_errors"]}
            return envelope("invalid_workflow", sentence(refused.body), 422, details)
        except ApiError as error:
            return translated(error)

    return handle


def sentence(body: dict[str, Any]) -> str:
    """What is wrong with a graph: of its nodes the first that is, else of the whole."""
    for node_id, told in body["node_errors"].items():
        for error in told["errors"]:
            about = f"{error['message']}: {error['details']}" if error.get("details") else error["message"]
            return f"Node {node_id} ({told['class_type']}): {about}"
    return str(body["error"]["message"])


def translated(error: ApiError) -> Response:
    """One of the platform's errors in this API's words."""
    default = _BY_STATUS.get(error.status, error.code.lower())
    code, status = _CODES.get(error.code, (default, error.status))
    answer = envelope(code, error.message, status, error.details)
    if status == 429:
        answer.headers["Retry-After"] = str(max(round(error.retry_after or 1), 1))
    return answer


def envelope(code: str, message: str, status: int, details: dict[str, Any] | None = None) -> Response:
    """The error as JSON."""
    return reply({"error": {"code": code, "message": message, "details": details or None}}, status)
