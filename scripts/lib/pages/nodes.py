"""docs/reference/nodes.md: the node classes that come with FlowScale, by category."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from flowscale_runtime.nodes import packs


def page() -> str:
    """One table for each category."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for definition in packs.load().definitions.values():
        groups[definition["category"]].append(definition)
    sections = (section(category, groups[category]) for category in sorted(groups))
    return (
        "\n\n".join(
            (
                "<!-- Made by `scripts/check --fix generated`; change the descriptions of the nodes. -->",
                "# Nodes",
                "What `flowscale nodes list` shows without packs of your own.",
                *sections,
            )
        )
        + "\n"
    )


def section(category: str, definitions: list[Mapping[str, Any]]) -> str:
    """A heading and a table."""
    return "\n".join(
        (
            f"## {category or 'other'}",
            "",
            "| class | inputs | outputs | does |",
            "|---|---|---|---|",
            *rows(definitions),
        )
    )


def rows(definitions: list[Mapping[str, Any]]) -> Iterator[str]:
    """One row for each class, in the order of names."""
    for each in sorted(definitions, key=lambda definition: str(definition["name"])):
        inputs = ", ".join(
            name for group in ("required", "optional") for name in each["input"].get(group, ())
        )
        does = each["description"] or each["display_name"]
        yield f"| `{each['name']}` | {inputs} | {', '.join(map(str, each['output_name']))} | {' '.join(does.split())} |"
