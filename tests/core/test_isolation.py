"""The checker stands alone: no third-party module, no sibling of the core, no assert that matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import zerograd

ROOT = Path(zerograd.__file__).parents[1]
CORPUS = Path(__file__).parent / "corpus"
PROBLEM = CORPUS / "accept" / "founding.problem.json"
ACCEPTED = CORPUS / "accept" / "founding.result.json"
REFUSED = CORPUS / "refuse" / "founding-y-changed.result.json"
REFUSED_PROBLEM = CORPUS / "refuse" / "founding-y-changed.problem.json"
CHECK = ["-m", "zerograd.core.check"]

HEAVY = ("z3", "sympy", "numpy", "pydantic", "ruamel", "click", "flint", "torch", "mpmath")

WATCH = """
import json, runpy, sys

class Watch:
    '''Refuses whatever is neither the standard library nor the core.'''

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        allowed = top in sys.stdlib_module_names or name in ("zerograd", "zerograd._version")
        if not (allowed or name == "zerograd.core" or name.startswith("zerograd.core.")):
            raise ImportError("the core must not import " + name)
        return None

before = set(sys.modules)
sys.meta_path.insert(0, Watch())
sys.argv = ["check", *sys.argv[1:]]
try:
    runpy.run_module("zerograd.core.check", run_name="__main__")
except SystemExit as end:
    loaded = sorted(set(sys.modules) - before)
    print(json.dumps({"code": end.code, "loaded": loaded, "files": [
        getattr(sys.modules[name], "__file__", None) for name in loaded]}))
"""


def run(*arguments: str, options: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
    """Python, with this source tree on its path and nothing else of ours in its environment."""
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, *options, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**keep, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more},
        check=False,
        timeout=60,
    )


def test_only_the_core_and_the_standard_library_are_loaded() -> None:
    """A hook that refuses every other import lets the checker through, and it saw them all."""
    done = run("-c", WATCH, str(PROBLEM), str(ACCEPTED))
    assert done.stderr == ""
    *verdict, dump = done.stdout.splitlines()
    report = json.loads(dump)
    assert verdict == ["accepted: a witness with 3 samples, re-checked exactly"]
    assert report["code"] == 0
    ours = [name for name in report["loaded"] if name.partition(".")[0] == "zerograd"]
    assert {"zerograd", "zerograd.core", "zerograd.core.verdict.witness"} <= set(ours)
    assert all(n in ("zerograd", "zerograd._version") or n.startswith("zerograd.core") for n in ours)
    others = {name.partition(".")[0] for name in report["loaded"]} - {"zerograd"}
    assert others <= set(sys.stdlib_module_names)
    assert not others & set(HEAVY)
    site_packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    assert not [
        f
        for f in report["files"]
        if f and any(f.startswith(s) for s in site_packages) and "zerograd" not in f
    ]


def test_the_hook_catches_what_it_should() -> None:
    """The same hook stops a module that imports something else."""
    done = run("-c", WATCH.replace("zerograd.core.check", "zerograd.cli"))
    assert done.returncode == 1
    assert "ImportError: the core must not import " in done.stderr


def test_every_module_of_the_core_is_independent() -> None:
    """Not the checker's own imports alone: each module of the core loads without third parties."""
    names = sorted(p.stem for p in (ROOT / "zerograd" / "core").glob("*.py") if p.stem != "__init__")
    lines = ["import sys", f"for name in {HEAVY!r}: sys.modules[name] = None"]
    lines += [f"import zerograd.core.{name}" for name in names]
    done = run("-S", "-c", "\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")
    assert "check" in names


ISOLATED = {
    "plain": (),
    "without site-packages": ("-S",),
    "without site-packages and user site": ("-S", "-s"),
    "without asserts and docstrings": ("-OO",),
    "warnings are errors": ("-W", "error"),
    "development mode": ("-X", "dev", "-W", "error"),
}


