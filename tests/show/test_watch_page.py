"""Pages show what their code prints, where it needs PyTorch: it is not among what runs without."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tools.readme import check, update

pytestmark = pytest.mark.needs("torch")
ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/how-to/watch.md", "docs/reference/float-zeros.md"]
EXAMPLE = re.compile(
    r"(?<!-->\n)```py\n(?P<code>.*?)```\n\n<!-- printed -->\n```text\n(?P<printed>.*?)```", re.DOTALL
)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_what_is_printed(name: str, update_golden: bool) -> None:
    """Its blocks are run in order, in one program, and each one prints what is below it."""
    path = ROOT / name
    names: dict[str, Any] = {"__name__": "__main__"}

    def run(match: re.Match[str]) -> str:
        with redirect_stdout(StringIO()) as printed:
            exec(compile(match["code"], path.name, "exec"), names)
        block = f"{printed.getvalue().rstrip()}\n"
        return match[0].replace(f"```text\n{match['printed']}```", f"```text\n{block}```")

    page = path.read_text(encoding="utf-8")
    scripts = len(re.findall(r"^<!-- file: .*-->\n```py$", page, re.MULTILINE))  # run by transcripts
    assert len(EXAMPLE.findall(page)) == page.count("```py\n") - scripts
    fresh = EXAMPLE.sub(run, page)
    if update_golden:
        path.write_text(fresh, encoding="utf-8")
        page = fresh
    assert page == fresh, "update it with: pytest tests/show/test_watch_page.py --update-golden"


@pytest.mark.slow
def test_the_page_shows_what_the_command_prints(update_golden: bool) -> None:
    page = ROOT / "docs/how-to/watch.md"
    if update_golden:
        update(page, "torch")
    failures, said = check(page, "torch")
    assert not failures, said
    assert "transcripts" in said
