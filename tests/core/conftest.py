"""Settings for the property tests of the core."""

from hypothesis import HealthCheck, settings

# How long an example takes says nothing on a busy machine.
settings.register_profile(
    "core", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("core")
