"""Exact linear algebra over the adjoints: parameters and inputs drawn, adjoints solved for.

With parameters and inputs fixed, the gradients are linear in the adjoint g of the loss, and where free
targets reach every g: zero entries ask g to lie in a null space, nonzero entries ask it off others.
Finds witnesses only; what it cannot honour (given or bounded targets, conditions that no draw
happens to meet) is left to the strategies after it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from operator import gt, lt, mul, ne

from zerograd.core.model.backprop import OnKink
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.conditions import ExactAlgebra, evaluate
from zerograd.core.question.fitness import smooth, unreached
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import NOT_ZERO, Rational, Relation
from zerograd.core.verdict.witness import Witness
from zerograd.search import copies
from zerograd.search.adjoints import annihilating
from zerograd.search.draw import Structure, Values, accepted, draw, redraw_inputs, variety, witness_at
from zerograd.search.draws import Draws, spread
from zerograd.search.linear_part import LinearPart, Matrix, Row, layers_of, run
from zerograd.search.mentions import speaks_of_targets
from zerograd.search.verdict import Found, Verdict

NAME = "construct"

SMALL = 8
"""Zero rows that a first draw aims at: the fewer, the smaller the adjoints."""

MANY_CANDIDATES, FEW_CANDIDATES = 24, 4
"""Vectors of one null space that are tried; few where each has to be checked against conditions."""

REDRAWS = 8

FEW_COEFFICIENTS = 4096
"""Coefficients of the asked gradients, as linear forms in the adjoint, that are worked out beforehand."""

OF_OUTPUTS = {"y_hat", "y", "r"}

OF_TARGETS = {"r", "y", "loss", "grad"}
"""Names of what depends on the targets, and so on the adjoints."""


def unfit(problem: Problem) -> str | None:
    """Return why this strategy cannot answer the question."""
    if speaks_of_targets(problem):
        return "the targets are not free"
    return smooth(problem) or unreached(problem)


def construct(problem: Problem, samples: int, draws: Draws) -> Verdict:
    """Look for a witness with M = ``samples``; it never says there is none."""
    found = _copied(problem, samples, draws) if draws.first == 1 else None
    return found or next(constructions(problem, samples, draws), None) or draws.in_vain()


def _copied(problem: Problem, samples: int, draws: Draws) -> Found | None:
    """Look for a small witness of which copies make one with M = ``samples``."""
    if copies.unfit(problem, samples) is not None:
        return None
    for width, few in copies.SMALL:
        small = copies.small_question(problem, width, min(few, samples))
        if small is None:
            continue
        again = replace(draws, last=min(draws.last, copies.DRAWS))
        found = next(constructions(small, small.samples.least, again), None)
        if found is not None:
            chance = random.Random(f"{NAME} {draws.seed} copies")  # noqa: S311 - reproducible, not secret
            return Found(copies.copied(problem, samples, found.witness, chance), NAME)
    return None


def constructions(problem: Problem, samples: int, draws: Draws) -> Iterator[Found]:
    """Witnesses with M = ``samples``, from each draw at most one."""
    return (found for found in attempts(problem, samples, draws) if found is not None)


def attempts(problem: Problem, samples: int, draws: Draws) -> Iterator[Found | None]:
    """What comes of each draw: a witness with M = ``samples``, or nothing."""
    asked = Asked(problem, samples)
    for attempt, chance in draws.of(NAME):
        yield _attempted(asked, attempt, chance)


def _attempted(asked: Asked, attempt: int, chance: random.Random) -> Found | None:
    """A witness made of one draw."""
    problem, samples = asked.problem, asked.samples
    structure = asked.structure(attempt, chance)
    values = draw(
        problem,
        samples,
        chance,
        spread=spread(attempt),
        structure=structure,
        spread_x=max(spread(attempt), variety(problem, samples)),
        cuts=attempt % 3 == 0,
    )
    # A witness off every kink answers under any convention: the cleaner one, and looked for first.
    part = _settled(problem, samples, values, chance, strict=attempt % 4 != 0)
    if part is None or not asked.allows(values, part):
        return None
    met = asked.test(part)
    zero = asked.zero if asked.restricted else asked.representatives(structure)
    for adjoint in islice(
        annihilating(part.rows(zero), samples, problem.network.outputs, chance), asked.patience
    ):
        if met(adjoint):
            targets = targets_of(asked, part, adjoint)
            if not asked.is_plausible(part, targets):
                continue
            witness = witness_at(problem, samples, {**values, "y": targets})
            if not asked.late or accepted(problem, witness):
                return Found(witness, NAME)
    return None


_TESTS: Mapping[str, Callable[[Rational, int], bool]] = {"nonzero": ne, "positive": gt, "negative": lt}


class Asked:
    """What a problem asks of gradients, entry by entry."""

    def __init__(self, problem: Problem, samples: int) -> None:
        self.problem, self.samples = problem, samples
        self.zero = problem.asked_entries(Relation.ZERO, samples)
        self.bounds = problem.entry_bounds(samples)
        self.signs = {relation: problem.asked_entries(relation, samples) for relation in NOT_ZERO}
        self.choices = problem.choices(samples)
        some = [entry for choice in self.choices for entry in choice.entries]
        self.entries = tuple(dict.fromkeys([*self.zero, *chain(*self.signs.values()), *some]))
        self.names = tuple(dict.fromkeys(name for name, _ in self.entries))
        self.hidden = problem.network.widths[1:-1]
        # Given values and bounds may spoil the structure of a draw.
        self.restricted = bool(problem.given or problem.bounds)
        self.columns = samples * problem.network.outputs
        self.early = [c for c in problem.where if c.names.isdisjoint(OF_TARGETS)]
        self.quick = [c for c in problem.where if c.names <= OF_OUTPUTS]
        self.late = len(self.early) < len(problem.where) or problem.domain == "integer"
        self.patience = FEW_CANDIDATES if self.late else MANY_CANDIDATES

    def allows(self, values: Values, part: LinearPart) -> bool:
        """Whether the conditions hold that targets play no part in."""
        if not self.early:
            return True
        witness = _witness(self, values, part)
        try:
            run = witness.forward
            known = {**witness.variables, "y_hat": run.y_hat}
            for number in range(1, self.problem.network.depth + 1):
                known[f"z{number}"], known[f"a{number}"] = run.z[number - 1], run.a[number - 1]
            return all(evaluate(c, ExactAlgebra(), known.__getitem__) for c in self.early)
        except (OnKink, ZeroDivisionError):
            return False

    def is_plausible(self, part: LinearPart, targets: Mapping[Index, Rational]) -> bool:
        """Whether what is asked of outputs and targets alone holds, at a fraction of the cost of a check."""
        whole = self.problem.domain == "integer"
        if whole and any(value.denominator != 1 for value in targets.values()):
            return False
        if not self.quick:
            return True
        shape = (self.samples, self.problem.network.outputs)
        outputs: dict[Index, Rational] = {
            (m, k): v for m, row in enumerate(part.outputs) for k, v in enumerate(row)
        }
        known: dict[str, Array[Exact]] = {
            "y_hat": Array.build(shape, outputs.__getitem__),
            "y": Array.build(shape, targets.__getitem__),
            "r": Array.build(shape, lambda index: outputs[index] - targets[index]),
        }
        try:
            return all(evaluate(condition, ExactAlgebra(), known.__getitem__) for condition in self.quick)
        except ZeroDivisionError:
            return False

    def structure(self, attempt: int, chance: random.Random) -> Structure:
        """How many units of each layer are originals: the first draws aim at few zero rows."""
        if not self.hidden:
            return Structure(())
        limit = min(SMALL, self.columns // 2) if attempt % 3 else self.columns - 1
        widest = max(self.hidden)
        allowed = [k for k in range(1, min(widest, self.columns) + 1) if self._rows(k) <= limit]
        if attempt % 5 == 0:
            most = widest
        elif attempt % 2:
            most = allowed[-1] if allowed else 1
        else:
            most = chance.choice(allowed or [1])
        return self._with_originals(most)

    def _with_originals(self, most: int) -> Structure:
        return Structure.with_originals(self.hidden, [min(n, most) for n in self.hidden])

    def _rows(self, originals: int) -> int:
        """How many zero rows are left where each hidden layer has so many units that are not parallel."""
        return len(self.representatives(self._with_originals(originals)))

    def representatives(self, structure: Structure) -> list[tuple[str, Index]]:
        """The zero entries that all others are multiples of, in a draw of this structure."""
        return list(dict.fromkeys((n, i) if n == "x" else structure.site(n, i) for n, i in self.zero))

    def test(self, part: LinearPart) -> Callable[[Matrix], bool]:
        """Return what tells of an adjoint whether its gradients are as asked."""
        if len(self.entries) * self.columns > FEW_COEFFICIENTS:
            return lambda adjoint: self.met(part.gradients(adjoint, self.names))
        forms = dict(zip(self.entries, part.rows(self.entries), strict=True))

        def met(adjoint: Matrix) -> bool:
            flat = [*chain.from_iterable(adjoint)]

            def gradient(entry: tuple[str, Index]) -> Rational:
                total: Rational = sum(map(mul, forms[entry], flat))
                return total

            return self._met(gradient)

        return met

    def met(self, gradients: Mapping[str, Mapping[Index, Rational]]) -> bool:
        """Whether gradients are as asked."""
        return self._met(lambda entry: gradients[entry[0]][entry[1]])

    def _met(self, gradient: Callable[[tuple[str, Index]], Rational]) -> bool:
        """The same, of gradients that are looked at one after another; at first those that are seldom met."""
        for relation, entries in self.signs.items():
            holds = _TESTS[relation]
            for entry in entries:
                if not holds(gradient(entry), 0):
                    return False
        for choice in self.choices:
            if not any(map(gradient, choice.entries)):
                return False
        return not any(map(gradient, self.zero))


def _settled(
    problem: Problem, samples: int, values: Values, chance: random.Random, *, strict: bool
) -> LinearPart | None:
    """The network at the drawn values, with samples on a kink drawn again; None if some stay there."""
    network, kink = problem.network, problem.derivative_at_kink
    layers = layers_of(network, values)

    def at(m: int) -> Row:
        return [values["x"][m, d] for d in range(network.inputs)]

    runs = [run(network, layers, at(m), kink) for m in range(samples)]
    wide = max(2, variety(problem, samples))
    for _ in range(REDRAWS):
        again = [m for m, sample in enumerate(runs) if sample.on_kink]
        if not again:
            return LinearPart(network, layers, tuple(runs))
        if not redraw_inputs(problem, values, again, chance, spread=wide):
            break
        for m in again:
            runs[m] = run(network, layers, at(m), kink)
        wide += 1
    if strict or kink == "forbid":
        return None
    return LinearPart(network, layers, tuple(runs))


def _witness(asked: Asked, values: Values, part: LinearPart) -> Witness:
    """The network and dataset with the adjoint 0."""
    return witness_at(asked.problem, asked.samples, {**values, "y": targets_of(asked, part, None)})


def targets_of(asked: Asked, part: LinearPart, adjoint: Matrix | None) -> dict[Index, Rational]:
    """The targets that give the loss this adjoint (or 0)."""
    rows = adjoint or [[0] * asked.problem.network.outputs] * asked.samples
    target = asked.problem.model.loss.target
    return {
        (m, k): target(output, g)
        for m, (outputs, row) in enumerate(zip(part.outputs, rows, strict=True))
        for k, (output, g) in enumerate(zip(outputs, row, strict=True))
    }
