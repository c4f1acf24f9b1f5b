"""`zerograd solve`: what goes to which stream, in which form, with which exit code."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PACKAGE
from tests.cli.questions import CONTRADICTION, FOUNDING, IMPOSSIBLE
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.witness import Witness
from zerograd.spec import loads

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run


def witness_in(problem: Problem, data: object) -> Witness:
    """The witness in a result that the checker accepts."""
    found = check_result(problem, data)
    assert isinstance(found, Witness)
    return found


def test_json_is_one_verified_object_a_line(answered: Run) -> None:
    """Three files, three lines, each with its status; witnesses pass the checker."""
    assert (answered.code, answered.err) == (0, "")
    assert [result["status"] for result in answered.results] == ["sat", "unsat", "sat"]
    assert witness_in(loads(FOUNDING), answered.results[0]).samples == 3
    assert answered.results[1]["evidence"] == "certificate"
    assert isinstance(check_result(loads(IMPOSSIBLE), answered.results[1]), Certificate)
    assert "field" in answered.results[2]["witness"]


def test_result_has_the_documented_keys_in_order(answered: Run) -> None:
    """A person finds the verdict in front and the circumstances behind."""
    sat, unsat, _ = answered.results
    head = ["format", "problem", "status", "reason", "samples", "evidence"]
    tail = ["strategy", "tried", "seconds", "versions"]
    assert list(sat) == [*head, "smallest", "witness", "gradients", "loss", "checks", *tail]
    assert list(unsat) == [*head, "certificate", *tail]
    assert sat["checks"]["exact"] == "passed"
    assert sat["checks"]["torch"] == "not installed"


def test_torch_is_asked_for(program: Program) -> None:
    """``--torch`` without PyTorch is an error that says how to install it."""
    done = program("solve", "--torch", program.file("p.yaml", FOUNDING))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: --torch needs PyTorch, which is not installed: pip install")


@pytest.mark.slow
@pytest.mark.needs("torch")
def test_torch_is_compared(program: Program) -> None:
    """In a process with PyTorch; without ``--torch`` it is not loaded."""
    path = program.file("p.yaml", FOUNDING)
    told = []
    for options in ((), ("--torch",)):
        command = [sys.executable, "-m", "zerograd", "solve", "--json", *options, path]
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, cwd=program.folder
        )
        told.append(json.loads(done.stdout)["checks"]["torch"])
    assert told[0] == "not loaded"
    assert told[1]["largest_deviation"] < 1e-12


def test_text_begins_with_the_verdict(program: Program) -> None:
    """The first line is the verdict alone; nothing is on standard error, no escapes for a pipe."""
    done = program("solve", program.file("p.yaml", FOUNDING))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "sat"
    assert len(done.out.splitlines()) > 5
    assert "\x1b" not in done.out


def test_quiet_prints_the_verdict_alone(program: Program) -> None:
    """-q for scripts; the problem comes from standard input."""
    assert program("solve", "-q", "-", stdin=CONTRADICTION) == (0, "unsat\n", "")


def test_several_files_are_answered_in_order(program: Program) -> None:
    """Each under its name; one that cannot be read does not keep the others from being answered."""
    program.file("two words.yaml", CONTRADICTION)
    done = program("solve", "-q", "two words.yaml", "missing.yaml", "-", stdin=CONTRADICTION)
    assert done.out == "two words.yaml:\nunsat\n\nmissing.yaml:\nnot a problem: see above\n\n-:\nunsat\n"
    assert done.err == "missing.yaml: error: no such file: check its name and folder\n"
    assert done.code == 2


def test_output_file_holds_the_json_lines(program: Program) -> None:
    """-o writes what --json prints, whole, beside the text on standard output; no temporary file is left."""
    program.file("a.yaml", CONTRADICTION)
    program.file("r.json", '{"format": "zerograd.result/1"}\n' * 100)
    done = program("solve", "-q", "a.yaml", "a.yaml", "-o", "r.json")
    assert (done.code, done.out) == (0, "a.yaml:\nunsat\n\na.yaml:\nunsat\n")
    lines = (program.folder / "r.json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["unsat", "unsat"]
    assert sorted(path.name for path in program.folder.iterdir()) == ["a.yaml", "r.json"]


def test_output_file_survives_bad_input(program: Program) -> None:
    """Where nothing was answered nothing is written."""
    program.file("r.json", "precious")
    assert program("solve", "missing.yaml", "-o", "r.json").code == 2
    assert (program.folder / "r.json").read_text() == "precious"


def test_output_may_be_a_device_or_link(program: Program) -> None:
    """A device is written to, never replaced by a file; so is what a link points to."""
    program.file("p.yaml", CONTRADICTION)
    (program.folder / "null").symlink_to("/dev/null")
    (program.folder / "link").symlink_to("real.json")
    for name in ("null", "link"):
        assert program("solve", "-q", "p.yaml", "-o", name).code == 0
        assert (program.folder / name).is_symlink()
    assert json.loads((program.folder / "real.json").read_text())["status"] == "unsat"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/r.json", "error: nowhere/r.json: there is no folder nowhere\n"),
        (".", "error: .: is a directory: name a file inside it\n"),
    ],
)
def test_output_that_cannot_be_written_is_told_at_once(program: Program, name: str, message: str) -> None:
    """Not after a search that may take an hour."""
    program.file("p.yaml", CONTRADICTION)
    assert program("solve", "p.yaml", "-o", name) == (2, "", message)


def test_samples_option_replaces_the_files_own(program: Program) -> None:
    """--samples 2 makes the founding question impossible; the digest is that of the changed question."""
    program.file("p.yaml", FOUNDING)
    done = program("solve", "--json", "--samples", "2", "p.yaml")
    assert done.results[0]["status"] == "unsat"
    assert done.results[0]["problem"]["digest"] == loads(IMPOSSIBLE).digest


def test_fewest_samples_are_found_and_counted(program: Program) -> None:
    """--samples fewest says what was tried."""
    program.file("p.yaml", FOUNDING)
    (result,) = program("solve", "--json", "--samples", "fewest", "p.yaml").results
    tried = [(attempt["samples"], attempt["status"]) for attempt in result["attempts"]]
    assert tried == [(1, "unsat"), (2, "unsat"), (3, "sat")]
    assert witness_in(loads(FOUNDING).with_samples("fewest"), result).samples == 3


@pytest.mark.parametrize(
    ("in_file", "option", "code", "message"),
    [
        (None, "sat", 1, "expected sat, found unsat\n"),
        ("unsat", None, 0, ""),
        ("unknown", None, 1, "the file expects unknown, found unsat\n"),
        ("sat", "unsat", 0, ""),
    ],
)
def test_expectations(
    program: Program, in_file: str | None, option: str | None, code: int, message: str
) -> None:
    """An answer that was not expected is exit code 1, and is still printed; the option outdoes the file."""
    text = CONTRADICTION + (f"expect: {in_file}\n" if in_file else "")
    arguments = ["--expect", option] if option else []
    assert program("solve", "-q", *arguments, "-", stdin=text) == (code, "unsat\n", message)


def test_unknown_is_exit_code_3_unless_expected_otherwise(program: Program) -> None:
    """`unknown` is no decision; --expect makes it a failed expectation."""
    name = program.file("p.yaml", FOUNDING + "expect: sat\n")
    assert program("solve", "-q", "--timeout", "1ms", name) == (3, "unknown (timeout)\n", "")
    expected = program("solve", "-q", "--timeout", "1ms", "--expect", "sat", name)
    assert expected == (1, "unknown (timeout)\n", "expected sat, found unknown\n")


def test_gravest_exit_code_counts(program: Program) -> None:
    """The gravest of several files: unusable input before a failed expectation before unknown."""
    fine, other = (
        program.file("fine.yaml", CONTRADICTION),
        program.file("other.yaml", CONTRADICTION + "expect: sat\n"),
    )
    assert program("solve", "-q", other, fine).code == 1
    assert program("solve", "-q", "missing.yaml", other, fine).code == 2


def test_seed_is_reproducible(program: Program) -> None:
    """Two runs with one seed give one witness."""
    name = program.file("p.yaml", FOUNDING)
    first, second = (program.process("solve", "--json", "--seed", "7", name).results[0] for _ in range(2))
    assert first["witness"] == second["witness"]


@pytest.mark.slow
def test_progress_and_colours_are_for_terminals(program: Program) -> None:
    """One line on a terminal's standard error, erased in the end; on standard output NO_COLOR is honoured."""
    name = program.file("p.yaml", CONTRADICTION)
    on_terminal, out = _on_terminal(program, ["solve", "-q", name], stream="stderr")
    assert (on_terminal, out) == ("", "unsat\n")  # -q: no progress either
    on_terminal, out = _on_terminal(program, ["solve", name], stream="stderr")
    *said, last = on_terminal.split("\r")
    assert last == "\x1b[K"
    assert not said[0]
    assert said[1:]
    assert all(line.startswith("\x1b[?7l") and line.endswith("\x1b[K\x1b[?7h") for line in said[1:])
    assert "\n" not in on_terminal
    assert out.splitlines()[0] == "unsat"
    assert "\x1b" not in out
    dumb = {"TERM": "dumb"}
    assert _on_terminal(program, ["solve", name], stream="stderr", environment=dumb)[0] == ""
    coloured, _ = _on_terminal(program, ["solve", name], stream="stdout")
    assert "\x1b[" in coloured
    colourless, _ = _on_terminal(program, ["solve", name], stream="stdout", environment={"NO_COLOR": "1"})
    assert colourless.splitlines()[0] == "unsat"
    assert "\x1b" not in colourless


