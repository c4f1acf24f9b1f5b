"""Text from strangers cannot steer a terminal or break a document."""

from __future__ import annotations

import unicodedata
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from zerograd.document.escape import clean, clean_lines, latex_escape, markdown_escape


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("Świrszcz, α ≤ β — 日本 😀", "Świrszcz, α ≤ β — 日本 😀"),
        ("a\x1b[31mred\x1b[0m b", "ared b"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link", "alink"),
        ("a\x1bPq#0\x1b\\b\x1b7", "ab"),
        ("unfinished \x1b]52;c;AAAA", "unfinished"),
        ("a\x9b31mb\x08\x07\x00", "a31mb"),
        ("two\nlines\tand \r\n more ", "two lines and more"),
        ("\u202egnp.exe\u202c\u2066x\ufeff\u200b", "gnp.exex"),
        ("half \ud800 a character", "half a character"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    """Escape sequences, controls, reordering marks and half characters go; letters of all scripts stay."""
    assert clean(text) == cleaned


@given(st.text(st.characters()))
def test_nothing_that_acts_is_left(text: str) -> None:
    """Whatever comes in, no control, format, surrogate or unassigned character comes out."""
    categories = {unicodedata.category(c) for c in clean(text) if c not in "\u200c\u200d"}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_clean_lines() -> None:
    """Lines stay lines."""
    assert clean_lines("a\x1b[1m\n\nb ") == ["a", "", "b"]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50% of w_1 & #2 {x} $y$", r"50\% of w\_1 \& \#2 \{x\} \$y\$"),
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        (
            'a^b ~ "c" <d> |e|',
            r"a\textasciicircum{}b \textasciitilde{} ''c'' \textless{}d\textgreater{} \textbar{}e\textbar{}",
        ),
        ("Świrszcz ï ł ß ç", r"\'{S}wirszcz \"{\i} \l{} \ss{} \c{c}"),
        ("ReLU'(0) ≤ α – 1 … ∂", r"ReLU'(0) \(\leq\) \(\alpha\) -- 1 \ldots{} \(\partial\)"),
        ("日 😀", "[U+65E5] [U+1F600]"),
        ("two\nlines\x1b[31m", "two lines"),
    ],
)
def test_latex_escape(text: str, latex: str) -> None:
    """Specials are escaped, letters set with accents, what plain LaTeX has not is numbered."""
    assert latex_escape(text) == latex


@given(st.text(st.characters()))
def test_latex_is_ascii_and_balanced(text: str) -> None:
    """Whatever comes in: ASCII, balanced braces, no stray special."""
    found = latex_escape(text)
    assert found.isascii()
    bare = found.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    for special in "$&#%_":
        assert found.count(special) == found.count(f"\\{special}")


MARKS = [
    "---", "===", "-", "=", "- - -", "-- -", "--", "- item", "+ item", "+", "1. item", "1) item", "2018.",
    "123456789. x", ":--", ":-:", "---:", "--- | ---", "| --- |", "# no", "> no", "* no", "***", "```", "~~~",
    "[a]: b", "<b>", "&amp;", r"\(x\)", r"\[x\]", r"\\(x", r"\begin{x}", "a | b", "http://x.y", "1.5 is",
    "-1 is", "a \\",
]  # fmt: skip


def rendered(lines: list[str]) -> str:
    """What is left of lines of Markdown on a page, once it is seen that they make one paragraph."""
    html = MarkdownIt("gfm-like", {"linkify": False}).render("\n".join(lines))
    assert html.startswith("<p>")
    assert html.endswith("</p>\n")
    text = html[3:-5].replace("<span></span>", "")
    assert "<" not in text
    return unescape(text)


@pytest.mark.parametrize("mark", MARKS)
def test_markdown_escape(mark: str) -> None:
    """A line is that line, alone or below another: no heading, list, rule, table or formula."""
    line = markdown_escape(mark)
    assert rendered([line]) == mark
    assert rendered(["before", line, "after"]) == f"before\n{mark}\nafter"
    assert rendered([r"a \| b", line, "after"]) == f"a | b\n{mark}\nafter"


@pytest.mark.parametrize("text", [r"\(x\)", r"\[x\]", r"\\(x\\)", r"\begin{align}x\end{align}"])
def test_notebooks_find_no_formula(text: str) -> None:
    """JupyterLab looks for formulas in the source first, then between two tags of what came of it."""
    source = markdown_escape(text)
    starts = (r"\\(", r"\\[", r"\begin{")
    assert not any(start in source for start in starts)
    page = MarkdownIt().render(source)
    assert not any(start in page for start in (r"\(", r"\[", r"\begin{"))


@given(st.lists(st.text(st.sampled_from("-=+:|1.)(\\[]{}$*_#>` ab"), max_size=8), max_size=4))
def test_markdown_says_the_same(lines: list[str]) -> None:
    """Whatever lines come in, they come out of a renderer as they were."""
    kept = [cleaned for line in lines if (cleaned := clean(line))]
    if kept:
        assert rendered([markdown_escape(line) for line in kept]) == "\n".join(kept)
