"""Z3 (de Moura and Bjørner), with nlsat for nonlinear real arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from zerograd.core.errors import FormatError
from zerograd.core.exact import NumberField
from zerograd.core.univariate import polynomial
from zerograd.solvers.base import GaveUp, Model, NoModel, Outcome, Value


class Z3:
    """The adapter. Fits `zerograd.solvers.base.Solver`."""

    def version(self) -> str:
        import z3

        return str(z3.get_version_string())

    def check(self, text: str, wanted: Sequence[str], *, seed: int, seconds: float) -> Outcome:
        import z3

        integers = " Int)" in text
        solver = z3.Solver() if integers else z3.SolverFor("QF_NRA")
        solver.set("timeout", max(1, int(seconds * 1000)))
        solver.set("random_seed", seed)
        try:
            solver.from_string(text)
            answer = solver.check()
        except z3.Z3Exception as error:
            return _gave_up(str(error))
        if answer == z3.unsat:
            return NoModel()
        if answer == z3.unknown:
            return _gave_up(solver.reason_unknown())
        model = solver.model()
        values: dict[str, Value] = {}
        for declaration in model.decls():
            name = declaration.name()
            if name in wanted:
                values[name] = _value(model[declaration])
        return Model(values)


def _gave_up(reason: str) -> GaveUp:
    if "memory" in reason:
        return GaveUp("memory", reason)
    if "timeout" in reason or "canceled" in reason:
        return GaveUp("timeout", reason)
    return GaveUp("incomplete", reason)


def _value(value: Any) -> Value:
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
