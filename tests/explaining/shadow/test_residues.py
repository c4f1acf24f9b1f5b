"""Residues agree with exact fractions, and heights bound numerators."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

from tests.explaining.shadow.programs import Fractions, Step, leaves, programs, run  # noqa: E402
from zerograd.explaining.shadow import residues as module  # noqa: E402
from zerograd.explaining.shadow.domain import Cannot, Convolution  # noqa: E402
from zerograd.explaining.shadow.dyadic import Apart, Scaled, dyadic, reduce_  # noqa: E402
from zerograd.explaining.shadow.residues import LONGEST, ResidueDomain, Residues, primes  # noqa: E402

P = next(primes())
SMALLEST = max(p for p in (2097169, 2097211) if module.is_prime(p))


def modulo(number: Fraction, prime: int = P) -> int:
    return number.numerator * pow(number.denominator, -1, prime) % prime


def assert_agrees(value: Residues, exact: Any, prime: int = P) -> None:
    """Residues are those of the fractions; nan stands for what is no number, or a quotient by 0 modulo p."""
    for r, x in zip(value.residue.flatten().tolist(), exact.flatten().tolist(), strict=True):
        assert x is not None or math.isnan(r)
        if not math.isnan(r):
            assert int(r) == r
            assert abs(r) <= prime / 2 + 2
            assert (int(r) - modulo(x, prime)) % prime == 0
    if value.height is not None:
        for x in exact.flatten().tolist():
            numerator = x * Fraction(2) ** value.height.twos * value.height.odd
            assert numerator.denominator == 1
            assert (
                not x or math.log2(abs(x.numerator)) - math.log2(x.denominator) <= value.height.size + 1e-12
            )
            assert not numerator or math.log2(abs(int(numerator))) <= value.height.bits


@examples(200)
@given(leaves(), programs("divide"))
def test_ring(matrices: list[Tensor], program: list[Step]) -> None:
    values = run(ResidueDomain(P), matrices, program)
    for value, exact in zip(values, run(Fractions(), matrices, program), strict=True):
        assert value.height is not None
        assert_agrees(value, exact)


@examples(100)
@given(leaves(), programs("div", "div", "divide"))
def test_field(matrices: list[Tensor], program: list[Step]) -> None:
    values = run(ResidueDomain(P), matrices, program)
    for value, exact in zip(values, run(Fractions(), matrices, program), strict=True):
        assert_agrees(value, exact)


@examples(100)
@given(st.lists(st.integers(-(2**53) + 2**22, 2**53 - 2**22), min_size=1), st.sampled_from([P, SMALLEST]))
def test_reduction(numbers: list[int], prime: int) -> None:
    reduced = reduce_(torch.tensor(numbers, dtype=torch.float64), prime).tolist()
    for n, r in zip(numbers, reduced, strict=True):
        assert int(r) == r
        assert (n - int(r)) % prime == 0
        assert abs(r) <= prime / 2 + 2


@examples(200)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=400),
    st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16]),
    st.sampled_from([0, 2, 24]),
)
def test_leaves_of_any_size(numbers: list[float], dtype: Any, digits: int) -> None:
    tensor = torch.tensor(numbers, dtype=torch.float64)
    if digits:
        tensor = (tensor.clamp(-100, 100) * 2**digits).round() / 2**digits
    tensor = tensor.to(dtype)
    tensor = tensor.where(tensor.isfinite(), torch.ones_like(tensor))
    assert_agrees(ResidueDomain(P).leaf(tensor), Fractions().leaf(tensor))


def test_leaves_are_taken_apart_in_two_ways() -> None:
    torch.manual_seed(0)
    assert isinstance(dyadic(torch.randn(1000)), Scaled)
    assert isinstance(dyadic(torch.randn(1000, dtype=torch.float64)), Apart)
    nice = dyadic(torch.arange(1000.0).div(4))
    assert nice.height is not None
    assert nice.height.twos == 2


def test_round_numbers_with_a_fine_one_late() -> None:
    tensor = torch.arange(1000.0)
    tensor[-1] = 0.1
    assert_agrees(ResidueDomain(P).leaf(tensor), Fractions().leaf(tensor))


def test_integers_beyond_float64() -> None:
    tensor = torch.tensor([2**62 + 12345, -(2**63), 2**63 - 1, 0])
    assert_agrees(ResidueDomain(P).leaf(tensor), Fractions().leaf(tensor))


def test_what_is_no_number_has_no_residue() -> None:
    value = ResidueDomain(P).leaf(torch.tensor([1.0, math.inf, math.nan, -math.inf, 1e-3]))
    assert value.residue.isnan().tolist() == [False, True, True, True, False]
    assert value.height is None
    assert not value.nonzero()[1:4].any()


@pytest.mark.parametrize("prime", [P, SMALLEST])
@pytest.mark.parametrize("terms", [LONGEST, LONGEST + 1, 5 * LONGEST + 7])
def test_longest_sums_are_exact(prime: int, terms: int) -> None:
    domain = ResidueDomain(prime)
    largest = prime // 2 + 2
    a = Residues(torch.full((2, terms), float(largest), dtype=torch.float64), None)
    a.residue[1, ::2] -= 1
    b = Residues(torch.full((terms, 2), float(largest), dtype=torch.float64), None)
    b.residue[:, 1] *= -1
    rows = [[int(x) for x in row] for row in a.residue.tolist()]
    out = domain.matmul(a, b).residue
    for i, row in enumerate(rows):
        for j, sign in enumerate((1, -1)):
            assert (int(out[i, j]) - sign * largest * sum(row)) % prime == 0


@pytest.mark.parametrize("longest", [LONGEST, 40, 4])
@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions(monkeypatch: pytest.MonkeyPatch, longest: int, groups: int) -> None:
    monkeypatch.setattr(module, "LONGEST", longest)
    how = Convolution((2, 1), (1, 0), (1, 2), groups)
    torch.manual_seed(groups)
    x, w = torch.randn(3, 4, 5, 6), torch.randn(6, 4 // groups, 3, 2)
    exact, domain = Fractions(), ResidueDomain(P)
    out = exact.convolution(exact.leaf(x), exact.leaf(w), how)
    assert_agrees(domain.convolution(domain.leaf(x), domain.leaf(w), how), out)
    g = torch.randn(out.shape)
    assert_agrees(
        domain.convolution_x(domain.leaf(g), domain.leaf(w), how, x.shape),
        exact.convolution_x(exact.leaf(g), exact.leaf(w), how, x.shape),
    )
    assert_agrees(
        domain.convolution_w(domain.leaf(g), domain.leaf(x), how, w.shape),
        exact.convolution_w(exact.leaf(g), exact.leaf(x), how, w.shape),
    )


def test_quotients_by_counts_keep_their_height() -> None:
    domain, exact = ResidueDomain(P), Fractions()
    x, counts = torch.randn(4, 3), torch.tensor([1, 2, 3, 6])[:, None]
    value = domain.div(domain.leaf(x), domain.leaf(counts))
    assert value.height is not None
    assert value.height.odd == 3
    assert_agrees(value, exact.div(exact.leaf(x), exact.leaf(counts)))
    assert domain.div(domain.leaf(counts), domain.leaf(torch.arange(100.0) + 1)).height is None


def test_inverses() -> None:
    domain = ResidueDomain(P)
    r = torch.arange(1.0, 2000, dtype=torch.float64)
    assert (domain.reduce_(domain.inverse(r) * r) == 1).all()


def test_refusals() -> None:
    domain = ResidueDomain(P)
    one = domain.constant(1, ())
    refusals: list[Callable[[], Residues]] = [
        lambda: domain.unary("exp", one),
        lambda: domain.scale(one, Fraction(1, P)),
        lambda: domain.constant(math.inf, ()),
        lambda: domain.leaf(torch.ones(2, dtype=torch.complex64)),
    ]
    for refused in refusals:
        with pytest.raises(Cannot):
            refused()
    for no_prime in (P + 2, P - 1, 3, 2**22 + 15):
        with pytest.raises(ValueError, match="no prime"):
            ResidueDomain(no_prime)
