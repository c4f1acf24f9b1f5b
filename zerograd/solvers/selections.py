"""Z3 in this process, asked about many selections of the same assertions: each is read only once.

Tactics are made once, too: for small questions that takes longer than the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zerograd.solvers.base import Mode, Model, NoModel, Outcome
from zerograd.solvers.terms import Sort
from zerograd.solvers.z3 import CHAINS, STEPS, exact_value, gave_up


class Selections:
    """Assertions by their numbers.

    The same calls in the same order give the same answers: Z3 keeps expressions, whose numbering sways its
    choices, so no two of these share anything.
    """

    def __init__(self) -> None:
        import z3

        self._context = z3.Context()
        self._tactics: dict[Mode, Any] = {}
        self._assertions: list[Any] = []
        self._labels: list[Any] = []

    def add(self, variables: Mapping[str, Sort], assertions: Sequence[str]) -> range:
        """Read assertions, in SMT-LIB text, about these variables; return their numbers."""
        import z3

        first = len(self._assertions)
        text = "".join(f"(declare-const {name} {sort})\n" for name, sort in variables.items())
        text += "".join(f"(assert {assertion})\n" for assertion in assertions)
        read = z3.parse_smt2_string(text, ctx=self._context)
        self._assertions += [read[n] for n in range(len(read))]
        self._labels += [z3.Bool(f"p{n}", self._context) for n in range(first, len(self._assertions))]
        return range(first, len(self._assertions))

    def check(self, chosen: Sequence[int], wanted: Sequence[str], *, mode: Mode, effort: float) -> Outcome:
        """Decide whether these assertions go together, as `zerograd.solvers.base.Solver.check`."""
        import z3

        solver = self._solver(mode, effort)
        for number in chosen:
            solver.add(self._assertions[number])
        try:
            answer = solver.check()
        except z3.Z3Exception as error:
            return gave_up(str(error))
        if answer == z3.unsat:
            return NoModel()
        if answer == z3.unknown:
            return gave_up(solver.reason_unknown())
        if not wanted:
            return Model({})
        model, names = solver.model(), frozenset(wanted)
        found = ((declaration.name(), declaration) for declaration in model.decls())
        return Model({name: exact_value(model[symbol]) for name, symbol in found if name in names})

    def core(
        self, chosen: Sequence[int], beside: Sequence[int], *, mode: Mode, effort: float
    ) -> list[int] | None:
        """Return some of the chosen that do not go together, with those beside; None if that is not found."""
        import z3

        solver = self._solver(mode, effort)
        solver.set("unsat_core", True)
        numbers = {f"p{number}": number for number in chosen}
        for number in beside:
            solver.add(self._assertions[number])
        for number in chosen:
            solver.assert_and_track(self._assertions[number], self._labels[number])
        try:
            if solver.check() != z3.unsat:
                return None
            return sorted(numbers[str(label)] for label in solver.unsat_core())
        except z3.Z3Exception:
            return None

    def _solver(self, mode: Mode, effort: float) -> Any:
        import z3

        if mode in CHAINS:
            if mode not in self._tactics:
                *before, last = (z3.Tactic(name, self._context) for name in CHAINS[mode])
                last = z3.With(last, seed=0, ctx=self._context)
                self._tactics[mode] = z3.Then(*before, last, ctx=self._context)
            solver = self._tactics[mode].solver()
        else:
            solver = z3.SolverFor("QF_LRA", self._context)  # by simplex: others take ten times as long
            solver.set("random_seed", 0)
        # Steps, not time: a limit on time starts a thread, which may take longer than the question.
        solver.set("rlimit", int(min(effort * STEPS, 2**31 - 1)))
        return solver
