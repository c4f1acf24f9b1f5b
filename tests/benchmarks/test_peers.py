"""The table beside other tools is what the kept outputs come to, and zerograd still says what is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.peers import insert, run
from benchmarks.peers.judging import FAULTS, HEALTHY, STATEMENTS, Judgement, first_sentence, judged

SCRIPTS = run.HERE / "faults"
NAMES = (*FAULTS, HEALTHY)


def test_the_page_has_the_table_of_the_kept_outputs() -> None:
    """Judged anew; nobody edits it by hand."""
    assert run.table() in run.PAGE.read_text(encoding="utf-8"), "run python benchmarks/peers/run.py --judge"


def test_each_script_has_a_fault_and_each_fault_a_script() -> None:
    """All of them, beside the one without."""
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(NAMES)
    assert len(FAULTS) >= 20


def test_the_kept_outputs_know_no_machine() -> None:
    """Paths of the machine that made them are cut."""
    for path in run.OUTPUTS.rglob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "site-packages" not in text or "…" in text, path
        assert not any(place in text for place in ("/tmp/", "/home/", "/root/")), path


@pytest.mark.parametrize("tool", insert.TOOLS)
def test_a_tools_lines_go_where_its_documentation_has_them(tool: str) -> None:
    """Before the loop, after backward, behind the loop; the script's own lines stay, in order."""
    lines = insert.TOOLS[tool]
    for name in NAMES:
        source = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
        made = insert.with_lines(source, lines)
        compile(made, name, "exec")
        left = iter(made.splitlines())
        assert all(line in left for line in source.splitlines()), name
        if lines.after_backward:
            text = made.splitlines()
            (backward,) = (i for i, line in enumerate(text) if ".backward()" in line)
            assert text[backward + 1].strip() == lines.after_backward.strip().splitlines()[0]
            assert text[backward + 1].startswith("    ")


@pytest.mark.parametrize(("tool", "fault", "output", "worth"), [
    ("zerograd", "detached", "loss 1\n\nencoder.bias does\nnot move: detach().\nSGD, step 3", "named"),
    ("zerograd", "detached", "\n\nhead.weight does not move: detach() cuts.\nSGD, step 3", "symptom"),
    ("zerograd", "detached", "\n\nencoder.weight does not move: on the kink.\nSGD, step 3", "wrong"),
    ("zerograd", "healthy", "\n\nNothing stands still: fine.\nSGD, step 3", "—"),
    ("zerograd", "healthy", "\n\n0.weight does not move.\nSGD, step 3", "wrong"),
    ("norms", "frozen", "0.weight grad: None\n2.weight grad: 0.25\nloss 1", "symptom"),
    ("norms", "frozen", "0.weight grad: 1e-09\nloss 1", "—"),
    ("anomaly", "scaler_skips", "x\nRuntimeError: Function 'MulBackward0' returned nan.", "named"),
    ("torcheck", "frozen", "Trace\nRuntimeError: errors\nModule model's 0.weight should change.", "symptom"),
    ("gradsnitch", "learning_rate_zero", "[GS010] [ERROR] LR schedule collapsed early\n  likely: …", "named"),
    ("gradsnitch", "frozen", "[GS005] [WARNING] Loss plateau\n  likely:   frozen params", "symptom"),
    ("gradsnitch", "frozen", "loss 1", "—"),
])  # fmt: skip
def test_outputs_are_judged_by_the_rules(tool: str, fault: str, output: str, worth: str) -> None:
    """Named, a symptom, wrong, or nothing."""
    assert judged(tool, fault, output) == Judgement(worth)
    assert tool in STATEMENTS


BY_COMMAND = ("frozen", HEALTHY)
"""Scripts that are started as those of the page are: loading PyTorch takes longer than what they do."""


@pytest.fixture(scope="module")
def warm() -> Iterator[subprocess.Popen[str]]:
    """What runs commands where PyTorch is loaded."""
    command = [sys.executable, str(Path(__file__).with_name("warm.py"))]
    environment = {**os.environ, "PYTHONPATH": str(run.ROOT), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process


@pytest.mark.slow
@pytest.mark.needs("torch")
@pytest.mark.parametrize("name", NAMES)
def test_zerograd_says_what_is_kept(
    name: str, update_golden: bool, warm: subprocess.Popen[str], tmp_path: Path
) -> None:
    """The first sentence of the report on each script, as the kept output has it."""
    kept = run.OUTPUTS / "zerograd" / f"{name}.txt"
    if update_golden or name in BY_COMMAND:
        fresh = run.output_of("zerograd", name, None)
    else:
        printed = tmp_path / "printed.txt"
        assert warm.stdin is not None and warm.stdout is not None
        asked = (["watch", f"{name}.py", "--steps", "3"], str(SCRIPTS), str(printed))
        warm.stdin.write(json.dumps(asked) + "\n")
        warm.stdin.flush()
        assert warm.stdout.readline() == "ended\n"
        fresh = printed.read_text(encoding="utf-8")
    if update_golden:
        kept.write_text(fresh, encoding="utf-8")
    expected = kept.read_text(encoding="utf-8")
    assert first_sentence(fresh) == first_sentence(expected)
    assert judged("zerograd", name, fresh) == judged("zerograd", name, expected)
