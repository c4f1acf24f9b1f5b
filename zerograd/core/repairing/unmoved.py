"""Claims that are wrong whatever some given numbers are: what they are about does not depend on these.

Numbers that are free, and all that is calculated of them, are one mark; 0 times the mark is 0. A claim that
is wrong without it is wrong for all values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from zerograd.core.auditing.claims import Claim, Digits, Step
from zerograd.core.auditing.findings import Grade
from zerograd.core.auditing.grading import graded
from zerograd.core.auditing.judging import after_step
from zerograd.core.model.activations import Activation
from zerograd.core.model.backprop import Site
from zerograd.core.model.enclosing import BITS_OF_POINTS, EnclosingActivate
from zerograd.core.model.kinks import Kink
from zerograd.core.model.point import Point
from zerograd.core.numbers.functions import Functions, Rational, Straddles
from zerograd.core.numbers.real import RealFunctions
from zerograd.core.question import given
from zerograd.core.question.conditions import Condition, evaluate, number_of
from zerograd.core.question.enclosures import EnclosureAlgebra, Known
from zerograd.core.question.language import Comparison
from zerograd.core.question.problem import Problem
from zerograd.core.repairing.freed import Entry, convention_of, lazily_named, with_entries
from zerograd.core.repairing.loose import LOOSE, Loose


@dataclass(frozen=True)
class LooseFunctions:
    """Functions of numbers that are exact, enclosed, or the mark."""

    real: RealFunctions = field(default_factory=lambda: RealFunctions(BITS_OF_POINTS))

    @property
    def pi(self) -> Any:
        return self.real.pi

    def divide(self, a: Any, b: Any, /) -> Any:
        return LOOSE if LOOSE in (a, b) else self.real.divide(a, b)

    def choose(
        self,
        z: Any,
        joins: Sequence[Rational],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[Rational | None],
        /,
    ) -> Any:
        return LOOSE if isinstance(z, Loose) else self.real.choose(z, joins, branches, at_joins)

    def __getattr__(self, name: str) -> Any:
        """A function of one number: exp, log and so on."""
        known = getattr(RealFunctions(BITS_OF_POINTS), name)
        return lambda z: z if isinstance(z, Loose) else known(z)


@dataclass(frozen=True)
class LooseActivate:
    """φ and φ′: of the mark, the mark."""

    convention: Kink
    functions: Functions

    def __call__(self, activation: Activation, site: Site, z: Any, /) -> tuple[Any, Any]:
        if isinstance(z, Loose):
            return z, z
        # Nothing is remembered: after a step another number stands at the same place.
        return EnclosingActivate(self.convention, self.functions, self.functions, {})(activation, site, z)


class LooseAlgebra(EnclosureAlgebra):
    """Conditions: of the mark nothing is known."""

    def divide(self, a: Any, b: Any) -> Any:
        return LOOSE if LOOSE in (a, b) else super().divide(a, b)

    def absolute(self, a: Any) -> Any:
        return a if isinstance(a, Loose) else super().absolute(a)

    def minimum(self, values: Sequence[Any]) -> Any:
        return LOOSE if LOOSE in values else super().minimum(values)

    def maximum(self, values: Sequence[Any]) -> Any:
        return LOOSE if LOOSE in values else super().maximum(values)

    def compare(self, a: Any, operator: Comparison, b: Any) -> Known:
        return None if LOOSE in (a, b) else super().compare(a, operator, b)


def wrong_anyway(
    problem: Problem,
    claims: Sequence[Claim],
    free: Collection[Entry],
    values: Mapping[Entry, Rational] = MappingProxyType({}),
) -> Claim | None:
    """Return a claim that is wrong whatever some numbers are; None: none is known to be.

    Args:
        free: the numbers.
        values: of other numbers, in place of those given.
    """
    convention = convention_of(problem)
    model = replace(problem.model, derivative_at_kink=convention)
    arrays = with_entries(given.given_arrays(problem), {**values, **dict.fromkeys(free, LOOSE)})
    functions = LooseFunctions()
    activate = LooseActivate(convention, functions.real)
    point: Point[Any] = Point(
        model,
        {name: arrays[name] for name in problem.network.shapes},
        arrays["x"],
        arrays["y"],
        activate,
        functions,
    )
    points: dict[Step | None, Point[Any]] = {None: point}
    return next((claim for claim in claims if _wrong(claim, points)), None)


def _wrong(claim: Claim, points: dict[Step | None, Point[Any]]) -> bool:
    if not isinstance(claim.statement, Digits | Condition):
        return False
    try:
        if claim.step is not None and claim.step not in points:
            points[claim.step] = after_step(points[None], claim.step)
        lookup, algebra = lazily_named(points[claim.step]), LooseAlgebra()
        if not isinstance(claim.statement, Digits):
            return evaluate(claim.statement, algebra, lookup) is False
        values = number_of(claim.statement.quantity, algebra, lookup).entries
    except (Straddles, ArithmeticError):
        return False
    pairs = zip(values, claim.statement.printed.entries, strict=True)
    return any(
        not isinstance(value, Loose) and graded(value, printed) is Grade.WRONG for value, printed in pairs
    )
