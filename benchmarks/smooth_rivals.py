"""Smooth questions put to Z3 and cvc5, beside what zerograd says of them.

    python benchmarks/smooth_rivals.py [--rivals NAME …] [--seconds 5] [--only ACTIVATION …]

Z3 has no exponential: it gets a function without a meaning, and the facts that one gives by hand (exp 0 = 1,
exp t > 0, exp t ≥ 1 + t, and exp grows from each of its arguments to the next). cvc5 gets the same, and in
another column its own ``exp`` in the logic QF_NRAT. A model of a function without a meaning is no witness:
`sat` is printed there as ``another exp``. An `unsat` holds for exp too.

Each question to a rival has a process of its own, and is stopped at the cap.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import z3

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

import zerograd as zg  # noqa: E402 - found now
from benchmarks.rivals import status_of  # noqa: E402
from benchmarks.smooth import HEADLINE, LOSSES  # noqa: E402
from zerograd.core.question.problem import Problem  # noqa: E402
from zerograd.core.verdict.checking import check_result  # noqa: E402

RIVALS = ("Z3, any exp", "cvc5, any exp", "cvc5, its exp")
ACTIVATIONS = ("sigmoid", "tanh", "softplus", "elu", "silu", "exp")
COLUMNS = ("mse", "bce, labels")
START = 60.0
"""Seconds for a process to load its solver."""


class Terms:
    """Functions of Z3's expressions: `zerograd.core.numbers.functions.Functions`, as far as exp leads.

    Attributes:
        assertions: what holds of the terms that were named.
        arguments: where exp was taken.
    """

    pi = None

    def __init__(self) -> None:
        self.assertions: list[Any] = []
        self.arguments: list[Any] = []
        self._exp = z3.Function("exp_", z3.RealSort(), z3.RealSort())
        self._named = 0

    def name(self, value: Any = None) -> Any:
        """Return a variable, that equals the value if there is one."""
        self._named += 1
        variable = z3.Real(f"n_{self._named}")
        if value is not None:
            self.assertions.append(variable == value)
        return variable

    def divide(self, a: Any, b: Any, /) -> Any:
        quotient = self.name()
        self.assertions += [quotient * b == a, b != 0]
        return quotient

    def exp(self, z: Any, /) -> Any:
        argument = z3.simplify(z)
        if not any(argument.eq(t) for t in self.arguments):
            self.arguments.append(argument)
        return self._exp(argument)

    def log(self, z: Any, /) -> Any:
        """Return the number whose exponential is z."""
        result = self.name()
        self.assertions.append(self.exp(result) == z)
        return result

    def sqrt(self, value: int | Fraction, /) -> Any:
        raise NotImplementedError

    sin = cos = erf = sqrt

    def choose(
        self,
        z: Any,
        joins: Sequence[int | Fraction],
        branches: Sequence[Callable[[Any], Any]],
        at_joins: Sequence[int | Fraction | None],
        /,
    ) -> Any:
        result = branches[-1](z)
        for join, branch, at in reversed([*zip(joins, branches[:-1], at_joins, strict=True)]):
            place = rational(join)
            result = z3.If(z <= place if at is None else z < place, branch(z), result)
            if at is not None:
                result = z3.If(z == place, rational(at), result)
        return result

    def facts(self) -> list[Any]:
        """What one says of exp by hand."""
        exp = self._exp
        facts = [exp(0) == 1]
        for t in self.arguments:
            facts += [exp(t) > 0, exp(t) >= 1 + t, (t < 0) == (exp(t) < 1), (t == 0) == (exp(t) == 1)]
        for s, t in combinations(self.arguments, 2):
            facts += [(s < t) == (exp(s) < exp(t)), (s == t) == (exp(s) == exp(t))]
        return facts


def rational(value: int | Fraction) -> Any:
    """Return the numeral."""
    return z3.Q(*Fraction(value).as_integer_ratio())


def encoded(problem: Problem) -> Terms:
    """Return the assertions of a founding question: one input, one unit, one output."""
    terms = Terms()
    w1, b1, w2, b2 = z3.Reals("w1 b1 w2 b2")
    activation, loss = problem.network.layers[0].activation, problem.model.loss
    gradients: dict[str, Any] = {"w1": 0, "b1": 0, "w2": 0, "b2": 0}
    for m in range(problem.samples.least):
        x, y = z3.Reals(f"x_{m} y_{m}")
        if problem.targets == "binary":
            terms.assertions.append(z3.Or(y == 0, y == 1))
        z = terms.name(w1 * x + b1)
        a = terms.name(activation.value(z, terms))
        slope = terms.name(activation.slope(z, terms, problem.derivative_at_kink))
        y_hat = terms.name(w2 * a + b2)
        (adjoint,) = loss.sample_adjoint([y_hat], [y], terms, problem.derivative_at_kink)
        g = terms.name(adjoint)
        delta = terms.name(g * w2 * slope)
        for name, part in (("w1", delta * x), ("b1", delta), ("w2", g * a), ("b2", g)):
            gradients[name] = part + gradients[name]
    terms.assertions += [gradients[name] == 0 for name in HEADLINE["zero"]]
    terms.assertions += [gradients[name] != 0 for name in HEADLINE["nonzero"]]
    return terms


def by_z3(terms: Terms) -> str:
    """What Z3 says. Its model is one of exp only if all arguments are 0: they are algebraic."""
    solver = z3.Solver()
    solver.add(terms.assertions + terms.facts())
    status = str(solver.check())
    if status != "sat":
        return status
    model = solver.model()
    real = all(z3.is_true(model.eval(t == 0, model_completion=True)) for t in terms.arguments)
    return "sat" if real else "another exp"


def by_cvc5(terms: Terms, *, own: bool) -> str:
    """What cvc5 says, with its own exp or any."""
    cvc5 = import_module("cvc5")  # optional, and without types
    solver = z3.Solver()
    solver.add(terms.assertions + ([] if own else terms.facts()))
    text = str(solver.to_smt2())
    if own:
        text = text.replace("(declare-fun exp_ (Real) Real)", "").replace("exp_", "exp")
    manager = cvc5.TermManager()
    engine = cvc5.Solver(manager)
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(engine, symbols)
    engine.setLogic("QF_NRAT" if own else "QF_UFNRA")
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "smooth")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer = command.invoke(engine, symbols) or answer
    status = status_of(answer.strip())
    return "another exp" if status == "sat" and not own else status


def _child(rival: str, activation: str, column: str, samples: int, pipe: Any) -> None:
    terms = encoded(question(activation, column, samples))
    if rival.startswith("cvc5"):
        import_module("cvc5")
    pipe.send("started")
    begin = time.perf_counter()
    status = by_z3(terms) if rival.startswith("Z3") else by_cvc5(terms, own="its" in rival)
    pipe.send((status, time.perf_counter() - begin))


@dataclass(frozen=True)
class Case:
    """A founding question by its parts."""

    activation: str
    column: str
    samples: int

    @property
    def name(self) -> str:
        return f"{self.activation}, {self.column}, M = {self.samples}"


def question(activation: str, column: str, samples: int) -> Problem:
    """Return the founding question."""
    network = zg.Network.mlp(1, 1, 1, activation=activation)
    return Problem(network=network, samples=samples, **HEADLINE, **LOSSES[column])


def cases() -> Iterator[Case]:
    """All of them: with three samples, and with two."""
    for activation in ACTIVATIONS:
        for column in COLUMNS:
            for samples in (3, 2):
                yield Case(activation, column, samples)


def asked(rival: str, case: Case, seconds: float) -> tuple[str, float]:
    """(verdict, seconds) of a rival; ``stopped`` at the cap, ``error`` where its process ends early."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(
        target=_child, args=(rival, case.activation, case.column, case.samples, there), daemon=True
    )
    process.start()
    there.close()
    try:
        if not here.poll(START):
            return "stopped", START
        here.recv()
        if not here.poll(seconds):
            return "stopped", seconds
        status, elapsed = here.recv()
        return str(status), float(elapsed)
    except EOFError:
        return "error", 0.0
    finally:
        process.kill()
        process.join()
        here.close()


