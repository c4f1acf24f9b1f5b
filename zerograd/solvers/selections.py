"""Z3 in this process, asked about many selections of the same assertions: each is read only once.

Tactics are made once, too: for small questions that takes longer than the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zerograd.solvers.base import Mode, Model, NoModel, Outcome
from zerograd.solvers.terms import Sort
from zerograd.solvers.z3 import STEPS, chain, gave_up, values_in

CHAINS: Mapping[Mode, Sequence[str]] = {
    "polynomial": ("simplify", "propagate-values", "tseitin-cnf", "nlsat"),
    "elimination": ("simplify", "propagate-values", "solve-eqs", "tseitin-cnf", "nlsat"),
}
"""Tactics of each mode, without those of `zerograd.solvers.z3.CHAINS` for divisions: facts have none."""


class Selections:
    """Assertions by their numbers.

    The same calls in the same order give the same answers: Z3 keeps expressions, whose numbering sways its
    choices, so no two of these share anything.
    """

    def __init__(self) -> None:
        import z3

        self._context = z3.Context()
        self._parser = z3.ParserContext(self._context)
        """It knows what was declared; making one takes longer than reading most assertions."""
        self._declared: set[str] = set()
        self._tactics: dict[Mode, Any] = {"polynomial": chain(CHAINS["polynomial"], 0, self._context)}
        self._simplex = self._new_simplex()
        self._base: Sequence[int] = ()
        """All that the simplex was told before the last condition."""
        self._parameters: dict[tuple[float, bool], Any] = {}
        self._read: list[Any] = []
        """What holds the assertions."""
        self._assertions: list[Any] = []
        self._labels: list[Any] = []
        self._numbers: dict[int, int] = {}
        """Assertions by the number that Z3 gives their labels."""

    def add(self, variables: Mapping[str, Sort], assertions: Sequence[str]) -> range:
        """Read assertions, in SMT-LIB text, about these variables; return their numbers."""
        import z3
        from z3 import z3core

        first, context = len(self._assertions), self._context.ref()
        new = {name: sort for name, sort in variables.items() if name not in self._declared}
        self._declared.update(new)
        text = "".join(f"(declare-const {name} {sort})\n" for name, sort in new.items())
        text += "".join(f"(assert {assertion})\n" for assertion in assertions)
        read = self._parser.from_string(text)
        self._read.append(read)
        self._assertions += [z3core.Z3_ast_vector_get(context, read.vector, n) for n in range(len(read))]
        for n in range(first, len(self._assertions)):
            label = z3.Bool(f"p{n}", self._context)
            self._labels.append(label)
            self._numbers[z3core.Z3_get_ast_id(context, label.ast)] = n
        return range(first, len(self._assertions))

    def check(self, chosen: Sequence[int], wanted: Sequence[str], *, mode: Mode, effort: float) -> Outcome:
        """Decide whether these assertions go together, as `zerograd.solvers.base.Solver.check`."""
        if mode not in CHAINS:
            return self._by_simplex(chosen, wanted, effort)
        solver = self._solver(mode, effort)
        self._assert(solver, chosen)
        return self._outcome(solver, wanted)

    def _by_simplex(self, chosen: Sequence[int], wanted: Sequence[str], effort: float) -> Outcome:
        """Decide a linear program.

        Of programs that differ in the last condition alone, one solver takes a fraction of the time. Where
        it has been sways which solution it finds, and so the length of proofs: others get a new one.
        """
        if self._base and self._base != chosen[:-1]:
            self._simplex = self._new_simplex()
        solver, self._base = self._simplex, chosen[:-1]
        self._limit(solver, effort)
        solver.push()
        self._assert(solver, chosen)
        outcome = self._outcome(solver, wanted)
        solver.pop()
        return outcome

    def _new_simplex(self) -> Any:
        import z3

        solver = z3.SolverFor("QF_LRA", self._context)  # others take ten times as long
        solver.set("random_seed", 0)
        solver.check()  # what it makes at first takes longer than most programs
        return solver

    def _outcome(self, solver: Any, wanted: Sequence[str]) -> Outcome:
        import z3

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
        return Model(values_in(solver.model(), frozenset(wanted)))

    def core(
        self, chosen: Sequence[int], beside: Sequence[int], *, mode: Mode, effort: float
    ) -> list[int] | None:
        """Return some of the chosen that do not go together, with those beside; None if that is not found."""
        import z3
        from z3 import z3core

        solver, context = self._solver(mode, effort, core=True), self._context.ref()
        self._assert(solver, beside)
        for number in chosen:
            label = self._labels[number].ast
            z3core.Z3_solver_assert_and_track(context, solver.solver, self._assertions[number], label)
        try:
            if solver.check() != z3.unsat:
                return None
        except z3.Z3Exception:
            return None
        core = solver.unsat_core()
        labels = (z3core.Z3_ast_vector_get(context, core.vector, n) for n in range(len(core)))
        return sorted(self._numbers[z3core.Z3_get_ast_id(context, label)] for label in labels)

    def _assert(self, solver: Any, numbers: Sequence[int]) -> None:
        """Assert what was read, by Z3's C functions: its Python objects take longer than small questions."""
        from z3 import z3core

        context = self._context.ref()
        for number in numbers:
            z3core.Z3_solver_assert(context, solver.solver, self._assertions[number])

    def _solver(self, mode: Mode, effort: float, *, core: bool = False) -> Any:
        if mode not in self._tactics:
            self._tactics[mode] = chain(CHAINS[mode], 0, self._context)
        solver = self._tactics[mode].solver()
        self._limit(solver, effort, core=core)
        return solver

    def _limit(self, solver: Any, effort: float, *, core: bool = False) -> None:
        """Steps of one question, and whether a core will be asked for."""
        import z3
        from z3 import z3core

        if (effort, core) not in self._parameters:
            # Steps, not time: a limit on time starts a thread, which may take longer than the question.
            limits: dict[str, Any] = {"rlimit": int(min(effort * STEPS, 2**31 - 1))}
            limits |= {"unsat_core": True} if core else {}
            self._parameters[effort, core] = z3.args2params((), limits, self._context)
        parameters = self._parameters[effort, core].params
        z3core.Z3_solver_set_params(self._context.ref(), solver.solver, parameters)
