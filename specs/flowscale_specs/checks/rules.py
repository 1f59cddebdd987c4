"""Rules of policies must be right in core CEL, whenever they are evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_specs.kinds import Policy
from flowscale_specs.rules import RuleError, compile_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_specs.documents import Documents
    from flowscale_specs.errors import SpecError


def wrong_rules(documents: Documents) -> Iterator[SpecError]:
    """Rules that don't compile, with the place in the rule."""
    for entry in documents.of(Policy):
        try:
            compile_rule(entry.document.spec.rule)
        except RuleError as error:
            message = f"not a rule in core CEL: {error} (at {error.line}:{error.column} of the rule)"
            hint = "it may use deployment, workflow and project"
            yield entry.fault(("spec", "rule"), message, hint)
