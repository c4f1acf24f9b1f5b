"""The page about zeros in floats has what its script measures, and the script finds what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools import float_zeros
from tools.readme import same_but_for_rounding
from tools.zeros import kinks
from tools.zeros.scan import FORMATS, NAN, OTHER, ZERO, End, end_of, inner_zeros, shown, spread, value

pytestmark = pytest.mark.needs("torch")
PAGE = float_zeros.PAGE.read_text(encoding="utf-8")
TABLES = float_zeros.on_page(PAGE)
NUMBERS = ("noise", "steps", "means", "subnormal")


def needs_the_same_machine() -> None:
    """Skip where other versions or other vector instructions make other numbers."""
    pytest.importorskip("jax")
    if float_zeros.versions() != TABLES["versions"]:
        pytest.skip(f"the page was {TABLES['versions'][0].lower()}{TABLES['versions'][1:]}")


@pytest.mark.parametrize("name", NUMBERS)
def test_the_page_has_what_rounding_makes(name: str) -> None:
    """Steps, means, noise and subnormal numbers, measured now.

    How large noise is depends on the order of sums, and so on processor and threads.
    """
    needs_the_same_machine()
    fresh, shown = float_zeros.measured([name], PAGE)[name], TABLES[name]
    alike = fresh == shown or (name == "noise" and same_but_for_rounding(fresh, shown))
    assert alike, f"python tools/float_zeros.py update {name}"


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # where torch makes forward mode
def test_the_page_has_this_versions_derivatives_at_kinks() -> None:
    """They do not depend on the processor; columns of versions that are not here stay."""
    columns = kinks.read(TABLES["kinks"])
    here = {**kinks.torch_columns(), **kinks.jax_columns()}
    if not set(here) & set(columns):
        pytest.skip(f"the page has {', '.join(columns)}")
    for name in set(here) & set(columns):
        assert here[name] == columns[name], name
    assert kinks.table(columns) == TABLES["kinks"]
    assert {name.partition(",")[0] for name in columns} >= {"torch 2.13.0", "torch 2.14.1"}


@pytest.mark.parametrize(("table", "name"), [
    ("torch", "gelu"), ("torch", "BCE after sigmoid, target 0"), ("torch", "cross entropy, the other logit"),
    ("jax", "elu"), ("jax", "sigmoid"),
])  # fmt: skip
def test_the_page_has_where_gradients_end(table: str, name: str) -> None:
    """Some rows in float64 and float32, alone and in a batch.

    Whole tables take many minutes: ``python tools/float_zeros.py check``.
    """
    needs_the_same_machine()
    measure: Any = float_zeros.tables()[table]
    rows = [_cells(line)[:4] for line in TABLES[table].splitlines() if _cells(line)[0] == name]
    assert [_cells(line) for line in measure([name], ["float64", "float32"]).splitlines()[2:]] == rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_page_without_tables_gets_them() -> None:
    """Empty places are filled, each by its own table, and nothing else is touched."""
    page = "a\n<!-- measured: one -->\n<!-- end -->\nb\n<!-- measured: two -->\nold\n<!-- end -->\nc\n"
    fresh = float_zeros.written(page, {"one": "| 1 |", "three": "| 3 |"})
    assert fresh == page.replace("one -->\n", "one -->\n| 1 |\n")
    assert float_zeros.on_page(fresh) == {"one": "| 1 |", "two": "old"}


@pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))
def test_ends_are_found_to_the_number(form: Any) -> None:
    """A place in any octave, with nan beyond it, on grids that are coarse and fine."""
    for zero, nan in (
        (form.one + 1, None),
        (3, form.largest - 7),
        (form.largest, None),
        (None, form.largest),
    ):

        def kinds(m: Any, zero: int | None = zero, nan: int | None = nan) -> Any:
            inside = np.where(m >= (form.largest + 1 if zero is None else zero), ZERO, OTHER)
            return inside if nan is None else np.where(m >= nan, NAN, inside)

        for count in (3, 7, 4096):
            assert end_of(kinds, form, count) == End(zero, nan)


def test_zeros_before_the_end_are_found() -> None:
    """Each one, also across the borders of blocks."""
    zeros = np.array([5, 1 << 20, (1 << 20) + 1, 3_000_000])
    found = inner_zeros(lambda m: np.where(np.isin(m, zeros), ZERO, OTHER), 1, 3_000_001)
    assert found.tolist() == zeros.tolist()
    assert inner_zeros(lambda m: np.where(m < 0, ZERO, OTHER), 7, 7).size == 0


def test_grids_have_both_ends() -> None:
    """However few points they are asked to have."""
    for count in (2, 3, 100):
        grid = spread(1, FORMATS["float64"].largest, count)
        assert (grid[0], grid[-1]) == (1, FORMATS["float64"].largest)
        assert len(grid) <= count + 1
        assert (np.diff(grid) > 0).all()


def test_magnitudes_are_numbers() -> None:
    """1 and the largest number of each type, as torch has them."""
    import torch

    for form in FORMATS.values():
        assert value(form.one, form, False) == 1
        assert value(form.one + form.octave, form, True) == -2
        assert value(form.largest, form, False) == torch.finfo(getattr(torch, form.name)).max
    assert shown(-6.15625, FORMATS["bfloat16"]) == "−6.15625"
    assert shown(value(form.largest, FORMATS["bfloat16"], False), FORMATS["bfloat16"]) == "3.39e+38"


def test_gaps_in_memory_are_what_torch_does_alone() -> None:
    """What stands for millions of single numbers agrees with single numbers, where a batch does not."""
    import torch

    from tools.zeros.slopes import functions, torch_kinds

    (gelu,) = [f for f in functions() if f.name == "gelu"]
    assert gelu.torch is not None
    form = FORMATS["float32"]
    magnitudes = spread(form.one + 2 * form.octave, form.one + 5 * form.octave, 2000)
    alone = torch_kinds(gelu.torch, form, True, alone=True)(magnitudes)
    gaps = torch_kinds(gelu.torch, form, True, gaps=True)(magnitudes)
    assert (alone == gaps).all()
    if torch.backends.cpu.get_cpu_capability().startswith("AVX"):
        assert (torch_kinds(gelu.torch, form, True)(magnitudes) != alone).any()


def test_the_script_is_told_what_to_measure() -> None:
    """A name that is no table is refused, with those that are."""
    with pytest.raises(SystemExit, match="no such table: nosie; there are versions, torch"):
        float_zeros.measured(["nosie"], PAGE)
    assert Path(float_zeros.PAGE).name == "float-zeros.md"
