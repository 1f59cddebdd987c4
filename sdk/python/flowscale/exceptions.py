"""Every error that the client raises, as one tree.

    FlowScaleError
        FlowScaleConfigurationError     the client was set up wrongly; nothing was sent
        FlowScaleNetworkError           no answer came: no connection, or it broke
        FlowScaleTimeoutError           no answer in time, or the run did not end in time
        FlowScaleProtocolError          an answer came that no FlowScale server gives
        FlowScaleValidationError        the request or an input is wrong: see `details`
        FlowScaleAuthenticationError    the key is missing or unknown
        FlowScaleBudgetError            a budget does not allow the run
        FlowScalePermissionError        the key lacks the right
        FlowScaleNotFoundError          no such thing, or it belongs to someone else
        FlowScaleConflictError          the thing is not in a state that allows this
        FlowScaleRateLimitError         too many requests, or the queue is full
        FlowScaleServerError            the server failed
        FlowScaleRunFailedError         the run ended without a result
            FlowScaleRunCancelledError  because someone cancelled it
        FlowScaleWebhookError           a webhook is not signed by the expected secret

The type says what to do next: wait and try again after a rate limit, network, timeout or server error
(`error.temporary` is true), change something for all others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FlowScaleError(Exception):
    """Base of all errors; the attributes hold what the server said, as far as it said anything."""

    temporary: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        errors: Sequence[str] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
        run_id: str | None = None,
        run: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.details: dict[str, Any] = dict(details or {})
        self.errors = tuple(errors)
        self.request_id = request_id
        self.retry_after = retry_after
        self.run = run
        self.run_id = run_id or (str(run["run_id"]) if run and "run_id" in run else None)


class FlowScaleConfigurationError(FlowScaleError, ValueError):
    """The client was set up wrongly; nothing was sent."""


class FlowScaleNetworkError(FlowScaleError):
    """No answer came: the server could not be reached, or the connection broke."""

    temporary = True


class FlowScaleTimeoutError(FlowScaleError, TimeoutError):
    """No answer in time, or the run did not end in time; `run_id` is set where a run was submitted."""

    temporary = True


class FlowScaleProtocolError(FlowScaleError):
    """An answer came that no FlowScale server gives: `base_url` may point at something else."""


class FlowScaleValidationError(FlowScaleError):
    """The request or an input is wrong; `details` names the field, the reason and the limit."""


class FlowScaleAuthenticationError(FlowScaleError):
    """The key, or the signature of the request, is missing or unknown."""


class FlowScaleBudgetError(FlowScaleError):
    """A budget does not allow the run; `details` names it."""


class FlowScalePermissionError(FlowScaleError):
    """The key is known but lacks the right, or the address is not allowed."""


class FlowScaleNotFoundError(FlowScaleError):
    """No such run, workflow or file, or it belongs to someone else."""


class FlowScaleConflictError(FlowScaleError):
    """The thing is not in a state that allows this, as cancelling a run that has ended."""


class FlowScaleRateLimitError(FlowScaleError):
    """Too many requests, or the queue is full; `retry_after` says how many seconds to wait."""

    temporary = True


class FlowScaleServerError(FlowScaleError):
    """The server failed; the same request may succeed later."""

    temporary = True


class FlowScaleRunFailedError(FlowScaleError):
    """The run ended without a result; `run` is the run object where it is known."""


class FlowScaleRunCancelledError(FlowScaleRunFailedError):
    """The run was cancelled."""


class FlowScaleWebhookError(FlowScaleError):
    """A webhook is not signed by the expected secret, or its time is too far from now."""
