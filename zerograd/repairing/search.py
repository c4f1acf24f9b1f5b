"""The search for repairs: which given values to change, the fewest first. The core settles each set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from zerograd.core.auditing.claims import Claim
from zerograd.core.errors import FormatError, ProblemError, TooMuchWork
from zerograd.core.numbers.functions import NotClosed, Rational
from zerograd.core.numbers.work import DEFAULT, budget
from zerograd.core.question import given
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.repairing.asking import question_of
from zerograd.core.repairing.freed import Entry, Stretch, line_of, unfit
from zerograd.core.repairing.line import Place, enclosure
from zerograd.core.repairing.repairs import (
    Free,
    PrintedNumbers,
    Repairs,
    in_order,
    sets_of,
    with_values,
    wrong_claims,
)
from zerograd.core.repairing.settling import Found, closest, meant, settled, typical
from zerograd.repairing.slips import find_printed

Alive = Callable[[], bool]
Say = Callable[[str], None]
Ask = Callable[[Problem, float], Certificate | Mapping[Entry, Rational] | None]
ASKED = (2.0, 10.0)
"""Seconds, at most, for one question to solvers; all are asked for the first time before one is again."""


@dataclass
class Search:
    """A search for repairs, which keeps what it has found.

    Attributes:
        changes: up to so many values are changed together.
        alive: whether there is time left.
        say: is told what is looked at.
        ask: puts a question to solvers, for so many seconds; returns a certificate, or numbers that answer.
    """

    problem: Problem
    claims: tuple[Claim, ...]
    changes: int
    alive: Alive
    say: Say
    ask: Ask
    wrong: tuple[int, ...] = ()
    found: list[Found] = field(default_factory=list)
    open: list[Free] = field(default_factory=list)
    certificates: dict[Free, Certificate] = field(default_factory=dict)
    printed: PrintedNumbers | None = None

    def run(self) -> Repairs:
        """Look for repairs, until they are found or time is up. (Ctrl-C ends it: `result` has what it found.)

        Raises:
            FormatError: not everything is given, or a claim has no meaning.
            TooMuchWork: the audit takes too much work.
        """
        with budget(DEFAULT):
            self.wrong = wrong_claims(self.problem, self.claims)
        self.say("working out the printed numbers one by one")
        self.printed = find_printed(self.problem, self.claims, self.alive)
        if self.wrong:
            ordered = in_order(self.claims, self.wrong)
            for size in range(1, self.changes + 1):
                if not self.found:
                    self._sets(ordered, size)
                    if size == 1 < self.changes and not self.found:
                        self._exchanged(ordered)
                    self._asked(ordered, size)
        return self.result()

    def result(self) -> Repairs:
        """Return what is found by now: sets of which nothing is known are open."""
        size = len(self.found[0].entries) if self.found else self.changes
        unknown = [free for free in self.open if len(free) <= size]
        found = sorted(self.found, key=self._rank)
        return Repairs(
            self.problem,
            self.claims,
            self.wrong,
            self.changes,
            tuple(found),
            tuple(unknown),
            self.certificates,
            self.printed,
        )

    def _sets(self, claims: Sequence[Claim], size: int) -> None:
        """Settle all sets of so many numbers; try what may have been meant in those that are not settled."""
        sets = [*sets_of(self.problem, size)]
        self.open = [*self.open, *sets]
        for number, free in enumerate(sets):
            if not self.alive():
                return
            if number % 20 == 0:
                what = "one value" if size == 1 else f"{size} values"
                self.say(f"changing {what}: {number} of {len(sets)} sets")
            try:
                with budget(DEFAULT):
                    found = settled(self.problem, claims, free)
            except TooMuchWork:
                found = None
            if found is None:
                self.found += self._tried(claims, free)
            else:
                self.open.remove(free)
                self.found += found

    def _asked(self, claims: Sequence[Claim], size: int) -> None:
        """Ask solvers about sets that are open, until one helps: of one number, all its values are known."""
        for seconds in ASKED:  # what is easy comes first
            self._asked_for(claims, [free for free in self.open if len(free) == size], seconds)

    def _asked_for(self, claims: Sequence[Claim], sets: Sequence[Free], seconds: float) -> None:
        for number, free in enumerate(sets):
            if self.found or not self.alive():
                return
            self.say(f"asking whether values help: {number} of {len(sets)} sets")
            question = question_of(self.problem, claims, free)
            answer = None if question is None else self.ask(question, seconds)
            if isinstance(answer, Certificate):
                self.certificates[free] = answer
                self.open.remove(free)
            elif answer is not None:
                self.found += self._plainer(claims, {at: answer[at] for at in free if at in answer}, free)

    def _plainer(self, claims: Sequence[Claim], values: dict[Entry, Rational], free: Free) -> list[Found]:
        """Repairs near numbers that a solver has found: likely values, or few decimals, one after another."""
        *others, last = free
        if len(values) < len(free):
            return []
        for at in others:
            beside = {each: value for each, value in values.items() if each != at}
            for found in self._along(claims, at, beside):
                if found.stretch.holds(values[at]):
                    value, _ = meant(self.problem, at, found.stretch)
                    values[at] = values[at] if value is None else value
                    break
        return self._along(claims, last, {at: values[at] for at in others})

    def _along(self, claims: Sequence[Claim], last: Entry, values: Mapping[Entry, Rational]) -> list[Found]:
        """Repairs by one number, with values of others."""
        try:
            with budget(DEFAULT):
                stretches = line_of(self.problem, claims, last, values).stretches()
        except (NotClosed, FormatError, TooMuchWork):
            return []
        return [Found(tuple(values.items()), last, each) for each in stretches if each.decided]

    def _tried(self, claims: Sequence[Claim], free: Free) -> list[Found]:
        """Repairs among values that may have been meant."""
        try:
            if unfit(self.problem) is not None:
                return self._by_audits(claims, free)
            *others, last = free
            found: list[Found] = []
            for values in product(*(typical(self.problem, at).values() for at in others)):
                if not self.alive():
                    break
                found += self._along(claims, last, dict(zip(others, values, strict=True)))
        except TypeError:  # numbers that are not rational
            return []
        return found

    def _exchanged(self, claims: Sequence[Claim]) -> None:
        """Try two numbers of one array in each other's place, as where a 2×2 matrix is transposed.

        This comes before solvers are asked, where little else can be known.
        """
        if unfit(self.problem) is None:
            return
        arrays, sets = given.given_arrays(self.problem), [*sets_of(self.problem, 2)]
        for one, other in sets:
            values = (arrays[other.name][other.index], arrays[one.name][one.index])
            if one.name == other.name and values[0] != values[1] and self.alive():
                self.say(f"exchanging {one} and {other}")
                self.found += self._audited(claims, dict(zip((one, other), values, strict=True)))
        if self.found:
            self.open = [*self.open, *sets]

    def _by_audits(self, claims: Sequence[Claim], free: Free) -> list[Found]:
        found = []
        for values in product(*(typical(self.problem, at).values() for at in free)):
            if not self.alive():
                break
            found += self._audited(claims, dict(zip(free, values, strict=True)))
        return found

    def _audited(self, claims: Sequence[Claim], changed: Mapping[Entry, Rational]) -> list[Found]:
        """The repair by these values, if an audit decides all claims, and finds none wrong, with them."""
        try:
            with budget(DEFAULT):
                if wrong_claims(with_values(self.problem, changed), claims, undecided=True):
                    return []
        except (ProblemError, TooMuchWork):
            return []
        *others, (last, value) = changed.items()
        return [Found(tuple(others), last, Stretch(value, value, True, True))]

    def _rank(self, found: Found) -> tuple[bool, Fraction, str]:
        """What was likely meant comes first, then small changes."""
        _, slip = meant(self.problem, found.free, found.stretch)
        arrays = given.given_arrays(self.problem)
        place, _ = closest(self.problem, found)
        far = [abs(Fraction(value) - arrays[at.name][at.index]) for at, value in found.values]
        far.append(distance(place, Fraction(arrays[found.free.name][found.free.index])))
        return not slip, max(far), " ".join(map(str, found.entries))


def distance(place: Place, value: Fraction) -> Fraction:
    """Return how far a place is from a number, to many digits."""
    low, high = enclosure(place, 200)
    return abs((low + high) / 2 - value)
