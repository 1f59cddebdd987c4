"""The `releases` of an Environment in the text of its file, with everything around them left as it was written."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from flowscale_jobs.errors import PromotionFailed

Releases = Mapping[str, Mapping[str, str]]


def rewritten(text: str, environment: str, releases: Releases) -> str | None:
    """The text with other releases for an environment; None where it doesn't declare that environment."""
    for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
        if isinstance(node, yaml.MappingNode) and _declares(node, environment):
            return _with(text, node, releases)
    return None


def _declares(node: yaml.MappingNode, environment: str) -> bool:
    metadata = _value(node, "metadata")
    kind = _value(node, "kind")
    if not isinstance(kind, yaml.ScalarNode) or not isinstance(metadata, yaml.MappingNode):
        return False
    name = _value(metadata, "name")
    return kind.value == "Environment" and isinstance(name, yaml.ScalarNode) and name.value == environment


def _with(text: str, node: yaml.MappingNode, releases: Releases) -> str:
    spec = _value(node, "spec")
    if spec is None:
        return _after(text, node, f"spec:\n  releases: {_flow(releases)}\n")
    if not isinstance(spec, yaml.MappingNode):
        raise PromotionFailed("the spec of the environment is no mapping")
    old = _value(spec, "releases")
    if old is not None:
        start = old.start_mark.index
        space = " " if text[start - 1] == ":" else ""
        return f"{text[:start]}{space}{_flow(releases)}{text[_last(old) :]}"
    if spec.flow_style:
        comma = ", " if spec.value else ""
        return (
            text[: spec.end_mark.index - 1]
            + f"{comma}releases: {_flow(releases)}"
            + text[spec.end_mark.index - 1 :]
        )
    return _after(text, spec, f"{' ' * spec.start_mark.column}releases: {_flow(releases)}\n")


def _after(text: str, node: yaml.MappingNode, lines: str) -> str:
    """The text with lines behind the last thing in a block."""
    end = _last(node)
    newline = text.find("\n", end)
    if newline < 0:
        return f"{text}\n{lines}"
    return text[: newline + 1] + lines + text[newline + 1 :]


def _last(node: yaml.Node) -> int:
    """Where the last scalar, or flow collection, of a node ends."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _value(node: yaml.MappingNode, key: str) -> Any:
    return next((value for name, value in node.value if name.value == key), None)


def _flow(releases: Releases) -> str:
    """Releases in one line, in order: the same for the same releases."""
    return f"{{{', '.join(_parts(releases))}}}"


def _parts(releases: Releases) -> Iterator[str]:
    for workflow in sorted(releases):
        versions = ", ".join(
            f'"{version}": "{releases[workflow][version]}"' for version in sorted(releases[workflow])
        )
        yield f"{workflow}: {{{versions}}}"
