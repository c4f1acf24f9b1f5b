"""`zerograd verify` and the checker on its own: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.questions import CONTRADICTION, FOUNDING, IMPOSSIBLE
from zerograd.spec import loads

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Run

ACCEPTED = "accepted: a witness with 3 samples, re-checked exactly\n"
CHECKER = ("-m", "zerograd.core.check")


FORMATS = "'zerograd.result/1', 'zerograd.witness/1', 'zerograd.enclosure/1' or 'zerograd.certificate/1'"


@pytest.fixture
def folder(program: Program, answered: Run, canonical: str) -> Program:
    """The program beside p.yaml, p.json (the same question) and r.json (its answer)."""
    program.file("p.yaml", FOUNDING)
    program.file("r.json", json.dumps(answered.results[0]))
    program.file("p.json", canonical)
    return program


def question_line(folder: Program, name: str = "p.yaml") -> str:
    """Return the line with a question's digest."""
    return f"question: {loads((folder.folder / name).read_text()).digest}\n"


def _tampered(program: Program, answered: Run, change: Any) -> str:
    result = json.loads(json.dumps(answered.results[0]))
    change(result)
    return program.file("tampered.json", json.dumps(result))


def test_result_is_accepted(folder: Program) -> None:
    """From a file and from standard input; as a result and as a bare witness; -q says it by exit code."""
    result = (folder.folder / "r.json").read_text()
    assert folder("verify", "p.yaml", "r.json") == (0, ACCEPTED + question_line(folder), "")
    assert folder("verify", "p.yaml", "-", stdin=result) == (0, ACCEPTED + question_line(folder), "")
    assert folder("verify", "-q", "p.json", "r.json") == (0, "", "")
    folder.file("w.json", json.dumps(json.loads(result)["witness"]))
    assert folder("verify", "p.yaml", "w.json") == (0, ACCEPTED + question_line(folder), "")


def test_checker_alone_accepts_and_refuses(folder: Program, answered: Run) -> None:
    """What `problem` prints is what the checker reads; its verdicts are those of `verify`."""
    assert folder.process("p.json", "r.json", run=CHECKER) == (0, ACCEPTED, "")
    wrong = _tampered(folder, answered, lambda r: r["witness"]["y"][0].__setitem__(0, "1/7"))
    by_checker = folder.process("p.json", wrong, run=CHECKER)
    by_verify = folder("verify", "p.yaml", wrong)
    assert by_checker.code == by_verify.code == 1
    assert by_checker.out.startswith("refused: ")


def test_wrong_target_is_refused_naming_the_gradient(folder: Program, answered: Run) -> None:
    """A changed y spoils at least ∂L/∂b2, which is named, with what was expected and what was found."""

    def change(result: dict[str, Any]) -> None:
        result["witness"]["y"][0][0] = "1/7"

    done = folder("verify", "p.yaml", _tampered(folder, answered, change))
    assert done.code == 1
    lines = done.out.splitlines()
    assert all(line.startswith("refused: ∂L/∂") for line in lines)
    assert any(line.startswith("refused: ∂L/∂b2[0]: expected 0, found ") for line in lines)


def test_wrong_target_of_the_founding_answer(folder: Program) -> None:
    """The published example: y = (−2, 2, 1) instead of (−2, 2, 0)."""
    witness = {
        "format": "zerograd.witness/1",
        "problem": loads(FOUNDING).digest,
        "parameters": {"w1": [["1"]], "b1": ["-1"], "w2": [["1"]], "b2": ["-1"]},
        "x": [["0"], ["2"], ["3"]],
        "y": [["-2"], ["2"], ["0"]],
    }
    folder.file("w.json", json.dumps(witness))
    assert folder("verify", "p.yaml", "w.json") == (0, ACCEPTED + question_line(folder), "")
    folder.file("w.json", json.dumps(witness | {"y": [["-2"], ["2"], ["1"]]}))
    refused = "refused: ∂L/∂w2[0,0]: expected 0, found -4/3\nrefused: ∂L/∂b2[0]: expected 0, found -2/3\n"
    assert folder("verify", "p.yaml", "w.json") == (1, refused, "")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("loss", "1/3", ", found 1/3\n"),
        ("gradients", {"b1": ["0"]}, ", found 0\n"),
        ("samples", 4, "refused: samples: expected 3, found 4"),
        ("evidence", "certificate", "refused: evidence: expected witness, found 'certificate'"),
    ],
)
def test_wrong_claims_are_refused(
    folder: Program, answered: Run, key: str, value: object, message: str
) -> None:
    """The witness is right, and what stands beside it is not."""
    done = folder("verify", "p.yaml", _tampered(folder, answered, lambda r: r.update({key: value})))
    assert done.code == 1
    assert done.out.startswith("refused: ")
    assert message in done.out


