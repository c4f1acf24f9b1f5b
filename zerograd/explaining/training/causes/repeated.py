"""In how many backward passes, each over samples of its own, something makes zeros of one gradient."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Sequence
from itertools import pairwise

from zerograd.explaining.tape.nodes import Node, Phase
from zerograd.explaining.training.causes.origins import Root


def starts_of(nodes: Sequence[Node]) -> list[int]:
    """Return the numbers at which the program goes forward again, after it went backward."""
    return [
        after.number
        for before, after in pairwise(nodes)
        if before.phase is Phase.BACKWARD and after.phase is not Phase.BACKWARD
    ]


def passes_of(root: Root, cone: Collection[int], starts: Sequence[int]) -> int:
    """Return in how many passes a root makes zeros; those that go back through the same values are one.

    Args:
        cone: numbers of the nodes that the gradient depends on.
    """
    seen: set[int] = set()
    passes: set[int] = set()
    for site in sorted(root.sites, key=lambda site: site.node.number):
        node = site.node
        if node.number not in cone:
            continue
        values = {node.number}
        if node.phase is Phase.BACKWARD:
            values = {s.node.number for s in node.sources() if s.node.phase is not Phase.BACKWARD}
        if not values <= seen:
            passes.add(bisect(starts, node.number))
        seen |= values
    return len(passes)
