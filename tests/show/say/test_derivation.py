"""Witnesses worked out by hand: what is written is computed again from the formulas themselves."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import reduce
from html.parser import HTMLParser
from itertools import pairwise
from operator import mul
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.effort import examples
from tests.show.filled import ROOT, answer, filled, founding
from zerograd.core.errors import Refused
from zerograd.core.model.activations import LINEAR, PIECEWISE, leaky_relu, piecewise
from zerograd.core.model.kinks import KINKS
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.numbers.field import Algebraic
from zerograd.core.numbers.univariate import polynomial
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.answer import Sat
from zerograd.document.blocks import Equation, Equations, Heading
from zerograd.document.formula import Digits, Flow, Letter, Node, Quotient, Row, Script, Sign
from zerograd.document.latex import formula
from zerograd.document.text import prose
from zerograd.explaining.sums import Sums
from zerograd.show.say.derivation import derivation_html, derivation_latex, derivation_markdown
from zerograd.show.say.derivation.content import blocks

HOSTILE = "\x1b[31m100% of $x_1$ & `code` <b> [a](http://b.c) \\input{/etc/passwd} # { |"
F = Fraction


numbers = st.one_of(
    st.integers(-3, 3),
    st.fractions(-4, 4, max_denominator=6),
    st.sampled_from(
        [F(-3, 2), 6, Algebraic(ROOT, polynomial([0, 1])), Algebraic(ROOT, polynomial([-1, F(1, 2)]))]
    ),
    st.builds(F, st.integers(-(10**40), 10**40), st.just(7**30)),
)
activations = st.sampled_from([*PIECEWISE, leaky_relu("1/4"), leaky_relu(-2)])


@st.composite
def answers(draw: st.DrawFn) -> Sat:
    """Networks of up to three layers under any convention; with biases that put samples on kinks."""
    layers = st.builds(Layer, st.integers(1, 4), activations, st.booleans())
    network = Network(draw(st.integers(1, 4)), tuple(draw(st.lists(layers, min_size=1, max_size=3))))
    shapes = variable_shapes(network, draw(st.sampled_from([1, 2, 3, 14])))
    pool = draw(st.lists(numbers, min_size=4, max_size=9))
    picks = draw(st.randoms(use_true_random=False))
    values: dict[str, Any] = {
        name: {index: picks.choice(pool) for index in indices(shape)} for name, shape in shapes.items()
    }
    for index in values.get("b1", ()) if piecewise(network.layers[0].activation).kinks else ():
        if draw(st.booleans()):
            reached = sum(values["w1"][index[0], d] * values["x"][0, d] for d in range(network.inputs))
            values["b1"][index] = piecewise(network.layers[0].activation).kinks[0] - reached
    arrays: dict[str, Array[Exact]] = {
        name: Array.build(shape, values[name].__getitem__) for name, shape in shapes.items()
    }
    convention = draw(st.sampled_from(KINKS))
    try:
        found = answer(network, arrays, derivative_at_kink=convention)
    except Refused:  # on a kink, where none may be
        convention = "torch"
        found = answer(network, arrays)
    zero = [f"x[{m},{d}]" for (m, d), value in found.witness.gradients["x"].items() if sign(value) == 0]
    return answer(network, arrays, derivative_at_kink=convention, zero=zero[: draw(st.integers(0, 9))])


checked = examples(25, HealthCheck.data_too_large)


class NotANumber(Exception):
    """A formula speaks of names, or leaves something out."""


def computed(node: Node) -> Any:
    """What a formula comes to; a tuple, if it is a vector."""
    names = {"F": F, "alpha": Algebraic(ROOT, polynomial([0, 1]))}
    return eval(_python(node), names)  # built from the nodes below alone


def _python(node: Node) -> str:
    match node:
        case Digits(text=text) if "…" not in text:
            return f"F({text!r})"
        case Letter(name="α"):
            return "alpha"
        case Quotient(top=Digits() as top, bottom=Digits() as bottom):
            return f"({_python(top)}/{_python(bottom)})"
        case Script(base=Letter(name="α"), below=None, above=Digits(text=text)):
            return "*".join(["alpha"] * int(text))
        case Sign(text=text) if text in "+−·(), ":
            return {"−": "-", "·": "*", " ": "*"}.get(text, text)
        case Row(parts=parts) | Flow(parts=parts):
            joined = [_python(part) for part in parts]
            # A number before a letter is multiplied with it.
            return "".join(
                text + "*" * (after == "alpha" and text[-1:] == ")")
                for text, after in pairwise([*joined, ""])
            )
    raise NotANumber


def equations(found: Sat, heading: str) -> Iterator[Equation]:
    """Those below a heading."""
    current = ""
    for block in blocks(found):
        if isinstance(block, Heading):
            current = prose(block.text)
        elif isinstance(block, Equations) and current == heading:
            yield from block.lines


def same(left: Any, right: Any) -> bool:
    if isinstance(right, tuple):  # a single number stands for a vector of it: z = b = (1, 1)
        left = left if isinstance(left, tuple) else (left,) * len(right)
        return len(left) == len(right) and all(map(same, left, right))
    return sign(left - right) == 0


@checked
@given(answers())
def test_terms_sum_to_the_checkers_gradient(found: Sat) -> None:
    """The exact terms of every gradient, times the common factor, are what reverse mode gives."""
    sums = Sums(found.witness)
    for name, array in found.witness.gradients.items():
        for index, value in array.items():
            terms = sums.of(name, index)
            total_: Any = sum((reduce(mul, term) for term in terms.terms), 0)
            assert same(terms.factor * total_, value)
            assert same(terms.value, value)
            assert same(sum(terms.evaluated, 0), total_)
            assert terms.carrying == tuple(n for n, term in enumerate(terms.evaluated) if sign(term))


@checked
@given(answers())
def test_what_is_written_adds_up(found: Sat) -> None:
    """Every step that is written out with numbers alone comes to the same, signs and brackets included."""
    for heading in ("The forward pass", "The backward pass", "The gradients"):
        for equation in equations(found, heading):
            values = []
            for step in equation.steps:
                try:
                    values.append(computed(step))
                except NotANumber:
                    continue
            assert all(same(a, b) for a, b in pairwise(values)), formula(equation.left)


@checked
@given(answers())
def test_every_style_writes_it(found: Sat) -> None:
    """LaTeX is ASCII; no style writes a sign before a sign, or −0, or 1 before a name."""
    latex, markdown = derivation_latex(found), derivation_markdown(found)
    assert latex.isascii()
    assert derivation_html(found).count("<math") == derivation_html(found).count("</math>")
    for text in (latex, markdown):
        assert not re.search(r"[-+] *[-+]", text.replace("---:", "").replace("--to", ""))
        assert not re.search(r"(?<![\d.])-0(?![.\d])|(?<![\d.}{(,])\b1 [wxa]_", text)


def test_the_founding_example() -> None:
    """The steps that a lecture would show."""
    page = derivation_markdown(founding(title="The founding question"))
    for step in (
        "$z_{1} = w_{1} x + b_{1}$ $= x - 1$ $= (-1, 1, 2)$",
        "The unit is inactive (slope 0) on sample 0.",
        r"$= \frac{1}{3} (1 + 4 + 1)$ $= 2$",
        r"$= \tfrac{2}{3} (1 \cdot 0 - 2 \cdot 1 + 1 \cdot 2)$ $= \tfrac{2}{3} (0 - 2 + 2)$ $= 0$ ($= 0$",
        r"$= \tfrac{2}{3} (0 - 2 + 1)$ $= -\tfrac{2}{3}$ ($\neq 0$, as asked)",
        "On sample 0 the unit has slope 0 and holds back what comes back to it. So ",
        r"$\partial L / \partial b_{1}$ are sums over samples 1 and 2 alone, which do not cancel.",
    ):
        assert step in page


def test_kinks_are_named() -> None:
    """A sample on a kink is said to be there, with the slope that the convention gives."""
    sample_on_kink = filled(Network.mlp(1, 1, 1), 2, lambda _: 0, derivative_at_kink="right")
    assert "The unit is on a kink on every sample, where ReLU'(0) = 1 (right)." in derivation_markdown(
        sample_on_kink
    )


def test_reasons_of_terms_that_are_all_zero() -> None:
    """Residuals of 0, and slopes of 0, are told apart."""
    flat = filled(Network.mlp(1, 1, 1), 2, lambda n: [1, -9, 1, 0, 1, 2, 3, 4][n], zero=["w1", "b1"])
    off = "is zero: the only unit of layer 1 (relu) is off on both samples."
    assert off in derivation_markdown(flat)
    fits = filled(Network.mlp(1, 1, 1), 1, lambda n: [1, 0, 1, 0, 5, 5][n], zero=["w1", "w2"])
    fit = "is zero: the loss (mean squared error) is flat on the only sample: the residual is 0."
    assert fit in derivation_markdown(fits)


def test_terms_that_cancel() -> None:
    """Samples are named where not all of them take part, or not in every sum."""
    every = filled(Network.mlp(1, 1, 1), 2, lambda n: [1, 0, 1, 0, 1, 1, 0, 2][n], zero=["w2", "b2"])
    two = r"$\partial L / \partial w_{2}$ and $\partial L / \partial b_{2}$"
    assert f"In {two} non-zero terms cancel." in derivation_markdown(every)
    some = filled(Network.mlp(1, 1, 1), 3, lambda n: [1, 0, 1, 0, 1, 1, 1, 0, 2, 1][n], zero=["w2", "b2"])
    assert f"Non-zero terms cancel: in {two} those of samples 0 and 1." in derivation_markdown(some)


def test_large_ones_are_shortened() -> None:
    """Hundreds of units and samples make a page of a few thousand characters, which says what is missing."""
    big = filled(Network.mlp(12, 100, 3), 1000, lambda n: n % 7 - 3, zero=[])
    page = derivation_markdown(big)
    assert len(page) < 25_000
    for said in (
        "94 more units of layer 1: zerograd export --to json has everything.",
        "Not all of the 1000 samples",
        "Of the 1000 entries and terms some are left out",
        "of the 1603 entries",
    ):
        assert said in page


def test_long_numbers_are_said_to_be_rounded() -> None:
    """Only where there are any."""
    long = filled(Network.mlp(1, 1, 1), 2, lambda n: F(3**60 + n, 7**40))
    assert "Numbers that end in … are rounded to six digits" in derivation_markdown(long)
    assert "rounded" not in derivation_markdown(founding())


class _Reader(HTMLParser):
    """Which elements there are, and that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile() -> Sat:
    return founding(title=HOSTILE, where=["loss < 3"])


