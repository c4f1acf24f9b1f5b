"""The pages that a stranger meets first: short, with links that lead somewhere, in plain sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = (
    README,
    ROOT / "docs" / "index.md",
    ROOT / "docs" / "tutorial.md",
    *(ROOT / "docs/how-to").glob("*.md"),
)
CODE = re.compile(r"^```.*?^```\n", re.DOTALL | re.MULTILINE)
TABLE_OR_HEADING = re.compile(r"^(\||#).*\n", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CONVOLUTED = re.compile(r"[-*]?\s*(What|Of|One with|That which|Whoever|Whatever)\b(?!.*\?$)")
"""How a sentence begins that says last what it is about. A question may begin with *what*."""


def prose(path: Path) -> str:
    """A page without code, tables and headings."""
    return TABLE_OR_HEADING.sub("\n", CODE.sub("\n", path.read_text(encoding="utf-8")))


def sentences(path: Path) -> list[str]:
    """Those of paragraphs and items of lists, each in a line; what a link says does not begin one."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*[-*] )", prose(path))
    text = [" ".join(block.split()) for block in blocks]
    return [sentence for block in text for sentence in re.split(r"(?<=[.:;?!]) ", block) if sentence]


def test_the_readme_is_short() -> None:
    """A stranger reads it to the end."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    """To files, and to headings in them, as GitHub names these. (MkDocs checks the site.)"""
    for target in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        page = path.parent / name if name else path
        assert page.exists(), f"{path.name}: {target}"
        if anchor and page.suffix == ".md":
            assert anchor in anchors(page), f"{path.name}: {target}"


def anchors(path: Path) -> set[str]:
    """The names of headings as GitHub makes them, and those that are set by hand."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", LINK.sub("", heading).lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain} | set(re.findall(r'id="([^"]+)"', text))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_sentences_begin_with_what_they_are_about(path: Path) -> None:
    """None begins as in "What a person reads is small: of all witnesses one with …"."""
    assert not [sentence for sentence in sentences(path) if CONVOLUTED.match(sentence)]


def test_convoluted_sentences_are_seen() -> None:
    """The rule is one that fails: these stood on such pages once."""
    assert CONVOLUTED.match("What float64 cannot show at all is not written.")
    assert CONVOLUTED.match("of all witnesses one with few".capitalize())
    assert not CONVOLUTED.match("What does the line `size` claim?")
    assert not CONVOLUTED.match("[What you have to trust](trust.md) has more.")
