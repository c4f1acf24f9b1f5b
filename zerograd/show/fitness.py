"""Why an answer cannot be shown in some form: what several of them have to say."""

from __future__ import annotations

from zerograd.core.question.fitness import no_least_squares, smooth
from zerograd.core.verdict.answer import Answer, Sat, Unknown
from zerograd.core.verdict.enclosed import EnclosedWitness


def no_witness(answer: Answer, purpose: str) -> str | None:
    """Return why there is no witness for this purpose, such as ``to draw``."""
    if isinstance(answer, Sat):
        return None
    why = f" ({answer.reason})" if isinstance(answer, Unknown) else ""
    return f"the answer is {answer.status}{why}: there is no witness {purpose}"


def no_exact_numbers(answer: Answer) -> str | None:
    """Return why not all numbers of the witness are exact."""
    if isinstance(answer, Sat) and isinstance(answer.witness, EnclosedWitness):
        if not answer.witness.unknowns:
            return "the gradients of the witness are enclosed: not all of them are exact"
        return "the witness is enclosed: not all of its numbers are exact"
    return None


def no_calculation(answer: Answer) -> str | None:
    """Return why what the witness shows is not calculated once more, by someone else."""
    problem = answer.problem
    why = no_witness(answer, "to calculate with") or smooth(problem) or no_least_squares(problem)
    return why or no_exact_numbers(answer)
