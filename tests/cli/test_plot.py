"""`zerograd plot`: what it reads, where it writes, and how it refuses."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program

SHORT = ("--kind", "network")  # the quickest


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sat, an unsat and an unknown result, and with one whose numbers are too large."""
    import zerograd as zg
    from zerograd.core.numbers.arrays import Array
    from zerograd.core.verdict.answer import Sat, Unknown, Unsat
    from zerograd.core.verdict.witness import Witness

    folder = tmp_path_factory.mktemp("results")
    asked: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    problem = zg.Problem(network=[1, 1, 1], samples=3, title="A question of $x_1$ & <b>", **asked)
    plain = zg.Problem(network=[1, 1, 1], samples=3)

    def witness(of: zg.Problem, y: tuple[int, ...]) -> Witness:
        parameters: dict[str, Array[Any]] = {"w1": Array((1, 1), (1,)), "b1": Array((1,), (-1,)),
                      "w2": Array((1, 1), (1,)), "b2": Array((1,), (-1,))}  # fmt: skip
        return Witness.of(of, {**parameters, "x": Array((3, 1), (0, 2, 3)), "y": Array((3, 1), y)})

    answers: dict[str, zg.Answer] = {
        "sat": Sat(witness(problem, (-2, 2, 0)), problem=problem),
        "unsat": Unsat("solver", problem=zg.Problem(network=[1, 1, 1], samples=2, **asked)),
        "unknown": Unknown("timeout", problem=problem),
        "large": Sat(witness(plain, (10**101, 0, 0)), problem=plain),
    }
    for name, answer in answers.items():
        (folder / f"{name}.json").write_text(json.dumps(answer.to_json()), encoding="utf-8")
    return folder


def left_behind(program: Program) -> list[str]:
    """The files in the program's folder, hidden ones too."""
    return sorted(path.name for path in program.folder.iterdir())


@pytest.mark.slow
def test_what_solve_writes_is_drawn(program: Program) -> None:
    """From a problem to a picture in two commands, without a word on standard error."""
    question = "network: [1, 1, 1]\nsamples: 3\nzero: [w2, b2]\nnonzero: [w1, b1]\n"
    assert program("solve", "-", "-q", "--no-smallest", "-o", "r.json", stdin=question).code == 0
    assert program("plot", "r.json", "-o", "r.svg") == (0, "wrote r.svg\n", "")
    titles = "What the network computes", "What each sample adds to the gradients", "The network"
    drawn = (program.folder / "r.svg").read_text(encoding="utf-8")
    ET.fromstring(drawn)
    assert all(f">{title}</text>" in drawn for title in titles)


@pytest.mark.parametrize(("name", "start"), [("f.PNG", b"\x89PNG\r\n\x1a\n"), ("a.png.pdf", b"%PDF-1.")])
def test_the_suffix_is_the_form(program: Program, results: Path, name: str, start: bytes) -> None:
    """In either case, the last one; from standard input too."""
    text = (results / "sat.json").read_text(encoding="utf-8")
    assert program("plot", "-", "-o", name, *SHORT, stdin=text) == (0, f"wrote {name}\n", "")
    assert (program.folder / name).read_bytes().startswith(start)
    assert left_behind(program) == [name]


def test_one_picture_or_all(program: Program, results: Path) -> None:
    """--kind chooses, --width says how wide."""
    options = ("--kind", "contributions", "--width", "12.5")
    other = {"MPLBACKEND": "nonsense"}  # matplotlib by itself refuses to be imported with it
    run = program.process("plot", results / "sat.json", "-o", "c.svg", *options, environment=other)
    assert run == (0, "wrote c.svg\n", "")
    drawn = (program.folder / "c.svg").read_text(encoding="utf-8")
    assert "What each sample adds" in drawn and "What the network computes" not in drawn
    width = ET.fromstring(drawn).get("width", "0pt")[:-2]
    assert float(width) == pytest.approx(12.5 / 2.54 * 72, abs=0.01)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("unsat", "the answer is unsat: there is no witness to draw (the kind cases draws why)"),
        ("unknown", "the answer is unknown (timeout): there is no witness to draw"),
        ("large", "a target is ≈1e+101: too large for a picture (the largest is 1e100)"),
    ],
)
def test_nothing_to_draw(program: Program, results: Path, result: str, message: str) -> None:
    """The error says why, and no file is left behind."""
    run = program("plot", results / f"{result}.json", "-o", "f.svg", "--kind", "function")
    assert run == (2, "", f"error: {message}\n")
    assert left_behind(program) == []


def test_an_unsat_is_drawn_by_its_cases(program: Program, results: Path) -> None:
    """Without naming a kind, where there is a certificate; else it is said what to do."""
    gallery = Path(__file__).parents[2] / "docs" / "gallery"
    assert program("plot", gallery / "textbook-m2.json", "-o", "c.svg") == (0, "wrote c.svg\n", "")
    assert ">Every case, and why it cannot be</text>" in (program.folder / "c.svg").read_text(
        encoding="utf-8"
    )
    run = program("plot", results / "unsat.json", "-o", "w.svg")
    assert run.code == 2 and "(zerograd prove looks for one)" in run.err
    run = program("plot", gallery / "exponential.json", "-o", "w.svg")
    assert run.code == 2 and "(zerograd export --to markdown has the proof in words)" in run.err
    run = program("plot", results / "sat.json", "-o", "w.svg", "--kind", "cases")
    assert run.code == 2 and "(the kind function draws its witness)" in run.err
    assert left_behind(program) == ["c.svg"]


