"""The runner: limits hold, what is found is kept, all builds and rivals answer the same questions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks import answering, builds, engine, founding, memory, scale
from benchmarks.contender import BUILDS, EARLIER, OURS, ROOT, Z3, Contender
from benchmarks.questions import Case
from benchmarks.sizes import Sized, given_in_full

EASY: dict[str, Any] = {"network": [1, 1, 1], "samples": 1, "zero": ["w1"]}
TWO = [Case("tiny", "sat", 1.0, EASY), Case("tiny", "unsat", 1.0, {**EASY, "where": ["w1 > 1", "w1 < 0"]})]
MEMORY = 4 * 2**30


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two named cases, each asked once."""
    monkeypatch.setattr(answering, "named_cases", lambda: TWO)
    monkeypatch.setattr(answering, "PASSES", 1)


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two tiny cases and two random questions: verdicts, tables, the document, which is printed again."""
    kept = tmp_path / "kept.json"
    options = ["--only", "named", "random", "--cap", "5", "--random", "2", "--json", str(kept)]
    assert engine.main(options) == 0
    printed = capsys.readouterr().out
    assert "tiny, unsat" in printed
    assert "no verdict contradicts another" in printed
    assert "ASKED, AND MEASURED" in printed
    data = json.loads(kept.read_text())
    verdicts = [case["results"][OURS]["status"] for case in data["named"]]
    assert verdicts == ["sat", "unsat"]
    for case in data["named"]:
        assert {found["status"] for found in case["results"].values()} == {case["name"]}
        assert {*BUILDS, Z3} <= case["results"].keys()
    assert len(data["random"]["questions"]) == 2
    assert engine.main(["--from", str(kept)]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_an_earlier_build_takes_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last commit, as far as git has it; what got slower is told."""
    try:
        builds.commit_of("HEAD")
    except builds.NoSuchBuild:
        pytest.skip("not a clone")
    kept = tmp_path / "kept.json"
    assert engine.main(["--against", "HEAD", "--only", "named", "--json", str(kept)]) == 0
    assert "EARLIER BUILD" in capsys.readouterr().out.upper()
    data = json.loads(kept.read_text())
    assert data["earlier"] == builds.commit_of("HEAD")
    for case in data["named"]:
        assert [case["results"][name]["status"] for name in EARLIER.values()] == [case["name"]] * 2


def test_no_such_build(capsys: pytest.CaptureFixture[str]) -> None:
    """Is said, and nothing is measured."""
    assert engine.main(["--against", "no-such-revision"]) == 2
    assert "engine.py: error:" in capsys.readouterr().err


def test_a_build_is_gone_afterwards() -> None:
    """Its folder holds the package of that commit, and is removed."""
    try:
        with builds.earlier("HEAD") as build:
            assert (build.folder / "zerograd" / "core" / "check.py").is_file()
            assert [path.name for path in build.folder.iterdir()] == ["zerograd"]
        assert not build.folder.exists()
    except builds.NoSuchBuild:
        pytest.skip("not a clone")


@pytest.mark.slow
def test_another_package_is_not_taken_for_a_build(tmp_path: Path) -> None:
    """A folder without the package would have today's measured in its place."""
    contender = Contender(OURS, MEMORY, tmp_path)
    with pytest.raises(RuntimeError, match="took zerograd from"):
        contender.start()


@pytest.mark.slow
def test_the_cap_holds() -> None:
    """A contender that takes longer is stopped, and answers the next question."""
    contender = Contender(Z3, MEMORY)
    hard = {"network": [2, 5, 1], "samples": 20, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    try:
        found = contender.ask(Case("", "", 1.0, hard).problem.to_json(), 0.5)
        assert (found.status, found.seconds) == ("stopped", 0.5)
        assert contender.ask(TWO[0].problem.to_json(), 5.0).status == "sat"
    finally:
        contender.close()


@pytest.mark.slow
def test_the_memory_cap_holds() -> None:
    """Too little to start with is told as such."""
    contender = Contender(OURS, 2**20)
    with pytest.raises(RuntimeError, match="cannot start"):
        contender.ask(TWO[0].problem.to_json(), 5.0)
    contender.close()


@pytest.mark.slow
def test_what_is_kept_when_a_run_is_interrupted(tmp_path: Path) -> None:
    """Answers so far are in the document, the tables are printed, and no process is left."""
    kept = tmp_path / "kept.json"
    command = [sys.executable, "benchmarks/engine.py", "--only", "random", "--json", str(kept)]
    run = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    deadline = time.monotonic() + 120
    while not kept.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    run.send_signal(2)
    printed, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "RANDOM QUESTIONS" in printed
    assert json.loads(kept.read_text())["random"]["questions"]


@pytest.mark.slow
def test_questions_of_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large, given in full, growing, warm: each part of a run, with small questions."""
    tiny = {"network": [2, 2, 1], "samples": 3, "zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    given = {**given_in_full((2, 2, 1), 1, "tanh"), "zero": ["b2"]}
    monkeypatch.setattr(scale, "large_cases", lambda: [Sized("tiny", tiny, asked=2, memory=2)])
    monkeypatch.setattr(scale, "given_cases", lambda: [Sized("2-2-1 tanh M=1, false", given, seconds=0.2)])
    monkeypatch.setattr(scale, "growing_cases", lambda: {"samples M\n2-2-1": [(3, tiny)]})
    monkeypatch.setattr(scale, "RUNS", 1)
    monkeypatch.setattr(founding, "FIRST", 5)
    monkeypatch.setattr(founding, "SMALLEST", 2)
    kept = tmp_path / "kept.json"
    assert engine.main(["--only", "scale", "given", "growth", "warm", "--json", str(kept)]) == 0
    data = json.loads(kept.read_text())
    (large,), (calculated,), (family,) = data["large"], data["given"], data["growth"]
    assert large["results"][OURS]["status"] == "sat"
    if sys.platform == "linux":
        assert large["results"][OURS]["memory"] > 50 * 2**20
    assert calculated["results"][OURS]["status"] == "unsat"
    assert [size for size, _ in family["results"][OURS]] == [3]
    assert data["warm"]["first witness"]["today"]["times"] == 5


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_descendants_counts() -> None:
    """A child's child that takes 60 MiB is seen, also where a name holds a bracket and a space."""
    grandchild = "import time; kept = bytearray(60 * 2**20); print(1, flush=True); time.sleep(60)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    rename = "import ctypes; ctypes.CDLL(None).prctl(15, b') (x', 0, 0, 0)\n"
    with subprocess.Popen([sys.executable, "-c", rename + child], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        tree = memory.descendants(process.pid)
        with memory.peak_of(process.pid) as peak:
            time.sleep(0.5)
        for pid in reversed(tree):
            os.kill(pid, 9)
    assert len(tree) == 2
    assert peak.bytes is not None
    assert peak.bytes > 60 * 2**20
