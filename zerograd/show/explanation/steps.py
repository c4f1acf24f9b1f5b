"""Why a step moved nothing, and what else it did, in words: one place for each reason and each note."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from zerograd.explaining.explanation import Note, Reason, Row, Step
from zerograd.show.explanation.causes import ALL, FROZEN, ONE, About, Words
from zerograd.show.explanation.phrases import detail, lost_from, number

UPDATE_LOST = "update lost"
"""The label of updates that rounding lost."""


def reason_words(reason: Reason, row: Row, step: Step, about: About = ONE) -> Words:
    """What is said of a reason for which a step did not move a parameter."""
    known = _known(step, reason)
    gradients, were = ("gradients", "were") if about.many and about is not ALL else ("gradient", "was")
    match reason:
        case Reason.NOT_HELD:
            them, they = ("them", "they are") if about.many else ("it", "it is")
            clause = f"the optimiser does not hold {about.it}"
            remedy = f"pass {them} to the optimiser, or to its add_param_group"
            if Note.REPLACED_AFTER in step.notes:
                others = "others" if about.many else "another"
                clause += f", but {others}, in no module that was seen"
                if about is ALL:
                    clause = "the optimiser holds other parameters than the module has"
                remedy = "make the optimiser after the last change of the module, of its own parameters()"
            elif detail(step, reason, "unregistered"):
                clause += f", and {they} not in model.parameters()"
                remedy = "layers in a plain list? nn.ModuleList registers them"
            return Words("not held", clause, (remedy,))
        case Reason.NO_GRADIENT:
            return Words("no gradient", f"{about.its} .grad was None at the step")
        case Reason.ZERO_GRADIENT:
            dtype = row.floats.dtype
            if row.floats.lost:
                words = f"{about.its} {gradients} {were} lost in {dtype}: not zero, but 0 there"
                words += lost_from(row.floats)
                return Words(f"lost in {dtype}", words)
            return Words("zero gradient", f"{about.its} {gradients} {were} zero at the step")
        case Reason.FROZEN:
            return FROZEN
        case Reason.STEP_SIZE_ZERO:
            group, scale = known("group"), known("scale")
            which = f"parameter group {group}" if group and not about.many else f"{about.its} parameter group"
            small = f"the step size, {scale}, is 0 once it is rounded to {known('dtype')}" if scale else ""
            return Words("step size 0", small or f"the step size is 0 in {which}")
        case Reason.BELOW_HALF_ULP:
            return _below_half_ulp(step, row, about)
        case Reason.CLEARED:
            by = known("by")
            return Words(
                "cleared",
                f"{about.its} {gradients} {were} cleared between backward and step"
                + (f", by {by}" if by else ""),
                ("clear gradients before backward, or after the step",),
            )
        case Reason.CLIPPED:
            norm, by = known("norm"), f" by {known('by')}" if known("by") else ""
            by = f" with max_norm {known('max_norm')}" if known("max_norm") else by
            nan = detail(step, reason, "nan") and not detail(step, reason, "zero")
            made = f"clipping{by} made {about.its} {gradients} {'nan' if nan else 'zero'}"
            clause = f"{made}: the norm of all gradients was {norm}" if norm else made
            return Words("clipped", clause, ("what came to the clipping was finite and not zero",))
        case Reason.STATE:
            state = known("state")
            clause = "the optimiser's own state makes the step zero"
            return Words("state", f"{clause}: {state}" if state else clause)
        case Reason.SKIPPED:
            why = known("skipped") or "a gradient was infinite or nan"
            return Words("skipped", f"the gradient scaler skipped the step: {why}")
        case Reason.NOT_CALLED:
            return Words("no step", "the optimiser's step() was never called")
    assert_never(reason)


def _below_half_ulp(step: Step, row: Row, about: About) -> Words:
    known = _known(step, Reason.BELOW_HALF_ULP)
    dtype = known("dtype") or row.floats.dtype
    update, half, weight = known("update"), known("half_ulp"), known("weight")
    one = f" in {row.name}" if about.many else ""
    distance = (f" ({half}" + (f" at a weight of {weight})" if weight else ")")) if half else ""
    below = f"below half the distance to the next {dtype} number{distance}"
    cures = ["weights in a wider type"] * (dtype != "float64") + ["larger steps"]
    clause = f"the update{f', at most {update}{one},' if update else ''} is {below}"
    if _is_tiny(step):
        tiny = "every gradient is" if about is ALL else "gradients are" if about.many else "the gradient is"
        clause = f"{tiny} tiny ({known('gradient')}{one}), and the update, {update}, is {below}"
        cures.append("an optimiser that divides by the size of gradients, such as Adam,")
    cured = f"{', or '.join(cures)} would move {about.it}"
    return Words(UPDATE_LOST, clause, (f"rounding gives back the old weight; {cured}",))


_TINY = 1e-5
"""Below this a gradient is called tiny, if the update is no smaller for other reasons."""
_STEP = 1e-5
"""The smallest step size that one would choose for gradients of ordinary size."""


def _is_tiny(step: Step) -> bool:
    """Whether an update was lost because the gradient is small, not because the type is coarse."""
    gradient = detail(step, Reason.BELOW_HALF_ULP, "gradient")
    update = detail(step, Reason.BELOW_HALF_ULP, "update")
    if not isinstance(gradient, float) or not isinstance(update, float):
        return False
    return gradient < _TINY and _STEP * gradient <= update <= gradient


def note_words(note: Note, step: Step, about: About = ONE, zero: str = "zero") -> Words:
    """What is said of what else a step did to a parameter; its gradient is `zero`, or only 0 in floats."""
    known = _known(step, note)
    they = "they" if about.many else "it"
    match note:
        case Note.LISTED_TWICE:
            times = {None: "twice", "2": "twice"}.get(known("times"), f"{known('times')} times")
            return Words(
                "listed twice",
                f"the optimiser lists {about.it} {times}, so {they} moved {times} in one step",
                ("once is enough",),
            )
        case Note.MOVED_WITHOUT_GRADIENT:
            by = known("by") or "the optimiser's own rule (decay, momentum)"
            return Words("moved by rule", f"{they} moved although {about.its} gradient is {zero}, by {by}")
        case Note.MOVED_BY_STALE_GRADIENT:
            return Words(
                "stale gradient",
                f"{they} moved by an old gradient, which no backward of this step wrote",
                ("set .grad to None, or take the parameter out of the optimiser",),
            )
        case Note.REPLACED_AFTER:
            old = known("old")
            return Words(
                "replaced",
                f"the optimiser does not hold {about.it}, but {'others' if about.many else 'another'}"
                + (f" of shape {old}" if old else "")
                + ", in no module that was seen",
            )
    assert_never(note)


def _known(step: Step, of: str) -> Callable[[str], str | None]:
    """What is known of a detail, as text."""

    def known(key: str) -> str | None:
        value = detail(step, of, key)
        return None if value is None else number(value)

    return known
