"""Help in the terminal, completion in real shells, and the versions of what answers depend on."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from select import select
from typing import TYPE_CHECKING

import pytest

import zerograd
from zerograd.cli.helping import for_terminal, pages, rendered, title
from zerograd.core.model.libraries import LIBRARIES

if TYPE_CHECKING:
    from tests.cli.conftest import Program

ROOT = Path(__file__).resolve().parents[2]


def test_version(program: Program) -> None:
    """The version of the package, of Python, and of what answers depend on."""
    code, out, err = program.process("--version")
    first, second, *others = out.splitlines()
    assert (code, err, first) == (0, "", f"zerograd {zerograd.__version__}")
    assert second == f"Python {sys.version.split()[0]}"
    told = dict(line.split(" ", 1) for line in others)
    assert list(told) == ["z3-solver", "sympy", "python-flint", "numpy", "torch"]
    assert all(told[name] == version(name) for name in ("z3-solver", "sympy", "python-flint", "numpy"))


def test_help_lists_topics(program: Program) -> None:
    """Each with the heading of its page."""
    code, out, err = program("help")
    assert (code, err) == (0, "")
    topics = dict(re.findall(r"^  (\S+)  +(\S.*)$", out, re.MULTILINE))
    assert topics["stuck"] == "My optimiser does not move"
    assert topics["python"] == "From Python"
    assert {"tutorial", "formats", "trust", "watch", "prove", "install"} <= topics.keys()
    assert len(set(topics.values())) == len(topics) == len(pages())


def test_help_shows_a_page(program: Program) -> None:
    """Without marks of Markdown; links are commands, and the page of a command names its options."""
    code, out, err = program.process("help", "prove")
    assert (code, err) == (0, "")
    assert title(pages()["prove"]) in out
    assert "zerograd help other-solvers" in out
    assert out.endswith("The options of the command: zerograd prove --help\n\n")
    assert not re.search(r"\.md\b|```|<!--|\*\*", out)


@pytest.mark.parametrize("topic", pages())
def test_every_topic_can_be_read(topic: str) -> None:
    """No link to a page is left, code is kept, and lines are as wide as the terminal allows."""
    topics = pages()
    text = for_terminal(topics[topic].read_text(encoding="utf-8"), topics)
    assert "<!--" not in text
    prose = re.sub(r"^```.*?^```\n", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"\]\((?!https?:)", prose)
    shown = rendered(text, width=104, styled=False)
    assert max(map(len, shown.splitlines())) <= 104
    assert "\x1b" not in shown


def test_help_for_a_command_or_for_nothing_known(program: Program) -> None:
    """A command without a page is described; a misspelt topic is answered with the nearest."""
    assert program("help", "verify").out == program("verify", "--help").out
    assert program("help", "stcuk") == (
        2,
        "",
        "error: there is no page stcuk (did you mean 'stuck'?); zerograd help lists them\n",
    )


# --- completion ---------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A `zerograd` on PATH, which is this one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "zerograd"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zerograd "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PS1": "> ", "HISTFILE": "/dev/null"}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("zerograd so", {"solve"}),
        ("zerograd solve --cr", {"--cross-check"}),
        ("zerograd export answer.json --to py", {"pytorch"}),
        ("zerograd completion ", {"bash", "zsh", "fish"}),
        ("zerograd help st", {"stuck"}),
        ("zerograd help verif", {"verify"}),
    ],
)
def test_bash_completes(typed: str, offered: set[str], environment: dict[str, str]) -> None:
    """Commands, options, choices and topics."""
    words = typed.split(" ")
    script = (
        'eval "$(zerograd completion bash)"\n'
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        "compopt() { :; }\n_zerograd_completion zerograd\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    bash = shutil.which("bash") or "bash"
    done = subprocess.run(
        [bash, "--norc", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert set(done.stdout.split()) == offered


def test_bash_completes_files(tmp_path: Path, environment: dict[str, str]) -> None:
    """At a terminal, after the key: names of files, as without completion."""
    tmp_path.joinpath("question-of-mine.yaml").touch()
    bash = shutil.which("bash") or "bash"
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execve(bash, [bash, "--norc", "--noprofile", "-i"], environment)
    try:
        os.write(terminal, b'eval "$(zerograd completion bash)"; echo rea""dy\n')
        assert "ready" in until(terminal, "ready\r\n")
        os.write(terminal, b"zerograd solve -o x quest\t")
        assert "question-of-mine.yaml" in until(terminal, "question-of-mine.yaml")
    finally:
        os.write(terminal, b"\x15exit\n")
        os.close(terminal)
        os.waitpid(process, 0)


def until(terminal: int, text: str) -> str:
    """What the terminal shows until this text, for at most half a minute."""
    shown, end = "", time.monotonic() + 30
    while text not in shown and select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script(shell: str, program: Program) -> None:
    """It asks this program, and where the shell is installed it has no syntax error."""
    code, out, err = program.process("completion", shell)
    assert (code, err) == (0, "")
    assert f"_ZEROGRAD_COMPLETE={shell}_complete" in out
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=out, text=True, check=True)


def test_names_of_libraries_are_readable(program: Program) -> None:
    """The table of kinks has every name in full, of functions too, without a terminal."""
    page = program.process("help", "kinks").out
    assert all(re.search(rf"^ {re.escape(name)} ", page, re.MULTILINE) for name in LIBRARIES)
    assert re.search(r"^ +relu +leaky_relu +abs +relu6 +hardtanh +hardsigmoid$", page, re.MULTILINE)
    assert re.search(r"^ +elu +selu +hardswish +mae +hinge$", page, re.MULTILINE)
