"""Which parameters an optimiser holds, and which of those that it holds were replaced in the module since."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

_PLACE = re.compile(r"param_groups\[\d+\]\[\d+\]")
_LOOSE = re.compile(r"tensor\d+( \(.*\))?")


def place(group: int, position: int) -> str:
    """Return what a tensor is called that only an optimiser has."""
    return f"param_groups[{group}][{position}]"


def of_module(name: str) -> bool:
    """Whether a name is one that a module gives, not one of a tensor that belongs to none."""
    return not (_PLACE.fullmatch(name) or _LOOSE.fullmatch(name))


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of a module, or a tensor that an optimiser holds, in its order.

    Attributes:
        key: the same for the same tensor in both.
        free: whether it may be one half of a replacement: of a module, held by no optimiser; of an optimiser,
            in no module and without a gradient from the last backward.
    """

    key: str
    shape: tuple[int, ...]
    free: bool


def replacements(module: Sequence[Slot], optimizer: Sequence[Slot]) -> Mapping[str, Slot]:
    """Return for parameters of a module the tensors that an optimiser holds in their place.

    Those that both have divide the two orders into stretches, if they are in the same order in both. Where
    new and old ones of a stretch have the same numbers of dimensions, they are matched in order; what is left
    is matched by shape, and at last by the number of dimensions.
    """
    inside = {slot.key for slot in module}
    anchors = [slot.key for slot in optimizer if slot.key in inside]
    matched: dict[str, Slot] = {}
    if anchors == [slot.key for slot in module if slot.key in set(anchors)]:
        stretches = zip(_cut(module, set(anchors)), _cut(optimizer, set(anchors)), strict=True)
        for new, old in stretches:
            matched |= _match_in_order(new, old)
    taken = {slot.key for slot in matched.values()}
    return matched | _match_by_shape(
        [slot for slot in module if slot.free and slot.key not in matched],
        [slot for slot in optimizer if slot.free and slot.key not in taken],
    )


def _cut(slots: Iterable[Slot], at: set[str]) -> list[list[Slot]]:
    stretches: list[list[Slot]] = [[]]
    for slot in slots:
        if slot.key in at:
            stretches.append([])
        elif slot.free:
            stretches[-1].append(slot)
    return stretches


def _match_in_order(new: list[Slot], old: list[Slot]) -> dict[str, Slot]:
    if [len(slot.shape) for slot in new] != [len(slot.shape) for slot in old]:
        return {}
    return {slot.key: other for slot, other in zip(new, old, strict=True)}


def _match_by_shape(new: list[Slot], old: list[Slot]) -> dict[str, Slot]:
    if in_order := _match_in_order(new, old):
        return in_order
    matched: dict[str, Slot] = {}
    left = list(old)
    for slot in new:
        other = next((other for other in left if other.shape == slot.shape), None)
        if other is not None:
            matched[slot.key] = other
            left.remove(other)
    unmatched = sorted((slot for slot in new if slot.key not in matched), key=_dimensions)
    return matched | _match_in_order(unmatched, sorted(left, key=_dimensions))


def _dimensions(slot: Slot) -> int:
    return len(slot.shape)


def held_tensors(optimizer: Any) -> Iterator[torch.Tensor]:
    """The parameters of an optimiser, group after group."""
    for group in getattr(optimizer, "param_groups", ()):
        yield from group["params"]


def holdings(
    optimizer: Any, parameters: Mapping[str, torch.Tensor]
) -> tuple[dict[str, torch.Tensor], dict[str, tuple[str, ...]]]:
    """Return the parameters with what only the optimiser holds, and the places of those that it holds."""
    named = dict(parameters)
    names: dict[int, list[str]] = {}
    for name, tensor in named.items():
        names.setdefault(id(tensor), []).append(name)
    places: dict[str, tuple[str, ...]] = {}
    for g, group in enumerate(getattr(optimizer, "param_groups", ())):
        for p, tensor in enumerate(group["params"]):
            if id(tensor) not in names:
                names[id(tensor)] = [place(g, p)]
                named[place(g, p)] = tensor
            for name in names[id(tensor)]:
                places[name] = (*places.get(name, ()), place(g, p))
    return named, places
