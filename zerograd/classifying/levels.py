"""The search for levels: a linear program for each choice of sets of samples, and its dual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from zerograd.classifying.linear import Program
from zerograd.classifying.lowest import TooManyError, find_least
from zerograd.core.landscape.levels import (
    Complete,
    Excluded,
    Geometry,
    LeastLoss,
    Level,
    Levels,
    Signs,
    check_levels,
    point_of,
)
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.rationals import narrowed
from zerograd.core.points.kinds import Best
from zerograd.core.points.patterns import Pattern, Vector
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational

Choice = tuple[Pattern, ...]


def find_levels(problem: Problem, timely: Callable[[], bool], progress: Callable[[str], None]) -> Levels:
    """Return the levels of a problem that is fit (`zerograd.core.landscape.levels.unfit`).

    Args:
        timely: whether there is time; once there is not, what was found is returned, without a proof.
        progress: called with a line now and then.

    Raises:
        Refused: a bug: the checker does not accept what was found.
    """
    search = _Search(Geometry(problem), timely, progress)
    proof = search.run()
    levels = sorted(search.levels.values(), key=lambda level: level.loss)
    found = Levels(problem, tuple(levels), proof, _least(problem, timely))
    check_levels(found)
    return found


def _least(problem: Problem, timely: Callable[[], bool]) -> LeastLoss | None:
    """The least loss of all parameters, if it is found."""
    point = point_of(problem, {})
    try:
        least = find_least(problem.model, point.x, point.y, timely)
    except TooManyError:
        return None
    loss = narrowed(least.squares * problem.model.loss.share(*point.y.shape))
    return LeastLoss(loss, least.parameters, least.proof or Best())


class _Search:
    def __init__(
        self, geometry: Geometry, timely: Callable[[], bool], progress: Callable[[str], None]
    ) -> None:
        self.geometry, self.timely, self.progress = geometry, timely, progress
        self.levels: dict[Rational, Level] = {}
        self.undivided: dict[Pattern, Vector] = {}

    def run(self) -> Complete | None:
        """Fill `levels`; return the proof that they are all, None if something was left open."""
        self._constant()
        patterns = self._patterns()
        if patterns is None:
            return None
        by_loss: dict[Rational, list[tuple[Choice, Vector]]] = {}
        for choice in self.geometry.choices(patterns):
            if not self.timely():
                return None
            prediction = self.geometry.projection(choice)
            by_loss.setdefault(self.geometry.loss(prediction), []).append((choice, prediction))
        excluded: list[Excluded] = []
        for number, (loss, choices) in enumerate(sorted(by_loss.items())):
            self.progress(f"loss {number + 1} of {len(by_loss)}")
            proofs = self._level(loss, choices)
            if proofs is None:
                return None
            excluded += proofs
        return Complete(self.undivided, tuple(excluded))

    def _constant(self) -> None:
        """Find the level of units that are off for every sample, which always is one."""
        choice = ("-" * self.geometry.samples,) * self.geometry.units
        prediction = self.geometry.projection(choice)
        parameters = self._point(choice, (1,) * self.geometry.units, prediction)
        if parameters is not None:
            loss = self.geometry.loss(prediction)
            self.levels[loss] = Level(loss, parameters)

    def _patterns(self) -> list[Pattern] | None:
        """The patterns that affine functions have; None if there was no time."""
        left, open_ = [], [""]
        while open_:
            if not self.timely():
                return None
            prefix = open_.pop()
            weights = self._undivided(prefix) if len(prefix) > 1 else None
            if weights is not None:
                self.undivided[prefix] = weights
            elif len(prefix) == self.geometry.samples:
                left.append(prefix)
            else:
                open_ += [prefix + "+", prefix + "-"]  # the empty set first
        return left

    def _undivided(self, prefix: Pattern) -> Vector | None:
        program = Program()
        names = [f"l{m}" for m in range(len(prefix))]
        for j in range(len(self.geometry.x[0])):
            row = {
                name: x[j] if sign == "+" else -x[j]
                for name, x, sign in zip(names, self.geometry.x, prefix, strict=False)
            }
            program.require(row, "=")
        for name in names:
            program.require({name: 1}, ">=")
        program.require({**dict.fromkeys(names, 1), "": -1}, "=")
        values = program.solution()
        return None if values is None else tuple(narrowed(values.get(name, Fraction(0))) for name in names)

    def _level(self, loss: Rational, choices: list[tuple[Choice, Vector]]) -> list[Excluded] | None:
        """Find a point with this loss, or the proofs that there is none; None if neither was found."""
        proofs: list[Excluded] = []
        if loss in self.levels:
            return proofs
        for choice, prediction in choices:
            for signs in self.geometry.signs(choice):
                if not self.timely():
                    return None
                parameters = self._point(choice, signs, prediction)
                if parameters is not None:
                    self.levels[loss] = Level(loss, parameters)
                    return []
                proof = self._excluded(choice, signs, prediction)
                if proof is None:
                    return None
                proofs.append(proof)
        return proofs

    def _point(
        self, choice: Choice, signs: Signs, prediction: Vector
    ) -> Mapping[str, Array[Rational]] | None:
        geometry, program = self.geometry, Program()
        width = len(geometry.x[0])
        names = [[f"u{i}_{j}" for j in range(width)] for i in range(geometry.units)]
        for m, (x, value) in enumerate(zip(geometry.x, prediction, strict=True)):
            row: dict[str, Rational] = {"": -value} | ({"c": 1} if geometry.bias else {})
            for pattern, unit in zip(choice, names, strict=True):
                if pattern[m] == "+":
                    row |= dict(zip(unit, x, strict=True))
            program.require(row, "=")
            for pattern, sign, unit in zip(choice, signs, names, strict=True):
                side = sign if pattern[m] == "+" else -sign
                program.require({name: side * v for name, v in zip(unit, x, strict=True)}, ">")
        values = program.solution()
        if values is None:
            return None
        u = [
            [values.get(name, Fraction(0)) * sign for name in unit]
            for unit, sign in zip(names, signs, strict=True)
        ]
        rows = [[narrowed(v) for v in unit] for unit in u]
        parameters: dict[str, Array[Rational]] = {
            "w1": Array.of([row[:-1] for row in rows], width - 1),
            "b1": Array((geometry.units,), tuple(row[-1] for row in rows)),
            "w2": Array((1, geometry.units), signs),
        }
        if geometry.bias:
            parameters["b2"] = Array((1,), (narrowed(values.get("c", Fraction(0))),))
        return parameters

    def _excluded(self, choice: Choice, signs: Signs, prediction: Vector) -> Excluded | None:
        geometry, program = self.geometry, Program()
        nu = [f"n{m}" for m in range(geometry.samples)]
        lambdas = [[f"l{i}_{m}" for m in range(geometry.samples)] for i in range(geometry.units)]
        if geometry.bias:
            program.require(dict.fromkeys(nu, 1), "=")
        for pattern, sign, row in zip(choice, signs, lambdas, strict=True):
            for j in range(len(geometry.x[0])):
                form: dict[str, Rational] = {}
                for m, side in enumerate(pattern):
                    form[row[m]] = geometry.x[m][j] * sign * (1 if side == "+" else -1)
                    if side == "+":
                        form[nu[m]] = geometry.x[m][j]
                program.require(form, "=")
            for name in row:
                program.require({name: 1}, ">=")
        program.require(dict(zip(nu, prediction, strict=True)), ">=")
        program.require({**{name: 1 for row in lambdas for name in row}, "": -1}, "=")
        values = program.solution()
        if values is None:
            return None

        def numbers(row: list[str]) -> Vector:
            return tuple(narrowed(values.get(name, Fraction(0))) for name in row)

        return Excluded(choice, signs, numbers(nu), tuple(map(numbers, lambdas)))
