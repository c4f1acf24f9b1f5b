"""Worksheets: right answers pass their checks, wrong ones do not, and no answer is in the notebook."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import nbclient
import nbformat
import numpy as np
import pytest

from tests.show import filled
from zerograd.core.model.network import Network
from zerograd.core.numbers.field import Algebraic
from zerograd.core.verdict.answer import Sat
from zerograd.show.lecture.worksheet import unfit, worksheet


def two_units() -> Sat:
    """A witness with several units and fractions; its input gradients are asked for."""
    network = Network.mlp(2, 2, 1)
    return filled.filled(network, 3, lambda n: Fraction((-1) ** n * (n % 5), 1 + n % 3), some_nonzero=["x"])


CASES = {"founding": filled.founding, "two units": two_units}


def read(answer: Sat) -> Any:
    """The notebook as nbformat reads it; valid."""
    document = nbformat.reads(worksheet(answer), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(document)
    return document


def gaps(document: Any) -> dict[str, int]:
    """The cells to be filled in, by the name of their value."""
    found = {}
    for position, cell in enumerate(document.cells):
        if cell.source.endswith(" = ..."):
            found[cell.source.splitlines()[-1].removesuffix(" = ...")] = position
    return found


def solved(answer: Sat) -> dict[str, str]:
    """Right answers as a student would write them, from NumPy and the chain rule alone."""
    network, witness = answer.problem.network, answer.witness
    lines: dict[str, str] = {}
    below, back = "x", ""
    for number, layer in enumerate(network.layers, start=1):
        lines[f"z{number}"] = f"{below} @ w{number}.T + b{number}"
        relu = not layer.activation.is_linear
        lines[f"a{number}"] = f"np.where(z{number} > 0, z{number}, 0)" if relu else f"z{number}"
        below = f"a{number}"
    samples, outputs = witness.y.shape
    lines["r"] = f"{below} - y"
    lines["loss"] = f"Fraction(1, {samples * outputs}) * (r * r).sum()"
    for number in range(network.depth, 0, -1):
        fed = f"a{number - 1}" if number > 1 else "x"
        relu = not network.layers[number - 1].activation.is_linear
        start = f"Fraction(2, {samples * outputs}) * r" if not back else f"(d{number + 1} @ w{number + 1})"
        slope = f" * np.where(z{number} > 0, 1, 0)" if relu else ""
        back = f"d{number} = {start}{slope}"
        lines[f"grad_w{number}"] = f"0\n{back}\ngrad_w{number} = d{number}.T @ {fed}"
        lines[f"grad_b{number}"] = f"d{number}.sum(axis=0)"
    lines["grad_x"] = "d1 @ w1"
    zeros = set()
    for name in answer.problem.gradient_names:
        gradient = witness.gradients[name]
        for index, value in gradient.items():
            kept = [i for i, n in zip(index, gradient.shape, strict=True) if n > 1 or name == "x"]
            if value == 0:
                zeros.add(f"{name}[{','.join(map(str, kept))}]" if kept else name)
    lines["zeros"] = repr(zeros)
    return lines


def fill(document: Any, lines: dict[str, str]) -> None:
    """Fill in the gaps."""
    for name, position in gaps(document).items():
        document.cells[position].source = f"{name} = {lines[name]}"


def run(document: Any) -> dict[str, Any]:
    """Run all code in this process; return what it leaves."""
    values: dict[str, Any] = {}
    for cell in document.cells:
        if cell.cell_type == "code":
            exec(cell.source, values)
    return values


@pytest.mark.parametrize("case", CASES)
def test_right_answers_pass(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check says so, in order."""
    answer = CASES[case]()
    document = read(answer)
    fill(document, solved(answer))
    run(document)
    assert capsys.readouterr().out.splitlines() == [f"{name}: right" for name in gaps(read(answer))]


@pytest.mark.parametrize("wrong", sorted(gaps(read(filled.founding()))))
def test_a_wrong_answer_is_noticed(wrong: str) -> None:
    """Each by its own check, also if only one entry differs; and an empty gap says what to do."""
    answer = filled.founding()
    document = read(answer)
    lines = solved(answer)
    values = run_with(document, lines, None, "")
    right = values[wrong]
    if wrong == "zeros":
        changed = "{'w1'}"
    else:
        entries = [Fraction(entry) for entry in np.array(right, dtype=object).ravel()]
        entries[-1] += Fraction(1, 7)
        changed = repr(entries)
    with pytest.raises(AssertionError, match=f"{wrong}: not right yet"):
        run_with(read(answer), lines, wrong, changed)
    with pytest.raises(AssertionError, match=rf"{wrong}: replace the \.\.\. above"):
        run_with(read(answer), lines, wrong, "...")


def run_with(document: Any, lines: dict[str, str], name: str | None, changed: str) -> dict[str, Any]:
    """Run with right answers, but for one; a right one is there before, so that later cells have it."""
    fill(document, lines)
    if name is not None:
        document.cells[gaps(read(filled.founding()))[name]].source += f"\n{name} = {changed}"
    return run(document)


def test_floats_and_lists_are_taken() -> None:
    """1/3 as a float is a third; a shape that says the same is the same."""
    answer = filled.founding()
    values = run_with(read(answer), solved(answer), None, "")
    values["check"]("grad_w1", float(Fraction(values["grad_w1"].ravel()[0])))
    values["check"]("r", [int(entry) for entry in values["r"].ravel()])


def test_the_notebook_holds_no_answers() -> None:
    """Neither values of layers nor gradients; what is given is there."""
    answer = two_units()
    text, witness = worksheet(answer), answer.witness
    given = {Fraction(str(value)) for array in witness.variables.values() for value in array.entries}
    calculated = [*witness.forward.z, *witness.gradients.values()]
    hidden = {Fraction(str(value)) for array in calculated for value in array.entries} - given
    fractions = [number for number in hidden if number.denominator > 1]
    assert len(fractions) > 5
    for number in fractions:
        assert f"{abs(number.numerator)}/{number.denominator}" not in text
        assert f"Fraction({number.numerator}, {number.denominator})" not in text
    for number in given:
        if number.denominator > 1:
            assert f"Fraction({number.numerator}, {number.denominator})" in text


def test_in_a_kernel_of_its_own() -> None:
    """A student runs it: with right answers to the end; with a gap it stops there."""
    pytest.importorskip("ipykernel")
    answer = filled.founding()
    document = read(answer)
    fill(document, solved(answer))
    nbclient.NotebookClient(document, timeout=60, kernel_name="python3").execute()
    outputs = [cell.outputs[0].text for cell in document.cells if "check" in cell.metadata.get("tags", [])]
    unfilled = read(answer)
    assert len(outputs) == len(gaps(unfilled))
    assert all(text.endswith(": right\n") for text in outputs)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match=r"z1: replace the"):
        nbclient.NotebookClient(unfilled, timeout=60, kernel_name="python3").execute()


def test_who_has_none() -> None:
    """Checks compare fractions; the numbers of this one are no fractions."""
    assert unfit(filled.founding()) is None
    irrational = filled.filled(
        Network.mlp(1, 1, 1), 2, lambda n: Algebraic(filled.ROOT, (Fraction(0), Fraction(n + 1)))
    )
    assert "irrational" in str(unfit(irrational))
