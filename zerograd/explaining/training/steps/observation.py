"""What was seen of one step, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import torch

from zerograd.explaining.training.steps.held import Slot
from zerograd.explaining.training.steps.tensors import bits, storage
from zerograd.explaining.training.steps.writes import Write


class Outcome(StrEnum):
    """How a step ended."""

    STEPPED = "stepped"
    SKIPPED = "skipped"  # by a gradient scaler
    NOT_CALLED = "not_called"


class Edit(StrEnum):
    """What an operation did to a gradient."""

    ZEROED = "zeroed"  # wholly, in places, or by a mask
    SCALED = "scaled"  # by one number: clipping by norm
    CLAMPED = "clamped"
    UNSCALED = "unscaled"  # by a gradient scaler
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Group:
    """The settings of a parameter's group at the step.

    Attributes:
        step_size: None where the optimiser has none, or chooses it by itself.
        decay: the weight decay; 0 where there is none.
        eps: what is added to a divisor; 0 where there is nothing.
    """

    number: int
    step_size: float | None
    decay: float
    eps: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """One parameter: all that a step had of it, and did to it. Tensors are copies.

    Attributes:
        places: where the optimiser lists it: ``param_groups[0][3]``.
        elsewhere: the class of another optimiser that holds it.
        gradient: its gradient when the optimiser began; dense.
        arrived: its gradient at the end of the last backward that gave it one since its optimiser's last
            step; None where there was none.
        stale: whether a backward was seen, gave it no gradient, and left an older one there.
        between: what was written to its gradient between the end of backward and the step.
        zeroed: whether the optimiser's ``zero_grad()`` ran between them.
        before: its values; None where they cannot be compared, as after.
        writes: the in-place writes that could be read.
        unread: whether it was also written to in other ways.
        momentum: where a momentum of the optimiser was not 0 before the step.
    """

    shape: torch.Size
    dtype: torch.dtype
    requires_grad: bool
    places: tuple[str, ...] = ()
    elsewhere: str | None = None
    group: Group | None = None
    gradient: torch.Tensor | None = None
    arrived: torch.Tensor | None = None
    stale: bool = False
    between: frozenset[Edit] = frozenset()
    zeroed: bool = False
    before: torch.Tensor | None = None
    after: torch.Tensor | None = None
    writes: tuple[Write, ...] = ()
    unread: bool = False
    momentum: torch.Tensor | None = None

    @property
    def moved(self) -> torch.Tensor | None:
        """Return which entries, flattened, have other bits than before; None if nothing can be compared.

        A zero that only changes its sign is the same number.
        """
        if self.before is None or self.after is None:
            return None
        if self.before.shape != self.after.shape or self.before.dtype != self.after.dtype:
            return torch.ones(self.shape.numel(), dtype=torch.bool)
        zeros = (self.before.reshape(-1) == 0) & (self.after.reshape(-1) == 0)
        return (bits(self.before) != bits(self.after)) & ~zeros

    @property
    def nans(self) -> dict[str, Any]:
        """Return how many entries were nan or infinite before, how many the step made so, and why."""
        before, after = self.before, self.after
        if before is None or after is None or before.shape != after.shape or not before.is_floating_point():
            return {}
        was, is_now = ~before.isfinite(), ~after.isfinite()
        made: dict[str, Any] = {"was_nan": int(was.sum()), "made_nan": int((is_now & ~was).sum())}
        eps = self.group.eps if self.group is not None else 0.0
        if made["made_nan"] and eps and float(torch.tensor(eps, dtype=self.dtype)) == 0:
            made["eps"] = eps
        return {key: value for key, value in made.items() if value}


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen up to one step.

    Attributes:
        optimizer: its class; None where no optimiser is known.
        parameters: by name: those given, and those that only the optimiser holds.
        module, slots: the order of the modules' parameters, and of what the optimiser holds.
        infinite: names whose gradients kept a scaler from stepping, where they were seen.
    """

    optimizer: str | None
    outcome: Outcome
    parameters: Mapping[str, Watched]
    module: tuple[Slot, ...] = ()
    slots: tuple[Slot, ...] = ()
    infinite: tuple[str, ...] = ()


@dataclass(slots=True)
class Arrivals:
    """The gradients that arrived since each parameter's optimiser last stepped.

    Everything is kept by the identity of the parameter: its name can change as modules are met.

    Attributes:
        parameters: keeps those alive that something is kept of.
        gradients: as they were at the end of the last backward that gave one.
        missed: of parameters to which none gave one, the gradient that was there, with its version.
        between: what was written to gradients since.
        storages: the parameters by the addresses of their gradients' storages.
        zeroed: the classes of optimisers whose ``zero_grad()`` ran since.
    """

    parameters: dict[int, torch.Tensor] = field(default_factory=dict)
    gradients: dict[int, torch.Tensor] = field(default_factory=dict)
    missed: dict[int, tuple[torch.Tensor, int]] = field(default_factory=dict)
    between: dict[int, list[Edit]] = field(default_factory=dict)
    storages: dict[int, list[int]] = field(default_factory=dict)
    zeroed: set[str] = field(default_factory=set)

    def record(self, parameters: Mapping[str, Any], gradients: Mapping[str, torch.Tensor | None]) -> None:
        """Take the gradients of a backward that has just ended."""
        self.between.clear()
        self.storages.clear()
        self.zeroed.clear()
        for name, parameter in parameters.items():
            key, present = id(parameter), parameter.grad
            self.parameters[key] = parameter
            if present is not None and present.layout is torch.strided and present.numel():
                self.storages.setdefault(storage(present), []).append(key)
            gradient = gradients.get(name)
            if gradient is not None:
                self.gradients[key] = gradient
                self.missed.pop(key, None)
            elif present is not None and key not in self.gradients:
                self.missed[key] = (present, present._version)

    def is_stale(self, parameter: torch.Tensor) -> bool:
        """Whether its gradient is from before, untouched by the last backward and by anybody since."""
        present = parameter.grad
        old, version = self.missed.get(id(parameter), (None, -1))
        return present is not None and present is old and present._version == version

    def forget(self, parameters: Iterable[torch.Tensor]) -> None:
        """Drop the gradients that a step has used."""
        for parameter in parameters:
            self.gradients.pop(id(parameter), None)
