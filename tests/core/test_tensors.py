"""Arrays of other libraries as given values: exactly the floats, and the shapes of the problem."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.errors import ProblemError
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.lowest import in_lowest_terms
from zerograd.core.question.problem import Problem

finite = st.floats(allow_nan=False, allow_infinity=False)


def problem(**values: Any) -> Problem:
    return Problem(network=[2, 3, 1], samples=2, given=values)


def complaint(**values: Any) -> str:
    with pytest.raises(ProblemError) as caught:
        problem(**values)
    return str(caught.value)


@given(values=st.lists(finite, min_size=6, max_size=6), kind=st.sampled_from(["f4", "f8", ">f8", "f2"]))
def test_floats_are_the_fractions_that_they_are(values: list[float], kind: str) -> None:
    """Floats of any width and order: the same as their fractions written out."""
    with np.errstate(over="ignore"):
        array = np.asfortranarray(np.array(values).astype(kind).reshape(3, 2))
    if not np.isfinite(array.astype("f8")).all():
        assert "w1[" in complaint(w1=array)
        assert "not a finite number" in complaint(w1=array)
        return
    expected = [[Fraction(float(v)) for v in row] for row in array]
    found = problem(w1=array)
    assert found == problem(w1=expected)
    assert found.digest == problem(w1=expected).digest
    assert all(type(v) is (int if v.denominator == 1 else Fraction) for v in found.given["w1"].values())


@given(value=finite)
def test_lowest_terms(value: float) -> None:
    """A fraction that is made without looking for common factors is like any other."""
    made, plain = in_lowest_terms(*value.as_integer_ratio()), Fraction(value)
    assert (made, hash(made), str(made), made + 1, type(made)) == (
        plain, hash(plain), str(plain), plain + 1, Fraction,
    )  # fmt: skip


def test_integers_objects_and_our_own() -> None:
    """Whole numbers, fractions in an array of objects (None is free), and an `Array`."""
    whole = problem(w1=np.arange(6).reshape(3, 2))
    assert whole == problem(w1=[[0, 1], [2, 3], [4, 5]])
    assert whole == problem(w1=Array((3, 2), tuple(range(6))))
    half = np.array([Fraction(1, 2), None, 3], dtype=object)
    assert problem(b1=half).given["b1"] == {(0,): Fraction(1, 2), (2,): 3}
    assert problem(x=np.ones((2, 2), np.uint8)).given["x"][1, 1] == 1


def test_axes_of_length_one() -> None:
    """May be left out, as in lists."""
    assert problem(w2=np.array([1.0, 2.0, 0.5])) == problem(w2=np.array([[1.0, 2.0, 0.5]]))


@pytest.mark.needs("torch")
def test_torch() -> None:
    """Tensors, parameters that want gradients, bfloat16, and views."""
    import torch

    layer = torch.nn.Linear(2, 3)
    assert problem(w1=layer.weight) == problem(w1=layer.weight.detach().numpy())
    half = torch.randn(2, 3).to(torch.bfloat16).T
    assert problem(w1=half) == problem(w1=half.float().numpy())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((2, 3)), "w1 has shape (3, 2), found an array of shape (2, 3)"),
        (np.array([[0, 1], [2, np.nan], [3, 4]]), "w1[1,1] is nan, not a finite number"),
        (np.array([[0, 1], [2, 3], [-np.inf, 4]]), "w1[2,0] is -inf, not a finite number"),
        (np.array([[True, False]] * 3), "w1[0,0] is True, neither a whole number nor a float"),
        (np.array([["a", "b"]] * 3), "w1[0,0] is 'a', neither a whole number nor a float"),
        (np.array([[1j, 2]] * 3), "w1[0,0] is 1j, neither a whole number nor a float"),
    ],
    ids=str,
)
def test_refused(value: Any, message: str) -> None:
    """The entry is named."""
    assert message in complaint(w1=value)


def test_a_plain_float_is_refused_still() -> None:
    """Outside of arrays one who writes 0.1 may mean a tenth."""
    assert "0.1 is a float; write it exactly" in complaint(b2=[0.1])


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.array])
def test_scalars(kind: Any) -> None:
    """Single entries, bounds, and lists: the number that each is, where a plain float is refused."""
    tenth = Fraction(*float(kind(0.1)).as_integer_ratio())
    assert problem(b2=[kind(0.1)]).given["b2"] == {(0,): tenth}
    bounded = Problem(
        network=[2, 3, 1], samples=4, given={"x[1,0]": kind(0.1)}, bounds={"w1": [kind(-0.5), kind(0.1)]}
    )
    assert bounded.given["x"] == {(1, 0): tenth}
    assert [*bounded.bounds.values()] == [(Fraction(-1, 2), tenth)]
    assert "nan" in complaint(b2=[kind("nan")]) if kind is not np.array else True


@pytest.mark.needs("torch")
def test_scalars_of_torch() -> None:
    """A tensor without axes is a number."""
    import torch

    assert problem(b2=[torch.tensor(0.1)]) == problem(b2=[np.float32(0.1)])


def test_open_samples() -> None:
    """A whole x fixes the number of samples; so does an array."""
    with pytest.raises(ProblemError, match="fixes the number of samples: write samples: 4"):
        Problem(network=[1, 1], samples="any", given={"x": np.ones((4, 1))})


def test_changed_problems_keep_them() -> None:
    """What is given is read again when a problem is changed."""
    first = problem(w1=np.ones((3, 2)) / 4)
    assert first.with_samples(2) == first
    assert first.with_samples(3).given == first.given
