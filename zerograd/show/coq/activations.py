"""Activations and their derivatives as functions in Coq, with the sides that a number can be on."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from zerograd.core.model.activations import Activation, Kink, piecewise
from zerograd.core.model.sides import Side, sides
from zerograd.core.refuting.system import intercept
from zerograd.show.coq.text import joined, number_text, value_text


def function_name(activation: Activation) -> str:
    """``relu``, ``leaky_relu_1_100``; its derivative has a prime."""
    if activation.parameter is None:
        return activation.name
    numerator, denominator = Fraction(activation.parameter).as_integer_ratio()
    sign = "m" if numerator < 0 else ""
    return f"{activation.name}_{sign}{abs(numerator)}" + (f"_{denominator}" if denominator > 1 else "")


def linear_text(slope: int | Fraction, offset: int | Fraction, z: str) -> str:
    """slope·z + offset."""
    product = {"0": "0", "1": z, "(-1)": f"- {z}"}.get(number_text(slope), f"{number_text(slope)} * {z}")
    if not offset:
        return product
    return number_text(offset) if product == "0" else f"{product} + {number_text(offset)}"


def has_intercepts(choices: Sequence[Side]) -> bool:
    return any(intercept(side) for side in choices)


def activation_definitions(activation: Activation, convention: Kink) -> str:
    """φ and φ' by cases, and the lemmas on them that proofs use."""
    name = function_name(activation)
    value = linear_text(piecewise(activation).slopes[-1], piecewise(activation).offsets[-1], "z")
    pieces = list(
        zip(
            piecewise(activation).kinks,
            piecewise(activation).slopes,
            piecewise(activation).offsets,
            strict=False,
        )
    )
    for kink, slope, offset in reversed(pieces):
        value = f"if Rle_dec z {number_text(kink)} then {linear_text(slope, offset, 'z')}\n  else {value}"
    # Where kinks are forbidden no derivative is taken there; that of the left piece is as good as any.
    taken = sides(activation, "left" if convention == "forbid" else convention)
    derivative = number_text(taken[-1].derivative)
    for side in reversed(taken[:-1]):
        test = "Rle_dec" if side.high_closed else "Rlt_dec"
        assert side.high is not None  # for the type checker: only the last side has no end on the right
        derivative = (
            f"if {test} z {number_text(side.high)} then {number_text(side.derivative)}\n  else {derivative}"
        )
    return "\n".join(
        [
            f"Definition {name} (z : R) : R :=\n  {value}.\n",
            f"Definition {name}' (z : R) : R :=\n  {derivative}.\n",
            *_lemmas(activation, convention, name),
        ]
    )


def side_claims(choices: Sequence[Side], z: str, slope: str, shift: str) -> str:
    """``(s = 0 /\\ z <= 0) \\/ (s = 1 /\\ z > 0)``: which side z is on, and what holds there."""
    shifted = has_intercepts(choices)
    parts = []
    for side in choices:
        said = [value_text(slope, Fraction(side.derivative))]
        said += [value_text(shift, intercept(side))] if shifted else []
        parts.append(joined([*said, *_conditions(side, z)], "/\\", "True"))
    return joined(parts, "\\/", "False")


def _conditions(side: Side, z: str) -> list[str]:
    """As `zerograd.core.refuting.system.on_side` has them, in order."""
    if side.is_point:
        return [f"{z} = {number_text(side.low or 0)}"]
    low = [] if side.low is None else [f"{z} {'>=' if side.low_closed else '>'} {number_text(side.low)}"]
    high = [] if side.high is None else [f"{z} {'<=' if side.high_closed else '<'} {number_text(side.high)}"]
    return low + high


def _lemmas(activation: Activation, convention: Kink, name: str) -> list[str]:
    choices = sides(activation, convention)
    kinks = [number_text(kink) for kink in piecewise(activation).kinks]
    cases = [f"destruct (Rtotal_order z {kink}) as [?|[?|?]]; try contradiction;" for kink in kinks]
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
    forbidden = "".join(f"z <> {kink} -> " for kink in kinks) if convention == "forbid" else ""
    lemmas = []
    if not has_intercepts(choices):
        tactics = "\n  ".join([*decide, "lra."])
        lemmas.append(f"Lemma {name}_linear (z : R) : {name} z = {name}' z * z.\nProof.\n  {tactics}\nQed.\n")
    said = side_claims(choices, "z", f"{name}' z", f"({name} z - {name}' z * z)")
    tactics = "\n  ".join(["intros;", *cases, *decide, f"first [ {attempts} ]."])
    lemmas.append(
        f"Lemma {name}_sides (z : R) :\n  {forbidden}{said}.\nProof.\n  {tactics}\nQed.\n"
    )  # fmt: skip
    return lemmas
