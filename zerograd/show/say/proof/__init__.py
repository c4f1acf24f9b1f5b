"""Proofs that a question has no answer, as a textbook would print them: a certificate in words.

Pure functions from a problem and a certificate that `zerograd.core.refuting.refutation` accepts: text for a
terminal, Markdown with ``$…$`` formulas, LaTeX that needs amsmath, HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Alternatives, Certificate, Identity, Part, nodes
from zerograd.core.refuting.facts import Both, Either, Fact
from zerograd.document.layout import Layout
from zerograd.show.say.proof.argument import Argument
from zerograd.show.say.proof.claim import about, claim, enough, notation
from zerograd.show.say.proof.facts import Facts
from zerograd.show.say.proof.style import Block, Equation, Equations, Heading, Language, Paragraph, Style

WIDTH = 100
_DEEPEST = 6
"""Nested cases that are indented; beyond that, their numbers alone tell."""
_ONE_LINE = 80
"""Characters of a formula that LaTeX sets in a line of its own."""
_RELATION = re.compile(r" (?:=|>|<|\\neq|\\geq|\\leq) ")
_UNBROKEN = 12
"""Lines of a LaTeX block: amsmath does not break one over pages."""


def statement(problem: Problem, certificate: Certificate) -> str:
    """The theorem that the certificate proves, as a plain sentence or a few."""
    return claim(problem, certificate, Style.of("text", problem.network))


def proof_text(problem: Problem, certificate: Certificate, *, width: int = WIDTH) -> str:
    """The proof for a terminal of so many columns."""
    page = Layout(width, False)
    lines: list[str] = []
    for block in blocks(problem, certificate, "text"):
        match block:
            case Heading(text=text):
                lines += page.heading(text) if lines else [text]
            case Paragraph(text=text, depth=depth):
                lines += page.wrapped(text, 2 + 2 * min(depth, _DEEPEST))
            case Equations(lines=equations):
                for equation in equations:
                    number = f"({equation.number})".ljust(5)
                    lines += page.wrapped(f"{number} {equation.formula}", 4, 8)
    return "\n".join(lines) + "\n"


def proof_markdown(problem: Problem, certificate: Certificate) -> str:
    """The proof as Markdown with formulas in dollar signs, as GitHub renders them."""
    style = Style.of("markdown", problem.network)
    parts: list[str] = []
    run_in = ""
    for block in blocks(problem, certificate, "markdown"):
        match block:
            case Heading(text=text):
                run_in = f"**{text}.** "
                if not parts and problem.title:
                    parts.append(f"## {text}")
                    run_in = ""
            case Paragraph(text=text, depth=depth, starts_case=starts):
                level = min(depth, _DEEPEST)
                bullet = "  " * (level - 1) + ("- " if starts else "  ") if level else ""
                parts.append(bullet + run_in + text)
                run_in = ""
            case Equations(lines=equations):
                parts.append("\n".join(f"* ({e.number}) {style.math(e.formula)}" for e in equations))
    return "\n\n".join(parts) + "\n"


def proof_html(problem: Problem, certificate: Certificate) -> str:
    """The proof as a fragment of HTML: an element ``section``, formulas in plain characters, no scripts."""
    parts: list[str] = []
    for block in blocks(problem, certificate, "text"):
        match block:
            case Heading(text=text):
                level = "h3" if parts or not problem.title else "h2"
                parts.append(f"<{level}>{escape(text)}</{level}>")
            case Paragraph(text=text, depth=depth):
                indent = f' style="margin-left: {2 * min(depth, _DEEPEST)}em"' if depth else ""
                parts.append(f"<p{indent}>{escape(text)}</p>")
            case Equations(lines=equations):
                items = "".join(f'<li value="{e.number}">{escape(e.formula)}</li>' for e in equations)
                parts.append(f"<ol>{items}</ol>")
    return '<section class="proof">\n' + "\n".join(parts) + "\n</section>\n"


def proof_latex(problem: Problem, certificate: Certificate, *, document: bool = True) -> str:
    """The proof as a LaTeX document, or as a fragment for one that loads amsmath."""
    lines = [r"\begin{sloppypar}"]
    run_in, titled = "", not problem.title
    for block in blocks(problem, certificate, "latex"):
        match block:
            case Heading(text=text) if not titled:
                lines.append(rf"\section*{{{text}}}")
                titled = True
            case Heading(text=text):
                run_in = rf"\medskip\noindent\textbf{{{text}.}} "
            case Paragraph(text=text, starts_case=starts):
                before = r"\smallskip\noindent " if starts and not run_in else run_in
                lines.append(rf"{before}{text}\par")
                run_in = ""
            case Equations(lines=equations):
                lines += _equations(equations)
    lines += [r"\hfill\rule{1.2ex}{1.2ex}\par", r"\end{sloppypar}"]
    body = "\n".join(lines) + "\n"
    if not document:
        return body
    return "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n" + body + "\\end{document}\n"


def _equations(equations: tuple[Equation, ...]) -> Iterator[str]:
    """Short formulas aligned; long ones in paragraphs, which LaTeX knows how to break."""
    short: list[str] = []

    def aligned() -> Iterator[str]:
        for start in range(0, len(short), _UNBROKEN):
            yield r"\begin{align*}"
            yield " \\\\\n".join(short[start : start + _UNBROKEN])
            yield r"\end{align*}"
        short.clear()

    for equation in equations:
        if equation.length <= _ONE_LINE:
            formula = _RELATION.sub(lambda match: f" &{match[0].lstrip()}", equation.formula, count=1)
            short.append(rf"{formula} \tag{{{equation.number}}}")
            continue
        yield from aligned()
        yield rf"\noindent({equation.number})\quad\({equation.formula}\)\par"
    yield from aligned()


def blocks(problem: Problem, certificate: Certificate, language: Language) -> Iterator[Block]:
    """The proof, whatever it is written in."""
    style = Style.of(language, problem.network)
    if problem.title:
        yield Heading(style.escape(problem.title))
    yield Heading("Claim")
    yield Paragraph(claim(problem, certificate, style))
    yield Heading("Notation")
    used = {label for part in certificate.parts for label in _used(part)}
    for text in notation(problem, {part.kind for part in certificate.parts}, used, style):
        yield Paragraph(text)
    yield Heading("Proof")
    reduction = enough(problem, certificate, style)
    if reduction is not None:
        yield Paragraph(reduction)
    first = 1
    for number, part in enumerate(certificate.parts, start=1):
        prefix = (number,) if len(certificate.parts) > 1 else ()
        opening = about(part.kind, part.samples, style)
        if prefix:
            opening = f"{style.strong(f'Part {number}.')} {opening}"
        shown = _Displayed(problem, part, language, first)
        first += len(shown.numbers)
        if shown.numbers:
            yield Paragraph(f"{opening} Suppose that there were such parameters and such a dataset. Then:")
            yield Equations(tuple(shown.equations()))
        else:
            yield Paragraph(f"{opening} Suppose that there were such parameters and such a dataset.")
        argument = Argument(shown.set_in, shown.numbers, prefix)
        if argument.referred:
            yield Paragraph(
                f"{argument.renumbered} can be renumbered: all that is asked stays as it is. So cases that "
                "differ by that are treated once."
            )
        yield from argument.paragraphs()
    yield Paragraph("Nothing is left, so there are no such parameters and no such dataset.")


def _used(part: Part) -> set[str]:
    """The labels that a proof uses."""
    labels: set[str] = set()
    for node in nodes(part.root):
        match node:
            case Identity(cofactors=cofactors, nonzero=nonzero, positive=positive):
                labels |= {*cofactors, *nonzero, *(name for product in positive for name in product.factors)}
            case Alternatives(either=label):
                labels.add(label)
    return labels


class _Displayed:
    """The facts of a part that its proof uses, numbered."""

    def __init__(self, problem: Problem, part: Part, language: Language, first: int) -> None:
        self.set_in = Facts(problem, part, Style.of(language, problem.network))
        self.measured = Facts(problem, part, Style.of("text", problem.network))
        used = _used(part)
        labels = [label for label in self.set_in.system.facts if label in used]
        self.numbers: Mapping[str, int] = {label: n for n, label in enumerate(labels, start=first)}

    def equations(self) -> Iterator[Equation]:
        for label, number in self.numbers.items():
            shown, measured = (_displayed(a, label) for a in (self.set_in, self.measured))
            yield Equation(number, shown, len(measured))


def _displayed(facts: Facts, label: str) -> str:
    """A fact as a formula."""
    write = facts.naming({})
    fact = facts.system.facts[label]
    if isinstance(fact, Either):
        return _either(facts, label, fact)
    if label.startswith("homogeneity"):
        terms = fact.polynomial.terms.items()
        left = write(Polynomial({m: c for m, c in terms if c > 0}))
        return f"{left} = {write(Polynomial({m: -c for m, c in terms if c < 0}))}"
    quantity = facts.quantity(label, fact, write)
    if quantity.defined is None:
        return quantity.says
    sign = facts.style.sign(label.split(" ")[-2])
    return f"{quantity.defined} {sign} 0"


def _either(facts: Facts, label: str, formula: Fact | Both | Either) -> str:
    match formula:
        case Fact():
            return facts.quantity(label, formula, facts.naming({})).says
        case Both(parts=parts):
            word, many = "and", parts
        case Either(parts=parts):
            word, many = "or", parts
    joined = f" {word} " if facts.style.language == "text" else rf"\text{{ {word} }}"
    return joined.join(_either(facts, f"{label}/{n}", part) for n, part in enumerate(many))
