"""What is known of witnesses smaller than this one."""

from __future__ import annotations

from zerograd.core.answer import Sat
from zerograd.show.numbers import exact_text


def smallest_text(answer: Sat) -> str:
    """How small the witness is, and what smaller ones there are; nothing where nothing is known."""
    small = answer.smallest
    if small is None or not (small.proved or small.exhausted):
        return ""
    size, below = small.size, small.size.height - 1
    before = f"but for {small.rank - 1} before it, " if small.rank > 1 else ""
    if not small.proved:
        values = _values_up_to(small.exhausted)
        return f"{before}no witness has {values}; of larger ones not all were tried"
    said = [f"no witness has {_values_up_to(below)}"] if 0 < below <= small.exhausted else []
    said.append(
        f"of those with numerators and denominators up to {size.height} none has a smaller sum of absolute"
        f" values than {exact_text(size.total)}"
    )
    return before + "; ".join(said)


def standing_text(answer: Sat) -> str:
    """Whether it is the smallest, or which of the smallest."""
    small = answer.smallest
    if small is None or not small.proved:
        return "small, but perhaps not the smallest"
    return "the smallest" if small.rank == 1 else f"number {small.rank} of the smallest"


def _values_up_to(height: int) -> str:
    if height == 1:
        return "all its values in {-1, 0, 1}"
    return f"all its values in {{-{height}, …, {height}}}, nor in fractions of such numbers"
