"""The checker: what it must accept, and what it must refuse.

``corpus/accept`` and ``corpus/refuse`` hold pairs of a problem and a result; beside a refused
pair stands the refusal, word for word.
"""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from zerograd.core.check import main
from zerograd.core.errors import FormatError, NothingToCheck, Refused, Violation
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import exact_to_json
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.documents import problem_from_json, read_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.sweeps import Sweep
from zerograd.core.verdict.checking import check_result, check_witness
from zerograd.core.verdict.witness import Witness, array_to_json, witness_from_json
from zerograd.sweeps import sweep

FORMATS = "'zerograd.result/1', 'zerograd.witness/1', 'zerograd.enclosure/1' or 'zerograd.certificate/1'"


def witness_in(problem: Problem, data: object) -> Witness:
    """The witness in a result that the checker accepts."""
    found = check_result(problem, data)
    assert isinstance(found, Witness)
    return found


F = Fraction
CORPUS = Path(__file__).parent / "corpus"


def pairs(kind: str) -> list[str]:
    return sorted(p.name.removesuffix(".problem.json") for p in (CORPUS / kind).glob("*.problem.json"))


def read_pair(kind: str, name: str) -> tuple[Problem, Any]:
    folder = CORPUS / kind
    problem = problem_from_json(read_json(folder / f"{name}.problem.json"))
    return problem, read_json(folder / f"{name}.result.json")


# --- the corpus -------------------------------------------------------------------------


@pytest.mark.parametrize("name", pairs("accept"))
def test_accepted_corpus(name: str) -> None:
    """Published and constructed answers are accepted; what is read is what was written."""
    problem, data = read_pair("accept", name)
    witness = witness_in(problem, data)
    written = data.get("witness", data)
    assert witness.to_json() == written
    assert witness_in(problem, witness.to_json()).variables == witness.variables
    if "gradients" in data:
        assert {n: array_to_json(a) for n, a in witness.gradients.items()} == data["gradients"]
        assert exact_to_json(witness.loss) == data["loss"]


@pytest.mark.parametrize("name", pairs("refuse"))
def test_refused_corpus(name: str) -> None:
    """Wrong answers are refused, naming each entry, what was expected and what was found."""
    problem, data = read_pair("refuse", name)
    with pytest.raises(Refused) as error:
        check_result(problem, data)
    assert f"{error.value}\n" == (CORPUS / "refuse" / f"{name}.txt").read_text(encoding="utf-8")
    assert str(error.value) == "\n".join(map(str, error.value.violations))


def test_the_corpus_is_there() -> None:
    """The published cases are part of it; an empty folder proves nothing."""
    published = {
        "founding", "founding-given", "yun-critical", "yun-exact-fit", "swirszcz-left", "swirszcz-right",
        "dead-unit", "zero-residual", "square-root-of-2",
    }  # fmt: skip
    assert published <= set(pairs("accept"))
    assert {"founding-y-changed", "nearly-zero", "two-samples-torch"} <= set(pairs("refuse"))
    assert len(pairs("refuse")) >= 25


def test_published_numbers() -> None:
    """The losses as published, where they are sums and not means."""
    losses = {name: witness_in(*read_pair("accept", name)).loss for name in pairs("accept")}
    assert losses["founding"] == 2
    assert losses["yun-critical"] == F(1, 3) * 2 / 3  # Σ ½ r² = 1/3 over 3 samples
    assert losses["yun-exact-fit"] == 0
    assert losses["swirszcz-left"] == losses["swirszcz-right"] == F(18, 5)
    assert losses["dead-unit"] == 25
    founding = witness_in(*read_pair("accept", "founding"))
    assert founding.gradients["w1"][0, 0] == founding.gradients["b1"][0] == F(-2, 3)
    assert founding.point.residuals.entries == (1, -2, 1)


# --- malformed documents ----------------------------------------------------------------

