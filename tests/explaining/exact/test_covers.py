"""Covers of the zeros at a point against brute force: they suffice, none is smaller, structural ones hold."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings

from tests.explaining.exact.drawn import Label, Reference, points
from zerograd.core.model.point import Point
from zerograd.core.numbers.arrays import indices
from zerograd.core.numbers.exact import Exact
from zerograd.explaining.exact.masks import bits
from zerograd.explaining.exact.narrowing import Narrowing
from zerograd.explaining.exact.patterns import Patterns, Slot
from zerograd.explaining.exact.roots import Covers, Root, find_roots


def label(root: Root) -> Label:
    """What `Reference` calls a root."""
    if root.kind == "zero_adjoint":
        return "zero_adjoint", "loss"
    if root.name:
        summed = any(slot is Slot.SUM for slot, _ in root.closed)
        return str(root.kind), root.name.replace("a", "z") if summed else root.name
    return str(root.kind), f"layer {root.layer}"


@given(points(depth=4, width=2, samples=2))
@settings(max_examples=60)
def test_covers_suffice_and_none_is_smaller(pair: tuple[Point[Exact], Point[Exact]]) -> None:
    """Each zero entry has covers; they make all its terms zero, and no fewer roots do."""
    point, _ = pair
    patterns = Patterns(point)
    roots = find_roots(patterns)
    covers = Covers(patterns, roots)
    genuine = [root for root in roots if not root.derived]
    for name, zeros in patterns.zeros.items():
        every = list(indices(patterns.shapes[name]))
        found = list(covers.cover(name, zeros)) if zeros else []
        for entry, index in enumerate(every):
            assert bool(zeros >> entry & 1) == (point.gradients[name][index] == 0)
            here = [[roots[i] for i in numbers] for numbers, entries in found if entries >> entry & 1]
            assert bool(here) == bool(zeros >> entry & 1)
            for cover in here:
                assert Reference(point, map(label, cover)).gradient(name, index)
            if not here:
                continue
            alone = {label(r) for r in genuine if Reference(point, [label(r)]).gradient(name, index)}
            assert alone <= {label(cover[0]) for cover in here if len(cover) == 1}
            smallest = min(len(cover) for cover in here)
            if smallest > 1 and all(not root.derived for cover in here for root in cover):
                for some in combinations(genuine, smallest - 1):
                    assert not Reference(point, map(label, some)).gradient(name, index)


@given(points(depth=4))
@settings(max_examples=150)
def test_structural_zeros_are_zero_with_other_data(pair: tuple[Point[Exact], Point[Exact]]) -> None:
    """What is said to hold whatever the data are holds at another point with these parameters."""
    point, other = pair
    patterns = Patterns(point)
    roots = find_roots(patterns)
    covers, narrowing = Covers(patterns, roots), Narrowing(patterns)
    for name, zeros in patterns.zeros.items():
        for numbers, entries in covers.cover(name, zeros) if zeros else ():
            told = narrowing.parts([roots[i] for i in numbers], name, entries)
            always = entries
            for parts in told:
                structural = 0
                for part in parts:
                    assert not part.entries & ~entries
                    structural |= part.entries if part.structural else 0
                always &= structural
            values = other.gradients[name].entries
            assert not any(values[entry] for entry in bits(always))
