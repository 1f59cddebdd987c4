"""Where the nodes of a graph are drawn, left to right along the links, by grandalf's layered layout."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout

GAP_ACROSS, GAP_DOWN = 80.0, 40.0
SLOWEST = 2_000
"""Above so many nodes a plain layout by depth is drawn: finding few crossings costs too much then."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place: its upper left corner, width and height."""

    x: float
    y: float
    width: float
    height: float


class _View:
    """What grandalf lays out; across and down are exchanged, for it draws from top to bottom."""

    def __init__(self, width: float, height: float) -> None:
        self.w, self.h = height, width
        self.xy = (0.0, 0.0)


Size = Callable[[str], tuple[float, float]]


def placed(names: Iterable[str], links: Iterable[tuple[str, str]], size: Size) -> dict[str, Box]:
    """A box for each node; parts that aren't connected stand below each other."""
    listed = list(names)
    edges = {(source, target) for source, target in links if source != target}
    if len(listed) > SLOWEST:
        return _by_depth(listed, edges, size)
    vertices = {name: Vertex(name) for name in listed}
    for name, vertex in vertices.items():
        vertex.view = _View(*size(name))
    drawn = [Edge(vertices[one], vertices[other]) for one, other in sorted(edges)]
    graph = Graph([vertices[name] for name in listed], drawn)
    boxes: dict[str, Box] = {}
    top = 0.0
    for component in sorted(graph.C, key=lambda part: -len(part.sV)):
        part = _component(component)
        left, above = min(box.x for box in part.values()), min(box.y for box in part.values())
        moved = {
            name: Box(box.x - left, box.y - above + top, box.width, box.height) for name, box in part.items()
        }
        boxes |= moved
        top = max(box.y + box.height for box in moved.values()) + 2 * GAP_DOWN
    return {name: boxes[name] for name in listed}


def _component(component: object) -> dict[str, Box]:
    layout = SugiyamaLayout(component)
    layout.xspace, layout.yspace = GAP_DOWN, GAP_ACROSS
    layout.init_all()
    layout.draw()
    found = {}
    for vertex in component.sV:  # type: ignore[attr-defined]
        across, down = vertex.view.xy[1], vertex.view.xy[0]
        width, height = vertex.view.h, vertex.view.w
        found[vertex.data] = Box(across - width / 2, down - height / 2, width, height)
    return found


def _by_depth(names: list[str], edges: set[tuple[str, str]], size: Size) -> dict[str, Box]:
    feeds: Mapping[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        feeds[target].append(source)
    depth: dict[str, int] = {}
    for start in names:
        pending = [start]
        while pending:
            name = pending[-1]
            missing = [one for one in feeds[name] if one not in depth]
            if missing and name not in depth:
                depth[name] = -1
                pending.extend(one for one in missing if one not in pending)
                continue
            pending.pop()
            if depth.get(name, -1) < 0:
                depth[name] = 1 + max((depth.get(one, 0) for one in feeds[name]), default=-1)
    width = max((size(name)[0] for name in names), default=0.0) + GAP_ACROSS
    bottom: dict[int, float] = {}
    found = {}
    for name in names:
        column, (wide, high) = depth[name], size(name)
        top = bottom.get(column, 0.0)
        found[name] = Box(column * width, top, wide, high)
        bottom[column] = top + high + GAP_DOWN
    return found
