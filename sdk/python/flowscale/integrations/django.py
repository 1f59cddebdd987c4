"""A run in a Django model. Needs the extra `flowscale-sdk[django]`.

class GeneratedImage(models.Model):
    prompt = models.TextField()
    result = FlowScaleField(null=True)

image.result = client.runs.execute(prompt=image.prompt)
image.save()
"""

from collections.abc import Callable
from typing import Any

from flowscale import FlowScaleClient, Record, Run

try:
    from django.db import models  # type: ignore[import-not-found, import-untyped, unused-ignore]
except ImportError as error:
    raise ImportError(
        "FlowScaleField needs a further package: pip install 'flowscale-sdk[django]'"
    ) from error


class FlowScaleField(models.JSONField):  # type: ignore[misc, unused-ignore]
    """Stores a run as JSON and reads it back as a `Run`; the database can query it like any JSON.

    client: a function that returns a client, to fetch bytes of outputs of stored runs while their URLs are valid.
    """

    description = "A run of a FlowScale workflow"

    def __init__(
        self, *args: Any, client: Callable[[], FlowScaleClient] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._client = client

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.to_python(super().from_db_value(value, expression, connection))

    def to_python(self, value: Any) -> Any:
        """The run of a JSON object; anything else as it is."""
        if not isinstance(value, dict):
            return value
        return Run(value) if self._client is None else self._client().bind(value)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(_plain(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_plain(value), connection, prepared)

    def value_to_string(self, obj: Any) -> Any:
        return _plain(super().value_to_string(obj))

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(_plain(value), model_instance)


def _plain(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Record) else value
