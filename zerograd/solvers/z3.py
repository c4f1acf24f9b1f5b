"""Z3 (de Moura and Bjørner), with nlsat for nonlinear real arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from zerograd.core.errors import FormatError
from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.solvers.base import GaveUp, Mode, Model, NoModel, Outcome, Value

# nlsat decides conjunctions of polynomial relations (Jovanović and de Moura, IJCAR 2012). What is
# done to a formula beforehand matters as much: neither chain is better than the other on all.
CHAINS = {
    "polynomial": (
        "simplify", "propagate-values", "purify-arith", "elim-term-ite", "simplify", "tseitin-cnf", "nlsat",
    ),
    "elimination": (
        "simplify", "propagate-values", "solve-eqs", "elim-term-ite", "tseitin-cnf", "nlsat",
    ),
    "choices": (
        "simplify", "propagate-values", "solve-eqs", "purify-arith", "elim-term-ite", "simplify",
        "tseitin-cnf", "nlsat",
    ),
    "small-integers": ("simplify", "propagate-values", "nla2bv", "bit-blast", "sat"),
}  # fmt: skip


TRIVIAL = "(declare-const t Bool)(declare-const u Real)(assert (or t (> (* u u) 2.0)))"
"""What a new context is given to read."""

STEPS = 2_500_000
"""Steps of Z3's resource counter, in about a second on a quiet machine of 2020."""

SOON = 2.0
"""Seconds: a limited effort that may last no longer has a clock beside its count of steps."""


class Z3:
    """The adapter. Fits `zerograd.solvers.base.Solver`.

    Modes: ``polynomial`` is nlsat, ``elimination`` nlsat after ``solve-eqs``, ``choices`` both with what
    ``polynomial`` does to terms, ``general`` Z3's own solver (slower to stop), ``small-integers``
    bit-blasting.
    """

    modes: tuple[Mode, ...] = ("polynomial", "elimination", "choices", "general", "small-integers")
    blocking = False

    def __init__(self) -> None:
        self._context: Any = None
        """What Z3 keeps from call to call: expressions, whose numbering sways its choices."""
        self._spare: Any = None
        self._chains: dict[tuple[Mode, int], Any] = {}

    def forget(self) -> None:
        self.rest()
        self._context, self._spare = self._spare, None
        self._chains = {}

    def rest(self) -> None:
        """Have a context to go on with: making one takes longer than most answers."""
        if self._spare is None:
            self._spare = _primed()

    def version(self) -> str:
        import z3

        return str(z3.get_version_string())

    def check(
        self,
        text: str,
        wanted: Sequence[str],
        *,
        mode: Mode,
        seed: int,
        seconds: float,
        effort: float | None = None,
    ) -> Outcome:
        import z3

        solver = self._solver(mode, integers=" Int)" in text, seed=seed)
        limits: dict[str, int] = {}
        if effort is not None:
            limits["rlimit"] = int(min(effort * STEPS, 2**31 - 1))
        # A limit on time starts a thread, which takes a while; we are killed anyway. But then all that was
        # loaded is to be loaded anew, which takes about as long as a glance may last.
        if effort is None or seconds < SOON:
            limits["timeout"] = int(min(max(1, seconds * 1000), 2**31 - 1))
        solver.set(**limits)
        try:
            solver.from_string(text)
            answer = solver.check()
        except z3.Z3Exception as error:
            return gave_up(str(error))
        if answer == z3.unsat:
            # Bit vectors show that small values do not do: of unknowns with bounds, that none do.
            if mode == "small-integers" and not _bounded(solver.assertions()):
                return GaveUp("incomplete", "no small solution")
            return NoModel()
        if answer == z3.unknown:
            return gave_up(solver.reason_unknown())
        return Model(values_in(solver.model(), frozenset(wanted)))

    def _solver(self, mode: Mode, *, integers: bool, seed: int) -> Any:
        import z3

        if self._context is None:
            self.forget()
        context = self._context
        if mode in CHAINS:
            return self._chain(mode, seed).solver()
        solver = z3.Solver(ctx=context) if integers else z3.SolverFor("QF_NRA", context)
        solver.set("random_seed", seed)
        return solver

    def _chain(self, mode: Mode, seed: int) -> Any:
        """The tactics of a mode, one after another."""
        if (mode, seed) not in self._chains:
            self._chains[mode, seed] = chain(CHAINS[mode], seed, self._context)
        return self._chains[mode, seed]


