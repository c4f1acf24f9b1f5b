"""Floats as integers times powers of two, and their residues."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import lru_cache

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.heights import NOTHING, Height, log2

_WIDE = getattr(torch, "uint64", None)
"""Integers that need not fit into int64; torch has them from 2.3 on."""


def reduce_(t: Tensor, prime: int) -> Tensor:
    """Reduce integers in float64 modulo a prime, in place: |t| ≤ 2⁵³ − p becomes |r| ≤ p/2 + 2.

    The quotient's error is less than 2⁻⁵² |t/p| before it is rounded, which makes the remainder greater by 2
    at most. The rounded quotient's product with p, and the difference, are integers of at most 2⁵³: exact.
    """
    quotient = t * (1.0 / prime)
    return t.sub_(quotient.round_(), alpha=float(prime))


class Dyadic(ABC):
    """Integers times powers of two, with their height (None if there are entries that are no numbers)."""

    def __init__(self, height: Height | None) -> None:
        self.height = height

    @abstractmethod
    def modulo(self, prime: int) -> Tensor:
        """Return the residues, in new memory; nan for what is no number."""


class Scaled(Dyadic):
    """Integers of less than 2⁵², all with the same power of two."""

    def __init__(self, height: Height | None, integers: Tensor, twos: int) -> None:
        super().__init__(height)
        self.integers, self.twos = integers, twos

    def modulo(self, prime: int) -> Tensor:
        residues = reduce_(self.integers.clone(), prime)
        if self.twos == 0:
            return residues
        return reduce_(residues.mul_(float(_balanced(pow(2, -self.twos, prime), prime))), prime)


class Apart(Dyadic):
    """Integers of at most 2⁵³ in two parts, each with its own power of two."""

    def __init__(self, height: Height | None, high: Tensor, low: Tensor, exponents: Tensor) -> None:
        super().__init__(height)
        self.high, self.low, self.exponents = high, low, exponents

    def modulo(self, prime: int) -> Tensor:
        shift = float(_balanced(pow(2, 27, prime), prime))
        mantissas = reduce_(reduce_(self.high.clone(), prime).mul_(shift).add_(self.low), prime)
        return reduce_(mantissas.mul_(_powers(prime)[self.exponents + _OFFSET]), prime)


class Whole(Dyadic):
    """Integers of 64 bits."""

    def __init__(self, height: Height, integers: Tensor) -> None:
        super().__init__(height)
        self.integers = integers

    def modulo(self, prime: int) -> Tensor:
        return reduce_(torch.remainder(self.integers, prime).to(torch.float64), prime)


_OFFSET = 1200
"""Exponents of mantissas with 53 bits are between −1074 − 53 and 971."""


@lru_cache(maxsize=64)
def _powers(prime: int) -> Tensor:
    """Return the residues of powers of two, from −_OFFSET on."""
    powers = [pow(2, -_OFFSET, prime)]
    for _ in range(2 * _OFFSET):
        powers.append(powers[-1] * 2 % prime)
    return torch.tensor([float(_balanced(r, prime)) for r in powers], dtype=torch.float64)


def _balanced(r: int, prime: int) -> int:
    return r - prime if 2 * r > prime else r


class Dyadics:
    """Tensors taken apart, remembered as long as this object lives."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Tensor, Dyadic]] = {}

    def __call__(self, tensor: Tensor) -> Dyadic:
        """Take a tensor apart.

        Raises:
            Cannot: its entries are no real numbers.
        """
        if id(tensor) not in self._known:
            self._known[id(tensor)] = (tensor, dyadic(tensor))
        return self._known[id(tensor)][1]


def dyadic(tensor: Tensor) -> Dyadic:
    """Take a tensor of floats, integers or booleans apart.

    Raises:
        Cannot: its entries are no real numbers.
    """
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided or tensor.dtype == _WIDE:
        raise Cannot(f"a tensor of {tensor.dtype}")
    if not tensor.is_floating_point():
        return _whole(tensor)
    floats = tensor.detach().to(torch.float64)
    ends = torch.aminmax(floats) if floats.numel() else (0.0, 0.0)
    largest = max(-float(ends[0]), float(ends[1]))
    if not math.isfinite(largest):
        return _apart(torch.where(floats.isfinite(), floats, torch.nan), None)
    if largest == 0:
        return Scaled(NOTHING, floats, 0)
    twos = _twos(floats, tensor.dtype)
    height = Height(log2(largest), twos)
    if -1000 < twos < 1000 and height.bits < 52:
        return Scaled(height, floats * 2.0**twos, twos)
    return _apart(floats, height)


def _whole(tensor: Tensor) -> Dyadic:
    integers = tensor.detach().to(torch.int64)
    if integers.numel() == 0:
        return Whole(NOTHING, integers)
    largest = max(abs(int(integers.max())), abs(int(integers.min())))
    return Whole(Height(log2(largest), 0) if largest else NOTHING, integers)


def _twos(floats: Tensor, dtype: torch.dtype) -> int:
    """Return a k with which all entries are integers divided by 2^k; some are not 0."""
    digits = 1 - round(math.log2(torch.finfo(dtype).eps))
    some = floats.flatten()[:256]
    few, bound = _least(some), _last_digit(some, digits)
    if few is not None and bound is not None:
        if few >= bound - 2:
            return _last_digit(floats, digits) or 0
        for twos in (few, few + 2, few + 6):  # round numbers
            if _are_multiples(floats, twos):
                return twos
    return _least(floats) or 0


def _are_multiples(floats: Tensor, twos: int) -> bool:
    """Whether all entries are integers divided by 2^twos."""
    if not -1000 < twos < 1000:
        return False
    integers = floats * 2.0**twos
    return bool(integers.isfinite().all()) and torch.equal(integers.round(), integers)


def _last_digit(floats: Tensor, digits: int) -> int | None:
    """Return the place of the last digit of the smallest number: all greater ones are multiples of it."""
    sizes = floats.abs()
    smallest = float(torch.where(sizes == 0, torch.inf, sizes).min())
    return digits - math.frexp(smallest)[1] if math.isfinite(smallest) else None


def _least(floats: Tensor) -> int | None:
    """Return the least such k; None if all entries are 0."""
    mantissas, exponents = torch.frexp(floats)
    integers = (mantissas * 2.0**53).to(torch.int64)
    _, zeros = torch.frexp((integers & -integers).to(torch.float64))
    places = (53 - exponents - (zeros - 1))[integers != 0]
    return int(places.max()) if places.numel() else None


def _apart(floats: Tensor, height: Height | None) -> Apart:
    mantissas, exponents = torch.frexp(floats)
    exponents = torch.where(floats.isfinite(), exponents, 0)
    integers = mantissas * 2.0**53
    high = (integers * 2.0**-27).round_()
    return Apart(height, high, integers - high * 2.0**27, exponents.to(torch.int64) - 53)
