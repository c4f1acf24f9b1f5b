"""What the page says in words and tables before anything is changed, ready for its template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.places import on_kink, word
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.real import Real, sign
from zerograd.core.question.vocabulary import Relation
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.document.escape import clean, clean_lines
from zerograd.document.numbers import exact_text as plain_text
from zerograd.show.elsewhere import elsewhere_sentences
from zerograd.show.lower import lower_lines
from zerograd.show.page.data import gradient_rows, labels
from zerograd.show.question import condition_lines, convention_line
from zerograd.show.samples import MAX_ROWS, sample_columns
from zerograd.show.words import alpha_line, count, piece_text

_MINUS = re.compile(r"-(?=[\d≈])")
MAX_UNITS = 8
"""Entries of a vector that are shown in one cell."""


@dataclass(frozen=True, slots=True)
class Content:
    """Texts of the page, none of them escaped yet.

    Attributes:
        asked: gradients and what is asked of them: (``[∂L/∂w2, ∂L/∂b2]``, ``are zero``).
        conditions: where, given values, bounds and domain, a line each.
        parameters: (name, value), the first of them; ``parameters_left_out`` says how many are not.
        gradients: (name, value, what is asked and whether it holds), a row each.
        headings, samples: the table of samples; ``samples_left_out`` says how many rows it lacks.
        alpha: what α stands for, None for rational witnesses.
        elsewhere: in which libraries the answer does not hold, and what is so there.
    """

    question: str
    setting: str
    asked: list[tuple[list[str], str]]
    conditions: list[str]
    notes: list[str]
    references: list[str]
    alpha: str | None
    parameters: list[tuple[str, str]]
    parameters_left_out: int
    gradients: list[tuple[str, str, list[str]]]
    headings: list[str]
    samples: list[list[str]]
    samples_left_out: int
    loss: str
    elsewhere: list[str]


def content(answer: Sat) -> Content:
    """The texts of one answer."""
    problem, witness = answer.problem, answer.witness
    named = [
        (text, exact_text(value))
        for name, array in witness.parameters.items()
        for text, value in zip(labels(name, array.shape), array.entries, strict=True)
    ]
    headings, samples = _samples(witness)
    return Content(
        question=(
            f"Is there a network {problem.network} and a dataset of "
            f"{count(witness.samples, 'sample')} for which"
        ),
        setting=f"{problem.model.loss.words}; {convention_line(problem)}",
        asked=[
            ([f"∂L/∂{reference}" for reference in references], _said(relation, len(references)))
            for relation, references in problem.query.items()
            if references
        ],
        conditions=[*condition_lines(problem), *(f"lower loss: {line}" for line in lower_lines(answer))],
        notes=_paragraphs(problem.notes or ""),
        references=[clean(reference) for reference in problem.references],
        alpha=alpha_line(witness),
        parameters=named[:MAX_ROWS],
        parameters_left_out=max(len(named) - MAX_ROWS, 0),
        gradients=[_gradient(witness, row) for row in gradient_rows(problem, witness.samples)],
        headings=headings,
        samples=samples,
        samples_left_out=max(witness.samples - MAX_ROWS, 0),
        loss=exact_text(witness.loss),
        elsewhere=[_MINUS.sub("−", sentence) for sentence in elsewhere_sentences(answer)],
    )


def exact_text(value: Real) -> str:
    """A number with the minus sign of print."""
    return plain_text(value).replace("-", "−")


def _said(relation: Relation, names: int) -> str:
    """``are zero``."""
    if relation.joint and names > 1:
        return "have a nonzero entry among them"
    if relation.some:
        return "has a nonzero entry" if names == 1 else "each have a nonzero entry"
    return f"{'is' if names == 1 else 'are'} {relation}"


def _paragraphs(text: str) -> list[str]:
    """Lines joined to paragraphs; an empty line parts them."""
    paragraphs: list[list[str]] = [[]]
    for line in clean_lines(text):
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [" ".join(lines) for lines in paragraphs if lines]


def _gradient(witness: Witness, row: dict[str, Any]) -> tuple[str, str, list[str]]:
    entries = witness.gradients[row["name"]].entries
    values = [entries[i] for i in row["positions"]]
    asked = [_judged(relation, entries, values) for relation in row["asked"]]
    return row["label"], exact_text(values[0]) if len(values) == 1 else signs_text(values), asked


def _judged(relation: dict[str, Any], entries: Sequence[Real], shown: Sequence[Real]) -> str:
    """``zero ✓``; of an entry that is zero while another is not, ``(some nonzero)``."""
    asked: Relation = relation["relation"]
    signs = (sign(entries[i]) for i in relation["positions"])
    held = asked.holds(known for known in signs if known is not None)
    if asked.some and held and not any(map(sign, shown)):
        return f"({relation['text']})"
    return f"{relation['text']} {'✓' if held else '✗'}"


def signs_text(values: Sequence[Real]) -> str:
    """``5 zero, 3 positive, 2 negative``."""
    signs = [sign(value) for value in values]
    words = {0: "zero", 1: "positive", -1: "negative"}
    return ", ".join(f"{signs.count(s)} {word}" for s, word in words.items() if s in signs)


def _samples(witness: Witness) -> tuple[list[str], list[list[str]]]:
    """Headings and rows."""
    headings, rows = ["sample"], [[str(m)] for m in range(min(witness.samples, MAX_ROWS))]
    for heading, array, activation in sample_columns(witness, "r"):
        headings.append(heading)
        for cells, values in zip(rows, array.rows(), strict=False):
            cells.append(_vector([_marked(activation, value) for value in values]))
    return headings, rows


def _marked(activation: Activation | None, z: Real) -> str:
    if activation is None:
        return exact_text(z)
    if on_kink(activation, z):
        return f"{exact_text(z)} on kink"
    state = word(activation, z)
    if not state and isinstance(activation, PiecewiseLinear):
        number, _ = activation.locate(z.midpoint if isinstance(z, Interval) else z)
        state = piece_text(activation.pieces[number])
    return f"{exact_text(z)} {state}".rstrip()


def _vector(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    shown = texts if len(texts) <= MAX_UNITS else [*texts[: MAX_UNITS - 1], "…"]
    return f"({', '.join(shown)})"
