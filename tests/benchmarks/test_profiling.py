"""The profile: stages of stacks are told apart, and a real answer is taken apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import profiling, sampling
from benchmarks.contender import ROOT

SERVE = [("zerograd.services.serving", "serve")]


@pytest.mark.parametrize(("frames", "stage"), [
    ([("zerograd.services.serving", "_lines"), *SERVE], "idle"),
    ([("zerograd.services.serving", "attempt"), *SERVE], "idle"),
    ([("zerograd.services.child", "receive"), ("zerograd.search.process", "find")], "waiting"),
    ([("selectors", "select"), ("zerograd.services.child", "receive")], "waiting"),
    ([("zerograd.services.wire", "read"), *SERVE], "messages"),
    ([("zerograd.core.question.documents", "read"), ("zerograd.services.wire", "read")], "messages"),
    ([("numpy", "dot"), ("zerograd.evaluate.floats", "forward")], "numeric re-check"),
    ([("zerograd.core.numbers.exact", "text"), ("zerograd.core.verdict.answer", "to_json")], "JSON"),
    ([("json.encoder", "encode"), ("json", "dumps"), ("__main__", "main")], "JSON"),
    ([("zerograd.core.verdict.existence", "violations"), ("__main__", "main")], "exact check"),
    ([("zerograd.core.numbers.arrays", "map"), ("zerograd.search.draw", "draw"), *SERVE], "search: draw"),
    ([("ctypes", "call"), ("zerograd.solvers.z3", "check"), *SERVE], "solvers: z3"),
    ([("benchmarks.profiling", "_again")], "else"),
])  # fmt: skip
def test_stages(frames: list[tuple[str, str]], stage: str) -> None:
    """The innermost room that matters decides, and what calls it."""
    assert sampling.stage(frames) == stage


def test_processes_look_at_themselves(tmp_path: Path) -> None:
    """One that is started meanwhile is seen to work; the environment is as before afterwards."""
    before = dict(os.environ)
    busy = "import json, time; end = time.time() + 0.5\nwhile time.time() < end: json.dumps([1] * 99)"
    with sampling.watching(ROOT) as watch:
        subprocess.run([sys.executable, "-c", busy], check=True, cwd=tmp_path)
        assert 0.2 < sum(watch.seen().values()) < 5
        watch.forget()
        assert watch.seen() == {}
    assert dict(os.environ) == before


@pytest.mark.slow
def test_a_profile() -> None:
    """A yes and a no: the stages of the caller come to the whole; the floor is below it."""
    found = {title: profiling.profiled(problem, 0.3) for title, problem in profiling.questions().items()}
    assert [profile["answer"] for profile in found.values()] == ["sat", "unsat", "sat"]
    for profile in found.values():
        assert 0.5 < sum(profile["caller"].values()) / profile["watched"] < 1.5
        assert 0 < sum(profile["floor"].values()) < profile["whole"]
    rows = {row[0]: row[1:] for row in profiling.rows(found)}
    assert rows["the caller: numeric re-check"][1] == ""
    assert all(rows["floor: exact check"])
