"""Activations and their derivatives as functions in Coq, and units with several sides at a sample.

Everything is written twice, as the statement shows it and as the proof does, in which each φ'(z) is a
variable ``s`` and φ(z) is ``s * z``, or ``s * z + c``. In texts that are still to be written in both ways
`OF_SAMPLE` marks names of functions of a sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from zerograd.core.errors import Impossible
from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.kinks import Kink
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.system import intercept
from zerograd.show.coq.props import COQ, Compared, Number, constant
from zerograd.show.coq.text import joined, number_text, value_text

OF_SAMPLE = "@"
"""`` p`` in the statement, nothing in the proof."""


@dataclass(frozen=True, slots=True)
class Definition:
    """``name := shown``; in the proof ``name = named``."""

    name: str
    shown: str
    named: str

    @classmethod
    def of(cls, name: str, shown: str, named: str | None = None) -> Definition:
        """A definition by texts with marks."""
        named = shown if named is None else named
        return cls(name, shown.replace(OF_SAMPLE, " p"), named.replace(OF_SAMPLE, ""))

    def line(self, of: str = "") -> str:
        """Coq's definition, ``of`` something."""
        return f"Definition {self.name}{of} : R := {self.shown}."


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as names have it: one of the M of a dataset by its number, or any one, ``p``."""

    number: int | None = None

    def name(self, array: str, index: int) -> str:
        """``z1_2_0`` at sample 2; of any one ``z1_0``, a function of the sample."""
        return f"{array}_{index}" if self.number is None else f"{array}_{self.number}_{index}"

    def value(self, array: str, index: int) -> str:
        """The number, with a mark."""
        return self.name(array, index) + OF_SAMPLE * (self.number is None)

    def argument(self, name: str) -> str:
        """The number by this name, for a function in the statement."""
        return f"({name} p)" if self.number is None else name


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with several sides, at a sample."""

    layer: int
    unit: int
    sample: Sample
    activation: Activation
    convention: Kink

    def name(self, letter: str) -> str:
        """``z1_2_0`` for z."""
        return self.sample.name(f"{letter}{self.layer}", self.unit)

    @property
    def sides(self) -> tuple[Side, ...]:
        return sides(self.activation, self.convention)

    @property
    def function(self) -> str:
        return function_name(self.activation)

    @property
    def at(self) -> str:
        """The pre-activation, for a function in the statement."""
        return self.sample.argument(self.name("z"))

    @property
    def shifted(self) -> bool:
        return has_intercepts(self.sides)

    def value(self) -> Definition:
        """φ(z)."""
        shift = f" + {self.name('c')}" if self.shifted else ""
        named = f"{self.name('s')} * {self.name('z')}{shift}"
        return Definition.of(self.name("a"), f"{self.function} {self.at}", named)

    def value_proof(self) -> str:
        """A term that says that the value is what the proof writes."""
        f, z = self.function, self.at
        return f"(Tools.rest ({f} {z}) ({f}' {z} * {z}))" if self.shifted else f"({f}_linear {z})"

    def variables(self) -> list[tuple[str, str]]:
        """s, and c if there is one, with the statement's terms for them."""
        f, z = self.function, self.at
        shift = [(self.name("c"), f"({f} {z} - {f}' {z} * {z})")] if self.shifted else []
        return [(self.name("s"), f"({f}' {z})"), *shift]

    def excluded(self) -> list[Compared]:
        """That z is on no kink, where that is forbidden."""
        name = self.name("z")
        shown = name if self.sample.number is not None else f"{name} p"
        z = Number(shown, name, Polynomial.constant(0))
        forbidden = self.convention == "forbid"
        return [Compared(z, "!=", constant(end)) for end in ends_of(self.activation) if forbidden]

    def on_sides(self) -> tuple[str, str]:
        """On which side z is and what holds there: a proposition, and a proof of it."""
        off = "".join(f"{prop.text(named=True)} -> " for prop in self.excluded())
        says = side_claims(self.sides, self.name("z"), self.name("s"), self.name("c"))
        return f"({off}{says})", f"({self.function}_sides {self.at})"


def unfit(activation: Activation) -> str | None:
    """Why an activation cannot be written; None if it can."""
    if isinstance(activation, PiecewiseLinear):
        return None
    return f"proofs for Coq speak of piecewise linear activations only, not of {activation}"


