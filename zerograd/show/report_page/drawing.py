"""The graph of what reaches what, placed: modules in the order of the forward pass, parameters beside."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from zerograd.document.escape import clean
from zerograd.explaining.explanation import Graph, Reach

WORDS = {
    Reach.NONZERO: "gradient not zero",
    Reach.ZERO: "gradient zero",
    Reach.NONE: "no way back",
    Reach.UNKNOWN: "gradient not known",
}
"""What is said of each reach."""
WIDTH, HEIGHT = 144, 40
_GAP, _BETWEEN = 20, 26
_LETTERS = 21
"""Letters of a name that a box holds."""


@dataclass(frozen=True, slots=True)
class Box:
    """A vertex.

    Attributes:
        number: its position in the graph.
        short: its name, as much as the box holds.
        into: names of the vertices that it leads to.
    """

    number: int
    name: str
    short: str
    kind: str
    reach: str
    words: str
    x: float
    y: float
    into: str


@dataclass(frozen=True, slots=True)
class Line:
    """An edge.

    Attributes:
        reach: what of a gradient reaches the vertex that it comes from, which is what flows against it.
        path: in SVG's words.
    """

    start: int
    end: int
    reach: str
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A graph that can be drawn."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    summary: str


def drawing(graph: Graph) -> Drawing | None:
    """Return the drawing of a graph; None of one without vertices."""
    if not graph.vertices:
        return None
    forward = [(a, b) for a, b in graph.edges if a < b]
    ranks = _ranks(graph, forward)
    places = _places(graph, ranks)
    names = [clean(vertex.name) for vertex in graph.vertices]
    into = defaultdict(list)
    for a, b in graph.edges:
        into[a].append(names[b])
    boxes = tuple(
        Box(
            i,
            names[i],
            _short(names[i]),
            vertex.kind,
            vertex.reach.value,
            "data" if vertex.kind == "input" and vertex.reach is Reach.NONE else WORDS[vertex.reach],
            *places[i],
            ", ".join(into[i]),
        )
        for i, vertex in enumerate(graph.vertices)
    )
    right = max(x for x, _ in places) + WIDTH
    lines = tuple(
        Line(a, b, graph.vertices[a].reach.value, _path(places[a], places[b], right, ranks[b] - ranks[a]))
        for a, b in graph.edges
    )
    bends = any("C" in line.path for line in lines)
    return Drawing(
        right + _GAP * (1 + bends),
        max(y for _, y in places) + HEIGHT + 4,
        boxes,
        lines,
        _summary(graph),
    )


def _ranks(graph: Graph, edges: list[tuple[int, int]]) -> list[int]:
    """Return the row of each vertex: after all that lead to it; parameters stand beside what reads them."""
    inner = [vertex.kind != "parameter" for vertex in graph.vertices]
    ranks = [0] * len(graph.vertices)
    for a, b in sorted(edges, key=lambda edge: edge[1]):
        if inner[a]:
            ranks[b] = max(ranks[b], ranks[a] + 1)
    for i, is_inner in enumerate(inner):
        if not is_inner:
            ranks[i] = min((ranks[b] for a, b in edges if a == i), default=0)
    return ranks


def _places(graph: Graph, ranks: list[int]) -> list[tuple[float, float]]:
    """Return the upper left corner of each box: parameters in the left column, the rest to the right."""
    places: list[tuple[float, float]] = [(0, 0)] * len(ranks)
    y = 4.0
    left = 4 + (WIDTH + _GAP) * any(vertex.kind == "parameter" for vertex in graph.vertices)
    for rank in range(max(ranks) + 1):
        here = [i for i, r in enumerate(ranks) if r == rank]
        beside = [i for i in here if graph.vertices[i].kind == "parameter"]
        inner = [i for i in here if graph.vertices[i].kind != "parameter"]
        for n, i in enumerate(beside):
            places[i] = (4, y + n * (HEIGHT + 6))
        tall = max(len(beside), 1) * (HEIGHT + 6) - 6
        for n, i in enumerate(inner):
            places[i] = (left + n * (WIDTH + _GAP), y + (tall - HEIGHT) / 2)
        y += tall + _BETWEEN
    return places


def _path(start: tuple[float, float], end: tuple[float, float], right: float, down: int) -> str:
    """Return the way from one box to another, so many rows below: straight, or around what is between."""
    (x, y), (u, v) = start, end
    middle = y + HEIGHT / 2
    if x + WIDTH <= u and x < WIDTH:  # from a parameter
        return f"M{x + WIDTH:g} {middle:g}L{u:g} {v + HEIGHT / 2:g}"
    if down == 1 or (down > 1 and x != u):
        return f"M{x + WIDTH / 2:g} {y + HEIGHT:g}L{u + WIDTH / 2:g} {v:g}"
    out = right + _GAP
    return (
        f"M{x + WIDTH:g} {middle:g}C{out:g} {middle:g} {out:g} {v + HEIGHT / 2:g} "
        f"{u + WIDTH:g} {v + HEIGHT / 2:g}"
    )


def _short(name: str) -> str:
    half = _LETTERS // 2
    return name if len(name) <= _LETTERS else f"{name[:half]}…{name[-half:]}"


def _summary(graph: Graph) -> str:
    counts = {reach: sum(v.reach is reach for v in graph.vertices if v.kind != "input") for reach in Reach}
    return ", ".join(f"{n} × {WORDS[reach]}" for reach, n in counts.items() if n)
