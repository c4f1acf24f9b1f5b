"""The rivals' answers: what Z3 and cvc5 say of the encoding by hand, and its models read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import import_module
from itertools import count
from typing import Any, Literal

import z3

from benchmarks.by_hand import BEST, Encoding, Form
from zerograd.core.model.backprop import ExactActivate, forward
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.question.small_datasets import sufficient_samples
from zerograd.core.verdict.witness import Witness

Status = Literal["sat", "unsat", "unknown"]


def sizes(problem: Problem) -> Iterator[int]:
    """The numbers of samples to try, in order: up to where small datasets suffice, if that is known."""
    most = problem.samples.most
    if most is None:
        enough = sufficient_samples(problem)
        most = enough if enough is None else max(enough, problem.samples.least)
    yield from count(problem.samples.least) if most is None else range(problem.samples.least, most + 1)


def decide(problem: Problem, check: Callable[[Encoding], Status], form: Form = BEST) -> Status:
    """Sat with the first number of samples for which ``check`` says so, unsat if it denies them all."""
    verdict: Status = "unsat"
    for samples in sizes(problem):
        found = check(Encoding(problem, samples, form))
        if found == "sat":
            return "sat"
        if found == "unknown":
            verdict = "unknown"
    return verdict


def by_z3(encoding: Encoding) -> Status:
    """What Z3 says."""
    return status_of(str(encoding.solver().check()))


def by_cvc5(encoding: Encoding) -> Status:
    """What cvc5 says of the same text."""
    cvc5 = import_module("cvc5")  # optional, and without types
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(solver, symbols)
    solver.setLogic("QF_NIRA" if encoding.integer else "QF_NRA")
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, encoding.text(), "by-hand")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer = command.invoke(solver, symbols) or answer
    return status_of(answer.strip())


def status_of(text: str) -> Status:
    """The verdict: cvc5 says why in words that follow, as in ``unknown (INCOMPLETE)``."""
    match text.partition(" ")[0]:
        case ("sat" | "unsat" | "unknown") as verdict:
            return verdict
    raise ValueError(f"the solver said {text!r}")


def read_back(encoding: Encoding, model: Any) -> Witness | None:
    """The model as a witness; None where it holds an irrational number."""
    values: dict[str, Array[Exact]] = {}
    for name, array in encoding.unknowns.items():
        numerals = [model.eval(value, model_completion=True) for value in array.entries]
        if any(z3.is_algebraic_value(numeral) for numeral in numerals):
            return None
        values[name] = Array(array.shape, tuple(Fraction(str(numeral)) for numeral in numerals))
    if encoding.free_targets:
        r = values.pop("r")
        run = forward(
            encoding.network, values, values["x"], ExactActivate(encoding.problem.derivative_at_kink)
        )
        target = encoding.problem.model.loss.target
        values["y"] = Array(r.shape, tuple(map(target, run.y_hat.entries, r.entries)))
    return Witness.of(encoding.problem, values)
