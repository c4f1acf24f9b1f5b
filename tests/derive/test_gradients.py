"""SymPy's gradients against exact reverse mode, which shares no code with them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

from zerograd.core.model.activations import ACTIVATIONS, LINEAR, PIECEWISE, Activation, leaky_relu
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import KINKS, Kink
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.witness import Witness
from zerograd.derive.gradients import M, SymbolicGradients, m
from zerograd.derive.regions import Region, region

ALL_ACTIVATIONS = [*PIECEWISE, leaky_relu("1/10"), leaky_relu(-2)]
SMOOTH = [activation for activation in ACTIVATIONS.values() if isinstance(activation, Smooth)]
NETWORKS = [
    Network.mlp(1, 1, 1),
    Network.mlp(2, 2, 1),
    Network.mlp(2, 2, 2, bias=False),
    Network.mlp(1, 2, 2, 1),
    Network.mlp(3, 1),
    Network(1, (Layer(2, ACTIVATIONS["abs"]), Layer(2, ACTIVATIONS["relu6"], bias=False))),
]


def random_witness(network: Network, kink: Kink, samples: int = 4, seed: int = 0) -> Witness:
    """Small numbers, so that kinks are hit; under ``forbid`` none is."""
    problem = Problem(network=network, samples=samples, derivative_at_kink=kink)
    shapes = {**network.shapes, "x": (samples, network.inputs), "y": (samples, network.outputs)}
    rng = random.Random(seed)
    while True:
        values: dict[str, Array[Any]] = {
            name: Array.build(shape, lambda _: Fraction(rng.randint(-4, 4), rng.choice((1, 1, 2))))
            for name, shape in shapes.items()
        }
        witness = Witness.of(problem, values)
        try:
            assert witness.forward
        except OnKink:
            continue
        return witness


def rationals(matrix: sp.Matrix) -> list[Fraction]:
    return [Fraction(int(value.p), int(value.q)) for value in matrix]


def symbolic(witness: Witness) -> SymbolicGradients:
    return SymbolicGradients(witness.problem.network, witness.problem.derivative_at_kink)


def check_closed(witness: Witness) -> None:
    gradients = symbolic(witness)
    numbers = gradients.substitution(witness.variables)
    for name in gradients:
        closed = gradients.closed(name, witness.samples)
        shape = witness.gradients[name].shape
        assert closed.shape == (*shape, 1)[:2]
        assert rationals(closed.xreplace(numbers)) == list(witness.gradients[name].entries), name


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: "-".join(map(str, network.widths)))
def test_closed_formulas_of_networks(network: Network) -> None:
    """Sums written out, in terms of parameters and data alone."""
    check_closed(random_witness(network, "torch"))


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS, ids=str)
def test_closed_formulas_of_activations(activation: Activation, kink: Kink) -> None:
    """Every activation under every convention, on and off its kinks."""
    check_closed(random_witness(Network(1, (Layer(1, activation), Layer(1, LINEAR))), kink, samples=6))


def quantities(witness: Witness, gradients: SymbolicGradients) -> Mapping[Any, Any]:
    """What x[m], z1[m], … are for each sample, as a mapping for xreplace."""
    numbers = dict(gradients.substitution(witness.variables))
    generic = list(gradients.definitions)
    for sample in range(witness.samples):
        run = witness.forward
        flat = [
            value
            for z, a in zip(run.z, run.a, strict=True)
            for pair in zip(z.rows()[sample], a.rows()[sample], strict=True)
            for value in pair
        ]
        for quantity, value in zip(generic, flat, strict=True):
            assert isinstance(value, int | Fraction)
            numbers[quantity.xreplace({m: sp.Integer(sample)})] = sp.Rational(
                value.numerator, value.denominator
            )
    return numbers


@pytest.mark.parametrize("network", NETWORKS[:4], ids=lambda network: "-".join(map(str, network.widths)))
def test_textbook_totals(network: Network) -> None:
    """∂L/∂θ and L with M, x[m], ŷ[m], z1[m], a1[m] substituted."""
    witness = random_witness(network, "right")
    gradients = symbolic(witness)
    numbers = quantities(witness, gradients)
    loss = gradients.loss.subs(M, witness.samples).doit().xreplace(numbers)
    assert loss == sp.sympify(witness.loss)
    for name in network.shapes:
        total = gradients[name].subs(M, witness.samples).doit()
        assert rationals(total.xreplace(numbers)) == list(witness.gradients[name].entries)
    of_x = gradients["x"].subs(M, witness.samples)
    rows = [rationals(of_x.xreplace({m: sp.Integer(i)}).xreplace(numbers)) for i in range(witness.samples)]
    assert rows == [list(row) for row in witness.gradients["x"].rows()]


def on_side(side: Side, z: Any) -> bool:
    above = side.low is None or z > side.low or (side.low_closed and z == side.low)
    return above and (side.high is None or z < side.high or (side.high_closed and z == side.high))


def region_of(witness: Witness, sample: int) -> Region:
    """The region that a sample is in: of each unit's sides, exactly one holds its z."""
    problem = witness.problem
    pattern = {}
    for number, layer in enumerate(problem.network.layers, start=1):
        for unit, z in enumerate(witness.forward.z[number - 1].rows()[sample]):
            (side,) = [s for s in sides(layer.activation, problem.derivative_at_kink) if on_side(s, z)]
            pattern[number, unit] = side
    return region(problem.model, pattern)


