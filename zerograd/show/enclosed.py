"""What a text answer says of a witness that is enclosed: its unknowns, and why a solution exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zerograd.core.model.references import short_entry
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.real import rounded
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.document.layout import Layout
from zerograd.document.numbers import equation
from zerograd.show.words import count

MAX_UNKNOWNS = 12
"""Unknowns that are written out."""
_DIGITS = 50
"""Digits of an unknown that are written out, of those that are proved."""
_IDENTITIES = {
    "outputs": "the gradients of the last layer sum to 0 over the outputs",
    "homogeneity": "Σ w ∂w over what comes into a homogeneous unit is that over what goes out",
    "inputs": "what the weights are multiplied with is a combination of what others are",
}


def existence_text(witness: EnclosedWitness) -> str:
    """``exists, enclosed to 10⁻³⁰: …``; without unknowns, which numbers are exact."""
    if not witness.unknowns:
        return "all its numbers are exact; gradients are enclosed"
    unknowns = count(len(witness.unknowns), "unknown")
    return f"exists, {witness.words}: {unknowns}, below, with all digits that are proved"


def unknown_lines(witness: EnclosedWitness, layout: Layout) -> Iterator[str]:
    """Each unknown with its digits; of many the first."""
    for name, index in list(witness.unknowns)[:MAX_UNKNOWNS]:
        array: Array[Any] = witness.variables[name]
        text = f"≈{rounded(array[index], _DIGITS)}"
        yield from layout.wrapped(equation(short_entry(name, index, array.shape), text), indent=2, hanging=4)
    if (more := len(witness.unknowns) - MAX_UNKNOWNS) > 0:
        yield from layout.wrapped(f"{count(more, 'more unknown')}; --json has all", indent=2)


def proof_lines(witness: EnclosedWitness, layout: Layout) -> Iterator[str]:
    """Which gradients are zero by the test, and which because of them."""
    for sentence in sentences(witness):
        yield from layout.wrapped(sentence, indent=2, hanging=4)


def sentences(witness: EnclosedWitness) -> Iterator[str]:
    """`proof_lines`, one after the other."""
    if witness.equations:
        equations = _listed(witness, [(e.name, e.index or ()) for e in witness.equations])
        which = "it" if len(witness.equations) == 1 else "all of them"
        yield f"{equations}: exactly one point of the box makes {which} zero, by Krawczyk's test"
    for identity, why in _IDENTITIES.items():
        dropped = [(d.entry.name, d.entry.index or ()) for d in witness.dropped if d.identity == identity]
        if dropped:
            yield f"{_listed(witness, dropped)}: {why}"


def method(witness: EnclosedWitness) -> str:
    """Return what the checker did: ``by interval arithmetic``."""
    return "by Krawczyk's test and interval arithmetic" if witness.unknowns else "by interval arithmetic"


def _listed(witness: EnclosedWitness, places: list[tuple[str, tuple[int, ...]]]) -> str:
    """``∂L/∂w2, ∂L/∂b2[0]``: whole arrays by their names."""
    shown = []
    for name in (name for name in witness.gradients if any(name == other for other, _ in places)):
        shape = witness.gradients[name].shape
        some = [index for other, index in places if other == name]
        if len(some) == len(witness.gradients[name].entries):
            shown.append(f"∂L/∂{name}")
        else:
            shown += [f"∂L/∂{short_entry(name, index, shape)}" for index in some]
    if len(shown) > MAX_UNKNOWNS:
        shown = [*shown[: MAX_UNKNOWNS - 2], f"… and {len(shown) - MAX_UNKNOWNS + 2} more"]
    return ", ".join(shown)
