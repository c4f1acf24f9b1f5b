"""JSON problem files: read by the standard library, which takes a hundredth of a YAML parser's time."""

from __future__ import annotations

import json
import re
from json.decoder import JSONDecoder, scanstring  # type: ignore[attr-defined]
from typing import Any

from zerograd.core.errors import Path, present, short
from zerograd.spec.errors import START, MalformedError, Position
from zerograd.spec.scalars import Real, resolve_plain

MAX_BYTES = 64 * 2**20
MAX_VALUES = 3_000_000
MAX_DEPTH = 60

_SPACE = re.compile(r"[ \t\n\r]*")
_HALF = re.compile("[\ud800-\udfff]")


def is_json_like(text: str | bytes) -> bool:
    """Whether the first character says that this may be JSON."""
    return text[:64].lstrip()[:1] in ("{", b"{")


def read(text: str) -> dict[str, Any]:
    """The object in a text: as a YAML reader has it, decimals as `Real`.

    Raises:
        MalformedError: no JSON, a key that stands twice, too many values, or too deep.
    """
    twice: list[str] = []

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            keys = [key for key, _ in pairs]
            twice.append(next(key for key in keys if keys.count(key) > 1))
        return result

    try:
        data = json.loads(
            text,
            parse_float=Real,
            parse_int=resolve_plain,
            parse_constant=_constant,
            object_pairs_hook=without_duplicates,
        )
    except json.JSONDecodeError as error:
        raise MalformedError(Position(error.lineno, error.colno), f"no JSON: {error.msg}") from None
    except RecursionError:
        raise MalformedError(START, f"nested more than {MAX_DEPTH} levels deep") from None
    if twice:
        raise MalformedError(START, f"the key {short(twice[0])} stands twice: keep one of the two")
    _bounded(data)
    if not isinstance(data, dict):
        raise MalformedError(START, 'expected an object such as {"network": [1, 1, 1]}')
    return data


def _constant(name: str) -> Any:
    raise MalformedError(START, f"{name} is not a number")


def _bounded(data: Any) -> None:
    """Raise MalformedError for more than is read."""
    level, depth, count = [data], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH:
            raise MalformedError(START, f"nested more than {MAX_DEPTH} levels deep")
        if count > MAX_VALUES:
            raise MalformedError(START, f"more than {MAX_VALUES} values: make the file smaller")
        below: list[Any] = []
        for item in level:
            if isinstance(item, list):
                below += item
            elif isinstance(item, dict):
                below += item.values()
                below += item.keys()
            elif isinstance(item, str) and _HALF.search(item):
                raise MalformedError(
                    START, "an escape such as \\ud800 is half a character: write the character"
                )
        level = below


def locate(text: str, path: Path, *, on_key: bool = False) -> Position:
    """Where a path stands in a text that `read` has read, or the nearest thing around it that exists."""
    return _position(text, _offset(text, path, on_key=on_key))


def _offset(text: str, path: Path, *, on_key: bool) -> int:
    decoder = JSONDecoder()
    at = start = _skip(text, 0)
    for number, part in enumerate(path):
        if text[at] not in "{[" or (text[at] == "[") != isinstance(part, int):
            return start
        inner, count = _skip(text, at + 1), 0
        while text[inner] not in "}]":
            key_at, key = inner, count
            if text[at] == "{":
                key, inner = scanstring(text, inner + 1)
                inner = _skip(text, _skip(text, inner) + 1)  # behind the colon
            if key == part:
                start = key_at if on_key and number == len(path) - 1 else inner
                break
            _, inner = decoder.raw_decode(text, inner)
            inner, count = _skip(text, inner), count + 1
            if text[inner] == ",":
                inner = _skip(text, inner + 1)
        else:
            return start
        at = inner
    return start


def _skip(text: str, at: int) -> int:
    return present(_SPACE.match(text, at), "match").end()  # it matches nothing, too


def _position(text: str, offset: int) -> Position:
    line_start = text.rfind("\n", 0, offset) + 1
    return Position(text.count("\n", 0, offset) + 1, offset - line_start + 1)
