"""Hidden inputs: what nodes may know of the run without an input for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .dynprompt import DynamicPrompt

FROM_EXTRA = {
    "EXTRA_PNGINFO": "extra_pnginfo",
    "AUTH_TOKEN_COMFY_ORG": "auth_token_comfy_org",
    "API_KEY_COMFY_ORG": "api_key_comfy_org",
    "COMFY_USAGE_SOURCE": "comfy_usage_source",
}


def values(
    wanted: Mapping[str, str], node_id: str, prompt: DynamicPrompt | None, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The hidden values by argument name. Without a prompt (before the run starts) it is empty."""
    return {name: _value(kind, node_id, prompt, extra) for name, kind in wanted.items() if kind in KINDS}


def _value(kind: str, node_id: str, prompt: DynamicPrompt | None, extra: Mapping[str, Any]) -> Any:
    if kind == "UNIQUE_ID":
        return node_id
    if kind == "PROMPT":
        return {} if prompt is None else prompt.get_original_prompt()
    if kind == "DYNPROMPT":
        return prompt
    return extra.get(FROM_EXTRA[kind])


KINDS = frozenset({"UNIQUE_ID", "PROMPT", "DYNPROMPT", *FROM_EXTRA})
