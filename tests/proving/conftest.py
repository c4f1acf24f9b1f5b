"""Settings for the property tests of the search for proofs."""

from hypothesis import HealthCheck, settings

# How long an example takes says nothing on a busy machine.
settings.register_profile(
    "proving", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("proving")
