"""Text from strangers cannot steer a terminal or break a document."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.show.escape import clean, clean_lines, latex_escape


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
