"""Selections of assertions: what Z3 says of them, and which of them it needed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zerograd.core.numbers.polynomial import Monomial, Polynomial
from zerograd.core.refuting.facts import Fact, Sign
from zerograd.solvers.base import Mode, Model, NoModel
from zerograd.solvers.facts import assertion, fact_text
from zerograd.solvers.selections import Selections
from zerograd.solvers.terms import Printer, Variable

ASSERTIONS = ["(> x 0)", "(= (* x y) 1)", "(< y 0)", "(= z 2)", "true", "(or (= x 1) (= y 1))"]


def read() -> Selections:
    selections = Selections()
    assert selections.add({"x": "Real", "y": "Real"}, ASSERTIONS[:3]) == range(3)
    assert selections.add({"x": "Real", "y": "Real", "z": "Real"}, ASSERTIONS[3:]) == range(3, 6)
    return selections


@pytest.mark.parametrize("mode", ["polynomial", "elimination", "general"])
def test_what_is_impossible_is_seen(mode: Mode) -> None:
    """Whichever means are used: the last one is for what is linear."""
    chosen = [0, 1, 2] if mode != "general" else [0, 6]
    selections = read()
    selections.add({"x": "Real"}, ["(< x 0)"])
    assert selections.check(chosen, ["x"], mode=mode, effort=1.0) == NoModel()


def test_selections_are_decided_one_by_one() -> None:
    """Each as if it were alone, whatever was asked before."""
    selections = read()
    mode: Mode = "polynomial"
    for _ in range(2):
        assert selections.check([0, 1, 2], ["x"], mode=mode, effort=1.0) == NoModel()
        found = selections.check([0, 1, 3, 4, 5], ["x", "y", "z"], mode=mode, effort=1.0)
        assert isinstance(found, Model)
        assert found.values["z"] == 2
        assert found.values["x"] == found.values["y"] == 1
        assert selections.check([0], [], mode=mode, effort=1.0) == Model({})


def test_a_linear_program_has_an_exact_solution() -> None:
    """Mode ``general``."""
    selections = Selections()
    selections.add({"v": "Real", "w": "Real"}, ["(>= v 0)", "(= (+ v (* 2 w)) 1)", "(= (+ v w) (/ 2 3))"])
    found = selections.check([0, 1, 2], ["v", "w"], mode="general", effort=1.0)
    assert found == Model({"v": Fraction(1, 3), "w": Fraction(1, 3)})


def test_linear_programs_one_after_another() -> None:
    """Each as if it were alone: what the simplex was told before is forgotten."""
    selections = Selections()
    selections.add(
        {"v": "Real", "w": "Real"}, ["(>= v 0)", "(>= w 0)", "(= (+ v w) 1)", "(= v 2)", "(= w 0)"]
    )
    names = ["v", "w"]
    for _ in range(2):
        assert selections.check([0, 1, 2, 3], names, mode="general", effort=1.0) == NoModel()
        found = selections.check([0, 1, 2, 4], names, mode="general", effort=1.0)
        assert found == Model({"v": Fraction(1), "w": Fraction(0)})
        assert selections.check([3, 4], names, mode="general", effort=1.0) == Model(
            {"v": Fraction(2), "w": Fraction(0)}
        )


def test_a_variable_is_declared_once() -> None:
    """Facts that are read later may speak of those before, in a solver of either kind."""
    selections = Selections()
    assert selections.add({"v": "Real"}, ["(> v 1)"]) == range(1)
    assert selections.add({"v": "Real", "w": "Real"}, ["(= (* v w) 1)", "(>= w 1)"]) == range(1, 3)
    assert selections.core([0, 1, 2], [], mode="polynomial", effort=1.0) == [0, 1, 2]


def test_a_core_leaves_out_what_was_not_needed() -> None:
    """What is beside what was chosen counts, and is not named."""
    selections = read()
    assert selections.core([0, 1, 2, 3, 4, 5], [], mode="polynomial", effort=1.0) == [0, 1, 2]
    assert selections.core([2, 3], [0, 1], mode="polynomial", effort=1.0) == [2]
    assert selections.core([3, 4], [0, 1, 2], mode="polynomial", effort=1.0) == []
    assert selections.core([0, 1, 3], [], mode="polynomial", effort=1.0) is None


def test_the_same_questions_have_the_same_answers() -> None:
    """From one object to the next."""
    cores = [read().core([5, 4, 3, 2, 1, 0], [], mode="polynomial", effort=1.0) for _ in range(3)]
    assert cores[0] == cores[1] == cores[2]


NAMES = ("x", "y", "z")
MONOMIALS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), max_size=3).map(
    lambda powers: tuple(sorted(powers.items()))
)
COEFFICIENTS = st.fractions(max_denominator=9).filter(bool)


@given(
    st.dictionaries(MONOMIALS, COEFFICIENTS, min_size=1, max_size=4), st.sampled_from(["=", "!=", ">", ">="])
)
def test_text_of_a_fact_is_that_of_its_terms(terms: dict[Monomial, Fraction], sign: Sign) -> None:
    """Whether it is written at once or by way of terms."""
    fact = Fact(Polynomial(terms), sign)
    assume(not fact.polynomial.is_constant)
    assert fact_text(fact, str) == Printer({}).formula(assertion(fact, Variable))
