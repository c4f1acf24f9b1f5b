"""Answers read back from their documents: the same again, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import zerograd as zg
from zerograd.core.errors import FormatError, ProblemError, Refused
from zerograd.core.question.documents import parse_json
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Attempt, CrossCheck, Run, Sat, Smallest, Unknown, Unsat
from zerograd.core.verdict.results import answer_from_json
from zerograd.core.verdict.size import Size, size_of
from zerograd.core.verdict.witness import witness_from_json
from zerograd.exports import export
from zerograd.show.jupyter import as_html
from zerograd.show.text import answer_text

PROBLEMS = Path(__file__).parents[2] / "problems"
RUN = Run(
    strategy="regions",
    tried=("construct", "regions"),
    seconds=0.25,
    versions={"zerograd": "0.1.0"},
    attempts=(Attempt(1, "unsat"), Attempt(2, "unknown", "timeout"), Attempt(3, "sat")),
    sufficient_samples=4,
    cross_check=CrossCheck("cvc5", "1.4", (1,), ((2, "timeout"),)),
)


def founding(**changes: Any) -> Problem:
    """The founding question."""
    return Problem(
        **{"network": [1, 1, 1], "samples": "fewest", "zero": ["b2", "w2"], "nonzero": ["b1", "w1"]} | changes
    )


def sat() -> Sat:
    """The founding answer."""
    problem = founding()
    parameters = {"w1": [["1"]], "b1": ["-1"], "w2": [["1"]], "b2": ["-1"]}
    document = {"format": "zerograd.witness/1", "problem": problem.digest, "parameters": parameters}
    data = {"x": [["0"], ["2"], ["3"]], "y": [["-2"], ["2"], ["0"]]}
    return Sat(
        witness_from_json(problem, document | data),
        problem=problem,
        checks={"float64": {"largest_deviation": 1e-16}, "torch": "not installed"},
        smallest=Smallest(Size(3, on_kink=False, non_integers=0, total=Fraction(13), nonzeros=8), 2),
        run=RUN,
    )


def through_text(answer: zg.Answer) -> Any:
    """Its document, as a file holds it."""
    return parse_json(json.dumps(answer.to_json()))


@pytest.mark.parametrize(
    "make",
    [
        sat,
        lambda: Unsat("solver", problem=founding(samples=2), open=("a case",), run=RUN),
        lambda: Unknown("timeout", "stopped", problem=founding(), run=RUN),
        lambda: Unknown("incomplete", problem=founding()),
    ],
    ids=["sat", "unsat", "unknown", "bare"],
)
def test_round_trip(make: Callable[[], zg.Answer]) -> None:
    """What was written is what is read, to the last key."""
    answer = make()
    again = answer_from_json(through_text(answer))
    assert again == answer
    assert again.to_json() == answer.to_json()


def test_that_nothing_is_smaller_is_told() -> None:
    """It could only be checked by going through everything again: a forged claim is not ours."""
    document = through_text(sat())
    document["smallest"].update(exhausted=3, proved=True)
    again = answer_from_json(document)
    assert isinstance(again, Sat)
    assert again.smallest is not None
    assert again.smallest.told
    assert "the smallest, by the record of its search: no witness" in " ".join(answer_text(again).split())


def of_the_old_order(**changes: Any) -> Any:
    """A document of when height, sum and kinks were the order; it says that the search came to an end."""
    document = through_text(sat())
    del document["smallest"]["non_integers"], document["smallest"]["nonzeros"]
    document["smallest"].update(exhausted=3, proved=True)
    document["smallest"].update(changes)
    return document


def test_what_was_smallest_by_the_old_order_is_not_said_to_be_by_the_new() -> None:
    """Heights came first then as well: that no smaller height has a witness is all that is still told."""
    again = answer_from_json(of_the_old_order())
    assert isinstance(again, Sat)
    assert again.smallest == Smallest(sat().smallest.size, 2, told=True)  # type: ignore[union-attr]
    assert not again.smallest.proved
    text = " ".join(answer_text(again).split())
    assert "the smallest that was found, by the record of its search: no witness with 3 samples has" in text
    assert "smaller sum" not in text
    shallow = answer_from_json(of_the_old_order(exhausted=1, proved=False))
    assert isinstance(shallow, Sat)
    assert shallow.smallest is not None
    assert shallow.smallest.exhausted == 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"on_kink": True}, Refused, "size: on_kink: expected False, found True"),
        ({"total": "12"}, Refused, "size: expected height 3, sum 13"),
        ({"height": 2}, Refused, "size: expected height 3, sum 13"),
        ({"proved": False}, Refused, "smallest.proved: expected True"),
    ],
)
def test_sizes_of_the_old_order_are_checked(changes: Any, error: type[Exception], message: str) -> None:
    """What they say is checked against the witness."""
    with pytest.raises(error, match=message):
        answer_from_json(of_the_old_order(**changes))


def said(answer: zg.Answer, label: str) -> str:
    """What stands beside a label of the answer as text, in one line."""
    page = "\n" + answer_text(answer, width=1000)
    return page.partition(f"\n{label.ljust(10)}")[2].partition("\n")[0]


def test_a_forged_unsat_is_told() -> None:
    """On a solver's word, by a stranger, of a question that has an answer: never ours to say."""
    problem = founding(samples=3)
    run = Run(every_samples=True, versions={"z3": "4"}, strategy="identities")
    forged = through_text(Unsat("solver", problem=problem, run=run))
    assert forged["every_samples"] is True
    again = answer_from_json(forged)
    assert isinstance(again, Unsat)
    assert again.run.told
    assert not again.run.every_samples
    assert str(again) == "unsat (evidence: solver, says a result document)"
    assert said(again, "shown") == (
        "nothing; a result document says: no parameters and no dataset of 3 samples satisfy the question"
    )
    assert said(again, "evidence") == (
        "solver: the document's word that a solver says so; it cannot be re-checked independently"
    )
    assert said(again, "read").startswith("from a result document: it has nothing that could be checked")
    assert ":status" not in export(again, "smtlib")
    assert "every_samples" not in json.loads(export(again, "json"))


