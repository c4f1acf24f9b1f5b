"""Print how well the house keeps its rooms: who knows what, and how long things are.

    python tools/measures.py [check]

With ``check``, exit with 1 where a measure is above its limit.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "zerograd"
LONGEST_MODULE = 400
_WATCHED = tuple(f"zerograd/explaining/{room}/" for room in ("tape", "shadow", "training", "models"))
_DEFINED = ("zerograd/core/model/",)
"""Where activations and losses are defined, a class each."""
_SOLVED = ("zerograd/core/numbers/", "zerograd/search/smooth/")
_WRITTEN = (".py", ".js", ".css", ".html", ".j2")


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that should not grow.

    Attributes:
        limit: the largest value that is accepted.
        value: its value in this tree, and the places that make it up.
    """

    name: str
    limit: int
    value: int
    places: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.value <= self.limit


def measures() -> list[Measure]:
    """All measures of this tree."""
    # Pieces of the core's activations, which few should know. A training step in PyTorch has kinks of its
    # own, which its rules must name, and offsets that are others: of storages, tables and bags.
    watched = tuple(path for path in _naming(r"slopes|kinks|offsets") if path.startswith(_WATCHED))
    reading = _naming(r"\b(?:activation|curve|shape|piecewise\([\w.]*\))\.(?:slopes|kinks|offsets)\b")
    pieces = tuple(path for path in reading if not path.startswith((*_WATCHED, *_DEFINED)))
    # Equations that are solved in numbers have residuals, too.
    squares = _naming(r"(?<!the)mse|residual|squared error")
    squares = tuple(path for path in squares if not path.startswith((*_DEFINED, *_SOLVED)))
    by_hand = tuple(_places(PACKAGE.rglob("*.py"), _evaluates))
    long = tuple(f"{_name(path)}: {_lines(path)}" for path in _sources() if _lines(path) > LONGEST_MODULE)
    explanations = _written("show/explanation")
    pages = _written("show/report_page")
    shown = _written("show") + _written("document") - explanations - pages
    return [
        Measure(
            # One of them says that a unit is on none of its kinks, as a condition.
            "files outside core.model that read an activation's slopes, kinks or offsets",
            13,
            len(pieces),
            pieces,
        ),
        Measure(
            "files on training steps and model files that name slopes, kinks or offsets",
            24,
            len(watched),
            watched,
        ),
        # 4 of them prove what residuals, or conditions on the loss, rule out; one says what r is in
        # conditions, and exercises and worksheets ask for residuals; one finds fits by least squares.
        Measure(
            "files outside core.model that name the squared error or residuals", 39, len(squares), squares
        ),
        # 6 of them are Newton's method for smooth units: values, slopes and their changes, many at a time.
        # One writes terms for solvers, in an order that decides which models these find.
        Measure("evaluations of a network that are written by hand", 14, len(by_hand), by_hand),
        Measure(f"modules of more than {LONGEST_MODULE} lines", 0, len(long), long),
        # 700 of them are what smooth activations and losses that are no sums of squares cost; 1,600 are
        # conditions as formulas, and what lectures take: exercises, worksheets, slides, sheets. 900 say what
        # became of audits, levels and kinds of points, and what repairs an example.
        Measure("lines of show and document, without those of explanations", 18_200, shown),
        # Answers and derivations say why gradients are zero by these words, too.
        Measure("lines of show/explanation", 1_390, explanations),
        Measure("lines of show/report_page", 1_300, pages),
    ]


def _written(room: str) -> int:
    """Lines of what was written by hand in a room."""
    return sum(_lines(path) for path in (PACKAGE / room).rglob("*.*") if path.suffix in _WRITTEN)


def _sources() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*")) if path.suffix in (".py", ".js"))


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _naming(words: str) -> tuple[str, ...]:
    """The files in which one of the words occurs, in code or prose."""
    pattern = re.compile(words, re.IGNORECASE)
    return tuple(_name(path) for path in _sources() if pattern.search(path.read_text(encoding="utf-8")))


def _places(paths: Iterable[Path], test: Callable[[str], bool]) -> Iterator[str]:
    """``module: function`` for each function whose source passes the test."""
    for path in sorted(paths):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and test(ast.get_source_segment(text, node) or ""):
                yield f"{_name(path)}: {node.name}"


def _evaluates(source: str) -> bool:
    """Whether a function reads weights and biases, and multiplies: a pass through layers of its own."""
    weights = re.search(r"""f"w\{|\bweights\b""", source)
    biases = re.search(r"""f"b\{|\bbias\b""", source)
    products = re.search(r"dot\(| @ |\bmul\b|sp\.Add|sum\(|combin|linear\(|multiply", source)
    return bool(weights and biases and products)


def main(arguments: list[str]) -> int:
    """Print a table; the places too where a limit is exceeded."""
    found = measures()
    for measure in found:
        print(f"{measure.value:>7} (at most {measure.limit:>6,})  {measure.name}")
        for place in () if measure.holds else measure.places:
            print(f"            {place}")
    return 1 if "check" in arguments and not all(measure.holds for measure in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
