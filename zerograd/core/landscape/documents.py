"""Levels as a document, ``zerograd.levels/1``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zerograd.core.errors import FormatError, Refused, Violation, short
from zerograd.core.landscape.levels import Complete, Excluded, LeastLoss, Level, Levels, check_levels
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.rationals import rational_from_json, rational_text
from zerograd.core.points.curves import arrays_to_lists
from zerograd.core.points.documents import proof_from_json, proof_to_json
from zerograd.core.points.kinds import Best
from zerograd.core.points.lowest import Lowest
from zerograd.core.points.patterns import Vector
from zerograd.core.question.documents import document_about
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Rational

FORMAT = "zerograd.levels/1"
KIND = "local minimum"


def to_json(levels: Levels) -> dict[str, Any]:
    """Return the document."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "problem": levels.problem.digest,
        "question": levels.problem.to_json(),
        "levels": [
            {
                "loss": rational_text(level.loss),
                "kind": KIND,
                "parameters": arrays_to_lists(level.parameters),
            }
            for level in levels.levels
        ],
        "complete": levels.proof is not None,
    }
    if levels.least is not None:
        data["least"] = {
            "loss": rational_text(levels.least.loss),
            "parameters": arrays_to_lists(levels.least.parameters),
            "minimum": proof_to_json(levels.least.proof),
        }
    if levels.proof is not None:
        data["proof"] = {
            "undivided": {prefix: _texts(weights) for prefix, weights in levels.proof.undivided.items()},
            "excluded": [
                {
                    "patterns": list(each.patterns),
                    "signs": list(each.signs),
                    "equations": _texts(each.equations),
                    "inequalities": [_texts(row) for row in each.inequalities],
                }
                for each in levels.proof.excluded
            ],
        }
    return data


def check_document(problem: Problem, data: object) -> Levels:
    """Accept a document if all that it says is so.

    Raises:
        Refused: something that is not so.
        FormatError: no such document.
    """
    said = document_about(problem, data, FORMAT)
    if said.get("question") != problem.to_json():
        raise Refused([Violation("question", short(problem.to_json()), short(said.get("question")))])
    proof = _proof(said["proof"]) if "proof" in said else None
    if said.get("complete") is not (proof is not None):
        raise Refused([Violation("complete", str(proof is not None).lower(), short(said.get("complete")))])
    least = _least(problem, said["least"]) if "least" in said else None
    found = Levels(
        problem, tuple(_level(problem, each) for each in _listed(said.get("levels"))), proof, least
    )
    check_levels(found)
    return found


def accepted_levels_line(levels: Levels) -> str:
    """What was accepted, in a line."""
    number = len(levels.levels)
    losses = f"{number} loss{'' if number == 1 else 'es'} of local minima"
    others = "there are no others off the kinks" if levels.proof is not None else "there may be others"
    least = f"; no parameters have a loss below {rational_text(levels.least.loss)}" if levels.least else ""
    return f"accepted: {losses}, a point for each, and {others}{least}"


def _level(problem: Problem, data: object) -> Level:
    if (
        not isinstance(data, Mapping)
        or data.get("kind") != KIND
        or not isinstance(data.get("parameters"), Mapping)
    ):
        raise FormatError(f"levels: expected a loss, the kind {KIND!r} and parameters, found {short(data)}")
    return Level(rational_from_json(data.get("loss")), _parameters(problem, data["parameters"]))


def _least(problem: Problem, data: object) -> LeastLoss:
    if not isinstance(data, Mapping) or not isinstance(data.get("parameters"), Mapping):
        raise FormatError(f"least: expected a loss, parameters and a proof, found {short(data)}")
    proof = proof_from_json(data.get("minimum"))
    if not isinstance(proof, Best | Lowest):
        raise FormatError(
            f"least.minimum: expected a proof about all parameters, found {short(data['minimum'])}"
        )
    return LeastLoss(rational_from_json(data.get("loss")), _parameters(problem, data["parameters"]), proof)


def _parameters(problem: Problem, data: Mapping[str, Any]) -> Mapping[str, Array[Rational]]:
    shapes = problem.network.shapes
    parameters = {}
    for name, rows in data.items():
        if name not in shapes:
            raise FormatError(f"levels: {short(name)} is no parameter")
        parameters[name] = Array(shapes[name], _entries(rows, shapes[name]))
    return {name: parameters[name] for name in shapes if name in parameters}


def _entries(data: object, shape: tuple[int, ...]) -> Vector:
    if not isinstance(data, list) or len(data) != shape[0]:
        raise FormatError(f"levels: expected {shape[0]} entries, found {short(data)}")
    if len(shape) == 1:
        return tuple(map(rational_from_json, data))
    return tuple(value for row in data for value in _entries(row, shape[1:]))


def _proof(data: object) -> Complete:
    if not isinstance(data, Mapping) or not isinstance(data.get("undivided"), Mapping):
        raise FormatError(f"proof: expected undivided and excluded, found {short(data)}")
    undivided = {str(prefix): _vector(row) for prefix, row in data["undivided"].items()}
    return Complete(undivided, tuple(map(_excluded, _listed(data.get("excluded")))))


def _excluded(data: object) -> Excluded:
    if not isinstance(data, Mapping):
        raise FormatError(f"proof: expected patterns with numbers, found {short(data)}")
    patterns, signs = _listed(data.get("patterns")), _listed(data.get("signs"))
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise FormatError(f"proof: expected patterns such as '+-+', found {short(patterns)}")
    if not all(type(sign) is int and sign in (1, -1) for sign in signs):
        raise FormatError(f"proof: expected signs, 1 or -1, found {short(signs)}")
    rows = tuple(map(_vector, _listed(data.get("inequalities"))))
    return Excluded(tuple(patterns), tuple(signs), _vector(data.get("equations")), rows)


def _listed(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise FormatError(f"expected a list, found {short(data)}")
    return data


def _vector(data: object) -> Vector:
    return tuple(map(rational_from_json, _listed(data)))


def _texts(row: Vector) -> list[str]:
    return [rational_text(value) for value in row]
