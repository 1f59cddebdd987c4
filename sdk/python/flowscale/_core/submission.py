"""Submitting a run: the keywords that are not inputs, the idempotency key, the body."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowscale._core import inputs as forms
from flowscale._core.core import Core
from flowscale._core.effects import Block, Program
from flowscale._core.requests import Body, FormBody, Request, query
from flowscale._core.waiting import run_of
from flowscale.files import File


@dataclass(frozen=True)
class Submission:
    """One logical submission; sent again after a failure it is the same run, because the key stays."""

    inputs: Mapping[str, Any]
    key: str
    workflow_id: str | None = None
    group_id: str | None = None
    webhook: str | None = None
    tags: Sequence[str] | None = None
    priority: int | None = None
    ttl: float | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What the wire takes beside the inputs."""
        named = {
            "webhook": self.webhook,
            "tags": list(self.tags) if self.tags else None,
            "priority": self.priority,
            "ttl": self.ttl,
        }
        return {name: value for name, value in named.items() if value is not None}

    @property
    def _tags_in_query(self) -> dict[str, str]:
        return {"tags": ",".join(self.tags)} if self.tags else {}

    def request(self, wait: int = 0) -> Request:
        """JSON has room for the options; a form has not, there they go into the query."""
        boundary = "".join(letter for letter in self.key if letter.isascii() and letter.isalnum())[:60]
        body = forms.encode(self.inputs, self.options, f"flowscale-{boundary}")
        beside = {**self.options, **self._tags_in_query} if isinstance(body, FormBody) else {}
        return Request(
            "POST",
            "runs",
            query(workflow_id=self.workflow_id, group_id=self.group_id, **beside),
            {"Idempotency-Key": self.key, **({"Prefer": f"wait={wait}"} if wait else {})},
            body,
        )


def submission(
    core: Core,
    given: Mapping[str, Any] | None,
    more: Mapping[str, Any],
    key: str | None,
    **options: Any,
) -> Submission:
    """A submission with the client's defaults and, unless one is given, a new key."""
    options["workflow_id"] = options.get("workflow_id") or core.settings.workflow_id
    options["group_id"] = options.get("group_id") or core.settings.group_id
    return Submission(forms.merge(given, more), key or core.new_key(), **options)


def submit(
    core: Core, wanted: Submission, *, wait: int = 0, deadline: float | None = None
) -> Program[dict[str, Any]]:
    """The new run as the server shows it."""
    request = wanted.request(wait)
    if isinstance(request.body, FormBody):
        request = dataclasses.replace(request, body=(yield from loaded(request.body)))
    return run_of((yield from core.data(request, deadline=deadline)))


def loaded(body: FormBody) -> Program[Body]:
    """The form with what can be read only once, as a pipe, read: a second try needs it again."""
    fields: list[tuple[str, str | File]] = []
    for name, value in body.fields:
        if isinstance(value, File) and not rereadable(value.source):
            content = yield Block(value.source.read)  # type: ignore[union-attr]
            fields.append((name, File(content, *value.named(name))))
        else:
            fields.append((name, value))
    return FormBody(tuple(fields), body.boundary)


def rereadable(source: Any) -> bool:
    """Whether a source can be read from its start again."""
    if not hasattr(source, "read"):
        return True
    seekable = getattr(source, "seekable", None)
    return bool(seekable()) if callable(seekable) else hasattr(source, "seek")
