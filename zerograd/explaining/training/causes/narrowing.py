"""Which samples and units of a root matter for some zero entries: as few as still explain them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from zerograd.explaining.explanation import Kind
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes.origins import Root
from zerograd.explaining.training.causes.places import Frame, rectangles
from zerograd.explaining.training.causes.walking import Closed, Site, Slot, Walk, union

_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """What a root does to some entries.

    Attributes:
        samples: on which; None where samples do not matter.
        units: which; None where it cannot be said.
        of: how many units there are.
        entries: the zero entries that it helps to explain.
        alone: whether this part suffices, so far as the root does.
        partly: where its units make zeros, if not wholly: at some ``positions`` of a sample, in some ``runs``
            of the layer, or each on other ``samples``.
    """

    samples: tuple[int, ...] | None
    units: tuple[int, ...] | None
    of: int
    entries: Tensor
    structural: bool
    alone: bool = True
    partly: str = ""


class Narrowing:
    """Narrows roots down, each time verified by a walk."""

    def __init__(self, walk: Walk, batch: int | None) -> None:
        self._walk, self._batch = walk, batch
        self._open_constants = False

    def frame(self, root: Root, site: Site) -> Frame:
        """Return how a site's entries belong to samples and units."""
        if root.kind is Kind.ZERO_WEIGHT or (
            site.slot[1] == "leaf" and self._walk.graph.is_parameter(site.node)
        ):
            return Frame.of_weight(site.node, site.zeros.shape)
        return Frame.of_value(site.node, site.zeros.shape, self._batch)

    def parts(
        self,
        root: Root,
        others: Sequence[Closed],
        gradient: Source,
        entries: Tensor,
        open_constants: bool = False,
    ) -> Iterator[Part]:
        """Yield which samples and units explain some entries, those that hold whatever the data are apart.

        Args:
            others: what else is closed, for roots that explain the entries only together.
            open_constants: count zeros that the program wrote as non-zero.
        """
        self._open_constants = open_constants
        if root.kind is Kind.CANCELLATION and root.anchor is gradient.node:
            yield _own(entries)
            return
        beside = union(others)
        fixed = root.fixed(root.closed)
        always = (
            entries & self._explained(fixed, beside, gradient) if any(map(_any, fixed.values())) else None
        )
        if always is not None and bool(always.any()):
            yield from self._narrowed(root, fixed, beside, gradient, always, structural=True)
            entries = entries & ~always
        if bool(entries.any()):
            yield from self._narrowed(root, root.closed, beside, gradient, entries, structural=False)

    def _explained(self, closed: Closed, beside: Closed, gradient: Source) -> Tensor:
        return ~self._walk.walk(union([closed, beside]), self._open_constants, gradient)(gradient)

    def _narrowed(
        self,
        root: Root,
        closed: dict[Slot, Tensor],
        beside: Closed,
        gradient: Source,
        entries: Tensor,
        *,
        structural: bool,
    ) -> Iterator[Part]:
        frames = {site.slot: self.frame(root, site) for site in root.sites}
        keys = {frame.key for frame in frames.values()}
        if len(keys) != 1:
            yield Part(None, None, 0, entries, structural, partly="runs")
            return
        ((samples, units),) = keys
        every = torch.ones((samples or 1, units), dtype=torch.bool)
        some = ~every
        for slot, zeros in closed.items():
            all_here, some_here = frames[slot].project(zeros)
            every, some = every & all_here, some | some_here
        whole = every.all(0)  # units that are closed on all samples
        rows = [
            entries.movedim(dim, 0).reshape(units, -1).any(1)
            if entries.dim() > dim and entries.shape[dim] == units
            else torch.zeros(units, dtype=torch.bool)
            for dim in (0, 1)
        ]
        rows.sort(key=lambda row: int(row.sum()))  # where units are as many as rows and columns: the fewer
        candidates = [every & (whole & row) for row in rows]
        candidates += [every & whole, *(some & row for row in rows), every & every.all(1, keepdim=True)]
        if samples is not None and entries.dim() and entries.shape[0] == samples:
            mine = entries.reshape(samples, -1).any(1)  # an input's gradient: its own samples
            candidates = [c & mine[:, None] for c in candidates] + [some & mine[:, None], *candidates]
        chosen = some
        for candidate in candidates:
            if not bool(candidate.any()):
                continue
            narrowed = {s: z & frames[s].spread(candidate) for s, z in closed.items()}
            if bool((self._explained(narrowed, beside, gradient) | ~entries).all()):
                chosen = candidate
                break
        if bool((chosen & ~every).any()):  # closed at some places only: no sample can be named for a unit
            which = tuple(chosen.any(0).nonzero().flatten().tolist())
            inside = any(frame.inside > 1 for frame in frames.values())
            partly = "positions" if inside else "runs"
            yield Part(None, which, units, entries, structural, partly=partly)
            return
        groups = rectangles(chosen)
        if len(groups) > _MOST_PARTS:
            yield Part(None, None, units, entries, structural, partly="samples")
            return
        parts = [
            self._part(where if samples else None, which, units, entries, structural)
            for where, which in groups
        ]
        if len(parts) == 1:
            yield replace(parts[0], entries=entries)
            return
        explained = []
        for where, which in groups:
            only = torch.zeros_like(chosen)
            for unit in which:
                only[list(where), unit] = True
            narrowed = {s: z & frames[s].spread(only) for s, z in closed.items()}
            explained.append(entries & self._explained(narrowed, beside, gradient))
        if torch.stack(explained).any(0).equal(entries):
            yield from (
                replace(part, entries=mine) for part, mine in zip(parts, explained, strict=True) if _any(mine)
            )
        else:
            yield from (replace(part, entries=entries, alone=False) for part in parts)

    def _part(
        self,
        samples: tuple[int, ...] | None,
        which: tuple[int, ...],
        units: int,
        entries: Tensor,
        structural: bool,
    ) -> Part:
        """Return a part with the gradient's entries that belong to its units, if the gradient's rows do."""
        if entries.dim() == 0 or entries.shape[0] != units:
            return Part(samples, which, units, entries, structural)
        rows = torch.zeros(units, dtype=torch.bool)
        rows[list(which)] = True
        inside = entries & rows.reshape(-1, *[1] * (entries.dim() - 1))
        return Part(samples, which, units, inside, structural)


def _own(entries: Tensor) -> Part:
    """Return the part that a sum has in itself: the gradient's rows in which its terms cancel."""
    if entries.dim() == 0:
        return Part(None, None, 0, entries, False)
    rows = entries.reshape(entries.shape[0], -1).any(1).nonzero().flatten().tolist()
    return Part(None, tuple(rows), entries.shape[0], entries, False)


def _any(zeros: Tensor) -> bool:
    return bool(zeros.any())
