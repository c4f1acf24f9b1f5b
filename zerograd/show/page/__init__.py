"""An interactive page in one file: the counterexample, to be changed by hand."""

from __future__ import annotations

from zerograd.core.verdict.answer import Sat
from zerograd.document.escape import clean
from zerograd.show.one_file import one_file
from zerograd.show.page.content import content
from zerograd.show.page.data import json_for_script, page_data, unfit
from zerograd.show.say.derivation import derivation_html

__all__ = ["SCRIPTS", "page_html", "unfit"]

EMBEDDED = "embed.js"
"""What a page without a workbench runs, too."""

SCRIPTS = (
    EMBEDDED,
    "rational.js",
    "exact.js",
    "network.js",
    "graph.js",
    "placing.js",
    "picture.js",
    "fields.js",
    "tables.js",
    "page.js",
)
"""In the order in which they build on one another."""


def page_html(answer: Sat) -> str:
    """One HTML file that needs no other and asks nothing of any network.

    Data points and parameters can be moved; the function and its gradients follow in exact
    arithmetic. Without JavaScript, and for networks too large for a browser to follow, the page
    shows the counterexample in tables. Its Content-Security-Policy names its own style and scripts
    by their hashes and allows nothing else. With ``?embed`` it has neither header nor footer, and no height
    of its own; it prints on two sheets where the example is a small one.
    """
    from markupsafe import Markup

    still = unfit(answer)
    return one_file(
        __name__,
        (EMBEDDED,) if still else SCRIPTS,
        title=clean(answer.problem.title or "") or "A counterexample",
        data=None if still else Markup(json_for_script(page_data(answer))),  # noqa: S704 - escaped there
        derivation=Markup(derivation_html(answer, title=False)),  # noqa: S704 - escaped there
        content=content(answer),
        still=still,
    )
