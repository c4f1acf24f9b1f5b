"""A second look confirms zeros that hold, and refutes what is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

from tests.explaining.shadow.recorded import bounded, recorded  # noqa: E402
from tests.explaining.shadow.test_deciding import networks  # noqa: E402
from zerograd.explaining.shadow.balls import BallDomain, fraction  # noqa: E402
from zerograd.explaining.shadow.deciding import decide_all  # noqa: E402
from zerograd.explaining.shadow.functions import NAMES  # noqa: E402
from zerograd.explaining.shadow.residues import ResidueDomain, primes  # noqa: E402
from zerograd.explaining.shadow.verifying import FIXED, Substituting, verify_zeros  # noqa: E402


@pytest.mark.parametrize("seed", range(6))
def test_zeros_are_confirmed(seed: int) -> None:
    for net in networks(seed):
        sources = net.gradients()
        zeros = [classes.zero for classes in decide_all(sources, bounded())]
        assert any(zero.any() for zero in zeros)
        for zero, check in zip(zeros, verify_zeros(sources, zeros), strict=True):
            assert check.confirmed.equal(zero)
            assert not check.refuted.any()


@pytest.mark.parametrize("seed", range(4))
def test_wrong_zeros_are_refuted(seed: int) -> None:
    for net in networks(seed):
        sources = net.gradients()
        classes = decide_all(sources, bounded())
        checks = verify_zeros(sources, [torch.ones_like(c.zero) for c in classes])
        for c, check in zip(classes, checks, strict=True):
            assert check.refuted.equal(c.nonzero)
            assert check.confirmed.equal(c.zero)


def smooth(x: Tensor) -> Sequence[Tensor]:
    """Gradients of a network of tanh and softmax with a unit that nothing leaves, and one with weight 0."""
    torch.manual_seed(0)
    w, v = torch.randn(4, 3), torch.randn(2, 4)
    v[:, 1] = 0
    w[2] = 0
    w.requires_grad_()
    v.requires_grad_()
    loss = torch.nn.functional.cross_entropy((x @ w.T).tanh() @ v.T, torch.tensor([0, 1, 1]))
    loss.backward()
    assert w.grad is not None
    assert v.grad is not None
    return [w.grad, v.grad]


def test_zeros_that_hold_for_all_functions() -> None:
    sources = recorded(lambda: smooth(torch.randn(3, 3)))
    classes = decide_all(sources, bounded())
    assert classes[0].zero[1].all()
    assert classes[1].zero[:, 2].all()
    for c, check in zip(classes, verify_zeros(sources, [c.zero for c in classes]), strict=True):
        assert check.confirmed.equal(c.zero)
        assert not check.refuted.any()
    wrong = verify_zeros(sources, [torch.ones_like(c.zero) for c in classes])
    for c, check in zip(classes, wrong, strict=True):
        assert check.refuted.equal(c.nonzero)


def test_zeros_of_rational_values_are_looked_at_again() -> None:
    x = torch.tensor([4.0, 9.0, 2.0])
    (source,) = recorded(lambda: [x.sqrt() - torch.tensor([2.0, 3.0, 1.5])])
    check = verify_zeros([source], [torch.ones(3, dtype=torch.bool)])[0]
    assert check.confirmed.tolist() == [True, True, False]
    assert check.refuted.tolist() == [False, False, True]
    unsure = verify_zeros([source], [torch.ones(3, dtype=torch.bool)], operations=0)[0]
    assert unsure.refuted.all()


def test_what_cannot_be_computed_is_neither() -> None:
    x = torch.tensor([0.5, 2.0])
    (source,) = recorded(lambda: [torch.special.airy_ai(x) * 0])
    check = verify_zeros([source], [torch.ones(2, dtype=torch.bool)])[0]
    assert not check.confirmed.any()
    assert not check.refuted.any()


def test_substitutes_have_the_rational_values() -> None:
    assert set(FIXED) <= set(NAMES)
    domain, exact = Substituting(next(primes())), BallDomain(64)
    for name, (place, value) in FIXED.items():
        (substitute,) = domain.unary(name, domain.constant(place, (1,))).residue.tolist()
        assert (int(substitute) - domain.residue(value)) % domain.prime == 0
        assert fraction(exact.unary(name, exact.constant(place, ()))[()]) == value


def test_substitutes_are_functions_and_differ() -> None:
    domain = Substituting(next(primes()))
    x = domain.leaf(torch.tensor([0.3, 0.3, 0.7]))
    assert len({_residues(domain, name, x)[2] for name in NAMES if name != "reciprocal"}) == len(NAMES) - 1
    for name in NAMES:
        first, second, third = _residues(domain, name, x)
        assert first == second != third
    inverse = ResidueDomain(domain.prime).constant(1 / Fraction(0.75), ()).residue
    assert domain.unary("reciprocal", domain.constant(0.75, ())).residue.equal(inverse)


def _residues(domain: Any, name: str, x: Any) -> list[int]:
    return [int(r) % domain.prime for r in domain.unary(name, x).residue.tolist()]
