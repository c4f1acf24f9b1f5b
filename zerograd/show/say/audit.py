"""Audits for people: each claim, whether it is right, and what is so instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from zerograd.core.auditing.claims import MAX_EXPONENT, Claim, Printed, Rounded
from zerograd.core.auditing.completions import AGAINST, FOR, completed, free_entries
from zerograd.core.auditing.findings import Audit, Finding, Grade, Hint
from zerograd.core.auditing.rounding import half_units
from zerograd.core.model.enclosing import middle_of
from zerograd.core.model.references import entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.interval import Interval
from zerograd.core.numbers.rationals import parse_rational, rational_text
from zerograd.core.numbers.real import Real
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.document import html, text
from zerograd.document.blocks import Block, Code, Paragraph, Prose, Table, heading, paragraph, prose
from zerograd.document.numbers import decimal_text, equation, exact_text, is_long
from zerograd.show.kinds import kind_text
from zerograd.show.lecture.languages import Language, document
from zerograd.show.say import paper
from zerograd.show.say.following import following
from zerograd.show.words import count

SHOWN = 12
"""Numbers of a claim that are shown; documents have them all."""
_UNASKED = 12
"""Places of an enclosed number of which none are claimed."""

_HEADS = {"left": "left slope", "right": "right slope"}
"""Conventions, where their names would be taken for verdicts."""
_WORDS = {
    Grade.RIGHT: "right",
    Grade.ROUNDED: "right up to rounding",
    Grade.CUT: "cut off, not rounded",
    Grade.OPEN: "open",
    Grade.WRONG: "wrong",
    Grade.UNDECIDED: "undecided",
    Grade.UNDEFINED: "has no meaning",
}
_ROLES = {FOR: "it holds", AGAINST: "it does not hold"}


def audit_text(audit: Audit, *, width: int = text.WIDTH) -> str:
    """For a terminal of so many columns."""
    return text.written([*_blocks(audit)], width=width, indent=0)


def audit_document(audit: Audit, language: Language, *, fragment: bool = False) -> str:
    """Return a document, or a fragment of one, with a heading."""
    title = audit.problem.title or "Audit"
    blocks = [heading(title, level=0), *_blocks(audit)]
    return paper.written(blocks) if fragment and language == "latex" else document(blocks, language, title)


def audit_html(audit: Audit) -> str:
    """Return a fragment of HTML, for notebooks."""
    return html.written([heading(audit.problem.title or "Audit", level=0), *_blocks(audit)], "audit")


def verdict(audit: Audit) -> str:
    """What the audit comes to, in a sentence: under the problem's own convention."""
    grades = [finding.grade for finding in audit.findings]
    counted = [(grade, grades.count(grade)) for grade in Grade if grade in grades]
    told = ", ".join(f"{number} {_WORDS[grade]}" for grade, number in counted)
    under = audit.columns[0].convention
    return f"{count(len(grades), 'claim')}: {told}{f' (derivative_at_kink: {under})' if under else ''}."


def _blocks(audit: Audit) -> Iterator[Block]:
    yield paragraph(verdict(audit))
    if audit.kink is not None:
        of_loss = " of the loss" if audit.kink.startswith("y_hat") else ""
        yield paragraph(
            f"{audit.kink} is on a kink{of_loss}: what holds depends on the derivative that is taken there."
        )
    if free := free_entries(audit.problem):
        yield paragraph(
            f"{_some(free)} {'is' if len(free) == 1 else 'are'} not given: a claim is right if it holds for "
            "all numbers that fit the file, wrong if for none, open if for some."
        )
    heads = [_HEADS.get(column.convention or "", column.convention or "verdict") for column in audit.columns]
    told = []
    for number, claim in enumerate(audit.claims):
        grades = [_WORDS[column.findings[number].grade] for column in audit.columns]
        told.append((prose(Code(str(claim))), *map(prose, grades)))
    yield Table(tuple(map(prose, ("claim", *heads))), tuple(told), words=1 + len(heads))
    rows: list[tuple[Prose, ...]] = []
    sentences: list[Prose] = []
    for number, claim in enumerate(audit.claims):
        findings = [column.findings[number] for column in audit.columns]
        for conventions, finding in _alike(heads, findings):
            under = ", ".join(conventions) if len(conventions) < len(heads) else ""
            if finding.on_word:
                sentences.append(_on_word(claim, finding, under))
            tells = isinstance(claim.statement, Rounded) or finding.kind is not None
            if finding.grade in (Grade.RIGHT, Grade.ROUNDED) and not tells:
                continue
            if not finding.answers or finding.everywhere:
                rows += [(*row, prose(under)) for row in _rows(claim, finding)]
            sentences += _sentences(claim, finding, under)
            sentences += _completions(audit.problem, claim, finding, under)
    if rows:
        head = ["number", "is", "claimed", "verdict", "under"]
        if not any(row[-1] for row in rows):
            head, rows = head[:-1], [row[:-1] for row in rows]
        yield paragraph("What is so, where that is not what is claimed:")
        yield Table(tuple(map(prose, head)), tuple(rows), words=len(head) - 2)
    for sentence in sentences:
        yield Paragraph(sentence)
    yield from following(audit)


