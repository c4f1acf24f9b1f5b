"""`zerograd export`: what it reads, where it writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from tests.cli.questions import CONTRADICTION, FOUNDING, IMPOSSIBLE
from zerograd import exports
from zerograd.cli import exporting
from zerograd.core.question.documents import parse_json
from zerograd.core.verdict.results import answer_from_json
from zerograd.show import plot

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"
HOPELESS = (
    "network: [2, 3, 3, 1]\nsamples: 5\nzero: [w1, w2, w3]\nnonzero: [x]\nwhere: ['y**3 == x[0,0] + 2']\n"
)


@pytest.fixture
def result(program: Program, answered: Run) -> str:
    """The name of a file with the founding answer."""
    return program.file("r.json", json.dumps(answered.results[0]))


def test_json_is_the_result(program: Program, result: str) -> None:
    """Read, checked and written again, it is the same document."""
    run = program("export", result, "--to", "json")
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out) == json.loads((program.folder / result).read_text(encoding="utf-8"))


def test_from_standard_input_to_a_file(program: Program, result: str) -> None:
    """`-` is standard input, and an existing file asks for --force."""
    text = (program.folder / result).read_text(encoding="utf-8")
    run = program("export", "-", "--to", "json", "-o", "again.json", stdin=text)
    assert run == (0, "wrote again.json\n", "")
    assert program("export", "-", "--to", "markdown", "-o", "page.md", stdin=text).code == 0
    again = program("export", "-", "--to", "markdown", "-o", "page.md", stdin=text)
    assert again == (
        2,
        "",
        "error: page.md: exists already: name another file, or overwrite it with --force\n",
    )
    assert program("export", "-", "--to", "markdown", "-o", "page.md", "--force", stdin=text).code == 0
    assert sorted(path.name for path in program.folder.iterdir()) == ["again.json", "page.md", "r.json"]


def test_places_that_cannot_be_written(program: Program, result: str) -> None:
    """No folder, a folder in place of a file, the result itself."""
    run = program("export", result, "--to", "json", "-o", "nowhere/f.json")
    assert run == (2, "", "error: nowhere/f.json: there is no folder nowhere\n")
    (program.folder / "here").mkdir()
    run = program("export", result, "--to", "json", "-o", "here")
    assert (run.code, run.out) == (2, "")
    assert "is a directory" in run.err
    run = program("export", result, "--to", "json", "-o", result, "--force")
    assert run == (2, "", "error: r.json: is the result that is read: name another file to write to\n")
    assert json.loads((program.folder / result).read_text(encoding="utf-8"))["status"] == "sat"


@pytest.mark.parametrize("command", [("export", "r.json", "--to", "json"), ("plot", "r.json")])
def test_the_problem_is_not_overwritten(program: Program, result: str, command: tuple[str, ...]) -> None:
    """Not by its own name nor by another, --force or not."""
    problem = program.folder / "p.svg"
    problem.write_text(FOUNDING, encoding="utf-8")
    (program.folder / "link.svg").symlink_to(problem)
    for name in ("p.svg", "link.svg"):
        run = program(*command, "--problem", "p.svg", "-o", name, "--force")
        said = f"error: {name}: is one of the problems: name another file for the results\n"
        assert run == (2, "", said)
    assert problem.read_text(encoding="utf-8") == FOUNDING


def test_options_are_those_of_the_package() -> None:
    """Forms, pictures, kinds and widths stand in the command too, so that it starts quickly."""
    choices = {
        parameter.name: parameter.type
        for command in (exporting.export, exporting.plot)
        for parameter in command.params
    }
    form, kind, width = choices["form"], choices["kind"], choices["width"]
    assert isinstance(form, click.Choice)
    assert isinstance(kind, click.Choice)
    assert isinstance(width, click.FloatRange)
    assert sorted(form.choices) == sorted((*exports.FORMS, "pdf"))
    assert tuple(kind.choices) == (*plot.KINDS, "all")
    assert exporting.PICTURES == plot.PICTURES
    assert (width.min, width.max) == (plot.NARROWEST, plot.WIDEST)


def test_unknown_has_nothing_to_write(program: Program) -> None:
    """Neither a witness nor a proof: exit code 2, and no file."""
    run = program("solve", "-", "-q", "--timeout", "500ms", "-o", "u.json", stdin=HOPELESS)
    assert run.code == 3
    for form in ("markdown", "latex", "html", "pytorch", "jax", "notebook", "coq"):
        run = program("export", "u.json", "--to", form, "-o", "out")
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith(f"error: --to {form}: the answer is unknown (")
    assert not (program.folder / "out").exists()


def test_unsat_has_a_proof(program: Program) -> None:
    """It goes where proofs go, and nowhere else."""
    assert program("solve", "-", "-q", "-o", "n.json", stdin=CONTRADICTION).code == 0
    assert "Suppose that" in program("export", "n.json", "--to", "markdown").out
    assert "Theorem no_answer" in program("export", "n.json", "--to", "coq").out
    run = program("export", "n.json", "--to", "html")
    assert (run.code, run.out) == (2, "")
    assert "its proof can be had as markdown, latex, pdf, slides, exercise or coq" in run.err


def test_sat_has_no_proof(program: Program, result: str) -> None:
    """There is nothing that Coq could be told."""
    run = program("export", result, "--to", "coq")
    assert run == (2, "", "error: --to coq: the answer is sat: there is a witness, and nothing to prove\n")


def test_of_another_problem(program: Program, result: str) -> None:
    """A result answers its own problem only."""
    (program.folder / "two.yaml").write_text(IMPOSSIBLE, encoding="utf-8")
    run = program("export", result, "--to", "json", "--problem", "two.yaml")
    assert (run.code, run.out) == (2, "")
    assert "r.json: error: refused: problem: expected sha256:" in run.err
    assert "It answers another question" in run.err
    assert program("export", result, "--to", "json", "--problem", "two.yaml", "--samples", "3").code == 0


def damaged(document: Any, what: str) -> str:
    """A document with something broken in it."""
    match what:
        case "cut":
            return json.dumps(document)[:200]
        case "witness":
            document["witness"]["y"][0][0] = "1000"
        case "digest":
            document["problem"]["digest"] = "sha256:0"
        case "question":
            document["problem"]["question"]["zero"] = ["w9"]
    return json.dumps(document)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("cut", "d.json: line 1, column"),
        ("witness", "d.json: error: refused: ∂L/∂"),
        ("digest", "d.json: error: refused: problem: expected sha256:"),
        ("question", "d.json: error: problem.question: zero[0]: there is no w9"),
    ],
)
def test_damaged(program: Program, result: str, what: str, message: str) -> None:
    """A damaged file is named, with what is wrong; nothing is written."""
    document = json.loads((program.folder / result).read_text(encoding="utf-8"))
    (program.folder / "d.json").write_text(damaged(document, what), encoding="utf-8")
    run = program("export", "d.json", "--to", "json", "-o", "out")
    assert (run.code, run.out) == (2, "")
    assert message in run.err
    assert not (program.folder / "out").exists()


def test_files_that_are_no_results(program: Program) -> None:
    """A problem, a missing file, a certificate, an old result without its question."""
    (program.folder / "p.yaml").write_text(FOUNDING, encoding="utf-8")
    run = program("export", "p.yaml", "--to", "json")
    assert run.code == 2
    assert (
        "This looks like a problem, not a result. To answer it: zerograd solve p.yaml -o result.json"
        in run.err
    )
    assert "No such file" in program("export", "missing.json", "--to", "json").err
    run = program("export", "-", "--to", "json", stdin='{"format": "zerograd.certificate/1"}')
    assert (run.code, run.err) == (
        2,
        "<stdin>: error: format: expected a result ('zerograd.result/1'), found 'zerograd.certificate/1'\n",
    )
    old = program("solve", "-", "--json", stdin=FOUNDING).results[0]
    del old["problem"]["question"]
    run = program("export", "-", "--to", "json", stdin=json.dumps(old))
    assert run == (
        2,
        "",
        "<stdin>: error: does not carry its question: name the problem with --problem SPEC\n",
    )
    assert program("export", "-", "--to", "json", "--problem", "p.yaml", stdin=json.dumps(old)).code == 0


def test_of_several_results_one_is_picked(program: Program) -> None:
    """--count writes several results, and --pick chooses."""
    run = program("solve", PROBLEMS / "textbook-m3.yaml", "-q", "--count", "3", "-o", "three.json")
    assert run == (0, "sat\n", "")
    run = program("export", "three.json", "--to", "json")
    assert run == (2, "", "error: three.json: holds 3 results: choose one with --pick 1 to --pick 3\n")
    run = program("export", "three.json", "--to", "json", "--pick", "4")
    assert run == (2, "", "error: three.json: there is no result 4: it holds 3\n")
    second = answer_from_json(parse_json(program("export", "three.json", "--to", "json", "--pick", "2").out))
    assert second.to_json()["smallest"]["rank"] == 2


def test_options_that_do_not_fit(program: Program, result: str) -> None:
    """--fragment is for LaTeX, and a PDF is not for a terminal."""
    run = program("export", result, "--to", "markdown", "--fragment")
    assert run == (2, "", "error: --fragment goes with --to latex\n")
    run = program("export", result, "--to", "pdf")
    assert run == (2, "", "error: --to pdf is not for a terminal: name a file with -o FILE\n")


def test_smallest(program: Program) -> None:
    """Witnesses are small by default, whatever the form; `any` takes the first."""
    spec = PROBLEMS / "textbook-m3.yaml"
    first = program("solve", spec, "--json", "--prefer", "any").results[0]
    assert "smallest" not in first
    assert first["witness"] == program("solve", spec, "--json", "--no-smallest").results[0]["witness"]
    [small] = program("solve", spec, "--json", "--smallest").results
    assert small["smallest"] == {
        "height": 2, "on_kink": False, "non_integers": 0, "total": "11", "nonzeros": 8,
        "rank": 1, "proved": True, "exhausted": 2,
    }  # fmt: skip
    assert "no witness has all its values in {-1, 0, 1}" in program("solve", spec).out
    assert "no witness has all its values" not in program("solve", spec, "--no-smallest").out
    [default] = program("solve", spec, "--json").results
    assert default["witness"] == small["witness"] != first["witness"]
    text = spec.read_text(encoding="utf-8")
    for prefer, wanted in (("small", small), ("any", first)):
        [again] = program("solve", "-", "--json", stdin=f"{text}prefer: {prefer}\n").results
        assert again["witness"] == wanted["witness"]
    overruled = program("solve", "-", "--json", "--prefer", "any", stdin=f"{text}prefer: small\n").results
    assert overruled[0]["witness"] == first["witness"]


def test_one_answer_whatever_the_form(program: Program) -> None:
    """The terminal, --json, -o, -q -o and Python give the same witness."""
    import zerograd as zg

    spec = PROBLEMS / "some-nonzero.yaml"
    answer = zg.solve(spec)
    assert isinstance(answer, zg.Sat)
    assert answer.smallest is not None
    shown = program("solve", spec, "-o", "shown.json")
    [printed] = program("solve", spec, "--json").results
    program("solve", spec, "-q", "-o", "quiet.json")
    for name in ("shown.json", "quiet.json"):
        saved = json.loads((program.folder / name).read_text(encoding="utf-8"))
        assert saved["witness"] == printed["witness"] == answer.witness.to_json()
    from zerograd.show.text import answer_text

    until = "\nchecked"
    assert shown.out.split(until)[0] == answer_text(answer, width=100).split(until)[0]


def test_hidden_folder_is_left_as_it_was(program: Program, result: str) -> None:
    """Nothing half-written is left behind by a form that fails."""
    before = sorted(Path(program.folder).iterdir())
    assert program("export", result, "--to", "coq", "-o", "proof.v").code == 2
    assert sorted(Path(program.folder).iterdir()) == before


def test_a_name_that_says_another_form_is_refused(program: Program, result: str) -> None:
    """A PDF in a file called .html helps nobody; an ending that says nothing is as good as any."""
    run = program("export", result, "--to", "pdf", "-o", "page.html")
    assert run == (2, "", "error: page.html: is the name of another form: --to pdf goes into a file ….pdf\n")
    assert not (program.folder / "page.html").exists()
    assert program("export", result, "--to", "jax", "-o", "script.py").code == 0
    assert program("export", result, "--to", "markdown", "-o", "page.txt").code == 0


def test_the_form_that_was_asked_for_is_named(program: Program) -> None:
    """A PDF is made of LaTeX, and that is nobody's business."""
    hopeless = "network: [1, 1, 1]\nsamples: any\ndomain: integer\nwhere: ['w1**3 + b1**3 + w2**3 == 114']\n"
    program.file("u.json", program("solve", "--json", "--timeout", "1s", "-", stdin=hopeless).out)
    run = program("export", "u.json", "--to", "pdf", "-o", "u.pdf")
    assert run.err.startswith("error: --to pdf: the answer is unknown (")
    run = program("export", "u.json", "--to", "smtlib")
    assert "solve it for one of them (--samples N), and export that result" in run.err
