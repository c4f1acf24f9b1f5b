"""Answers to draw, and what is read back from the pictures of them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import HealthCheck
from hypothesis import strategies as st
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tests.effort import examples
from tests.show.filled import ROOT, filled
from zerograd.core.model.activations import (
    ABS,
    HARDTANH,
    LINEAR,
    RELU,
    RELU6,
    Activation,
    leaky_relu,
    piecewise,
)
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.core.verdict.witness import Witness
from zerograd.show.plot import Kind, plot

F = Fraction
ALPHA = Algebraic(ROOT, polynomial([0, 1]))
BENT = [RELU, ABS, RELU6, HARDTANH, leaky_relu("1/4"), leaky_relu(-2)]
HOSTILE = r"\x1b[31m100% of $x_1$ & <b> ]]> --> -- ${ \frac{1} $ # ~ 	 é"

Floats = np.ndarray[Any, np.dtype[np.float64]]


def varied(network: Network, samples: int, **asked: Any) -> Sat:
    """Small numbers of both signs, no two in a row alike."""
    return filled(network, samples, lambda n: F((n * 7 + n * n * 3) % 11 - 5, 1 + n % 2), **asked)


def shown(found: Answer, kind: Kind, *, width: float = 10.0, height: float = 5.0) -> Axes:
    """In axes of a given size in inches, whose place is final."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return plot(found, kind=kind, ax=figure.add_subplot())


def network_at(witness: Witness, x: Any) -> tuple[list[Floats], Floats]:
    """Pre-activations of all layers, and the output, in float64 and by `pieces` alone."""
    a: Floats = np.asarray(x, dtype=float)
    every = []
    for n, layer in enumerate(witness.problem.network.layers, start=1):
        w = np.array(witness.parameters[f"w{n}"].map(float).tolist())
        b = np.array(witness.parameters[f"b{n}"].map(float).tolist()) if layer.bias else 0.0
        z: Floats = a @ w.T + b
        every.append(z)
        a = np.vectorize(lambda v, layer=layer: value_of(layer.activation, v), otypes=[float])(z)
    return every, a


def value_of(activation: Activation, z: float) -> float:
    side = sum(z > float(kink) for kink in piecewise(activation).kinks)
    return float(piecewise(activation).slopes[side]) * z + float(piecewise(activation).offsets[side])


_MATH = re.compile(r"\$([^$]*)\$")
_NAME = re.compile(r"(\\hat\{y\}|[a-zL])(?:\^\{\((\d+)\)\})?(?:_\{([^}]*)\})?")


def plain(text: str) -> str:
    r"""A text of a picture with names as files have them: ``w1[0,1]`` for ``$w^{(1)}_{0,1}$``."""
    return _MATH.sub(lambda match: _NAME.sub(_named, match[1]).replace("\\partial ", "∂"), text)


def _named(match: re.Match[str]) -> str:
    letter, layer = match[1].replace("\\hat{y}", "ŷ"), match[2] or ""
    at = match[3].split(",") if match[3] else []
    if letter in "wbzasc" and not layer and at:  # a network of one unit a layer
        layer = at.pop(0)
    return letter + layer + (f"[{','.join(at)}]" if at else "")


def texts(ax: Axes) -> list[str]:
    """What is written into the axes, save for what is empty; names as files have them."""
    return [plain(text.get_text()) for text in ax.texts if text.get_text()]


def markers(ax: Axes, kind: object, face: str | None = None) -> list[tuple[float, float]]:
    """Where the markers of a kind are."""
    return [
        (float(x), float(y))
        for line in ax.lines
        if line.get_marker() == kind and line.get_linestyle() == "None"
        if line.get_transform() == ax.transData
        if face is None or colors.same_color(line.get_markerfacecolor(), face)
        for x, y in np.asarray(line.get_xydata())
    ]


def curves(ax: Axes) -> list[Line2D]:
    """The lines that are functions."""
    return [line for line in ax.lines if plain(str(line.get_label())).startswith("ŷ")]


integers = st.integers(-4, 4)
numbers = st.one_of(integers, integers, st.fractions(-3, 3, max_denominator=4), st.just(ALPHA))


@st.composite
def answers(draw: st.DrawFn, inputs: int | None = None, depth: int = 3) -> Sat:
    """Small networks of all activations; samples at the same place and on kinks occur."""
    activations = st.sampled_from([RELU, *BENT, LINEAR])
    layers = st.builds(Layer, st.integers(1, 3), activations, st.booleans())
    network = Network(
        inputs or draw(st.integers(1, 3)), tuple(draw(st.lists(layers, min_size=1, max_size=depth)))
    )
    samples = draw(st.integers(1, 4))
    pool = draw(st.lists(numbers, min_size=5, max_size=9))
    picks = draw(st.randoms(use_true_random=False))
    return filled(network, samples, lambda _: picks.choice(pool))


checked = examples(8, HealthCheck.data_too_large)
