"""Tables and blocks of text."""

from __future__ import annotations

from zerograd.document.table import Column, flow, table


def test_columns() -> None:
    """Numbers to the right, words to the left, no blanks at line ends."""
    lines = table([Column("name", ["a", "bcdef"], left=True), Column("n", ["1", "-10"])], width=80)
    assert lines == ["  name      n", "  ─────   ───", "  a         1", "  bcdef   -10"]


def test_what_does_not_fit_goes_below() -> None:
    """The first column is repeated; a cell that is too wide by itself is cut."""
    columns = [Column("m", ["0"]), *(Column(name, ["x" * 9]) for name in ("a", "b", "c"))]
    lines = table(columns, width=30)
    assert [line.split() for line in lines if "x" not in line and "─" not in line] == [
        ["m", "a", "b"],
        [],
        ["m", "c"],
    ]
    assert max(map(len, lines)) <= 30
    lines = table(
        [Column("m", ["0", "1"]), Column("v", ["x" * 50, "(12, 3456, 789, 12345, 6789)"])], width=30
    )
    assert max(map(len, lines)) == 30
    assert lines[-2:] == ["  0   " + "x" * 23 + "…", "  1         (12, 3456, 789, …)"]


def test_nothing() -> None:
    """No columns, no lines."""
    assert table([], width=80) == []


def test_flow() -> None:
    """Blocks side by side, centred; those that do not fit go below."""
    blocks = [["aaaa", "aaaa", "aaaa"], ["b"], ["cccccc"]]
    assert flow(blocks, width=30) == ["  aaaa", "  aaaa   b   cccccc", "  aaaa"]
    assert flow(blocks, width=12) == ["  aaaa", "  aaaa   b", "  aaaa", "  cccccc"]
