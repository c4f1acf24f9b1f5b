"""Every form says why it cannot show an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.show.filled import founding
from zerograd.core.model.losses import LOSSES
from zerograd.core.verdict.answer import Answer, Run, Unknown
from zerograd.show import notebook, page, plot, scripts

FORMS: list[Callable[..., str | None]] = [notebook.unfit, page.unfit, plot.unfit, scripts.unfit]


@pytest.mark.parametrize("unfit", FORMS)
def test_a_witness_is_shown(unfit: Callable[[Answer], str | None]) -> None:
    """There is nothing to say against the founding counterexample."""
    assert unfit(founding()) is None


@pytest.mark.parametrize("unfit", FORMS)
def test_without_a_witness(unfit: Callable[[Answer], str | None]) -> None:
    """Nothing is shown where nothing was found."""
    unknown = Unknown("timeout", problem=founding().problem, run=Run(strategy=None, seconds=1, versions={}))
    assert "the answer is unknown (timeout): there is no witness" in str(unfit(unknown))


@pytest.mark.parametrize("unfit", [notebook.unfit, page.unfit])
def test_another_loss(unfit: Callable[[Answer], str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What calculates squares does not calculate other losses."""
    monkeypatch.setattr(type(LOSSES["mse"]), "least_squares", False)
    assert "least squares" in str(unfit(founding()))
