"""List what a sceptic must read: the modules that decide what is accepted, and how long they are.

    python tools/reading.py            print the lists
    python tools/reading.py update     write them into docs/theory/what-to-read.md
    python tools/reading.py check      exit with 1 where that page says something else

A module decides if what is accepted depends on it: the module that says yes or no, and all that it imports.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "theory" / "what-to-read.md"
DECIDING = {
    "witness": "zerograd.core.verdict.existence",
    "enclosed": "zerograd.core.verdict.solution",
    "certificate": "zerograd.core.refuting.refutation",
    "kind": "zerograd.core.points.kinds",
}
"""The module that accepts, by what it accepts."""


def path_of(module: str) -> Path:
    """The file of a module."""
    plain = ROOT / (module.replace(".", "/") + ".py")
    return plain if plain.exists() else ROOT / module.replace(".", "/") / "__init__.py"


def imported(module: str) -> set[str]:
    """The modules of this package that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path_of(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zerograd."):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if path_of(inner).exists() else str(node.module))
    return names


def closure(module: str) -> list[str]:
    """A module and all that it depends on, in order of their names."""
    known: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            waiting += imported(name)
    return sorted(known)


def listing(module: str) -> str:
    """The modules that decide, as a table with their lengths and what they are for."""
    rows = []
    total = 0
    for name in closure(module):
        text = path_of(name).read_text(encoding="utf-8")
        lines = len(text.splitlines())
        total += lines
        summary = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0].rstrip(".").replace("|", "\\|")
        rows.append(f"| `{name.removeprefix('zerograd.')}` | {lines} | {summary} |")
    head = f"{len(rows)} modules, {total:,} lines:\n\n| module | lines | what it is for |\n|---|---:|---|\n"
    return head + "\n".join(rows) + "\n"


def written(page: str) -> str:
    """The page with the lists as they are."""
    for name, module in DECIDING.items():
        start, end = f"<!-- modules: {name} -->\n", "<!-- end -->"
        before, rest = page.split(start)
        _, after = rest.split(end, 1)
        page = f"{before}{start}\n{listing(module)}\n{end}{after}"
    return page


def main(arguments: list[str]) -> int:
    """Print, update or check."""
    page = PAGE.read_text(encoding="utf-8")
    match arguments:
        case []:
            for name, module in DECIDING.items():
                print(f"{name}: {listing(module)}")
        case ["update"]:
            PAGE.write_text(written(page), encoding="utf-8")
        case ["check"]:
            if written(page) != page:
                print(f"{PAGE.name} is not up to date: python tools/reading.py update", file=sys.stderr)
                return 1
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
