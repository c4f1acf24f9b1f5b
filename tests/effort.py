"""How much is tried: less by a newcomer who waits for it than by .ci/run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

QUICK = "quick"

# How long an example takes says nothing on a busy machine.
settings.register_profile(
    "thorough", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(QUICK, settings.get_profile("thorough"), max_examples=25, derandomize=True)


def examples(thorough: int, *unhealthy: HealthCheck) -> settings:
    """Settings for a property that is tried less often: so many examples where others have a hundred."""
    return settings(
        max_examples=max(5, thorough * settings().max_examples // 100),
        suppress_health_check=[HealthCheck.too_slow, *unhealthy],
    )


def seeds(number: int, quick: int) -> list[object]:
    """The numbers from 0 on, for `parametrize`: those from ``quick`` on are slow."""
    return [pytest.param(n, marks=[pytest.mark.slow] if n >= quick else []) for n in range(number)]
