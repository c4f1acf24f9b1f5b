"""The script that tries versions of Python and of libraries: its table, and the page that has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import versions
from tools.versions import OLDEST, PAGE, TESTS, Outcome, main, table, write

GOOD = Outcome("newest", "3.13.0", "numpy 2", passed=5)
OLD = Outcome(OLDEST, "3.11.7", "numpy 1.26.0, click 8.1.7", passed=4, failed=1)
MISSING = Outcome("newest", "3.14", trouble="not to be had here", missing=True)


def test_the_table() -> None:
    """A row for each combination, and what the oldest libraries were."""
    assert table([GOOD, OLD, MISSING]).splitlines() == [
        "| Python | libraries | tests |",
        "|---|---|---|",
        "| 3.13.0 | newest | 5 passed |",
        "| 3.11.7 | oldest | 4 passed, 1 failed |",
        "| 3.14 | newest | not to be had here |",
        "",
        "The oldest: numpy 1.26.0, click 8.1.7.",
    ]


def test_what_fails() -> None:
    """Tests that fail, or none that ran; a Python that is not there is no failure."""
    assert [outcome.holds for outcome in (GOOD, OLD, MISSING)] == [True, False, True]
    assert not Outcome("newest", "3.13", passed=0).holds
    assert not Outcome("newest", "3.13", passed=1, trouble="pytest failed").holds


def test_the_table_is_written_between_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- versions -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    write(page, "new")
    assert page.read_text(encoding="utf-8") == "before\n<!-- versions -->\nnew\n<!-- end -->\nafter\n"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="expected"):
        write(page, "new")


def test_a_python_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is run with it; libraries that cannot be installed are a failure."""

    def refuse(*arguments: str) -> None:
        raise RuntimeError("No interpreter found")

    monkeypatch.setattr(versions, "uv", refuse)
    assert main(["3.99"]) == 0
    assert "| 3.99 | newest | not to be had here |" in capsys.readouterr().out

    def refuse_libraries(*arguments: str) -> None:
        if arguments[0] == "pip":
            raise RuntimeError("no version of numpy")

    monkeypatch.setattr(versions, "uv", refuse_libraries)
    assert main(["3.13"]) == 1
    assert "| 3.13 | newest | no version of numpy |" in capsys.readouterr().out


def test_what_it_runs_is_there() -> None:
    """Tests that were renamed would fail only where nobody looks often; the page has a table."""
    assert all((versions.ROOT / name).exists() for name in TESTS)
    assert "| Python | libraries | tests |" in PAGE.read_text(encoding="utf-8")
