"""Pages in one file: a template with its style and scripts in it, and a policy that allows no others."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any


def one_file(package: str, scripts: Sequence[str], **values: Any) -> str:
    """Return the page of a package: ``page.html.j2`` with the style of all pages, ``page.css`` and scripts.

    The bytes are the same each time. Values are escaped, but for what is marked safe. The
    Content-Security-Policy names style and scripts by their hashes and allows nothing else.

    Args:
        package: the name of the package in whose folder these files are.
        scripts: names of files, in the order in which they build on one another.
        values: what the template asks for beside ``policy``, ``style`` and ``scripts``.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files(package)
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template, own_style, *sources = (
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.html.j2", "page.css", *scripts)
    )
    style = files("zerograd.show").joinpath("one_file.css").read_text(encoding="utf-8") + own_style
    return environment.from_string(template).render(
        policy=_policy(style, sources),
        style=Markup(style),  # noqa: S704 - the package's own file
        scripts=[Markup(source) for source in sources],  # noqa: S704 - as above
        **values,
    )


def _policy(style: str, scripts: Sequence[str]) -> str:
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    """How a policy names what stands between two tags."""
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"
