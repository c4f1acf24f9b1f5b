"""docs/how-to/watch.md shows what its code prints. The page is not among those that run without PyTorch."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "watch.md"
EXAMPLE = re.compile(r"```py\n(?P<code>.*?)```\n\n<!-- printed -->\n```text\n(?P<printed>.*?)```", re.DOTALL)


def test_the_page_shows_what_is_printed(update_golden: bool) -> None:
    """Its blocks are run in order, in one program, and each one prints what is below it."""
    names: dict[str, Any] = {"__name__": "__main__"}

    def run(match: re.Match[str]) -> str:
        with redirect_stdout(StringIO()) as printed:
            exec(compile(match["code"], PAGE.name, "exec"), names)
        block = f"{printed.getvalue().rstrip()}\n"
        return match[0].replace(f"```text\n{match['printed']}```", f"```text\n{block}```")

    page = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(page)) == page.count("```py")
    fresh = EXAMPLE.sub(run, page)
    if update_golden:
        PAGE.write_text(fresh, encoding="utf-8")
        page = fresh
    assert page == fresh, "update it with: pytest tests/show/test_watch_page.py --update-golden"
