"""Which samples and units of a root matter for some zero entries: as few as still explain them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zerograd.explaining.exact.masks import bits, full, listed, nonzero, split, transposed
from zerograd.explaining.exact.patterns import Closed, Patterns, Place, Slot, union
from zerograd.explaining.exact.roots import Root

_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """What a root does to some entries of a gradient.

    Attributes:
        samples: on which; None where samples do not matter, or are too many and too mixed to be told.
        units: which (of the layer, the inputs, the outputs); None where they cannot be said.
        entries: the zero entries that it helps to explain.
        alone: whether this part suffices, so far as the root does.
    """

    samples: tuple[int, ...] | None
    units: tuple[int, ...] | None
    entries: int
    structural: bool
    alone: bool = True


class Narrowing:
    """Narrows the roots of a cover down, each time verified by a walk."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns

    def parts(self, cover: Sequence[Root], name: str, entries: int) -> list[list[Part]]:
        """Return, for each root of a cover, which samples and units explain some entries.

        Those that hold whatever the data are stand apart.
        """
        always = [
            self._explained([root.fixed, *(other.closed for other in cover if other is not root)], name)
            if any(map(any, root.fixed.values()))
            else 0
            for root in cover
        ]
        claimed = entries
        for explained in always:
            claimed &= explained
        if claimed and len(cover) > 1:  # all of them whatever the data are: together they must be so as well
            claimed &= ~self._explained([root.fixed for root in cover], name)
            always = [explained & ~claimed for explained in always]
        return [
            list(
                self._parts(root, [o.closed for o in cover if o is not root], name, entries, fixed & entries)
            )
            for root, fixed in zip(cover, always, strict=True)
        ]

    def _parts(
        self, root: Root, beside: Sequence[Closed], name: str, entries: int, fixed: int
    ) -> Iterator[Part]:
        if root.own:
            yield self._own(name, entries)
            return
        if fixed:
            yield from self._narrowed(root, root.fixed, beside, name, fixed, structural=True)
        if entries & ~fixed:
            yield from self._narrowed(root, root.closed, beside, name, entries & ~fixed, structural=False)

    def _explained(self, closed: Sequence[Closed], name: str) -> int:
        return self._patterns.walk(union(closed)).zeros(name)

    def _own(self, name: str, entries: int) -> Part:
        """Return the part that a sum has in itself: the rows in which its terms cancel, and their samples."""
        patterns = self._patterns
        if name == "x":
            rows = split(entries, patterns.count, patterns.widths[0])
            inputs = 0
            for row in rows:
                inputs |= row
            return Part(listed(nonzero(rows)), listed(inputs), entries, structural=False)
        number, columns = int(name[1:]), 1 if name[0] == "b" else patterns.widths[int(name[1:]) - 1]
        rows = split(entries, patterns.widths[number], columns)
        classes = {
            c
            for c, sample in enumerate(patterns.samples)
            for unit in bits(sample.delta[number - 1])
            if rows[unit] & (1 if name[0] == "b" else sample.x if number == 1 else sample.a[number - 2])
        }
        return Part(patterns.members(classes), listed(nonzero(rows)), entries, structural=False)

    def _narrowed(
        self,
        root: Root,
        closed: Closed,
        beside: Sequence[Closed],
        name: str,
        entries: int,
        *,
        structural: bool,
    ) -> Iterator[Part]:
        by_class = not any(slot in (Slot.WEIGHT, Slot.BACK, Slot.BIAS) for slot, _ in closed)
        if not by_class:
            yield from self._of_weights(closed, beside, name, entries, structural=structural)
            return
        some = _any_slot(list(closed.values()))
        for candidate in self._candidates(root.layer, some, name, entries):
            if any(candidate) and self._suffices(closed, candidate, beside, name, entries):
                break
        else:
            candidate = some
        groups = self._rectangles(candidate, self._patterns.widths[root.layer])
        if len(groups) > _MOST_PARTS:
            yield Part(None, None, entries, structural)
            return
        if len(groups) == 1:
            ((classes, units),) = groups
            yield Part(self._patterns.members(bits(classes)), listed(units), entries, structural)
            return
        parts, explained, together = [], [], 0
        for classes, units in groups:
            only = [units if classes >> c & 1 else 0 for c in range(len(candidate))]
            if name != "x" and root.layer == int(name[1:]):
                mine = entries & self._rows_of(root.layer, units, name)
            else:
                mine = entries & self._explained([_narrow(closed, only), *beside], name)
            parts.append(Part(self._patterns.members(bits(classes)), listed(units), entries, structural))
            explained.append(mine)
            together |= mine
        if together == entries:
            yield from (
                replace(part, entries=mine) for part, mine in zip(parts, explained, strict=True) if mine
            )
        else:
            yield from (replace(part, alone=False) for part in parts)

    def _candidates(self, layer: int, some: Sequence[int], name: str, entries: int) -> Iterator[list[int]]:
        """Yield masks of units for each class, the fewest first."""
        patterns = self._patterns
        mine = some
        if name == "x":  # an input's gradient: its own samples
            rows = split(entries, patterns.count, patterns.widths[0])
            mine = [
                row if any(rows[m] for m in members) else 0
                for row, members in zip(some, patterns.classes, strict=True)
            ]
        whole = full(patterns.widths[layer])
        for row, own in zip(some, mine, strict=True):
            whole &= row if name != "x" or own else whole
        units = self._units_of(layer, name, entries)
        yield [row & whole & units if row else 0 for row in mine]
        yield [row & whole for row in mine]
        every = full(patterns.widths[layer])
        yield [row & units for row in mine]
        yield [row if row == every else 0 for row in mine]
        yield list(mine)

    def _units_of(self, layer: int, name: str, entries: int) -> int:
        """Return the units of a layer that some entries of a gradient belong to; all of another layer."""
        patterns, every = self._patterns, full(self._patterns.widths[layer])
        number = 0 if name == "x" else int(name[1:])
        if name == "x":
            if layer:
                return every
            rows = split(entries, patterns.count, patterns.widths[0])
        elif layer == number:
            columns = 1 if name[0] == "b" else patterns.widths[number - 1]
            return nonzero(split(entries, patterns.widths[number], columns))
        elif name[0] == "w" and layer == number - 1:
            rows = split(entries, patterns.widths[number], patterns.widths[number - 1])
        else:
            return every
        columns = 0
        for row in rows:
            columns |= row
        return columns

    def _rows_of(self, layer: int, units: int, name: str) -> int:
        """Return the entries of a gradient in the rows of some units."""
        width = 1 if name[0] == "b" else self._patterns.widths[layer - 1]
        rows = 0
        for unit in bits(units):
            rows |= full(width) << unit * width
        return rows

    def _suffices(
        self, closed: Closed, chosen: Sequence[int], beside: Sequence[Closed], name: str, entries: int
    ) -> bool:
        return not entries & ~self._explained([_narrow(closed, chosen), *beside], name)

    def _rectangles(self, chosen: Sequence[int], width: int) -> list[tuple[int, int]]:
        """Return (classes, units): units with the same classes together."""
        groups: dict[int, int] = {}
        for unit, classes in enumerate(transposed(chosen, width)):
            if classes:
                groups[classes] = groups.get(classes, 0) | 1 << unit
        return list(groups.items())

    def _of_weights(
        self, closed: Closed, beside: Sequence[Closed], name: str, entries: int, *, structural: bool
    ) -> Iterator[Part]:
        """Yield which units have the weights or biases: those that a weight leads out of, in the backward
        pass; those that it leads into, in the forward pass.
        """
        (place, rows), patterns = next(iter(closed.items())), self._patterns
        slot, number = place
        layer = number - 1 if slot is Slot.BACK else number
        units = self._units_of(layer, name, entries)
        if slot is Slot.WEIGHT:
            narrowed: dict[Place, list[int]] = {
                place: [r if units >> u & 1 else 0 for u, r in enumerate(rows)]
            }
            which = nonzero(narrowed[place])
        else:
            narrowed = {place: [row & units for row in rows]}
            which = 0
            for row in narrowed[place]:
                which |= row
        if entries & ~self._explained([narrowed, *beside], name):
            narrowed, which = {place: list(rows)}, full(patterns.widths[layer])
        for unit in bits(which):  # leave out what is not needed, where these are few
            if which.bit_count() > _MOST_PARTS * 2:
                break
            less = {place: _without(slot, narrowed[place], unit)}
            if which != 1 << unit and not entries & ~self._explained([less, *beside], name):
                narrowed, which = less, which & ~(1 << unit)
        yield Part(None, listed(which), entries, structural)


def _any_slot(several: Sequence[Sequence[int]]) -> list[int]:
    rows = list(several[0])
    for more in several[1:]:
        rows = [a | b for a, b in zip(rows, more, strict=True)]
    return rows


def _narrow(closed: Closed, chosen: Sequence[int]) -> Closed:
    return {
        place: [row & some for row, some in zip(rows, chosen, strict=True)] for place, rows in closed.items()
    }


def _without(slot: Slot, rows: Sequence[int], unit: int) -> list[int]:
    if slot is Slot.WEIGHT:
        return [0 if u == unit else row for u, row in enumerate(rows)]
    return [row & ~(1 << unit) for row in rows]
