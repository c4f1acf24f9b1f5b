"""Sweeps: a question with parameters, asked for every combination of their values.

A sweep makes its rows when they are asked for: no list of them is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf, prod
from typing import Any

from zerograd.core.errors import Issue, ProblemError
from zerograd.core.question.problem import Problem

MAX_ROWS = 10**6
MAX_PATTERN = 10
"""Names that patterns are made of: there are 2^n."""
COLUMNS = ("status", "samples", "evidence", "decided", "proved", "result")
"""What stands beside the parameters in a table, whose names no parameter has."""

Places = tuple[int, ...]
"""Which of its values each parameter has."""


def described(values: Mapping[str, Any]) -> str:
    """``H = 2, kink = torch``."""
    return ", ".join(f"{name} = {value_text(value)}" for name, value in values.items())


def value_text(value: Any) -> str:
    """A value as a file could have it; a pattern as ``w1 = 0, b1 ≠ 0``."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(map(value_text, value))}]"
        case Mapping() if is_pattern(value):
            return ", ".join(f"{name} {'=' if asked == 'zero' else '≠'} 0" for name, asked in signs(value))
        case Mapping():
            return f"{{{', '.join(f'{key}: {value_text(item)}' for key, item in value.items())}}}"
    return str(value)


def documented(value: Any) -> Any:
    """A value as JSON has it; what JSON has no kind for, as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case list() | tuple():
            return [documented(item) for item in value]
        case Mapping():
            return {str(key): documented(item) for key, item in value.items()}
    return str(value)


def pattern_values(names: Sequence[str]) -> tuple[dict[str, list[str]], ...]:
    """All patterns of names, from zero everywhere on, each as what is ``zero`` and what is ``nonzero``."""
    return tuple(
        {
            relation: [name for name, asked in zip(names, every, strict=True) if asked == relation]
            for relation in ("zero", "nonzero")
        }
        for every in product(("zero", "nonzero"), repeat=len(names))
    )


def is_pattern(value: object) -> bool:
    """Whether a value is of the form that `pattern_values` have."""
    return (
        isinstance(value, Mapping)
        and set(value) == {"zero", "nonzero"}
        and all(isinstance(names, list | tuple) for names in value.values())
    )


def signs(pattern: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """What is asked of each name of a pattern, in order of names that is the same for all patterns."""
    asked = {str(name): relation for relation in ("zero", "nonzero") for name in pattern[relation]}
    for name in sorted(asked, key=_in_network):
        yield name, asked[name]


def _in_network(name: str) -> tuple[float, bool, str]:
    """Weights before biases, layer after layer; then what belongs to none."""
    digits = name.partition("[")[0][1:]
    return int(digits) if digits.isdecimal() else inf, not name.startswith("w"), name


def reserved(name: str) -> str:
    """What to say of a parameter with the name of a column."""
    return f"{name} is a column of every table: name the parameter otherwise"


def too_many(parameters: Mapping[str, Sequence[Any]]) -> str:
    """What to say of a sweep that is too large."""
    sizes = [len(values) for values in parameters.values()]
    return f"{' · '.join(map(str, sizes))} = {prod(sizes)} rows: at most {MAX_ROWS} are asked"


@dataclass(frozen=True)
class Sweep:
    """A question for each combination of values; the values of the last parameter change first.

    Args:
        parameters: the values of each: a list, or a `range`.
        build: the question of a combination, by the places of its values.
        title: for people.
        about: what all rows have in common, to tell one sweep from another. Values are no part of it, so that
            a sweep can be extended.
        describe: a combination in a few words.

    Raises:
        ProblemError: a parameter without values, or more than `MAX_ROWS` rows.
    """

    parameters: Mapping[str, Sequence[Any]]
    build: Callable[[Places], Problem] = field(repr=False, compare=False)
    title: str | None = None
    about: str = ""
    describe: Callable[[Mapping[str, Any]], str] = field(default=described, repr=False, compare=False)

    def __post_init__(self) -> None:
        issues = [
            Issue((name,), "has no values: give at least one")
            for name, values in self.parameters.items()
            if not values
        ]
        issues += [Issue((name,), reserved(name)) for name in self.parameters if name in COLUMNS]
        if not issues and len(self) > MAX_ROWS:
            issues = [Issue((), too_many(self.parameters))]
        if issues:
            raise ProblemError(issues)

    @staticmethod
    def of(
        parameters: Mapping[str, Sequence[Any]], question: Callable[..., Problem], *, title: str | None = None
    ) -> Sweep:
        """Return the sweep of a function that makes a problem of one value for each parameter."""
        names = tuple(parameters)
        every = {
            name: values if isinstance(values, range) else tuple(values)
            for name, values in parameters.items()
        }

        def build(places: Places) -> Problem:
            return question(**{name: every[name][place] for name, place in zip(names, places, strict=True)})

        return Sweep(every, build, title, about=f"a function of {', '.join(sorted(names))}")

    def __len__(self) -> int:
        return prod(map(len, self.parameters.values()))

    def places(self, number: int) -> Places:
        """Return the places of the values of a row. Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} rows, counted from 0: no row {number}")
        places = []
        for values in reversed(tuple(self.parameters.values())):
            number, place = divmod(number, len(values))
            places.append(place)
        return tuple(reversed(places))

    def values(self, number: int) -> dict[str, Any]:
        """Return the parameters of a row. Raises IndexError."""
        return {
            name: values[place]
            for (name, values), place in zip(self.parameters.items(), self.places(number), strict=True)
        }

    def problem(self, number: int) -> Problem:
        """Return the question of a row.

        Raises:
            IndexError: there is no such row.
            ZerogradError: these values make no question.
        """
        return self.build(self.places(number))
