"""Teach notebooks to show problems and answers, and `Problem` to read a text.

IPython asks an object for ``_repr_html_`` and ``_repr_latex_``, and takes None for "not in this form".
The core knows neither HTML nor YAML, so its classes are given these methods from here, when `zerograd` first
hands out a public name. What does the work is imported when it is first asked.
"""

from __future__ import annotations

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat, Unknown, Unsat

SHOWN: tuple[type, ...] = (Problem, Sat, Unsat, Unknown)


def attach() -> None:
    """Give the classes of `SHOWN` their methods for notebooks."""
    for shown in SHOWN:
        shown._repr_html_ = _html  # type: ignore[attr-defined]
        shown._repr_latex_ = _latex  # type: ignore[attr-defined]
    Problem.from_yaml = staticmethod(_from_yaml)  # type: ignore[method-assign]


def _from_yaml(text: str | bytes) -> Problem:
    from zerograd.spec import loads

    return loads(text, "<text>")


def _html(thing: object) -> str | None:
    from zerograd.show.jupyter import as_html

    return as_html(thing)


def _latex(thing: object) -> str | None:
    from zerograd.show.jupyter import as_latex

    return as_latex(thing)