def measured(case: Case, seconds: float) -> tuple[str, float, float | None]:
    """(verdict, seconds to it, seconds to check it) of zerograd."""
    problem = question(case.activation, case.column, case.samples)
    begin = time.perf_counter()
    answer = zg.solve(problem, timeout=seconds, prefer="any")
    found = time.perf_counter() - begin
    if isinstance(answer, zg.Unknown):
        return answer.status, found, None
    document = answer.to_json()
    begin = time.perf_counter()
    check_result(problem, document)
    return answer.status, found, time.perf_counter() - begin


def main() -> None:
    """Measure and print, as a table of Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rivals", nargs="*", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--only", nargs="*", choices=ACTIVATIONS, default=list(ACTIVATIONS))
    arguments = parser.parse_args()
    names = ["case", "zerograd", "check", *arguments.rivals]
    print("| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|")
    measured(Case("sigmoid", "mse", 3), START)  # loads what all need
    for case in cases():
        if case.activation not in arguments.only:
            continue
        status, found, check = measured(case, arguments.seconds)
        cells = [case.name, f"{status}, {found:.2f} s", "—" if check is None else f"{check:.3f} s"]
        for rival in arguments.rivals:
            verdict, elapsed = asked(rival, case, arguments.seconds)
            cells.append(f"{verdict}, {elapsed:.2f} s")
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
