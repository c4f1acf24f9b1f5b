"""Where PyTorch is installed, re-checks compare with it: it is loaded."""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):
    import torch  # noqa: F401
