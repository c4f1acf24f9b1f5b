"""Proofs that a question has no answer, as a textbook would print them: a certificate in words.

Pure functions from a problem and a certificate that `zerograd.core.refuting.refutation` accepts: text for a
terminal, Markdown with ``$…$`` formulas, LaTeX that needs amsmath, HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.points.documents import parameters_from_json
from zerograd.core.question.necessary import necessary
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.at_most import at_most
from zerograd.core.refuting.calculation import wrong_at
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.refuting.facts import Both, Either, Fact, Formula
from zerograd.derive.polynomials import Polynomials
from zerograd.document import html, latex, markdown, text
from zerograd.document.blocks import Block, Numbered, Paragraph, Strong, heading, paragraph
from zerograd.document.formula import EQUALS, RELATIONS, ZERO, Node, Phrase, row
from zerograd.show.instead import SHOWN, instead
from zerograd.show.kinds import given_kind_text, parameters_text
from zerograd.show.say.citing import recheck
from zerograd.show.say.proof.argument import Argument
from zerograd.show.say.proof.claim import about, claim, consequences, enough, notation
from zerograd.show.say.proof.facts import Facts, used_labels


def statement(problem: Problem, certificate: Certificate) -> str:
    """The theorem that the certificate proves, as a plain sentence or a few."""
    return text.prose(claim(problem, certificate))


def proof_text(problem: Problem, certificate: Certificate, *, width: int = text.WIDTH) -> str:
    """The proof for a terminal of so many columns."""
    return text.written(blocks(problem, certificate), width=width)


def proof_markdown(problem: Problem, certificate: Certificate) -> str:
    """The proof as Markdown with formulas in dollar signs, as GitHub renders them."""
    return markdown.written(blocks(problem, certificate))


def proof_html(problem: Problem, certificate: Certificate) -> str:
    """The proof as a fragment of HTML: an element ``section``, formulas in plain characters, no scripts."""
    return html.written(map(text.plain, blocks(problem, certificate)), "proof")


def proof_latex(problem: Problem, certificate: Certificate, *, document: bool = True) -> str:
    """The proof as a LaTeX document, or as a fragment for one that loads amsmath.

    A fragment uses the environments ``theorem`` and ``proof`` of the document, and makes them if there are
    none. The theorem's label is ``thm:zerograd-`` and eight digits of the problem's digest.
    """
    title = f"[{latex.prose((problem.title,))}]" if problem.title else ""
    label = rf"\label{{thm:zerograd-{problem.digest.removeprefix('sha256:')[:8]}}}"
    about_slopes, shown, shown_by = _of_slopes(problem, certificate)
    told = [*about_slopes, *notation_of(shown, shown_by), *reasoning(shown, shown_by)]
    proof = latex.written(told, indented=True).rstrip().removesuffix(r"\par")
    checked = latex.written(recheck(problem, proved=True))
    body = (
        f"{_ENVIRONMENTS}\\begin{{sloppypar}}\n\\begin{{theorem}}{title}{label}\n"
        f"{latex.prose(claim(problem, certificate))}\n\\end{{theorem}}\n"
        f"\\begin{{proof}}\n{proof}\n\\end{{proof}}\n{checked}\\end{{sloppypar}}\n"
    )
    return f"{_PREAMBLE}{body}\\end{{document}}\n" if document else body


_PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath,amsthm}
\newtheorem{theorem}{Theorem}
\begin{document}
"""
_ENVIRONMENTS = r"""\ifcsname theorem\endcsname\else\newtheorem{theorem}{Theorem}\fi
\ifcsname proof\endcsname\else
  \newenvironment{proof}{\par\noindent\textit{Proof.} }{\hfill\rule{1.2ex}{1.2ex}\par}
\fi
"""


def blocks(problem: Problem, certificate: Certificate) -> Iterator[Block]:
    """The proof, whatever it is written in."""
    if problem.title:
        yield heading(problem.title, level=1)
    yield heading("Claim", level=4)
    yield Paragraph(claim(problem, certificate))
    about_slopes, problem, certificate = _of_slopes(problem, certificate)
    yield from about_slopes
    if certificate.point is not None:
        yield heading("Proof", level=4)
        yield from reasoning(problem, certificate)
        return
    yield heading("Notation", level=4)
    yield from notation_of(problem, certificate)
    yield heading("Proof", level=4)
    yield from reasoning(problem, certificate)


