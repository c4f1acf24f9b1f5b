"""A sheet of exercises: the same question about different networks, and a page with the solution of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import (
    Block,
    Break,
    Prose,
    Space,
    Table,
    heading,
    join,
    paragraph,
    prose,
    sections,
)
from zerograd.document.escape import clean
from zerograd.document.exact import number
from zerograd.document.formula import Letter, inline
from zerograd.show.lecture.languages import Language, document
from zerograd.show.question import convention_line
from zerograd.show.say.derivation.content import blocks as derivation
from zerograd.show.say.derivation.names import Names
from zerograd.show.words import NO_KINK

_BLANK = "........"
"""What is written over by hand."""
_MOST_COLUMNS, _MOST_ROWS = 9, 12
"""A table to be filled in has no more."""
_LINES, _FEW_LINES = 14, 8


def sheet(
    answers: Sequence[Sat], *, language: Language = "latex", solutions: bool = True, first: int = 1
) -> str:
    """Return a document with a page for each network, and their solutions behind.

    Args:
        answers: witnesses of one question.
        language: of the document.
        solutions: whether there are any.
        first: the number of the first page.
    """
    title = clean(answers[0].problem.title or "") or "Gradients that vanish"
    pages: list[Block] = []
    for position, answer in enumerate(answers, start=first):
        pages += [*([Break()] if pages else []), *_page(answer, f"{title}: sheet {position}")]
    for position, answer in enumerate(answers if solutions else (), start=first):
        pages += [Break(), *_solution(answer, f"Solution of sheet {position}")]
    return document(pages, language, title)


def _page(answer: Sat, title: str) -> Iterator[Block]:
    """One network, and what is to be found out about it."""
    problem, names = answer.problem, Names(answer.problem.model)
    yield heading(title, level=1)
    yield paragraph("Name: ........................................")
    convention = convention_line(problem)
    also = "" if convention == NO_KINK else f", and {convention}"
    yield paragraph(
        f"You are given a network {problem.network} with all its parameters, and a dataset. Here ",
        Letter("L"),
        f" is the {problem.model.loss.words}{also}.",
    )
    for name, inside in sections(derivation(answer)):
        if name in ("The network", "The data"):
            yield heading(name)
            yield from inside
    subjects = [inline(names.gradient(name, None)) for name in problem.gradient_names]
    table = _to_fill_in(answer, names)
    errors = (
        "residuals"
        if problem.model.loss.least_squares
        else "derivatives of the loss with respect to the outputs"
    )
    if table is None:
        yield paragraph(f"(a) Calculate outputs and {errors} for every sample.")
        yield Space(_LINES)
    else:
        yield paragraph("(a) Fill in the table.")
        yield table
        yield Space(_FEW_LINES)
    yield paragraph("(b) Calculate ", join(subjects), ".")
    yield Space(_LINES)
    yield paragraph("(c) Which of their entries are zero? Explain why each of them is.")
    yield Space(_FEW_LINES)


def _to_fill_in(answer: Sat, names: Names) -> Table | None:
    """Return a table with a column for what is calculated of each sample; None where it would be large."""
    network, letter = answer.problem.network, names.adjoint
    columns: list[Prose] = []
    for layer, width in enumerate(network.widths[1:-1], start=1):
        for quantity in "za":
            columns += [
                prose(names.layered(quantity, layer, "m", *names.at(layer, unit))) for unit in range(width)
            ]
    depth, outputs = network.depth, network.outputs
    for quantity in ("ŷ", letter):
        columns += [prose(names.plain(quantity, "m", *names.at(depth, unit))) for unit in range(outputs)]
    samples = answer.witness.samples
    if len(columns) > _MOST_COLUMNS or samples > _MOST_ROWS:
        return None
    head = (prose("sample ", Letter("m")), *columns)
    rows = ((prose(number(m)), *[(_BLANK,)] * len(columns)) for m in range(samples))
    return Table(head, tuple(rows))


def _solution(answer: Sat, title: str) -> Iterator[Block]:
    """The witness worked out, from its forward pass on."""
    yield heading(title, level=1)
    for name, inside in sections(derivation(answer)):
        if name not in ("", "The question", "The network", "The data"):
            yield heading(name)
            yield from inside
