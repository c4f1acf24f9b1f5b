"""The languages that exercises and sheets are written in, each a document of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal, TypeAlias

from zerograd.document import html, latex, markdown
from zerograd.document.blocks import Block
from zerograd.document.escape import clean
from zerograd.show.say import paper

Language: TypeAlias = Literal["latex", "markdown", "html"]

_STYLE = (
    "body { max-width: 50em; margin: 2em auto; padding: 0 1em; font-family: serif; }"
    " table { border-collapse: collapse; } th, td { padding: 0.3em 0.8em; border: 1px solid #999; }"
    " hr { break-after: page; margin: 3em 0; }"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}</body>
</html>
"""


def document(
    blocks: Sequence[Block], language: Language, title: str, *, argument: Sequence[Block] = ()
) -> str:
    """Return a document.

    Args:
        title: of the window that shows a page.
        argument: a proof, of which LaTeX indents the cases.
    """
    match language:
        case "latex":
            proof = latex.written(argument, indented=True) if argument else ""
            return paper.document(paper.written(blocks), proof)
        case "markdown":
            return markdown.written([*blocks, *argument])
        case "html":
            body = html.written([*blocks, *argument], "lecture")
            return _PAGE.format(title=escape(clean(title)), style=_STYLE, body=body)