def _of_slopes(problem: Problem, certificate: Certificate) -> tuple[list[Block], Problem, Certificate]:
    """The question under the convention that is enough to refute, if there is one; and that this is so."""
    if certificate.convention is None:
        return [], problem, certificate
    told = paragraph(
        f"This is shown of the slopes that are taken under {certificate.convention}: what answers under "
        "every choice of slopes at kinks answers under these."
    )
    problem = problem.with_kink(certificate.convention)
    return [told], problem, replace(certificate, problem=problem.digest, convention=None)


def _spoken(problem: Problem, certificate: Certificate) -> tuple[Problem, Certificate]:
    """The question that a certificate speaks of, and the same as one of that question."""
    question = problem if certificate.better is None else at_most(problem, certificate.better)
    question = necessary(question)
    return question, replace(certificate, problem=question.digest, better=None)


def notation_of(problem: Problem, certificate: Certificate) -> Iterator[Block]:
    """What the letters stand for."""
    problem, certificate = _spoken(problem, certificate)
    used = {label for part in certificate.parts for label in used_labels(part)}
    yield from map(Paragraph, notation(problem, {part.kind for part in certificate.parts}, used))


def reasoning(problem: Problem, certificate: Certificate) -> Iterator[Block]:
    """The proof itself."""
    if certificate.point is not None:
        yield paragraph(f"Everything is given, and {given_kind_text(problem, certificate)}.")
        return
    if problem.spurious:
        yield Paragraph(consequences(problem))
    better = certificate.better
    spoken, certificate = _spoken(problem, certificate)
    if better is not None:
        values = parameters_text(parameters_from_json(problem.network, better))
        bound = str(spoken.where[-1]).removeprefix("loss <= ")
        yield paragraph(
            f"On the given data {values} have the loss {bound}. A global minimum has none above it. So it is "
            "shown that no parameters with such a loss satisfy the rest."
        )
    problem = spoken
    reduction = enough(problem, certificate)
    if reduction is not None:
        yield Paragraph(reduction)
    first = 1
    if all(part.kind == "calculation" for part in certificate.parts):
        yield from _calculation(problem)
        return
    for number, part in enumerate(certificate.parts, start=1):
        several = len(certificate.parts) > 1
        facts = Facts(problem, part)
        labels = [label for label in facts.system.facts if label in used_labels(part)]
        numbers = {label: n for n, label in enumerate(labels, start=first)}
        first += len(numbers)
        yield paragraph(
            *((Strong(f"Part {number}."), " ") if several else ()),
            about(part.samples),
            f" Suppose that there were such parameters and such a dataset.{' Then:' if numbers else ''}",
        )
        if numbers:
            yield Numbered(tuple((n, displayed(facts, label)) for label, n in numbers.items()))
        argument = Argument(facts, numbers, (number,) if several else ())
        if argument.referred:
            yield paragraph(
                f"{argument.renumbered} can be renumbered: all that is asked stays as it is. So cases that "
                "differ by that are treated once."
            )
        yield from argument.paragraphs()
    yield paragraph("Nothing is left, so there are no such parameters and no such dataset.")


def _calculation(problem: Problem) -> Iterator[Block]:
    """What is calculated, and what is claimed of it: such a proof has no cases."""
    wrong = wrong_at(problem)
    clauses = list(instead(problem, wrong, Polynomials(problem).derivative))
    yield paragraph(f"Everything is given, so {'this is' if len(clauses) == 1 else 'these are'} calculated:")
    yield from (paragraph(clause, ".") for clause in clauses[:SHOWN])
    if len(clauses) > SHOWN:
        yield paragraph(f"Each of these refutes the claim, and so do {len(clauses) - SHOWN} more.")
    else:
        yield paragraph(f"{'Each of these' if len(clauses) > 1 else 'This'} refutes the claim.")


def displayed(facts: Facts, label: str) -> Node:
    """A fact of a system as a formula."""
    write = facts.naming({})
    fact = facts.system.facts[label]
    if isinstance(fact, Either):
        return _either(facts, label, fact)
    if label in facts.laws:
        terms = fact.polynomial.terms.items()
        left = write(Polynomial({m: c for m, c in terms if c > 0}))
        return row(left, EQUALS, write(Polynomial({m: -c for m, c in terms if c < 0})))
    subject = facts.subject(label, fact, write)
    if subject.defined is None:
        return subject.says
    return row(subject.defined, RELATIONS[facts.signs[label][1]], ZERO)


def _either(facts: Facts, label: str, formula: Formula) -> Node:
    match formula:
        case Fact():
            return facts.subject(label, formula, facts.naming({})).says
        case Both(parts=parts):
            word, many = "and", parts
        case Either(parts=parts):
            word, many = "or", parts
    shown = (_either(facts, f"{label}/{n}", part) for n, part in enumerate(many))
    return row(*[part for node in shown for part in (Phrase(word), node)][1:])
