"""Problems and answers as notebooks show them: HTML on a screen, LaTeX when a notebook is printed."""

from __future__ import annotations

from html import escape

from zerograd.core.model.slopes import is_chosen
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat, Unknown, Unsat
from zerograd.document.escape import clean
from zerograd.show import chosen
from zerograd.show.question import question_lines, setting_line

MOST_PARAMETERS = 200
"""The largest network whose formulas a notebook shows unasked: they are derived in less than a second."""


def as_html(thing: object) -> str | None:
    """A problem or an answer as a fragment of HTML without scripts; None of anything else."""
    fragment = _html(thing)
    return None if fragment is None else literal(fragment)


def literal(fragment: str) -> str:
    """HTML in which a notebook looks for no formulas: a title with two dollars is a title.

    The classes are those that MathJax passes over, in its versions 2 and 3.
    """
    return f'<div class="tex2jax_ignore mathjax_ignore">{fragment}</div>'


def _html(thing: object) -> str | None:
    match thing:
        case Problem():
            return _problem(thing)
        case Sat() if chosen.unfit(thing) is None:
            from zerograd.show.say.derivation import derivation_html

            return derivation_html(chosen.shown_plainly(thing))
        case Unsat(problem=problem, certificate=certificate) if certificate is not None:
            from zerograd.show.say.proof import proof_html

            return proof_html(problem, certificate)
        case Sat() | Unsat() | Unknown():
            from zerograd.show.text import answer_text

            return f"<pre>{escape(answer_text(thing))}</pre>"
    return None


def as_latex(thing: object) -> str | None:
    """A problem or an answer as a fragment of LaTeX (amsmath); None of what has none."""
    match thing:
        case Problem(network=network, model=model):
            if network.parameter_count > MOST_PARAMETERS or is_chosen(model.derivative_at_kink):
                return None
            from zerograd.derive.gradients import SymbolicGradients

            return SymbolicGradients.of(model)._repr_latex_()
        case Sat() if chosen.unfit(thing) is None:
            from zerograd.show.say.derivation import derivation_latex

            return derivation_latex(chosen.shown_plainly(thing), document=False)
        case Unsat(problem=problem, certificate=certificate) if certificate is not None:
            from zerograd.show.say.proof import proof_latex

            return proof_latex(problem, certificate, document=False)
    return None


def _problem(problem: Problem) -> str:
    rows = [
        ("network", setting_line(problem)),
        ("samples", str(problem.samples)),
        *(("asked", line) for line in question_lines(problem)),
    ]
    title = f"<caption>{escape(clean(problem.title))}</caption>" if problem.title else ""
    body = "".join(
        f'<tr><th style="text-align: left">{name}</th><td style="text-align: left">{escape(text)}</td></tr>'
        for name, text in rows
    )
    return f"<table>{title}<tbody>{body}</tbody></table>"
