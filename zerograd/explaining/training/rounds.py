"""What happened between two reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.steps.held import held_tensors
from zerograd.explaining.training.steps.observation import Observation


@dataclass(slots=True)
class Round:
    """What happened since the last report: until every optimiser has stepped once, or one steps again.

    Attributes:
        gradients: what ``backward`` left for each tensor, by identity.
        later: the same, of tensors whose optimiser has stepped already: of the next round, perhaps.
        loss: what ``backward`` had started from at the last step.
        observations: what was seen of each step.
        stepped: the optimisers that stepped.
        limited: whether every backward pass was for some inputs alone.
        asked: these inputs.
    """

    gradients: dict[int, Source] = field(default_factory=dict)
    later: dict[int, Source] = field(default_factory=dict)
    loss: Source | None = None
    observations: list[Observation] = field(default_factory=list)
    stepped: list[Optimizer] = field(default_factory=list)
    limited: bool = True
    asked: list[Any] = field(default_factory=list)

    def take(self, tensor: Tensor, gradient: Source) -> None:
        """Take a gradient; that with which a tensor was stepped stays what it was."""
        done = any(tensor is held for optimizer in self.stepped for held in held_tensors(optimizer))
        (self.later if done else self.gradients)[id(tensor)] = gradient
