"""Names derived from words: of documents, as in `photo-upscale`, and of inputs, as in `negative_prompt`."""

import re
import unicodedata

_LONGEST = 63


def document_name(words: str) -> str:
    """A name for workflows and deployments: lower-case letters, digits and dashes."""
    return _joined(words, "-").strip("-")[:_LONGEST].strip("-") or "workflow"


def key(words: str) -> str:
    """A name for an input or output, or nothing where the words hold no letters."""
    found = _joined(words, "_").strip("_")[:_LONGEST].strip("_")
    return found if not found or found[0].isalpha() else f"_{found}"[:_LONGEST]


def label(name: str) -> str:
    """What people read: `negative_prompt` as `Negative prompt`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _joined(words: str, joint: str) -> str:
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return re.sub(r"[^a-z0-9]+", joint, apart.lower())