def test_closed_output_is_unusable(program: Program) -> None:
    """An answer that nobody can read is none: not exit code 0."""
    name = program.file("p.yaml", FOUNDING)
    closed = program.shell(f"$ZEROGRAD solve -q {name} >&-")
    assert closed == (2, "", "error: standard output is closed: redirect it to a file, or to /dev/null\n")


def test_reader_that_leaves_is_no_error(program: Program) -> None:
    """`zerograd solve … | head -1` ends quietly."""
    name = program.file("p.yaml", CONTRADICTION)
    done = program.shell(f"$ZEROGRAD solve -q {name} {name} {name} | head -1; exit ${{PIPESTATUS[0]}}")
    assert done == (0, f"{name}:\n", "")


def test_closed_streams(program: Program) -> None:
    """A service may start us without any stream: the exit code still tells."""
    name = program.file("p.yaml", CONTRADICTION)
    assert program.shell(f"$ZEROGRAD solve {name} <&- >&- 2>&-") == (0, "", "")
    assert program.shell("$ZEROGRAD solve - <&-") == (2, "", "<stdin>: error: is closed: name a file\n")


def test_pipes_are_written_to_where_somebody_reads(program: Program) -> None:
    """Else nobody waits for ever; and a pipe is no store."""
    name = program.file("p.yaml", FOUNDING)
    assert program.shell(f"mkfifo pipe; $ZEROGRAD solve -q {name} -o pipe") == (
        2,
        "sat\n",
        "error: pipe: cannot be written: it is a pipe that nobody reads\n",
    )
    read = program.shell(f"head -c 12 pipe & sleep 0.2; $ZEROGRAD solve -q {name} -o pipe; wait")
    assert '{"format": "' in read[1]
    refused = program.shell(f"$ZEROGRAD atlas {name} --store pipe -q")
    assert refused[0] == 2 and "error: pipe: is no file: name another one (--store)" in refused[2]


