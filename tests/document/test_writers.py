"""Every node and block in every language."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from zerograd.document import blocks as doc
from zerograd.document import formula as tree
from zerograd.document import html, latex, markdown, text
from zerograd.document.formula import EQUALS, MINUS, PARTIAL, PLUS, ZERO, beside, derivative, power, row

ONE, X, M = tree.Digits("1"), tree.Letter("x"), tree.Letter("M")
WEIGHT = tree.Quantity("w", "1", ("0", "1"))
HOSTILE = "\x1b[31m100% of $x_1$ & `code` <b> [a](http://b.c) \\input{/etc/passwd} # { |"

FORMULAS: list[tuple[tree.Node, str, str]] = [
    (WEIGHT, "w1[0,1]", "w^{(1)}_{0,1}"),
    (power(WEIGHT, 2), "w1[0,1]²", "{w^{(1)}_{0,1}}^{2}"),
    (tree.Quantity("z", "1", ("m",), scalar=True), "z1ₘ", "z_{1,m}"),
    (tree.Quantity("ŷ", "", ("m", "k")), "ŷ[m,k]", r"\hat{y}_{m,k}"),
    (derivative(tree.Letter("L"), WEIGHT), "∂L/∂w1[0,1]", r"\frac{\partial L}{\partial w^{(1)}_{0,1}}"),
    (power(derivative(tree.Letter("L"), X), 2), "(∂L/∂x)²", r"(\frac{\partial L}{\partial x})^{2}"),
    (row(tree.Quotient(ONE, row(tree.Digits("3"), M), factor=True), X), "(1/(3 M)) x", r"\frac{1}{3 M} x"),
    (row(MINUS, tree.Quotient(ONE, tree.Digits("2"), small=True)), "−1/2", r"-\tfrac{1}{2}"),
    (tree.Quotient(M, tree.Digits("2"), slash=True), "M/2", "M/2"),
    (row(tree.Sigma(tree.Letter("m")), *beside(X, M)), "Σₘ x M", r"\sum_{m} x \, M"),
    (tree.Call(tree.Word("leaky_relu"), X, prime=True), "leaky_relu'(x)", r"\operatorname{leaky\_relu}'(x)"),
    (tree.OneIf(row(X, EQUALS, ZERO)), "1[x = 0]", r"\mathbf{1}[x = 0]"),
    (tree.Cases(((ONE, X),)), "1 for x", r"\begin{cases} 1 & \text{for } x \end{cases}"),
    (tree.Matrix(((ONE, ZERO), (X, M))), "(1 0; x M)", r"\begin{pmatrix} 1 & 0 \\ x & M \end{pmatrix}"),
    (row(X, tree.Phrase("or"), M), "x or M", r"x\text{ or }M"),
    (row(tree.Script(PARTIAL, tree.Name("w1")), M), "∂(w1)M", r"\partial_{\mathtt{w1}}M"),
    (tree.flow(ONE, row(PLUS, X)), "1 + x", "1 + x"),
]  # fmt: skip


class Reader(HTMLParser):
    """Elements are closed in order, and none has a handler."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(("node", "plain", "tex"), FORMULAS)
def test_formulas(node: tree.Node, plain: str, tex: str) -> None:
    """Text and LaTeX are as written here; MathML is well-formed, and Markdown takes no backslash."""
    assert text.formula(node) == plain
    assert latex.formula(node) == tex
    assert Reader(html.formula(node)).seen
    assert not any(mark in markdown.formula(node) for mark in (r"\,", r"\\", "<", ">"))
    assert tree.width(node) > 0


BLOCKS: list[doc.Block] = [
    doc.heading(HOSTILE, level=1),
    *(doc.heading("Part of ", X, level=level) for level in (0, 2, 3, 4)),
    doc.paragraph("Text ", X, HOSTILE, doc.Code(HOSTILE), doc.Strong(HOSTILE)),
    doc.Paragraph(("A case.",), 1, starts_case=True),
    doc.Equations((doc.Equation(X, (ONE, M), doc.prose("note ", X)), doc.Equation(X, (ZERO,)))),
    doc.Numbered(((1, row(X, EQUALS, ONE)), (2, row(X, EQUALS, X, *[row(PLUS, X)] * 60)))),
    doc.Terms((("label", (HOSTILE, "two")),)),
    doc.Table(((HOSTILE,), doc.prose(X)), (((HOSTILE,), ("1",)),)),
    doc.Table((("a",), ("words",)), (((HOSTILE,), ("two",)),), words=1),
]  # fmt: skip


def test_blocks_hold_no_markup_of_strangers() -> None:
    """Whatever text is in a block, it is text."""
    page = html.written(BLOCKS, "page")
    assert Reader(page).seen.isdisjoint({"b", "a", "script"})
    tex = latex.written(BLOCKS)
    assert tex.isascii()
    assert r"\input" not in tex
    assert "\x1b" not in text.written(BLOCKS) + markdown.written(BLOCKS)
    assert "[a](http" not in markdown.written(BLOCKS[:1])


def test_text_keeps_to_its_width() -> None:
    """Lines are broken between words, and never end in blanks."""
    lines = text.written([doc.paragraph("word " * 60), BLOCKS[8]], width=50).splitlines()
    assert max(map(len, lines)) <= 50
    assert all(line == line.rstrip() for line in lines)


def test_sentences() -> None:
    """Names in braces stand for their parts; what is put in is not read again."""
    parts = doc.worded("Let {M} be {what}.", M=M, what="{any}")
    assert parts == ("Let ", doc.Formula(M), " be {any}.")
    assert doc.join([("a",), X, ("b",)]) == ("a, ", doc.Formula(X), " and b")
    assert doc.join([("a",), ("b",)], ",") == ("a, b",)
    assert doc.join([]) == ()


def test_long_equations_are_broken_where_room_is_short() -> None:
    """In LaTeX, before a sign between two terms; else they stay on a line."""
    long = tree.flow(X, *(row(PLUS, X) for _ in range(40)))
    equation = doc.Equations((doc.Equation(X, (long,)),))
    assert latex.written([equation]).count("\n") == 3
    assert r"&\qquad {}+" in latex.written([equation], room=58)
    assert markdown.written([equation]).count("$ $") == 1
