"""Pages show what their code prints, where it needs PyTorch: it is not among what runs without."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tools.readme import README, check, same_but_for_rounding, transcripts, update

pytestmark = pytest.mark.needs("torch")
ROOT = Path(__file__).resolve().parents[2]
PAGES = ["docs/how-to/watch.md", "docs/reference/float-zeros.md"]
TRANSCRIPTS = [
    path
    for path in (README, *sorted((ROOT / "docs").rglob("*.md")))
    if transcripts(path.read_text(encoding="utf-8"), "torch")
]
"""Pages that show what commands print that need PyTorch."""
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
    assert page == fresh or same_but_for_rounding(page, fresh), (
        "update it with: pytest tests/show/test_watch_page.py --update-golden"
    )


def test_pages_show_the_command() -> None:
    """The README, the practitioner's first page, and both that tell a story."""
    names = {path.name for path in TRANSCRIPTS}
    assert names >= {"README.md", "stuck.md", "input-optimisation.md", "nothing-moves.md"}


@pytest.mark.slow
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_page_shows_what_its_commands_print(path: Path, update_golden: bool) -> None:
    """Each command runs in a process of its own, in a folder with the page's files."""
    if update_golden:
        update(path, "torch")
    failures, said = check(path, "torch")
    assert not failures, f"{said}\nupdate it with: pytest tests/show/test_watch_page.py --update-golden"
