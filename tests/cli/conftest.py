"""The program as a user runs it: processes of their own, in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import zerograd

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"
PACKAGE = Path(zerograd.__file__).resolve().parents[1]

FOUNDING = "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
IMPOSSIBLE = FOUNDING.replace("3", "2")

WITHOUT_TORCH = 'import sys\n\nsys.modules["torch"] = None  # as if not installed: it takes seconds to load\n'


class Run(NamedTuple):
    """What became of a process. Compares with ``(code, out, err)``."""

    code: int
    out: str
    err: str

    @property
    def results(self) -> list[dict[str, Any]]:
        """Standard output as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Program:
    """``zerograd`` in a folder of its own."""

    folder: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str | bytes = "",
        run: tuple[str, ...] = ("-m", "zerograd"),
        environment: dict[str, str] | None = None,
    ) -> Run:
        """Run to the end. A crash of Python itself is a failure, whatever a test asks for."""
        done = subprocess.run(
            [sys.executable, *run, *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            cwd=self.folder,
            env=self.environment | (environment or {}),
            capture_output=True,
            timeout=100,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Run beside the test, and no longer."""
        process = subprocess.Popen(
            [sys.executable, "-m", "zerograd", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment,
            text=True,
        )
        self.started.append(process)
        return process

    def shell(self, command: str) -> Run:
        """A shell command in which ``$ZEROGRAD`` is the program."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment | {"ZEROGRAD": f"{sys.executable} -m zerograd"},
            capture_output=True,
            timeout=100,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def file(self, name: str, text: str) -> str:
        """A file in the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """This environment, in UTF-8, with the package importable from any folder and without torch."""
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(WITHOUT_TORCH)
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return kept | {"PYTHONPATH": f"{site}{os.pathsep}{PACKAGE}", "PYTHONUTF8": "1", "COLUMNS": "100"}


@pytest.fixture
def program(tmp_path: Path, environment: dict[str, str]) -> Iterator[Program]:
    """The program, in an empty folder. What a failed test leaves running is ended."""
    program = Program(tmp_path, environment)
    yield program
    for process in program.started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def answered(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Run:
    """`solve --json` of the founding question, an impossible one, and one with an irrational answer."""
    folder = tmp_path_factory.mktemp("answered")
    program = Program(folder, environment)
    files = [program.file("m3.yaml", FOUNDING), program.file("m2.yaml", IMPOSSIBLE)]
    return program("solve", "--json", *files, PROBLEMS / "irrational.yaml")


@pytest.fixture(scope="session")
def canonical(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> str:
    """What `problem` prints of the founding question."""
    return Program(tmp_path_factory.mktemp("canonical"), environment)("problem", "-", stdin=FOUNDING).out
