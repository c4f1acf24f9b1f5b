"""An answer in every form that it leaves the program in."""

from __future__ import annotations

import json
from typing import Literal, TypeAlias, get_args

from zerograd.core.errors import ZerogradError
from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
from zerograd.proof import Proof

Form: TypeAlias = Literal["markdown", "latex", "pytorch", "jax", "notebook", "smtlib", "html", "coq", "json"]
FORMS: tuple[Form, ...] = get_args(Form)


class NothingToExport(ZerogradError):  # noqa: N818 - named for what happened
    """The answer has nothing that this form could hold.

    Attributes:
        why: in words that name no option.
    """

    def __init__(self, form: str, why: str) -> None:
        self.why = why
        super().__init__(f"{form}: {why}")


def export(answer: Answer, to: Form, *, document: bool = True) -> str:
    """The answer in another form.

    Args:
        to: ``markdown`` or ``latex``: the witness worked out by hand, or the proof that there is none;
            ``pytorch``, ``jax``: a script whose asserts pass; ``notebook``: one that can be run;
            ``html``: an interactive page in one file; ``smtlib``: the question, for any SMT solver, with
            what a witness or a certificate shows as its status; ``coq``: the proof; ``json``: the result
            document.
        document: whether LaTeX is a whole document, or a fragment of one.

    Raises:
        NothingToExport: there is neither a witness nor a proof for this form.
        TypeError: not an answer.
        ValueError: an unknown form.
    """
    if not isinstance(answer, Sat | Unsat | Unknown):
        raise TypeError(f"expected an answer, as zerograd.solve returns it, found {type(answer).__name__}")
    if to not in FORMS:
        raise ValueError(f"unknown form {to!r} (known: {', '.join(FORMS)})")
    match to, answer:
        case "json", _:
            return json.dumps(answer.to_json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        case "smtlib", _:
            from zerograd.search.smtlib import question_smtlib, unfit

            if (reason := unfit(answer.problem)) is not None:
                raise NothingToExport(to, reason)
            return question_smtlib(answer.problem, _samples(answer), status=_shown(answer))
        case _, Unsat(certificate=certificate) if certificate is not None:
            return _proof(Proof(answer.problem, certificate), to, document=document)
        case _, Sat() if to != "coq":
            return _witness(answer, to, document=document)
    raise NothingToExport(to, _lacking(answer))


def _witness(answer: Sat, to: Form, *, document: bool) -> str:
    match to:
        case "markdown":
            from zerograd.show.derivation import derivation_markdown

            return derivation_markdown(answer)
        case "latex":
            from zerograd.show.derivation import derivation_latex

            return derivation_latex(answer, document=document)
        case "pytorch":
            from zerograd.show.scripts import pytorch_script

            return pytorch_script(answer)
        case "jax":
            from zerograd.show.scripts import jax_script

            return jax_script(answer)
        case "notebook":
            from zerograd.show.notebook import notebook

            return notebook(answer)
    from zerograd.show.page import page_html

    return page_html(answer)


def _proof(proof: Proof, to: Form, *, document: bool) -> str:
    match to:
        case "markdown":
            return proof.to_markdown()
        case "latex":
            return proof.to_latex(document=document)
        case "coq":
            return proof.to_coq()
    raise NothingToExport(
        to, "the answer is unsat: there is no witness; its proof can be had as markdown, latex, pdf or coq"
    )


def _shown(answer: Answer) -> Literal["sat", "unsat"] | None:
    """The verdict, where it was checked: a solver's word, or a file's, is not passed on as knowledge."""
    match answer:
        case Sat():
            return "sat"
        case Unsat(evidence="certificate"):
            return "unsat"
    return None


def _samples(answer: Answer) -> int:
    """The number of samples that the question is written for."""
    if isinstance(answer, Sat):
        return answer.witness.samples
    asked = answer.problem.samples.fixed
    if asked is None:
        raise NothingToExport(
            "smtlib",
            f"the question is about more than one number of samples ({answer.problem.samples}): "
            "solve it for one of them (--samples N), and export that result",
        )
    return asked


def _lacking(answer: Answer) -> str:
    match answer:
        case Unknown(reason=reason):
            return f"the answer is unknown ({reason}): there is neither a witness nor a proof to write of"
        case Unsat():
            return (
                "the answer is unsat on a solver's word: there is neither a witness nor a proof to write of"
            )
    return "the answer is sat: there is a witness, and nothing to prove"
