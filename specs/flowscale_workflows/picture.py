"""The difference of two graphs as a picture (SVG): what came is green, what went red, what changed amber."""

from typing import TYPE_CHECKING

import drawsvg

from flowscale_workflows.differences import Differences
from flowscale_workflows.graphs import ApiGraph, links, title
from flowscale_workflows.layout import Box, placed

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH, HEAD, LINE, MARGIN = 260.0, 26.0, 18.0, 40.0
_FILL = {"added": "#dcfce7", "removed": "#fee2e2", "changed": "#fef3c7", "same": "#f4f4f5"}
_EDGE = {"added": "#16a34a", "removed": "#dc2626", "changed": "#d97706", "same": "#a1a1aa"}
_LONGEST = 40


def drawn(differences: Differences) -> str:
    """The picture's SVG."""
    nodes = _nodes(differences)
    states = {name: _state(name, differences) for name in nodes}
    lines = _lines(differences)
    wires = _wires(differences)
    boxes = placed(
        nodes,
        [(source, target) for source, target, _ in wires],
        lambda name: (WIDTH, HEAD + LINE * len(lines.get(name, ())) + 8),
    )
    right = max((box.x + box.width for box in boxes.values()), default=0.0)
    bottom = max((box.y + box.height for box in boxes.values()), default=0.0)
    picture = drawsvg.Drawing(right + 2 * MARGIN, bottom + 2 * MARGIN, id_prefix="d")
    picture.append(drawsvg.Rectangle(0, 0, right + 2 * MARGIN, bottom + 2 * MARGIN, fill="white"))
    for source, target, state in wires:
        picture.append(_wire(boxes[source], boxes[target], state))
    for name, box in boxes.items():
        _draw(picture, box, title(nodes[name]), nodes[name]["class_type"], states[name], lines.get(name, []))
    svg: str = picture.as_svg()
    return svg


def _nodes(differences: Differences) -> ApiGraph:
    """All nodes of both graphs; those that went keep a name that no other has."""
    gone = {f"-{node_id}": differences.old[node_id] for node_id in differences.removed}
    return {**differences.new, **gone}


def _state(name: str, differences: Differences) -> str:
    if name not in differences.new:
        return "removed"
    if name in differences.added:
        return "added"
    changed = {one.node for one in differences.widgets} | {one.node for one in differences.rewired}
    changed |= {one.node for one in differences.retitled}
    return "changed" if name in changed else "same"


def _lines(differences: Differences) -> dict[str, list[str]]:
    """What is written into each node."""
    found: dict[str, list[str]] = {}
    for change in differences.widgets:
        told = f"{change.name}: {_short(change.before)} → {_short(change.after)}"
        found.setdefault(change.node, []).append(told)
    for link in differences.rewired:
        found.setdefault(link.node, []).append(f"{link.name}: rewired")
    for one in differences.retitled:
        found.setdefault(one.node, []).append(f"title: {_short(one.before)} → {_short(one.after)}")
    return found


def _wires(differences: Differences) -> list[tuple[str, str, str]]:
    """Links of both graphs with their state, each once."""
    kept = set(differences.old) - set(differences.removed)
    new_name = {name: differences.renumbered.get(name, name) for name in kept}
    names = {**new_name, **{name: f"-{name}" for name in differences.removed}}
    before = {
        (names[one.source], one.slot, names[one.node], one.name)
        for one in links(differences.old)
        if one.source in names
    }
    after = {
        (one.source, one.slot, one.node, one.name)
        for one in links(differences.new)
        if one.source in differences.new
    }
    return [
        (
            wire[0],
            wire[2],
            "same" if wire in before and wire in after else "added" if wire in after else "removed",
        )
        for wire in sorted(before | after)
    ]


def _wire(source: Box, target: Box, state: str) -> drawsvg.Path:
    x, y = source.x + source.width + MARGIN, source.y + HEAD / 2 + MARGIN
    to_x, to_y = target.x + MARGIN, target.y + HEAD / 2 + MARGIN
    bend = max(abs(to_x - x) / 2, 30)
    dashes: Mapping[str, str] = {"stroke_dasharray": "6 4"} if state == "removed" else {}
    path = drawsvg.Path(fill="none", stroke=_EDGE[state], stroke_width=2, **dashes)
    path.M(x, y).C(x + bend, y, to_x - bend, to_y, to_x, to_y)
    return path


def _draw(
    picture: drawsvg.Drawing, box: Box, called: str, class_type: str, state: str, lines: list[str]
) -> None:
    x, y = box.x + MARGIN, box.y + MARGIN
    picture.append(
        drawsvg.Rectangle(
            x, y, box.width, box.height, rx=6, fill=_FILL[state], stroke=_EDGE[state], stroke_width=2
        )
    )
    head = called if called == class_type else f"{called} ({class_type})"
    font = {"font_family": "system-ui, sans-serif", "fill": "#18181b"}
    picture.append(drawsvg.Text(_short(head, quoted=False), 13, x + 8, y + 18, font_weight="bold", **font))
    for at, line in enumerate(lines):
        picture.append(drawsvg.Text(_short(line, quoted=False), 12, x + 8, y + HEAD + 14 + at * LINE, **font))


def _short(value: object, *, quoted: bool = True) -> str:
    text = "nothing" if value is None else repr(value) if quoted else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
