"""What the API refuses. The code is part of the contract; the class fixes code and HTTP status.

ApiError
    BadRequest                  400, 411, 413, 415, 422: correct the request
        MalformedBody, BodyTooLarge, UnsupportedBody, InvalidInputs, FetchFailed, UnknownOption
    NotAllowed                  401, 403: other credentials are needed
        Unauthenticated, Forbidden, AddressRefused, SignatureRefused
    Missing                     404, 405, 408, 410: it isn't there, or never will be
        NotFound, MethodNotAllowed, RunTimedOut, RunGone
    Conflict                    409: the state forbids it
        AlreadyFinished, IdempotencyKeyReused, UploadConflict
    Exhausted                   402, 429, 503: later, or with more budget
        BudgetExceeded, QueueFull, RateLimited, NotReady
    Internal                    500: our fault
"""

from typing import Any, ClassVar


class ApiError(Exception):
    """A reply that isn't a success: one sentence, and details for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message, self.details, self.retry_after = message, details, retry_after


class BadRequest(ApiError):
    """The request must be corrected."""

    status, code = 400, "BAD_REQUEST"


class MalformedBody(BadRequest):
    """The body isn't what its Content-Type says."""

    code = "MALFORMED_BODY"


class UnknownOption(BadRequest):
    """A query parameter or header holds what it can't."""

    code = "INVALID_PARAMETER"


class BodyTooLarge(BadRequest):
    """The body or a file in it is larger than the deployment allows."""

    status, code = 413, "BODY_TOO_LARGE"


class UnsupportedBody(BadRequest):
    """No reader for this Content-Type."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"


class InvalidInputs(BadRequest):
    """Inputs don't fit the workflow."""

    status, code = 422, "VALIDATION_ERROR"


class FetchFailed(BadRequest):
    """A URL given as an input can't be fetched, or may not be."""

    status, code = 422, "INPUT_FETCH_FAILED"


class NotAllowed(ApiError):
    """Other credentials are needed."""

    status, code = 403, "FORBIDDEN"


class Unauthenticated(NotAllowed):
    """No key, or one that isn't valid."""

    status, code = 401, "UNAUTHENTICATED"


class Forbidden(NotAllowed):
    """The key lacks a scope."""


class AddressRefused(NotAllowed):
    """The caller's address isn't on the deployment's list."""

    code = "ADDRESS_NOT_ALLOWED"


class SignatureRefused(NotAllowed):
    """The signature of the request is missing, stale or wrong."""

    status, code = 401, "INVALID_SIGNATURE"


class Missing(ApiError):
    """It isn't there."""

    status, code = 404, "NOT_FOUND"


class NotFound(Missing):
    """There is no such thing for this caller."""


class MethodNotAllowed(Missing):
    """The route exists, for another method."""

    status, code = 405, "METHOD_NOT_ALLOWED"


class RunTimedOut(Missing):
    """The output will never come: its run took too long."""

    status, code = 408, "RUN_TIMED_OUT"


class RunGone(Missing):
    """The output will never come: its run failed or was cancelled."""

    status, code = 410, "RUN_FAILED"


class Conflict(ApiError):
    """The state forbids it."""

    status, code = 409, "CONFLICT"


class AlreadyFinished(Conflict):
    """The run has ended already."""

    code = "RUN_ALREADY_FINISHED"


class IdempotencyKeyReused(Conflict):
    """The same idempotency key came with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class UploadConflict(Conflict):
    """The piece doesn't continue the upload; `details` tells where it stands."""

    code = "UPLOAD_CONFLICT"


class Exhausted(ApiError):
    """Later, or with more of something."""

    status, code = 429, "TOO_MANY_REQUESTS"


class BudgetExceeded(Exhausted):
    """The budget can't hold this run."""

    status, code = 402, "BUDGET_EXCEEDED"


class QueueFull(Exhausted):
    """As many runs wait as the deployment allows."""

    code = "QUEUE_FULL"


class RateLimited(Exhausted):
    """The key sends more than it may."""

    code = "RATE_LIMITED"


class NotReady(Exhausted):
    """The deployment isn't ready to take runs."""

    status, code = 503, "NOT_READY"


class Internal(ApiError):
    """A fault of the server; the log has it under the request id."""


def all_errors(base: type[ApiError] = ApiError) -> list[type[ApiError]]:
    """Every class of the tree, for the documentation and its test; other modules' own kinds are no part of it."""
    children = [child for child in base.__subclasses__() if child.__module__ == __name__]
    return [base, *(error for child in children for error in all_errors(child))]
