"""What a text answer prints of an enclosed witness."""

from __future__ import annotations

from fractions import Fraction

import pytest

pytest.importorskip("mpmath")

from tests.core.test_dropping import BY_OUTPUTS, classes
from tests.core.test_enclosed import changed, targets_unknown
from tests.core.test_enclosed_points import asked, point
from zerograd.core.errors import ZerogradError
from zerograd.core.numbers.exact import sign
from zerograd.core.numbers.interval import Interval
from zerograd.core.verdict.answer import Sat
from zerograd.document.numbers import exact_text
from zerograd.explaining.contributions import contributions
from zerograd.problem_report import report_of
from zerograd.show import plot
from zerograd.show.fitness import no_exact_numbers
from zerograd.show.text import answer_text

SIGMOID = """\
sat

network   1 → 1 sigmoid → 1 linear, mean squared error, no kinks
samples   3
witness   exists, enclosed to 10⁻²⁵: 2 unknowns, below, with all digits that are proved

unknowns
  y[1] ≈ 2.137210757309234019596599296589517213337 ± 1e-39
  y[2] ≈ 0.2625277420386435452119706028910433075041 ± 1e-40

parameters
  w1 = 1   b1 = 0   w2 = 1   b2 = 0

samples
  sample    x   z1          a1           ŷ           y    residual
  ──────   ──   ──   ─────────   ─────────   ─────────   ─────────
       0   -1   -1   ≈0.268941   ≈0.268941        -3/4    ≈1.01894
       1    0    0         1/2         1/2    ≈2.13721   ≈-1.63721
       2    2    2   ≈0.880797   ≈0.880797   ≈0.262528   ≈0.618269

gradients
  gradient         value   asked
  ────────   ───────────   ─────────
  ∂L/∂w1     ≈-0.0470049   nonzero ✓
  ∂L/∂b1     ≈-0.0960349   nonzero ✓
  ∂L/∂w2               0   zero ✓
  ∂L/∂b2               0   zero ✓

why gradients are zero
  ∂L/∂w2, ∂L/∂b2: exactly one point of the box makes all of them zero, by Krawczyk's test

loss      ≈1.36699
≈…        a number that is enclosed, or too long to write out; --json has more digits
checked   by Krawczyk's test and interval arithmetic
strategy  not recorded, 0.00 s
"""


def test_whole_answer() -> None:
    """All digits of the unknowns that are proved, six of what is computed, and why the zeros are zeros."""
    witness = targets_unknown()
    assert answer_text(Sat(witness, problem=witness.problem)) == SIGMOID


def test_why_dropped_entries_are_zero() -> None:
    """Entries that the equations imply have their own line; one of unknown sign does not look like 0."""
    witness = classes(BY_OUTPUTS)
    text = answer_text(Sat(witness, problem=witness.problem))
    assert "  ∂L/∂w2[2], ∂L/∂b2[2]: the gradients of the last layer sum to 0 over the outputs\n" in text
    row = next(line for line in text.splitlines() if "∂L/∂w1 " in line)
    assert row.split()[1:3] == ["0", "±"]


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        ("0.1234567", "0.1234568", "≈0.123457"),
        ("0.12341", "0.12343", "≈0.1234"),
        ("-1e-40", "2e-40", "0 ± 1e-39"),
        ("1234567", "1234568", "≈1234570"),
        ("12345678", "12345679", "≈1.23457e+7"),
    ],
)
def test_digits_that_are_proved(low: str, high: str, shown: str) -> None:
    """The last digit may be off by one, and none is shown that the enclosure leaves open by more."""
    assert exact_text(Interval.between(Fraction(low), Fraction(high))) == shown


def test_refused_witnesses_show_their_box() -> None:
    """A witness of which nothing is proved can still be printed."""
    witness = changed(targets_unknown(), "y", (0, 0), 5)
    assert "y = [[5], [2.1372107573" in str(witness)


def test_pictures_have_the_digits_that_are_proved() -> None:
    """A sum that is 0 by Krawczyk's test is drawn as 0, its terms where they are enclosed."""
    answer = Sat(targets_unknown(), problem=targets_unknown().problem)
    rows = contributions(answer.witness).rows
    assert {row.name for row in rows if row.total == 0} == {"w2", "b2"}
    assert all(sign(row.reach) > 0 for row in rows)
    assert plot.unfit(answer) is None
    assert b"0.133557" in plot.picture(answer, "svg", kind="contributions")


def test_what_needs_exact_numbers() -> None:
    """An explanation of an enclosed witness is declined in words."""
    answer = Sat(targets_unknown(), problem=targets_unknown().problem)
    with pytest.raises(ZerogradError, match="the witness is enclosed"):
        report_of(answer)


POINT = """\
sat

network   1 → 1 gelu → 1 linear, mean squared error, no kinks
samples   1
witness   all its numbers are exact; gradients are enclosed

parameters
  w1 = 1   b1 = 1   w2 = 1   b2 = 0

samples
  sample   x   z1        a1         ŷ   y   residual
  ──────   ─   ──   ───────   ───────   ─   ────────
       0   1    2   ≈1.9545   ≈1.9545   0    ≈1.9545

gradients
  gradient      value   asked
  ────────   ────────   ─────────
  ∂L/∂w1     ≈4.24217   nonzero ✓
  ∂L/∂b1     ≈4.24217
  ∂L/∂w2     ≈7.64014
  ∂L/∂b2       ≈3.909

loss      ≈3.82007
≈…        a number that is enclosed, or too long to write out; --json has more digits
checked   by interval arithmetic
strategy  not recorded, 0.00 s
"""


def test_without_unknowns() -> None:
    """Nothing was solved: no unknowns, and no word of Krawczyk's test."""
    problem = asked(nonzero=["w1"])
    answer = Sat(point(problem), problem=problem)
    assert answer_text(answer) == POINT
    assert no_exact_numbers(answer) == "the gradients of the witness are enclosed: not all of them are exact"
    assert plot.picture(answer, "svg", kind="contributions")
