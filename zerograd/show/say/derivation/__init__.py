"""A witness worked out by hand, as the page of a lecture: forward pass, backward pass, gradients as sums.

`content` says what there is to say, once; `latex`, `markdown` and `html` write it.
"""

from __future__ import annotations

from zerograd.core.verdict.answer import Sat
from zerograd.document import html, latex, markdown
from zerograd.show.say.derivation.content import blocks


def derivation_markdown(answer: Sat) -> str:
    """The derivation as Markdown with ``$…$`` formulas, as GitHub renders them."""
    return markdown.written(blocks(answer))


def derivation_latex(answer: Sat, *, document: bool = True) -> str:
    """The derivation as a LaTeX document, with the problem's notes; or as a fragment for one with amsmath."""
    return latex.written(blocks(answer, notes=document), document=document)


def derivation_html(answer: Sat, *, title: bool = True) -> str:
    """The derivation as a fragment of HTML: an element ``section`` with formulas in MathML, no scripts.

    Args:
        title: whether it begins with its title, for a page that has none.
    """
    return html.written(blocks(answer)[0 if title else 1 :])
