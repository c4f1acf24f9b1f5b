"""Short phrases that every kind of output shares. Nothing here needs SymPy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from zerograd.core.model.activations import Activation, Piece, piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.names import function_name
from zerograd.core.model.network import Network
from zerograd.core.model.sides import Side
from zerograd.core.model.slopes import is_chosen
from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import alpha_text, field_text

NO_KINK = "no kinks"


def kink_values(
    activations: Iterable[Activation], convention: Kink
) -> Iterator[tuple[Activation, int | Fraction, int | Fraction]]:
    """(activation, kink, derivative there), once for every activation. Nothing under ``forbid``."""
    for activation in dict.fromkeys(activations):
        for kink, derivative in activation.at_kinks(convention):
            yield activation, kink, derivative


def kink_line(activations: Iterable[Activation], convention: Kink) -> str:
    """``ReLU'(0) = 0 (torch)``."""
    with_kinks = [activation for activation in activations if activation.has_kinks]
    if not with_kinks:
        return NO_KINK
    if convention == "forbid":
        return "no sample on a kink (forbid)"
    if is_chosen(convention):
        says = {"any": "is chosen", "all": "may be anything"}[convention]
        return (
            ", ".join(f"{function_name(a)}'({kink}) {says} {ends}" for a, kink, ends in _ends(with_kinks))
            + f" ({convention})"
        )
    values = kink_values(with_kinks, convention)
    told = (f"{function_name(a)}'({kink}) = {slope}{of_layer(a)}" for a, kink, slope in values)
    return f"{', '.join(told)} ({convention})"


def of_layer(activation: Activation) -> str:
    """Which layer's a derivative is, where it is that of one alone."""
    return "" if activation.of_layer is None else f" at z{activation.of_layer.layer}"


def _ends(activations: Iterable[Activation]) -> Iterator[tuple[Activation, int | Fraction, str]]:
    """(activation, kink, from which slope to which), once for every activation."""
    for activation in dict.fromkeys(activations):
        for kink, ends in zip(activation.kinks, activation.slopes_at_kinks, strict=True):
            low, high = sorted(ends)
            yield activation, kink, f"from {low} to {high}"


def activations(network: Network) -> list[Activation]:
    """The activations of its layers, in order."""
    return [layer.activation for layer in network.layers]


def side_word(activation: Activation, side: Side) -> str:
    """What one says of a unit on this side: active, inactive, saturated; nothing where no word fits."""
    if side.is_point:
        return "on the kink"
    return next(p.word for p in piecewise(activation).pieces if (p.low, p.high) == (side.low, side.high))


def piece_text(piece: Piece) -> str:
    """What one says of a unit on this piece: a word, or else its slope."""
    return piece.word or f"slope {piece.slope}"


def alpha_line(witness: Witness) -> str | None:
    """What α stands for, where a number is irrational."""
    if (field := witness.field) is None:
        return None
    return f"α ≈ {alpha_text(field)} is the root of {field_text(field)}".replace("-", "−")


def count(number: int, noun: str) -> str:
    """``1 sample``, ``3 samples``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def samples_text(samples: Sequence[int], of: int) -> str:
    """``sample 1``, ``samples 0 and 2``, ``every sample``; the middle of a long list is left out."""
    if len(samples) == of > 1:
        return "every sample"
    shown = [str(sample) for sample in samples]
    if len(shown) == 1:
        return f"sample {shown[0]}"
    if len(shown) > 8:
        return f"samples {', '.join(shown[:6])}, … and {shown[-1]}"
    return f"samples {', '.join(shown[:-1])} and {shown[-1]}"