def check_regions(witness: Witness) -> None:
    gradients, network = symbolic(witness), witness.problem.network
    scale = Fraction(1, witness.samples * network.outputs)
    numbers = gradients.substitution(witness.parameters)
    total = {name: [Fraction(0)] * len(witness.gradients[name].entries) for name in network.shapes}
    for index in range(witness.samples):
        found = region_of(witness, index)
        data = {
            symbol: sp.sympify(value)
            for symbols, array in ((gradients.sample.x, witness.x), (gradients.sample.y, witness.y))
            for symbol, value in zip(symbols, array.rows()[index], strict=True)
        }
        here = numbers | data
        assert all(condition.xreplace(here) == True for condition in found.conditions)  # noqa: E712
        y_hat = [value.xreplace(here) for value in found.y_hat]
        assert y_hat == [sp.sympify(value) for value in witness.forward.y_hat.rows()[index]]
        for name, array in found.gradients.items():
            values = [scale * value for value in rationals([e.xreplace(here) for e in array.entries])]
            if name == "x":
                assert values == list(witness.gradients["x"].rows()[index])
            else:
                total[name] = [a + b for a, b in zip(total[name], values, strict=True)]
    assert total == {name: list(witness.gradients[name].entries) for name in network.shapes}


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: "-".join(map(str, network.widths)))
def test_region_formulas_of_networks(network: Network) -> None:
    """Each sample in its region: conditions, outputs, and what it contributes to each gradient."""
    check_regions(random_witness(network, "torch"))


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS, ids=str)
def test_region_formulas_of_activations(activation: Activation, kink: Kink) -> None:
    """Every activation under every convention."""
    check_regions(random_witness(Network(1, (Layer(1, activation), Layer(1, LINEAR))), kink, samples=6))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: "-".join(map(str, network.widths)))
def test_sympy_agrees(network: Network) -> None:
    """In regions where φ is differentiable, SymPy's derivatives of ℓ are the gradients."""
    gradients = SymbolicGradients(network)
    symbols = {name: array.entries for name, array in gradients.sample.parameters.items()}
    symbols["x"] = gradients.sample.x
    smooth = [r for r in gradients.regions() if not any(side.is_point for side in r.pattern.values())]
    for found in smooth[::-7]:
        for name, entries in symbols.items():
            for symbol, formula in zip(entries, found.gradients[name].entries, strict=True):
                assert sp.expand(sp.diff(found.loss, symbol) - formula) == 0, (name, symbol)


def check_by_sympy(network: Network, loss: Loss) -> None:
    """The derivatives of L, all formulas put into one another, are the gradients: to 40 digits at a point."""
    gradients = SymbolicGradients(network, "torch", loss)
    parameters = {**network.shapes, "x": (2, network.inputs)}
    dice = random.Random(7)
    shapes = {**parameters, "y": (2, network.outputs)}
    point = gradients.substitution(
        {
            name: Array.build(shape, lambda _: Fraction(dice.randint(1, 40), 41))
            for name, shape in shapes.items()
        }
    )
    point = {symbol: value.evalf(60) for symbol, value in point.items()}
    known: dict[sp.Expr, sp.Expr] = {}
    for quantity, formula in gradients.definitions.items():
        known[quantity] = formula.xreplace(known)
    written = gradients.loss.subs(M, 2).doit()
    samples = [
        {q.xreplace({m: i}): f.xreplace({m: i}) for q, f in known.items()} for i in map(sp.Integer, (0, 1))
    ]
    written = written.xreplace(samples[0] | samples[1]).rewrite(sp.Piecewise)
    for name in gradients:
        places = gradients.substitution({name: Array.build(parameters[name], lambda _: 0)})
        for place, formula in zip(places, gradients.closed(name, 2), strict=True):
            exact, found = (
                formula.xreplace(point).evalf(50),
                sp.diff(written, place).xreplace(point).evalf(50),
            )
            assert abs(exact - found) < sp.Float(10) ** -40, (name, exact, found)


