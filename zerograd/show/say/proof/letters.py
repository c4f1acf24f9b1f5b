"""What the letters of a proof stand for: residuals, pre-activations, values and slopes of units."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import ChosenSide, chosen_sides, sides
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.labels import all_sides
from zerograd.core.refuting.system import intercept
from zerograd.derive.naming import function, interval, is_scalar, quantity
from zerograd.document import formula as tree
from zerograd.document.blocks import Prose, join, prose
from zerograd.document.exact import rational
from zerograd.document.formula import EQUALS, LESS, PLUS, RELATIONS, beside, row


def letters(problem: Problem, *, whole: bool) -> Prose:
    """A sentence that defines them.

    Args:
        whole: whether slopes and values of units have letters of their own.
    """
    network, loss = problem.network, problem.model.loss
    k = ("k",) if network.outputs > 1 else ()
    r, g, y_hat, y = (quantity(network, letter, at=("m", *k)) for letter in ("r", "g", "ŷ", "y"))
    if loss.least_squares:
        text = prose(row(r, EQUALS, y_hat, LESS, y), " is the residual of sample ", tree.Letter("m"))
    else:
        text = prose(
            g, " is the derivative of ", tree.Letter("L"), " by ", y_hat, " on sample ", tree.Letter("m")
        )
    text += prose(" at output ", tree.Letter("k")) if k else ()
    kink = problem.derivative_at_kink
    sided = {layer for layer, _ in all_sides(problem)}
    layers = [
        (number, layer)
        for number, layer in enumerate(network.layers, start=1)
        if number in sided or isinstance(layer.activation, Smooth)
    ]
    further: list[Prose] = []
    for number, layer in layers:
        # Of the first layer it is said what they are: proofs name them without a further word.
        i = ("i",) if layer.units > 1 else ()
        name = partial(
            quantity, network, layer=number if len(layers) > 1 or is_scalar(network) else "", at=("m", *i)
        )
        which = (
            prose("unit ", tree.Letter("i"), f" of layer {number}") if i else (f"the unit of layer {number}",)
        )
        z = name("z")
        text += prose("; ", row(z, EQUALS, *_affine(network, i)) if number == 1 else z)
        text += prose(" is the pre-activation of ", which)
        if isinstance(layer.activation, Smooth):
            text += _curve(layer.activation, name)
        elif whole:
            text += prose(" and ", name("s"), " its slope: ", _slopes(layer, kink, name))
            further += _shifts(layer, kink, name, which)
    further += map(
        _known, dict.fromkeys(a for _, layer in layers if isinstance(a := layer.activation, Smooth))
    )
    return prose(text, ".", *further)


def _slopes(layer: Layer, convention: Kink, name: partial[tree.Quantity]) -> Prose:
    if convention == "any":
        return join(_chosen(side, name) for side in chosen_sides(layer.activation))
    return join(
        prose(row(name("s"), EQUALS, rational(side.derivative)), " where ", interval(side, name("z")))
        for side in sides(layer.activation, convention)
    )


def _chosen(side: ChosenSide, name: partial[tree.Quantity]) -> Prose:
    """What the slope is on a side, where slopes at kinks are chosen."""
    s, where = name("s"), prose(" where ", interval(side, name("z")))
    if not side.is_point:
        return prose(row(s, EQUALS, rational(side.slope)), where)
    ends = rational(side.least), RELATIONS["<="], s, RELATIONS["<="], rational(side.greatest)
    return prose(row(*ends), where)


def _shifts(layer: Layer, convention: Kink, name: partial[tree.Quantity], which: Prose) -> Iterator[Prose]:
    """The values, where they are not slope times pre-activation."""
    s, z, c = map(name, "szc")
    if convention == "any":
        if any(side.offset or (side.is_point and side.low) for side in chosen_sides(layer.activation)):
            yield prose(" The value of ", which, " is ", row(row(*beside(s, z)), PLUS, c), ".")
        return
    shifts = [intercept(side) for side in sides(layer.activation, convention)]
    if any(shifts):
        value = row(row(*beside(s, z)), PLUS, c)
        yield prose(" The value of ", which, " is ", value, ", where ", c, " is ")
        yield prose(join(map(rational, shifts)), " in turn.")


def _curve(activation: Smooth, name: partial[tree.Quantity]) -> Prose:
    """The value and the slope of a smooth unit."""
    a, s, z = map(name, "asz")
    phi = function(activation)
    value = row(a, EQUALS, tree.Call(phi, z))
    slope = row(s, EQUALS, tree.Call(phi, z, prime=True))
    return prose(", ", value, " its value and ", slope, " its slope")


def _known(activation: Smooth) -> Prose:
    """What is used of a smooth activation."""
    phi, z = function(activation), tree.Letter("z")
    value, slope = tree.Call(phi, z), tree.Call(phi, z, prime=True)
    known: list[Prose] = []
    if activation.increasing:
        known.append(("it is increasing",))
    elif activation.least_slope == 0:
        known.append(("it never falls",))
    if activation.low is not None or activation.high is not None:
        low, high = activation.low, activation.high
        left = () if low is None else (rational(low), RELATIONS["<"])
        right = () if high is None else (RELATIONS["<"], rational(high))
        known.append(prose(row(*left, value, *right)))
    if activation.derivative_of_value is not None:
        known.append(prose(slope, " is a polynomial in ", value))
    elif activation.slope_squared is not None:
        known.append(prose("the square of ", slope, " is a polynomial in ", value))
    return prose(" Of ", phi, " we use that ", join(known), ".") if known else ()


def _affine(network: Network, i: tuple[str, ...]) -> list[tree.Node]:
    """w·x + b of a unit of the first layer, on sample m."""
    d = ("d",) if network.inputs > 1 else ()
    product = beside(quantity(network, "w", 1, (*i, *d)), quantity(network, "x", at=("m", *d)))
    bias: list[tree.Node] = [PLUS, quantity(network, "b", 1, i)] if network.layers[0].bias else []
    return [*([tree.Sigma(tree.Letter("d"))] if d else []), *product, *bias]
