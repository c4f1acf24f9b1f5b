"""Transcripts and Python in pages are run, and compared with what the pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.readme import ROOT, check, check_all, main, masked, pages, same_but_for_rounding, update

PAGE = """# Page

<!-- file: greeting.txt -->
```text
hello
```

```console
$ cat greeting.txt; ls problems | grep -c textbook-m3
hello
1
$ cp greeting.txt again.txt
```

```python
text = open("again.txt").read()
```

```python
>>> text.strip()
'hello'

```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_a_page_that_says_what_happens_passes(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files it shows are there, its commands share a folder, and its Python runs after them."""
    assert check_all([page]) == 0
    said = capsys.readouterr().out
    assert "1 of 1 transcripts" in said and "all of 2 blocks of Python" in said


@pytest.mark.parametrize(
    ("before", "after"), [("1\n$", "2\n$"), ("'hello'", "'goodbye'"), ('again.txt")', 'x")')]
)
def test_a_page_that_says_something_else_fails(page: Path, before: str, after: str) -> None:
    """Another output of a command, another value, and Python that raises."""
    page.write_text(PAGE.replace(before, after), encoding="utf-8")
    failures, said = check(page)
    assert failures == 1
    assert "printed" in said or "not all of 2" in said
    assert main(["check", str(page)]) == 1


def test_update_writes_what_is_printed(page: Path) -> None:
    """And nothing else of the page is changed."""
    page.write_text(PAGE.replace("1\n$", "2\nand more\n$"), encoding="utf-8")
    update(page)
    assert page.read_text(encoding="utf-8") == PAGE


def test_transcripts_that_need_a_library_wait_for_it(page: Path) -> None:
    """They are checked and written where it is asked for, and the others are not."""
    text = f"{PAGE}\n<!-- needs: torch -->\n```console\n$ echo yes\nno\n```\n"
    page.write_text(text, encoding="utf-8")
    assert check(page)[0] == 0
    failures, said = check(page, "torch")
    assert failures == 1
    assert "+yes" in said and "Python" not in said
    update(page)
    assert page.read_text(encoding="utf-8") == text
    update(page, "torch")
    assert page.read_text(encoding="utf-8") == text.replace("\nno\n", "\nyes\n")
    assert check(page, "torch")[0] == 0


def test_a_folder_stands_for_its_pages() -> None:
    """Save those that are held to the program by other means."""
    found = pages([str(ROOT / "docs")])
    assert ROOT / "docs" / "tutorial.md" in found
    assert ROOT / "docs" / "theory" / "smallest.md" in found
    assert ROOT / "docs" / "FORMATS.md" not in found
    with pytest.raises(SystemExit, match="no page"):
        pages(["docs/nothing.md"])


def test_times_are_masked() -> None:
    """They vary from run to run."""
    assert masked("strategy  construct, 2.56 s\n") == masked("strategy  construct, 31 s")


@pytest.mark.parametrize(("before", "now", "alike"), [
    ("at most 0.001008, in 5 steps", "at most 0.001013, in 5 steps", True),
    ("| 4.16e−17 | 0 |", "| 1.73e−17 | 0 |", True),
    ("loss 0.375", "loss 0.475", False),
    ("5 of 8, at most 0.1", "6 of 8, at most 0.1", False),
    ("largest 1e-05", "largest 4e-05", False),
])  # fmt: skip
def test_what_rounding_makes_of_numbers(before: str, now: str, alike: bool) -> None:
    """Last digits and noise may differ; counts may not, nor other numbers."""
    assert same_but_for_rounding(before, now) is alike
