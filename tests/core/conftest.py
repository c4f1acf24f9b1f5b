"""Settings for the property tests of the core."""

from hypothesis import settings

# How long an example takes says nothing on a busy machine.
settings.register_profile("core", parent=settings(), deadline=None)
settings.load_profile("core")
