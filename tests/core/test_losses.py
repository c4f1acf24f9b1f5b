"""Every loss: its adjoint is its derivative, targets give the adjoints that are wanted, torch agrees."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from tests.core.drawn_losses import EVERY, KINKED, drawn
from tests.core.multiprecision import DIGITS, Mp, number
from zerograd.core.model.kinks import Kink
from zerograd.core.model.losses import LOSSES, Loss
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact_functions import EXACT
from zerograd.core.numbers.functions import OutOfDomain
from zerograd.core.numbers.plain import RING
from zerograd.core.question.loss_reading import loss_from_json

F = Fraction
every = pytest.mark.parametrize("name", EVERY)
shapes = pytest.mark.parametrize("shape", [(1, 1), (3, 2), (4, 1)])
CASES = [(name, kind) for name, loss in EVERY.items() for kind in loss.targets_for]
cases = pytest.mark.parametrize(("name", "kind"), CASES)
SIDES: tuple[Kink, ...] = ("left", "right")


def fits(name: str, shape: tuple[int, int]) -> bool:
    return name != "cross_entropy" or shape[1] > 1


def big(array: Array[Fraction]) -> Array[Any]:
    return array.map(number)


def factor(loss: Loss, shape: tuple[int, int]) -> Any:
    return number(loss.factor(*shape))


def precise(value: Any) -> Any:
    """A number with many digits, if it is none as yet."""
    return number(value) if isinstance(value, int | Fraction) else value


def to_fraction(value: Any) -> Fraction:
    """The number to 50 significant digits."""
    if isinstance(value, int | Fraction):
        return F(value)
    return F(mpmath.nstr(value, 50, min_fixed=-mpmath.inf, max_fixed=mpmath.inf))


def moved(array: Array[Any], index: tuple[int, ...], step: Any) -> Array[Any]:
    return Array.build(array.shape, lambda i: array[i] + step if i == index else array[i])


# --- the derivative ----------------------------------------------------------------------


@cases
@shapes
def test_the_adjoint_is_the_derivative(name: str, kind: Targets, shape: tuple[int, int]) -> None:
    """Central differences with 60 digits, off kinks."""
    loss = EVERY[name]
    if not fits(name, shape):
        return
    with mpmath.workdps(DIGITS):
        step = mpmath.mpf(10) ** -18
        for seed in range(4):
            y_hat, y = map(big, drawn(loss, kind, seed, shape))
            y_hat = y_hat.map(lambda v: v + mpmath.mpf(1) / 1009)  # off kinks
            adjoint = loss.adjoint(y_hat, y, Mp(), "torch")
            for index, found in adjoint.items():
                ends = [precise(loss.value(moved(y_hat, index, s * step), y, Mp())) for s in (1, -1)]
                slope = (ends[0] - ends[1]) / (2 * step)
                assert abs(slope - factor(loss, shape) * precise(found)) < mpmath.mpf(10) ** -25 * (
                    1 + abs(slope)
                )


@pytest.mark.parametrize("name", [n for n, loss in EVERY.items() if loss.is_rational])
@pytest.mark.parametrize("side", SIDES)
def test_derivatives_from_each_side(name: str, side: Kink) -> None:
    """One-sided differences of exact numbers, with many predictions on kinks: off them, both sides agree."""
    loss, sign = EVERY[name], {"left": -1, "right": 1}[side]
    step = F(sign, 10**30)
    for seed, kind in product(range(6), loss.targets_for):
        y_hat, y = drawn(loss, kind, seed, (2, 2), size=1)
        adjoint = loss.adjoint(y_hat, y, EXACT, side)
        here = loss.value(y_hat, y, EXACT)
        for index, found in adjoint.items():
            slope = (loss.value(moved(y_hat, index, step), y, EXACT) - here) / step
            assert abs(slope - loss.factor(2, 2) * F(found)) < F(1, 10**24)


@pytest.mark.parametrize("name", KINKED)
def test_numbers_of_kinks_are_zero_where_the_sides_differ(name: str) -> None:
    """And only such predictions count as on a kink."""
    loss, met = EVERY[name], 0
    for seed, kind in product(range(40), loss.targets_for):
        y_hat, y = drawn(loss, kind, seed, (2, 1), size=1)
        left, right = (loss.adjoint(y_hat, y, EXACT, side) for side in SIDES)
        differ = {index[0] for index, g in left.items() if g != right[index]}
        on_kink = {sample for sample, _ in loss.on_kinks(y_hat, y, EXACT)}
        assert differ <= on_kink
        met += len(differ)
        if name != "abs(y_hat * (y_hat - 2*y)) - y":  # it touches 0 at y = 0 without a kink
            assert on_kink == differ
    assert met


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.convex])
@given(data=st.data())
def test_convex_ones(name: str, data: st.DataObject) -> None:
    """The derivative does not decrease in ŷ."""
    loss = LOSSES[name]
    kind = data.draw(st.sampled_from(loss.targets_for))
    y_hat, y = drawn(loss, kind, data.draw(st.integers(0, 10**6)), (1, 2))
    further = data.draw(st.fractions(0, F(1, 13), max_denominator=100))
    with mpmath.workdps(30):
        ends = (moved(big(y_hat), (0, 0), number(d)) for d in (0, further))
        slopes = [precise(loss.adjoint(p, big(y), Mp(), "torch")[0, 0]) for p in ends]
        assert slopes[0] <= slopes[1] + mpmath.mpf(10) ** -25


# --- values -------------------------------------------------------------------------------


def _mean(one: Callable[[Any, Any], Any]) -> Callable[[list[Any], list[Any]], Any]:
    return lambda y_hat, y: sum(map(one, y_hat, y)) / len(y_hat)


def _huber(r: Any, delta: Any) -> Any:
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


def _xent(y_hat: list[Any], y: list[Any]) -> Any:
    rows = [(y_hat[i : i + 2], y[i : i + 2]) for i in range(0, len(y), 2)]
    return -sum(
        t * mpmath.log(mpmath.exp(p) / sum(map(mpmath.exp, ps)))
        for ps, ts in rows
        for p, t in zip(ps, ts, strict=True)
    ) / len(rows)


READ: dict[str, Callable[[list[Any], list[Any]], Any]] = {
    "mse": _mean(lambda p, t: (p - t) ** 2),
    "sse": lambda y_hat, y: sum((p - t) ** 2 for p, t in zip(y_hat, y, strict=True)),
    "mae": _mean(lambda p, t: abs(p - t)),
    "huber": _mean(lambda p, t: _huber(p - t, 1)),
    "smooth_l1": _mean(lambda p, t: _huber(p - t, 1)),
    "bce": _mean(lambda p, t: -mpmath.log(p) * t - mpmath.log(1 - p) * (1 - t)),
    "bce_with_logits": _mean(lambda p, t: mpmath.log(1 + mpmath.exp(p)) - t * p),
    "cross_entropy": _xent,
    "hinge": _mean(lambda p, t: max(0, 1 - t * p)),
    "mean": _mean(lambda p, t: p),
    "sum": lambda y_hat, y: sum(y_hat),
    "sse times 1/2": lambda y_hat, y: sum((p - t) ** 2 for p, t in zip(y_hat, y, strict=True)) / 2,
    "huber 1/2 times 3": _mean(lambda p, t: 3 * _huber(p - t, mpmath.mpf(1) / 2)),
    "smooth_l1 2": _mean(lambda p, t: _huber(p - t, 2) / 2),
    "smooth_l1 1/3": _mean(lambda p, t: _huber(p - t, mpmath.mpf(1) / 3) * 3),
    "(y_hat - y)**4": _mean(lambda p, t: (p - t) ** 4),
    "max(y_hat[0] - y[0], 2*y_hat[0], -1/4)": lambda y_hat, y: (
        sum(max(p - t, 2 * p, -mpmath.mpf(1) / 4) for p, t in zip(y_hat[::2], y[::2], strict=True))
        / (len(y) // 2)
    ),
    "1 / mse": lambda y_hat, y: 1 / READ["mse"](y_hat, y),
    "mae / (1 + mae)": lambda y_hat, y: READ["mae"](y_hat, y) / (1 + READ["mae"](y_hat, y)),
}


@cases
def test_losses_are_what_they_say(name: str, kind: Targets) -> None:
    """The value is the formula as one reads it, with 60 digits."""
    loss = EVERY[name]
    if name not in READ:
        assert name in (*EVERY.keys() - LOSSES.keys(),)
        return
    with mpmath.workdps(DIGITS):
        for seed in range(5):
            y_hat, y = map(big, drawn(loss, kind, seed, (3, 2)))
            expected = READ[name]([*y_hat.entries], [*y.entries])
            found = precise(loss.value(y_hat, y, Mp()))
            assert abs(found - expected) < mpmath.mpf(10) ** -50 * (1 + abs(expected))


@pytest.mark.parametrize("name", [n for n, loss in EVERY.items() if loss.is_rational])
def test_exact_numbers_stay_exact(name: str) -> None:
    """Rational predictions and targets have rational losses and adjoints, the same as with 60 digits."""
    loss = EVERY[name]
    for kind in loss.targets_for:
        y_hat, y = drawn(loss, kind, 7, (3, 2))
        exact = [loss.value(y_hat, y, EXACT), *loss.adjoint(y_hat, y, EXACT, "torch").entries]
        assert all(isinstance(v, int | Fraction) for v in exact)
        with mpmath.workdps(DIGITS):
            p, t = big(y_hat), big(y)
            floats = [loss.value(p, t, Mp()), *loss.adjoint(p, t, Mp(), "torch").entries]
            pairs = zip(exact, map(precise, floats), strict=True)
            assert all(abs(number(a) - b) < mpmath.mpf(10) ** -50 for a, b in pairs)


def test_closed_forms() -> None:
    """Sigmoid and softmax are rational at logits that are logarithms of rationals."""
    logit = EXACT.log(2)
    assert LOSSES["bce_with_logits"].sample_adjoint([logit], [1], EXACT, "torch") == [F(-1, 3)]
    row = LOSSES["cross_entropy"].sample_adjoint(
        [logit + F(1, 3), F(1, 3), F(1, 3)], [0, 1, 0], EXACT, "torch"
    )
    assert row == [F(1, 2), F(-3, 4), F(1, 4)]
    assert LOSSES["bce"].sample_adjoint([F(2, 3)], [1], EXACT, "torch") == [F(-3, 2)]


def test_logarithms_of_zero() -> None:
    """Where a probability is 0 or 1 there is no loss."""
    for p in (0, 1):
        with pytest.raises(OutOfDomain):
            LOSSES["bce"].sample_loss([p], [p], EXACT)
        with pytest.raises(ZeroDivisionError):
            LOSSES["bce"].sample_adjoint([p], [p], EXACT, "torch")


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (2, 2)])
@pytest.mark.parametrize("name", [n for n, loss in EVERY.items() if loss.least_squares])
def test_symbols(name: str, shape: tuple[int, int]) -> None:
    """Differentiated by SymPy: ∂L/∂ŷ is the factor times the adjoint; no function is asked for."""
    loss = EVERY[name]
    y_hat, y = (Array.build(shape, lambda i, letter=letter: sp.Symbol(f"{letter}{i}")) for letter in "pt")  # type: ignore[misc]
    value, share = loss.value(y_hat, y, RING), loss.factor(*shape)
    for index, adjoint in loss.adjoint(y_hat, y, RING, "torch").items():
        assert sp.expand(sp.diff(value, y_hat[index]) - sp.Rational(share) * adjoint) == 0
    rows = loss.adjoint(y_hat, y, RING, "torch").rows()
    assert sp.expand(sum(map(loss.at_adjoint, rows)) * sp.Rational(loss.share(*shape)) - value) == 0


# --- what targets do -----------------------------------------------------------------------


@cases
def test_adjoints_stay_in_reach(name: str, kind: Targets) -> None:
    """And have the signs that their target gives."""
    loss = EVERY[name]
    if loss.inner is not loss:
        return
    reach = loss.reach(kind, "torch")
    for seed in range(30):
        y_hat, y = drawn(loss, kind, seed, (2, 2), size=8)
        with mpmath.workdps(DIGITS):
            adjoint = loss.adjoint(big(y_hat), big(y), Mp(), "torch")
            for index, g in adjoint.items():
                assert reach.admits(to_fraction(g))
                assert (g > 0) - (g < 0) in loss.signs(y[index], "torch")


ENDS: dict[tuple[str, Targets], tuple[Fraction | None, Fraction | None]] = {
    ("bce", "real"): (None, None),
    ("bce", "binary"): (None, None),
    ("bce_with_logits", "real"): (F(-1), F(1)),
    ("bce_with_logits", "binary"): (F(-1), F(1)),
    ("cross_entropy", "real"): (F(-1), F(1)),
    ("cross_entropy", "class"): (F(-1), F(1)),
}


@pytest.mark.parametrize(("name", "kind"), ENDS)
def test_ends_are_approached(name: str, kind: Targets) -> None:
    """Wrong predictions that are far out come near them; the gap is what lies between right ones."""
    loss, (low, high) = LOSSES[name], ENDS[name, kind]
    reach = loss.reach(kind, "torch")
    assert (reach.low, reach.high, reach.low_reached, reach.high_reached) == (low, high, False, False)
    gap = (-1, 1) if name == "bce" else (0, 0)
    assert reach.gap == (None if kind == "real" else gap)
    with mpmath.workdps(DIGITS):
        tiny = mpmath.mpf(10) ** -20
        if name == "bce":
            found = [loss.sample_adjoint([p], [t], Mp(), "torch")[0] for p, t in ((tiny, 1), (1 - tiny, 0))]
            assert found[0] < -(10**19) and found[1] > 10**19
            near = [loss.sample_adjoint([p], [t], Mp(), "torch")[0] for p, t in ((1 - tiny, 1), (tiny, 0))]
            assert -1 - 2 * tiny < near[0] < -1 and 1 < near[1] < 1 + 2 * tiny
            return
        rows: Any = (([60, -60], [0, 1]),) * 2 if name == "cross_entropy" else (([60], [0]), ([-60], [1]))
        top = loss.sample_adjoint([mpmath.mpf(v) for v in rows[0][0]], rows[0][1], Mp(), "torch")[0]
        bottom = loss.sample_adjoint([mpmath.mpf(v) for v in rows[1][0]], rows[1][1], Mp(), "torch")[-1]
        assert 1 - tiny < top < 1 and -1 < bottom < -1 + tiny


@pytest.mark.parametrize("name", ["mae", "hinge", "mean", "sum"])
@pytest.mark.parametrize("convention", ["torch", "left", "right", "forbid"])
def test_reaches_of_a_few_values(name: str, convention: Kink) -> None:
    """Each of the values is an adjoint, and no other."""
    loss, met = LOSSES[name], set()
    for seed, kind in product(range(60), loss.targets_for):
        y_hat, y = drawn(loss, kind, seed, (2, 1), size=1 if name == "mae" else 3)
        if convention != "forbid" or not [*loss.on_kinks(y_hat, y, EXACT)]:
            met |= {F(g) for g in loss.adjoint(y_hat, y, EXACT, convention).entries}
    values = loss.reach(loss.targets_for[0], convention).values
    assert values is not None and met == set(values)


@pytest.mark.parametrize("name", [n for n, loss in EVERY.items() if loss.reach("real", "torch").freely])
@given(data=st.data())
def test_targets_give_their_adjoint(name: str, data: st.DataObject) -> None:
    """At every prediction, each adjoint that free targets reach is that of a target."""
    loss = EVERY[name]
    reach = loss.reach("real", "torch")
    p = data.draw(st.fractions(-4, 4, max_denominator=6))
    if reach.values is not None:
        g: int | Fraction = data.draw(st.sampled_from(reach.values))
    else:
        low, high = (F(-9) if reach.low is None else reach.low), (F(9) if reach.high is None else reach.high)
        g = data.draw(st.fractions(low, high, max_denominator=60))
    assert loss.sample_adjoint([p], [loss.target(p, g)], EXACT, "torch") == [g]


@pytest.mark.parametrize("name", ["bce", "bce_with_logits", "cross_entropy"])
def test_rows_of_targets(name: str) -> None:
    """Adjoints tell the shares."""
    loss = LOSSES[name]
    with pytest.raises(TypeError, match="do not tell"):
        loss.target(1, 1)
    for seed in range(5):
        y_hat, y = drawn(loss, "real", seed, (1, 3))
        with mpmath.workdps(DIGITS):
            rows = big(y_hat).rows()[0], big(y).rows()[0]
            g = loss.sample_adjoint(*rows, Mp(), "torch")
            told = loss.sample_target(rows[0], g, Mp())
            assert all(abs(a - b) < mpmath.mpf(10) ** -50 for a, b in zip(told, rows[1], strict=True))


def test_softmax_adjoints_have_sum_zero() -> None:
    """Whatever the targets, if these have sum 1."""
    loss = LOSSES["cross_entropy"]
    with mpmath.workdps(DIGITS):
        for seed in range(5):
            y_hat, y = map(big, drawn(loss, "real", seed, (1, 4)))
            assert abs(sum(loss.adjoint(y_hat, y, Mp(), "torch").entries)) < mpmath.mpf(10) ** -55


# --- functions of a mean --------------------------------------------------------------------

SIGNS = {
    "1 / mse": -1, "mse": 1, "mse**2": None, "mse**2 + mse": 1, "1 - huber": -1, "1 / mse**2": -1,
    "mae / (1 + mae)": 1, "(mse - 1)**2": None, "mean**2": None, "2*mean": 1, "-sum": -1, "1/(mse + 1)": -1,
    "3": None, "mse - mse": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "sign"), [item for item in SIGNS.items() if item[0] != "3"])
def test_the_sign_of_the_outer_derivative(text: str, sign: int | None) -> None:
    """Where it is told, F′ has it at every value that the loss can take."""
    loss = loss_from_json({"of_mean": text}, 1)
    assert loss.outer_sign == sign
    assert not loss.least_squares and not loss.reach("real", "torch").everything
    values = [F(n, 7) for n in range(0 if loss.inner.is_nonnegative else -40, 60)]
    for value in values:
        try:
            slope = loss.outer_slope(value, EXACT)
        except ZeroDivisionError:
            continue
        assert sign is None or (slope > 0) - (slope < 0) == sign


def test_gradients_of_a_function_of_a_mean() -> None:
    """The adjoint has F′ in it, the factor has not."""
    inner, loss = LOSSES["mse"], EVERY["1 / mse"]
    y_hat, y = drawn(loss, "real", 1, (3, 2))
    mean = inner.value(y_hat, y, EXACT)
    assert loss.value(y_hat, y, EXACT) == 1 / F(mean)
    assert loss.adjoint(y_hat, y, EXACT, "torch") == inner.adjoint(y_hat, y, EXACT, "torch").map(
        lambda g: -g / F(mean) ** 2
    )
    assert loss.factor(3, 2) == inner.factor(3, 2)
    with pytest.raises(ZeroDivisionError):
        loss.value(y, y, EXACT)


@every
def test_files_have_them(name: str) -> None:
    """What a loss says of itself is read back as the same loss."""
    loss = EVERY[name]
    assert loss_from_json(loss.to_json(), 2) == loss
    assert hash(loss_from_json(loss.to_json(), 2)) == hash(loss)
    assert len({str(other.to_json()) for other in EVERY.values()}) == len(EVERY)
    assert loss.words and loss.sample_words and loss.description