PROBLEM, RESULT = read_pair("accept", "founding")
ALGEBRAIC_PROBLEM, ALGEBRAIC = read_pair("accept", "square-root-of-2")


def changed(data: Any, path: str, value: Any) -> Any:
    """A copy with one part replaced; `...` deletes it."""
    result = copy.deepcopy(data)
    node = result
    *outer, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in outer:
        node = node[key]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return result


W = "witness/parameters"
EXACT = 'is not an exact number (write "p/q", an integer, or {"alpha": […]})'


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{W}/w1/0/0", 1.0, f"w1[0][0]: 1.0 {EXACT}"),
        (f"{W}/w1/0/0", float("nan"), f"w1[0][0]: nan {EXACT}"),
        (f"{W}/w1/0/0", True, f"w1[0][0]: True {EXACT}"),
        (f"{W}/w1/0/0", None, f"w1[0][0]: None {EXACT}"),
        (f"{W}/w1/0/0", [], f"w1[0][0]: [] {EXACT}"),
        (f"{W}/w1/0/0", {}, f"w1[0][0]: {{}} {EXACT}"),
        (f"{W}/w1/0/0", "nan", "w1[0][0]: 'nan' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        (f"{W}/w1/0/0", "1/0", "w1[0][0]: '1/0' divides by zero"),
        (f"{W}/w1/0/0", "", "w1[0][0]: '' is not a number (write 3, -2/3, 0.1 or 1e-3)"),
        (
            f"{W}/w1/0/0",
            "9" * 100_001,
            "w1[0][0]: a number of 100001 characters (at most 100000 are read)",
        ),
        (f"{W}/w1/0/0", "1e1001", "w1[0][0]: '1e1001' has an exponent beyond 1000"),
        (
            f"{W}/w1/0/0",
            {"alpha": ["0", "1"]},
            'w1[0][0]: a value {"alpha": …} needs the witness to name its "field"',
        ),
        (f"{W}/w1", [], "w1: expected a list of 1 (w1 has shape (1, 1)), found 0 items"),
        (f"{W}/w1", [["1"], ["1"]], "w1: expected a list of 1 (w1 has shape (1, 1)), found 2 items"),
        (f"{W}/w1", ["1"], "w1[0]: expected a list of 1 (w1 has shape (1, 1)), found '1'"),
        (f"{W}/w1", "1", "w1: expected a list of 1 (w1 has shape (1, 1)), found '1'"),
        (f"{W}/w1", {"0": ["1"]}, "w1: expected a list of 1 (w1 has shape (1, 1)), found {'0': ['1']}"),
        (f"{W}/b1", [["-1"]], f"b1[0]: ['-1'] {EXACT}"),
        (f"{W}/b1", ..., "witness.parameters: b1 is missing"),
        (f"{W}/b3", ["1"], "witness.parameters: 'b3' is not a parameter of this network"),
        (f"{W}/x", [["0"], ["2"], ["3"]], "witness.parameters: 'x' is not a parameter of this network"),
        (f"{W}/loss", "2", "witness.parameters: 'loss' is not a parameter of this network"),
        (W, ..., "witness.parameters: expected an object"),
        (W, [["1"]], "witness.parameters: expected an object"),
        ("witness/x", ..., "witness.x: expected a list of 1 to 100000 samples"),
        ("witness/x", [], "witness.x: expected a list of 1 to 100000 samples"),
        ("witness/x", "023", "witness.x: expected a list of 1 to 100000 samples"),
        ("witness/x", [["0"]] * 100_001, "witness.x: expected a list of 1 to 100000 samples"),
        ("witness/x", [["0"], ["2"]], "y: expected a list of 2 (y has shape (2, 1)), found 3 items"),
        ("witness/x/1", ["2", "2"], "x[1]: expected a list of 1 (x has shape (3, 1)), found 2 items"),
        ("witness/x/1", "2", "x[1]: expected a list of 1 (x has shape (3, 1)), found '2'"),
        ("witness/x/2/0", 3.0, f"x[2][0]: 3.0 {EXACT}"),
        ("witness/y", ..., "witness.y: is missing"),
        ("witness/y", None, "y: expected a list of 3 (y has shape (3, 1)), found None"),
        ("witness/y", [["0"]] * 4, "y: expected a list of 3 (y has shape (3, 1)), found 4 items"),
        ("witness/y/0/0", -2.0, f"y[0][0]: -2.0 {EXACT}"),
        ("witness/z", [], "witness: unknown key 'z'"),
        ("witness/field", None, 'field: expected {"polynomial": [c0, c1, …], "interval": [low, high]}'),
        (
            "witness/field",
            {"polynomial": ["-4", "0", "1"], "interval": ["-3", "3"]},
            "field: the interval (-3, 3) must hold exactly one root, found 2",
        ),
        ("witness/format", "witness/1", "witness.format: expected 'zerograd.witness/1', found 'witness/1'"),
        ("witness/format", ..., "witness.format: expected 'zerograd.witness/1', found None"),
        ("witness", ..., "witness: expected an object"),
        ("witness", None, "witness: expected an object"),
        ("witness", [], "witness: expected an object"),
        ("format", ..., f"format: expected {FORMATS}, found None"),
        ("format", 1, f"format: expected {FORMATS}, found 1"),
        (
            "format",
            "zerograd.result/2",
            f"format: expected {FORMATS}, found 'zerograd.result/2'",
        ),
        ("status", ..., "status: expected sat, unsat or unknown, found None"),
        ("status", "SAT", "status: expected sat, unsat or unknown, found 'SAT'"),
        ("status", ["sat"], "status: expected sat, unsat or unknown, found ['sat']"),
        ("status", True, "status: expected sat, unsat or unknown, found True"),
        ("gradients", None, "gradients: expected an object"),
        ("gradients", [], "gradients: expected an object"),
        ("gradients/y", [["0"]], "gradients: 'y' is neither a parameter of this network nor x"),
        ("gradients/b1", "5", "gradients.b1: expected a list of 1 (gradients.b1 has shape (1,)), found '5'"),
        ("gradients/w1/0/0", -0.5, f"gradients.w1[0][0]: -0.5 {EXACT}"),
        ("gradients/b1/0", None, f"gradients.b1[0]: None {EXACT}"),
        ("loss", 2.0, f"loss: 2.0 {EXACT}"),
        ("loss", None, f"loss: None {EXACT}"),
        ("loss", {"alpha": ["2"]}, 'loss: a value {"alpha": …} needs the witness to name its "field"'),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_malformed_documents(path: str, value: Any, message: str) -> None:
    """What is not of the documented form is refused as such, naming the entry."""
    with pytest.raises(FormatError) as error:
        check_result(PROBLEM, changed(RESULT, path, value))
    assert str(error.value) == message


@pytest.mark.parametrize("data", [None, [], "sat", 3, True, 0.5])
def test_a_result_is_an_object(data: object) -> None:
    """Other JSON is no result."""
    with pytest.raises(FormatError, match=r"^a result is a JSON object$"):
        check_result(PROBLEM, data)


@pytest.mark.parametrize(
    ("status", "evidence", "message"),
    [
        ("unsat", None, "the result is unsat: it carries nothing that can be checked"),
        (
            "unsat",
            "solver",
            "the result is unsat and rests on a solver's word: it carries nothing that can be checked",
        ),
        ("unknown", None, "the result is unknown: it carries nothing that can be checked"),
    ],
)
def test_nothing_to_check(status: str, evidence: str | None, message: str) -> None:
    """Without a witness there is no verdict, neither yes nor no; a witness beside `unsat` changes nothing."""
    data = RESULT | {"status": status, "evidence": evidence}
    for document in (data, changed(data, "witness", None), changed(data, "witness", ...)):
        with pytest.raises(NothingToCheck) as error:
            check_result(PROBLEM, document)
        assert str(error.value) == message


def test_unsat_for_another_problem_is_refused() -> None:
    """Even a result that carries nothing belongs to one problem."""
    data = changed(RESULT, "status", "unsat")
    with pytest.raises(Refused, match=r"^problem: expected sha256:\w+ \(the problem at hand\), found None$"):
        check_result(PROBLEM, changed(data, "problem", None))


@pytest.mark.parametrize("found", [None, 5, "sha256:\x1b[31m", ["sha256"], "x" * 1000])
def test_strange_digests_are_shown_safely(found: object) -> None:
    """What stands for a digest is shown in one short, printable line."""
    with pytest.raises(Refused) as error:
        check_result(PROBLEM, changed(RESULT, "problem/digest", found))
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


def test_claims_may_be_left_out() -> None:
    """Claimed gradients and loss are optional; each that is made is checked."""
    for path in ("gradients", "gradients/w1", "gradients/x", "loss", "reason", "problem/title"):
        assert witness_in(PROBLEM, changed(RESULT, path, ...)).samples == 3


def test_long_claims_are_read() -> None:
    """Exact losses grow: what a witness leads to can be written and read back."""
    fraction = "7" * 3000 + "/" + "9" * 2999 + "7"
    problem = Problem(network=[1, 1], samples=2, some_nonzero=["w1"])
    witness = Witness.of(
        problem,
        {
            "w1": Array((1, 1), (1,)),
            "b1": Array((1,), (0,)),
            "x": Array((2, 1), (F(int(fraction[:3000]), 10**2999 + 7), 2)),
            "y": Array((2, 1), (0, F(1, 10**2998 + 9))),
        },
    )
    check_witness(problem, witness)
    loss = exact_to_json(witness.loss)
    assert len(str(loss)) > 20_000
    data = {
        "format": "zerograd.result/1",
        "problem": {"digest": problem.digest},
        "status": "sat",
        "samples": 2,
        "evidence": "witness",
        "witness": witness.to_json(),
        "gradients": {"w1": array_to_json(witness.gradients["w1"])},
        "loss": loss,
    }
    assert witness_in(problem, json.loads(json.dumps(data))).loss == witness.loss
    with pytest.raises(Refused, match=r"^claimed loss: expected "):
        check_result(problem, data | {"loss": f"1{loss}"})


# --- algebraic witnesses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("witness/parameters/w1/0/0", {"alpha": ["0", "-1"]}),
        ("witness/parameters/w1/0/0", {"alpha": ["1", "1"]}),
        ("witness/parameters/w1/0/0", "7/5"),
        ("witness/x/1/0", {"alpha": ["0", "2"]}),
        ("witness/field/polynomial", ["-3", "0", "1"]),
        ("witness/field/interval", ["-2", "-1"]),
        ("gradients/w1/0/0", {"alpha": ["0", "1/3"]}),
        ("gradients/w2/0/0", {"alpha": ["0", "1/1000000000000000000000000"]}),
        ("loss", {"alpha": ["2", "1/1000000000000000000000000"]}),
    ],
)
def test_changed_algebraic_witnesses_are_refused(path: str, value: Any) -> None:
    """Another number, another root, another polynomial: none passes."""
    with pytest.raises(Refused):
        check_result(ALGEBRAIC_PROBLEM, changed(ALGEBRAIC, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("witness/parameters/w1/0/0", {"alpha": ["0", "2/2"]}),
        ("witness/parameters/w1/0/0", {"alpha": [0, 0, 0, "1/2"]}),
        ("witness/parameters/b2/0", {"alpha": ["-1"]}),
        ("witness/parameters/b2/0", {"alpha": ["1", "0", "-1"]}),
        ("witness/field/interval", ["7/5", "17/12"]),
        ("witness/field/interval", ["0", "1000"]),
        ("witness/field/polynomial", ["-4", "0", "2"]),
        ("witness/field/polynomial", ["2", "-2", "-1", "1"]),
        ("gradients/w1/0/0", {"alpha": [0, 0, 0, "-1/6"]}),
        ("loss", {"alpha": ["0", "0", "1"]}),
    ],
)
def test_other_ways_to_write_the_same_witness_are_accepted(path: str, value: Any) -> None:
    """The number counts, not how it is written: α³/2 is α, 2α²−4 has the same root."""
    if path == "witness/field/polynomial" and len(value) == 4:
        value_interval = changed(ALGEBRAIC, "witness/field/interval", ["5/4", "2"])  # (x−1)(x²−2)
        assert witness_in(ALGEBRAIC_PROBLEM, changed(value_interval, path, value)).samples == 3
        return
    assert witness_in(ALGEBRAIC_PROBLEM, changed(ALGEBRAIC, path, value)).samples == 3


