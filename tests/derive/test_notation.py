"""How formulas are written."""

from __future__ import annotations

from functools import partial

import pytest
import sympy as sp

from zerograd.core.model.activations import ACTIVATIONS, leaky_relu
from zerograd.core.model.network import Network
from zerograd.core.model.sides import sides
from zerograd.derive.functions import derivative_function
from zerograd.derive.naming import indicator
from zerograd.derive.notation import Notation
from zerograd.document import latex, text

SCALAR, WIDE = Network.mlp(1, 1, 1), Network.mlp(2, 3, 1)
b, w, x, y, y_hat, z = (sp.Symbol(name, real=True) for name in ("b1", "w1", "x", "y", "ŷ", "z1"))
r = y_hat - y
m, k = sp.symbols("m k", integer=True)


def as_text(network: Network, expression: sp.Expr) -> str:
    return text.formula(Notation(network)(expression))


def as_latex(network: Network, expression: sp.Expr) -> str:
    return latex.formula(Notation(network)(expression))


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        (w * x + b, "w1 x + b1"),
        (-w * x - b, "−w1 x − b1"),
        (sp.Mul(-1, w * x + b, evaluate=False), "−(w1 x + b1)"),
        (sp.Mul(2, w * x + b, evaluate=False), "2 (w1 x + b1)"),
        (sp.Rational(1, 10) * w, "(1/10) w1"),
        (sp.Rational(-3, 2), "−3/2"),
        (sp.Integer(0), "0"),
        (r, "ŷ − y"),
        (2 * w * r, "2 (ŷ − y) w1"),
        (r**2, "(ŷ − y)²"),
        (1 - r**2, "1 − (ŷ − y)²"),
        (1 / (1 + sp.exp(-x)), "1/(1 + e^(−x))"),
        ((x - 1) / (1 + sp.exp(2 * x)) ** 2, "(x − 1)/(1 + e^(2 x))²"),
        (x * (1 + sp.erf(x / sp.sqrt(2))) / 2, "(1/2) (1 + erf(x/√2)) x"),
        (sp.log(sp.pi) + sp.exp(x), "log(π) + e^x"),
        (x**12, "x¹²"),
        (sp.Symbol("M") ** -1 * w / 3, "(1/(3 M)) w1"),
    ],
)
def test_text(expression: sp.Expr, written: str) -> None:
    """Signs, brackets, fractions and powers; an error is written ŷ − y."""
    assert as_text(SCALAR, expression) == written


def test_axes_of_length_one_are_left_out() -> None:
    """w2 has the shape (1, 3): its row is left out, w1 has both indices."""
    w1, w2 = sp.IndexedBase("w1", real=True), sp.IndexedBase("w2", real=True)
    write = partial(as_text, WIDE)
    assert write(w2[0, k] * w1[k, 1]) == "w2[k] w1[k,1]"
    assert write(sp.Symbol("w2[0,2]", real=True)) == "w2[2]"
    assert write(sp.IndexedBase("x")[m, 0]) == "x[m,0]"


def test_sums() -> None:
    """Factors go under the sum; a sum without brackets stands last."""
    a, v = sp.IndexedBase("a1", real=True), sp.IndexedBase("w2", real=True)
    total = sp.Sum(v[0, k] * a[k], (k, 0, 2))
    assert as_text(WIDE, total * r) == "Σₖ (ŷ − y) w2[k] a1[k]"
    assert as_text(WIDE, total + sp.Symbol("b2", real=True)) == "b2 + Σₖ w2[k] a1[k]"
    assert as_latex(WIDE, 2 * total) == r"2 \sum_{k} w^{(2)}_{k} \, a^{(1)}_{k}"


def test_slopes() -> None:
    """An indicator where φ' is 0 or 1 by one interval, else a named function."""
    relu, relu6, absolute = (ACTIVATIONS[name] for name in ("relu", "relu6", "abs"))
    write, in_latex = partial(as_text, SCALAR), partial(as_latex, SCALAR)
    assert write(derivative_function(relu, "torch")(z)) == "1[z1 > 0]"
    assert write(derivative_function(relu, "right")(z)) == "1[z1 ≥ 0]"
    assert write(derivative_function(relu6, "left")(z)) == "1[0 < z1 ≤ 6]"
    assert write(derivative_function(absolute, "torch")(z)) == "abs'(z1)"
    assert write(derivative_function(leaky_relu("1/10"), "torch")(z)) == "leaky_relu(1/10)'(z1)"
    assert in_latex(derivative_function(relu, "torch")(z)) == r"\mathbf{1}[z_{1} > 0]"
    assert in_latex(derivative_function(leaky_relu("1/10"), "torch")(z)) == (
        r"\operatorname{leaky\_relu}_{1/10}'(z_{1})"
    )
    assert indicator(leaky_relu(0), "torch") == sides(leaky_relu(0), "torch")[1]
    assert indicator(absolute, "torch") is None


def test_factors_in_textbook_order() -> None:
    """Errors, weights from the last layer down, slopes, then what feeds the layer."""
    slope = derivative_function(ACTIVATIONS["relu"], "torch")
    names = {name: sp.IndexedBase(name, real=True)[m] for name in ("ŷ", "y", "z1", "x")}
    product = names["x"] * slope(names["z1"]) * sp.Symbol("w2", real=True) * (names["ŷ"] - names["y"])
    assert as_text(SCALAR, product) == "(ŷₘ − yₘ) w2 1[z1ₘ > 0] xₘ"
    assert as_latex(SCALAR, product) == r"(\hat{y}_{m} - y_{m}) \, w_{2} \, \mathbf{1}[z_{1,m} > 0] \, x_{m}"


def test_what_does_not_occur_is_refused() -> None:
    """No silent fallback to SymPy's printer."""
    with pytest.raises(TypeError, match=r"no notation for gamma\(x\)"):
        as_text(SCALAR, sp.gamma(x))
