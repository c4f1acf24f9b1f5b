"""The page of a report in one file: verdict, table, units × samples, terms that cancel, what reaches what."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from zerograd.explaining.explanation import Explanation
from zerograd.show.report_page.content import content

__all__ = ["SCRIPTS", "report_html"]

SCRIPTS = ("map.js", "marks.js", "steps.js")
"""In the order in which they build on one another."""


def report_html(explanation: Explanation) -> str:
    """One HTML file that needs no other and asks nothing of any network; the same bytes each time.

    Everything that it says stands in the markup, and can be read without JavaScript. The scripts draw the
    units from the table of their states, mark what a cause is about, and show one step at a time. What the
    watched program called its parameters is escaped; the Content-Security-Policy names the page's own style
    and scripts by their hashes and allows nothing else.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, scripts = _source("page.css"), [_source(name) for name in SCRIPTS]
    return environment.from_string(_source("page.html.j2")).render(
        policy=_policy(style, scripts),
        style=Markup(style),  # noqa: S704 - the package's own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - as above
        content=content(explanation),
    )


def _source(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, scripts: list[str]) -> str:
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    """How a policy names what stands between two tags."""
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
