"""The error bounds of tables are proved from the coefficients that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import nextafter

import flint
import numpy as np
import pytest

pytestmark = pytest.mark.needs("torch")
torch = pytest.importorskip("torch")

from zerograd.explaining.shadow.functions import (  # noqa: E402
    UnprovedTableError,
    ball,
    circular,
    enclose,
    exponential,
    gaussian,
    ladders,
    logarithm,
    tables,
)

BUILDERS: dict[str, Callable[[], object]] = {
    "exp": exponential._tables,
    "expm1": exponential._expm1_table,
    "log": logarithm._table,
    "erf": gaussian._erf,
    "erfc": gaussian._erfcx,
    "Phi": gaussian._mills,
    "phi": gaussian._constants,
    "sin": circular._circle,
}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Build every table again, before and after."""
    for build in BUILDERS.values():
        build.cache_clear()  # type: ignore[attr-defined]
    yield
    for build in BUILDERS.values():
        build.cache_clear()  # type: ignore[attr-defined]


def numbers_of(name: str) -> int:
    """Count the coefficients that a table asks for."""
    asked = 0
    right = tables.nearest

    def counting(number: flint.arb) -> float:
        nonlocal asked
        asked += 1
        return right(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "nearest", counting)
        BUILDERS[name]()
    BUILDERS[name].cache_clear()  # type: ignore[attr-defined]
    return asked


@pytest.mark.parametrize("name", BUILDERS)
def test_a_wrong_coefficient_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Coefficients are changed by a 2^-20th, one at a time: the table is refused, or the enclosures that it
    gives contain the values nevertheless, since the bound takes account of it.
    """
    x = torch.linspace(0.01, 5, 300, dtype=torch.float64)
    right, asked, refused = tables.nearest, 0, 0
    total = numbers_of(name)
    indices = sorted({0, 1, 2, total // 3, total // 2, total - 1, *range(5, total, total // 6 + 1)})
    for wrong in (n for n in indices if n < total):
        asked = 0

        def corrupted(number: flint.arb, wrong: int = wrong) -> float:
            nonlocal asked
            asked += 1
            return right(number) * (1 + 2.0**-20) if asked == wrong + 1 else right(number)

        monkeypatch.setattr(tables, "nearest", corrupted)
        BUILDERS[name].cache_clear()  # type: ignore[attr-defined]
        try:
            values, errors = enclose(name, x, torch.zeros_like(x))
        except ArithmeticError:
            refused += 1
            continue
        for at, middle, radius in zip(x.tolist(), values.tolist(), errors.tolist(), strict=True):
            exact = ball(name, flint.arb(at), 100)
            with tables.working():
                assert not abs(exact - flint.arb(middle)) > flint.arb(radius)
    assert refused


@pytest.mark.parametrize("name", ["exp", "erf", "sin", "expm1"])
def test_rounder_coefficients_give_wider_enclosures(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that are small enough are accepted, and the bound grows with them."""
    x = torch.linspace(0.1, 3, 500, dtype=torch.float64)
    values, errors = enclose(name, x, torch.zeros_like(x))
    for build in BUILDERS.values():
        build.cache_clear()  # type: ignore[attr-defined]
    right = tables.nearest
    monkeypatch.setattr(tables, "nearest", lambda number: right(number) * (1 + 2.0**-51))
    rough, wider = enclose(name, x, torch.zeros_like(x))
    assert (wider > errors).all()
    assert (rough != values).any()
    assert ((rough - values).abs() <= wider + errors).all()


def test_a_missing_remainder_is_noticed() -> None:
    """Polynomials of too low a degree are refused, and series that python-flint cut short silently."""
    with pytest.raises(UnprovedTableError, match="relative error"):
        tables.table([tables.taylor(lambda s: s.exp(), 0.0, 0.25, 8)])
    assert tables.table([tables.taylor(lambda s: s.exp(), 0.0, 0.25, 13)]).error < tables.WORST
    with tables.working(terms=10), pytest.raises(UnprovedTableError, match="were asked for"):
        tables.series(lambda s: s.exp(), flint.arb(0), 12)


def test_a_table_without_relative_accuracy_is_refused() -> None:
    """A function that is zero in a cell, but not at its centre, has no table."""
    with pytest.raises(UnprovedTableError):
        tables.table([tables.taylor(lambda s: s.log(), 1.0078125, 0.01, 12)])


def test_python_flint_keeps_its_precision() -> None:
    before = flint.ctx.prec, flint.ctx.cap
    gaussian._mills()
    assert (flint.ctx.prec, flint.ctx.cap) == before
    with pytest.raises(UnprovedTableError):
        tables.table([tables.taylor(lambda s: s.exp(), 0.0, 0.25, 8)])
    assert (flint.ctx.prec, flint.ctx.cap) == before


@pytest.mark.parametrize("end", [6.0, 28.0, 40.0])
def test_cells_of_ladders(end: float) -> None:
    """Every number is in the cell that it is given, and its offset from the centre is exact."""
    cells = ladders.cells_until(end)
    ladder = ladders.Ladder(tables.Table(np.zeros((1, len(cells))), 0.0), end, np.zeros(len(cells)))
    borders = [c + s * half for c, half in cells for s in (-1, 1)]
    random = np.random.default_rng(3)
    numbers = [
        *(x for b in borders for x in (nextafter(b, 0), b, nextafter(b, 99)) if 0 <= x <= end),
        *random.uniform(0, end, 1000), *random.exponential(0.1, 1000), 0.0, 5e-324, 1e-300, 2.0**-6, 2.0**-7,
        end,
    ]  # fmt: skip
    y = np.array([x for x in numbers if x <= end])
    rungs = ladder.rungs(y)
    for number, cell, offset in zip(y.tolist(), rungs.cells.tolist(), rungs.offsets.tolist(), strict=True):
        centre, half = cells[cell]
        assert abs(offset) <= half
        assert flint.fmpq(*number.as_integer_ratio()) - flint.fmpq(*centre.as_integer_ratio()) == flint.fmpq(
            *offset.as_integer_ratio()
        )


def test_reduction_of_angles() -> None:
    """The rest has the relative error that is claimed, wherever it is not left to python-flint."""
    random = np.random.default_rng(4)
    turns = random.integers(1, 667_000, 400) * (np.pi / 2)
    x = np.concatenate([turns, np.nextafter(turns, 0), turns + random.normal(0, 1e-6, 400), turns * 0.7])
    x = np.concatenate([x, -x, random.uniform(-2e6, 2e6, 500)])
    rest, quarters, uncertain = circular._reduced(x)
    with tables.working(256):
        for number, r, k, left in zip(*(a.tolist() for a in (x, rest, quarters, uncertain)), strict=True):
            if not left:
                exact = flint.arb(number) - k * flint.arb.pi() / 2
                assert abs(exact - flint.arb(r)) <= 4 * tables.UNIT * abs(exact)
    assert uncertain.any()
    assert uncertain.sum() < 0.6 * len(x)
