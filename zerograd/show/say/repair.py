"""Repairs for people: which given values to change, and where the printed numbers went wrong first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from zerograd.core.auditing.claims import LocalMinimum
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.rationals import parse_rational, rational_text
from zerograd.core.numbers.real import Real
from zerograd.core.question import given
from zerograd.core.repairing.freed import Entry
from zerograd.core.repairing.line import Place, enclosure
from zerograd.core.repairing.repairs import Repairs
from zerograd.core.repairing.settling import Found, meant, typical
from zerograd.core.repairing.slips import Number, Slip
from zerograd.core.repairing.worked import sheet_of
from zerograd.document import html, markdown, text
from zerograd.document.blocks import Block, Code, Paragraph, Prose, Table, heading, paragraph, prose
from zerograd.document.numbers import decimal_text
from zerograd.show.say.audit import number_text
from zerograd.show.words import count

SHOWN = 12
"""Repairs and numbers that are shown; documents have them all."""

_MEANT = {
    "sign": "the sign",
    "ten times": "off by ten",
    "a tenth": "off by ten",
    "twice": "a factor of 2",
    "half": "a factor of 2",
    "one minus": "1 − it",
    "left out": "0",
}


def repair_text(repairs: Repairs, *, width: int = text.WIDTH) -> str:
    """For a terminal of so many columns."""
    return text.written([*_blocks(repairs)], width=width, indent=0)


def repair_markdown(repairs: Repairs) -> str:
    """In Markdown."""
    return markdown.written([heading(repairs.problem.title or "Repair", level=0), *_blocks(repairs)])


def repair_html(repairs: Repairs) -> str:
    """Return a fragment of HTML, for notebooks."""
    return html.written([heading(repairs.problem.title or "Repair", level=0), *_blocks(repairs)], "repair")


def verdict(repairs: Repairs) -> str:
    """What was found, in a sentence or two."""
    if not repairs.wrong:
        return "No claim is wrong: there is nothing to repair."
    is_ = "is" if len(repairs.wrong) == 1 else "are"
    told = f"{len(repairs.wrong)} of {count(len(repairs.claims), 'claim')} {is_} wrong."
    if repairs.found:
        size = len(repairs.found[0].entries)
        ways = count(len(repairs.found), "way")
        others = "" if size == 1 or any(len(free) < size for free in repairs.open) else "; fewer do not help"
        which = "one given value" if size == 1 else f"{size} given values"
        all_ = (
            "all others"
            if any(isinstance(each.statement, LocalMinimum) for each in repairs.claims)
            else "all"
        )
        return f"{told} A change of {which} makes {all_} right, in {ways}{others}."
    upto = "one given value" if repairs.changes == 1 else f"up to {repairs.changes} given values"
    if not repairs.open:
        return f"{told} No change of {upto} helps: proved."
    open_ = count(len(repairs.open), "set")
    return f"{told} No change of {upto} was found that helps; {open_} of values are open."


def _blocks(repairs: Repairs) -> Iterator[Block]:
    yield paragraph(verdict(repairs))
    yield from _changes(repairs)
    yield from _printed(repairs)


def _changes(repairs: Repairs) -> Iterator[Block]:
    if repairs.found:
        rows = [row for found in repairs.found[:SHOWN] for row in _rows(repairs, found)]
        head = ("given", "as", "to read", "or", "slip")
        kept = [column for column in range(5) if column < 3 or any(row[column] != prose("") for row in rows)]
        yield Table(
            tuple(prose(head[column]) for column in kept),
            tuple(tuple(row[column] for column in kept) for row in rows),
            words=len(kept) - 3,
        )
        if (more := len(repairs.found) - SHOWN) > 0:
            yield paragraph(f"… {more} more: --json prints all.")
        for claim in repairs.claims:
            if isinstance(claim.statement, LocalMinimum):
                yield Paragraph(prose(Code(str(claim)), " is not looked at: audit what helps."))
    if repairs.wrong:
        refuted = [
            f"{number} {'of one value' if size == 1 else f'of {size} values'}"
            for size, number in repairs.refuted.items()
            if number
        ]
        if refuted:
            yield paragraph(f"Changes that do not help, whatever the values become: {', '.join(refuted)}.")
        if repairs.open and repairs.found:
            yield paragraph(f"Not settled: {count(len(repairs.open), 'set')} of values.")


def _rows(repairs: Repairs, found: Found) -> Iterator[tuple[Prose, ...]]:
    problem = repairs.problem
    arrays = given.given_arrays(problem)
    for at, value in found.values:
        like = "exchanged" if _exchanged(arrays, found) else _like(repairs, at, value)
        yield _row(at, arrays[at.name][at.index], number_text(value), "", like)
    at = found.free
    to_read, like = meant(problem, at, found.stretch)
    to = _place_text(found.stretch.low) if to_read is None else number_text(to_read)
    like = _words(like)
    if _exchanged(arrays, found):
        like = "exchanged"
    yield _row(at, arrays[at.name][at.index], to, _others(found), like)


def _exchanged(arrays: Mapping[str, Array[Any]], found: Found) -> bool:
    """Whether two numbers of one array stand in each other's place."""
    if len(found.values) != 1 or not found.stretch.is_point:
        return False
    ((one, value),), other = found.values, found.free
    old = arrays[one.name][one.index], arrays[other.name][other.index]
    return one.name == other.name and (found.stretch.low, value) == old


def _row(at: Entry, old: Real, to: str, others: str, like: str) -> tuple[Prose, ...]:
    return prose(Code(str(at))), prose(number_text(old)), prose(to), prose(others), prose(like)


