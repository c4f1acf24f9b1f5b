"""The corpus of bad files: every mistake on its own line, with its place.

Each ``tests/bad/NAME.yaml`` has its messages in ``NAME.txt``; ``pytest --update-golden`` rewrites them.
Files named ``yaml-`` fail as YAML, ``form-`` by their form, ``meaning-`` by what they mean.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zerograd.spec import SpecError, loads

BAD = sorted(Path(__file__).parents[1].joinpath("bad").glob("*.yaml"))
LINE = re.compile(r"[a-z-]+\.yaml:[1-9][0-9]*:[1-9][0-9]*: error: \S.*")
FOREIGN = re.compile(
    r"pydantic|ruamel|https?:|Input should|while (parsing|scanning)|<(count|range|list|number)>"
)


def messages(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        loads(path.read_bytes(), path.name)
    return str(caught.value)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_messages(path: Path, update_golden: bool) -> None:
    """All mistakes of a file, as its golden file lists them."""
    found = messages(path) + "\n"
    golden = path.with_suffix(".txt")
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_form_of_messages(path: Path) -> None:
    """One line each, in file order, printable, and in our own words."""
    lines = messages(path).split("\n")
    places = [tuple(map(int, line.split(":")[1:3])) for line in lines]
    assert all(LINE.fullmatch(line) for line in lines)
    assert places == sorted(places)
    assert len(set(lines)) == len(lines)
    assert all(line.isprintable() for line in lines)
    assert not FOREIGN.search("\n".join(lines))


def test_no_golden_file_is_left_over() -> None:
    """Every golden file has its problem file."""
    assert {path.stem for path in BAD[0].parent.glob("*.txt")} == {path.stem for path in BAD}