@pytest.mark.parametrize("activation", [a for a in SMOOTH if a.name not in {"mish", "gelu_tanh"}], ids=str)
def test_sympy_agrees_on_smooth_activations(activation: Activation) -> None:
    """In a hidden layer and in the last."""
    check_by_sympy(Network(1, (Layer(1, activation), Layer(1, activation))), LOSSES["mse"])


HALF = [replace(loss, scale=Fraction(1, 2)) for loss in (LOSSES["sse"], LOSSES["huber"])]


@pytest.mark.parametrize("loss", [*LOSSES.values(), *HALF], ids=lambda loss: loss.words)
def test_sympy_agrees_on_losses(loss: Loss) -> None:
    """With one output and with two."""
    last = ACTIVATIONS["sigmoid"] if loss.within_unit else LINEAR
    for outputs in (1, 2):
        check_by_sympy(Network(1, (Layer(1, ACTIVATIONS["tanh"]), Layer(outputs, last))), loss)


def test_regions_and_their_count() -> None:
    """Two ReLU units have four patterns; abs has three sides where its kink has a slope of its own."""
    gradients = SymbolicGradients(Network.mlp(1, 2, 1))
    assert gradients.region_count == len(list(gradients.regions())) == 4
    assert SymbolicGradients(Network.mlp(1, 1, 1, activation="abs")).region_count == 3
    assert SymbolicGradients(Network.mlp(1, 1, 1, activation="abs"), "left").region_count == 2


def test_textbook_form() -> None:
    """The founding network's four derivatives, as SymPy writes them."""
    gradients = SymbolicGradients(Network.mlp(1, 1, 1))
    assert {name: str(gradients[name][0]) for name in gradients} == {
        "w1": "2*Sum(w2*(-y[m] + ŷ[m])*relu'(z1[m])*x[m], (m, 0, M - 1))/M",
        "b1": "2*Sum(w2*(-y[m] + ŷ[m])*relu'(z1[m]), (m, 0, M - 1))/M",
        "w2": "2*Sum((-y[m] + ŷ[m])*a1[m], (m, 0, M - 1))/M",
        "b2": "2*Sum(-y[m] + ŷ[m], (m, 0, M - 1))/M",
        "x": "2*w1*w2*(-y[m] + ŷ[m])*relu'(z1[m])/M",
    }
    assert str(gradients.loss) == "Sum((-y[m] + ŷ[m])**2, (m, 0, M - 1))/M"


def test_error_of_a_single_output_is_kept_in_front() -> None:
    """In a deeper network too, ŷ − y stands once in each summand."""
    total = SymbolicGradients(Network.mlp(1, 2, 2, 1))["w1"][0]
    y_hat = sp.IndexedBase("ŷ", real=True)
    assert str(total).count("ŷ") == 1
    assert total.has(y_hat[m])


def test_names() -> None:
    """Parameters, then x; others are refused with a hint."""
    gradients = SymbolicGradients(Network.mlp(1, 1, 1, bias=False))
    assert list(gradients) == ["w1", "w2", "x"]
    with pytest.raises(KeyError, match=r"ww1 is neither a parameter nor x \(did you mean 'w1'\?\)"):
        gradients["ww1"]


def test_substitution_is_checked() -> None:
    """Shapes and numbers that do not fit are refused, text is never evaluated."""
    gradients = SymbolicGradients(Network.mlp(2, 1, 1))
    assert gradients.substitution({"w1": [["1/2", 3]]}) == {
        sp.Symbol("w1[0,0]", real=True): sp.Rational(1, 2),
        sp.Symbol("w1[0,1]", real=True): sp.Integer(3),
    }
    with pytest.raises(KeyError, match="w9 is none of w1, b1, w2, b2, x, y"):
        gradients.substitution({"w9": [1]})
    with pytest.raises(ValueError, match=r"w1\[0\]: expected a list of 2 in the shape \(1, 2\), found \[1\]"):
        gradients.substitution({"w1": [[1]]})
    with pytest.raises(ValueError, match="'sqrt\\(2\\)' is not a number"):
        gradients.substitution({"b1": ["sqrt(2)"]})


def test_notebook_form() -> None:
    """LaTeX in textbook order; an array of many entries is named, not written out."""
    text = SymbolicGradients(Network.mlp(1, 1, 1))._repr_latex_()
    assert text.startswith(
        "$\\displaystyle \\begin{aligned}\nL &= \\frac{1}{M} \\sum_{m} (\\hat{y}_{m} - y_{m})^{2}"
    )
    assert (
        r"\frac{\partial L}{\partial w_{2}} &= \frac{2}{M} \sum_{m} (\hat{y}_{m} - y_{m}) \, a_{1,m} \\"
        in text
    )
    wide = SymbolicGradients(Network.mlp(9, 2, 1))._repr_latex_()
    assert r"\partial L / \partial w^{(1)} &: \text{18 entries} \\" in wide
