"""The page of a report in one file: verdict, table, units × samples, terms that cancel, what reaches what."""

from __future__ import annotations

from zerograd.explaining.explanation import Explanation
from zerograd.show.one_file import one_file
from zerograd.show.report_page.content import content

__all__ = ["SCRIPTS", "report_html"]

SCRIPTS = ("map.js", "marks.js", "steps.js")
"""In the order in which they build on one another."""


def report_html(explanation: Explanation) -> str:
    """One HTML file that needs no other and asks nothing of any network; the same bytes each time.

    Everything that it says stands in the markup, and can be read without JavaScript. The scripts draw the
    units from the table of their states, mark what a cause is about, and show one step at a time. What the
    watched program called its parameters is escaped; see `one_file` for what the page may load.
    """
    return one_file(__name__, SCRIPTS, content=content(explanation))
