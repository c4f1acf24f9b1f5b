"""The program as a user runs it, in an empty folder.

Whatever is not about processes, streams or imports is run in this process, and searched for in processes that
are started once: to start them takes longer than most of what is tested. Each command is run in a process of
its own by some test nevertheless.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import zerograd
import zerograd.atlases  # with what it imports by name, before some of that is replaced
from tests.cli.questions import FOUNDING, IMPOSSIBLE
from zerograd.cli import main
from zerograd.proving.process import ProofProcess
from zerograd.search.process import SearchProcess

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"
PACKAGE = Path(zerograd.__file__).resolve().parents[1]


WITHOUT_TORCH = 'import sys\n\nsys.modules["torch"] = None  # as if not installed: it takes seconds to load\n'


Services = tuple[SearchProcess, ProofProcess]


class Run(NamedTuple):
    """What became of a process. Compares with ``(code, out, err)``."""

    code: int
    out: str
    err: str

    @property
    def results(self) -> list[dict[str, Any]]:
        """Standard output as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


@dataclass(frozen=True)
class Program:
    """``zerograd`` in a folder of its own."""

    folder: Path
    environment: dict[str, str]
    services: Services
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, *arguments: str | Path, stdin: str | bytes = "") -> Run:
        """Run to the end in this process."""
        out, err = (TextIOWrapper(BytesIO(), encoding="utf-8") for _ in range(2))
        handler, collected = signal.getsignal(signal.SIGTERM), gc.get_threshold()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in ("NO_COLOR", "FORCE_COLOR"):
                patch.delenv(name, raising=False)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["zerograd", *map(str, arguments)])
            patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(as_bytes(stdin)), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            for module in ("torch", "zerograd.evaluate.autograd"):  # as in WITHOUT_TORCH
                patch.setitem(sys.modules, module, None)
            patch.setattr("zerograd.cli.early.start_early", lambda _: None)  # there is a service already
            for module, name, service in (
                ("zerograd.search.process", "SearchProcess", self.services[0]),
                ("zerograd.proving.process", "ProofProcess", self.services[1]),
            ):
                patch.setattr(f"{module}.{name}", lambda service=service, **_: nullcontext(service))
            try:
                main()
            except SystemExit as end:
                code = end.code
            finally:
                signal.signal(signal.SIGTERM, handler)
                gc.set_threshold(*collected)  # else tests of memory, later in this process, find garbage
        for stream in (out, err):
            stream.flush()
        assert isinstance(code, int)
        return Run(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))

    def process(
        self,
        *arguments: str | Path,
        stdin: str | bytes = "",
        run: tuple[str, ...] = ("-m", "zerograd"),
        environment: dict[str, str] | None = None,
    ) -> Run:
        """Run to the end in a process. A crash of Python itself is a failure, whatever a test asks for."""
        done = subprocess.run(
            [sys.executable, *run, *arguments],
            input=as_bytes(stdin),
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


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """The processes that search and that prove."""
    with SearchProcess() as search, ProofProcess() as prover:
        yield search, prover


@pytest.fixture
def program(tmp_path: Path, environment: dict[str, str], services: Services) -> Iterator[Program]:
    """The program, in an empty folder. What a failed test leaves running is ended."""
    program = Program(tmp_path, environment, services)
    yield program
    for process in program.started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def answered(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], services: Services
) -> Run:
    """`solve --json` of the founding question, an impossible one, and one with an irrational answer."""
    folder = tmp_path_factory.mktemp("answered")
    program = Program(folder, environment, services)
    files = [program.file("m3.yaml", FOUNDING), program.file("m2.yaml", IMPOSSIBLE)]
    return program.process("solve", "--json", *files, PROBLEMS / "irrational.yaml")


@pytest.fixture(scope="session")
def canonical(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], services: Services
) -> str:
    """What `problem` prints of the founding question."""
    program = Program(tmp_path_factory.mktemp("canonical"), environment, services)
    return program.process("problem", "-", stdin=FOUNDING).out
