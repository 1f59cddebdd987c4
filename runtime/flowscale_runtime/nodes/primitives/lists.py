"""Nodes over lists of values."""

from __future__ import annotations

import json
from typing import Any

from flowscale_runtime.nodes import declare
from flowscale_runtime.nodes.declare import ANYTHING, MAX_INT, Node, fields, integer, socket
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.errors import NodeError


class CreateList(DynamicNode):
    """One list of several, in their order; nodes after it run once for each item."""

    TITLE = "Create List"
    CATEGORY = "logic"
    INPUT_IS_LIST = True
    OUTPUT_IS_LIST = (True,)
    REQUIRED = fields(inputs=declare.growing("input", ANYTHING, "input", minimum=1, maximum=100))
    RETURN_TYPES = ("*",)
    RETURN_NAMES = ("list",)

    def run(self, **given: Any) -> tuple[list[Any]]:
        return ([item for items in declare.nested("inputs", given).values() for item in items],)


class GetItemFromList(Node):
    """One item of a list, counted from 0."""

    TITLE = "Get Item from List"
    CATEGORY = "logic"
    INPUT_IS_LIST = True
    REQUIRED = fields(list=ANYTHING, index=integer(0, -MAX_INT, MAX_INT))
    RETURN_TYPES = ("*",)

    def run(self, list: list[Any], index: list[int]) -> tuple[Any]:  # noqa: A002
        try:
            return (list[index[0]],)
        except IndexError as error:
            raise NodeError(f"the list has {len(list)} items, none at {index[0]}", "count from 0") from error


class ConvertArrayToString(Node):
    """A list as JSON."""

    TITLE = "Convert Array to String"
    CATEGORY = "utils"
    REQUIRED = fields(array=socket("ARRAY"), indent=integer(2, 0, 8))
    RETURN_TYPES = ("STRING",)

    def run(self, array: Any, indent: int = 2) -> tuple[str]:
        return (json.dumps(array, indent=indent or None, ensure_ascii=False),)


class ConvertDictionaryToString(Node):
    """An object as JSON."""

    TITLE = "Convert Dictionary to String"
    CATEGORY = "utils"
    REQUIRED = fields(dictionary=socket("DICT"), indent=integer(2, 0, 8))
    RETURN_TYPES = ("STRING",)

    def run(self, dictionary: Any, indent: int = 2) -> tuple[str]:
        return (json.dumps(dictionary, indent=indent or None, ensure_ascii=False),)
