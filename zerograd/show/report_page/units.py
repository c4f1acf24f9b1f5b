"""The map of what units did on each sample, as a table of letters and in words; a script draws it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from zerograd.document.escape import clean
from zerograd.explaining.explanation import State, Units
from zerograd.show.explanation.earlier import ranges
from zerograd.show.words import count

WORDS = {
    State.ACTIVE: "active",
    State.AT_KINK: "on the kink",
    State.OFF: "off",
    State.SATURATED: "saturated",
    State.UNKNOWN: "not known",
}
"""What is said of each state."""
_STANDING = (State.OFF, State.AT_KINK, State.SATURATED)
"""States that are worth saying of units that are in them on every sample."""


@dataclass(frozen=True, slots=True)
class Map:
    """One activation's units.

    Attributes:
        summary: sentences.
        rows: letters, a text for each sample.
        open: whether it is shown at first.
    """

    title: str
    units: int
    summary: tuple[str, ...]
    rows: tuple[str, ...]
    open: bool


def unit_map(units: Units, is_open: bool) -> Map:
    """Return the map of an activation."""
    width = len(units.states[0]) if units.states else 0
    counts = Counter[str]()
    for states in units.states:
        counts.update(states)
    every = count(width, "unit"), count(len(units.states), "sample")
    shown = ", ".join(f"{counts[state]:,} {word}" for state, word in WORDS.items() if counts[state])
    summary = [f"{every[0]} × {every[1]}: {shown}."]
    for state in _STANDING:
        if counts[state] < len(units.states):
            continue
        whole = [i for i, column in enumerate(zip(*units.states, strict=True)) if set(column) == {state}]
        if whole:
            all_of = len(whole) == width
            which = "all units" if all_of else f"unit{'s' * (len(whole) > 1)} {ranges(whole)}"
            summary.append(f"{WORDS[state].capitalize()} on every sample: {which}.")
    return Map(clean(units.where), width, tuple(summary), units.states, is_open)
