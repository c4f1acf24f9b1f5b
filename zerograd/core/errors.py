"""Every error that zerograd raises on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

Path = tuple[str | int, ...]
"""Where in a problem something stands: keys and list positions from the outside in."""


class ZerogradError(Exception):
    """Base class of all errors raised by zerograd."""


MAX_SHOWN = 400
"""Characters of what was expected or found that messages show."""
MAX_LISTED = 100
"""Violations that they list."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with a problem: where, and what to do about it."""

    path: Path
    message: str

    def __str__(self) -> str:
        return f"{format_path(self.path)}: {self.message}" if self.path else self.message


class ProblemError(ZerogradError):
    """A problem that means nothing as it stands. Carries every issue found, not the first alone."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class FormatError(ZerogradError):
    """A JSON document (problem, witness or result) that is not of the documented form."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing the checker did not find as it should be.

    Attributes:
        entry: what was looked at, e.g. ``∂L/∂b2[0]`` or ``where[1]``.
        expected: what the problem asks for; of a claim, what the checker computed.
        found: what the checker computed; of a claim, what the document says.
    """

    entry: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{_cut(self.entry)}: expected {_cut(self.expected)}, found {_cut(self.found)}"


def _cut(text: str) -> str:
    """A text as it is, or of one that is very long, such as a number, its two ends."""
    if len(text) <= MAX_SHOWN:
        return text
    return f"{text[: MAX_SHOWN // 2]}… ({len(text):,} characters) …{text[-MAX_SHOWN // 4 :]}"


class Refused(ZerogradError):  # noqa: N818  # a verdict, not a mishap
    """The checker does not accept a witness. Carries every violation found, at least one."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A line for each violation; of very many, the first ones, and how many more there are."""
        more = len(self.violations) - MAX_LISTED
        lines = list(map(str, self.violations[:MAX_LISTED]))
        return [*lines, f"and {more:,} more"] if more > 0 else lines


class TooMuchWork(Refused):
    """To read or check a document takes more than the budget allows (`zerograd.core.numbers.work`).

    Attributes:
        budget: in units.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        super().__init__([Violation("the work", f"at most {budget:,} units", "more")])

    def __reduce__(self) -> tuple[object, ...]:
        return TooMuchWork, (self.budget,)

    @property
    def lines(self) -> list[str]:
        return [f"more work than the budget of {self.budget:,} units (raise it with --work)"]


class NothingToCheck(ZerogradError):  # noqa: N818  # neither
    """A result that carries neither a witness nor a certificate."""


class Impossible(ZerogradError):  # noqa: N818  # nor this
    """A bug: what the program has made sure of before does not hold."""


T = TypeVar("T")


def present(value: T | None, what: str) -> T:
    """Return a value that is there. Not an assertion: those are gone under ``python -O``.

    Raises:
        Impossible: it is None.
    """
    if value is None:
        raise Impossible(f"there is no {what}")
    return value


def of_type(value: object, kind: type[T] | tuple[type[T], ...], what: str) -> T:
    """Return a value that is of a type.

    Raises:
        Impossible: it is of another.
    """
    if not isinstance(value, kind):
        raise Impossible(f"{what} is {article(type(value).__name__)}")
    return value


def article(noun: str) -> str:
    """``a float``, ``an int``: a noun with its article, by its first letter."""
    return f"{'an' if noun[:1].lower() in tuple('aeiou') else 'a'} {noun}"


def format_path(path: Path) -> str:
    """``("network", "layers", 0, "units")`` as ``network.layers[0].units``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            shown = part if part.isprintable() else repr(part)  # keys may come from strangers
            text += f".{shown}" if text else shown
    return text


def short(data: object) -> str:
    """``repr`` for messages: at most 60 characters, whatever was found."""
    try:
        text = repr(data)
    except (ValueError, RecursionError):  # an integer beyond Python's digit limit, or endless nesting
        return "something too large to show"
    return text if len(text) <= 60 else text[:57] + "..."
