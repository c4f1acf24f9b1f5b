"""A witness as a script of its own, which lets PyTorch or JAX differentiate and asserts what is asked."""

from __future__ import annotations

from zerograd.core.verdict.answer import Sat
from zerograd.show.scripts.jax import Jax
from zerograd.show.scripts.pytorch import PyTorch
from zerograd.show.scripts.rounding import BeyondFloat64, unfit
from zerograd.show.scripts.script import script

__all__ = ["BeyondFloat64", "jax_script", "pytorch_script", "unfit"]


def pytorch_script(answer: Sat) -> str:
    """A Python script that needs PyTorch alone.

    Raises:
        BeyondFloat64: float64 cannot hold the numbers, or cannot tell what is asked.
    """
    return script(answer, PyTorch())


def jax_script(answer: Sat) -> str:
    """A Python script that needs JAX alone.

    Raises:
        BeyondFloat64: float64 cannot hold the numbers, or cannot tell what is asked.
    """
    return script(answer, Jax())
