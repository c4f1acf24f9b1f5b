"""An exact point as an explanation: what became of each gradient entry, and why zeros are zero."""

from __future__ import annotations

from collections.abc import Mapping

from zerograd.core.model.point import Point
from zerograd.core.numbers.approximation import nearest_float
from zerograd.core.numbers.exact import Exact
from zerograd.explaining.exact.causes import Causes, layer_name
from zerograd.explaining.exact.patterns import Patterns
from zerograd.explaining.explanation import (
    Entries,
    Floats,
    Graph,
    Reach,
    Row,
    State,
    StepReport,
    Units,
    Vertex,
)


def explain_point(
    point: Point[Exact],
    *,
    setting: str | None = None,
    floats: Mapping[str, Floats] | None = None,
    messages: tuple[str, ...] = (),
) -> StepReport:
    """Return why entries of ∂L/∂ of each parameter, and of ``x``, are zero at a point.

    Args:
        setting: the network, its loss and its conventions, in a line.
        floats: what floating point has of each gradient, where that is known.

    Raises:
        OnKink: a sample is on a kink, where the model takes no derivative.
    """
    patterns = Patterns(point)
    causes = Causes(patterns)
    rows = {name: row_of(patterns, causes, name, (floats or {}).get(name)) for name in patterns.names}
    return StepReport(
        1,
        {name: row for name, row in rows.items() if name != "x"},
        {"x": rows["x"]},
        loss=nearest_float(point.loss),
        batch=patterns.count,
        messages=messages,
        units=tuple(units_of(patterns)),
        graph=graph_of(patterns),
        setting=setting,
    )


def row_of(
    patterns: Patterns, causes: Causes, name: str, floats: Floats | None = None, among: int | None = None
) -> Row:
    """Return what there is to say of a gradient.

    Args:
        among: the entries that are asked about; the others count as not zero.
    """
    zeros, size = patterns.zeros[name], len(patterns.point.gradients[name].entries)
    zero = (zeros if among is None else zeros & among).bit_count()
    return Row(
        name,
        patterns.shapes[name],
        Entries(zero, size - zero),
        floats or Floats("float64", zero=zero),
        causes.of(name, among),
    )


def units_of(patterns: Patterns) -> list[Units]:
    """Return what the units of each layer did on each sample, of layers that are not linear."""
    result = []
    for number, layer in enumerate(patterns.network.layers, start=1):
        if not layer.activation.has_words:
            continue
        texts = [""] * patterns.count
        for sample, members in zip(patterns.samples, patterns.classes, strict=True):
            kink, off, saturated = (mask[number - 1] for mask in (sample.kink, sample.off, sample.saturated))
            text = "".join(
                State.AT_KINK
                if kink >> unit & 1
                else State.OFF
                if off >> unit & 1
                else State.SATURATED
                if saturated >> unit & 1
                else State.ACTIVE
                for unit in range(layer.units)
            )
            for m in members:
                texts[m] = text
        result.append(Units(layer_name(patterns.network, number), tuple(texts)))
    return result


def graph_of(patterns: Patterns) -> Graph:
    """Return the layers in order, each with its parameters before it, and what comes back to them."""
    vertices, edges = [Vertex("x", "input", _reach_of_gradient(patterns, "x"))], []
    below = 0
    for number in range(1, patterns.depth + 1):
        sources = [below]
        for name in (f"w{number}", f"b{number}"):
            if name in patterns.zeros:
                sources.append(len(vertices))
                vertices.append(Vertex(name, "parameter", _reach_of_gradient(patterns, name)))
        below = len(vertices)
        comes = any(sample.arriving[number - 1] for sample in patterns.samples)
        vertices.append(Vertex(layer_name(patterns.network, number), "module", _reach(comes)))
        edges += [(source, below) for source in sources]
    vertices.append(Vertex(patterns.point.model.loss.words, "loss", Reach.NONZERO))
    return Graph(tuple(vertices), (*edges, (below, len(vertices) - 1)))


def _reach_of_gradient(patterns: Patterns, name: str) -> Reach:
    size = len(patterns.point.gradients[name].entries)
    return _reach(patterns.zeros[name].bit_count() < size)


def _reach(comes: bool) -> Reach:
    return Reach.NONZERO if comes else Reach.ZERO