def _some(names: Sequence[str]) -> str:
    """The first few of names."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _of(claim: Claim, under: str) -> Prose:
    return prose(Code(str(claim)), f" ({under}): " if under else ": ")


def _on_word(claim: Claim, finding: Finding, under: str) -> Prose:
    return prose(
        _of(claim, under),
        f"it rests on a solver's word ({', '.join(finding.on_word)}): no certificate was found.",
    )


def _completions(problem: Problem, claim: Claim, finding: Finding, under: str) -> Iterator[Prose]:
    """Numbers that fit the file, for a claim and against it, where not everything is given."""
    if isinstance(claim.statement, Rounded):
        yield from _example(problem, claim, claim.statement, finding, under)
        return
    if finding.grade is Grade.WRONG and finding.answers and not finding.everywhere:
        yield prose(_of(claim, under), "it holds for no numbers that fit.")
    if finding.grade not in (Grade.OPEN, Grade.WRONG, Grade.UNDECIDED) or finding.everywhere:
        return
    for role, answer in finding.answers:
        found = [*completed(problem, answer)]
        if not found or role not in _ROLES:
            continue
        told = [f"{name} = {_nested(array.map(number_in_list).tolist())}" for name, array in found]
        then: Prose = ()
        if role == AGAINST and finding.values:
            reached = [equation(each.name, number_text(each.value, each.printed)) for each in finding.values]
            then = prose(" (", _codes(reached), ")")
        yield prose(_of(claim, under), f"{_ROLES[role]} at ", _codes(told), then, ".")


def _example(
    problem: Problem, claim: Claim, rounded: Rounded, finding: Finding, under: str
) -> Iterator[Prose]:
    """Say whether there are exact numbers that round to those that are given."""
    of = _of(claim, under)
    if finding.grade is Grade.WRONG:
        number = count(len(half_units(problem, rounded)), "number")
        yield prose(of, f"no exact example rounds to the {number} that are given as roundings.")
    for _, answer in finding.answers:
        if isinstance(answer, Sat) and finding.grade is Grade.RIGHT:
            values: Mapping[str, Array[Any]] = answer.witness.variables
            other = [
                _equation(entry(name, index), value)
                for name, array in values.items()
                for index, value in array.items()
                if isinstance(value, Interval) or problem.given.get(name, {}).get(index) != value
            ]
            boxed = isinstance(answer.witness, EnclosedWitness) and answer.witness.unknowns
            how = "enclosed" if boxed else "exact"
            yield prose(of, f"an example, {how}, that rounds to what is given has ", _codes(other), ".")


def _equation(name: str, value: Real) -> str:
    """``b1[0] = 1/3``, ``b1[0] = 0.3301``, ``w1[0,0] ≈ 0.414214``."""
    shown = number_in_list(value)
    if isinstance(value, int | Fraction):  # few digits more than what it rounds to
        places = next((n for n in range(_UNASKED) if not value * 10**n % 1), None)
        shown = shown if places is None else _placed(Fraction(value), places)
    return equation(name, shown)


def _codes(texts: Sequence[str]) -> Prose:
    """The first few of texts, as code."""
    listed = prose(*(part for text in texts[:SHOWN] for part in (", ", Code(text))))[1:]
    return prose(listed, f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")


def _sentences(claim: Claim, finding: Finding, under: str) -> Iterator[Prose]:
    """What else there is to say."""
    of = _of(claim, under)
    if finding.kind is not None:
        yield prose(of, f"{kind_text(finding.kind.point, finding.kind.found)}.")
    if finding.reason:
        yield prose(of, f"{finding.reason}.")
    if finding.factor is not None and finding.hint is None:
        times = "the negative of" if finding.factor == -1 else f"{rational_text(finding.factor)} times"
        yield prose(of, f"what is so is {times} what is claimed.")
    if finding.hint is not None:
        yield prose(of, _hint(claim, finding.hint))


def _hint(claim: Claim, hint: Hint) -> Prose:
    """Say how all of it is right."""
    if hint.factor is not None:
        some, are = _codes(hint.entries), "is" if len(hint.entries) == 1 else "are"
        if hint.factor == -1:
            return prose("the sign of ", some, f" {are} turned; the rest is right.")
        return prose(some, f" {are} {rational_text(hint.factor)} times what is claimed; the rest is right.")
    if hint.transposed:
        return prose("it is right of the transposed matrix.")
    if hint.step is None:
        return prose(f"it is right once {hint.swapped} {hint.places[0]} and {hint.places[1]} are exchanged.")
    if hint.step.rate < 0:
        return prose("it is right after a step uphill: θ + rate · ∂L/∂θ.")
    if claim.step is not None and hint.step.rate != claim.step.rate:
        return prose(f"it is right {hint.step}: the loss is scaled otherwise.")
    return prose("it is right ", "if all parameters move." if hint.step.moved is None else f"{hint.step}.")


def _alike(heads: Sequence[str], findings: Sequence[Finding]) -> list[tuple[list[str], Finding]]:
    """Findings that differ, each with the conventions under which it is so."""
    groups: list[tuple[list[str], Finding]] = []
    for head, finding in zip(heads, findings, strict=True):
        same = next((names for names, other in groups if other == finding), None)
        if same is None:
            groups.append(([head], finding))
        else:
            same.append(head)
    return groups


def _rows(claim: Claim, finding: Finding) -> Iterator[tuple[Prose, ...]]:
    after = "" if claim.step is None else " after the step"
    for value in finding.values[:SHOWN]:
        grade = value.grade or finding.grade
        words = _WORDS[grade]
        if value.printed is not None and value.printed.value and grade in (Grade.WRONG, Grade.CUT):
            words += f"; it rounds to {rounded_as(value.value, value.printed)}"
        exactly = number_text(value.value, value.printed)
        if isinstance(claim.statement, Rounded) and isinstance(value.value, Interval):
            low, high = map(decimal_text, (value.value.low, value.value.high))
            exactly, words = f"≈ {low} to {high}", _WORDS[grade]
        yield prose(Code(value.name), after), prose(exactly), prose(_claimed(value.claimed)), prose(words)
    if len(finding.values) > SHOWN:
        yield prose(f"… {len(finding.values) - SHOWN} more"), prose(""), prose(""), prose("")


def _claimed(text: str) -> str:
    """``== 3/8`` as ``== 0.375``, if that is no longer."""
    sign, _, number = text.partition(" ")
    if "/" not in number:
        return text
    decimal = decimal_text(parse_rational(number))
    return f"{sign} {decimal}" if parse_rational(decimal) == parse_rational(number) else text


def number_text(value: Real, printed: Printed | None = None) -> str:
    """``2/3 ≈ 0.666667``, ``1/8 = 0.125``; with two places more than are claimed."""
    places = 0 if printed is None else _places(printed) + 2
    if isinstance(value, Interval):
        return f"≈ {_decimal(value, places or _UNASKED)}"
    decimal, plain = decimal_text(value), isinstance(value, int | Fraction) and not is_long(value)
    if plain and exact_text(value) == decimal:
        return decimal
    if plain and parse_rational(decimal) == value:
        return f"{exact_text(value)} = {decimal}"
    return f"{exact_text(value) if plain else ''} ≈ {_decimal(value, places)}".strip()


def number_in_list(value: Real) -> str:
    """``2/3``, ``0.125``, ``≈ 1.41421``: one of many."""
    if isinstance(value, int | Fraction) and not is_long(value):
        return exact_text(value)
    return f"≈ {_decimal(value, _UNASKED) if isinstance(value, Interval) else decimal_text(value)}"


def _nested(texts: Any) -> str:
    """Texts in lists."""
    return f"[{', '.join(map(_nested, texts))}]" if isinstance(texts, list) else texts


def rounded_as(value: Real, printed: Printed) -> str:
    """The number with as many places as it is printed with."""
    return _placed(middle_of(value), _places(printed))


def _decimal(value: Real, places: int) -> str:
    """Six significant digits, or so many places if these are more."""
    short = decimal_text(value)
    digits = len(short.partition(".")[2]) if "e" not in short else places
    return short if places <= digits else _placed(middle_of(value), places)


def _placed(value: Fraction, places: int) -> str:
    with localcontext() as context:
        context.prec = 2 * MAX_EXPONENT
        quotient = Decimal(value.numerator) / Decimal(value.denominator)
        return f"{quotient.quantize(Decimal(1).scaleb(-places)):f}"


def _places(printed: Printed) -> int:
    return max(0, len(str(Fraction(printed.unit).denominator)) - 1)
