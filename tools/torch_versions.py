"""Run the quick tests of what is watched with several versions of PyTorch, each in an environment of its own.

    python tools/torch_versions.py [VERSION[=PYTHON]…]

Without arguments: the oldest that is supported, the one that CI uses, and the newest. With PYTHON, the
program of an environment in which everything is installed, that one is used; else an environment is made in a
temporary folder, from where pip's settings say. Prints a table, and exits with 1 if a test fails somewhere.

PyTorch 2.1 has no wheels for Python 3.12 and later: for it, python3.11 must be on PATH. It was compiled for
NumPy 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
NEWEST = "newest"
VERSIONS = ("2.1.2", "2.13.0", NEWEST)
NEEDS = {"2.1": ["numpy<2"]}
"""What is to be installed beside a version."""
LAST_PYTHON = {"2.1": (3, 11)}
"""The last Python that a version has wheels for."""
_COUNTS = ("tests", "failures", "errors", "skipped")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the tests with one version.

    Attributes:
        version: what was asked for.
        installed: what was there; nothing if it could not be installed.
        failed: how many failed or could not be run.
        trouble: why there is no count.
    """

    version: str
    installed: str = ""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    trouble: str = ""

    @property
    def holds(self) -> bool:
        return not self.trouble and not self.failed and self.passed > 0

    def row(self) -> str:
        counts = f"{self.passed:>8} {self.failed:>8} {self.skipped:>8} {self.seconds:>8.0f}"
        return f"{self.version:<10} {self.installed:<16} {counts}  {self.trouble}".rstrip()


def environment(version: str, folder: Path) -> Path:
    """Return the Python of a new environment with this version of PyTorch and what tests need.

    Raises:
        RuntimeError: there is no Python for it, or something could not be installed.
    """
    minor = ".".join(version.split(".")[:2])
    last = LAST_PYTHON.get(minor)
    where = folder / version
    if last is None or sys.version_info[:2] <= last:
        venv.create(where, with_pip=True)
    else:
        program = shutil.which("python{}.{}".format(*last))
        if program is None:
            raise RuntimeError("needs Python {}.{}".format(*last))
        subprocess.run([program, "-m", "venv", str(where)], check=True)
    python = where / "bin" / "python"
    torch = "torch" if version == NEWEST else f"torch=={version}"
    packages = ["-e", f"{ROOT}[test]", torch, *NEEDS.get(minor, [])]
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"not installed: {(done.stderr.strip().splitlines() or ['pip failed'])[-1]}")
    return python


def tested(version: str, python: Path, folder: Path) -> Outcome:
    """Return what comes of the tests in an environment; what fails is printed."""
    names = "import torch; print(torch.__version__)"
    installed = subprocess.run([str(python), "-c", names], capture_output=True, text=True, check=False)
    if installed.returncode:
        return Outcome(version, trouble=installed.stderr.strip().splitlines()[-1])
    found = installed.stdout.strip()
    report = folder / f"{version}.xml"
    began = time.perf_counter()
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-m", "not slow", "tests/explaining", f"--junitxml={report}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    if not report.exists():
        return Outcome(version, found, trouble="pytest failed")
    suites = list(ElementTree.parse(report).iter("testsuite"))
    total = {key: sum(int(suite.get(key, 0)) for suite in suites) for key in _COUNTS}
    failed = total["failures"] + total["errors"]
    return Outcome(
        version,
        found,
        total["tests"] - failed - total["skipped"],
        failed,
        total["skipped"],
        time.perf_counter() - began,
    )


def main(arguments: Sequence[str]) -> int:
    """See the module's docstring."""
    outcomes = []
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for argument in arguments or VERSIONS:
            version, _, program = argument.partition("=")
            print(f"== torch {version}", flush=True)
            try:
                python = Path(program) if program else environment(version, folder)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                outcomes.append(Outcome(version, trouble=str(error)))
                continue
            outcomes.append(tested(version, python, folder))
            shutil.rmtree(folder / version, ignore_errors=True)  # environments with torch are large
    print(f"\n{'torch':<10} {'installed':<16} {'passed':>8} {'failed':>8} {'skipped':>8} {'seconds':>8}")
    print(*(outcome.row() for outcome in outcomes), sep="\n")
    return 0 if all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
