"""`zerograd explain`: what a file is, what is said of it, and with which exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from zerograd.spec import loads

if TYPE_CHECKING:
    from tests.cli.conftest import Program

DEAD = """\
network: [1, 2, 1]
samples: 2
zero: [w1, b1]
given: {w1: [1, 2], b1: [-5, -9], w2: [3, 4], b2: 1, x: [1, 2], y: [0, 3]}
"""
ON_KINK = """\
network: {inputs: 1, layers: [{units: 1, activation: relu, bias: false}]}
samples: 2
derivative_at_kink: left
given: {x: [-1, 3], y: [0, 3], w1: 0}
"""
OPEN = "network: [1, 1, 1]\nsamples: 2\nzero: [w1]\ngiven: {w1: 2, x: [1, null]}\n"
SAID = (
    "The gradients of w1, b1 and w2 are exactly zero, because both units of layer 1 (relu) are off "
    "on both samples."
)


def test_the_first_sentence_names_the_cause(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    code, out, err = program("explain", "dead.yaml")
    assert (code, err) == (0, "")
    assert " ".join(out.split("\n1 →")[0].split()) == SAID
    assert "1 → 2 relu → 1 linear, mean squared error, ReLU'(0) = 0 (torch), loss 2.5, 2 samples" in out
    assert "optimiser" not in out
    assert "moved" not in out


def test_quiet_is_the_sentence_alone(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    assert program("explain", "-q", "dead.yaml") == (0, SAID + "\n", "")


def test_json_has_everything(program: Program) -> None:
    program.file("kink.yaml", ON_KINK)
    run = program("explain", "--json", "kink.yaml", "-o", "kept.json")
    (document,) = run.results
    assert document["torch"] is None
    assert document["optimizer"] is None
    assert document["setting"].endswith("ReLU'(0) = 0 (left)")
    (cause,) = document["parameters"]["w1"]["causes"]
    assert (cause["kind"], cause["structural"], cause["samples"]) == ("at_kink", True, [0, 1])
    assert (cause["details"]["other_slope"], cause["details"]["other_gradient"]) == (1, -9)
    assert document["units"] == [{"where": "layer 1 (relu)", "states": ["k", "k"]}]
    kept = json.loads((program.folder / "kept.json").read_text(encoding="utf-8"))
    assert {**kept, "seconds": 0} == {**document, "seconds": 0}


def test_a_page_is_written(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    code, _, err = program("explain", "dead.yaml", "--html", "dead.html")
    assert (code, err) == (0, "")
    assert "both units of layer 1 (relu) are off" in (program.folder / "dead.html").read_text("utf-8")
    code, _, err = program("explain", "dead.yaml", "--html", "dead.html")
    assert code == 2
    assert "exists already" in err


def test_standard_input_and_several_files(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    program.file("kink.yaml", ON_KINK)
    assert program("explain", "-q", "-", stdin=DEAD).out == SAID + "\n"
    code, out, _ = program("explain", "-q", "dead.yaml", "kink.yaml")
    assert code == 0
    assert out.splitlines()[:2] == ["dead.yaml:", SAID]


def test_a_result_is_explained_by_its_witness(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    result = program("solve", "--json", "dead.yaml").out
    program.file("result.json", result)
    assert program("explain", "-q", "result.json") == (0, SAID + "\n", "")
    assert program.process("explain", "-q", "-", stdin=result) == (0, SAID + "\n", "")


@pytest.mark.slow
def test_a_result_is_known_however_it_is_written(program: Program) -> None:
    """Indented, its keys in another order, or broken: a result is not read as a problem."""
    program.file("dead.yaml", DEAD)
    document = json.loads(program("solve", "--json", "dead.yaml").out)
    for text in (json.dumps(document, indent=2), json.dumps(document, sort_keys=True)):
        program.file("result.json", text)
        assert program("explain", "-q", "result.json") == (0, SAID + "\n", "")
        assert program.process("explain", "-q", "-", stdin=text) == (0, SAID + "\n", "")
    program.file("result.json", text[:-3])
    code, _, err = program("explain", "result.json")
    assert (code, err.count("error:"), err.count("\n")) == (2, 1, 1)
    problem = json.dumps(loads(DEAD).to_json())
    assert program.process("explain", "-q", "-", stdin=problem) == (0, SAID + "\n", "")


def test_a_report_is_not_explained_again(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    program("explain", "-q", "dead.yaml", "-o", "report.json")
    code, _, err = program("explain", "report.json")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("report.json: error: is a report already")


def test_what_is_claimed_and_is_not_so_is_said(program: Program) -> None:
    program.file("wrong.yaml", DEAD.replace("zero: [w1, b1]", 'zero: [b2]\nwhere: ["loss == 1"]'))
    code, out, _ = program("explain", "wrong.yaml")
    assert code == 0
    assert "The problem asks for ∂L/∂b2[0] = 0; it is -1." in out
    assert "The problem asks for loss == 1, which does not hold." in out
    program.file("wrong.yaml", DEAD.replace("zero: [w1, b1]", "nonzero: [w2]\nsome_nonzero: [w1]"))
    out = program("explain", "wrong.yaml").out
    assert "The problem asks for ∂L/∂w2[0,0] ≠ 0; it is 0." in out
    assert "The problem asks for ∂L/∂w1 ≠ 0 in at least one entry; all are 0." in out
    long = DEAD.replace("[0, 3]", '[0, "1/123456789012345678901234567890"]')
    program.file("long.yaml", long.replace("zero: [w1", "zero: [b2, w1"))
    assert "The problem asks for ∂L/∂b2[0] = 0; it is ≈ 2." in program("explain", "long.yaml").out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OPEN, "x[1,0] (1 of the 2 entries of x)"),
        (OPEN, "b1, w2, b2"),
        (
            OPEN.replace("samples: 2", "samples: any").replace(", x: [1, null]", ""),
            "the number of samples is open",
        ),
        (ON_KINK.replace("left", "forbid"), "z1[0,0] is on a kink, where the derivative is not defined"),
        ("network: 3\n", "bad.yaml:1:"),
    ],
)
def test_what_cannot_be_explained(program: Program, text: str, words: str) -> None:
    """A message says what is missing and what to do, with exit code 2."""
    program.file("bad.yaml", text)
    code, out, err = program("explain", "bad.yaml")
    assert (code, out) == (2, "")
    assert words in err
    assert "bad.yaml" in err


def test_an_answer_without_numbers(program: Program) -> None:
    program.file("no.yaml", "network: [1, 1]\nsamples: 1\nwhere: ['x != x']\n")
    program.file("no.json", program("solve", "--json", "no.yaml").out)
    code, _, err = program("explain", "no.json")
    assert code == 2
    assert "an answer that is unsat has no numbers" in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.pt", b"PK\x03\x04", "torch.onnx.export"),
        ("state", b"\x80\x02}q\x00.", "safetensors"),
        ("numbers.npz", b"PK\x03\x04", "holds arrays and no network"),
        ("model.onnx", b"\x08\x07\x12\x07", "add --data FILE.npz and --loss NAME"),
        ("missing.yaml", None, "missing.yaml"),
    ],
)
def test_other_files(program: Program, name: str, content: bytes | None, words: str) -> None:
    """Nothing is unpickled; a model wants data."""
    if content is not None:
        (program.folder / name).write_bytes(content)
    code, out, err = program("explain", name)
    assert (code, out) == (2, "")
    assert words in err


def test_options_of_models_are_not_for_problems(program: Program) -> None:
    program.file("dead.yaml", DEAD)
    code, _, err = program("explain", "dead.yaml", "--loss", "mse")
    assert code == 2
    assert "leave out --data and --loss" in err
    assert program("explain", "dead.yaml", "dead.yaml", "--html", "page.html").code == 2


def test_python_says_the_same(program: Program) -> None:
    """`zg.explain` takes problems, witnesses and answers, each alone."""
    import zerograd as zg

    problem = loads(DEAD)
    assert zg.explain(problem).verdict == SAID
    answer = zg.solve(problem)
    assert isinstance(answer, zg.Sat)
    assert zg.explain(answer).verdict == zg.explain(answer.witness).verdict == SAID
    with pytest.raises(zg.ZerogradError, match="give it alone"):
        zg.explain(problem, max, 1, 2)
    with pytest.raises(zg.ZerogradError, match="missing; `solve` looks for them"):
        zg.explain(loads(OPEN))
