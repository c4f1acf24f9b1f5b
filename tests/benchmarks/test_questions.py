"""The questions of the benchmark: the same everywhere, valid, and of every kind."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmarks.questions import named_cases, random_questions
from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.language import Call, Chain, Item, Logic, Name, Unary, walk
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import RELATIONS

ROOT = Path(__file__).resolve().parents[2]


def digests(count: int, seed: int = 2026) -> list[str]:
    return [problem.digest for problem in random_questions(count, seed)]


def test_a_seed_gives_the_same_questions() -> None:
    """In this process, and in one with another hash seed."""
    command = [sys.executable, "benchmarks/questions.py", "--count", "40"]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment)
    told = [problem_from_json(json.loads(line)) for line in printed.stdout.splitlines()]
    assert [problem.digest for problem in told] == digests(40)
    assert digests(40) != digests(40, seed=1)


def test_a_question_does_not_depend_on_how_many_are_asked() -> None:
    """The first ten of forty are the ten."""
    assert digests(40)[:10] == digests(10)


def test_the_questions_are_those_that_figures_were_measured_on() -> None:
    """Two hundred questions, on every machine and with every Python: changing them changes this line."""
    listed = "\n".join(digests(200)).encode()
    assert hashlib.sha256(listed).hexdigest()[:16] == "97bc121a85912dc4"


def test_questions_are_small_and_differ() -> None:
    """At most 3 units a layer, 2 hidden layers, 2 inputs, 2 outputs, 4 samples; hardly any twice."""
    problems = random_questions()
    for problem in problems:
        assert max(problem.network.widths) <= 3
        assert problem.network.inputs <= 2
        assert problem.network.depth <= 3
        assert problem.samples.least <= 4
        assert any(problem.query.values()) or problem.where
    assert len({problem.digest for problem in problems}) >= 195


def test_every_kind_of_condition_is_asked() -> None:
    """Each of them more than once in two hundred questions."""
    found = Counter(kind for problem in random_questions() for kind in kinds(problem))
    missing = {kind: found[kind] for kind in EXPECTED if found[kind] < 2}
    assert not missing


ASKED = [relation for relation in RELATIONS if not relation.joint]

EXPECTED = [
    *(f"{relation} of {what}" for relation in ASKED for what in ("a whole name", "an entry")),
    "zero of x", "a sign of x",
    *(f"{name} in where" for name in ("w", "b", "x", "y", "y_hat", "r", "z", "a", "loss", "grad")),
    *(f"{function}()" for function in ("abs", "min", "max", "sum", "all", "any", "distinct")),
    *(f"comparison {operator}" for operator in ("<", "<=", "==", "!=", ">=", ">")),
    "a chain", "and", "or", "not", "division", "grad of x", "an entry in where",
    "given in full", "given in part", "bounds of a name", "bounds of an entry", "bounds open at one end",
    "integer", "real", *(f"kink {kink}" for kink in ("torch", "left", "right", "forbid")),
    "no bias", "two outputs", "two inputs", "two hidden layers", "two activations",
    *(f"activation {name}" for name in ("linear", "relu", "leaky_relu", "abs", "relu6", "hardtanh")),
    *(f"samples {m}" for m in ("1", "2", "3", "4", "any", "fewest", "in a range")),
]  # fmt: skip


def kinds(problem: Problem) -> set[str]:
    """What a question is made of."""
    found = {problem.domain, f"kink {problem.derivative_at_kink}"}
    samples = str(problem.samples)
    found.add("samples in a range" if "to" in samples else f"samples {samples}")
    for relation, references in problem.query.items():
        for reference in references:
            whole = reference.index is None
            found.add(f"{relation} of {'a whole name' if whole else 'an entry'}")
            if reference.name == "x":
                found.add("zero of x" if relation == "zero" else "a sign of x")
    return found | _of_network(problem) | _of_limits(problem) | _of_where(problem)


def _of_network(problem: Problem) -> set[str]:
    network = problem.network
    activations = {layer.activation.name for layer in network.layers}
    found = {f"activation {name}" for name in activations}
    if not all(layer.bias for layer in network.layers):
        found.add("no bias")
    if len(activations - {"linear"}) > 1:
        found.add("two activations")
    found |= {"two outputs"} if network.outputs == 2 else set()
    found |= {"two inputs"} if network.inputs == 2 else set()
    return found | ({"two hidden layers"} if network.depth == 3 else set())


def _of_limits(problem: Problem) -> set[str]:
    found = set()
    for name, values in problem.given.items():
        shape = {**problem.network.shapes, "x": (problem.samples.least, problem.network.inputs)}
        rows = shape.get(name, (problem.samples.least, problem.network.outputs))
        size = rows[0] * (rows[1] if len(rows) > 1 else 1)
        found.add("given in full" if len(values) == size else "given in part")
    for reference, bound in problem.bounds.items():
        found.add("bounds of a name" if reference.index is None else "bounds of an entry")
        if None in bound:
            found.add("bounds open at one end")
    return found


def _of_where(problem: Problem) -> set[str]:
    found = set()
    for node in (part for condition in problem.where for part in walk(condition.node)):
        match node:
            case Chain(operators=operators):
                found |= {f"comparison {operator}" for operator in operators}
                found |= {"a chain"} if len(operators) > 1 else set()
            case Logic(operator=operator):
                found.add(operator)
            case Unary(operator="not"):
                found.add("not")
            case Item():
                found.add("an entry in where")
            case Call(function="grad", arguments=(argument,)):
                found.add("grad in where")
                found |= {"grad of x"} if any(n == Name("x") for n in walk(argument)) else set()
            case Call(function=function):
                found.add(f"{function}()")
            case Name(name=name):
                found.add(f"{name.rstrip('0123456789')} in where")
    if any("/" in str(condition) for condition in problem.where):
        found.add("division")
    return found


def test_named_cases_are_valid_and_differ() -> None:
    """All but the largest are made; each has a time, and names are not used twice."""
    cases = named_cases()
    assert len({(case.group, case.name) for case in cases}) == len(cases) >= 30
    small = [case for case in cases if case.group not in ("large", "deep")]
    assert len({case.problem.digest for case in small}) >= len(small) - 1  # H=2 M=3 stands in two groups
    assert all(case.asked > 0 for case in cases)
