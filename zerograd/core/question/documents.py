"""Problems from their canonical JSON, for those who trust nothing but the core.

YAML files, short forms and positions in files are the business of `zerograd.spec`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from zerograd.core.errors import FormatError, Issue, ProblemError, Refused, Violation, short
from zerograd.core.model.network import Network
from zerograd.core.near import did_you_mean
from zerograd.core.numbers.work import spend
from zerograd.core.question.problem import Problem
from zerograd.core.question.question import digest_of
from zerograd.core.question.vocabulary import RELATIONS

MAX_BYTES = 64 * 2**20
KEYS = (
    "version", "title", "notes", "references", "network", "samples", "loss", "targets",
    "zero", "nonzero", "some_nonzero", "any_nonzero", "positive", "negative",
    "where", "given", "bounds", "domain", "derivative_at_kink", "minimum", "spurious",
    "expect", "prefer",
)  # fmt: skip


def document_about(problem: Problem, data: object, form: str) -> Mapping[str, Any]:
    """Return a document of a format, which says of itself that it is about a problem.

    Raises:
        FormatError: it is of another format.
        Refused: it is about another problem.
    """
    if not isinstance(data, Mapping) or data.get("format") != form:
        raise FormatError(f"not a document of the format {form}")
    if data.get("problem") != problem.digest:
        raise Refused([Violation("problem", problem.digest, short(data.get("problem")))])
    return data


def read_json(path: Path) -> Any:
    """A JSON document of bounded size, floats kept as their text, duplicate keys refused.

    Raises:
        FormatError: not readable, too large, or no JSON.
    """
    documents = read_documents(path)
    if len(documents) != 1:
        raise FormatError(f"{path}: holds {len(documents)} JSON documents, one is expected")
    return documents[0]


def read_documents(path: Path) -> list[Any]:
    """What `read_json` reads, or several such documents, one a line. Raises FormatError."""
    try:
        with path.open("rb") as stream:
            return documents_in(stream, str(path))
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror or error}") from None


def documents_in(stream: BinaryIO, name: str) -> list[Any]:
    """The documents on a stream; ``name`` is for errors. Raises FormatError."""
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name}: larger than {MAX_BYTES // 2**20} MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise FormatError(f"{name}: not UTF-8 text") from None
    # U+2028 and the like end no line of JSON: they may stand in its texts.
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or not all(line.startswith("{") and line.rstrip().endswith("}") for line in lines):
        lines = [text]
    try:
        return [parse_json(line) for line in lines]
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from None


class Decimal(str):
    """A JSON number with a point or an exponent, as it is written: 0.1 is 1/10, and no float.

    Where a text is due and no number, its type tells it from one.
    """


def parse_json(text: str) -> Any:
    """JSON text, floats kept as their text (`Decimal`). Raises FormatError."""
    # Half a microsecond for each container and each decimal, less for each integer.
    spend((text.count("[") + text.count("{")) // 2 + text.count(",") // 4 + text.count(".") // 2)
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_without_duplicates
        )
    except json.JSONDecodeError as error:
        raise FormatError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise FormatError("nested too deeply") from None
    except ValueError as error:  # numbers beyond Python's digit limit
        raise FormatError(str(error)) from None


def _no_constant(name: str) -> None:
    raise FormatError(f"{name} is not a number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    spend(1 + len(pairs) // 16)
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise FormatError(f"the key {short(twice)} stands twice")
    return result


def problem_from_json(data: object) -> Problem:
    """The inverse of `Problem.to_json` (which sorts the names within a relation).

    Raises:
        FormatError: not an object.
        ProblemError: unknown keys, or anything that `Problem` refuses.
    """
    if not isinstance(data, Mapping):
        raise FormatError("a problem is a JSON object")
    issues = [
        Issue((str(key),), f"unknown key{did_you_mean(str(key), KEYS)}") for key in data if key not in KEYS
    ]
    issues += [Issue((key,), "is missing") for key in ("network", "samples") if key not in data]
    version = data.get("version", 1)
    if type(version) is not int or version != 1:
        issues.append(Issue(("version",), f"expected 1, found {short(version)}"))
    for key in (*RELATIONS, "where", "references"):
        if not isinstance(data.get(key, []), list):
            issues.append(Issue((key,), "expected a list"))
    for key in ("given", "bounds"):
        if not isinstance(data.get(key, {}), Mapping):
            issues.append(Issue((key,), "expected an object"))
    for key, value in (data.get("given") or {}).items() if not issues else ():
        if isinstance(value, Mapping):
            issues.append(Issue(("given", key), "expected a number or nested lists of numbers"))
    if issues:
        raise ProblemError(issues)
    arguments = {key: value for key, value in data.items() if key not in ("version", "network")}
    return Problem(network=network_from_json(data["network"]), **arguments)


LABELS = ("version", "title", "notes", "references", "expect", "prefer")
"""Keys of a problem that are no part of its meaning."""


def is_plainly(problem: Problem, data: object) -> bool:
    """Whether a document is the canonical one of this problem, but for its title and the like.

    That is told by its digest, without reading it number by number. What is not canonical is none, either.

    Raises:
        ProblemError: its title and the like are of no documented form.
    """
    if not isinstance(data, Mapping):
        return False
    spend(_size(data) // 4)
    meaning = {key: value for key, value in data.items() if key not in LABELS}
    if digest_of(meaning) != problem.digest:
        return False
    told = {key: value for key, value in data.items() if key in LABELS}
    problem_from_json({"network": data["network"], "samples": data["samples"], **told})
    return True


def _size(data: object) -> int:
    """How many values a document has."""
    if isinstance(data, Mapping):
        return sum(map(_size, data.values()))
    if isinstance(data, list):
        return sum(map(_size, data)) if data and isinstance(data[0], list | Mapping) else len(data)
    return 1


def network_from_json(data: object) -> Network:
    """``[1, 1, 1]``, or ``{"inputs": …, "layers": […]}``. Raises ProblemError."""
    try:
        return Network.described(data)
    except (ValueError, TypeError) as error:
        raise ProblemError([Issue(("network",), str(error))]) from None
