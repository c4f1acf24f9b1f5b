"""Forward and reverse mode against SymPy's differentiation and against PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.model.activations import PIECEWISE, Activation, leaky_relu, piecewise
from zerograd.core.model.backprop import Activate, ExactActivate, OnKink, R
from zerograd.core.model.kinks import KINKS, Kink
from zerograd.core.model.losses import LOSSES
from zerograd.core.model.network import Layer, Network
from zerograd.core.model.point import Model, Point
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.vocabulary import variable_shapes

F = Fraction
Real = int | Fraction

PIECES: dict[str, list[tuple[Real | None, Real, Real]]] = {
    # (end of the piece, slope, offset), from left to right; written down here once more, by hand
    "linear": [(None, 1, 0)],
    "relu": [(0, 0, 0), (None, 1, 0)],
    "abs": [(0, -1, 0), (None, 1, 0)],
    "relu6": [(0, 0, 0), (6, 1, 0), (None, 0, 6)],
    "hardtanh": [(-1, 0, -1), (1, 1, 0), (None, 0, 1)],
    "hardsigmoid": [(-3, 0, 0), (3, F(1, 6), F(1, 2)), (None, 0, 1)],
}


def pieces(activation: Activation) -> list[tuple[Real | None, Real, Real]]:
    if activation.parameter is None:
        return PIECES[activation.name]
    return [(0, activation.parameter, 0), (None, 1, 0)] if activation.parameter != 1 else [(None, 1, 0)]


def slope(activation: Activation, z: Real, convention: Kink) -> Real:
    """φ'(z), with PyTorch's values at kinks as its documentation and source have them."""
    table = pieces(activation)
    for number, (end, left, _) in enumerate(table):
        if end is None or z < end:
            return left
        if z == end:
            right = table[number + 1][1]
            at_kink = {"leaky_relu": activation.parameter}.get(activation.name) or 0
            return {"left": left, "right": right, "torch": at_kink}[convention]
    raise AssertionError("the last piece has no end")


def value(activation: Activation, z: Real) -> Real:
    return next(s * z + offset for end, s, offset in pieces(activation) if end is None or z <= end)


@dataclass(frozen=True)
class Case:
    """A network, parameters and a dataset, chosen so that pre-activations often sit on kinks."""

    network: Network
    values: dict[str, Array[Exact]]

    @property
    def samples(self) -> int:
        return self.values["x"].shape[0]

    def at(self, values: dict[str, Array[R]], convention: Kink, activate: Activate[R]) -> Point[R]:
        parameters = {name: values[name] for name in self.network.shapes}
        model = Model(self.network, LOSSES["mse"], convention)
        return Point(model, parameters, values["x"], values["y"], activate)

    def run(self, convention: Kink) -> tuple[Point[Exact], Mapping[str, Array[Exact]]]:
        point = self.at(self.values, convention, ExactActivate(convention))
        return point, point.gradients


activations = st.sampled_from([*PIECEWISE, *(leaky_relu(s) for s in (F(1, 4), F(-1, 2), 0, 1, 2))])
# Halves and quarters are exact in float64 too, so PyTorch sees the very same kinks.
numbers = st.one_of(st.integers(-2, 2), st.sampled_from([F(1, 2), F(-3, 2), F(5, 4), 3, -6]))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Up to three layers of up to three units, with any activations, biases or none."""
    layers = st.builds(Layer, st.integers(1, 3), activations, st.booleans())
    return Network(draw(st.integers(1, 2)), tuple(draw(st.lists(layers, min_size=1, max_size=3))))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Small numbers; half the biases of the first layer are set to put a sample exactly on a kink."""
    network = draw(networks())
    shapes = variable_shapes(network, draw(st.integers(1, 3)))
    values: dict[str, Any] = {
        name: {index: draw(numbers) for index in indices(shape)} for name, shape in shapes.items()
    }
    kinks = piecewise(network.layers[0].activation).kinks
    for index in values.get("b1", ()) if kinks else ():
        if draw(st.booleans()):
            kink, sample = draw(st.sampled_from(kinks)), draw(st.integers(0, shapes["x"][0] - 1))
            reached = sum(values["w1"][index[0], d] * values["x"][sample, d] for d in range(network.inputs))
            values["b1"][index] = kink - reached
    return Case(network, {n: Array.build(shape, values[n].__getitem__) for n, shape in shapes.items()})


def symbols(shape: tuple[int, ...], name: str) -> dict[tuple[int, ...], sp.Symbol]:
    return {i: sp.Symbol(f"{name}_{'_'.join(map(str, i))}", real=True) for i in indices(shape)}


def rational(number: Real) -> sp.Rational:
    return sp.Rational(number.numerator, number.denominator)


def loss_by_sympy(case: Case, convention: Kink) -> tuple[sp.Expr, dict[str, Any], dict[Any, Any]]:
    """The loss as an expression, its symbols, and their values.

    Every activation is replaced by its tangent, of the slope that the convention says.
    """
    names = {name: symbols(array.shape, name) for name, array in case.values.items()}
    at = {names[n][i]: rational(v) for n, array in case.values.items() for i, v in array.items()}  # type: ignore[arg-type]
    total: Any = 0
    for m in range(case.samples):
        a: list[Any] = [names["x"][m, d] for d in range(case.network.inputs)]
        numeric: list[Any] = [case.values["x"][m, d] for d in range(case.network.inputs)]
        for number, layer in enumerate(case.network.layers, start=1):
            w, b = names[f"w{number}"], names.get(f"b{number}")
            weight, bias = case.values[f"w{number}"], case.values.get(f"b{number}")
            after, after_numeric = [], []
            for i in range(layer.units):
                z = sum(w[i, j] * below for j, below in enumerate(a)) + (b[i,] if b else 0)
                z_numeric: Any = sum(weight[i, j] * below for j, below in enumerate(numeric))
                z_numeric += bias[i] if bias else 0
                phi = value(layer.activation, z_numeric)
                after_numeric.append(phi)
                s = rational(slope(layer.activation, z_numeric, convention))
                after.append(rational(phi) + s * (z - rational(z_numeric)))
            a, numeric = after, after_numeric
        total += sum((a[k] - names["y"][m, k]) ** 2 for k in range(case.network.outputs))
    return total / (case.samples * case.network.outputs), names, at


def as_sympy(number: Exact) -> sp.Rational:
    assert isinstance(number, int | Fraction)
    return rational(number)


def on_kink(case: Case) -> bool:
    try:
        case.run("forbid")
    except OnKink:
        return True
    return False


@examples(25)
@given(cases(), st.sampled_from(["torch", "left", "right"]))
def test_gradients_agree_with_sympy(case: Case, convention: Kink) -> None:
    """Loss and every gradient are those of the tangent network, under each convention at kinks."""
    run, gradients = case.run(convention)
    loss, names, at = loss_by_sympy(case, convention)
    assert as_sympy(run.loss) == loss.xreplace(at)
    assert set(gradients) == {*case.network.shapes, "x"}
    for name, array in gradients.items():
        assert array.shape == case.values[name].shape
        for index, found in array.items():
            assert as_sympy(found) == loss.diff(names[name][index]).xreplace(at)


def plain_loss(case: Case, values: dict[str, Array[Exact]]) -> Fraction:
    """The loss, with nothing but Fraction and the definitions above."""
    total = F(0)
    for m in range(case.samples):
        a: list[Any] = [values["x"][m, d] for d in range(case.network.inputs)]
        for number, layer in enumerate(case.network.layers, start=1):
            w, b = values[f"w{number}"], values.get(f"b{number}")
            z: list[Any] = [
                sum(w[i, j] * below for j, below in enumerate(a)) + (b[i] if b else 0)
                for i in range(layer.units)
            ]
            a = [value(layer.activation, v) for v in z]
        total += sum((a[k] - values["y"][m, k]) ** 2 for k in range(case.network.outputs))
    return total / (case.samples * case.network.outputs)


@examples(50)
@given(cases())
def test_gradients_agree_with_differences(case: Case) -> None:
    """Away from kinks all conventions agree, with central differences too.

    The residuals are affine in each single number, so the loss is quadratic and the quotient exact.
    """
    assume(not on_kink(case))
    runs = [case.run(convention)[1] for convention in KINKS]
    assert all(run == runs[0] for run in runs)
    step = F(1, 10**9)
    for name, array in runs[0].items():
        for index, found in array.items():

            def moved(by: Fraction, name: str = name, index: tuple[int, ...] = index) -> Fraction:
                changed = Array.build(
                    case.values[name].shape, lambda i: case.values[name][i] + (by if i == index else 0)
                )
                return plain_loss(case, {**case.values, name: changed})

            assert found == (moved(step) - moved(-step)) / (2 * step)
    assert case.run("forbid")[0].loss == plain_loss(case, case.values)


@pytest.mark.needs("torch")
@examples(60)
@given(cases())
def test_gradients_agree_with_torch(case: Case) -> None:
    """Under the convention `torch` the gradients are those of torch.autograd, on kinks too."""
    import torch

    functional = torch.nn.functional
    functions: dict[str, Any] = {
        "linear": lambda z, _: z,
        "relu": lambda z, _: functional.relu(z),
        "abs": lambda z, _: torch.abs(z),
        "relu6": lambda z, _: functional.relu6(z),
        "hardtanh": lambda z, _: functional.hardtanh(z),
        "hardsigmoid": lambda z, _: functional.hardsigmoid(z),
        "leaky_relu": lambda z, s: functional.leaky_relu(z, float(s)),
    }
    tensors = {
        name: torch.tensor(array.map(float).tolist(), dtype=torch.float64, requires_grad=name != "y")
        for name, array in case.values.items()
    }
    a = tensors["x"]
    for number, layer in enumerate(case.network.layers, start=1):
        z = functional.linear(a, tensors[f"w{number}"], tensors.get(f"b{number}"))
        a = functions[layer.activation.name](z, layer.activation.parameter)
    loss = torch.nn.MSELoss()(a, tensors["y"])
    loss.backward()
    run, gradients = case.run("torch")
    # Hardsigmoid's slope is 1/6 as a float32, whatever the type of its input.
    near = max(1e-12, *(20 * layer.activation.names.torch_error for layer in case.network.layers))
    assert loss.item() == pytest.approx(float(run.loss), rel=1e-12)
    for name, array in gradients.items():
        # A gradient that autograd does not reach (all slopes 0) is 0.
        found = tensors[name].grad
        flat = [0.0] * len(array.entries) if found is None else found.flatten().tolist()
        assert flat == pytest.approx([float(v) for v in array.entries], rel=near, abs=near)


@given(cases())
def test_forward_is_what_it_says(case: Case) -> None:
    """z = w a + b, a = φ(z), r = ŷ − y, with slopes from the side that the pre-activation lies on."""
    run, _ = case.run("left")
    below = case.values["x"]
    for number, layer in enumerate(case.network.layers, start=1):
        w, b = case.values[f"w{number}"], case.values.get(f"b{number}")
        z, a, slopes = (
            run.forward.z[number - 1],
            run.forward.a[number - 1],
            run.forward.derivatives[number - 1],
        )
        assert z.shape == a.shape == slopes.shape == (case.samples, layer.units)
        for (m, i), found in z.items():
            assert isinstance(found, int | Fraction)
            assert found == sum(w[i, j] * below[m, j] for j in range(w.shape[1])) + (b[i] if b else 0)
            assert a[m, i] == value(layer.activation, found)
            assert slopes[m, i] == slope(layer.activation, found, "left")
        below = a
    assert run.forward.y_hat == below
    assert run.residuals == Array.build(below.shape, lambda i: below[i] - case.values["y"][i])


@given(cases())
def test_forbidden_kinks_are_found(case: Case) -> None:
    """Under `forbid` a pass fails exactly when some pre-activation is a kink, and names the first one."""
    run, _ = case.run("torch")
    kinks = [
        (number, m, i)
        for number, layer in enumerate(case.network.layers, start=1)
        for (m, i), z in run.forward.z[number - 1].items()
        if z in {end for end, _, _ in pieces(layer.activation)}
    ]
    if not kinks:
        assert case.run("forbid")[0].forward.y_hat == run.forward.y_hat
        return
    with pytest.raises(OnKink) as error:
        case.run("forbid")
    assert error.value.site == kinks[0]
    layer_number, m, i = kinks[0]
    assert str(error.value) == f"z{layer_number}[{m},{i}] is on a kink"


def test_founding_case() -> None:
    """w1 = w2 = 1, b1 = b2 = −1, x = (0, 2, 3), y = (−2, 2, 0), worked by hand."""
    values: dict[str, Array[Exact]] = {
        "w1": Array((1, 1), (1,)),
        "b1": Array((1,), (-1,)),
        "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (-1,)),
        "x": Array((3, 1), (0, 2, 3)),
        "y": Array((3, 1), (-2, 2, 0)),
    }
    run, gradients = Case(Network.mlp(1, 1, 1), values).run("torch")
    assert run.forward.y_hat.entries == (-1, 0, 1)
    assert run.residuals.entries == (1, -2, 1)
    assert run.loss == 2
    assert [gradients[n].entries for n in ("w1", "b1", "w2", "b2")] == [(F(-2, 3),), (F(-2, 3),), (0,), (0,)]
    assert gradients["x"].entries == (0, F(-4, 3), F(2, 3))


def test_irrational_numbers_go_through() -> None:
    """With w1 = √2 and x = √2 the pre-activation of relu6(3·) is 6: on the kink, exactly."""
    root = Algebraic(NumberField(polynomial([-2, 0, 1]), F(1), F(2)), polynomial([0, 1]))
    network = Network(1, (Layer(1, "relu6", bias=False), Layer(1, "linear", bias=False)))
    values: dict[str, Array[Exact]] = {
        "w1": Array((1, 1), (root * 3,)),
        "w2": Array((1, 1), (root,)),
        "x": Array((1, 1), (root,)),
        "y": Array((1, 1), (0,)),
    }
    case = Case(network, values)
    with pytest.raises(OnKink):
        case.run("forbid")
    run, gradients = case.run("left")
    assert run.forward.a[0].entries == (6,)
    assert run.loss == 72
    assert gradients["w1"][0, 0] == 2 * 6 * root * root * root
    assert case.run("right")[1]["w1"][0, 0] == 0


@examples(40)
@given(cases())
def test_the_same_code_runs_on_polynomials(case: Case) -> None:
    """Every number replaced by a variable, in the fixed region: values and gradients are the same."""
    assume(case.network.depth <= 2 and sum(len(a.entries) for a in case.values.values()) <= 12)
    run, gradients = case.run("left")

    def activate(
        activation: Activation, site: tuple[int, int, int], z: Polynomial
    ) -> tuple[Polynomial, Real]:
        number, m, i = site
        found = run.forward.z[number - 1][m, i]
        piece = next(
            (s, o)
            for end, s, o in pieces(activation)
            if end is None or found <= end  # type: ignore[operator]
        )
        return z * piece[0] + piece[1], piece[0]

    variables = {
        name: Array.build(array.shape, lambda i, name=name: Polynomial.variable(f"{name}{i}"))  # type: ignore[misc]
        for name, array in case.values.items()
    }
    at = {f"{name}{i}": v for name, array in case.values.items() for i, v in array.items()}
    symbolic = case.at(variables, "left", activate)
    assert evaluate(symbolic.loss, at) == run.loss
    for name, array in symbolic.gradients.items():
        for index, p in array.items():
            assert evaluate(p, at) == gradients[name][index]


def evaluate(p: Polynomial | Real, at: dict[str, Exact]) -> Exact:
    """The value of a polynomial, term by term."""
    if not isinstance(p, Polynomial):
        return p
    total: Exact = 0
    for monomial, c in p.terms.items():
        term: Exact = c
        for name, exponent in monomial:
            for _ in range(exponent):
                term = term * at[name]
        total = total + term
    return total
