"""An interactive page in one file: the counterexample, to be changed by hand."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from zerograd.core.verdict.answer import Sat
from zerograd.document.escape import clean
from zerograd.show.page.content import content
from zerograd.show.page.data import json_for_script, page_data, unfit
from zerograd.show.say.derivation import derivation_html

__all__ = ["SCRIPTS", "page_html", "unfit"]

SCRIPTS = (
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
    by their hashes and allows nothing else.
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
    still = unfit(answer)
    style = _source("page.css")
    scripts = [] if still else [_source(name) for name in SCRIPTS]
    return environment.from_string(_source("page.html.j2")).render(
        title=clean(answer.problem.title or "") or "A counterexample",
        policy=_policy(style, scripts),
        style=Markup(style),  # noqa: S704 - the package's own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - as above
        data=None if still else Markup(json_for_script(page_data(answer))),  # noqa: S704 - escaped there
        derivation=Markup(derivation_html(answer, title=False)),  # noqa: S704 - escaped there
        content=content(answer),
        still=still,
    )


def _source(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, scripts: list[str]) -> str:
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    """How a policy names what stands between two tags."""
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
