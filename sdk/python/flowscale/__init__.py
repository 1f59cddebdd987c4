"""Python client of FlowScale deployments.

from flowscale import FlowScaleClient

client = FlowScaleClient(api_key="...", base_url="https://your-deployment")
result = client.runs.execute(prompt="a mountain at dawn")
result.outputs[0].save("mountain.png")
"""

import warnings
from importlib.metadata import version as _version
from typing import Any as _Any

from flowscale._client.clients import AsyncFlowScaleClient, FlowScaleClient
from flowscale._client.runs import AsyncOutput, AsyncRun, Output, Run
from flowscale.exceptions import (
    FlowScaleAuthenticationError,
    FlowScaleBudgetError,
    FlowScaleConfigurationError,
    FlowScaleConflictError,
    FlowScaleError,
    FlowScaleNetworkError,
    FlowScaleNotFoundError,
    FlowScalePermissionError,
    FlowScaleProtocolError,
    FlowScaleRateLimitError,
    FlowScaleRunCancelledError,
    FlowScaleRunFailedError,
    FlowScaleServerError,
    FlowScaleTimeoutError,
    FlowScaleValidationError,
    FlowScaleWebhookError,
)
from flowscale.files import File
from flowscale.installation import MixedInstallationWarning
from flowscale.installation import mixed as _mixed
from flowscale.installation import moved as _moved
from flowscale.models import Page, Progress, Record, RunId

__all__ = [
    "AsyncFlowScaleClient",
    "AsyncOutput",
    "AsyncRun",
    "File",
    "FlowScaleAuthenticationError",
    "FlowScaleBudgetError",
    "FlowScaleClient",
    "FlowScaleConfigurationError",
    "FlowScaleConflictError",
    "FlowScaleError",
    "FlowScaleNetworkError",
    "FlowScaleNotFoundError",
    "FlowScalePermissionError",
    "FlowScaleProtocolError",
    "FlowScaleRateLimitError",
    "FlowScaleRunCancelledError",
    "FlowScaleRunFailedError",
    "FlowScaleServerError",
    "FlowScaleTimeoutError",
    "FlowScaleValidationError",
    "FlowScaleWebhookError",
    "MixedInstallationWarning",
    "Output",
    "Page",
    "Progress",
    "Record",
    "Run",
    "RunId",
]

__version__ = _version("flowscale-sdk")


def __getattr__(name: str) -> _Any:
    if name == "FlowscaleAPI":
        raise ImportError(_moved(name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if (_problem := _mixed()) is not None:
    warnings.warn(_problem, MixedInstallationWarning, stacklevel=2)
