"""The smallest witnesses so far, of each orbit of symmetries one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, prod
from typing import TypeAlias

from zerograd.core.errors import Refused, present
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search.smallest.canonical import canonical
from zerograd.search.smallest.orbits import Symmetry, moved

Rows: TypeAlias = tuple[tuple[tuple[Fraction, ...], tuple[Fraction, ...]], ...]
"""For each sample its inputs and targets."""
Values: TypeAlias = tuple[tuple[Fraction, ...], Rows]
"""Parameters, entry after entry, and the samples."""
Taste: TypeAlias = tuple[object, ...]
_UNUSUAL: Taste = (inf,)
"""The taste of what was not found here: it may be in a form that the search never gives it."""


def variant(values: Values, symmetry: Symmetry, *, renumber: bool) -> Values:
    """What a symmetry makes of a witness, its samples in order of input and target."""
    rows = [(moved(symmetry.inputs, x), moved(symmetry.targets, y)) for x, y in values[1]]
    return moved(symmetry.parameters, values[0]), tuple(sorted(rows) if renumber else rows)


def taste(values: Values) -> Taste:
    """The order of witnesses of one size: fewest negative values, then small ones in front."""
    flat = [*values[0], *(v for x, y in values[1] for v in (*x, *y))]
    return (sum(v < 0 for v in flat), [(abs(v), v < 0) for v in flat])


def values_of(witness: Witness) -> Values:
    """The numbers of a rational witness."""
    rows = zip(witness.x.rows(), witness.y.rows(), strict=True)
    flat = (value for array in witness.parameters.values() for value in array.entries)
    return _fractions(flat), tuple((_fractions(x), _fractions(y)) for x, y in rows)


def _fractions(values: object) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, values))  # type: ignore[call-overload]  # rational witnesses only


def witness_of(problem: Problem, values: Values) -> Witness:
    """The inverse of `values_of`."""
    arrays: dict[str, Array[Exact]] = {}
    rest = iter(values[0])
    samples = len(values[1])
    for name, shape in variable_shapes(problem.network, samples).items():
        if name in ("x", "y"):
            flat = [v for row in values[1] for v in row[name == "y"]]
        else:
            flat = [next(rest) for _ in range(prod(shape))]
        arrays[name] = Array(shape, tuple(flat))
    return Witness.of(problem, arrays)


@dataclass(slots=True)
class Best:
    """The ``count`` smallest witnesses of a problem that were offered, each accepted by the checker.

    Attributes:
        improved: called when there is another smallest one.
        asked: a question that asks for a minimum besides: what is no such minimum is not kept.
        passed_over: whether one was not kept because it takes too long to tell it from what differs by names
            and signs alone, or because it is not known to be such a minimum.
        worst: the size that a further one must not exceed; None while there are not enough.
    """

    problem: Problem
    count: int
    improved: Callable[[], None] = lambda: None
    asked: Problem | None = None
    passed_over: bool = False
    found: dict[object, tuple[Size, Taste, Witness]] = field(default_factory=dict)
    worst: Size | None = None

    @property
    def is_one(self) -> bool:
        """Whether one witness is wanted, of which no more is asked than the question does."""
        return self.count == 1 and self.asked is None

    @property
    def effort_of_judging(self) -> int:
        """Parameters that take about as long to compute with as to decide whether one is such a minimum."""
        if self.asked is None:
            return 0
        network = self.problem.network
        return 50 if network.widths[0] == network.widths[-1] == 1 else 400

    @property
    def ranked(self) -> list[tuple[Size, Witness]]:
        """The smallest first."""
        ordered = sorted(self.found.values(), key=lambda item: (item[0], item[1]))
        return [(size, witness) for size, _, witness in ordered]

    def begin_with(self, values: Values) -> None:
        """Keep a known answer until a smaller one comes, or it is come upon again: then in its usual form."""
        orbit = self._orbit(values)
        witness = _accepted(self.problem, values)
        if orbit is not None and self._judged(witness) is True:
            self._keep(orbit, witness, _UNUSUAL)

    def offer(self, values: Values, own: Sequence[Symmetry], *, renumber: bool = False) -> None:
        """Keep it if it is an answer, and among the smallest.

        Args:
            own: symmetries that make answers of answers: of all that come of it the most pleasant is kept.
            renumber: whether the samples may be put into another order.
        """
        variants = (variant(values, symmetry, renumber=renumber) for symmetry in own)
        tasty, pleasant = min((taste(v), v) for v in variants)
        orbit = self._orbit(values)
        if orbit is None:
            self.passed_over = True
            return
        known = self.found.get(orbit)
        if known is not None and known[1] <= tasty:
            return
        try:
            witness = _accepted(self.problem, values)
        except Refused:  # a condition that was not looked at before
            return
        judged = self._judged(witness)
        if not judged:
            self.passed_over |= judged is None
            return
        if pleasant != values:
            witness = _accepted(self.problem, pleasant)  # a symmetry that is none would be a bug
        self._keep(orbit, witness, tasty)

    def _judged(self, witness: Witness) -> bool | None:
        """Whether it is such a minimum as is asked for; None where that is not known."""
        if self.asked is None:
            return True
        from zerograd.classifying.judged import judged  # few questions ask for it

        return judged(self.asked, witness.answering(self.asked), brief=True).answers

    def _orbit(self, values: Values) -> object:
        """The same for witnesses that differ by names and signs alone; None where that takes too long."""
        if self.count == 1:  # there is none that it might be the same as
            return values
        return canonical(self.problem.network, self.problem.derivative_at_kink, *values)

    def _keep(self, orbit: object, witness: Witness, tasty: Taste) -> None:
        size = present(size_of(witness), "size of a rational witness")
        if orbit not in self.found and len(self.found) >= self.count:
            worst = max(self.found.items(), key=lambda item: item[1][:2])
            if worst[1][:2] <= (size, tasty):
                return
            del self.found[worst[0]]
        self.found[orbit] = size, tasty, witness
        if len(self.found) >= self.count:
            self.worst = max(size for size, _, _ in self.found.values())
        if self.ranked[0][1] is witness:
            self.improved()


def _accepted(problem: Problem, values: Values) -> Witness:
    """The witness. Raises Refused."""
    witness = witness_of(problem, values)
    check_witness(problem, witness)
    return witness
