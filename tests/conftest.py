"""Options, fixtures and markers for every test."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:  # benchmarks and tools are scripts beside the package
    sys.path.append(ROOT)

# Tests run beside each other, and torch's threads wait for each other by spinning: with a thread for each
# core in each of them, small networks take several times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of processes are started, each of which would have to compile all of the program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell; programs that tests interrupt would not hear it either.
    signal.signal(signal.SIGINT, signal.default_int_handler)

from hypothesis import settings  # noqa: E402

from tests.effort import QUICK  # noqa: E402 - found in ROOT

settings.load_profile(QUICK)  # .ci/run asks for --hypothesis-profile=thorough

FIXTURES = {
    "browser": ("chromium", "chromedriver"),
    "coqc": ("coqc",),
    "pdflatex": ("pdflatex",),
}
"""Fixtures that stand for programs: tests that use them need these."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files to what is found")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    programs = {program for names in FIXTURES.values() for program in names}
    for item in items:
        for name in set(FIXTURES) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.needs(*FIXTURES[name]))
        if {name for marker in item.iter_markers("needs") for name in marker.args} - programs:
            item.add_marker("library")


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what stays until the end: twenty thousand tests, and modules."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a test needs and is not there has it skipped; where everything must be there, it fails."""
    for marker in item.iter_markers("needs"):
        missing = [name for name in marker.args if not _is_there(name)]
        if missing:
            leave = pytest.fail if os.environ.get("ZEROGRAD_NEEDS") else pytest.skip
            leave(f"not installed: {', '.join(missing)}")
        if "torch" in marker.args:
            import_module("torch")  # re-checks ask it where it is loaded


def _is_there(name: str) -> bool:
    """Whether there is a program or a Python package of this name, or a file of LaTeX (``pgfmath.sty``)."""
    if name.endswith(".sty"):
        return (
            bool(shutil.which("kpsewhich"))
            and not subprocess.run(["kpsewhich", name], stdout=subprocess.DEVNULL, check=False).returncode
        )
    return bool(shutil.which(name) or find_spec(name))


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def pdflatex() -> str:
    """The program that makes PDF of LaTeX."""
    return "pdflatex"
