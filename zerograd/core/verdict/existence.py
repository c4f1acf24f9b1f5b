"""Does this witness answer this problem?

The gradients are computed here, by reverse mode on exact numbers; nothing was told by the search.
"""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.errors import Refused, Violation
from zerograd.core.model.backprop import OnKink
from zerograd.core.model.references import entry, resolve
from zerograd.core.numbers.exact import compare, format_exact, is_integer, sign
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import OF_EACH, Relation
from zerograd.core.verdict.witness import Witness


def check_witness(problem: Problem, witness: Witness) -> None:
    """Return quietly if the witness answers the problem.

    Raises:
        Refused: it does not; with every violation found.
    """
    if witness.problem.digest != problem.digest:
        raise Refused([Violation("problem", problem.digest, witness.problem.digest)])
    if witness.samples not in problem.samples:
        raise Refused([Violation("samples", str(problem.samples), str(witness.samples))])
    violations = [*_values(problem, witness)]
    try:
        violations += [*_query(problem, witness), *_conditions(problem, witness)]
    except OnKink as kink:
        layer, sample, unit = kink.site
        place = entry(f"z{layer}", (sample, unit))
        violations.append(Violation(place, "not to be on a kink (derivative_at_kink: forbid)", "a kink"))
    if violations:
        raise Refused(violations)


def _values(problem: Problem, witness: Witness) -> Iterator[Violation]:
    """Given values, bounds and domain."""
    variables = witness.variables
    for name, values in problem.given.items():
        for index, expected in values.items():
            found = variables[name][index]
            if compare(found, expected) != 0:
                yield Violation(f"given {entry(name, index)}", str(expected), format_exact(found))
    for (name, index), (low, high) in problem.entry_bounds(witness.samples).items():
        found = variables[name][index]
        if low is not None and compare(found, low) < 0:
            yield Violation(f"bounds of {entry(name, index)}", f"at least {low}", format_exact(found))
        if high is not None and compare(found, high) > 0:
            yield Violation(f"bounds of {entry(name, index)}", f"at most {high}", format_exact(found))
    if problem.domain == "integer":
        for name, array in variables.items():
            for index, found in array.items():
                if not is_integer(found):
                    yield Violation(f"domain of {entry(name, index)}", "an integer", format_exact(found))


def _query(problem: Problem, witness: Witness) -> Iterator[Violation]:
    """Signs of gradient entries."""
    gradients = witness.gradients
    for relation in OF_EACH:
        for name, index in problem.asked_entries(relation, witness.samples):
            found = gradients[name][index]
            if sign(found) not in relation.signs:
                yield Violation(f"∂L/∂{entry(name, index)}", relation.expected, format_exact(found))
    for reference in problem.query[Relation.SOME_NONZERO]:
        array = gradients[reference.name]
        if not Relation.SOME_NONZERO.holds(sign(array[index]) for index in resolve(reference, array.shape)):
            yield Violation(f"∂L/∂{reference}", Relation.SOME_NONZERO.expected, "0 in every entry")


def _conditions(problem: Problem, witness: Witness) -> Iterator[Violation]:
    for number, condition in enumerate(problem.where):
        try:
            if not evaluate(condition, ExactAlgebra(), witness.quantities.__getitem__):
                yield Violation(f"where[{number}]", str(condition), "that it does not hold")
        except ZeroDivisionError:
            yield Violation(f"where[{number}]", str(condition), "a division by zero")