def test_full_disk_is_told(program: Program) -> None:
    """Output that cannot be written is an error, not a traceback."""
    name = program.file("p.yaml", CONTRADICTION)
    assert program.shell(f"$ZEROGRAD solve -q {name} > /dev/full") == (
        2,
        "",
        "error: No space left on device\n",
    )


def test_json_fits_any_encoding(program: Program) -> None:
    """Titles in JSON are escaped where standard output is not UTF-8."""
    text = CONTRADICTION + 'title: "∂é"\n'
    latin = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = program.process("solve", "--json", "-", stdin=text, environment=latin)
    assert '"\\u2202\\u00e9"' in done.out
    assert done.results[0]["problem"]["title"] == "∂é"


def test_modules_in_the_working_folder_are_not_imported(program: Program) -> None:
    """A stray z3.py or sympy.py beside a problem file is not run."""
    for module in ("z3", "sympy", "numpy", "json"):
        program.file(f"{module}.py", f"open({module!r} + '.was-run', 'w').close()\n")
    name = program.file("p.yaml", FOUNDING)
    # -P: as the installed program, `python -m` alone has the working folder on its path.
    assert program.process("solve", "-q", name, run=("-P", "-m", "zerograd")) == (0, "sat\n", "")
    assert not list(program.folder.glob("*.was-run"))


def test_solver_process_ignores_the_working_folder(program: Program) -> None:
    """Not even with `python -m zerograd` is a stray z3.py what answers."""
    program.file("z3.py", "raise SystemExit('a stray module was imported')\n")
    name = program.file("p.yaml", CONTRADICTION)
    assert program.process("solve", "-q", name) == (0, "unsat\n", "")


def test_file_names_cannot_write_to_the_terminal(program: Program) -> None:
    """Control characters in a name are not printed as they are."""
    name = "a\x1b[31mb\nc.yaml"
    program.file(name, CONTRADICTION)
    done = program("solve", "-q", name, "no\x1b[31m\nfile.yaml")
    assert done.code == 2
    assert done.out == "a?[31mb?c.yaml:\nunsat\n\nno?[31m?file.yaml:\nnot a problem: see above\n"
    assert "\x1b" not in done.err
    assert len(done.err.splitlines()) == 1


def _on_terminal(
    program: Program, arguments: list[str], *, stream: str, environment: dict[str, str] | None = None
) -> tuple[str, str]:
    """What arrives on a terminal, and on the other stream, which is a pipe."""
    ours, theirs = pty.openpty()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: theirs}
    process = subprocess.Popen(
        [sys.executable, "-m", "zerograd", *arguments],
        cwd=program.folder,
        env=program.environment | {"TERM": "xterm-256color"} | (environment or {}),
        stdin=subprocess.DEVNULL,
        **streams,  # type: ignore[call-overload]
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(ours)
    out, err = process.communicate(timeout=60)
    return seen.decode(), (out or err or b"").decode()


def test_results_never_replace_a_problem(program: Program) -> None:
    """`-o` with the name of a problem is a slip of the hand."""
    name = program.file("p.yaml", FOUNDING)
    done = program("solve", name, "-o", name)
    assert done.code == 2
    assert done.err.endswith("p.yaml: is one of the problems: name another file for the results\n")
    assert program("solve", "-q", name).out == "sat\n"


def test_all_mistakes_are_said_before_any_search(program: Program) -> None:
    """The last file's mistake does not wait for the first file's search."""
    good, bad = program.file("good.yaml", FOUNDING), program.file("bad.yaml", "network: [1, 1]\n")
    done = program("solve", "-q", good, bad)
    assert done.code == 2
    assert done.out == f"{good}:\nsat\n\n{bad}:\nnot a problem: see above\n"
    assert "samples: is missing" in done.err
