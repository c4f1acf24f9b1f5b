"""What a gradient scaler found: infinite gradients, for which it skips a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch

from zerograd.explaining.training.steps.tensors import storage

UNSCALE, UPDATE_SCALE = "_amp_foreach_non_finite_check_and_unscale_", "_amp_update_scale_"
"""The operations of a scaler."""


@dataclass(slots=True)
class ScalerRecord:
    """The gradients that a scaler looked through since its scale was last updated.

    Attributes:
        looks: for each look the identities of the parameters, the flag that it sets where something is
            infinite, and the identities of those whose gradients are.
    """

    looks: list[tuple[frozenset[int], torch.Tensor, tuple[int, ...]]] = field(default_factory=list)

    def record(
        self, gradients: Sequence[torch.Tensor], flag: torch.Tensor, parameters: Iterable[torch.Tensor]
    ) -> None:
        """Take note of a look that is about to happen."""
        known = {
            storage(parameter.grad): id(parameter)
            for parameter in parameters
            if parameter.grad is not None and parameter.grad.layout is torch.strided
        }
        seen = {known[key]: gradient for gradient in gradients if (key := storage(gradient)) in known}
        infinite = tuple(key for key, gradient in seen.items() if not bool(gradient.isfinite().all()))
        self.looks.append((frozenset(seen), flag, infinite))

    @property
    def refused(self) -> frozenset[int]:
        """Return the identities of the parameters that are not stepped for it."""
        refused = (keys for keys, flag, _ in self.looks if bool(flag.item() != 0))
        return frozenset[int]().union(*refused)

    @property
    def infinite(self) -> tuple[int, ...]:
        """Return the identities of the parameters whose gradients were infinite or nan."""
        return tuple(key for _, _, keys in self.looks for key in keys)
