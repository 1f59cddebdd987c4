"""One document: from what was written to the model of its kind, or to all that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flowscale_specs import suggestions
from flowscale_specs.kinds import API_VERSION, KINDS, Document
from flowscale_specs.reading import Map, Place, place
from flowscale_specs.translating import fault, translate

if TYPE_CHECKING:
    from flowscale_specs.errors import SpecError


_GROUP = (API_VERSION.partition("/")[0],)


def validate(written: Any, where: Place) -> Document | tuple[SpecError, ...]:
    """The document that was written, or its faults."""
    if not isinstance(written, Map):
        return (fault(where, (), "a document should be a mapping", "start it with kind: Workflow"),)
    kind = written.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return (_unknown(written, kind),)
    try:
        return model.__pydantic_validator__.validate_python(written)  # type: ignore[no-any-return]
    except ValidationError as error:
        return tuple(translate(error, model, written))


def is_foreign(written: Any) -> bool:
    """Whether a document is something else that lies in the same folder: a compose file, a Kubernetes object ..."""
    if not isinstance(written, Map) or _is_compiled(written):
        return True
    version = written.get("apiVersion")
    if isinstance(version, str):
        group = version.partition("/")[0]
        return (
            suggestions.nearest(group, [API_VERSION.partition("/")[0]]) is None and "flowscale" not in version
        )
    return "kind" not in written and not ("spec" in written and "metadata" in written)


def _is_compiled(written: Map) -> bool:
    """Whether it is a resource of a cluster that specs were compiled to: it shares their API group and some kinds."""
    metadata = written.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Map) else None
    return isinstance(labels, Map) and labels.get("app.kubernetes.io/managed-by") == "flowscale"


def _unknown(written: Map, kind: Any) -> SpecError:
    if "kind" not in written:
        return fault(place(written, ()), (), "kind is missing", f"one of {', '.join(KINDS)}")
    where = place(written, ("kind",))
    return fault(
        where, ("kind",), f"there is no kind {suggestions.shown(kind)}", suggestions.hint(str(kind), KINDS)
    )