# --- the Witness itself -----------------------------------------------------------------


def parts() -> dict[str, Array[Any]]:
    return dict(witness_from_json(PROBLEM, RESULT["witness"]).variables)


ROOT2 = NumberField(polynomial([-2, 0, 1]), F(1), F(2))
ROOT3 = NumberField(polynomial([-3, 0, 1]), F(1), F(2))


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("w1", Array((1, 1), (1.0,)), "w1[0,0]: 1.0 is not an exact number"),
        ("w1", Array((1, 1), (True,)), "w1[0,0]: True is not an exact number"),
        ("b2", Array((1,), ("1",)), "b2[0]: '1' is not an exact number"),
        ("w1", Array((1,), (1,)), "w1: expected shape (1, 1), found (1,)"),
        ("y", Array((1, 3), (-2, 2, 0)), "y: expected shape (3, 1), found (1, 3)"),
        ("x", Array((2, 1), (0, 2)), "y: expected shape (2, 1), found (3, 1)"),
    ],
)
def test_a_witness_is_well_formed(name: str, array: Array[Any], message: str) -> None:
    """Floats and wrong shapes never reach the arithmetic, whoever makes the witness."""
    with pytest.raises(FormatError) as error:
        Witness.of(PROBLEM, parts() | {name: array})
    assert str(error.value) == message