def function_name(activation: Activation) -> str:
    """``relu``, ``leaky_relu_1_100``, ``relu_at_z2`` of one layer; its derivative has a prime."""
    of = "" if activation.of_layer is None else f"_at_z{activation.of_layer.layer}"
    if activation.parameter is None:
        return f"{activation.name}{of}"
    numerator, denominator = Fraction(activation.parameter).as_integer_ratio()
    sign = "m" if numerator < 0 else ""
    return f"{activation.name}_{sign}{abs(numerator)}" + (f"_{denominator}" if denominator > 1 else "") + of


def linear_text(side: Side, z: str) -> str:
    """φ(z) on this side."""
    slope = number_text(side.slope)
    product = {"0": "0", "1": z, "(-1)": f"- {z}"}.get(slope, f"{slope} * {z}")
    if not side.offset:
        return product
    return number_text(side.offset) if product == "0" else f"{product} + {number_text(side.offset)}"


def has_intercepts(choices: Sequence[Side]) -> bool:
    return any(intercept(side) for side in choices)


def ends_of(activation: Activation) -> list[int | Fraction]:
    """Where one piece ends and the next begins."""
    return [side.high for side in sides(activation, "left") if side.high is not None]


def activation_definitions(unit: Unit) -> str:
    """φ and φ' of a unit by cases, and the lemmas on them that proofs use."""
    activation, convention, name = unit.activation, unit.convention, unit.function
    pieces = sides(activation, "left")
    # Under ``forbid`` no derivative is taken on a kink; that of the left piece is as good as any.
    taken = pieces if convention == "forbid" else sides(activation, convention)
    value = _by_cases(pieces, [linear_text(side, "z") for side in pieces])
    derivative = _by_cases(taken, [number_text(side.derivative) for side in taken])
    return "\n".join(
        [
            f"Definition {name} (z : R) : R :=\n  {value}.\n",
            f"Definition {name}' (z : R) : R :=\n  {derivative}.\n",
            *_lemmas(unit),
        ]
    )


def _by_cases(choices: Sequence[Side], texts: Sequence[str]) -> str:
    text = texts[-1]
    for side, here in reversed(list(zip(choices[:-1], texts, strict=False))):
        test = "Rle_dec" if side.high_closed else "Rlt_dec"
        if side.high is None:  # only the last has no end
            raise Impossible("a side without an end comes before another")
        text = f"if {test} z {number_text(side.high)} then {here}\n  else {text}"
    return text


def side_claims(choices: Sequence[Side], z: str, slope: str, shift: str) -> str:
    """``(s = 0 /\\ z <= 0) \\/ (s = 1 /\\ z > 0)``: which side z is on, and what holds there."""
    shifted = has_intercepts(choices)
    parts = []
    for side in choices:
        says = [value_text(slope, Fraction(side.derivative))]
        says += [value_text(shift, intercept(side))] if shifted else []
        says += [f"{z} {COQ[operator]} {number_text(end)}" for operator, end in side.comparisons]
        parts.append(joined(says, "/\\", "True"))
    return joined(parts, "\\/", "False")


def _lemmas(unit: Unit) -> list[str]:
    choices, name = unit.sides, unit.function
    ends = [number_text(end) for end in ends_of(unit.activation)]
    cases = [f"destruct (Rtotal_order z {end}) as [?|[?|?]]; try contradiction;" for end in ends]
    decide = [
        f"unfold {name}, {name}';",
        "repeat match goal with",
        "  | |- context [Rle_dec z ?k] => destruct (Rle_dec z k)",
        "  | |- context [Rlt_dec z ?k] => destruct (Rlt_dec z k)",
        "  end;",
    ]
    last = len(choices) - 1
    attempts = " | ".join(
        f"{'right; ' * n}{'left; ' if n < last else ''}repeat split; lra" for n in range(len(choices))
    )
    forbidden = "".join(f"z <> {end} -> " for end in ends) if unit.convention == "forbid" else ""
    lemmas = []
    if not unit.shifted:
        tactics = "\n  ".join([*decide, "lra."])
        lemmas.append(f"Lemma {name}_linear (z : R) : {name} z = {name}' z * z.\nProof.\n  {tactics}\nQed.\n")
    says = side_claims(choices, "z", f"{name}' z", f"({name} z - {name}' z * z)")
    tactics = "\n  ".join(["intros;", *cases, *decide, f"first [ {attempts} ]."])
    return [*lemmas, f"Lemma {name}_sides (z : R) :\n  {forbidden}{says}.\nProof.\n  {tactics}\nQed.\n"]