@pytest.mark.parametrize("options", ISOLATED.values(), ids=ISOLATED)
def test_verdicts_are_the_same_in_isolation(options: tuple[str, ...], tmp_path: Path) -> None:
    """Exit codes 0, 1, 2 and 3 with their messages, also with -S (no third party) and -OO (no assert)."""
    accepted = run(*CHECK, str(PROBLEM), str(ACCEPTED), options=options)
    assert (accepted.returncode, accepted.stdout, accepted.stderr) == (
        0,
        "accepted: a witness with 3 samples, re-checked exactly\n",
        "",
    )
    refused = run(*CHECK, str(REFUSED_PROBLEM), str(REFUSED), options=options)
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "refused: ∂L/∂w2[0,0]: expected 0, found -4/3\n∂L/∂b2[0]: expected 0, found -2/3\n",
        "",
    )
    spoilt = tmp_path / "result.json"
    spoilt.write_text(ACCEPTED.read_text(encoding="utf-8").replace('"-1"', "[]"), encoding="utf-8")
    unusable = run(*CHECK, str(PROBLEM), str(spoilt), options=options)
    assert (unusable.returncode, unusable.stdout) == (2, "")
    assert unusable.stderr.startswith("error: b1[0]: [] is not an exact number (")
    nothing = tmp_path / "nothing.json"
    data = json.loads(ACCEPTED.read_text(encoding="utf-8"))
    nothing.write_text(json.dumps(data | {"status": "unknown", "witness": None}), encoding="utf-8")
    unknown = run(*CHECK, str(PROBLEM), str(nothing), options=options)
    assert (unknown.returncode, unknown.stdout, unknown.stderr) == (
        3,
        "unknown: the result is unknown: it carries nothing that can be checked\n",
        "",
    )


@pytest.mark.parametrize("options", [("-OO",), ("-S",)], ids=str)
def test_the_whole_corpus_without_asserts_and_site(options: tuple[str, ...]) -> None:
    """Every verdict of the corpus is the same where assert statements are gone, and site-packages too."""
    program = """
import sys
from pathlib import Path
from zerograd.core.check import main
for kind, expected in (("accept", 0), ("refuse", 1)):
    problems = sorted((Path(sys.argv[1]) / kind).glob("*.problem.json"))
    if len(problems) < 15:
        sys.exit("the corpus is missing")
    for problem in problems:
        result = problem.with_name(problem.name.replace(".problem.", ".result."))
        if main([str(problem), str(result)]) != expected:
            sys.exit(f"another verdict for {problem}")
"""
    done = run("-c", program, str(CORPUS), options=options)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("accepted: ") == len(list((CORPUS / "accept").glob("*.problem.json")))
    assert done.stdout.count("refused: ") == len(list((CORPUS / "refuse").glob("*.problem.json")))


def test_verdicts_reach_terminals_without_unicode() -> None:
    """On an ASCII terminal ∂ is shown as an escape; the exit code stays what it is."""
    done = run(*CHECK, str(REFUSED_PROBLEM), str(REFUSED), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert done.stdout.startswith("refused: \\u2202L/\\u2202w2[0,0]: expected 0, found -4/3\n")


def test_hostile_files_end_in_one_line(tmp_path: Path) -> None:
    """No traceback, no control characters, whatever the files hold."""
    hostile = {
        "deep": "[" * 200_000,
        "keys": '{"\\u001b[2J\\ud800\\n": 1, "network": [1, 1], "samples": 1}',
        "digits": '{"network": [1, 1], "samples": ' + "9" * 5000 + "}",
        "width": '{"network": [1, ' + "9" * 4000 + '], "samples": 1}',
        "wide": '{"network": [1, 100000, 1], "samples": 100000, "where": ["z1 > 0"]}',
        "number": '{"network": [1, 1], "samples": 1, "given": {"w1": "1e999999999"}}',
        "power": '{"network": [9, 1], "samples": 1, "where": ["sum(x)**64 * sum(x)**64 / 3 > 1"], "zero": 1}',
        "binary": "\0\1\2",
        "empty": "",
    }
    for name, text in hostile.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        done = run(*CHECK, str(path), str(ACCEPTED))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert done.stderr[:-1].isprintable()
        assert len(done.stderr) < 1000
