"""A second look at what was said to be zero, by a routine that shares no step with the first.

Each claim is computed again modulo primes that deciding does not use. Functions that are not rational are
replaced by polynomials with random coefficients there: where a value is zero because a factor is, it is zero
whatever the functions' values are.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from zerograd.explaining.shadow.balls import BallDomain, Exhausted, signs
from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.dyadic import Dyadics
from zerograd.explaining.shadow.evaluation import Evaluation
from zerograd.explaining.shadow.residues import SMALLEST_PRIME, ResidueDomain, Residues, is_prime
from zerograd.explaining.tape.nodes import Source

FIXED: dict[str, tuple[int, Fraction]] = {
    "exp": (0, Fraction(1)),
    "expm1": (0, Fraction(0)),
    "log": (1, Fraction(0)),
    "log1p": (0, Fraction(0)),
    "sigmoid": (0, Fraction(1, 2)),
    "tanh": (0, Fraction(0)),
    "erf": (0, Fraction(0)),
    "erfc": (0, Fraction(1)),
    "sin": (0, Fraction(0)),
    "cos": (0, Fraction(1)),
    "sqrt": (0, Fraction(0)),
    "rsqrt": (1, Fraction(1)),
    "Phi": (0, Fraction(1, 2)),
}
"""Where functions have a rational value, and which."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a second look found.

    Attributes:
        confirmed, refuted: booleans in the value's shape; neither where nothing could be computed.
    """

    confirmed: Tensor
    refuted: Tensor


class Substituting(ResidueDomain):
    """Arithmetic modulo a prime in which every function is some polynomial.

    Attributes:
        has_substituted: whether a function was asked for.
    """

    def __init__(self, prime: int, leaves: Dyadics | None = None) -> None:
        super().__init__(prime, leaves)
        self.has_substituted = False

    def unary(self, name: str, v: Residues) -> Residues:
        if name == "reciprocal":
            return super().unary(name, v)
        self.has_substituted = True
        place, value = FIXED.get(name, (0, None))
        drawn = torch.Generator().manual_seed(zlib.crc32(f"{name} {self.prime}".encode()))
        first, *others = torch.randint(1, self.prime // 2, (4,), generator=drawn).tolist()
        shifted = self.reduce_(v.residue - place)
        total = torch.full_like(shifted, float(first))
        for coefficient in others:
            total = self.reduce_(total * shifted).add_(float(coefficient))
        if value is not None:
            total = self.reduce_(self.reduce_(total) * shifted).add_(float(self.residue(value)))
        return Residues(self.reduce_(total), None)


def verify_zeros(
    sources: Sequence[Source], zeros: Sequence[Tensor], primes: int = 2, operations: float = 1e6
) -> list[Check]:
    """Look again at claims that entries are zero because a factor is, or because rational terms cancel.

    Zeros by an identity of functions (a softmax sums to 1) are not such claims: they would be refuted.

    Args:
        zeros: booleans, where each value is said to be zero.
        primes: modulo how many primes values are computed.
        operations: on single numbers, to look at claims that hold for the functions only, and not for others.
    """
    refuted = [torch.zeros_like(zero) for zero in zeros]
    confirmed = [zero.clone() for zero in zeros]
    is_substituted = False
    leaves = Dyadics()
    with torch.no_grad():
        for prime in _fresh(primes):
            domain = Substituting(prime, leaves)
            evaluation = Evaluation(domain)
            for i, (source, zero) in enumerate(zip(sources, zeros, strict=True)):
                value = evaluation(source) if bool(zero.any()) else None
                if value is None:
                    confirmed[i].zero_()
                    continue
                refuted[i] |= zero & value.nonzero()
                confirmed[i] &= value.zero()
            is_substituted = is_substituted or domain.has_substituted
        if is_substituted:
            _look_closer(sources, confirmed, refuted, operations)
    return [Check(c, r) for c, r in zip(confirmed, refuted, strict=True)]


def _look_closer(
    sources: Sequence[Source], confirmed: list[Tensor], refuted: list[Tensor], operations: float
) -> None:
    """Confirm what exact numbers confirm: a function had a rational value, such as √4."""
    evaluation = Evaluation(BallDomain(64, operations))
    for i, source in enumerate(sources):
        if not bool(refuted[i].any()):
            continue
        try:
            value = evaluation(source)
        except (Exhausted, Cannot):
            return
        if value is not None:
            zero = refuted[i] & (signs(value) == 0)
            refuted[i] &= ~zero
            confirmed[i] |= zero


def _fresh(number: int) -> list[int]:
    """Return the smallest primes: deciding begins with the largest."""
    fresh: list[int] = []
    n = SMALLEST_PRIME + 2
    while len(fresh) < number:
        if is_prime(n):
            fresh.append(n)
        n += 2
    return fresh
