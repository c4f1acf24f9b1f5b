"""The parser's words for a syntax error, put so that a person knows what to do."""

from __future__ import annotations

import re
from typing import Any

from zerograd.spec.errors import START, MalformedError, Position

_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"expected ',' or '[\]}]', but got '(\[|\{)'",
        'unexpected {0} inside a list: put names and conditions with brackets in quotes, as in ["x[0] < 1"]',
    ),
    (
        r"expected ',' or '([\]}])', but got '<stream end>'",
        "the bracket that opens at {context} is never closed: {0} is missing",
    ),
    (
        r"expected ',' or '([\]}])'",
        "unexpected text inside the brackets that open at {context}: a comma or {0} is missing",
    ),
    (r"found character '\\t' that cannot start any token", "a tab: indent with spaces"),
    (
        r"found character '(.)' that cannot start any token",
        "text cannot start with {0} here: put it in quotes",
    ),
    (
        r"mapping values are not allowed here",
        "unexpected ':' here: check the indentation, or put the text in quotes",
    ),
    (r"found unexpected end of stream", "the quote that opens at {context} is never closed"),
    (
        r"expected <block end>, but found '<scalar>'",
        "unexpected text after the end of a value: put the whole value in quotes, or check the indentation",
    ),
    (
        r"expected <block end>",
        "unexpected indentation, or a missing '-' or key: line it up with what is above",
    ),
    (r"could not find expected ':'", "a key without ':' after it: write key: value"),
    (r"expected '<document start>'", "unexpected text after the end of the problem: take it out"),
    (r"expected the node content", "a value is missing here"),
    (
        r"expected a comment or a line break, but found",
        "a value cannot start with > or | here: put it in quotes",
    ),
)


def explain(error: Exception) -> MalformedError:
    """A `ruamel.yaml` error as ours. Unknown wordings are passed on as they are."""
    problem = str(getattr(error, "problem", None) or "this is not YAML")
    context = getattr(error, "context", None)
    context_at = _position(getattr(error, "context_mark", None))
    position = _position(getattr(error, "problem_mark", None)) or context_at or START
    opened = f"line {context_at.line}, column {context_at.column}" if context_at else "an earlier line"
    for pattern, advice in _ADVICE:
        match = re.search(pattern, problem)
        if match is not None:
            return MalformedError(position, advice.format(*match.groups(), context=opened))
    return MalformedError(position, f"{problem} ({context})" if context else problem)


def _position(mark: Any) -> Position | None:
    return None if mark is None else Position(mark.line + 1, mark.column + 1)