def test_answer_to_another_question_is_refused(folder: Program) -> None:
    """A digest names one question; --samples changes the question."""
    done = folder("verify", "--samples", "4", "p.yaml", "r.json")
    assert done.code == 1
    assert done.out.startswith("refused: problem: expected sha256:")
    assert "(the problem at hand), found sha256:" in done.out


@pytest.mark.parametrize("title", ["a {\u2028} b", "a }\x85{ b", "{\u2029}", "}\x0c{"])
def test_titles_with_ends_of_lines_between_braces(program: Program, title: str) -> None:
    """A result is one line of JSON, whatever ends of lines other formats know."""
    question = json.dumps({"network": [1, 1, 1], "samples": 1, "nonzero": ["b2"], "title": title})
    name = program.file("p.json", question)
    assert program("solve", "-q", "-o", "r.json", name).code == 0
    assert program("verify", name, "r.json").code == 0


def test_samples_option_verifies_what_it_solved(folder: Program) -> None:
    """solve, verify and problem take --samples alike: its answers can be checked with the core alone."""
    done = folder("solve", "-q", "--samples", "4", "p.yaml", "-o", "four.json")
    assert (done.code, done.out) == (0, "sat\n")
    assert folder("verify", "-q", "--samples", "4", "p.yaml", "four.json").code == 0
    folder.file("four-problem.json", folder("problem", "--samples", "4", "p.yaml").out)
    assert folder.process("four-problem.json", "four.json", run=CHECKER).code == 0


def test_nothing_to_check(folder: Program) -> None:
    """An unsat on a solver's word is neither accepted nor refused."""
    folder.file("p2.yaml", IMPOSSIBLE)
    folder("solve", "-q", "--no-certify", "p2.yaml", "-o", "r2.json")
    message = (
        "unknown: the result is unsat and rests on a solver's word: it carries nothing that can be checked\n"
    )
    assert folder("verify", "p2.yaml", "r2.json") == (3, message, "")


def test_certificates_are_accepted(folder: Program, answered: Run) -> None:
    """A result with a certificate, and the certificate alone, by `verify` and by the core alone."""
    folder.file("p2.yaml", IMPOSSIBLE)
    folder.file("r2.json", json.dumps(answered.results[1]))
    folder.file("c2.json", json.dumps(answered.results[1]["certificate"]))
    folder.file("p2.json", folder("problem", "p2.yaml").out)
    line = "accepted: a certificate that there is no answer (2 samples), re-checked exactly\n"
    for name in ("r2.json", "c2.json"):
        assert folder("verify", "p2.yaml", name) == (0, line + question_line(folder, "p2.yaml"), "")
        assert folder.process("p2.json", name, run=CHECKER) == (0, line, "")
    refused = folder("verify", "p.yaml", "c2.json")
    assert (refused.code, refused.out.startswith("refused: problem: expected sha256:")) == (1, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "error: bad.json: line 1, column 1: Expecting value\n"),
        ('{"format": "zerograd.result/1"', "error: bad.json: line 1, column 31: Expecting ',' delimiter\n"),
        ("[]", "error: a result is a JSON object\n"),
        ("{}", f"error: format: expected {FORMATS}, found None\n"),
        ('{"format": NaN}', "error: bad.json: NaN is not a number\n"),
        ('{"a": 1, "a": 2}', "error: bad.json: the key 'a' stands twice\n"),
        ("[" * 100_000, "error: bad.json: nested too deeply\n"),
    ],
)
def test_damaged_results_are_unusable_input(folder: Program, text: str, message: str) -> None:
    """Exit code 2, one line, no traceback: nothing was refused, since nothing could be read."""
    folder.file("bad.json", text)
    assert folder("verify", "p.yaml", "bad.json") == (2, "", message)


def test_damaged_witness_is_unusable_input(folder: Program, answered: Run) -> None:
    """The entry is named."""
    name = _tampered(folder, answered, lambda r: r["witness"]["x"].__setitem__(1, ["0.5.5"]))
    message = "error: x[1][0]: '0.5.5' is not a number (write 3, -2/3, 0.1 or 1e-3)\n"
    assert folder("verify", "p.yaml", name) == (2, "", message)


def test_standard_input_for_results(folder: Program) -> None:
    """Not for both; not if it is closed; and text it must be."""
    both = "error: SPEC and RESULT cannot both be standard input: name a file for one of them\n"
    assert folder("verify", "-", "-") == (2, "", both)
    assert folder("verify", "p.yaml", "-", stdin=b"\xff\xfe") == (2, "", "error: <stdin>: not UTF-8 text\n")
    closed = folder.shell("$ZEROGRAD verify p.yaml - <&-")
    assert closed == (2, "", "error: <stdin>: is closed: name a file\n")


