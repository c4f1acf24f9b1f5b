"""What makes gradients zero, in words: one place for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from zerograd.document.layout import listed
from zerograd.explaining.explanation import Cause, Kind
from zerograd.show.explanation.phrases import (
    in_parts,
    number,
    on_all_samples,
    on_samples,
    placed,
    terms_text,
    units_of,
)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a cause, or of a step's reason.

    Attributes:
        label: a word or two, for the table.
        clause: what is so, where, and on which samples; it can follow *because*.
        more: further clauses: why this gives zero, and what would change it where that follows.
        otherwise: the one of them that says what another convention would give.
    """

    label: str
    clause: str
    more: tuple[str, ...] = ()
    otherwise: str = ""

    @property
    def brief(self) -> str:
        """What is so, and what another convention would make of it."""
        return f"{self.clause}; {self.otherwise}" if self.otherwise else self.clause

    def sentence(self, names: str) -> str:
        """All of it, about these parameters."""
        return f"{names}: {'; '.join((self.clause, *self.more))}."


@dataclass(frozen=True, slots=True)
class About:
    """How a clause speaks of the parameters that it is about."""

    it: str
    its: str
    many: bool = True


ONE = About("it", "its", many=False)
SEVERAL = About("them", "their")
ALL = About("any parameter", "every")


def cause_words(cause: Cause, batch: int | None, about: About = ONE) -> Words:
    """What is said of a cause.

    Args:
        batch: number of samples, where it is known.
    """
    words = _words(cause, batch, about)
    beside = list(words.more)
    if cause.structural and cause.kind not in _ALWAYS:
        beside.append("this holds whatever the data and targets are")
    if not cause.alone:
        beside.append("this explains some of the terms, the other causes that are listed for it the rest")
    return Words(words.label, words.clause, tuple(beside), words.otherwise)


FROZEN = Words("frozen", "requires_grad is False", ("requires_grad_() switches it on",))
"""What is said of what is frozen."""
_ALWAYS = (Kind.NOT_CONNECTED, Kind.DETACHED, Kind.PIECEWISE_CONSTANT, Kind.FROZEN)
"""Kinds that nobody takes for an accident of the data."""


def _words(cause: Cause, batch: int | None, about: About) -> Words:
    partly = in_parts(cause)
    samples = on_samples(cause, batch) or partly
    units, several = units_of(cause)
    are, it = ("are", "them") if several else ("is", "it")
    known, where = cause.details, cause.where
    match cause.kind:
        case Kind.DEAD:
            dead = on_all_samples(cause, batch)
            always = dead or (cause.samples is None and cause.alone and not partly)
            return Words(
                "dead" if dead else "off",
                f"{units} {are} off{samples}",
                (
                    "the slope there is 0, and nothing passes back",
                    *[f"other weights, a larger bias or other inputs could switch {it} on, targets cannot"]
                    * (always and not cause.structural),
                    *[f"other weights or a larger bias could switch {it} on, other inputs and targets cannot"]
                    * (always and cause.structural),
                ),
            )
        case Kind.AT_KINK:
            from_there = _from_there(known)
            what = "weights or biases" if cause.structural else "weights, biases or inputs"
            return Words(
                "on the kink",
                f"{units} {are} exactly on the kink{samples}",
                (
                    "the derivative that is taken there is 0, a convention of the operation",
                    *[from_there] * bool(from_there),
                    f"a small random change of {what} leaves the kink",
                ),
                from_there,
            )
        case Kind.SATURATED:
            return Words(
                "saturated",
                f"{units} {are} saturated{samples}",
                ("beyond its bound the slope is 0, and nothing passes back; between its bounds it would",),
            )
        case Kind.ZERO_WEIGHT:
            weights = known.get("weight") or where
            behind = f" out of {units}" if where and weights != where else ""
            return Words(
                "weights 0",
                f"the weights{behind} that would carry a gradient back are 0 ({weights})",
                ("start them at random",),
            )
        case Kind.ZERO_FACTOR:
            factor, (place, _, parts) = str(known.get("factor") or where), where.partition(", ")
            at = ("" if place in factor else f" at {place}") + f", {parts}" * bool(parts)
            saddle = (
                "the factor beside it is 0 too, so neither moves the other: a saddle; start one at random"
            )
            return Words(
                "factor 0",
                f"every term has a factor that is 0{samples}: {factor}{at}",
                (saddle,) if known.get("both") else (),
            )
        case Kind.ZERO_ADJOINT:
            why = known.get("why")
            at = f" ({where})" if where else ""
            return Words("loss flat", f"the loss{at} is flat{samples}" + (f": {why}" if why else ""))
        case Kind.CANCELLATION:
            total, above, which = terms_text(known.get("terms")), known.get("from"), _whose(known)
            if total and known.get("over") == "units" and isinstance(above, Sequence) and len(above) > 1:
                total += f", from units {listed([*map(str, above)])} above"
            return Words(
                "terms cancel",
                f"the terms at {units}{samples} cancel exactly" + (f"{which}: {total}" if total else ""),
                () if cause.structural else ("with other numbers they would not",),
            )
        case Kind.IDENTITY:
            identity = known.get("identity") or "its terms cancel for every value of its inputs"
            place = where.partition(" at ")[2] or where  # the identity names the operation by itself
            return Words("identity", f"at {place} {identity}" if where else str(identity))
        case Kind.NOT_CONNECTED:
            return Words("not connected", f"nothing connects {about.it} with the loss")
        case Kind.DETACHED:
            cut = known.get("operation") or "a detached tensor"
            return Words(
                "detached",
                f"{cut} cuts the way back from the loss" + (f", at {where}" if where else ""),
                ("without that a gradient could come through",),
            )
        case Kind.PIECEWISE_CONSTANT:
            return Words(
                "no slope",
                f"{placed(str(known.get('operation') or where), where)} passes no gradient",
                ("it is piecewise constant, so its derivative is 0 wherever it has one",),
            )
        case Kind.FROZEN:
            return FROZEN
    assert_never(cause.kind)


def _whose(known: Mapping[str, Any]) -> str:
    """Return where a sum that is shown belongs, unless there is one alone."""
    if example := known.get("example"):
        return f", for example {example}" if isinstance(example, str) else ", for example"
    units = known.get("units")
    several = isinstance(units, Sequence) and not isinstance(units, str) and len(units) > 1
    return ", at each by itself" if several else ""


def _from_there(known: Mapping[str, Any]) -> str:
    """``with the right slope ∂L/∂w1 would be 2``: what the other one-sided slope would do."""
    keys = ("other_slope", "other_gradient", "other_side", "other_entry")
    values = [known.get(key) for key in keys]
    if isinstance(values[0], Sequence):  # a slope on each side, of which neither is taken
        both = (value if isinstance(value, Sequence) else (value, value) for value in values)
        return ", and ".join(_with_slope(*each) for each in zip(*both, strict=True))
    return _with_slope(*values)


def _with_slope(slope: object, gradient: object, side: object, entry: object) -> str:
    if slope is None and gradient is None:
        return ""
    there = f"the {side or 'other one-sided'} slope"
    if gradient is None:
        return f"{there} is {number(slope)}"
    there += "" if slope in (None, 1) else f" ({number(slope)})"
    what = f"∂L/∂{entry}" if entry else "the gradient"
    return f"with {there} {what} would be {number(gradient)}{' too' * (gradient == 0)}"
