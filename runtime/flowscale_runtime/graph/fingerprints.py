"""What a node says about change outside of the graph: IS_CHANGED, fingerprint_inputs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from . import hidden
from .blocker import ExecutionBlocker
from .calls import ask
from .gather import constants

if TYPE_CHECKING:
    from .node import Node

logger = logging.getLogger(__name__)


async def fingerprint(node: Node) -> Any:
    """What joins the node's signature: False without such a function; NaN (always run) when it fails.

    Linked inputs come to the function as None, for nothing has run yet.
    """
    form = node.form
    if "fingerprint" not in form.methods:
        return False
    known = hidden.values(form.traits.hidden, node.id, None, {})
    values = constants(node)
    if not form.binds_hidden:
        values |= {name: [value] for name, value in known.items()}
    try:
        answers = await ask(form, form.method("fingerprint", None, known), values, node.given)
    except Exception as error:  # noqa: BLE001 (a node's own code: whatever it raises means "run me")
        logger.warning(
            "node %s (%s) can't tell whether it changed, so it runs: %s", node.id, form.class_type, error
        )
        return float("nan")
    return [None if isinstance(answer, ExecutionBlocker) else answer for answer in answers]
