"""A witness worked out by hand, as the page of a lecture: forward pass, backward pass, gradients as sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zerograd.core.verdict.answer import Sat
from zerograd.document import html, latex, markdown
from zerograd.document.blocks import Block, heading, sections
from zerograd.show.say import paper
from zerograd.show.say.citing import recheck
from zerograd.show.say.derivation.content import blocks


def derivation_markdown(answer: Sat) -> str:
    """The derivation as Markdown with ``$…$`` formulas, as GitHub renders them."""
    return markdown.written(blocks(answer))


def derivation_latex(answer: Sat, *, document: bool = True) -> str:
    """The derivation as a LaTeX document, with the problem's notes; or as a fragment for one with amsmath."""
    checked = paper.small(latex.written(recheck(answer.problem, proved=False)))
    if not document:
        return paper.fragment(paper.written(blocks(answer), paper.LINE), checked)
    opening, asked, *others = sections(blocks(answer, notes=True))
    narrow = _is_narrow(answer)
    given, passes, worked = (
        [part for part in others if _PLACES.get(part[0], 2) == place] for place in range(3)
    )
    shown = paper.beside_picture(paper.written(_joined(given)), narrow=narrow)
    if narrow and answer.witness.samples <= _FEW:
        both = paper.columns(*(paper.written(_joined([part]), paper.COLUMN) for part in passes))
    else:
        both = paper.written(_joined(passes))
    return paper.document(
        paper.written([*opening[1], *_joined([asked])]), shown, both, paper.written(_joined(worked)), checked
    )


_PLACES = {"The network": 0, "The data": 0, "The forward pass": 1, "The backward pass": 1}
"""Sections that stand beside the picture, and those that stand beside each other."""
_NARROW, _FEW = 4, 5
"""Units, inputs and outputs of a network, and samples, of which two texts stand beside each other."""


def _is_narrow(answer: Sat) -> bool:
    """Whether the numbers take half a line."""
    widths = answer.problem.network.widths
    return answer.witness.is_rational and (max(widths) == 1 or sum(widths) <= _NARROW)


def _joined(parts: Iterable[tuple[str, Sequence[Block]]]) -> list[Block]:
    """Return the blocks of sections, each under its heading."""
    return [block for title, inside in parts for block in (heading(title), *inside)]


def derivation_html(answer: Sat, *, title: bool = True) -> str:
    """The derivation as a fragment of HTML: an element ``section`` with formulas in MathML, no scripts.

    Args:
        title: whether it begins with its title, for a page that has none.
    """
    return html.written(blocks(answer)[0 if title else 1 :], "derivation")
