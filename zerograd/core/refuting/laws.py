"""What ties parameters and their gradients together, whatever the data, by the form of activations and loss.

Sums run over units of the layer above; z, a and δ = ∂L/∂z are those of sample m, over which all gradients
are summed. ``grad(p)`` is ∂L/∂p.

Homogeneity. Let φ′(z)·z = d·φ(z) for every z (d = 1: ReLU and its like; d = 2: the square). Then for each
hidden unit Σ w·grad(w) + b·grad(b) over what comes in is d times Σ w·grad(w) over what goes out
(`zerograd.core.refuting.homogeneity`).

Slope. Let φ′(z) = α + β·φ(z) for every z: β = 0 for a linear unit, α = 0 and β = 1 for exp. Then

    grad(b_l[i]) = Σ_k w_{l+1}[k,i] (α·grad(b_{l+1}[k]) + β·grad(w_{l+1}[k,i])):

the left side is Σ_m φ′(z)·Σ_k w_{l+1}[k,i] δ_{l+1}[k], where Σ_m δ_{l+1}[k] is the gradient by the bias above
and Σ_m δ_{l+1}[k] a that by the weight. (If α is not 0 the layer above needs biases.) Of linear units it is
said where there are smooth ones too, or where the loss is none of least squares: elsewhere moments say more.

Balance. Let the adjoints of each sample have sum 0 (softmax), and let the last layer be linear. Then so have
the gradients by its biases, and those by its weights of one unit below.

Sign. Let all adjoints be above 0 (or all below), and let the last layer be linear, with a positive slope.
Then the gradients by its biases are above 0 (below).

Inputs. ∂L/∂x of sample m is Σ_i w_1[i,d] δ_1[i], and the gradients by w_1 and b_1 are Σ_m δ_1[i] x[d′] and
Σ_m δ_1[i]. So Σ_m ∂L/∂x[m,d] = Σ_i w_1[i,d] grad(b_1[i]), if there are biases, and
Σ_m ∂L/∂x[m,d] x[m,d′] = Σ_i w_1[i,d] grad(w_1[i,d′]). Where all ∂L/∂x are 0 both are 0; where all are above 0
(below) the first is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.curves import Smooth
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.plain import RING
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import OF_EACH, Relation

Entry = tuple[str, Index]
Term = tuple[Rational, Entry | None, Entry]
"""(coefficient, parameter or None, gradient): their product."""


@dataclass(frozen=True, slots=True)
class Law:
    """Σ coefficient · parameter · gradient ``sign`` 0."""

    label: str
    terms: tuple[Term, ...]
    sign: Literal["=", ">"] = "="


def laws(problem: Question) -> Iterator[Law]:
    """All of them, of the question's network and loss."""
    yield from _of_units(problem)
    yield from _of_adjoints(problem)
    yield from _of_inputs(problem)


def _of_units(problem: Question) -> Iterator[Law]:
    network = problem.network
    smooth = any(isinstance(layer.activation, Smooth) for layer in network.layers)
    of_lines = smooth or not problem.model.loss.least_squares
    for number, layer in enumerate(network.layers[:-1], start=1):
        degree, line = homogeneous_degree(layer.activation), slope_line(layer.activation)
        above = range(network.widths[number + 1])
        for unit in range(layer.units):
            if degree is not None:
                coming: list[Entry] = [(f"w{number}", (unit, d)) for d in range(network.widths[number - 1])]
                coming += [(f"b{number}", (unit,))] if layer.bias else []
                going = [(f"w{number + 1}", (k, unit)) for k in above]
                terms: list[Term] = [(1, e, e) for e in coming]
                terms += [(-degree, e, e) for e in going]
                yield Law(homogeneity_label(number, unit), tuple(terms))
            if of_lines and line is not None and layer.bias and (not line[0] or network.layers[number].bias):
                alpha, beta = line
                terms = [(-1, None, (f"b{number}", (unit,)))]
                for k in above:
                    weight = (f"w{number + 1}", (k, unit))
                    terms += [(alpha, weight, (f"b{number + 1}", (k,)))] if alpha else []
                    terms += [(beta, weight, weight)] if beta else []
                yield Law(slope_law_label(number, unit), tuple(terms))


