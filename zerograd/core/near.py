"""Which known name somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from zerograd.core.numbers.work import spend

LONGEST = 100
"""Letters of a name up to which others are compared with it."""


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names that differ from a name by little, the nearest first.

    They begin alike (``int`` and ``integer``, ``binaries`` and ``binary``), or differ by few typing mistakes:
    a letter too many, missing, wrong, or exchanged with its neighbour (the optimal string alignment
    distance). Upper and lower case are the same. Of three letters one may be wrong, of shorter names none:
    what is further off is another name, and no mistake.
    """
    typed = name.lower()
    near: list[tuple[int, int, int, str]] = []
    for candidate in dict.fromkeys(known) if len(name) <= LONGEST else ():
        spend(5 + len(name) * len(candidate) // 2)
        meant = candidate.lower()
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(typed, meant, strict=False)))
        few = abs(len(typed) - len(meant)) <= len(typed) // 3
        distance = _distance(typed, meant) if few else len(typed) + len(meant)
        if distance <= len(typed) // 3 or alike >= max(3, min(2 * len(meant) // 3, len(typed))):
            near.append((distance, -alike, len(near), candidate))
    return [candidate for *_, candidate in sorted(near)[:most]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'w1'?)``, or nothing where no known name is near."""
    near = nearest(name, known)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _distance(first: str, second: str) -> int:
    """The number of mistakes between two texts."""
    before: list[int] = []
    above: list[int] = [*range(len(second) + 1)]
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        before, above = above, row
    return above[-1]