def test_html_holds_no_element_of_a_strangers() -> None:
    """Titles and conditions are text, and nothing else."""
    reader = _Reader()
    reader.feed(derivation_html(hostile()))
    assert not reader.open
    assert "100% of $x_1$ & `code` <b> [a](http://b.c)" in reader.text
    assert "L<3" in reader.text.replace(" ", "")
    layout = {
        "section",
        "h2",
        "h3",
        "p",
        "div",
        "span",
        "strong",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    mathml = {
        "math",
        "mi",
        "mn",
        "mo",
        "mrow",
        "mfrac",
        "mstyle",
        "msub",
        "msup",
        "msubsup",
        "mover",
        "munder",
    }
    assert reader.seen <= layout | mathml | {"mtable", "mtr", "mtd"}


CASES: dict[str, Callable[[], Sat]] = {
    "founding": founding,
    "hostile": hostile,
    "one-sample": lambda: filled(Network.mlp(2, 2, 2), 1, lambda n: n % 5 - 2),
    "linear": lambda: filled(Network(2, (Layer(1, LINEAR, False),)), 4, lambda n: n % 5 - 2),
    "deep": lambda: filled(Network.mlp(3, 4, 4, 4, 2), 5, lambda n: n * n % 7 - 3),
    "fractions": lambda: filled(Network.mlp(1, 1, 1), 12, lambda n: F(n * n - 30, n + 1)),
    "long": lambda: filled(Network.mlp(1, 2, 1), 3, lambda n: F((-3) ** 60 - n, (-7) ** (n + 30))),
    "irrational": lambda: filled(
        Network.mlp(1, 2, 1), 3, lambda n: Algebraic(ROOT, polynomial([n % 3 - 1, F(n % 5 - 2, 3)]))
    ),
    "wide": lambda: filled(Network.mlp(12, 100, 3), 40, lambda n: n * n % 7 - 3),
    "leaky": lambda: filled(
        Network(2, (Layer(2, leaky_relu("1/100"), False), Layer(2, "abs"), Layer(1, "relu6"))),
        3,
        lambda n: F(n * n % 31 - 15, n % 4 + 1),
    ),
}  # fmt: skip


@pytest.mark.needs("pdflatex")
@pytest.mark.parametrize("document", [True, False], ids=["document", "fragment"])
@pytest.mark.parametrize("name", CASES)
def test_latex_compiles_and_fits(tmp_path: Path, name: str, document: bool) -> None:
    """With amsmath alone, no line of it juts out by more than a few points."""
    text = derivation_latex(CASES[name](), document=document)
    if not document:
        preamble = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
        text = f"{preamble}{text}\\end{{document}}\n"
    (tmp_path / "page.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = run.stdout.decode(errors="replace")
    assert run.returncode == 0, log[-2000:]
    assert all(float(width) < 4 for width in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)), log


def test_notes_are_in_the_document() -> None:
    """Below the title, a paragraph for each; a fragment goes where there is text already."""
    found = filled(Network.mlp(1, 1, 1), 2, lambda n: n % 3, notes="Look at\nthe sum.\n\n50 % of it -- all.")
    document = derivation_latex(found)
    assert "\\noindent Look at the sum.\\par\n\\noindent 50 \\% of it -{}- all.\\par\n" in document
    assert "the sum" not in derivation_latex(found, document=False)
    assert "the sum" not in derivation_markdown(found)


def test_alpha_is_explained_where_it_is_used() -> None:
    """Not where every number that would need it is rounded."""
    plain = filled(
        Network.mlp(1, 1, 1), 2, lambda n: Algebraic(ROOT, polynomial([n % 3 - 1, F(n % 5 - 2, 3)]))
    )
    assert "The number $\\alpha$ is" in derivation_markdown(plain)
    long = F(10**40 + 1, 10**40)
    rounded = filled(Network.mlp(1, 1, 1), 2, lambda n: Algebraic(ROOT, polynomial([long, long + n])))
    assert "alpha" not in derivation_markdown(rounded)


def test_a_kink_is_warned_of() -> None:
    """The gradients are then a convention's."""
    warning = "A sample is on a kink, where the loss need not have a derivative"
    assert warning in derivation_markdown(filled(Network.mlp(1, 1, 1), 1, lambda n: 0))
    assert warning not in derivation_markdown(filled(Network.mlp(1, 1, 1), 1, lambda n: 1))