def test_verify_loads_no_search(folder: Program) -> None:
    """Re-checking needs neither SymPy nor Z3 nor NumPy; the checker alone not even pydantic."""
    loaded = folder.process("verify", "p.yaml", "r.json", run=("-X", "importtime", "-m", "zerograd")).err
    assert not {"sympy", "z3", "numpy", "flint", "torch"} & _modules(loaded)
    alone = folder.process("p.json", "r.json", run=("-X", "importtime", *CHECKER)).err
    assert not {"sympy", "z3", "numpy", "flint", "torch", "pydantic", "ruamel", "click"} & _modules(alone)


def _modules(importtime: str) -> set[str]:
    """The top-level modules that ``-X importtime`` reports."""
    return {line.rpartition("|")[2].strip().split(".")[0] for line in importtime.splitlines()}


def _refutation(**changes: Any) -> dict[str, Any]:
    proof = {"cofactors": {}, "positive": [{"coefficient": "1", "factors": {label: 1}} for label in WHERE]}
    part = {"system": "dataset", "samples": 1, "proof": proof | changes}
    return {"format": "zerograd.certificate/1", "problem": loads(CONTRADICTION).digest, "parts": [part]}


WHERE = ("where[0]", "where[1]")


@pytest.fixture
def impossible(program: Program) -> Program:
    """The program beside p.yaml and p.json, a question that has no answer."""
    program.file("p.yaml", CONTRADICTION)
    program.file("p.json", json.dumps(loads(CONTRADICTION).to_json()))
    return program


def _by_both(folder: Program, text: str) -> tuple[int, str]:
    """Exit code and message of `verify`, and of the checker alone, which says the same."""
    folder.file("c.json", text)
    by_verify = folder("verify", "p.yaml", "c.json")
    by_checker = folder.process("p.json", "c.json", run=CHECKER)
    assert by_verify.code == by_checker.code
    return by_verify.code, by_verify.out + by_verify.err


def test_certificates_are_accepted_and_refused(impossible: Program) -> None:
    """A proof; the same with a sign that is wrong, and of another question."""
    code, shown = _by_both(impossible, json.dumps(_refutation()))
    assert (code, shown.split(":")[0]) == (0, "accepted")
    wrong = [{"coefficient": "-1", "factors": {label: 1}} for label in WHERE]
    code, shown = _by_both(impossible, json.dumps(_refutation(positive=wrong)))
    assert code == 1
    assert shown.startswith("refused: parts[0]: expected a coefficient above 0, found -1")
    code, shown = _by_both(impossible, json.dumps(_refutation() | {"problem": "sha256:0"}))
    assert code == 1
    assert "(the problem at hand), found sha256:0" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps(_refutation(positive=3)), "certificate.parts[0].proof.positive: expected a list"),
        (json.dumps(_refutation(cofactors=[])), "certificate.parts[0].proof.cofactors: expected an object"),
        (json.dumps(_refutation(cofactors={"where[0]": [["x"]]})), "'x' is not a number"),
        (json.dumps(_refutation() | {"parts": {}}), "certificate.parts: expected a list"),
        (json.dumps(_refutation(junk="j" * 5_000_000)), "certificate.parts[0].proof: unknown key 'junk'"),
    ],
    ids=["no-json", "deep", "list", "object", "number", "parts", "megabytes"],
)
def test_damaged_certificates_are_unusable(impossible: Program, text: str, message: str) -> None:
    """With the place, in a line, and not as a crash."""
    code, shown = _by_both(impossible, text)
    assert code == 2
    assert message in shown
    assert len(shown) < 1000


def test_every_result_of_a_file_is_checked(folder: Program, answered: Run) -> None:
    """Where several claim to answer the question, as `--count` writes them, each counts."""
    right, wrong = answered.results[0], json.loads(json.dumps(answered.results[0]))
    wrong["witness"]["y"][0][0] = "99"
    folder.file("both.json", f"{json.dumps(right)}\n{json.dumps(right)}\n")
    assert folder("verify", "p.yaml", "both.json") == (0, ACCEPTED * 2 + question_line(folder), "")
    for number, results in ((2, (right, wrong)), (1, (wrong, right))):
        folder.file("several.json", "".join(f"{json.dumps(result)}\n" for result in results))
        run = folder("verify", "p.yaml", "several.json")
        assert run.code == 1
        assert run.out.startswith(f"refused: result {number}: ∂L/∂")


def test_a_point_with_enclosed_gradients(program: Program) -> None:
    """No zero is asked: rational numbers are found, shown without unknowns, and checked again."""
    question = "network: [1, 1, 1]\nsamples: 1\nloss: bce_with_logits\ntargets: binary\nnonzero: [w1, b1]\n"
    program.file("p.yaml", question)
    shown = program("solve", "p.yaml", "-o", "result.json").out
    assert "witness   all its numbers are exact; gradients are enclosed\n" in shown
    assert "checked   by interval arithmetic" in shown
    assert "unknowns" not in shown
    line = "accepted: a witness with 1 sample, exact, with gradients that are enclosed, proved again\n"
    assert program("verify", "p.yaml", "result.json").out == line + question_line(program)