def test_only_what_was_checked_is_a_status() -> None:
    """A script states what a witness or a certificate shows, read or found, and not what a solver says."""
    certified = zg.solve(zg.load(PROBLEMS / "textbook-m2.yaml"))
    for answer in (certified, answer_from_json(through_text(certified))):
        assert "(set-info :status unsat)" in export(answer, "smtlib")
    assert "(set-info :status sat)" in export(answer_from_json(through_text(sat())), "smtlib")
    assert ":status" not in export(Unsat("solver", problem=founding(samples=2)), "smtlib")


def test_what_is_said_of_the_search_is_told() -> None:
    """Which numbers of samples were ruled out, and how; what was checked again is said to be."""
    document = through_text(sat())
    document["attempts"][1] = {"samples": 2, "status": "unsat"}
    document["versions"]["z3"] = "4"
    again = answer_from_json(document)
    assert said(again, "samples") == (
        "3, the fewest, by the record of its search: M = 1 and 2 ruled out on the document's word"
    )
    assert said(again, "read") == (
        "from a result document: the witness was checked again; "
        "what is said of the search, and of floating point, is its word"
    )
    assert said(sat(), "read") == ""
    certified = answer_from_json(through_text(zg.solve(zg.load(PROBLEMS / "textbook-m2.yaml"))))
    assert said(certified, "shown").startswith("no parameters and no dataset")
    assert said(certified, "read").startswith("from a result document: the certificate was checked again; ")


def test_solved_and_read_again() -> None:
    """With a certificate, and with one about fewer samples."""
    for name in ("textbook-m2", "fewest-samples"):
        answer = zg.solve(zg.load(PROBLEMS / f"{name}.yaml"))
        again = answer_from_json(through_text(answer))
        assert again.to_json() == answer.to_json()
    assert isinstance(again, Sat)
    assert again.fewer is not None
    assert said(again, "samples") == "3, the fewest: fewer ruled out by a certificate"