def _of_adjoints(problem: Question) -> Iterator[Law]:
    network, loss, reach = problem.network, problem.model.loss, problem.reach
    number, last = network.depth, network.layers[-1]
    line = slope_line(last.activation)
    if line is None or line[1] or not line[0]:
        return
    outputs = range(network.outputs)
    biases = [(f"b{number}", (k,)) for k in outputs] if last.bias else []
    if loss.is_balanced:
        for i in range(network.widths[-2]):
            yield Law(
                balance_label(f"w{number}", i), tuple((1, None, (f"w{number}", (k, i))) for k in outputs)
            )
        if biases:
            yield Law(balance_label(f"b{number}"), tuple((1, None, e) for e in biases))
    elif line[0] > 0:
        above = reach.low is not None and (reach.low > 0 or (reach.low == 0 and not reach.low_reached))
        below = reach.high is not None and (reach.high < 0 or (reach.high == 0 and not reach.high_reached))
        if above or below:
            for e in biases:
                yield Law(sign_label(e), ((1 if above else -1, None, e),), ">")


def _of_inputs(problem: Question) -> Iterator[Law]:
    first, inputs = problem.network.layers[0], range(problem.network.inputs)
    for relation in OF_EACH:
        whole = any(r.name == "x" and r.index is None for r in problem.query[relation])
        if not whole or relation is Relation.NONZERO:
            continue
        sign: Literal["=", ">"] = "=" if relation is Relation.ZERO else ">"
        factor = -1 if relation is Relation.NEGATIVE else 1
        for d in inputs:
            weights = [("w1", (i, d)) for i in range(first.units)]
            if first.bias:
                biases = tuple((factor, weight, ("b1", weight[1][:1])) for weight in weights)
                yield Law(inputs_label(relation, d), biases, sign)
            for other in inputs if sign == "=" else ():
                products = tuple((1, weight, ("w1", (weight[1][0], other))) for weight in weights)
                yield Law(inputs_label(relation, d, other), products)


@lru_cache
def homogeneous_degree(activation: Activation) -> int | None:
    """d with φ′(z)·z = d·φ(z) for every z, at kinks too; None where there is none."""
    if isinstance(activation, PiecewiseLinear):
        return 1 if activation.is_homogeneous else None
    if any(activation.joins):
        return None
    z = Polynomial.variable("z")
    for degree in (1, 2):
        try:
            # At 0 itself both sides are 0: a polynomial of which this holds has no constant term.
            if all(b.slope(z, RING) * z == b.value(z, RING) * degree + 0 * z for b in activation.branches):
                return degree
        except NotClosed:
            return None
    return None


@lru_cache
def slope_line(activation: Activation) -> tuple[Rational, Rational] | None:
    """(α, β) with φ′(z) = α + β·φ(z) for every z; None where there are none."""
    if isinstance(activation, PiecewiseLinear):
        return (activation.slopes[0], 0) if not activation.has_kinks else None
    if activation.derivative_of_value is None:
        return None
    p = activation.derivative_of_value(Polynomial.variable("a")) + Polynomial.constant(0)
    if any(sum(e for _, e in monomial) > 1 for monomial in p.terms):
        return None
    return p.constant_term, p.terms.get((("a", 1),), 0)


def homogeneity_label(layer: int, unit: int) -> str:
    """The label of a homogeneous hidden unit's law."""
    return f"homogeneity of a{layer}[{unit}]"


def slope_law_label(layer: int, unit: int) -> str:
    """The label of the law of a hidden unit whose slope is affine in its value."""
    return f"slope of a{layer}[{unit}]"


def balance_label(name: str, unit: int | None = None) -> str:
    """The label of the law that gradients have sum 0 over the outputs: ``balance of b2``, ``… of w2[0]``."""
    return f"balance of {name}" if unit is None else f"balance of {entry(name, (unit,))}"


def sign_label(bias: Entry) -> str:
    """The label of the law that a bias of the last layer has a gradient of one sign."""
    return f"sign of {entry(*bias)}"


def inputs_label(relation: Relation, d: int, other: int | None = None) -> str:
    """The label of a sum of input gradients: ``sum of grad(x[0]) > 0``, ``sum of grad(x[0]) x[1] = 0``."""
    factor = "" if other is None else f" {entry('x', (other,))}"
    return f"sum of grad({entry('x', (d,))}){factor} {relation.symbol} 0"
