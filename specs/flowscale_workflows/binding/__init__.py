"""From a caller's values to a graph that is ready to run, and the schema that tells callers what to send."""

from flowscale_workflows.binding.graph import bind
from flowscale_workflows.binding.schema import json_schema
from flowscale_workflows.binding.wire import coerce

__all__ = ["bind", "coerce", "json_schema"]
