"""Where zeros begin at a point: units, weights, inputs, a flat loss, and sums that cancel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zerograd.explaining.covers import Covering
from zerograd.explaining.exact.masks import bits, full
from zerograd.explaining.exact.patterns import Closed, Patterns, Place, Slot, Walked, union
from zerograd.explaining.explanation import Kind


@dataclass(frozen=True, eq=False)
class Root:
    """What can make zeros by itself: the units of a layer that are off, the zeros of one weight.

    Attributes:
        layer: its number; 0 for the input.
        closed: where it makes zeros.
        fixed: where these are zeros whatever the data are.
        derived: whether it is itself the work of others, and wanted only where none of these suffices.
        name: of the parameter, the gradient or the factor that is zero.
    """

    kind: Kind
    layer: int
    closed: Closed
    fixed: Closed
    derived: bool = False
    name: str = ""

    @property
    def own(self) -> bool:
        """Whether it is a gradient entry itself, whose terms cancel."""
        return any(slot is Slot.GRADIENT for slot, _ in self.closed)


_GATES = (Kind.DEAD, Kind.AT_KINK, Kind.SATURATED)
_FORWARD = frozenset({Slot.INPUT, Slot.WEIGHT, Slot.BIAS, Slot.SUM, Slot.VALUE})


def find_roots(patterns: Patterns) -> list[Root]:
    """Return all roots, genuine ones first."""
    roots = [*_of_units(patterns), *_of_leaves(patterns), *_of_sums(patterns), *_of_values(patterns)]
    return [root for root in roots if any(any(rows) for rows in root.closed.values())]


def _of_units(patterns: Patterns) -> Iterator[Root]:
    for number in range(1, patterns.depth + 1):
        changes = patterns.depends[number]
        samples = patterns.samples
        for kind in _GATES:
            match kind:
                case Kind.DEAD:
                    gates = [sample.off[number - 1] for sample in samples]
                case Kind.AT_KINK:
                    gates = [sample.flat[number - 1] for sample in samples]
                case _:
                    gates = [sample.saturated[number - 1] for sample in samples]
            closed: dict[Place, list[int]] = {(Slot.GATE, number): gates}
            if kind is Kind.DEAD and number < patterns.depth:  # what is off feeds 0 to the layer above, too
                nothing = [gate & ~s.a[number - 1] for gate, s in zip(gates, samples, strict=True)]
                closed[Slot.VALUE, number] = nothing
            fixed = {place: [row & ~changes for row in rows] for place, rows in closed.items()}
            yield Root(kind, number, closed, fixed)


def _of_leaves(patterns: Patterns) -> Iterator[Root]:
    depth, widths = patterns.depth, patterns.widths
    for number in range(1, depth + 1):
        rows = [full(widths[number - 1]) & ~row for row in patterns.weights[number - 1]]
        back: Closed = {(Slot.BACK, number): rows}
        yield Root(Kind.ZERO_WEIGHT, number, back, back, name=f"w{number}")
        if number < depth:
            forward: Closed = {(Slot.WEIGHT, number): rows}
            yield Root(Kind.ZERO_FACTOR, number, forward, forward, name=f"w{number}")
            if patterns.network.layers[number - 1].bias:
                bias: Closed = {(Slot.BIAS, number): [full(widths[number]) & ~patterns.biases[number - 1]]}
                yield Root(Kind.ZERO_FACTOR, number, bias, bias, name=f"b{number}")
    inputs = [full(widths[0]) & ~sample.x for sample in patterns.samples]
    yield Root(Kind.ZERO_FACTOR, 0, {(Slot.INPUT, 0): inputs}, {}, name="the input")
    flat = [full(widths[depth]) & ~sample.arriving[-1] for sample in patterns.samples]
    yield Root(Kind.ZERO_ADJOINT, depth, {(Slot.ADJOINT, depth): flat}, {})


def _of_sums(patterns: Patterns) -> Iterator[Root]:
    """Sums that are zero, although some of their terms are not."""
    for number in range(1, patterns.depth):
        weights, bias = patterns.weights[number - 1], patterns.biases[number - 1]
        if not patterns.network.layers[number - 1].activation.is_zero_at_zero:
            continue
        cancel = []
        for sample in patterns.samples:
            below = sample.x if number == 1 else sample.a[number - 2]
            zero = full(patterns.widths[number]) & ~sample.z[number - 1]
            terms = sum(1 << u for u in bits(zero) if (bias >> u & 1) or weights[u] & below)
            cancel.append(terms)
        place = (Slot.SUM, number)
        fixed = {place: [row & ~patterns.depends[number] for row in cancel]}
        yield Root(Kind.ZERO_FACTOR, number, {place: cancel}, fixed, name=f"a{number}")
    for number in range(1, patterns.depth):
        weights, cancel = patterns.weights[number], []
        for sample in patterns.samples:
            cancel.append(_reached(weights, sample.delta[number]) & ~sample.arriving[number - 1])
        yield Root(Kind.CANCELLATION, number, {(Slot.ARRIVING, number): cancel}, {})
    for position, name in enumerate(patterns.names):
        own = patterns.zeros[name] & _with_terms(patterns, name)
        number = 0 if name == "x" else int(name[1:])
        yield Root(Kind.CANCELLATION, number, {(Slot.GRADIENT, position): [own]}, {}, name=name)


def _with_terms(patterns: Patterns, name: str) -> int:
    """Return the entries of a gradient that have a term that is not zero."""
    if name == "x":
        return patterns.of_samples([_reached(patterns.weights[0], s.delta[0]) for s in patterns.samples])
    number = int(name[1:])
    delta = [sample.delta[number - 1] for sample in patterns.samples]
    below = [sample.x if number == 1 else sample.a[number - 2] for sample in patterns.samples]
    return patterns.with_terms(name, delta, below)


def _reached(weights: Sequence[int], delta: int) -> int:
    reached = 0
    for unit in bits(delta):
        reached |= weights[unit]
    return reached


def _of_values(patterns: Patterns) -> Iterator[Root]:
    for number in range(1, patterns.depth):
        place = (Slot.VALUE, number)
        closed = {place: [full(patterns.widths[number]) & ~s.a[number - 1] for s in patterns.samples]}
        fixed = {place: [row & ~patterns.depends[number] for row in closed[place]]}
        yield Root(Kind.ZERO_FACTOR, number, closed, fixed, derived=True, name=f"a{number}")


class Covers(Covering[str]):
    """Covers of the zeros at a point; entries are the bits of an integer."""

    def __init__(self, patterns: Patterns, roots: Sequence[Root]) -> None:
        gates: dict[int, list[int]] = {}
        for i, root in enumerate(roots):
            if root.kind in _GATES:
                gates.setdefault(root.layer, []).append(i)
        super().__init__(
            [i for i, root in enumerate(roots) if not root.derived],
            [i for i, root in enumerate(roots) if root.derived],
            [kinds for kinds in gates.values() if len(kinds) > 1],
        )
        self._patterns, self._roots = patterns, roots
        self._walked: dict[frozenset[int], Walked] = {}

    def alone(self, roots: Sequence[int], gradient: str) -> int:
        return self.together(frozenset(roots), gradient)

    def together(self, roots: frozenset[int], gradient: str) -> int:
        if roots not in self._walked:
            self._walked[roots] = self._patterns.walk(union(self._roots[i].closed for i in roots))
        return self._walked[roots].zeros(gradient)

    def concerns(self, root: int, gradient: str) -> bool:
        """Return whether a root lies on the way back to a gradient, or before what its layer is fed."""
        number = 0 if gradient == "x" else int(gradient[1:])
        return any(
            place == (Slot.GRADIENT, self._patterns.names.index(gradient))
            if place[0] is Slot.GRADIENT
            else place[1] < number and gradient[0] == "w"
            if place[0] in _FORWARD
            else place[1] > number
            if place[0] is Slot.BACK
            else place[1] >= number
            for place in self._roots[root].closed
        )

    def some(self, mask: int) -> bool:
        return bool(mask)

    def first(self, mask: int) -> int:
        return (mask & -mask).bit_length() - 1

    def has(self, mask: int, one: int) -> bool:
        return bool(mask >> one & 1)
