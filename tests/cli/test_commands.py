"""The smaller commands, bad input of every kind, and bugs that are caught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.questions import CONTRADICTION, FOUNDING
from zerograd.core.question.documents import problem_from_json
from zerograd.spec import loads

if TYPE_CHECKING:
    from tests.cli.conftest import Program

HEAVY = {"sympy", "z3", "numpy", "pydantic", "ruamel", "flint", "torch"}


# --- help and version ---------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_and_version_load_nothing_heavy(program: Program, option: str) -> None:
    """They answer at once."""
    done = program.process(option, run=("-X", "importtime", "-m", "zerograd"))
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.err.splitlines()}
    assert done.code == 0
    assert not HEAVY & loaded
    assert "click" in loaded


def test_every_command_has_help(program: Program) -> None:
    """And the list of commands names them all."""
    overview = program("--help").out
    for command in ("solve", "verify", "gradients", "problem", "init"):
        assert f"\n  {command} " in overview
        done = program(command, "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Usage: ")


def test_a_misspelt_option_of_watch_may_be_the_scripts(program: Program) -> None:
    """The nearest is named, and how to pass options on."""
    program.file("train.py", "")
    code, _, err = program("watch", "train.py", "--stepz", "3")
    assert code == 2
    assert "Did you mean --steps? If it is the script's own, put it after --: zerograd watch SCRIPT" in err


def test_what_is_not_python_is_not_watched(program: Program) -> None:
    program.file("train.py", "\0")
    assert "train.py: is not Python: it contains null bytes" in program("watch", "train.py").err


def test_no_command_says_what_to_try(program: Program) -> None:
    """A first run needs no manual."""
    done = program()
    assert (done.code, done.err) == (0, "")
    assert "zerograd init" in done.out


# --- init, problem, gradients -------------------------------------------------------------


def test_init_writes_a_problem_that_solves(program: Program) -> None:
    """The starter file, as announced; it is not overwritten unless asked."""
    message = "wrote problem.yaml; now run: zerograd solve problem.yaml\n"
    assert program.process("init") == (0, message, "")
    assert program("solve", "-q", "--expect", "sat", "problem.yaml").code == 0
    program.file("problem.yaml", "mine")
    refusal = "error: problem.yaml: exists already: name another file, or overwrite it with --force\n"
    assert program("init") == (2, "", refusal)
    assert (program.folder / "problem.yaml").read_text() == "mine"
    assert program("init", "--force").code == 0
    assert (program.folder / "problem.yaml").read_text() == program("init", "-").out


def test_init_names_a_command_that_can_be_pasted(program: Program) -> None:
    """A name with a space is quoted."""
    assert (
        program("init", "my file.yaml").out == "wrote my file.yaml; now run: zerograd solve 'my file.yaml'\n"
    )


def test_init_needs_a_folder(program: Program) -> None:
    """It makes files, not folders."""
    message = "error: nowhere/p.yaml: there is no folder nowhere\n"
    assert program("init", "nowhere/p.yaml") == (2, "", message)


def test_problem_prints_the_canonical_document(program: Program) -> None:
    """It is a problem for the core, and a problem file of the same question."""
    done = program("problem", "-", stdin=FOUNDING + "title: ∂ and α\n")
    assert (done.code, done.err) == (0, "")
    assert problem_from_json(json.loads(done.out)).digest == loads(FOUNDING).digest
    assert loads(done.out).title == "∂ and α"


def test_gradients_prints_formulas(program: Program) -> None:
    """The formulas of the founding network, as text and as LaTeX."""
    name = program.file("p.yaml", FOUNDING)
    text, latex = program.process("gradients", name), program("gradients", "--latex", name)
    assert (text.code, text.err, latex.code, latex.err) == (0, "", 0, "")
    assert "∂L/∂w1" in text.out
    assert r"\frac{\partial" in latex.out
    assert "\x1b" not in text.out


# --- bad input ----------------------------------------------------------------------------

BAD = {
    "empty.yaml": b"",
    "binary.yaml": bytes(range(256)),
    "utf16.yaml": FOUNDING.encode("utf-16"),
    "latin1.yaml": "title: é\n".encode("latin-1") + FOUNDING.encode(),
    "list.yaml": b"- 1\n- 2\n",
    "unclosed.yaml": b"network: [1, 1, 1\nsamples: 3\n",
    "tab.yaml": b"network: [1, 1, 1]\n\tsamples: 3\n",
    "unknown-key.yaml": FOUNDING.encode() + b"zeros: [w1]\n",
    "no-samples.yaml": b"network: [1, 1, 1]\n",
    "no-such-name.yaml": FOUNDING.encode() + b"some_nonzero: [w3]\n",
    "contradiction.yaml": b"network: [1, 1, 1]\nsamples: 3\nzero: [w1]\nnonzero: [w1]\n",
    "evaluation.yaml": FOUNDING.encode() + b"where: [\"__import__('os').system('touch pwned') == 0\"]\n",
    "tag.yaml": b"network: !!python/object/apply:os.system ['touch pwned']\nsamples: 3\n",
    "bomb.yaml": b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 10)) for c in b"bcdefghi"),
    "deep.yaml": b"[" * 100_000,
    "number.yaml": FOUNDING.encode() + b"given: {w1: 1e999999999}\n",
    "power.yaml": FOUNDING.encode() + b"where: ['w1**99999999 == 9**9**9**9']\n",
    "division.yaml": FOUNDING.encode() + b"where: ['1/w1 > 0']\n",
    "huge.yaml": b"network: [1000000, 1000000, 1]\nsamples: 3\n",
    "many-samples.yaml": b"network: [1, 1, 1]\nsamples: 1000000000000\n",
    "large.yaml": b"# " + b"x" * (1 << 21) + b"\n" + FOUNDING.encode(),
}


@pytest.fixture(scope="session")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that are no problems."""
    folder = tmp_path_factory.mktemp("bad")
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    return folder


