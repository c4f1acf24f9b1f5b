"""What activations, quantities and sides of a kink are called in formulas. Needs no SymPy."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.kinks import Kink
from zerograd.core.model.names import function_name
from zerograd.core.model.network import Network
from zerograd.core.model.sides import Interval, Side, sides
from zerograd.document.exact import rational
from zerograd.document.formula import RELATIONS, Digits, Letter, Node, Quantity, Script, Word, row


def function(activation: Activation) -> Node:
    """The name of an activation in a formula."""
    name = function_name(activation, parameter=False)
    word = Word(name) if len(name) > 1 else Letter(name)
    return word if activation.parameter is None else Script(word, Digits(str(activation.parameter)))


def is_scalar(network: Network) -> bool:
    """Whether every layer has one unit, so that no index but the sample's is needed."""
    return set(network.widths) == {1}


def quantity(network: Network, letter: str, layer: int | str = "", at: Iterable[int | str] = ()) -> Quantity:
    """A quantity of a layer, or of all of the network: ``w⁽¹⁾ᵢⱼ``, ``ŷₘ``."""
    return Quantity(letter, str(layer), tuple(map(str, at)), is_scalar(network))


def indicator(activation: Activation, convention: Kink) -> Side | None:
    """The side on which φ' is 1, where it is 0 on every other: then φ'(z) = 1[z is on that side]."""
    if not isinstance(activation, PiecewiseLinear):
        return None
    choices = sides(activation, convention)
    ones = [side for side in choices if side.derivative == 1]
    if len(ones) == 1 and all(side.derivative == 0 for side in choices if side is not ones[0]):
        return ones[0]
    return None


def interval(side: Interval, z: Node) -> Node:
    """What it says of z to be on a side: ``−1 < z ≤ 1``. The side must have an end."""
    if side.is_point:
        return row(z, RELATIONS["="], _end(side.low))
    at_most, at_least = ("<=" if side.high_closed else "<"), (">=" if side.low_closed else ">")
    if side.low is None:
        return row(z, RELATIONS[at_most], _end(side.high))
    if side.high is None:
        return row(z, RELATIONS[at_least], _end(side.low))
    low = RELATIONS["<=" if side.low_closed else "<"]
    return row(_end(side.low), low, z, RELATIONS[at_most], _end(side.high))


def _end(value: int | Fraction | None) -> Node:
    if value is None:
        raise ValueError("a side without an end")
    return rational(value)