def test_the_loss_along_parameters(program: Program, results: Path) -> None:
    """--along names them; what is none is an error, and so is --along for another kind."""
    sat = results / "sat.json"
    options = ("--kind", "loss", "--along", "w1[0], b2", "--no-title")
    assert program("plot", sat, "-o", "l.svg", *options) == (0, "wrote l.svg\n", "")
    drawn = (program.folder / "l.svg").read_text(encoding="utf-8")
    assert "The loss along" not in drawn and "A question" not in drawn
    run = program("plot", sat, "-o", "m.svg", "--kind", "loss", "--along", "w1[0,0],w3")
    assert run == (2, "", "error: --along: w3 is no parameter of this network (w1, b1, w2, b2)\n")
    run = program("plot", sat, "-o", "m.svg", "--along", "w1")
    assert run == (2, "", "error: --along goes with --kind loss\n")
    assert left_behind(program) == ["l.svg"]


def test_without_matplotlib(
    program: Program, results: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Only `plot` needs it, and says how to get it."""
    site = tmp_path_factory.mktemp("without")
    (site / "sitecustomize.py").write_text('import sys\n\nsys.modules["matplotlib"] = None\n')
    path = os.pathsep.join([str(site), program.environment["PYTHONPATH"]])
    run = program.process("plot", results / "sat.json", "-o", "f.svg", environment={"PYTHONPATH": path})
    needed = "pictures need matplotlib, which is not installed: pip install '"
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"error: {needed}")
    assert run.err.endswith("[plot]'\n")
    assert left_behind(program) == []
    again = program.process(
        "export", results / "sat.json", "--to", "markdown", environment={"PYTHONPATH": path}
    )
    assert (again.code, again.err) == (0, "")


@pytest.mark.parametrize("name", ["f.gif", "f", "svg", "f.svg.gz", "f.jpg"])
def test_other_suffixes(program: Program, results: Path, name: str) -> None:
    """Are refused before anything is read."""
    run = program("plot", results / "sat.json", "-o", name)
    assert run == (2, "", f"error: {name}: name a file that ends in .svg, .png or .pdf\n")
    assert left_behind(program) == []


def test_places_that_cannot_be_written(program: Program, results: Path) -> None:
    """No file named, an existing one, no folder, a folder of that name, the result itself."""
    sat = results / "sat.json"
    none = program("plot", sat)
    assert none.code == 2 and "name a file with -o FILE.svg, FILE.png or FILE.pdf" in none.err
    (program.folder / "f.svg").write_text("mine")
    run = program("plot", sat, "-o", "f.svg", *SHORT)
    assert (run.code, run.out) == (2, "")
    assert run.err == "error: f.svg: exists already: name another file, or overwrite it with --force\n"
    assert (program.folder / "f.svg").read_text() == "mine"
    assert program("plot", results / "unsat.json", "-o", "f.svg", "--force").code == 2
    assert (program.folder / "f.svg").read_text() == "mine"
    assert program("plot", sat, "-o", "f.svg", *SHORT, "--force") == (0, "wrote f.svg\n", "")
    assert (program.folder / "f.svg").read_bytes().startswith(b"<?xml")
    nowhere = program("plot", sat, "-o", "nowhere/f.svg", *SHORT)
    assert nowhere == (2, "", "error: nowhere/f.svg: there is no folder nowhere\n")
    (program.folder / "d.svg").mkdir()
    assert program("plot", sat, "-o", "d.svg", *SHORT).code == 2
    (program.folder / "r.svg").write_text(sat.read_text(encoding="utf-8"), encoding="utf-8")
    assert program("plot", "r.svg", "-o", "r.svg", *SHORT, "--force").code == 2
    assert json.loads((program.folder / "r.svg").read_text(encoding="utf-8"))["status"] == "sat"
    assert left_behind(program) == ["d.svg", "f.svg", "r.svg"]


def test_unusable_options(program: Program, results: Path) -> None:
    """A width, a kind, or a result that there is not."""
    sat = str(results / "sat.json")
    for options, message in [
        (("--width", "9"), "9.0 is not in the range 10<=x<=100"),
        (("--width", "nan"), "--width must be from 10 to 100 cm, found nan"),
        (("--kind", "pie"), "'pie' is not one of"),
        (("--pick", "2"), "there is no result 2: it holds 1"),
    ]:
        run = program("plot", sat, "-o", "f.svg", *options)
        assert run.code == 2
        assert message in run.err and "Traceback" not in run.err
    assert left_behind(program) == []


def test_a_damaged_result_is_not_drawn(program: Program, results: Path) -> None:
    """It is checked first, like everywhere."""
    document = json.loads((results / "sat.json").read_text(encoding="utf-8"))
    document["witness"]["y"][0][0] = "1000"
    run = program("plot", "-", "-o", "f.svg", stdin=json.dumps(document))
    assert (run.code, run.out) == (2, "")
    assert "<stdin>: error: refused: ∂L/∂" in run.err
    assert left_behind(program) == []


@pytest.mark.slow
def test_settings_of_the_user_make_no_difference(program: Program, results: Path) -> None:
    """Neither a backend that does not exist, nor a file of settings, nor the seed of hashes."""
    (program.folder / "matplotlibrc").write_text("text.usetex: True\nsavefig.dpi: 7\nsvg.fonttype: none\n")
    drawn = []
    for name, environment in [
        ("a.svg", {"PYTHONHASHSEED": "1", "MPLBACKEND": "nonsense"}),
        ("b.svg", {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": "/dev/null", "SOURCE_DATE_EPOCH": "1"}),
    ]:
        run = program.process("plot", results / "sat.json", "-o", name, *SHORT, environment=environment)
        assert run == (0, f"wrote {name}\n", "")
        drawn.append((program.folder / name).read_bytes())
    assert drawn[0] == drawn[1]
