"""Answers, proofs, atlases and audits in every form that they leave the program in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from zerograd.atlas_table import Atlas
from zerograd.audits import Audit
from zerograd.core.errors import ZerogradError, present
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.proof import Proof

if TYPE_CHECKING:
    from zerograd.show.lecture.languages import Language

Form: TypeAlias = Literal[
    "markdown", "latex", "pytorch", "jax", "notebook", "smtlib", "html", "coq", "json",
    "exercise", "slides", "worksheet",
]  # fmt: skip
FORMS: tuple[Form, ...] = get_args(Form)

SHOWN: tuple[Form, ...] = (
    "markdown", "latex", "pytorch", "jax", "notebook", "html", "exercise", "slides", "worksheet",
)  # fmt: skip
"""Forms of a witness that know one derivative at each kink."""

Thing: TypeAlias = Answer | Proof | Atlas | Audit
Writer: TypeAlias = Callable[..., str]


class NothingToExport(ZerogradError):  # noqa: N818 - named for what happened
    """There is nothing that this form could hold.

    Attributes:
        why: in words that name no option.
    """

    def __init__(self, form: str, why: str) -> None:
        self.why = why
        super().__init__(f"{form}: {why}")


def export(
    thing: Thing, to: Form, *, document: bool = True, language: Language = "latex", solution: bool = False
) -> str:
    """Return an answer, a proof, an atlas or an audit in another form.

    Args:
        to: ``markdown`` or ``latex``: the witness worked out by hand, the proof that there is none, or the
            table; ``pytorch``, ``jax``: a script whose asserts pass; ``notebook``: one that can be run;
            ``html``: an interactive page in one file; ``smtlib``: the question, for any SMT solver, with
            what a witness or a certificate shows as its status; ``coq``: the proof; ``json``: the document
            of the result, the certificate, the atlas or the audit; ``exercise``: the question with room to
            write in; ``slides``: frames for LaTeX's beamer; ``worksheet``: a notebook with gaps, and checks.
        document: whether LaTeX is a whole document, or a fragment of one.
        language: of an exercise.
        solution: whether the solution of an exercise stands behind it.

    Raises:
        NothingToExport: see `unfit`.
        ZerogradError: of another kind: the form has no room for these numbers, or for this proof.
        TypeError: none of these.
        ValueError: an unknown form.
    """
    why = unfit(thing, to)
    if why is not None:
        raise NothingToExport(to, why)
    write = _writers(thing)[to]
    if isinstance(thing, Sat) and to in SHOWN:
        from zerograd.show.chosen import shown_plainly

        thing = shown_plainly(thing)
    match to:
        case "latex":
            return write(thing, document=document)
        case "exercise":
            return write(thing, language=language, solution=solution)
    return write(thing)


def unfit(thing: Thing, form: Form) -> str | None:
    """Say why a thing cannot be written in a form, in words that name no option; None if it can."""
    if not isinstance(thing, Sat | Unsat | Unknown | Proof | Atlas | Audit):
        raise TypeError(f"expected an answer, a proof, an atlas or an audit, found {type(thing).__name__}")
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r} (known: {', '.join(FORMS)})")
    if form not in (writers := _writers(thing)):
        return _lacking(thing, writers)
    if form == "smtlib" and not isinstance(thing, Sat) and thing.problem.samples.fixed is None:
        return (
            f"the question is about more than one number of samples ({thing.problem.samples}): "
            "solve it for one of them (--samples N), and export that result"
        )
    if form in SHOWN:
        from zerograd.show import chosen

        if (reason := chosen.unfit(thing)) is not None:  # type: ignore[arg-type]
            return reason
    match thing, form:
        case _, "smtlib":
            from zerograd.search import smtlib

            return smtlib.unfit(thing.problem)
        case _, "coq":
            from zerograd.show import coq

            return coq.unfit(thing.problem)
        case Sat(), "notebook":
            from zerograd.show.fitness import no_calculation

            return no_calculation(thing)
        case Sat(), "worksheet":
            from zerograd.show.lecture import worksheet

            return worksheet.unfit(thing)
    return None


def _writers(thing: Thing) -> Mapping[Form, Writer]:
    """Return what writes a thing, by form."""
    writers = _WRITERS[type(thing)]
    if isinstance(thing, Unsat) and thing.certificate is not None:
        return {**_OF_ITS_PROOF, **writers}
    return writers


def _lacking(thing: Thing, writers: Mapping[Form, Writer]) -> str:
    """Say what there is not, for a form that nothing writes."""
    match thing:
        case Sat():
            return "the answer is sat: there is a witness, and nothing to prove"
        case Unsat(certificate=None):
            return (
                "the answer is unsat on a solver's word: there is neither a witness nor a proof to write of"
            )
        case Unsat():
            ways = "markdown, latex, pdf, slides, exercise or coq"
            return f"the answer is unsat: there is no witness; its proof can be had as {ways}"
        case Unknown(reason=reason):
            return f"the answer is unknown ({reason}): there is neither a witness nor a proof to write of"
    kind = "a proof" if isinstance(thing, Proof) else "an audit" if isinstance(thing, Audit) else "an atlas"
    return f"{kind} can be had as {', '.join(writers)}"


def _by(module: str, name: str) -> Writer:
    """Return a function that is imported when it is first called."""

    def write(thing: Thing, **options: Any) -> str:
        text: str = getattr(import_module(module), name)(thing, **options)
        return text

    return write


def _json(thing: Thing) -> str:
    return json.dumps(thing.to_json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _json_line(thing: Atlas | Audit) -> str:
    """Return it on one line: it is large."""
    return json.dumps(thing.to_json(), ensure_ascii=False, allow_nan=False) + "\n"


def _question(answer: Answer) -> str:
    """Return the question; a verdict that was not checked is not passed on as knowledge."""
    from zerograd.search.smtlib import question_smtlib

    if isinstance(answer, Sat):
        return question_smtlib(answer.problem, answer.witness.samples, status="sat")
    samples = present(answer.problem.samples.fixed, "single number of samples")  # see `unfit`
    proved = isinstance(answer, Unsat) and answer.certificate is not None
    return question_smtlib(answer.problem, samples, status="unsat" if proved else None)


def _of_its_proof(write: Writer) -> Writer:
    def written(answer: Unsat, **options: Any) -> str:
        certificate = present(answer.certificate, "certificate")  # see `_writers`
        return write(Proof(answer.problem, certificate), **options)

    return written


_LECTURE: Mapping[Form, Writer] = {
    "exercise": _by("zerograd.show.lecture.exercise", "exercise"),
    "slides": _by("zerograd.show.lecture.slides", "slides"),
}
_PROOF: Mapping[Form, Writer] = {
    "markdown": Proof.to_markdown,
    "latex": Proof.to_latex,
    "coq": Proof.to_coq,
    **_LECTURE,
}
_OF_ITS_PROOF: Mapping[Form, Writer] = {form: _of_its_proof(write) for form, write in _PROOF.items()}
_ANSWER: Mapping[Form, Writer] = {"smtlib": _question, "json": _json}

_WRITERS: Mapping[type, Mapping[Form, Writer]] = {
    Sat: {
        "markdown": _by("zerograd.show.say.derivation", "derivation_markdown"),
        "latex": _by("zerograd.show.say.derivation", "derivation_latex"),
        "pytorch": _by("zerograd.show.scripts", "pytorch_script"),
        "jax": _by("zerograd.show.scripts", "jax_script"),
        "notebook": _by("zerograd.show.notebook", "notebook"),
        "worksheet": _by("zerograd.show.lecture.worksheet", "worksheet"),
        "html": _by("zerograd.show.page", "page_html"),
        **_LECTURE,
        **_ANSWER,
    },
    Unsat: _ANSWER,
    Unknown: _ANSWER,
    Proof: {**_PROOF, "json": _json},
    Atlas: {"markdown": Atlas.to_markdown, "latex": Atlas.to_latex, "json": _json_line},
    Audit: {
        "markdown": Audit.to_markdown,
        "latex": Audit.to_latex,
        "html": Audit.to_html,
        "json": _json_line,
    },
}
"""Who is written in which form, and by whom."""
