"""What is known of witnesses smaller than this one."""

from __future__ import annotations

from zerograd.core.model.losses.loss import forbids_kinks
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat, Smallest
from zerograd.core.verdict.generic import meaning
from zerograd.core.verdict.size import Size
from zerograd.document.numbers import exact_text


def smallest_text(answer: Sat) -> str:
    """How small the witness is, and what smaller ones there are; nothing where none were looked for.

    It holds whatever the question allows: other numbers of samples, or whole numbers alone.
    """
    small = answer.smallest
    if small is None:
        return ""
    if _nothing_known(small):
        return f"no smaller witness was found; {_NOT_ALL}"
    return f"{_standing(small)}: {_but_for(small.rank)}{'; '.join(_known(answer, small))}"


def smallest_sentence(answer: Sat) -> str:
    """The same as a sentence about a counterexample."""
    small = answer.smallest
    if small is None:
        return ""
    if _nothing_known(small):
        return f"No smaller counterexample was found; {_NOT_ALL}."
    return f"As a counterexample it is {smallest_text(answer)}."


def generic_text(answer: Sat) -> str:
    """Whether the witness is generic, and what that means; nothing where that was not asked for."""
    if answer.generic is None:
        return ""
    if not answer.generic:
        return f"{meaning(answer.witness)} (what the question gives does not count)"
    return (
        f"no such witness was found, which does not show that there is none; here {', '.join(answer.generic)}"
    )


_NOT_ALL = "not all smaller ones were tried"


def _nothing_known(small: Smallest) -> bool:
    """Whether nothing is shown of smaller witnesses, whoever says so."""
    return small.rank == 1 and not small.proved and not _ruled_out(small)


def _ruled_out(small: Smallest) -> int:
    """Return up to which height there is nothing smaller."""
    return min(small.size.height - 1, small.exhausted)


def _standing(small: Smallest) -> str:
    """Whether it is the smallest, or which of the smallest; and on whose word."""
    told = ", by the record of its search" if small.told else ""
    place = "the smallest" if small.rank == 1 else f"number {small.rank} of the smallest"
    how = "" if small.proved else " that was found" if small.rank == 1 else " that were found"
    return place + how + told


def _known(answer: Sat, small: Smallest) -> list[str]:
    whole, samples = answer.problem.domain == "integer", answer.witness.samples
    with_samples = ""
    if answer.problem.samples.fixed is None:
        with_samples = f" with {samples} sample{'s' if samples > 1 else ''}"
    below = _ruled_out(small)
    known = [f"no witness{with_samples} has {_values_up_to(below, whole=whole)}"] if below else []
    if small.proved and below:
        known.append(_none_smaller(answer.problem, small.size))
    elif small.proved:
        values = f"witness{with_samples} {'and' if with_samples else 'with'} {_values_up_to(1, whole=True)}"
        known.append(_none_smaller_in_ones(answer.problem, small.size, values))
    else:
        known.append("not all larger ones were tried" if below else _NOT_ALL)
    return known


def _none_smaller(problem: Problem, size: Size) -> str:
    """Name what comes before the sum in the order of sizes, and the sum."""
    fractions, integers = size.non_integers, problem.domain == "integer"
    numbers = f"with numerators and denominators up to {size.height}"
    whole = f"with whole numbers up to {size.height}"
    several = "1 fraction" if fractions == 1 else f"{fractions} fractions"
    fewer = f"none has fewer than {several}, and of those with {fractions}"
    least = f"none has {_smaller_sum(size)}"
    if not size.on_kink:
        clean = " and no sample on a kink" if _may_kink(problem) else ""
        return f"of those {f'{numbers}{clean} {fewer}' if fractions else f'{whole}{clean}'} {least}"
    kinked = f"of those {whole if integers else numbers} each has a sample on a kink"
    if fractions:
        return f"{kinked}, {fewer} {least}"
    return f"{kinked}, and {'' if integers else 'of those in whole numbers '}{least}"


def _none_smaller_in_ones(problem: Problem, size: Size, witness: str) -> str:
    """Name the same where there are no fractions."""
    if size.on_kink:
        return f"each {witness} has a sample on a kink, and none has {_smaller_sum(size)}"
    clean = " and no sample on a kink" if _may_kink(problem) else ""
    return f"no {witness}{clean} has {_smaller_sum(size)}"


def _smaller_sum(size: Size) -> str:
    return f"a smaller sum of absolute values than {exact_text(size.total)}"


def _may_kink(problem: Problem) -> bool:
    """Whether the problem allows samples on kinks."""
    convention = problem.derivative_at_kink
    units = any([*layer.activation.at_kinks(convention)] for layer in problem.network.layers)
    return units or (problem.model.loss.has_kinks and not forbids_kinks(convention))


def _but_for(rank: int) -> str:
    """Name what comes before it."""
    match rank:
        case 1:
            return ""
        case 2:
            return "but for the one before it, and what differs from that by names and signs alone, "
    return f"but for the {rank - 1} before it, and what differs from those by names and signs alone, "


def _values_up_to(height: int, *, whole: bool) -> str:
    if height == 1:
        return "all its values in {-1, 0, 1}"
    values = f"all its values in {{-{height}, …, {height}}}"
    return values if whole else f"{values}, nor in fractions of such numbers"
