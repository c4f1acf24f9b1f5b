"""cvc5 (Barbosa et al., TACAS 2022), with cylindrical algebraic coverings for nonlinear real arithmetic.

An optional second opinion: ``pip install 'zerograd[cvc5]'``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from zerograd.core.numbers import univariate as uni
from zerograd.core.numbers.field import NumberField
from zerograd.extras import install
from zerograd.solvers.base import GaveUp, Mode, Model, NoModel, Outcome, SolverUnusable, Value

_OPTIONS: Mapping[Mode, Mapping[str, str]] = {
    # Coverings alone (Ábrahám, Davenport, England and Kremer, JLAMP 2021): sooner done with most of our
    # questions than when linearisation comes first, and never done with some others.
    "polynomial": {"nl-cov": "true", "nl-ext": "none"},
    "general": {},
}

STEPS = 40_000
"""cvc5's resource units, in about a second on a quiet machine of 2020."""


class Cvc5:
    """The adapter. Fits `zerograd.solvers.base.Solver`.

    Modes: ``polynomial`` is coverings alone, ``general`` cvc5's defaults, coverings after
    linearisation. Each call has a solver of its own: nothing is left behind.
    """

    modes: tuple[Mode, ...] = ("polynomial", "general")
    blocking = True

    def forget(self) -> None:
        """Nothing to forget."""

    def rest(self) -> None:
        """Nothing to make ready."""

    def version(self) -> str:
        cvc5 = _library()
        version: bytes | str = cvc5.Solver(cvc5.TermManager()).getVersion()
        return version.decode() if isinstance(version, bytes) else version

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
        cvc5 = _library()
        manager = cvc5.TermManager()
        solver = cvc5.Solver(manager)
        options = {
            "produce-models": "true",
            "seed": str(seed % 2**32),
            "sat-random-seed": str(seed % 2**32),
            "tlimit-per": str(int(min(max(1, seconds * 1000), 2**31 - 1))),
            **_OPTIONS[mode],
        }
        if effort is not None:
            options["rlimit-per"] = str(max(1, int(effort * STEPS)))
        for name, value in options.items():
            solver.setOption(name, value)
        solver.setLogic(_logic(text))
        terms = _read(cvc5, solver, text)
        result = solver.checkSat()
        if result.isUnsat():
            return NoModel()
        if result.isSat():
            values = {term.getSymbol(): term for term in terms if not term.getSort().isBoolean()}
            return Model(
                {name: _value(manager, solver.getValue(values[name])) for name in wanted if name in values}
            )
        return _gave_up(cvc5, result.getUnknownExplanation())


def _library() -> Any:
    try:
        import cvc5
    except ModuleNotFoundError as error:
        raise SolverUnusable(f"cvc5 is not installed: {install('cvc5')}") from error
    return cvc5


def _logic(text: str) -> str:
    integers, reals = " Int)" in text, " Real)" in text
    return "QF_NIRA" if integers and reals else "QF_NIA" if integers else "QF_NRA"


def _read(cvc5: Any, solver: Any, text: str) -> list[Any]:
    """Declare and assert what the text says; the declared terms."""
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "question")
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        said = command.invoke(solver, symbols)
        if said:  # an assertion that was not made must not go unnoticed
            raise ValueError(said.strip())
    return list(symbols.getDeclaredTerms())


def _gave_up(cvc5: Any, why: Any) -> GaveUp:
    reasons = cvc5.UnknownExplanation
    if why == reasons.MEMOUT:
        return GaveUp("memory", why.name)
    limits = (reasons.TIMEOUT, reasons.RESOURCEOUT, reasons.INTERRUPTED)
    return GaveUp("timeout" if why in limits else "incomplete", why.name)


def _value(manager: Any, value: Any) -> Value:
    if value.isRealAlgebraicNumber():
        unknown = manager.mkVar(manager.getRealSort(), "alpha")
        polynomial = _polynomial(value.getRealAlgebraicNumberDefiningPolynomial(unknown), unknown)
        low = Fraction(value.getRealAlgebraicNumberLowerBound().getRealValue())
        high = Fraction(value.getRealAlgebraicNumberUpperBound().getRealValue())
        return low if low == high else NumberField(polynomial, low, high)
    return Fraction(value.getRealValue())


def _polynomial(term: Any, unknown: Any) -> uni.Polynomial:
    """The coefficients of a term of sums and products."""
    from cvc5 import Kind

    if term == unknown:
        return uni.polynomial([0, 1])
    if term.isRealValue():
        return uni.polynomial([Fraction(term.getRealValue())])
    kind = term.getKind()
    if kind not in (Kind.ADD, Kind.MULT):
        raise ValueError(f"no polynomial: {term}")
    first, *rest = (_polynomial(part, unknown) for part in term)
    for part in rest:
        first = uni.add(first, part) if kind == Kind.ADD else uni.multiply(first, part)
    return first
