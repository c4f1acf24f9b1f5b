"""Formulas become MathML when the site is built, commands a description, and a folder its pages."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.mkdocs_hooks import (
    BadFormula,
    described_commands,
    mathml,
    on_config,
    on_page_markdown,
    with_mathml,
)

pytestmark = pytest.mark.needs("latex2mathml")
ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "tests" / "golden").glob("derivation-*.md"))]


def _formulas(page: Path) -> list[str]:
    """Every formula of a page, code left out."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [a or b for a, b in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", text, re.DOTALL)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_formula_is_understood(page: Path) -> None:
    """Those of the pages, and those that derivations are written with."""
    for formula in _formulas(page):
        assert mathml(formula).startswith("<math")


@pytest.mark.parametrize(
    "source",
    [r"\foo x", r"\frac{1}", r"x_{", r"\left( x", r"\begin{aligned} a &= b \end{aligned}", r"a & b"],
)
def test_a_formula_that_is_not_understood_is_refused(source: str) -> None:
    """Unknown commands, missing arguments, stray signs: none is passed on to a reader."""
    with pytest.raises(BadFormula):
        mathml(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"(-1, -x)", '<mo form="prefix">−</mo>'),
        (r"a - b", "<mo>−</mo>"),
        (r"\partial L / \partial w", '<mi>∂</mi><mi>L</mi><mo lspace="0" rspace="0">/</mo>'),
        (r"w \operatorname{ReLU}(z)", '<mo lspace="0.17em" rspace="0">ReLU</mo>'),
        (r"\varphi^{\prime}(z)", "<mrow><mi>φ</mi><mrow><mi>′</mi></mrow></mrow>"),
        (r"\begin{pmatrix} 1 \cr 2 \end{pmatrix}", "<mtr><mtd><mn>2</mn></mtd></mtr>"),
    ],
)
def test_formulas_are_spaced_as_in_tex(source: str, expected: str) -> None:
    """Signs, slashes, names and primes; and rows that end in a command that GitHub leaves alone."""
    assert expected in mathml(source)


def test_formulas_of_a_page_are_found_in_its_html() -> None:
    """Inline ones stay in the text, others get a box; signs that HTML wrote out are read back."""
    inline = with_mathml(r'<p><span class="arithmatex">\(a &lt; b\)</span></p>')
    assert inline.startswith('<p><math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">')
    assert "<mo>&lt;</mo>" in inline
    block = with_mathml('<div class="arithmatex">\\[\na\n\\]</div>')
    assert block.startswith('<div class="formula"><math') and 'display="block"' in block
    with pytest.raises(BadFormula, match="left as it is"):
        with_mathml('<span class="arithmatex">a</span>')


def test_a_folder_in_the_navigation_stands_for_its_pages(tmp_path: Path) -> None:
    """Its index comes first; a folder without pages is an error."""
    (tmp_path / "gallery").mkdir()
    for name in ("b", "a", "index"):
        (tmp_path / "gallery" / f"{name}.md").write_text("# page\n")
    config = SimpleNamespace(nav=["index.md", {"Gallery": "gallery/"}], docs_dir=str(tmp_path))
    pages = ["gallery/index.md", "gallery/a.md", "gallery/b.md"]
    assert on_config(config).nav == ["index.md", {"Gallery": pages}]
    config.nav = [{"Nothing": "nothing/"}]
    with pytest.raises(FileNotFoundError, match="nothing/"):
        on_config(config)


def test_commands_are_described_by_what_their_help_says() -> None:
    """Each with its options; what is a mark-up sign in Markdown is escaped."""
    text = on_page_markdown("# Title\n\n<!-- commands -->\n")
    assert text == f"# Title\n\n{described_commands()}\n"
    for name in ("solve", "prove", "export", "plot", "atlas", "verify", "gradients", "problem", "init"):
        assert f"## zerograd {name}\n" in text
    assert "- `--timeout TIME`  \n  For each file." in text
    assert "1&lt;=x&lt;=1000" in text
    assert "\b" not in text
