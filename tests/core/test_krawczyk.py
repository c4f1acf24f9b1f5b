"""Krawczyk's test: what it contracts holds the solution, and it never proves one that is not there."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.numbers.krawczyk import contracted

F = Fraction
SMALL = st.fractions(-4, 4, max_denominator=8)
RADIUS = F(1, 10**6)


def point(value: Fraction) -> tuple[Fraction, Fraction]:
    return value, value


@examples(100)
@given(st.data())
def test_linear_systems(data: st.DataObject) -> None:
    """A·(x − s) = 0 has the solution s: it is enclosed if it lies in the box, and never claimed else."""
    size = data.draw(st.integers(1, 4))
    matrix = [[data.draw(SMALL) for _ in range(size)] for _ in range(size)]
    shift = [data.draw(st.sampled_from([F(-2), F(-1, 2), F(0), F(3, 4), F(5)])) * RADIUS for _ in range(size)]
    # F(c) at c = s − shift is −A·shift.
    values = [-sum((a * s for a, s in zip(row, shift, strict=True)), F(0)) for row in matrix]
    rows = [{j: point(a) for j, a in enumerate(row) if a} for row in matrix]
    image = contracted([RADIUS] * size, [*map(point, values)], rows)
    if image is None:
        return
    assert all(low <= s <= high for (low, high), s in zip(image, shift, strict=True))
    assert all(abs(s) < RADIUS for s in shift)


@examples(50)
@given(SMALL.filter(bool), st.integers(1, 30))
def test_square_roots(start: Fraction, digits: int) -> None:
    """x² = 2 near √2 to many digits: proved exactly where the box holds the root."""
    unit = F(1, 10**digits)
    centre = abs(start) if digits == 1 else F(int((2 * 10 ** (2 * digits)) ** 0.5), 10**digits)
    assume(centre > unit)
    value = centre * centre - 2
    slopes = (2 * (centre - unit), 2 * (centre + unit))
    image = contracted([unit], [point(value)], [{0: slopes}])
    inside = (centre - unit) ** 2 < 2 < (centre + unit) ** 2
    if image is not None:
        assert inside
        low, high = image[0]
        assert (centre + low) ** 2 <= 2 <= (centre + high) ** 2


def test_hilbert_matrices() -> None:
    """An inverse that floats do not have is found in decimals."""
    size = 13
    rows = [{j: point(F(1, i + j + 1)) for j in range(size)} for i in range(size)]
    unit = F(1, 10**40)
    image = contracted([F(1)] * size, [(-unit, unit)] * size, rows)
    assert image is not None
    assert all(abs(low) < F(1, 10**15) and abs(high) < F(1, 10**15) for low, high in image)


@pytest.mark.parametrize(
    ("radii", "values", "rows"),
    [
        ([1, 1], [(0, 0), (0, 0)], [{0: (1, 1), 1: (1, 1)}, {0: (1, 1), 1: (1, 1)}]),
        ([1, 1], [(0, 0), (0, 0)], [{0: (1, 1)}, {0: (1, 1)}]),
        ([1, 1], [(0, 0), (0, 0)], [{0: (1, 1)}, {}]),
        ([1, 1], [(0, 0), (0, 0)], [{0: (0, 0)}, {1: (1, 1)}]),
        ([1], [(0, 0)], [{0: (-1, 1)}]),
        ([1], [(0, 0)], [{0: (0, 2)}]),
        ([1], [(1, 1)], [{0: (1, 1)}]),
        ([1], [(-1, 1)], [{0: (1, 1)}]),
    ],
    ids=["singular", "twice", "nothing", "zero", "any sign", "zero to 2", "on the rim", "up to the rim"],
)
def test_refused(
    radii: list[int], values: list[tuple[int, int]], rows: list[dict[int, tuple[int, int]]]
) -> None:
    """Singular systems, and solutions that may lie on the rim of the box, are not proved."""
    exact = [{j: (F(low), F(high)) for j, (low, high) in row.items()} for row in rows]
    assert contracted([*map(F, radii)], [(F(a), F(b)) for a, b in values], exact) is None


def test_sizes() -> None:
    """There are as many equations as unknowns."""
    with pytest.raises(ValueError, match="2 equations in 1 unknowns"):
        contracted([F(1)], [point(F(0))] * 2, [{0: point(F(1))}] * 2)