def _like(repairs: Repairs, at: Entry, value: Any) -> str:
    return _words(next((why for why, other in typical(repairs.problem, at).items() if other == value), ""))


def _words(like: str) -> str:
    return _MEANT.get(like, like)


def _others(found: Found) -> str:
    """Which other values would do."""
    stretch = found.stretch
    if stretch.is_point:
        return ""
    low, high = _place_text(stretch.low), _place_text(stretch.high)
    if not low:
        return f"{'at most' if stretch.has_high else 'below'} {high}" if high else "any"
    if not high:
        return f"{'at least' if stretch.has_low else 'above'} {low}"
    return f"{'from' if stretch.has_low else 'above'} {low} {'to' if stretch.has_high else 'to below'} {high}"


def _place_text(place: Place | None) -> str:
    if place is None:
        return ""
    if isinstance(place, int | Fraction):
        return number_text(place)
    low, high = enclosure(place, 100)
    return f"≈ {decimal_text((low + high) / 2)}"


def _printed(repairs: Repairs) -> Iterator[Block]:
    if repairs.printed is None:
        return
    sheet = sheet_of(repairs.problem, repairs.claims)
    exactly, before, after = repairs.printed.works(sheet)
    off = len(exactly.unfollowed)
    if not off:
        return
    bad = before.unfollowed
    told = f"If the given values are meant: {off} of {count(len(exactly.came), 'printed number')} "
    told += "is off" if off == 1 else "are off"
    if not bad:
        yield paragraph(f"{told}; each follows from what is printed before it, rounded as it is.")
        return
    what = "this one does not follow" if len(bad) == 1 else f"{len(bad)} do not follow"
    rest = "; the others do" if len(bad) < off else ""
    yield paragraph(f"{told}. From what is printed before, {what}{rest}:")
    rows = [
        (
            prose(Code(str(each))),
            prose(number_text(before.came[each], sheet.printed[each])),
            prose(
                sheet.printed[each].text
                if sheet.printed[each].unit
                else number_text(sheet.printed[each].value)
            ),
        )
        for each in bad[:SHOWN]
    ]
    if len(bad) > SHOWN:
        rows.append((prose(f"… {len(bad) - SHOWN} more"), prose(""), prose("")))
    yield Table(tuple(map(prose, ("number", "comes out", "printed"))), tuple(rows))
    if not repairs.printed.slips:
        return
    # The numbers that were off before: with slack there are fewer.
    followed = len(bad) - len({*after.unfollowed} & {*bad})
    near = ""
    if repairs.printed.slack:
        near = f", up to {decimal_text(100 * repairs.printed.slack)} % for what was rounded on the way"
    all_ = "all" if followed == len(bad) > 1 else str(followed)
    slips = count(len(repairs.printed.slips), "slip")
    follow = "this follows" if len(bad) == 1 else f"{all_} of these follow"
    yield paragraph(f"As if by {slips}, with which {follow}{near}:")
    for slip in repairs.printed.slips:
        yield Paragraph(prose("– ", *slip_prose(slip), _instead(slip, exactly.values, after.values)))


def _instead(slip: Slip, exactly: Any, after: Any) -> str:
    if slip.number.index is None or slip.number not in after:
        return ""
    return f": {_short(after[slip.number])} in place of {_short(exactly[slip.number])}"


def _short(value: Real) -> str:
    decimal = decimal_text(value)
    return (
        decimal if isinstance(value, int | Fraction) and parse_rational(decimal) == value else f"≈ {decimal}"
    )


def slip_prose(slip: Slip) -> Prose:
    """What went wrong, in words."""
    number = Code(str(slip.number))
    match slip.kind:
        case "factor":
            return prose(number, f" was taken {_times(slip.factor)}")
        case "term":
            term = Code(_term(slip.number, slip.term))
            if slip.factor == 0:
                return prose("in ", number, " the term ", term, " was left out")
            return prose("in ", number, " the term ", term, f" was taken {_times(slip.factor)}")
        case "unactivated":
            return prose(number, " was taken without the activation")
        case "underived":
            return prose(number, " was taken without the derivative of the activation")
        case "transposed":
            return prose("in ", number, " the weights were taken transposed")
        case "updated":
            return prose("in ", number, " the weights were taken as they are after the step")
    return prose(number, ": the step was added, not subtracted")


def _times(factor: int | Fraction) -> str:
    if factor == -1:
        return "with the other sign"
    words = {10: "ten times", Fraction(1, 10): "as a tenth", 2: "twice", Fraction(1, 2): "by half"}
    return words.get(factor, f"{rational_text(factor)} times")


def _term(number: Number, term: int) -> str:
    """A summand, as the product that it is."""
    name, index = number.name, number.index or (0, 0)
    if name.startswith("z"):
        layer = int(name[1:])
        if term < 0:
            return f"b{layer}[{index[1]}]"
        return f"w{layer}[{index[1]},{term}]*{_below(layer)}[{index[0]},{term}]"
    inner = name[5:-1]
    if inner == "x" or inner.startswith("a"):
        layer = 1 if inner == "x" else int(inner[1:]) + 1
        return f"w{layer}[{term},{index[1]}]*grad(z{layer})[{index[0]},{term}]"
    layer = int(inner[1:])
    delta = f"grad(z{layer})[{term},{index[0]}]"
    return delta if inner.startswith("b") else f"{delta}*{_below(layer)}[{term},{index[1]}]"


def _below(layer: int) -> str:
    return "x" if layer == 1 else f"a{layer - 1}"
