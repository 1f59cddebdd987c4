"""What a schema may ask to know of the run."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Hidden(StrEnum):
    """The hidden values by the name that they have on `cls.hidden`."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"  # noqa: S105 (the name of a value, not one)
    api_key_comfy_org = "API_KEY_COMFY_ORG"
    comfy_usage_source = "COMFY_USAGE_SOURCE"


class HiddenHolder:
    """The hidden values of a node at work; those that its schema doesn't ask for are None."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> None:
        """What isn't set, and names that this version doesn't know."""
        if name.startswith("_"):
            raise AttributeError(name)


NOTHING = HiddenHolder()
