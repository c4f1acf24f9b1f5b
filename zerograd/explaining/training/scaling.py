"""What a gradient scaler found: infinite gradients, for which it skips a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from zerograd.explaining.training.tensors import storage

UNSCALE, UPDATE_SCALE = "_amp_foreach_non_finite_check_and_unscale_", "_amp_update_scale_"
"""The operations of a scaler."""


@dataclass(slots=True)
class ScalerRecord:
    """The gradients that a scaler looked through since its scale was last updated.

    Attributes:
        looks: for each look the names of the parameters, the flag that it sets where something is infinite,
            and the names of those whose gradients are.
    """

    looks: list[tuple[frozenset[str], torch.Tensor, tuple[str, ...]]] = field(default_factory=list)

    def record(
        self, gradients: Sequence[torch.Tensor], flag: torch.Tensor, parameters: Mapping[str, torch.Tensor]
    ) -> None:
        """Take note of a look that is about to happen."""
        known = {
            storage(parameter.grad): name
            for name, parameter in parameters.items()
            if parameter.grad is not None and parameter.grad.layout is torch.strided
        }
        names = {known[key]: gradient for gradient in gradients if (key := storage(gradient)) in known}
        infinite = tuple(name for name, gradient in names.items() if not bool(gradient.isfinite().all()))
        self.looks.append((frozenset(names), flag, infinite))

    @property
    def names(self) -> frozenset[str]:
        """Return the parameters that are not stepped for it."""
        refused = (names for names, flag, _ in self.looks if bool(flag.item() != 0))
        return frozenset[str]().union(*refused)

    @property
    def infinite(self) -> tuple[str, ...]:
        """Return the parameters whose gradients were infinite or nan."""
        return tuple(name for _, _, names in self.looks for name in names)
