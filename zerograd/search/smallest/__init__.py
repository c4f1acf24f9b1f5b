"""The smallest witnesses, by going through everything that is smaller.

Height after height, whole numbers before fractions: all parameters up to the height, the smallest first, one
of each class under the symmetries of the question; for each of them all datasets, as two halves that meet in
the middle (`zerograd.search.smallest.matching`). What was gone through to the end holds no smaller witness.
"""

from __future__ import annotations

from collections.abc import Callable

from zerograd.core.question.fitness import labels, no_least_squares, smooth
from zerograd.core.question.necessary import necessary
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.size import size_of
from zerograd.core.verdict.witness import Witness
from zerograd.search.messages import Ranked
from zerograd.search.smallest.best import Best, values_of
from zerograd.search.smallest.budget import Budget
from zerograd.search.smallest.choices import least_height
from zerograd.search.smallest.level import Level
from zerograd.search.verdict import Progress

HEIGHTS = 12
"""Heights that are gone through, from the least on."""
DRAWN_HEIGHTS = 3
"""Heights, from the least on, of which some parameters are drawn before any height is gone through."""
SIMPLE_HEIGHTS = 2
"""Heights below the least of which all free values are tried beside the given ones that are larger."""
MAX_PARAMETERS = 64
"""Beyond, there is no hope of going through even the smallest height."""


def unfit(problem: Problem) -> str | None:
    """Return why no small witnesses of the problem are looked for."""
    if problem.network.parameter_count > MAX_PARAMETERS:
        return f"there are more than {MAX_PARAMETERS} parameters"
    return smooth(problem) or labels(problem) or no_least_squares(problem)


def smallest(
    problem: Problem,
    known: Witness,
    *,
    count: int,
    seed: int,
    budget: Budget,
    progress: Progress,
    improved: Callable[[Ranked], None] = lambda _: None,
) -> Ranked:
    """The ``count`` smallest witnesses that differ by more than names and signs, as far as there is time.

    Args:
        known: a witness to begin with; the others have as many samples.
        budget: what may be spent on it.
        improved: called with the smallest one so far, whenever there is a smaller one and after each height.
    """
    if unfit(problem) is not None:
        return Ranked((known,), 0)
    asked, problem = problem, necessary(problem, alike=True).anywhere()
    least = least_height(problem, known.samples)
    exhausted = least - 1

    def tell() -> None:
        improved(Ranked((best.ranked[0][1],), exhausted))

    best = Best(problem, count, tell, asked if asked.minimum is not None else None)
    known = known.answering(problem)
    if size_of(known) is not None:
        best.begin_with(values_of(known))
    levels: dict[tuple[int, bool], Level | None] = {}

    def fractions(height: int) -> bool:
        return height > 1 and problem.domain != "integer"

    def level(height: int, *, integers: bool) -> Level | None:
        if (height, integers) not in levels:
            levels[height, integers] = Level.of(
                problem, known.samples, height, best, budget, integers=integers
            )
        return levels[height, integers]

    def searched(height: int) -> bool:
        """Whether no witness of this height is smaller than what is kept."""
        if fractions(height):
            integers = level(height, integers=True)
            ended = integers is not None and integers.search(budget, budget.part(1 / 2))
            if integers is not None and integers.settled:
                return ended and not best.passed_over
        every = level(height, integers=False)
        return every is not None and every.search(budget) and not best.passed_over

    draws = budget.part(1 / 3)
    for height in [*range(1, min(least, 1 + SIMPLE_HEIGHTS)), *range(least, least + DRAWN_HEIGHTS)]:
        for integers in (True, False) if fractions(height) else (False,):
            if height < least or best.worst is None or best.worst.height > height:
                drawn = level(height, integers=integers)
                if drawn is not None:
                    drawn.draw(seed, draws)
                    if height < least:
                        drawn.search(draws)
    for height in range(least, least + HEIGHTS):
        if best.worst is not None and best.worst.height < height:
            break
        progress(f"looking for numbers up to {height}")
        best.passed_over = False
        if not searched(height):
            break
        exhausted = height
        if best.ranked:
            tell()
    return Ranked(tuple(witness for _, witness in best.ranked), exhausted)
