"""`-o FILE` is the same in every command that has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest

from tests.cli.conftest import PACKAGE
from tests.cli.questions import FOUNDING
from zerograd.cli.program import cli

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run

GIVEN = """\
network: [1, 1]
samples: 1
given: {w1: 1, b1: 0, x: [1], y: [1]}
zero: [w1]
"""
NEVER = "network: [1, 1]\nsamples: 1\nwhere: ['r == 0', 'r == 1']\n"
FEW = "network: {inputs: 1, layers: [{units: 1, activation: linear, bias: false}]}\nsamples: 1\nzero: [w1]\n"
SWEEP = "sweep: {units: [1]}\nproblem: {network: [1, $units], samples: 1, zero: b1}\n"
SCRIPT = """\
import torch

w = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([w], lr=0.1)
w.square().sum().backward()
optimizer.step()
"""

COMMANDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "solve": (("given.yaml",), "out.json", "given.yaml"),
    "explain": (("given.yaml",), "out.json", "given.yaml"),
    "audit": (("audit.yaml",), "out.json", "audit.yaml"),
    "repair": (("audit.yaml",), "out.json", "audit.yaml"),
    "levels": (("levels.yaml",), "out.json", "levels.yaml"),
    "watch": (("train.py",), "out.json", "train.py"),
    "prove": (("never.yaml",), "out.txt", "never.yaml"),
    "atlas": (("few.yaml", "--no-store", "-q"), "out.txt", "few.yaml"),
    "sweep": (("sweep.yaml", "--no-store", "-q"), "out.csv", "sweep.yaml"),
    "export": (("result.json", "--to", "markdown"), "out.md", "result.json"),
    "plot": (("result.json", "--kind", "contributions"), "out.svg", "result.svg"),
    "gradients": (("founding.yaml",), "out.txt", "founding.yaml"),
    "sheet": (("founding.yaml", "--count", "1"), "out.md", "founding.yaml"),
    "problem": (("founding.yaml",), "out.json", "founding.yaml"),
}
"""Arguments, a name for what is written, and the name of a file that is read."""

EVERY = pytest.mark.parametrize(
    "command",
    [
        pytest.param(name, marks=[pytest.mark.needs("torch"), pytest.mark.slow]) if name == "watch" else name
        for name in COMMANDS
    ],
)


@pytest.fixture
def folder(program: Program) -> Program:
    """The files that the commands read."""
    program.file("given.yaml", GIVEN)
    program.file("audit.yaml", GIVEN.replace("zero: [w1]", "claims: loss == 0"))
    program.file("levels.yaml", "network: [1, 1, 1]\nsamples: 2\ngiven: {x: [0, 1], y: [0, 1]}\n")
    program.file("never.yaml", NEVER)
    program.file("few.yaml", FEW)
    program.file("sweep.yaml", SWEEP)
    program.file("founding.yaml", FOUNDING)
    program.file("train.py", SCRIPT)
    assert program("solve", "-q", "given.yaml", "-o", "result.json").code == 0
    (program.folder / "result.svg").symlink_to("result.json")
    return program


def test_no_command_is_forgotten() -> None:
    """Each that has the option is tried, and has --force."""
    options = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in cli.commands.items()
        if isinstance(command, click.Command)
    }
    with_output = {name for name, opts in options.items() if "-o" in opts}
    assert with_output == set(COMMANDS)
    assert all("--force" in options[name] for name in with_output)


@EVERY
def test_what_is_written_is_said(folder: Program, command: str) -> None:
    """In the last line; and it is there, whole."""
    arguments, name, _ = COMMANDS[command]
    done = run(folder, command, *arguments, "-o", name)
    assert done.code == 0
    assert done.out.splitlines()[-1] == f"wrote {name}"
    content = (folder.folder / name).read_text(encoding="utf-8")
    assert content
    if name.endswith(".json"):
        assert json.loads(content)


@EVERY
def test_another_file_is_kept(folder: Program, command: str) -> None:
    """Unless it is to be overwritten."""
    arguments, name, _ = COMMANDS[command]
    folder.file(name, "precious")
    refused = run(folder, command, *arguments, "-o", name)
    assert refused == (
        2,
        "",
        f"error: {name}: exists already: name another file, or overwrite it with --force\n",
    )
    assert (folder.folder / name).read_text() == "precious"
    assert run(folder, command, *arguments, "-o", name, "--force").code == 0
    assert (folder.folder / name).read_text(encoding="utf-8") != "precious"


@EVERY
def test_a_document_of_ours_is_replaced(folder: Program, command: str) -> None:
    """So is an empty file: one asks again and again."""
    arguments, name, _ = COMMANDS[command]
    for content in ('{"format": "zerograd.result/1", "status": "unknown"}\n', ""):
        folder.file(name, content)
        assert run(folder, command, *arguments, "-o", name).code == 0
        assert (folder.folder / name).read_text(encoding="utf-8") != content


@pytest.mark.parametrize("name", ["out.csv", pytest.param("out.parquet", marks=pytest.mark.needs("pyarrow"))])
def test_a_table_of_ours_is_replaced(folder: Program, name: str) -> None:
    """So is its document; what only looks like a table is kept."""
    command = ("sweep.yaml", "--no-store", "-q", "-o", name)
    assert run(folder, "sweep", *command).code == 0
    assert run(folder, "sweep", *command).code == 0
    path = folder.folder / name
    written = path.read_bytes()
    other = {"out.csv": (b",status,", b",state,"), "out.parquet": (b"zerograd.sweep/", b"anyother.sweep/")}
    changed = written.replace(*other[name])
    assert changed != written
    path.write_bytes(changed)
    assert run(folder, "sweep", *command).code == 2
    assert path.read_bytes() == changed


@EVERY
def test_what_is_read_is_never_written_to(folder: Program, command: str) -> None:
    """That is a slip of the hand, whatever is forced."""
    arguments, _, read = COMMANDS[command]
    before = (folder.folder / read).read_bytes()
    assert run(folder, command, *arguments, "-o", read, "--force").code == 2
    assert (folder.folder / read).read_bytes() == before


@EVERY
@pytest.mark.parametrize(
    ("folder_or_file", "said"), [("nowhere/", "there is no folder nowhere"), ("-", "names a file")]
)
def test_places_that_are_none(folder: Program, command: str, folder_or_file: str, said: str) -> None:
    """Told at once, not after a search."""
    arguments, name, _ = COMMANDS[command]
    place = folder_or_file + name * folder_or_file.endswith("/")
    if command in ("plot", "sheet") and place == "-":  # the form is that of the name
        said = "name a file"
    done = run(folder, command, *arguments, "-o", place)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("command", ["solve", "explain"])
def test_nothing_is_said_among_json(folder: Program, command: str) -> None:
    """Standard output is for whoever reads it; with -q nothing is said at all."""
    arguments, name, _ = COMMANDS[command]
    done = folder(command, *arguments, "--json", "-o", name)
    assert len(done.results) == 1
    assert done.err == f"wrote {name}\n"
    quiet = folder(command, *arguments, "-q", "-o", name)
    assert (len(quiet.out.splitlines()), quiet.err) == (1, "")


def run(folder: Program, command: str, *arguments: str) -> Run:
    """Run it; in a process of its own, with torch, where a script takes over the process."""
    if command != "watch":
        return folder(command, *arguments)
    return folder.process(command, *arguments, environment={"PYTHONPATH": str(PACKAGE)})


@pytest.mark.parametrize("html", ["same.out", "./same.out"])
def test_a_document_and_a_page_need_two_files(folder: Program, html: str) -> None:
    """Otherwise the one written last is all there is."""
    arguments, _, _ = COMMANDS["explain"]
    done = folder("explain", *arguments, "-o", "same.out", "--html", html)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: {html}: is the file of -o as well: name another one for --html\n"
    assert not (folder.folder / "same.out").exists()