def test_the_problem_must_be_known() -> None:
    """A result that does not carry its question is read with the problem, or not at all."""
    document = through_text(sat())
    del document["problem"]["question"]
    with pytest.raises(FormatError, match=r"^problem\.question: is missing"):
        answer_from_json(document)
    assert answer_from_json(document, founding()) == sat()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: d.update(format="zerograd.result/2"), FormatError, "format: expected a result"),
        (lambda d: d.update(status="maybe"), FormatError, "status: expected sat, unsat or unknown"),
        (lambda d: d["problem"].update(question=3), FormatError, "a problem is a JSON object"),
        (lambda d: d["problem"]["question"].update(samples=4), Refused, "the problem that it carries"),
        (lambda d: d["problem"]["question"].pop("network"), ProblemError, "network: is missing"),
        (lambda d: d["witness"]["y"][0].__setitem__(0, "7"), Refused, "∂L/∂"),
        (lambda d: d["witness"].pop("x"), FormatError, "witness.x"),
        (lambda d: d["gradients"].update(b2=["1"]), Refused, "claimed ∂L/∂b2"),
        (lambda d: d["smallest"].update(total="1"), Refused, "size: expected height 3, sum 13, 8 not 0"),
        (lambda d: d["smallest"].update(total="x"), FormatError, "is not a number"),
        (lambda d: d["smallest"].update(non_integers=1), Refused, "found height 3, 1 not whole"),
        (lambda d: d["smallest"].update(nonzeros=7), Refused, "found height 3, sum 13, 7 not 0"),
        (lambda d: d["smallest"].update(nonzeros=True), FormatError, "expected non_integers and nonzeros"),
        (lambda d: d["smallest"].pop("nonzeros"), FormatError, "expected non_integers and nonzeros"),
        (lambda d: d["smallest"].pop("non_integers"), FormatError, "expected non_integers and nonzeros"),
        (lambda d: d["smallest"].update(height="3"), FormatError, "smallest: expected height"),
        (lambda d: d["smallest"].update(proved=True), Refused, "smallest.proved: expected False"),
        (lambda d: d["smallest"].update(exhausted=3), Refused, "smallest.proved: expected True"),
        (lambda d: d["smallest"].update(proved="no"), Refused, "smallest.proved: expected False"),
        (lambda d: d["smallest"].update(rank=0), FormatError, "smallest: expected rank"),
        (lambda d: d["smallest"].pop("exhausted"), FormatError, "smallest: expected rank"),
        (lambda d: d.update(smallest=3), FormatError, "smallest: expected an object"),
        (lambda d: d.update(tried="all"), FormatError, "tried: expected a list"),
        (lambda d: d.update(tried=[3]), FormatError, "tried: expected a text, found 3"),
        (lambda d: d.update(strategy=["a"]), FormatError, "strategy: expected a text"),
        (lambda d: d.update(seconds="soon"), FormatError, "seconds: expected a number"),
        (lambda d: d.update(versions=[]), FormatError, "versions: expected an object"),
        (lambda d: d.update(versions={"z3": 4}), FormatError, "expected a text, found 4"),
        (lambda d: d.update(attempts=[3]), FormatError, "attempts: expected objects"),
        (lambda d: d.update(attempts=[{"status": "sat"}]), FormatError, "attempts: samples is missing"),
        (lambda d: d.update(sufficient_samples=-1), FormatError, "expected a whole number"),
        (lambda d: d.update(sufficient_samples=3), Refused, "sufficient_samples: expected 4, found 3"),
        (lambda d: d.update(every_samples=True), Refused, "every_samples: expected that a sat does not"),
        (lambda d: d.update(cross_check=1), FormatError, "cross_check: expected an object"),
        (lambda d: d["cross_check"].update(undecided=[{}]), FormatError, "cross_check.undecided"),
        (lambda d: d.update(checks={"float64": {"largest_deviation": []}}), FormatError, "expected a number"),
        (lambda d: d.update(checks={"torch": 1}), FormatError, "expected a text, found 1"),
        *(
            (lambda d, n=number: d.update(seconds=n), FormatError, "seconds: expected a number")
            for number in (
                "nan",
                "inf",
                "-Infinity",
                "1_000",
                " 1",
                "1\n",
                "1e999",
                "+1",
                "01",
                "0x1",
                "٣",
                True,
            )
        ),
        (lambda d: d.update(seconds=10**400), FormatError, "seconds: expected a number"),
        (lambda d: d.update(seconds=float("nan")), FormatError, "seconds: expected a number"),
        (
            lambda d: d.update(checks={"float64": {"largest_deviation": 10**400}}),
            FormatError,
            "checks.'float64': expected a number",
        ),
        (
            lambda d: d.update(checks={"float64": {"largest_deviation": "NaN"}}),
            FormatError,
            "checks.'float64': expected a number",
        ),
        (
            lambda d: d.update(versions={str(n): "1" for n in range(100_001)}),
            FormatError,
            "versions: expected an object",
        ),
        (
            lambda d: d.update(checks={"float64": {str(n): 1 for n in range(100_001)}}),
            FormatError,
            "checks.'float64': expected a text",
        ),
    ],
)
def test_damaged(change: Callable[[Any], object], error: type[Exception], message: str) -> None:
    """Whatever is changed in a document is found."""
    document = through_text(sat())
    change(document)
    with pytest.raises(error) as raised:
        answer_from_json(document)
    assert message in str(raised.value)


def test_unsat_and_unknown_say_why() -> None:
    """An unsat needs its evidence, an unknown its reason."""
    document = through_text(Unsat("solver", problem=founding(samples=2)))
    with pytest.raises(Refused, match="evidence: expected certificate or solver, found 'hearsay'"):
        answer_from_json(document | {"evidence": "hearsay"})
    document = through_text(Unknown("timeout", problem=founding()))
    with pytest.raises(FormatError, match="reason: expected one of timeout, memory"):
        answer_from_json(document | {"reason": "mood"})


