"""What can be proved of the values of one step: classes, laws behind zeros, and a second look at zeros."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import BoundedDomain
from zerograd.explaining.shadow.deciding import UNKNOWN, Budget, Classes, decide_all, signs
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.identities import CANCEL, Identities, Identity
from zerograd.explaining.shadow.identities.primitives import origin_of
from zerograd.explaining.shadow.verifying import verify_zeros
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.causes.origins import Law
from zerograd.explaining.training.kinks import count_across

_INTERMEDIATE = Budget(seconds=1.0, primes=24, precisions=(128,), pairs=False)
"""What may be spent on values between parameters and loss that are looked at for causes."""


class Proofs:
    """What can be proved of the values of one step.

    Attributes:
        budget: what may be spent on gradient entries that error bounds leave open.
        bounded: values in float64 with error bounds.
    """

    def __init__(self, budget: Budget) -> None:
        self.bounded = Evaluation(BoundedDomain())
        self._identities = Identities(self.bounded, budget.seconds / 2)
        self._budget = budget
        self._zeros: dict[tuple[int, int], Tensor] = {}  # of whole results

    def classes(self, sources: Sequence[Source]) -> list[Classes]:
        """Return what is known of the entries of gradients."""
        decided = decide_all(sources, self.bounded, self._budget, self._identities.zero)
        for source, classes in zip(sources, decided, strict=True):
            value = self.bounded(source)
            if value is not None and bool((classes.zero & ~value.zero()).any()):
                self._keep(source, classes.zero)
        return decided

    def _keep(self, source: Source, zero: Tensor) -> None:
        """Remember zeros of a gradient that error bounds do not show."""
        whole = source.node.results[source.output]
        key = source.node.number, source.output
        zeros = self._zeros.setdefault(key, torch.zeros(whole.numel(), dtype=torch.bool))
        zeros[origin_of(source)[zero]] = True

    def zeros(self, sources: Sequence[Source]) -> list[Tensor]:
        """Return where values in between are certainly zero; what is known of gradients is used."""
        decided = decide_all(sources, self.bounded, _INTERMEDIATE, self._differences)
        return [c.zero | self._known(source) for source, c in zip(sources, decided, strict=True)]

    def _differences(self, source: Source, open: Tensor) -> Tensor:  # noqa: A002
        """Return residuals that are zero because the targets were computed as the outputs were."""
        operation = source.node.operation
        if operation not in ("sub", "rsub") and not operation.endswith("loss_backward"):
            return torch.zeros_like(open)
        return self._identities.same(source, open)

    def _known(self, source: Source) -> Tensor:
        zeros = self._zeros.get((source.node.number, source.output))
        if zeros is None:
            return torch.zeros((), dtype=torch.bool)
        return zeros[origin_of(source)]

    def across_kinks(self, gradients: Mapping[str, Source]) -> dict[str, int]:
        """Return how many entries of each gradient depend on a unit that rounding carried across a kink."""
        return count_across(gradients, self.bounded, self.signs)

    def signs(self, source: Source) -> Tensor:
        """Return the signs of a value in between: −1, 0, 1, and 2 where they are not known."""
        return signs(source, self.bounded, _INTERMEDIATE)

    def signs_within(self, seconds: float) -> Callable[[Source], Tensor]:
        """Return a function like `signs` that knows nothing more once it has spent its time."""
        left = seconds

        def within(source: Source) -> Tensor:
            nonlocal left
            began = time.monotonic()
            budget = replace(_INTERMEDIATE, seconds=max(left, 0.0))
            known = (
                signs(source, self.bounded, budget)
                if left > 0
                else torch.full(source.run.shape, UNKNOWN, dtype=torch.int8)
            )
            left -= time.monotonic() - began
            return known

        return within

    def refuted(self, source: Source, zero: Tensor) -> Tensor:
        """Return zeros of a gradient that a second routine denies; those by identities it cannot look at."""
        asked = zero.clone().reshape(-1)
        asked[list(self._proven(source))] = False
        (check,) = verify_zeros([source], [asked.reshape(zero.shape)])
        return check.refuted

    def laws(self, source: Source, zeros: Tensor) -> dict[Law, Tensor]:
        """Return the laws that make entries of a value zero, and which."""
        proven = self._proven(source)
        left = zeros.clone()
        left.view(-1)[list(proven)] = False
        if bool(left.any()):
            self._identities.zero(source, left)
            proven = self._proven(source)
        laws: dict[Law, Tensor] = {}
        for entry in zeros.reshape(-1).nonzero().reshape(-1).tolist():
            for identity in proven.get(entry, ())[:1]:
                if identity.law == CANCEL and not identity.structural:
                    continue  # terms that cancel with these data only
                law = Law(identity.law, identity.operation, identity.place, identity.structural)
                mask = laws.setdefault(law, torch.zeros_like(zeros))
                mask.view(-1)[entry] = True
        return laws

    def _proven(self, source: Source) -> dict[int, tuple[Identity, ...]]:
        """Return identities that were proven of a value, or of what shows parts of it, by flat position."""
        proven: dict[int, tuple[Identity, ...]] = {}
        for other, reasons in self._identities.reasons.items():
            if other == source:
                proven.update(reasons)
            elif source.view is None and (other.node, other.output) == (source.node, source.output):
                places = origin_of(other).reshape(-1)
                proven.update({int(places[entry]): identities for entry, identities in reasons.items()})
        return proven
