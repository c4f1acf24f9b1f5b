"""A search for few slips from which the printed numbers follow. What it finds, the core calculates anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from zerograd.core.auditing.claims import Claim
from zerograd.core.model.activations import PiecewiseLinear
from zerograd.core.numbers.interval import Interval
from zerograd.core.question.problem import Problem
from zerograd.core.repairing.repairs import SLACK, PrintedNumbers
from zerograd.core.repairing.slips import FACTORS, Number, Slip, plain_name
from zerograd.core.repairing.worked import Sheet, Work, sheet_of

MOST = 8
"""Slips that are looked for."""
STEPS = 1_000_000
"""Numbers that are calculated in the search: a bound that no clock sways."""

Alive = Callable[[], bool]


def find_printed(problem: Problem, claims: Sequence[Claim], alive: Alive) -> PrintedNumbers | None:
    """Return slips in what claims print; if there are none, such with which the numbers follow nearly.

    Returns:
        None where nothing is printed of single numbers, or numbers have no value that is known.
    """
    try:
        sheet = sheet_of(problem, claims)
        if not sheet.printed:
            return None
        slips = find_slips(sheet, alive)
        if not slips and len(Work(sheet).done().unfollowed) > 1:
            near = find_slips(replace(sheet, slack=SLACK), alive)
            if near:
                return PrintedNumbers(near, SLACK)
    except ArithmeticError:
        return None
    return PrintedNumbers(slips)


def find_slips(sheet: Sheet, alive: Alive) -> tuple[Slip, ...]:
    """Return slips, each of which makes numbers follow that did not: the one that explains most comes first.

    A number that is not printed may have a slip if at least two printed ones follow with it.

    Args:
        alive: whether there is time left.

    Raises:
        ArithmeticError: numbers have no value that is known.
    """
    slips: dict[Number, Slip] = {}
    left = STEPS
    while len(slips) < MOST:
        base = Work(sheet, slips).done()
        if not base.unfollowed:
            break
        open_ = {*base.unfollowed}
        least, best = len(base.unfollowed), None
        for slip in _candidates(sheet, base):
            if slip.number in slips:
                continue
            left -= len(base.values)
            if left < 0 or not alive():
                return tuple(slips.values())
            try:
                tried = Work(sheet, slips | {slip.number: slip}, most=least).done()
            except ArithmeticError:
                continue
            count = len(tried.unfollowed)
            if count < least and (_own(sheet, slip, open_) or _tells(sheet, open_ - {*tried.unfollowed})):
                least, best = count, slip
        if best is None:
            break
        slips[best.number] = best
    return tuple(slips.values())


def _own(sheet: Sheet, slip: Slip, unfollowed: set[Number]) -> bool:
    """Whether it is a slip in a printed number that does not follow, or in the one that it is made of."""
    name = slip.number.name
    made = {name}
    if name[0] == "z":
        made.add(plain_name(f"a{name[1:]}", sheet.network.depth))
    elif name == "grad(y_hat)":
        made.add(f"grad(z{sheet.network.depth})")
    elif name.startswith("grad(a"):
        made.add(f"grad(z{name[6:-1]})")
    own = [replace(slip.number, name=each) for each in made]
    return any(each in unfollowed and sheet.printed[each].value != 0 for each in own)


def _tells(sheet: Sheet, followed: set[Number]) -> bool:
    """Whether so many numbers follow by no mere chance.

    Those that are 0 do not count: with a slip, much is. Where numbers may be off a little, those of one row
    do not count for more than one: they are multiples of one number.
    """
    followed = {number for number in followed if sheet.printed[number].value}
    if sheet.slack:
        followed = {replace(number, index=(number.index or ())[:1]) for number in followed}
    return len(followed) > 1


def _candidates(sheet: Sheet, base: Work) -> Iterator[Slip]:
    """Slips at numbers from which one comes that does not follow, the plain ones first."""
    last = base.unfollowed[-1]
    numbers = []
    for number in base.values:
        numbers.append(number)
        if number == last:
            break
    changeable = [number for number in numbers if _counts(base, number)]
    for number in changeable:
        for factor in FACTORS:
            yield Slip(number, "factor", factor)
    names = dict.fromkeys(replace(number, index=None) for number in numbers)
    for number in names:
        yield from _whole(sheet, number)
    for number in numbers:
        if number.name.startswith("grad(z"):
            yield Slip(number, "underived")
        elif _is_bent(sheet, number.name):
            yield Slip(number, "unactivated")
    for number in numbers:
        terms = base.summands.get(number, ())
        if len(terms) < 2:
            continue
        biased = number.name.startswith("z") and sheet.network.layers[int(number.name[1:]) - 1].bias
        for position, term in enumerate(terms):
            if not isinstance(term, Interval) and term == 0:
                continue
            place = -1 if biased and position == len(terms) - 1 else position
            for factor in (0, *FACTORS):
                yield Slip(number, "term", factor, place)


def _counts(base: Work, number: Number) -> bool:
    value = base.values[number]
    return isinstance(value, Interval) or value != 0


def _whole(sheet: Sheet, number: Number) -> Iterator[Slip]:
    """Slips with all numbers of a name."""
    name, depth = number.name, sheet.network.depth
    if name == "grad(y_hat)" and len(sheet.arrays["y"].entries) > 1:
        samples, outputs = sheet.arrays["y"].shape
        for factor in dict.fromkeys((*FACTORS, samples, outputs, samples * outputs)):
            if factor != 1:
                yield Slip(number, "factor", factor)
    elif name.startswith("grad(z"):
        if _is_bent(sheet, f"a{name[6:-1]}") or name == f"grad(z{depth})":
            yield Slip(number, "underived")
    elif _is_bent(sheet, name):
        yield Slip(number, "unactivated")
    elif name in sheet.network.shapes:
        yield Slip(number, "uphill")
    layer = name[1:] if name.startswith("z") else ""
    if name.startswith("grad(a"):
        layer = str(int(name[6:-1]) + 1)
    elif name == "grad(x)":
        layer = "1"
    if name.startswith("grad(a") and sheet.steps and number.step is None:
        yield Slip(number, "updated")
    if layer and len({*sheet.network.shapes[f"w{layer}"]}) == 1 and sheet.network.shapes[f"w{layer}"][0] > 1:
        yield Slip(number, "transposed")


def _is_bent(sheet: Sheet, name: str) -> bool:
    """Whether it names the activations of a layer whose function is not z itself."""
    depth = sheet.network.depth
    layer = depth if name == "y_hat" else int(name[1:]) if name[0] == "a" and name[1:].isdigit() else 0
    if not layer:
        return False
    activation = sheet.network.layers[layer - 1].activation
    return not (isinstance(activation, PiecewiseLinear) and activation.is_linear)