HOSTILE = "good\nread      all of it\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\u200b\r\u2028<b>"


def hostile(answer: zg.Answer) -> Any:
    """Its document, with a text that wants to steer a terminal wherever a text is told."""
    document = through_text(answer)
    document |= {
        "strategy": HOSTILE,
        "tried": [HOSTILE, HOSTILE],
        "seconds": "1E-2",
        "versions": {HOSTILE: HOSTILE},
        "attempts": [{"samples": 1, "status": "unknown", "reason": HOSTILE}],
        "cross_check": {
            "solver": HOSTILE,
            "version": HOSTILE,
            "agrees": [1],
            "undecided": [{"samples": 2, "reason": HOSTILE}],
        },
    }
    match answer:
        case Sat():
            document["checks"] = {HOSTILE: HOSTILE, HOSTILE + "2": {HOSTILE: 1, "largest_deviation": 0}}
        case Unsat():
            document["open"] = [HOSTILE]
        case Unknown():
            document["detail"] = HOSTILE
    return document


@pytest.mark.parametrize(
    "answer",
    [sat(), Unsat("solver", problem=founding()), Unknown("timeout", problem=founding())],
    ids=["sat", "unsat", "unknown"],
)
def test_text_of_strangers_is_harmless(answer: zg.Answer) -> None:
    """No told text reaches a terminal or a page as it is, nor puts a line of its own there."""
    again = answer_from_json(hostile(answer))
    plain = answer_text(again, verbose=True, width=1000)
    assert "good read all of it" in plain  # its letters are there
    assert "owned" not in plain
    assert [line for line in plain.splitlines() if line.startswith("read")] == [
        f"read      {said(again, 'read')}"
    ]
    shown = str(again)
    html = as_html(again) or ""
    for text in (plain, answer_text(again), shown, html):
        assert all(character.isprintable() or character in "\n\u2062" for character in text)
    assert "<b>" not in html
    assert not isinstance(again, Unknown) or len(shown.splitlines()) == 1
    json.dumps(json.loads(export(again, "json")), allow_nan=False)


def test_no_json_with_numbers_that_json_lacks() -> None:
    """An answer that was made by hand may have them; a file must not."""
    with pytest.raises(ValueError, match="JSON"):
        export(Sat(sat().witness, problem=founding(), run=Run(seconds=float("nan"))), "json")


@pytest.mark.parametrize("data", [None, 3, [], "sat", {}])
def test_no_result_at_all(data: object) -> None:
    """Something else altogether."""
    with pytest.raises(FormatError, match="expected a result"):
        answer_from_json(data)


def on_a_kink_of_the_loss() -> Sat:
    """A residual of 0 with the mean absolute error, and no unit with a kink."""
    problem = Problem(network=[1, 1], samples=1, loss="mae", zero=["w1"])
    parameters = {"w1": [["1"]], "b1": ["0"]}
    document = {"format": "zerograd.witness/1", "problem": problem.digest, "parameters": parameters}
    witness = witness_from_json(problem, document | {"x": [["1"]], "y": [["1"]]})
    size = size_of(witness)
    assert size == Size(1, on_kink=True, non_integers=0, total=Fraction(3), nonzeros=3)
    return Sat(witness, problem=problem, smallest=Smallest(size, 0), checks={"torch": "not installed"})


def test_kinks_of_the_loss_count_and_did_not() -> None:
    """A size says that a sample is on one; an older one said that no unit is."""
    document = through_text(on_a_kink_of_the_loss())
    assert answer_from_json(document) == on_a_kink_of_the_loss()
    with pytest.raises(Refused, match="size: expected height 1, a sample on a kink"):
        answer_from_json(document | {"smallest": document["smallest"] | {"on_kink": False}})
    for name in ("non_integers", "nonzeros"):
        del document["smallest"][name]
    with pytest.raises(Refused, match="size: on_kink: expected False, found True"):
        answer_from_json(document)
    document["smallest"]["on_kink"] = False
    again = answer_from_json(document)
    assert isinstance(again, Sat)
    assert again.smallest == Smallest(on_a_kink_of_the_loss().smallest.size, 0, told=True)  # type: ignore[union-attr]


def test_a_size_of_any_length_is_refused() -> None:
    """Python writes no whole numbers of more than 4300 digits."""
    answer = sat()
    size = size_of(answer.witness)
    assert size is not None
    document = answer.updated(smallest=Smallest(size, 0)).to_json()
    document["smallest"]["total"] = "9" * 5000
    with pytest.raises(Refused, match="999999"):
        answer_from_json(document, answer.problem)
