"""Levels of given data: the function `levels`, and what it finds as an object."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zerograd.core.errors import FormatError
from zerograd.core.landscape.documents import to_json
from zerograd.core.landscape.levels import LeastLoss, Level, unfit
from zerograd.core.landscape.levels import Levels as Found
from zerograd.core.question.problem import Problem

DEFAULT_TIMEOUT = 60.0


@dataclass(frozen=True, repr=False)
class Levels:
    """The losses of critical points off the kinks, for given data; ``str(levels)`` is a table."""

    found: Found

    @property
    def levels(self) -> tuple[Level, ...]:
        """Return each loss with a local minimum that has it, the lowest first."""
        return self.found.levels

    @property
    def least(self) -> LeastLoss | None:
        """Return the least loss of all parameters, on kinks too, proved; None if it was not found."""
        return self.found.least

    @property
    def complete(self) -> bool:
        """Return whether it is proved that there are no others."""
        return self.found.proof is not None

    def __str__(self) -> str:
        from zerograd.show.say.levels import levels_text

        return levels_text(self.found)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from zerograd.show.jupyter import literal
        from zerograd.show.say.levels import levels_html

        return literal(levels_html(self.found))

    def to_json(self) -> dict[str, Any]:
        """Return the document (docs/FORMATS.md)."""
        return to_json(self.found)


def levels(
    data: Problem | str | os.PathLike[str],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    progress: Callable[[str], None] | None = None,
) -> Levels:
    """Find all losses that critical points off the kinks have, and a local minimum for each.

    Args:
        data: a problem, or the path of a problem file: one hidden layer of ReLU units with biases, one linear
            output, a loss of least squares; all of ``x`` and ``y`` given, and nothing else.
        timeout: seconds after which what was found is returned; it is not known to be all, then.
        progress: called with a short line as the search goes on.

    Raises:
        SpecError: a file with mistakes.
        FormatError: another kind of problem, with the reason.
        ValueError: a timeout that is not above 0.
    """
    if timeout <= 0:
        raise ValueError("timeout must be above 0")
    deadline = time.monotonic() + timeout
    if not isinstance(data, Problem):
        from zerograd.spec.read import load

        data = load(data)
    if reason := unfit(data):
        raise FormatError(reason)
    from zerograd.classifying.levels import find_levels

    return Levels(find_levels(data, lambda: time.monotonic() < deadline, progress or (lambda _: None)))
