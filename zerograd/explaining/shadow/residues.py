"""Tensors of rational numbers modulo an odd prime: a residue that is not 0 proves that the number is not 0.

Floats are integers times powers of two, so they have residues, and so have sums, products, and quotients by
what is not 0 modulo the prime. Residues are float64 with |r| ≤ p/2 + 2: a sum of `LONGEST` products of two is
below 2⁵³, so that BLAS computes it exactly, whatever the order and with or without fused operations. An entry
without a residue is nan, and so is what is computed from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Convolution, Domain, Number, convolved, convolved_back
from zerograd.explaining.shadow.dyadic import Dyadic, Dyadics, reduce_
from zerograd.explaining.shadow.heights import NOTHING, Height

SMALLEST_PRIME, LARGEST_PRIME = 2**21 + 1, 2**22 - 3
BITS = 22
"""Primes are below 2 to this power."""
LONGEST = 2**11 - 2
"""The longest sum of products that is exact: LONGEST · (p/2 + 2)² + p < 2⁵³ for p < 2²²."""


@lru_cache(maxsize=1024)
def is_prime(n: int) -> bool:
    """Whether an odd number is a prime."""
    return all(n % d for d in range(3, math.isqrt(n) + 1, 2))


def primes() -> Iterator[int]:
    """Yield the primes between 2²¹ and 2²², the largest first."""
    return (n for n in range(LARGEST_PRIME, SMALLEST_PRIME, -2) if is_prime(n))


class Residues:
    """Residues, and how large the numerators can be (None: not known).

    Attributes:
        number: what all entries are, for constants.
        leaf: the numbers themselves, for leaves.
    """

    __slots__ = ("height", "leaf", "number", "residue")

    def __init__(
        self,
        residue: Tensor,
        height: Height | None,
        number: Fraction | None = None,
        leaf: Tensor | None = None,
    ) -> None:
        self.residue, self.height, self.number, self.leaf = residue, height, number, leaf

    def zero(self) -> Tensor:
        """Return where residues are 0: the numbers may be 0."""
        return self.residue == 0

    def nonzero(self) -> Tensor:
        """Return where the numbers are certainly not 0."""
        return (self.residue != 0) & ~self.residue.isnan()


class ResidueDomain(Domain[Residues]):
    """Arithmetic modulo one prime.

    Args:
        prime: between 2²¹ and 2²²: above the denominators that most means have.
        leaves: integers and exponents of leaves, shared by several primes.

    Raises:
        ValueError: ``prime`` is none, or too small or large.
    """

    def __init__(self, prime: int, leaves: Dyadics | None = None) -> None:
        if not SMALLEST_PRIME < prime <= LARGEST_PRIME or prime % 2 == 0 or not is_prime(prime):
            raise ValueError(f"{prime} is no prime between 2²¹ and 2²²")
        self.prime = prime
        self._leaves = leaves if leaves is not None else Dyadics()

    def reduce_(self, t: Tensor) -> Tensor:
        """Reduce integers of at most 2⁵³ − p modulo the prime, in place."""
        return reduce_(t, self.prime)

    def residue(self, number: Number) -> int:
        """Return the balanced residue of a number.

        Raises:
            Cannot: the number is not finite, or the prime divides its denominator.
        """
        if isinstance(number, float) and not math.isfinite(number):
            raise Cannot(f"{number} has no residue")
        exact = Fraction(number)
        if exact.denominator % self.prime == 0:
            raise Cannot(f"{self.prime} divides a denominator")
        r = exact.numerator * pow(exact.denominator, -1, self.prime) % self.prime
        return r - self.prime if 2 * r > self.prime else r

    # where values come from
    def leaf(self, tensor: Tensor) -> Residues:
        dyadic: Dyadic = self._leaves(tensor)
        return Residues(dyadic.modulo(self.prime), dyadic.height, leaf=tensor)

    def constant(self, number: Number, shape: Sequence[int]) -> Residues:
        full = torch.full(tuple(shape), float(self.residue(number)), dtype=torch.float64)
        return Residues(full, Height.of(Fraction(number)), Fraction(number))

    def shape(self, v: Residues) -> tuple[int, ...]:
        return tuple(v.residue.shape)

    # moving entries
    def move(self, f: Callable[[Tensor], Tensor], v: Residues) -> Residues:
        return Residues(f(v.residue), v.height)

    def join(self, f: Callable[[list[Tensor]], Tensor], vs: Sequence[Residues]) -> Residues:
        height: Height | None = NOTHING
        for v in vs:
            height = _either(height, v.height)
        return Residues(f([v.residue for v in vs]), height)

    def select(self, mask: Tensor, a: Residues, b: Residues) -> Residues:
        return Residues(torch.where(mask, a.residue, b.residue), _either(a.height, b.height))

    def put(self, v: Residues, positions: Tensor, w: Residues) -> Residues:
        written = v.residue.flatten().index_put((positions.flatten(),), w.residue.flatten())
        return Residues(written, _either(v.height, w.height))

    def spread(self, v: Residues, positions: Tensor, size: int) -> Residues:
        kept = positions.flatten() >= 0
        places = positions.flatten()[kept]
        total = v.residue.new_zeros(size).index_add_(0, places, v.residue.flatten()[kept])
        terms = int(torch.bincount(places, minlength=1).max())
        return Residues(self.reduce_(total), v.height and v.height.times(terms))

    # arithmetic
    def sum(self, v: Residues, dims: Sequence[int], keepdim: bool = False) -> Residues:
        if not dims:
            return v
        dims = [d % v.residue.dim() for d in dims]
        terms = math.prod(v.residue.shape[d] for d in dims)  # below 2³¹: residues are below 2²¹ and a bit
        return Residues(self.reduce_(v.residue.sum(dims, keepdim)), v.height and v.height.times(terms))

    def add(self, a: Residues, b: Residues) -> Residues:
        height = a.height + b.height if a.height and b.height else None
        return Residues(self.reduce_(a.residue + b.residue), height)

    def neg(self, a: Residues) -> Residues:
        return Residues(-a.residue, a.height)

    def sub(self, a: Residues, b: Residues) -> Residues:
        height = a.height + b.height if a.height and b.height else None
        return Residues(self.reduce_(a.residue - b.residue), height)

    def mul(self, a: Residues, b: Residues) -> Residues:
        return Residues(self.reduce_(a.residue * b.residue), _product(a, b, 1))

    def scale(self, a: Residues, number: Number) -> Residues:
        if number == 1:
            return a
        factor = self.residue(number)
        height = a.height and a.height * Height.of(Fraction(number))
        return Residues(self.reduce_(a.residue * float(factor)), height)

    def div(self, a: Residues, b: Residues) -> Residues:
        if b.number:
            return self.mul(a, self.constant(1 / b.number, self.shape(b)))
        # a number that is 0 modulo p may be 0, so the quotient has no residue
        inverse = torch.where(b.residue == 0, torch.nan, self.inverse(b.residue))
        height = None if b.leaf is None or a.height is None else reciprocals(b.leaf)
        return Residues(self.reduce_(a.residue * inverse), height and a.height and a.height * height)

    def inverse(self, r: Tensor) -> Tensor:
        """Return the inverses of residues, by r^(p − 2): 4 bits of the exponent at a time."""
        powers = [torch.ones_like(r), r]
        while len(powers) < 16:
            powers.append(self.reduce_(powers[-1] * r))
        exponent = f"{self.prime - 2:x}"
        inverse = powers[int(exponent[0], 16)]
        for digit in exponent[1:]:
            for _ in range(4):
                inverse = self.reduce_(inverse * inverse)
            if digit != "0":
                inverse = self.reduce_(inverse * powers[int(digit, 16)])
        return inverse

    def matmul(self, a: Residues, b: Residues) -> Residues:
        terms = a.residue.shape[-1]
        if terms <= LONGEST:
            total = self.reduce_(torch.matmul(a.residue, b.residue))
        else:
            parts = zip(torch.split(a.residue, LONGEST, -1), torch.split(b.residue, LONGEST, -2), strict=True)
            total = self._total(torch.matmul(left, right) for left, right in parts)
        return Residues(total, _product(a, b, terms))

    def _total(self, parts: Iterator[Tensor]) -> Tensor:
        """Reduce each part, and their sum: there are far fewer than 2³¹."""
        total = self.reduce_(next(parts))
        for part in parts:
            total += self.reduce_(part)
        return self.reduce_(total)

    def convolution(self, x: Residues, w: Residues, how: Convolution) -> Residues:
        terms = w.residue[0].numel()
        if terms > LONGEST:
            return super().convolution(x, w, how)
        total = self.reduce_(convolved(x.residue, w.residue, how))
        return Residues(total, _product(x, w, terms))

    def convolution_x(self, g: Residues, w: Residues, how: Convolution, x_shape: Sequence[int]) -> Residues:
        terms = w.residue[:, 0].numel()
        if terms > LONGEST:
            return super().convolution_x(g, w, how, x_shape)
        like = g.residue.new_empty(1).expand(tuple(x_shape))
        total = convolved_back(g.residue, like, w.residue, how, (True, False, False))[0]
        return Residues(self.reduce_(total), _product(g, w, terms))

    def convolution_w(self, g: Residues, x: Residues, how: Convolution, w_shape: Sequence[int]) -> Residues:
        samples = LONGEST // max(1, g.residue[0, 0].numel())
        if samples == 0:
            return super().convolution_w(g, x, how, w_shape)
        like = g.residue.new_empty(1).expand(tuple(w_shape))
        parts = zip(torch.split(g.residue, samples), torch.split(x.residue, samples), strict=True)
        total = self._total(convolved_back(g, x, like, how, (False, True, False))[1] for g, x in parts)
        return Residues(total, _product(g, x, g.residue[:, 0].numel()))

    def unary(self, name: str, v: Residues) -> Residues:
        if name == "reciprocal":
            return self.div(self.constant(1, ()), v)
        raise Cannot(f"{name} is not rational")


FEW = 64
"""So many different numbers at most are divided by with a known height."""


def reciprocals(leaf: Tensor) -> Height | None:
    """Return the height of reciprocals of a leaf, such as counts; None if they are many, or one is 0."""
    if leaf.numel() == 0:
        return NOTHING
    numbers = torch.unique(leaf)
    if len(numbers) > FEW or not bool(numbers.isfinite().all()) or bool((numbers == 0).any()):
        return None
    height = NOTHING
    for number in numbers.tolist():
        height = height | Height.of(1 / Fraction(number))
    return height


def _either(a: Height | None, b: Height | None) -> Height | None:
    return a | b if a and b else None


def _product(a: Residues, b: Residues, terms: int) -> Height | None:
    """Return the height of sums of products."""
    return (a.height * b.height).times(terms) if a.height and b.height else None
