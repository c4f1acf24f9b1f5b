"""A witness as a script of its own, which lets PyTorch or JAX differentiate and asserts what is asked."""

from __future__ import annotations

from zerograd.core.verdict.answer import Answer, Sat
from zerograd.evaluate.rounding import BeyondFloat64, beyond_float64
from zerograd.show.fitness import no_witness
from zerograd.show.scripts.jax import Jax
from zerograd.show.scripts.pytorch import PyTorch
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


def unfit(answer: Answer) -> str | None:
    """Say why there is no script that shows what the answer shows; None if there is one."""
    if (reason := no_witness(answer, "to calculate with")) is not None or not isinstance(answer, Sat):
        return reason
    return beyond_float64(answer.witness)