def test_a_witness_has_all_parameters_and_no_more() -> None:
    """Arrays that are missing or too many are refused."""
    values = parts()
    x, y = values.pop("x"), values.pop("y")
    for parameters in ({**values, "b3": values["b1"]}, {"w1": values["w1"]}, {**values, "x": x}):
        with pytest.raises(FormatError, match=r"^witness: expected w1, b1, w2, b2, x, y, found "):
            Witness(PROBLEM, parameters, x, y)


def test_a_witness_has_one_field() -> None:
    """Numbers of two number fields make no witness."""
    two, three = (Algebraic(f, polynomial([0, 1])) for f in (ROOT2, ROOT3))
    with pytest.raises(FormatError, match=r"^witness: its numbers are of different number fields$"):
        Witness.of(PROBLEM, parts() | {"w1": Array((1, 1), (two,)), "w2": Array((1, 1), (three,))})


def test_check_witness_compares_problems() -> None:
    """A witness made for one problem is no answer to another, even of the same shape."""
    witness = witness_from_json(PROBLEM, RESULT["witness"])
    other = Problem(network=[1, 1, 1], samples=3, zero=["w2"])
    with pytest.raises(Refused) as error:
        check_witness(other, witness)
    assert error.value.violations == (Violation("problem", other.digest, PROBLEM.digest),)


