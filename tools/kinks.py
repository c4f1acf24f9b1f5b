"""Measure what libraries return at kinks: the tables of docs/reference/kinks.md.

    python tools/kinks.py [print|update|check|measure] [LIBRARY …] [--python PYTHON …]

    print      the tables, in Markdown (the default)
    update     write them into the page
    check      measure each library that is installed; exit with 1 where it returns something else than the
               table says, or the page is another
    measure    as `check`, without the page
    LIBRARY    only these, as conventions name them
    PYTHON     the program of another environment, where libraries are looked for as well

The tables are those of zerograd/core/model/libraries.py: whoever measures another version writes it there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from math import isclose
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from tools.zeros.conventions import NAMES, RIGS, Rig, measured  # noqa: E402  # found now
from zerograd.core.model.libraries import (  # noqa: E402
    LIBRARIES,
    Library,
    UnknownLibrary,
    family_of,
    library_named,
)

PAGE = ROOT / "docs" / "reference" / "kinks.md"
_COLUMNS = 6
"""How many there are in the first half of the table: a terminal has 100 columns of text."""
_PART = re.compile(r"<!-- kinks: (?P<name>\w+) -->\n(?P<text>.*?)<!-- end -->", re.DOTALL)
_LATEST = "torch>=2.14"
"""What ``torch`` alone is, but for ``hinge``."""


def row_of(name: str) -> Library:
    """Return what a convention has, ``torch`` included."""
    if name != "torch":
        return LIBRARIES[name]
    versions = (*LIBRARIES["torch==2.13"].versions, *LIBRARIES[_LATEST].versions)
    return Library(versions, {**LIBRARIES[_LATEST].choices, "hinge": (0,)})


def parts() -> dict[str, str]:
    """Return the parts of the page that are written from the table, by their names."""
    return {
        "table": "\n\n".join(_table(columns) for columns in (NAMES[:_COLUMNS], NAMES[_COLUMNS:])),
        "calls": "\n".join(line for name, rig in RIGS.items() for line in _calls(name, rig)),
    }


def _table(columns: Sequence[str]) -> str:
    head = ["", *(f"`{name}`" for name in columns)]
    rows = [head, ["---"] * len(head)]
    for name in RIGS:
        choices = row_of(name).choices
        rows.append([f"`{name}`", *(", ".join(map(str, choices.get(column, ()))) for column in columns)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _calls(name: str, rig: Rig) -> Iterator[str]:
    library = row_of(name)
    yield f"`{name}`, measured in {' and '.join(library.versions)}:"
    yield ""
    yield "```text"
    width = max(map(len, rig.calls))
    yield from (f"{key:<{width}}  {rig.calls[key]}" for key in NAMES if key in rig.calls)
    yield "```"
    yield ""
    remarks = [rig.remark] if rig.remark else []
    remarks += [f"Not `{key}`: {why}." for key, why in library.missing.items()]
    if remarks:
        yield from (" ".join(remarks), "")


def written(page: str) -> str:
    """Return a page with its parts as the table has them."""
    fresh = parts()

    def part(match: re.Match[str]) -> str:
        return f"<!-- kinks: {match['name']} -->\n{fresh[match['name']].strip()}\n<!-- end -->"

    return _PART.sub(part, page)


def measure(name: str) -> dict[str, object]:
    """Measure a library in this process; return its version, and what is otherwise than the table says."""
    rig = RIGS[name]
    installed = rig.installed
    if installed is None:
        return {"library": name, "version": None}
    if not _covers(name, installed):
        return {"library": name, "version": installed, "other": True}
    wrong, count = [], 0
    for key in row_of(name).choices:
        for what, wanted, found in measured(rig, name, key):
            count += 1
            if not isclose(wanted, found, rel_tol=1e-5, abs_tol=1e-7):
                wrong.append(f"{key} by {what}: {found:g}, the table has {wanted:g}")
    return {"library": name, "version": installed, "kinks": count, "wrong": wrong}


def _covers(name: str, installed: str) -> bool:
    """Whether what is installed is what a row speaks of: of several rows of a library, only one is."""
    rows = [other for other in RIGS if family_of(other) == family_of(name) and other != "torch"]
    if name == "torch" or len(rows) == 1:
        return True
    try:
        return library_named(f"{family_of(name)}=={installed}") == name
    except UnknownLibrary:
        return name == rows[-1]  # newer, or older: the last row is what to compare with


def measure_all(names: Sequence[str], pythons: Sequence[str]) -> bool:
    """Measure libraries, each in a process of its own, and print what came of it.

    Returns:
        Whether everything is as the table says.
    """
    right = True
    for name in names:
        for python in pythons:
            run = subprocess.run(
                [python, __file__, "here", name],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            if run.returncode:
                right = False
                print(f"{name}: {run.stderr.strip().splitlines()[-1]}")
                continue
            told = json.loads(run.stdout.splitlines()[-1])
            if told["version"] is not None or python == pythons[-1]:
                break
        else:
            continue
        right &= not told.get("wrong")
        print(_sentence(told))
    return right


def _sentence(told: dict[str, object]) -> str:
    name, version = told["library"], told["version"]
    if version is None:
        return f"{name}: not installed"
    if told.get("other"):
        return f"{name}: another version is installed ({version})"
    wrong = told["wrong"]
    assert isinstance(wrong, list)
    verdict = "; ".join(wrong) if wrong else f"as the table says, at {told['kinks']} kinks"
    return f"{name} {version}: {verdict}"


def main() -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    actions = ("print", "update", "check", "measure", "here")
    parser.add_argument("action", nargs="?", choices=actions, default="print")
    parser.add_argument("library", nargs="*", metavar="LIBRARY")
    parser.add_argument("--python", action="append", default=[], metavar="PYTHON")
    options = parser.parse_args()
    if unknown := set(options.library) - set(RIGS):
        parser.error(f"no such library: {', '.join(sorted(unknown))}; there are {', '.join(RIGS)}")
    names = options.library or [*RIGS]
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    match options.action:
        case "here":
            print(json.dumps(measure(*names)))
        case "print":
            print("\n\n".join(parts().values()))
        case "update":
            PAGE.write_text(written(page), encoding="utf-8")
        case "measure" | "check":
            right = measure_all(names, [sys.executable, *options.python])
            if options.action == "check" and written(page) != page:
                print(f"{PAGE.relative_to(ROOT)} is not what the table says: python tools/kinks.py update")
                right = False
            return 0 if right else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
