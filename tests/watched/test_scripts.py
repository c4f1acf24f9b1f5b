"""Scripts as people write them, each with a fault: the first sentence of their reports is the fault.

Those in cases/ are reduced from what people were stuck with; those in tutorials/ are training scripts of our
own, with loaders, epochs, evaluation and checkpoints, in which one fault was planted.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from zerograd.watching import watch

pytestmark = pytest.mark.needs("torch")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]

SENTENCES = dict(line.split(": ", 1) for line in (HERE / "sentences.txt").read_text("utf-8").splitlines())
"""The first sentence of each script's report."""
EVERYTHING = [
    pytest.param(name, said, id=name, marks=[pytest.mark.slow] * name.endswith("char_transformer"))
    for name, said in SENTENCES.items()
]

BY_COMMAND = [
    name for number, name in enumerate(SENTENCES) if name.startswith("tutorials/") or number % 4 == 0
]
"""Scripts that the command runs as well. That takes a process each, and others would show nothing new."""


def test_every_script_has_its_sentence() -> None:
    """None is left out."""
    scripts = (path.relative_to(HERE) for path in HERE.glob("*/*.py"))
    assert {path.with_suffix("").as_posix() for path in scripts} == set(SENTENCES)


@pytest.mark.filterwarnings("default")  # the scripts' own, as a person would see them
@pytest.mark.parametrize(("name", "sentence"), EVERYTHING)
def test_the_fault_is_the_first_sentence(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All in this process; the command has a process for each."""
    path = HERE / f"{name}.py"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    with watch() as watched:
        runpy.run_path(str(path), run_name="__main__")
    report = watched.report()
    assert report.verdict == sentence
    assert " ".join(str(report).split()).startswith(sentence)
    assert not report.explanation.last.unsupported
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_COMMAND)
@pytest.mark.filterwarnings("default")
def test_the_command_says_it_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script prints what it prints; the report follows, and begins with the fault."""
    path, sentence = HERE / f"{name}.py", SENTENCES[name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    with redirect_stdout(StringIO()) as plain:  # libraries are loaded here
        runpy.run_path(str(path), run_name="__main__")
    kept = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "zerograd", "watch", "-o", str(kept), str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr
    assert done.stdout.startswith(plain.getvalue())
    report = " ".join(done.stdout.removeprefix(plain.getvalue()).split())
    assert report.startswith(sentence)
    document = json.loads(kept.read_text(encoding="utf-8"))
    assert document["verdict"] == sentence
    undecided = [row["entries"]["undecided"] for row in document["parameters"].values()]
    assert done.returncode == (3 if any(undecided) else 0)
