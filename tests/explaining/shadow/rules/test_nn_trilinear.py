"""Bilinear layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.explaining.shadow.rules.running import assert_zero, check, draw

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    from torch.nn import functional as F
else:
    F = pytest.importorskip("torch").nn.functional


def test_bilinear_layer() -> None:
    check(F.bilinear, draw(4, 3), draw(4, 2), draw(5, 3, 2))
    check(F.bilinear, draw(4, 3), draw(4, 2), draw(5, 3, 2), draw(5))


def test_a_zero_factor_gives_exact_zeros() -> None:
    x = draw(4, 3).detach() * 0
    out, to_y, to_w = check(F.bilinear, x, draw(4, 2), draw(5, 3, 2))
    for value in (out, to_y, to_w):
        assert_zero(value)
