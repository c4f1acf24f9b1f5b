"""Why entries that have a gradient did not change: what their writes were meant to add, against rounding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from zerograd.core.errors import present
from zerograd.explaining.explanation import Reason
from zerograd.explaining.tape.nodes import dtype_name
from zerograd.explaining.training.steps.observation import Watched
from zerograd.explaining.training.steps.writes import WIDE, Term, gap

UNKNOWN = "unknown"
"""What is counted where the writes do not tell."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why some entries kept their bits: counts by reason, and what the sentences need, by reason."""

    counts: Mapping[str, int]
    details: Mapping[str, Mapping[str, Any]]


def judge(watched: Watched, entries: torch.Tensor) -> Judgement:
    """Return why these entries did not change although their gradient at the step was not 0.

    Args:
        watched: a parameter that its optimiser stepped; its step size is not 0.
        entries: positions in the flattened parameter.
    """
    before = present(watched.before, "value before the step").reshape(-1)
    gradients = present(watched.gradient, "gradient").reshape(-1)
    if watched.unread or not watched.dtype.is_floating_point:
        return Judgement({UNKNOWN: entries.numel()}, {})
    if not watched.writes:
        state = {"state": "its rule wrote nothing to this parameter"}
        return Judgement({Reason.STATE.value: entries.numel()}, {Reason.STATE.value: state})
    weight = before[entries].to(WIDE)
    gradient = gradients[entries]
    try:
        terms = [term for write in watched.writes for term in write.terms(weight, watched.shape, entries)]
    except (TypeError, RuntimeError):  # operands of a form that no torch version had so far
        return Judgement({UNKNOWN: entries.numel()}, {})
    return _Entries(watched, weight, gradient, terms).judgement()


@dataclass(frozen=True, slots=True)
class _Entries:
    watched: Watched
    weight: torch.Tensor
    gradient: torch.Tensor
    terms: list[Term]

    def judgement(self) -> Judgement:
        nowhere = torch.zeros_like(self.weight, dtype=torch.bool)
        intended, kept, large, several = nowhere, nowhere, nowhere, nowhere
        update, size = torch.zeros_like(self.weight), torch.full_like(self.weight, -1.0)
        source = torch.zeros_like(self.weight, dtype=torch.int64)  # the term of the largest update
        for k, term in enumerate(self.terms):
            rounded = term.rounded_scale(self.watched.dtype)
            nonzero = term.nonzero
            several = several | (intended & nonzero)
            intended = intended | nonzero
            kept = kept | (nonzero & (rounded != 0))
            value = term.value(rounded)
            large = large | (nonzero & ~(value.abs() <= gap(self.weight, value, self.watched.dtype)))
            larger = nonzero & (value.abs() > size)
            update, size = torch.where(larger, value, update), torch.where(larger, value.abs(), size)
            source[larger] = k
        finite = self.weight.isfinite()
        below = kept & ~large & finite
        none = ~intended & finite
        masks = {
            Reason.STEP_SIZE_ZERO.value: intended & ~kept & finite,
            Reason.BELOW_HALF_ULP.value: below,
            Reason.STATE.value: none | (large & ~several & finite),
            UNKNOWN: (large & several) | ~finite,
        }
        counts = {key: count for key, mask in masks.items() if (count := int(mask.sum()))}
        details: dict[str, Mapping[str, Any]] = {}
        if Reason.STEP_SIZE_ZERO in counts:
            details[Reason.STEP_SIZE_ZERO.value] = self._step_size()
        if Reason.BELOW_HALF_ULP in counts:
            details[Reason.BELOW_HALF_ULP.value] = self._largest(below, update, source)
        if Reason.STATE in counts:
            details[Reason.STATE.value] = self._state(none, large & ~several & finite)
        return Judgement(counts, details)

    def _step_size(self) -> dict[str, Any]:
        group = self.watched.group
        scales = [abs(term.scale) for term in self.terms if term.scale]
        known = {} if group is None else {"group": group.number, "step_size": group.step_size}
        return {**known, "scale": max(scales), "rounded": 0.0, "dtype": dtype_name(self.watched.dtype)}

    def _largest(self, below: torch.Tensor, update: torch.Tensor, source: torch.Tensor) -> dict[str, Any]:
        """Return the largest update among those that were lost, and what it was lost against."""
        size = torch.where(below, update.abs(), torch.full_like(update, -1.0))
        at = int(size.argmax())
        half = gap(self.weight[at : at + 1], update[at : at + 1], self.watched.dtype) / 2
        details = {
            "update": float(size[at]),
            "gradient": float(self.gradient[at].abs()),
            "half_ulp": float(half),
            "weight": float(self.weight[at]),
            "dtype": dtype_name(self.watched.dtype),
        }
        if self.watched.group is not None and self.watched.group.step_size is not None:
            details["step_size"] = self.watched.group.step_size
        term = self.terms[int(source[at])]
        rounded = term.rounded_scale(self.watched.dtype)
        if abs(rounded - term.scale) > abs(term.scale) * 1e-6:  # more than float32 rounds anyway
            details["scale"], details["rounded"] = abs(term.scale), abs(rounded)
        return details

    def _state(self, none: torch.Tensor, underflow: torch.Tensor) -> dict[str, Any]:
        """Return the commonest way in which these updates came to be 0, and the counts of all."""
        infinite = torch.zeros_like(none)
        for term in self.terms:
            infinite |= term.overflowed
        nan = self.gradient.isnan()
        idle = all(term.scale == 0 for term in self.terms)
        masks = {
            "a nan gradient was dropped by its rule": none & nan,
            "a running mean of squares overflowed": none & infinite & ~nan,
            "the step size that it computed is 0": none & ~infinite & ~nan & idle,
            "what it computed to add is 0": none & ~infinite & ~nan & (not idle),
            "the update underflowed while it was computed": underflow,
        }
        counts = Counter({clause: count for clause, mask in masks.items() if (count := int(mask.sum()))})
        details: dict[str, Any] = {"state": counts.most_common(1)[0][0]}
        return details if len(counts) == 1 else {**details, "states": dict(counts)}