def _primed() -> Any:
    """A new context, in which a solver has read something: the first time takes longer."""
    import z3

    context = z3.Context()
    solver = chain(CHAINS["polynomial"], 0, context).solver()
    solver.set("rlimit", 1)
    solver.from_string(TRIVIAL)
    return context


def chain(names: Sequence[str], seed: int, context: Any) -> Any:
    """Return tactics with these names, one after another."""
    import z3

    *before, last = (z3.Tactic(name, context) for name in names)
    final = z3.With(last, seed=seed, ctx=context) if names[-1] == "nlsat" else last
    return z3.Then(*before, final, ctx=context)


def _bounded(assertions: Any) -> bool:
    """Whether every unknown is an integer in an assertion ``v >= c`` and in one ``v <= c``."""
    import z3

    unknowns: set[str] = set()
    ends: set[tuple[str, int]] = set()
    seen: set[int] = set()
    pending = list(assertions)
    for formula in assertions:
        if z3.is_le(formula) or z3.is_ge(formula):
            unknown, value = formula.children()
            if z3.is_const(unknown) and z3.is_int_value(z3.simplify(value)):
                ends.add((str(unknown), formula.decl().kind()))
    while pending:
        part = pending.pop()
        if part.get_id() in seen:
            continue
        seen.add(part.get_id())
        if z3.is_real(part) and z3.is_const(part) and not z3.is_rational_value(part):
            return False
        if z3.is_int(part) and z3.is_const(part) and not z3.is_int_value(part):
            unknowns.add(str(part))
        pending += part.children()
    kinds = (z3.Z3_OP_LE, z3.Z3_OP_GE)
    return all((unknown, kind) in ends for unknown in unknowns for kind in kinds)


def gave_up(reason: str) -> GaveUp:
    if "memory" in reason:
        return GaveUp("memory", reason)
    if "timeout" in reason or "canceled" in reason or "resource" in reason:
        return GaveUp("timeout", reason)
    return GaveUp("incomplete", reason)


def values_in(model: Any, wanted: frozenset[str]) -> dict[str, Value]:
    """The values of some variables, by Z3's C functions: its Python objects take longer than most answers."""
    from z3 import Z3_NUMERAL_AST, FuncDeclRef, z3core

    context = model.ctx.ref()
    values: dict[str, Value] = {}
    for number in range(z3core.Z3_model_get_num_consts(context, model.model)):
        declaration = z3core.Z3_model_get_const_decl(context, model.model, number)
        name = z3core.Z3_get_symbol_string(context, z3core.Z3_get_decl_name(context, declaration))
        if name not in wanted:
            continue
        value = z3core.Z3_model_get_const_interp(context, model.model, declaration)
        if z3core.Z3_get_ast_kind(context, value) == Z3_NUMERAL_AST:
            values[name] = Fraction(z3core.Z3_get_numeral_string(context, value))
        else:
            values[name] = exact_value(model[FuncDeclRef(declaration, model.ctx)])
    return values


def exact_value(value: Any) -> Value:
    import z3

    if z3.is_int_value(value):
        return Fraction(value.as_long())
    if z3.is_rational_value(value):
        return value.as_fraction()  # type: ignore[no-any-return]
    # A root of a square-free polynomial: widen a rational approximation until it isolates it.
    coefficients = polynomial(Fraction(str(c)) for c in value.poly())
    digits = 10
    while True:
        near = value.approx(digits).as_fraction()
        margin = Fraction(2, 10**digits)
        try:
            return NumberField(coefficients, near - margin, near + margin)
        except FormatError:
            if digits > 10_000:
                raise
            digits *= 2
