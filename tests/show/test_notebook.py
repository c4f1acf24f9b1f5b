"""Notebooks are valid, run to their end, and their asserts can fail."""

from __future__ import annotations

import json
import sys
import warnings
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import nbclient
import nbformat
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zerograd.core.model.activations import LINEAR, activation_named, leaky_relu
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.closed import log
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.verdict.answer import Sat
from zerograd.show.notebook import notebook
from zerograd.show.page.data import unfit as page_unfit

if TYPE_CHECKING:
    from tests.show.conftest import Kinked

ACTIVATIONS = [
    *(activation_named(name) for name in ("linear", "relu", "abs", "relu6", "hardtanh", "leaky_relu")),
    leaky_relu("-1/2"),
    leaky_relu(1),
]
CONVENTIONS: tuple[Kink, ...] = ("torch", "left", "right", "mean", "default: 2, relu: 1/3", "forbid")


def read(text: str) -> Any:
    """The notebook as nbformat reads it."""
    return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has types for some


def run_cells(text: str) -> dict[str, Any]:
    """What the code cells leave behind, run one after another, warnings as errors."""
    document = read(text)
    nbformat.validate(document)
    names: dict[str, Any] = {}
    with warnings.catch_warnings(), np.printoptions():
        warnings.simplefilter("error")
        for cell in document.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, cell.id, "exec"), names)
    return names


def founding(kinked: type[Kinked], **labels: Any) -> Sat:
    """Three samples, one of them off."""
    values: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (1,)), "b1": Array((1,), (-1,)), "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (-1,)), "x": Array((3, 1), (0, 2, 3)), "y": Array((3, 1), (-2, 2, 0)),
    }  # fmt: skip
    return kinked.answer(Network.mlp(1, 1, 1), "torch", values, **labels)


def irrational(kinked: type[Kinked]) -> Sat:
    """A sample on the kink, where float64 may say otherwise: 3α·(α/9) − 2/3 = 0, with α the root of 2."""
    field = NumberField((Fraction(-2), Fraction(0), Fraction(1)), Fraction(1), Fraction(2))
    alpha = Algebraic(field, (Fraction(0), Fraction(1)))
    values: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (alpha * 3,)), "b1": Array((1,), (Fraction(-2, 3),)),
        "w2": Array((1, 1), (alpha,)), "b2": Array((1,), (0,)),
        "x": Array((2, 1), (alpha * Fraction(1, 9), 2)), "y": Array((2, 1), (1, 0)),
    }  # fmt: skip
    return kinked.answer(Network.mlp(1, 1, 1, activation="leaky_relu"), "right", values)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_gradients_are_exact(kinked: type[Kinked], activation: Any, convention: Kink) -> None:
    """The chain rule of the notebook gives the very fractions that the checker computes."""
    bias = convention == "forbid"  # without one, units on dead ones are at 0
    network = Network(2, (Layer(2, activation), Layer(3, activation, bias=bias), Layer(2, LINEAR)))
    answer = kinked.draw(network, convention, denominator=7)
    found = run_cells(notebook(answer))["found"]
    for name, gradient in found.items():
        exact = answer.witness.gradients[name]
        assert gradient.shape == exact.shape
        assert tuple(gradient.flatten()) == exact.entries
    assert found.keys() == answer.witness.gradients.keys()


def test_irrational_numbers(kinked: type[Kinked]) -> None:
    """In float64, with what rounding might carry across the kink put back, up to rounding."""
    answer = irrational(kinked)
    text = notebook(answer)
    assert "put_back(z1" in text
    found = run_cells(text)["found"]
    assert found["b1"] == pytest.approx([float(answer.witness.gradients["b1"][0])], rel=1e-12)


def test_logarithms(kinked: type[Kinked]) -> None:
    """Closed forms are written with ``math.log``, and calculated in float64."""
    values: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (log(2),)), "b1": Array((1,), (-log(2),)), "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (-1,)), "x": Array((3, 1), (0, 2, 3)),
        "y": Array((3, 1), (-2, log(2) + 1, 2 * log(2) - 2)),
    }  # fmt: skip
    answer = kinked.answer(Network.mlp(1, 1, 1), "torch", values)
    text = notebook(answer)
    assert "math.log(2)" in text
    found = run_cells(text)["found"]
    for name, array in answer.witness.gradients.items():
        if name in found:
            assert found[name].flatten() == pytest.approx([*map(float, array.entries)], abs=1e-12)
    assert (
        page_unfit(answer) == "A browser cannot follow changes: numbers of this example have logarithms or π."
    )


def test_numbers_of_any_size(kinked: type[Kinked]) -> None:
    """Beyond what float64 holds, and beyond the digits that Python reads."""
    values: dict[str, Array[Any]] = {
        "w1": Array((1, 1), (Fraction(10**6000 + 1, 7),)), "b1": Array((1,), (0,)),
        "w2": Array((1, 1), (-(10**700),)), "b2": Array((1,), (0,)),
        "x": Array((1, 1), (1,)), "y": Array((1, 1), (0,)),
    }  # fmt: skip
    answer = kinked.answer(Network.mlp(1, 1, 1), "torch", values)
    limit = sys.get_int_max_str_digits()
    try:
        found = run_cells(notebook(answer))["found"]
    finally:
        sys.set_int_max_str_digits(limit)
    assert found["w1"][0, 0] == answer.witness.gradients["w1"][0, 0]


def test_asserts_can_fail(kinked: type[Kinked]) -> None:
    """With one number changed."""
    text = notebook(founding(kinked))
    changed = text.replace("[[-2], [2], [0]]", "[[-2], [2], [1]]")
    assert changed != text
    with pytest.raises(AssertionError, match="asked"):
        run_cells(changed)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of Jupyter's own
def test_notebook_runs_in_jupyter(kinked: type[Kinked], tmp_path: Any) -> None:
    """A kernel executes it from the first cell to the last; with a number changed, it stops."""
    for answer in (founding(kinked, title="A *title*", notes="$notes$"), irrational(kinked)):
        document = read(notebook(answer))
        nbclient.NotebookClient(document, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
        assert "All that is asked" in document.cells[-1].outputs[-1].text
    document = read(notebook(founding(kinked)).replace("[0]]", "[1]]"))
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="AssertionError"):
        nbclient.NotebookClient(document, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()


@example(title="", notes="\\)")
@given(title=st.text(), notes=st.text())
def test_text_of_a_problem_stays_in_the_first_cell(kinked: type[Kinked], title: str, notes: str) -> None:
    """Whatever the title and the notes say, the other cells are the same, and no HTML gets through."""
    document = json.loads(notebook(founding(kinked, title=title, notes=notes)))
    plain = json.loads(notebook(founding(kinked)))
    assert document["cells"][1:] == plain["cells"][1:]
    own = document["cells"][0]["source"].replace("<span></span>", "").replace("\\<", "")
    assert "<" not in own


def test_same_answer_same_bytes(kinked: type[Kinked]) -> None:
    """Nothing in it depends on the time or on chance."""
    assert notebook(founding(kinked)) == notebook(founding(kinked))
