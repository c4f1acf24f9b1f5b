"""What an optimiser's step did to each parameter, and why some did not move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from zerograd.core.errors import present
from zerograd.explaining.explanation import Note, Reason, Step
from zerograd.explaining.training.steps.held import Slot, replacements
from zerograd.explaining.training.steps.observation import Edit, Observation, Outcome, Watched
from zerograd.explaining.training.steps.updates import UNKNOWN, judge


def explain_step(observation: Observation, exactly_zero: Mapping[str, bool] | None = None) -> dict[str, Step]:
    """Return what the step did to each parameter.

    The reasons of a parameter are in the order of how many entries they kept from moving, after those that
    keep all: a step size of 0, a gradient cleared or clipped wholly. They are empty where any entry moved.
    ``details`` then counts, under ``unmoved``, the entries that did not, by reason; else under ``entries``.
    ``cleared`` and ``clipped`` are there whenever a gradient was changed between backward and the step,
    whatever moved.

    Args:
        exactly_zero: whether all entries of a parameter's gradient are known to be exactly zero.
    """
    replaced = replacements(observation.module, observation.slots)
    inside = {slot.key for slot in observation.module}
    norm = _Norm(observation)
    return {
        name: _Explained(
            observation,
            watched,
            norm,
            replaced.get(name),
            (exactly_zero or {}).get(name),
            unregistered=bool(observation.module) and name not in inside,
        ).step
        for name, watched in observation.parameters.items()
    }


_ORDER = [*(reason for reason in Reason if reason is not Reason.ZERO_GRADIENT), Reason.ZERO_GRADIENT]
"""Among reasons of as many entries; that a gradient is zero has causes of its own, which are told beside."""


@dataclass(frozen=True)
class _Norm:
    """The norm of all gradients as backward left them, in their own precision, as clipping computes it."""

    observation: Observation

    @cached_property
    def value(self) -> float | None:
        gradients = [it.arrived for it in self.observation.parameters.values() if it.places]
        norms = [
            torch.linalg.vector_norm(it) for it in gradients if it is not None and it.is_floating_point()
        ]
        return (
            float(torch.linalg.vector_norm(torch.stack([n.to(norms[0].dtype) for n in norms])))
            if norms
            else None
        )

    @property
    def is_finite(self) -> bool:
        return self.value is None or abs(self.value) < float("inf")

    @cached_property
    def overflowed(self) -> bool:
        """Whether it is infinite although every gradient is finite."""
        arrived = (it.arrived for it in self.observation.parameters.values() if it.places)
        return not self.is_finite and all(bool(it.isfinite().all()) for it in arrived if it is not None)


@dataclass(frozen=True)
class _Explained:
    observation: Observation
    watched: Watched
    norm: _Norm
    replaced: Slot | None
    exactly_zero: bool | None
    unregistered: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> Step:
        watched, outcome = self.watched, self.observation.outcome
        if watched.elsewhere is not None:
            return Step(held=True, details={"elsewhere": watched.elsewhere})
        if not watched.places:
            return self._not_held()
        notes = []
        if len(watched.places) > 1:
            notes.append(Note.LISTED_TWICE)
            self.details[Note.LISTED_TWICE] = {"times": len(watched.places), "places": list(watched.places)}
        if outcome is not Outcome.STEPPED:
            moved = 0 if outcome is Outcome.SKIPPED else None
            return Step(True, moved, self._not_stepped(), tuple(notes), self._plain())
        moves = watched.moved
        if moves is None:
            return Step(True, None, (), tuple(notes), self._plain())
        moved = int(moves.sum())
        self.details.update(watched.nans)
        reasons = self._reasons(moves, moved)
        notes += self._movements(moves) if moved else ()
        return Step(True, moved, reasons, tuple(notes), self._plain())

    def _plain(self) -> dict[str, Any]:
        return {str(key): value for key, value in self.details.items()}

    def _not_held(self) -> Step:
        observed = self.observation.outcome is Outcome.STEPPED
        moves = self.watched.moved if observed else None
        moved = None if moves is None else int(moves.sum())
        if self.observation.optimizer is None:
            return Step(None, moved)
        frozen = () if self.watched.requires_grad else (Reason.FROZEN,)
        notes: tuple[Note, ...] = ()
        if self.replaced is not None:
            notes = (Note.REPLACED_AFTER,)
            self.details[Note.REPLACED_AFTER] = {"held": self.replaced.key, "old": list(self.replaced.shape)}
        reasons = () if moved else (*frozen, Reason.NOT_HELD)
        if reasons and self.unregistered:
            self.details[Reason.NOT_HELD] = {"unregistered": True}
        return Step(False, moved, reasons, notes, self._plain())

    def _not_stepped(self) -> tuple[Reason, ...]:
        """Return why nothing moved where the optimiser did not step."""
        if not self.watched.requires_grad:
            return (Reason.FROZEN,)
        if self.observation.outcome is Outcome.SKIPPED:
            reason, names = Reason.SKIPPED, self.observation.infinite
            if names:
                whose = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
                self.details[reason] = {"skipped": f"the gradient of {whose} was infinite or nan"}
        else:
            reason = Reason.NOT_CALLED
        arrived = self.watched.arrived
        if arrived is None:
            return (reason, Reason.NO_GRADIENT)
        return (reason, Reason.ZERO_GRADIENT) if bool((arrived == 0).all()) else (reason,)

    def _reasons(self, moves: torch.Tensor, moved: int) -> tuple[Reason, ...]:
        counts = self._counts(moves)
        if not counts:
            return ()
        self.details["unmoved" if moved else "entries"] = {str(key): count for key, count in counts.items()}
        if moved:
            return ()
        reasons = [Reason(key) for key in counts if key != UNKNOWN]
        reasons.sort(key=lambda reason: (self._is_partial(reason), -counts[reason], _ORDER.index(reason)))
        group = self.watched.group
        if self.watched.gradient is not None and group is not None and group.step_size == 0:
            self.details[Reason.STEP_SIZE_ZERO] = {"step_size": 0.0, "group": group.number}
            others = [reason for reason in reasons if reason is not Reason.STEP_SIZE_ZERO]
            suffices = Reason.STEP_SIZE_ZERO in reasons  # there is a gradient, and this is why all stay
            reasons = [Reason.STEP_SIZE_ZERO, *others] if suffices else [*others, Reason.STEP_SIZE_ZERO]
        frozen = [] if self.watched.requires_grad else [Reason.FROZEN]
        return tuple(frozen + [reason for reason in reasons if not (frozen and reason is Reason.NO_GRADIENT)])

    def _is_partial(self, reason: Reason) -> bool:
        """Whether a reason keeps only some entries; clearing and clipping a whole gradient keep all."""
        if reason not in (Reason.CLEARED, Reason.CLIPPED):
            return True
        return self.watched.gradient is not None and not bool(self._zero.all())

    def _counts(self, moves: torch.Tensor) -> Counter[str]:
        """Return how many entries each reason kept from moving."""
        watched = self.watched
        unmoved = (~moves).nonzero().reshape(-1)
        counts: Counter[str] = Counter()
        arrived = None if watched.arrived is None else watched.arrived.reshape(-1)
        if watched.gradient is None:
            if arrived is not None and bool((arrived != 0).any()):
                self._say_cleared(int((arrived != 0).sum()))
            if unmoved.numel():
                counts[Reason.NO_GRADIENT if arrived is None else Reason.CLEARED] = unmoved.numel()
            return counts
        gradient = watched.gradient.reshape(-1)
        lost, change = None, Reason.CLEARED
        if arrived is not None and arrived.numel() == gradient.numel() and not self._as_it_arrived:
            lost = self._zero & (arrived != 0) & arrived.isfinite()
            change = self._change(lost, gradient.isnan() & arrived.isfinite())
        if not unmoved.numel():
            return counts
        zero = self._zero[unmoved]
        gone = 0 if lost is None else int(lost[unmoved].sum())
        if gone:
            counts[change] = gone
        if plain := int(zero.sum()) - gone:
            counts[Reason.ZERO_GRADIENT] = plain
            if self.exactly_zero:
                self.details[Reason.ZERO_GRADIENT] = {"exactly": True}
        rest = unmoved[~zero]
        if rest.numel():
            self._judge(rest, counts)
        return counts

    def _judge(self, entries: torch.Tensor, counts: Counter[str]) -> None:
        group = self.watched.group
        if group is not None and group.step_size == 0:
            counts[Reason.STEP_SIZE_ZERO] += entries.numel()
            return
        judgement = judge(self.watched, entries)
        counts.update(judgement.counts)
        self.details.update(judgement.details)

    def _change(self, lost: torch.Tensor, made_nan: torch.Tensor) -> Reason:
        """Return what made entries of the gradient zero, or nan, after backward; take note of it."""
        zeros, nans = int(lost.sum()), int(made_nan.sum())
        edits = self.watched.between
        zeroed = Edit.ZEROED in edits or self.watched.zeroed
        scaled = bool(edits & {Edit.SCALED, Edit.NULLED, Edit.CLAMPED, Edit.UNSCALED})
        clipped = nans > 0 or (not zeroed and (scaled or not self.norm.is_finite))
        if zeros and not clipped:
            self._say_cleared(zeros)
        elif zeros or nans:
            said: dict[str, Any] = {"zero": zeros, "nan": nans}
            if edits == {Edit.UNSCALED}:
                said["by"] = "the gradient scaler"
            elif self.norm.value is not None:
                said |= {"norm": self.norm.value, "overflow": self.norm.overflowed}
                said |= {"max_norm": 0} if Edit.NULLED in edits and self.norm.is_finite else {}
            self.details[Reason.CLIPPED] = said
        return Reason.CLIPPED if clipped else Reason.CLEARED

    def _say_cleared(self, entries: int) -> None:
        by = {"by": "zero_grad()"} if self.watched.zeroed else {}
        self.details[Reason.CLEARED] = {"cleared": entries, **by}

    def _movements(self, moves: torch.Tensor) -> list[Note]:
        """Return what moved it that was no gradient of this step's backward."""
        watched, gradient = self.watched, self.watched.gradient
        notes = []
        without = moves if gradient is None else moves & self._zero
        if watched.stale or not watched.requires_grad:
            by_gradient = int(moves.sum()) - int(without.sum())
            if by_gradient:
                notes.append(Note.MOVED_BY_STALE_GRADIENT)
                self.details[Note.MOVED_BY_STALE_GRADIENT] = {"moved": by_gradient}
        if bool(without.any()):
            notes.append(Note.MOVED_WITHOUT_GRADIENT)
            self.details[Note.MOVED_WITHOUT_GRADIENT] = self._movers(without)
        elif self.exactly_zero and self._as_it_arrived:
            notes.append(Note.MOVED_WITHOUT_GRADIENT)
            rounding = {"by": "rounding errors in the gradient", "moved": int(moves.sum())}
            self.details[Note.MOVED_WITHOUT_GRADIENT] = rounding
        return notes

    @cached_property
    def _zero(self) -> torch.Tensor:
        """Where the gradient is 0, flattened."""
        return present(self.watched.gradient, "gradient").reshape(-1) == 0

    @cached_property
    def _as_it_arrived(self) -> bool:
        """Whether the gradient is what backward left."""
        arrived, gradient = self.watched.arrived, self.watched.gradient
        return arrived is not None and gradient is not None and torch.equal(arrived, gradient)

    def _movers(self, moved: torch.Tensor) -> dict[str, Any]:
        """Return what moves entries of gradient 0: decay of weights, momentum, or something else."""
        watched = self.watched
        decays = watched.group is not None and watched.group.decay > 0 and watched.before is not None
        decayed = torch.zeros_like(moved)
        if decays and watched.before is not None:
            decayed = moved & (watched.before.reshape(-1) != 0)
        pushed = torch.zeros_like(moved) if watched.momentum is None else moved & watched.momentum
        masks = {
            "weight decay": decayed,
            "momentum": pushed,
            "the optimiser's own rule": moved & ~decayed & ~pushed,
        }
        counts = {by: count for by, mask in masks.items() if (count := int(mask.sum()))}
        return {"by": " and ".join(counts), "moved": int(moved.sum()), "entries": counts}
