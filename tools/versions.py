"""Try several versions of Python, and the oldest versions of libraries that the package admits.

    python tools/versions.py [--update] [PYTHON[=PROGRAM]…]

Each combination has an environment of its own, made by `uv` in a temporary folder, in which the quick tests
of `TESTS` are run. Without arguments these are Python 3.11 to 3.14 with the newest libraries, and 3.11 with
the oldest ones (`oldest`). A PYTHON is a version, which `uv` finds or fetches, or has the PROGRAM to take;
`oldest=PROGRAM` means the oldest libraries with it. Prints a table, and exits with 1 if a test fails
somewhere; a Python that is not to be had is told, and is no failure. With ``--update`` the table is written
into docs/how-to/install.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "how-to" / "install.md"
BEGIN, END = "<!-- versions -->", "<!-- end -->"
OLDEST, OLDEST_PYTHON = "oldest", "3.11"
WANTED = ("3.11", "3.12", "3.13", "3.14", OLDEST)
TESTS = (
    "tests/test_api.py",
    *(f"tests/cli/test_{name}.py" for name in ("commands", "given", "helping", "plot", "solve")),
    "tests/solvers",
    "tests/spec",
)
LIBRARIES = (
    "click",
    "jinja2",
    "numpy",
    "pydantic",
    "python-flint",
    "rich",
    "ruamel.yaml",
    "sympy",
    "z3-solver",
)
_NAMES = (
    "import sys, importlib.metadata as m; print(sys.version.split()[0]);"
    f"print(', '.join(f'{{name}} {{m.version(name)}}' for name in {LIBRARIES!r}))"
)


class NotHadError(Exception):
    """There is no such Python here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the tests in an environment.

    Attributes:
        libraries: ``newest`` or ``oldest``.
        python: its full version; what was asked for if there is none.
        versions: of libraries.
        trouble: why there is no count.
        missing: whether there was no such Python.
    """

    libraries: str
    python: str
    versions: str = ""
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    trouble: str = ""
    missing: bool = False

    @property
    def holds(self) -> bool:
        return self.missing or (not self.trouble and not self.failed and self.passed > 0)

    def row(self) -> str:
        tests = self.trouble or f"{self.passed} passed" + (f", {self.failed} failed" if self.failed else "")
        return f"| {self.python} | {self.libraries} | {tests} |"


def uv(*arguments: str) -> None:
    """Run `uv`. Raises RuntimeError with the end of what it says."""
    done = subprocess.run(["uv", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeError(" ".join(said[-2:]) or "uv failed")


def environment(libraries: str, program: str, where: Path) -> Path:
    """Return the Python of a new environment with the package, what tests need, and these libraries.

    Raises:
        NotHadError: there is no such Python.
        RuntimeError: something could not be installed.
    """
    try:
        uv("venv", "--quiet", "--python", program, str(where))
    except RuntimeError as error:
        raise NotHadError("not to be had here") from error
    python = where / "bin" / "python"
    resolution = "lowest-direct" if libraries == OLDEST else "highest"
    uv(
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--resolution",
        resolution,
        "-e",
        ".[test,files]",
    )
    return python


def tested(libraries: str, python: Path, folder: Path) -> Outcome:
    """Return what comes of the tests in an environment; what fails is printed."""
    names = subprocess.run([python, "-c", _NAMES], capture_output=True, text=True, check=True).stdout
    version, versions = names.splitlines()
    report = folder / "report.xml"
    began = time.perf_counter()
    done = subprocess.run(
        # Old libraries warn of what is new elsewhere, which is an error for tests else.
        [python, "-m", "pytest", "-q", "-m", "not slow and not library", "-p", "no:cacheprovider",
         "-o", "filterwarnings=default", f"--junitxml={report}", *TESTS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    if not report.exists():
        return Outcome(libraries, version, versions, trouble="pytest failed")
    suites = list(ElementTree.parse(report).iter("testsuite"))
    total = {
        key: sum(int(suite.get(key, 0)) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    }
    failed = total["failures"] + total["errors"]
    return Outcome(libraries, version, versions, total["tests"] - failed - total["skipped"], failed, seconds)


def tried(argument: str, folder: Path) -> Outcome:
    """Return what comes of a combination."""
    name, _, program = argument.partition("=")
    libraries, version = (OLDEST, OLDEST_PYTHON) if name == OLDEST else ("newest", name)
    print(f"== Python {version}, {libraries} libraries", flush=True)
    try:
        python = environment(libraries, program or version, folder / name)
        return tested(libraries, python, folder)
    except NotHadError as error:
        return Outcome(libraries, version, trouble=str(error), missing=True)
    except RuntimeError as error:
        return Outcome(libraries, version, trouble=str(error))


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the table in Markdown, with the versions of the oldest libraries below it."""
    lines = ["| Python | libraries | tests |", "|---|---|---|", *(outcome.row() for outcome in outcomes)]
    lines += [f"\nThe oldest: {o.versions}." for o in outcomes if o.libraries == OLDEST and o.versions]
    return "\n".join(lines)


def write(page: Path, text: str) -> None:
    """Put the table between the page's marks. Raises ValueError without them."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page}: expected {BEGIN} … {END}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """See the module's docstring."""
    asked = [argument for argument in arguments if argument != "--update"]
    outcomes = []
    for argument in asked or WANTED:
        with TemporaryDirectory() as folder:
            outcomes.append(tried(argument, Path(folder)))
        print(outcomes[-1].row(), f"{outcomes[-1].seconds:.0f} s", flush=True)
    print(f"\n{table(outcomes)}")
    if "--update" in arguments:
        write(PAGE, table(outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
