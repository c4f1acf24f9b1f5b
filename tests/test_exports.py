"""Who can be written in which form: what `unfit` says and what `export` does are the same."""

from __future__ import annotations

import json
from typing import get_args

import pytest

import zerograd as zg
from tests.show import filled
from zerograd.core.verdict.answer import Unknown, Unsat
from zerograd.core.verdict.atlas import patterns, row_problem
from zerograd.core.verdict.row import Row
from zerograd.exports import FORMS, Form, NothingToExport, Thing, export, unfit

LECTURE = {"exercise", "slides"}
EVERY = {"markdown", "latex", "pytorch", "jax", "notebook", "worksheet", "html", "smtlib", "json", *LECTURE}
EXPECTED = {
    "sat": EVERY,
    "unsat": {"markdown", "latex", "coq", "smtlib", "json", *LECTURE},
    "unsat on a solver's word": {"smtlib", "json"},
    "unsat for every number of samples": {"markdown", "latex", "coq", "json", *LECTURE},
    "unknown": {"smtlib", "json"},
    "proof": {"markdown", "latex", "coq", "json", *LECTURE},
    "atlas": {"markdown", "latex", "json"},
    "audit": {"markdown", "latex", "html", "json"},
}

ONES = {"x": 1, "y": 1, "w1": 1, "b1": 1}


def founding(samples: int | str) -> zg.Problem:
    """The founding question."""
    return zg.Problem(network=[1, 1, 1], samples=samples, zero=["w2", "b2"], nonzero=["w1", "b1"])


@pytest.fixture(scope="module")
def things() -> dict[str, Thing]:
    """One of each kind."""
    no, yes = zg.solve(founding(2)), zg.solve(founding(3))
    never = zg.solve(
        zg.Problem(
            network=[1, 1, 1], samples="any", zero=["w1", "b1"], nonzero=["w2"], bounds={"w2": [1, None]}
        )
    )
    assert isinstance(no, Unsat)
    assert isinstance(never, Unsat)
    assert no.certificate is not None
    assert never.certificate is not None
    small = zg.Problem(network=[1, 1], samples=1, zero=["b1"])
    rows = []
    for pattern in patterns(small):
        question = row_problem(small, pattern)
        rows.append(Row(pattern, question, Unsat("solver", problem=question).to_json()))
    return {
        "sat": yes,
        "unsat": no,
        "unsat on a solver's word": Unsat("solver", problem=founding(2)),
        "unsat for every number of samples": never,
        "unknown": Unknown("timeout", problem=founding(2)),
        "proof": zg.Proof(no.problem, no.certificate),
        "atlas": zg.Atlas(small, tuple(rows)),
        "audit": zg.audit(zg.Problem(network=[1, 1], samples=1, given=ONES), ["loss == 1/2"]),
    }


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("kind", EXPECTED)
def test_who_is_written_in_which_form(kind: str, form: Form, things: dict[str, Thing]) -> None:
    """A thing that is fit for a form is written; of others it is said why, as an error and as a text."""
    thing = things[kind]
    why = unfit(thing, form)
    assert (why is None) == (form in EXPECTED[kind])
    if why is None:
        assert export(thing, form).strip()
        return
    with pytest.raises(NothingToExport) as caught:
        export(thing, form)
    assert (caught.value.why, str(caught.value)) == (why, f"{form}: {why}")


def test_json_is_the_document(things: dict[str, Thing]) -> None:
    """Every thing has one."""
    for thing in things.values():
        assert json.loads(export(thing, "json")) == thing.to_json()


def test_latex_is_a_document_or_a_fragment(things: dict[str, Thing]) -> None:
    """Answers, proofs, atlases and audits have both."""
    for kind in ("sat", "unsat", "proof", "atlas", "audit"):
        assert "\\documentclass" in export(things[kind], "latex")
        assert "\\documentclass" not in export(things[kind], "latex", document=False)


def test_what_is_nothing_of_ours_is_a_mistake(things: dict[str, Thing]) -> None:
    """Neither other objects nor other forms."""
    with pytest.raises(TypeError, match="expected an answer, a proof, an atlas or an audit, found int"):
        export(7, "json")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown form 'gif'"):
        export(things["sat"], "gif")  # type: ignore[arg-type]
    assert unfit(things["atlas"], "coq") == "an atlas can be had as markdown, latex, json"
    assert set(FORMS) == set().union(*EXPECTED.values())


@pytest.mark.parametrize("form", ["notebook", "worksheet"])
def test_what_works_out_squares_says_so(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms that calculate with squared errors ask whether the loss is made of them, before they write."""
    answer = filled.founding()
    assert unfit(answer, form) is None
    monkeypatch.setattr("zerograd.core.model.losses.MeanOfSquares.least_squares", False)
    with pytest.raises(NothingToExport, match="least squares"):
        export(answer, form)


def test_coq_says_what_it_cannot_speak_of(things: dict[str, Thing], monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof about another loss has no Coq file."""
    assert unfit(things["proof"], "coq") is None
    monkeypatch.setattr("zerograd.show.coq.unfit", lambda problem: "another loss")
    with pytest.raises(NothingToExport, match="another loss"):
        export(things["proof"], "coq")
