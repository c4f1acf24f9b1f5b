"""A witness as a Jupyter notebook with gaps, and checks that do not give the answers away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from hashlib import sha256

from zerograd.core.model.references import short_entry
from zerograd.core.numbers.exact import Exact
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.document.escape import clean_lines, markdown_escape
from zerograd.show.fitness import no_calculation
from zerograd.show.notebook import Calculation, document, lines_of
from zerograd.show.scripts.parts import facts, title

_DIGITS = 16
"""Hexadecimal digits of a hash."""
_SCHEMA = 3
"""Version of the metadata of nbgrader, which may grade the checks."""


def worksheet(answer: Sat) -> str:
    """Return a notebook (nbformat 4.5) in which values are to be filled in, with a check below each.

    A check compares hashes of exact fractions, so that a notebook holds no answers.
    """
    return document(_cells(answer))


def unfit(answer: Answer) -> str | None:
    """Say why there is no worksheet of an answer; None if there is one."""
    if (reason := no_calculation(answer)) is not None or not isinstance(answer, Sat):
        return reason
    return None if answer.witness.is_rational else "its numbers are irrational: a check compares fractions"


Cell = tuple[str, str, Mapping[str, object]]


def _cells(answer: Sat) -> Iterator[Cell]:
    """(kind, source, metadata) of each cell."""
    calculation, network = Calculation(answer), answer.problem.network
    yield "markdown", lines_of(_question(answer)), {}
    hidden: dict[str, object] = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    yield "code", lines_of(calculation.data()), {}
    yield "code", _checks(answer), hidden
    yield "markdown", lines_of(["## Forward pass", "", *calculation.forward_words()]), {}
    for number, layer in enumerate(network.layers, start=1):
        shape = f"a row for each sample, a column for each unit: {layer.units}"
        yield from _gap(f"z{number}", f"pre-activations of layer {number}: {shape}")
        yield from _gap(f"a{number}", f"the same units' values: {shape}")
    yield "markdown", lines_of(["## Residuals and loss", "", *calculation.loss_words()]), {}
    yield from _gap("r", "residuals: a row for each sample")
    yield from _gap("loss", "one number")
    yield "markdown", lines_of(["## Gradients by the chain rule", "", *calculation.backward_words()]), {}
    for name in _gradients(answer):
        yield from _gap(f"grad_{name}", f"∂L/∂{name}, in the shape of {name}")
    words = "Which entries of these gradients are zero? And why? Discuss: each has a reason."
    yield "markdown", lines_of(["## What vanishes", "", words]), {}
    yield from _gap("zeros", 'the names of all entries that are zero, such as {"w1[0,1]", "b2"}')


def _question(answer: Sat) -> Iterator[str]:
    problem = answer.problem
    yield f"# {markdown_escape(title(problem))}: worksheet"
    yield ""
    network, data, *_ = facts(problem, answer.witness.samples)
    yield from (f"- {markdown_escape(line)}" for line in clean_lines(f"{network}\n{data}"))
    yield ""
    yield "Replace each `...` by what you find, by hand or by a line of NumPy, and run the cell below it,"
    yield "which checks it. Numbers are exact: write `Fraction(1, 3)` for 1/3. Needs NumPy alone."


def _gap(name: str, words: str) -> Iterator[Cell]:
    """A cell to be filled in, and its check."""
    graded: dict[str, object] = {"schema_version": _SCHEMA, "task": False}
    yield (
        "code",
        f"# {words}\n{name} = ...",
        {
            "nbgrader": {
                **graded,
                "grade": False,
                "grade_id": f"gap-{name}",
                "locked": False,
                "solution": True,
            }
        },
    )
    yield (
        "code",
        f'check("{name}", {name})',
        {
            "nbgrader": {
                **graded,
                "grade": True,
                "grade_id": f"check-{name}",
                "locked": True,
                "points": 1,
                "solution": False,
            },
            "tags": ["check"],
        },
    )


def _gradients(answer: Sat) -> Sequence[str]:
    """The arrays whose gradients are asked, from the last layer down."""
    names = sorted(answer.problem.network.shapes, key=lambda name: -int(name[1:]))
    return [*names, *(["x"] if answer.problem.asks_of_x else [])]


def _answers(answer: Sat) -> Iterator[tuple[str, str]]:
    """What belongs into each gap, in one line."""
    witness = answer.witness
    for number, (z, a) in enumerate(zip(witness.forward.z, witness.forward.a, strict=True), start=1):
        yield f"z{number}", _numbers(z.entries)
        yield f"a{number}", _numbers(a.entries)
    yield "r", _numbers(witness.point.residuals.entries)
    yield "loss", _numbers([witness.loss])
    zeros = []
    for name in _gradients(answer):
        gradient = witness.gradients[name]
        yield f"grad_{name}", _numbers(gradient.entries)
        zeros += [short_entry(name, index, gradient.shape) for index, value in gradient.items() if value == 0]
    yield "zeros", " ".join(sorted(zeros))


def _numbers(values: Sequence[Exact]) -> str:
    return " ".join(str(Fraction(value)) for value in values)  # type: ignore[arg-type] # rational: see `unfit`


def _checks(answer: Sat) -> str:
    salt = answer.problem.digest
    hashes = {
        name: sha256(f"{salt} {name} {text}".encode()).hexdigest()[:_DIGITS]
        for name, text in _answers(answer)
    }
    lines = (f'    "{name}": "{value}",' for name, value in hashes.items())
    return _CODE.format(salt=salt, lines="\n".join(lines))


_CODE = '''# This cell checks what is filled in below. It holds hashes of the answers, and no answer.
import hashlib
from fractions import Fraction

import numpy as np

SALT = "{salt}"
HASHES = {{
{lines}
}}


def as_text(name, value):
    """Fractions in order, or names in order: equal answers are equal texts."""
    if name == "zeros":
        return " ".join(sorted(str(part).replace(" ", "") for part in value))
    return " ".join(str(exact(entry)) for entry in np.array(value, dtype=object).ravel())


def exact(entry):
    """A float stands for a fraction near it."""
    return Fraction(entry).limit_denominator(10**6) if isinstance(entry, float) else Fraction(entry)


def check(name, value):
    """Say that a value is right; an error says that it is not."""
    if value is ...:
        raise AssertionError(f"{{name}}: replace the ... above by what you find")
    text = f"{{SALT}} {{name}} {{as_text(name, value)}}"
    if hashlib.sha256(text.encode()).hexdigest()[:16] != HASHES[name]:
        raise AssertionError(f"{{name}}: not right yet")
    print(f"{{name}}: right")
'''
