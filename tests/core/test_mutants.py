"""Certificates with one thing changed, or several damaged: none proves what is not so."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.certificates import (
    CROSSED,
    HEADLINE,
    accepted,
    proved,
)
from tests.core.second_checker import Second
from tests.effort import examples
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import (
    certificate_from_json,
)
from zerograd.core.refuting.refutation import (
    system_of,
)


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with every key or position of it."""
    if isinstance(data, dict | list):
        for key in [*data] if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from places(data[key])


def words(data: Any) -> set[str]:
    """All texts in a document, keys among them."""
    if isinstance(data, dict):
        return {*data, *(word for value in data.values() for word in words(value))}
    if isinstance(data, list):
        return {word for value in data for word in words(value)}
    return {data} if isinstance(data, str) else set()


def other_values(value: Any, known: list[str], chance: Random) -> list[Any]:
    if isinstance(value, str):
        try:
            c = Fraction(value)
        except ValueError:
            return [chance.choice(known), value + "0", "moments", "dataset", "n0"]
        return [str(c + 1), str(-c), "0", str(2 * c), chance.choice(known)]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, str(value)]
    if isinstance(value, list):
        return [value[1:], value[:-1], [*value, *value[-1:]], value[::-1], []]
    return [{}, [], None, {"cofactors": {}}, {"like": "n0"}]


def mutants(data: Any, known: list[str], chance: Random) -> Iterator[Any]:
    """Copies of a document with one thing changed: each value, each key, each thing dropped or swapped."""
    size = sum(1 for _ in places(data))
    for n in range(size):

        def changed(change: Callable[[Any, Any], None], n: int = n) -> Any:
            result = copy.deepcopy(data)
            change(*[*places(result)][n])
            return result

        container, key = [*places(data)][n]

        for value in other_values(container[key], known, chance):
            yield changed(partial(_put, value))
        yield changed(_drop)
        if isinstance(container, dict):
            for name in (chance.choice(known), "n0", key + ".0"):
                yield changed(partial(_rename, name))
            others = [k for k in container if k != key]
            if others:
                yield changed(partial(_swap, chance.choice(others)))
                yield changed(partial(_repeat, chance.choice(others)))


def _put(value: Any, container: Any, key: Any) -> None:
    container[key] = value


def _drop(container: Any, key: Any) -> None:
    container.pop(key)


def _rename(name: str, container: Any, key: Any) -> None:
    container[name] = container.pop(key)


def _swap(other: str, container: Any, key: Any) -> None:
    container[key], container[other] = container[other], container[key]


def _repeat(other: str, container: Any, key: Any) -> None:
    container[key] = copy.deepcopy(container[other])


SATISFIABLE: dict[str, list[Problem]] = {
    "exchange": [Problem(network=[1, 2, 1], samples=2, where=["b1[0] >= 0", "b1[0] * b1[1] < 0"])],
    "M=2 H=1": [
        Problem(network=[1, 1, 1], samples=3, **HEADLINE),
        Problem(network=[1, 1, 1], samples=2, zero=["w2", "b2"], nonzero=["w1"]),
        Problem(network=[1, 1, 1], samples="any", **HEADLINE),
    ],
    "crossed": [Problem(network=[1, 2, 1], samples="any", **CROSSED)],
    "either": [Problem(network=[1, 1], samples=1, where=["w1 == 1 or w1 == 2", "w1 >= 2"])],
    "integer": [
        Problem(
            network=[1, 1], samples=1, where=["2 * w1 == 2 * b1 + 1"], bounds={"w1": [-2, 2], "b1": [-2, 2]}
        )
    ],
}


@pytest.mark.parametrize(
    "name",
    [
        *("M=1 H=1", "M=2 H=1", "crossed", "either", "two units", "quotient", "exchange"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("M=2 H=2", "right", "forbid", "a range", "symmetric")
        ),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("identities", "where", "bounds", "given", "integer")
        ),
    ],
)
def test_mutants_are_refused(name: str) -> None:
    """A changed certificate is refused, or the second checker finds that it is a proof as well.

    Offered for a problem that has an answer, it is refused in any case.
    """
    problem, text = proved(name)
    data = json.loads(text)
    chance = Random(name)
    part = certificate_from_json(data).parts[0]
    system = system_of(problem, part.kind, part.samples)
    known = sorted({*words(data), *system.facts, *system.splits, *system.variables})
    total = survived = 0
    for mutant in mutants(data, known, chance):
        total += 1
        if json.dumps(mutant) != text and accepted(problem, mutant):
            survived += 1
            assert Second(problem).accepts(certificate_from_json(mutant)), mutant
        for other in SATISFIABLE.get(name, ()):
            if isinstance(mutant, dict) and total % 3 == 0:
                number = other.samples.fixed
                for part in mutant["parts"] if isinstance(mutant.get("parts"), list) else ():
                    if isinstance(part, dict) and "samples" in part and number is not None:
                        part["samples"] = number
                assert not accepted(other, {**mutant, "problem": other.digest}), mutant
    assert total > 100
    assert survived <= total // 10


JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    "",
    "x",
    "1/0",
    "1e999",
    "²",
    "\ud800",
    "\x1b[2J",
    "9" * 5000,
    [],
    {},
    [[]],
    [["1", 1]],
    [["0"]],
    {"like": "a"},
    {"cofactors": {}},
    {"x": 1},
    "dataset",
    "moments",
    [1, 0],
    [[["1"]]],
]


@examples(600)
@given(
    st.sampled_from(["M=2 H=1", "crossed", "either", "integer", "two units"]),
    st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(["put", "drop", "key"]), st.sampled_from(JUNK)),
        max_size=4,
    ),
)
def test_damaged_documents_are_never_a_crash(name: str, changes: list[tuple[int, str, Any]]) -> None:
    """Whatever stands wherever: refused, or not of the form."""
    problem, text = proved(name)
    data = json.loads(text)
    for number, change, junk in changes:
        found = [*places(data)]
        if not found:
            break
        container, key = found[number % len(found)]
        if change == "put":
            container[key] = copy.deepcopy(junk)
        elif change == "drop":
            container.pop(key)
        elif isinstance(container, dict):
            container[str(junk)] = container.pop(key)
    if accepted(problem, data):
        assert Second(problem).accepts(certificate_from_json(data))
