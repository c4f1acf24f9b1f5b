"""How notebooks show problems and answers: the core knows no HTML, so whoever does says how.

IPython asks an object for ``_repr_html_`` and ``_repr_latex_``, and takes None for "not in this form".
"""

from __future__ import annotations

from collections.abc import Callable

Writer = Callable[[object], str | None]

_writers: dict[str, Writer] = {}


def show_with(**writers: Writer) -> None:
    """Let notebooks show everything `Shown` by these, by form: ``html``, ``latex``."""
    _writers.update(writers)


class Shown:
    """What a notebook shows by itself."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        return _writers["html"](self) if "html" in _writers else None

    def _repr_latex_(self) -> str | None:
        return _writers["latex"](self) if "latex" in _writers else None
