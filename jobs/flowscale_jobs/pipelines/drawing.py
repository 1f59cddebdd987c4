"""The picture of a pipeline: its graph laid out in layers, as SVG."""

import drawsvg
from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout

from flowscale_jobs.pipelines.graphs import Graph as Drawn
from flowscale_jobs.pipelines.graphs import graph
from flowscale_specs.kinds.pipeline import PipelineSpec

WIDTH, HEIGHT, MARGIN = 170, 44, 30
COLORS = {
    "run": "#dbeafe",
    "batch": "#dbeafe",
    "pipeline": "#dbeafe",
    "validate": "#dcfce7",
    "approve": "#fef3c7",
    "switch": "#ede9fe",
    "end": "#e5e7eb",
}
OTHER = "#f3f4f6"


class _Box:
    """What the layout asks a node for: its size; it writes the centre."""

    def __init__(self) -> None:
        self.w, self.h = WIDTH, HEIGHT
        self.xy: tuple[float, float] = (0.0, 0.0)


def draw(spec: PipelineSpec) -> str:
    """The picture of a pipeline as SVG."""
    made = graph(spec)
    places = _laid_out(made)
    left = min(x for x, _ in places.values()) - WIDTH / 2 - MARGIN
    top = min(y for _, y in places.values()) - HEIGHT / 2 - MARGIN
    right = max(x for x, _ in places.values()) + WIDTH / 2 + MARGIN
    bottom = max(y for _, y in places.values()) + HEIGHT / 2 + MARGIN
    picture = drawsvg.Drawing(right - left, bottom - top, origin=(left, top), font_family="sans-serif")
    head = drawsvg.Marker(-9, -5, 0, 5, scale=1, orient="auto")
    head.append(drawsvg.Lines(-9, -5, -9, 5, 0, 0, fill="#6b7280", close=True))
    for source, target, label in made.arrows:
        _arrow(picture, places[source], places[target], label, head)
    for name, (kind, label) in made.nodes.items():
        _box(picture, *places[name], kind, label)
    return str(picture.as_svg())


def _laid_out(made: Drawn) -> dict[str, tuple[float, float]]:
    """The centre of every node."""
    vertices = {name: Vertex(name) for name in made.nodes}
    for vertex in vertices.values():
        vertex.view = _Box()
    pairs = dict.fromkeys((source, target) for source, target, _ in made.arrows)
    edges = [Edge(vertices[source], vertices[target]) for source, target in pairs]
    layout = SugiyamaLayout(Graph(list(vertices.values()), edges).C[0])
    layout.xspace, layout.yspace = 40, 46
    layout.init_all(roots=[vertices["start"]])
    layout.draw()
    return {name: (vertex.view.xy[0], vertex.view.xy[1]) for name, vertex in vertices.items()}


def _arrow(
    picture: drawsvg.Drawing,
    start: tuple[float, float],
    end: tuple[float, float],
    label: str,
    head: drawsvg.Marker,
) -> None:
    (x1, y1), (x2, y2) = (start[0], start[1] + HEIGHT / 2), (end[0], end[1] - HEIGHT / 2)
    middle = (y1 + y2) / 2
    path = drawsvg.Path(stroke="#6b7280", fill="none", marker_end=head)
    picture.append(path.M(x1, y1).C(x1, middle, x2, middle, x2, y2))
    if label:
        picture.append(
            drawsvg.Text(label, 10, (x1 + x2) / 2, middle - 3, text_anchor="middle", fill="#374151")
        )


def _box(picture: drawsvg.Drawing, x: float, y: float, kind: str, label: str) -> None:
    left, top = x - WIDTH / 2, y - HEIGHT / 2
    round_corner = HEIGHT / 2 if kind == "end" else 6
    box = drawsvg.Rectangle(
        left, top, WIDTH, HEIGHT, rx=round_corner, fill=COLORS.get(kind, OTHER), stroke="#9ca3af"
    )
    picture.append(box)
    name, _, what = label.partition("\n")
    picture.append(
        drawsvg.Text(name, 13, x, y - (7 if what else 0), center=True, font_weight="bold", fill="#111827")
    )
    if what:
        picture.append(drawsvg.Text(what, 11, x, y + 11, center=True, fill="#4b5563"))
