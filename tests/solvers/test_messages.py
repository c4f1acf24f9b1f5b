"""Outcomes on their way between processes."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.numbers.field import NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.solvers.base import GaveUp, Model, NearModel, NoModel, Outcome
from zerograd.solvers.messages import WIRE, Checked

FIELD = NumberField(polynomial([-2, 0, 1]), Fraction(1), Fraction(2))
VALUES = st.one_of(st.fractions(), st.just(FIELD))
OUTCOMES = st.one_of(
    st.dictionaries(st.sampled_from(["x", "y_0_1"]), VALUES).map(Model),
    st.dictionaries(st.sampled_from(["x", "y_0_1"]), st.fractions()).map(NearModel),
    st.just(NoModel()),
    st.builds(GaveUp, st.sampled_from(["timeout", "memory", "incomplete", "crashed"]), st.text()),
)


@given(OUTCOMES)
def test_outcomes_survive_the_pipe(outcome: Outcome) -> None:
    """What is sent is what is received."""
    message = Checked(1, outcome)
    assert WIRE.read(WIRE.write(message)) == message
