"""The API described as OpenAPI 3.1: every route, and a deployment's own inputs as typed fields."""

from flowscale_runtime.gateway.openapi.document import document

__all__ = ["document"]