def test_bad_files_are_errors_without_traceback(program: Program, bad_files: Path) -> None:
    """Each is named with what is wrong, on standard error; nothing in one is ever run."""
    names = [*BAD, "missing.yaml", "."]
    done = program("solve", "--json", *(bad_files / name for name in names))
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err
    for name in names:
        place = str(bad_files / name) if name != "." else str(bad_files)
        lines = [line for line in done.err.splitlines() if line.startswith(f"{place}:")]
        assert lines, f"nothing was said of {name}"
        assert all(": error: " in line and len(line) < 1000 for line in lines)
    assert all(": error: " in line for line in done.err.splitlines())
    assert not list(program.folder.glob("pwned"))


@pytest.mark.parametrize("command", ["verify", "gradients", "problem"])
def test_other_commands_tell_bad_files_alike(program: Program, command: str) -> None:
    """Line, column, what was found, what to do; exit code 2."""
    program.file("bad.yaml", "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b3]\n")
    arguments = ["bad.yaml", "r.json"] if command == "verify" else ["bad.yaml"]
    message = "bad.yaml:3:12: error: zero[1]: there is no b3: the network has 2 layers, counted from 1\n"
    assert program(command, *arguments) == (2, "", message)


def test_all_mistakes_are_told_at_once(program: Program) -> None:
    """A person mends a file in one go."""
    text = "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b3]\nwhere: ['x[3] > 0']\n"
    lines = program("solve", "-", stdin=text).err.splitlines()
    assert [line.split(" error: ")[0] for line in lines] == ["<stdin>:3:12:", "<stdin>:4:9:"]


def test_samples_option_that_does_not_fit(program: Program) -> None:
    """The option is named, since the file is not to blame."""
    name = program.file("p.yaml", FOUNDING)
    message = "p.yaml: error: --samples 0: samples: expected from 1 to 100000 samples, found 0\n"
    assert program("solve", "--samples", "0", name) == (2, "", message)
    program.file("p.yaml", FOUNDING + "where: ['x[2] > 0']\n")
    out_of_range = "x[2]: index 2 is out of range, x has shape (2, 1) (axis 0 runs from 0 to 1)"
    message = f"p.yaml: error: --samples 2: where[0]: {out_of_range}\n"
    assert program("solve", "--samples", "2", name) == (2, "", message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["solve"], "Missing argument 'SPEC...'."),
        (["solve", "--no-such-option", "-"], "No such option"),
        (["solv"], "No such command 'solv'."),
        (["solve", "--expect", "maybe", "-"], "Invalid value for '--expect'"),
        (["solve", "--seed", "x", "-"], "Invalid value for '--seed'"),
        (["solve", "--strategy", "luck", "-"], "error: unknown strategy 'luck' (known: auto, construct, "),
    ],
)
def test_usage_errors(program: Program, arguments: list[str], message: str) -> None:
    """Exit code 2, on standard error."""
    done = program(*arguments, stdin=CONTRADICTION)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


# --- bugs that are caught -----------------------------------------------------------------

LIAR = """
from zerograd.core.numbers.arrays import Array
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.witness import Witness
from zerograd.search.messages import Finding
from zerograd.search.process import SearchProcess
from zerograd.search.verdict import Found

def find(self, problem, **_):
    shapes = variable_shapes(problem.network, problem.samples.least)
    ones = {name: Array.build(shape, lambda _: 1) for name, shape in shapes.items()}
    return Finding(Found(Witness.of(problem, ones), "liar"))

SearchProcess.find = find
"""

CRASH = """
from zerograd.search.process import SearchProcess

def find(self, problem, **_):
    raise RuntimeError("a bug in the program")

SearchProcess.find = find
"""