# --- the command ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "code", "out"),
    [
        ("accept", "founding", 0, "accepted: a witness with 3 samples, re-checked exactly\n"),
        ("refuse", "claimed-loss", 1, "refused: claimed loss: expected 2, found 6\n"),
    ],
)
def test_main(kind: str, name: str, code: int, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict goes to stdout and into the exit code."""
    files = [str(CORPUS / kind / f"{name}.{part}.json") for part in ("problem", "result")]
    assert main(files) == code
    assert capsys.readouterr() == (out, "")


def test_main_with_unusable_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read is no verdict: exit 2, and the reason on stderr."""
    good = str(CORPUS / "accept" / "founding.problem.json")
    missing = str(tmp_path / "none.json")
    assert main([good, missing]) == 2
    assert capsys.readouterr() == ("", f"error: {missing}: No such file or directory\n")
    assert main([good]) == 2
    message = "error: a result is checked with its problem: name both files, the problem first\n"
    assert capsys.readouterr() == ("", message)
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == (
        "",
        "usage: python -m zerograd.core.check [--work N] PROBLEM.json RESULT.json",
    )
    spoilt = tmp_path / "problem.json"
    spoilt.write_text('{"network": [1, 1], "sampels": 3}', encoding="utf-8")
    assert main([str(spoilt), good]) == 2
    assert capsys.readouterr() == (
        "",
        "error: sampels: unknown key (did you mean 'samples'?)\nsamples: is missing\n",
    )
    assert main([good, good]) == 2
    assert capsys.readouterr().err == (f"error: format: expected {FORMATS}, found None\n")


def test_main_with_a_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every row by the question that it carries; a result alone is not enough."""
    asked = Sweep.of({"M": (2, 3)}, lambda M: Problem(network=[1, 1], samples=M, zero=["w1"], nonzero=["b1"]))
    document = sweep(asked, store=tmp_path / "rows", jobs=1).to_json()
    path = tmp_path / "sweep.json"

    def told(data: object) -> tuple[int, str, str]:
        path.write_text(json.dumps(data), encoding="utf-8")
        code = main([str(path)])
        return code, *capsys.readouterr()

    line = "accepted: a sweep of 2 rows: 2 with a witness, 0 with a certificate, re-checked exactly\n"
    code, out, err = told(document)
    assert (code, out.startswith(line), err) == (0, True, "")
    other = json.loads(json.dumps(document))
    other["rows"][1]["samples"] = 2
    assert told(other) == (1, "refused: rows[1].samples: expected 3, found 2\n", "")
    other["rows"].pop()
    assert told(other) == (1, "refused: rows: expected 2, found 1\n", "")
    other["sweep"]["M"] = []
    assert told(other) == (2, "", "error: M: has no values: give at least one\n")
    del document["rows"][0]["result"]["problem"]["question"]
    error = "error: rows[0]: expected a result that carries its question\n"
    assert told(document) == (2, "", error)
    assert told(document["rows"][1]["result"])[2].startswith("error: a result is checked with its problem")
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    assert told({"format": "zerograd.sweep/1", "sweep": {"M": deep}, "rows": []})[0] == 2
    malformed: list[dict[str, Any]] = [{}, {"sweep": [], "rows": []}, {"sweep": {"M": 3}, "rows": []}]
    for spoilt in (*malformed, {"sweep": {}, "rows": None}):
        assert told({"format": "zerograd.sweep/1", **spoilt})[0] == 2


def test_main_with_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A result without a witness is exit 3, neither accepted nor refused."""
    result = tmp_path / "result.json"
    result.write_text(
        json.dumps(RESULT | {"status": "unsat", "evidence": "solver", "witness": None}), encoding="utf-8"
    )
    assert main([str(CORPUS / "accept" / "founding.problem.json"), str(result)]) == 3
    assert capsys.readouterr() == (
        "unknown: the result is unsat and rests on a solver's word: it carries nothing that can be checked\n",
        "",
    )


def test_refusals_have_a_bounded_length() -> None:
    """A long number is shown by its ends, and of very many violations the first ones are."""
    refusal = Refused(Violation(f"x[{n}]", "0", "9" * 100_000) for n in range(1000))
    assert len(refusal.violations) == 1000
    assert len(str(refusal)) < 100_000
    assert str(refusal).endswith("\nand 900 more")
    assert str(refusal.violations[0]).startswith("x[0]: expected 0, found 999")
    assert "… (100,000 characters) …999" in str(refusal.violations[0])
