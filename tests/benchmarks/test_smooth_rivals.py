"""Rivals on smooth questions never contradict what is proved, and are stopped at the cap."""

from __future__ import annotations

import pytest

from benchmarks.smooth_rivals import Case, asked

TWO = Case("elu", "mse", 2)
THREE = Case("sigmoid", "bce, labels", 3)


def test_z3_does_not_contradict_what_is_known() -> None:
    """Two samples do not do for elu, and a model of another exp is named so."""
    assert asked("Z3, any exp", TWO, 2.0)[0] not in ("sat", "error")


@pytest.mark.needs("cvc5")
@pytest.mark.parametrize("rival", ["cvc5, any exp", "cvc5, its exp"])
def test_cvc5_does_not_contradict_what_is_known(rival: str) -> None:
    """Two samples do not do for elu; three do for sigmoid."""
    assert asked(rival, TWO, 2.0)[0] not in ("sat", "error")
    status, seconds = asked(rival, THREE, 0.2)
    assert status not in ("unsat", "error")
    assert seconds <= 1.0