BREAKDOWN = """
from zerograd.search.process import SearchProcess
from zerograd.services.wire import ServiceFailed

def find(self, problem, **_):
    raise ServiceFailed("a bug in the search")

SearchProcess.find = find
"""

DISAGREEMENT = """
import zerograd.evaluate.recheck as numeric

def recheck(witness):
    raise numeric.Disagreement("float64 disagrees with the exact gradients: ∂L/∂w1[0,0]: exactly 1, found 2")

numeric.recheck = recheck
"""

UNWRITABLE = """
import zerograd.cli.common

def fail(path, text):
    raise PermissionError

zerograd.cli.common.write_whole = fail
"""

START = "\nfrom zerograd.cli import main\n\nmain()\n"


def test_wrong_witness_never_becomes_an_answer(program: Program) -> None:
    """The search says sat, the checker refuses: exit code 70, no verdict, and a file that reproduces it."""
    name = program.file("p.yaml", FOUNDING)
    program.file("driver.py", LIAR + START)
    done = program.process("solve", name, run=("driver.py",))
    assert (done.code, done.out) == (70, "")
    report = f"zerograd-bug-{loads(FOUNDING).digest[7:15]}.json"
    assert done.err == (
        "bug: no answer is given, because the checker refused the witness that the search found:\n"
        "∂L/∂w2[0,0]: expected 0, found 8\n"
        "∂L/∂b2[0]: expected 0, found 4\n"
        f"Please report it with {report}, which was written to reproduce it.\n"
    )
    document = json.loads((program.folder / report).read_text(encoding="utf-8"))
    assert list(document) == ["error", "seed", "version", "problem", "witness"]
    assert problem_from_json(document["problem"]).digest == loads(FOUNDING).digest
    program.file("w.json", json.dumps(document["witness"]))
    assert program("verify", name, "w.json").code == 1


def test_disagreeing_recheck_never_becomes_an_answer(program: Program) -> None:
    """Where floating point contradicts the exact gradients one of the two is wrong."""
    name = program.file("p.yaml", FOUNDING)
    program.file("driver.py", DISAGREEMENT + START)
    done = program.process("solve", "--json", name, run=("driver.py",))
    assert (done.code, done.out) == (70, "")
    assert "float64 disagrees with the exact gradients" in done.err


def test_search_that_breaks_down_never_becomes_an_answer(program: Program) -> None:
    """Not even `unknown`: a bug is told, and leaves what reproduces it."""
    name = program.file("p.yaml", FOUNDING)
    program.file("driver.py", BREAKDOWN + START)
    done = program.process("solve", "-q", name, run=("driver.py",))
    assert (done.code, done.out) == (70, "")
    assert done.err.startswith("bug: no answer is given, because a bug in the search\n")
    assert len(list(program.folder.glob("zerograd-bug-*.json"))) == 1


def test_crash_is_not_taken_for_a_verdict(program: Program) -> None:
    """Python's own exit code for an exception is 1, which here means «refused»."""
    name = program.file("p.yaml", FOUNDING)
    program.file("driver.py", CRASH + START)
    done = program.process("solve", name, run=("driver.py",))
    assert (done.code, done.out) == (70, "")
    assert "RuntimeError: a bug in the program" in done.err
    assert done.err.endswith("bug: no answer is given. Please report it with what stands above.\n")


def test_a_bug_met_on_one_file_does_not_silence_the_others(program: Program) -> None:
    """The next problem is answered, and kept; the exit code is that of the bug."""
    bad, good = program.file("bad.yaml", FOUNDING), program.file("good.yaml", FOUNDING + "title: good\n")
    crash = CRASH.replace("def find", "found = SearchProcess.find\n\ndef find").replace(
        "    raise", "    if problem.title == 'good':\n        return found(self, problem, **_)\n    raise"
    )
    program.file("driver.py", crash + START)
    done = program.process("solve", "-q", "-o", "r.json", bad, good, run=("driver.py",))
    assert done.code == 70
    assert done.out.splitlines() == ["bad.yaml:", "", "good.yaml:", "sat"]
    assert "bug: no answer is given to bad.yaml" in done.err
    assert json.loads((program.folder / "r.json").read_text(encoding="utf-8"))["status"] == "sat"


def test_bug_report_needs_no_writable_folder(program: Program) -> None:
    """What cannot be written to a file is printed; the exit code stays."""
    name = program.file("p.yaml", FOUNDING)
    program.file("driver.py", LIAR + UNWRITABLE + START)
    done = program.process("solve", name, run=("driver.py",))
    assert (done.code, done.out) == (70, "")
    _, _, printed = done.err.partition("which reproduces it.\n")
    assert json.loads(printed)["seed"] == 0
