"""What the page's program is given: the network, the counterexample and what is asked of it, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from typing import Any

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.kinks import Kink
from zerograd.core.model.references import Reference, resolve, short_entry
from zerograd.core.numbers.approximation import bits
from zerograd.core.numbers.arrays import Index, Shape, indices
from zerograd.core.numbers.closed import Closed
from zerograd.core.numbers.exact import Exact, exact_to_json
from zerograd.core.numbers.field import field_to_json
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation, gradient_shapes, variable_shapes
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.core.verdict.witness import Witness
from zerograd.show.fitness import no_calculation, no_exact_numbers
from zerograd.show.words import piece_text

MAX_ENTRIES = 40
"""Gradients with a row each; of a larger network every array has one row."""
MAX_WORK = 1_000_000
"""Multiplications of an evaluation, about, beyond which the page does not calculate."""
_WORK_OF_SAMPLE = 10
_SHORT = 64
"""Bits of a number that takes no longer to multiply than a small one."""

_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def json_for_script(data: object) -> str:
    """JSON that stays inside a ``<script>`` element, whatever text it holds."""
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).translate(_ESCAPES)


def unfit(answer: Answer) -> str | None:
    """Say why a browser cannot follow changes of this network and dataset; None if it can."""
    reason = no_exact_numbers(answer) or no_calculation(answer)
    if reason is not None or not isinstance(answer, Sat):
        return f"A browser cannot follow changes: {reason}."
    witness = answer.witness
    degree = 1 if witness.field is None else len(witness.field.polynomial) - 1
    numbers = [value for array in witness.variables.values() for value in array.entries]
    if any(isinstance(value, Closed) for value in numbers):
        return "A browser cannot follow changes: numbers of this example have logarithms or π."
    words = 1 + max(map(bits, numbers), default=0) // _SHORT
    parameters = witness.problem.network.parameter_count
    if (parameters + _WORK_OF_SAMPLE) * witness.samples * (degree * words) ** 2 > MAX_WORK:
        return "This network and dataset are too large for a browser to follow changes."
    return None


def page_data(answer: Sat) -> dict[str, Any]:
    """Everything the page's program reads.

    Returns:
        ``question``: see `question_data`; ``values``: the counterexample, see `values_data`;
        ``labels``: the names of its entries; ``rows``: of the table of gradients; ``gradients``:
        those that the checker found, by which the page tests its own arithmetic.
    """
    witness = answer.witness
    shapes = variable_shapes(answer.problem.network, witness.samples)
    return {
        "question": question_data(answer.problem, witness),
        "values": values_data(witness),
        "labels": {name: labels(name, shape) for name, shape in shapes.items() if name not in "xy"},
        "rows": list(gradient_rows(answer.problem, witness.samples)),
        "gradients": {name: list(map(exact_to_json, a.entries)) for name, a in witness.gradients.items()},
    }


def question_data(problem: Problem, witness: Witness) -> dict[str, Any]:
    """The network as the page's program evaluates it, and the witness's number field.

    Returns:
        ``inputs``; ``field`` (None for rational witnesses); ``factor``, by which gradients differ from
        sums over the adjoints, and ``share``, the same of the loss and the
        sum of its terms; ``layers``, each with ``units``, ``name`` and the ``pieces`` of its activation
        from left to right: ``high``, where it ends, ``slope``, ``offset``, ``word``, and
        ``slope_at_high``: the derivative that is taken there, None where no sample may sit on it.
    """
    field, loss = witness.field, problem.model.loss
    return {
        "inputs": problem.network.inputs,
        "factor": exact_to_json(loss.factor(*witness.y.shape)),
        "share": exact_to_json(loss.share(*witness.y.shape)),
        "layers": [
            {"units": layer.units} | _activation_data(layer.activation, problem.derivative_at_kink)
            for layer in problem.network.layers
        ],
        "field": None if field is None else field_to_json(field),
    }


def _activation_data(activation: Activation, convention: Kink) -> dict[str, Any]:
    bends = piecewise(activation)
    derivatives = (*bends.derivatives_at_kinks(convention), None)
    pieces = [
        {
            "high": _number(piece.high),
            "slope": _number(piece.slope),
            "offset": _number(piece.offset),
            "slope_at_high": _number(derivative),
            "word": "" if activation.is_linear else piece_text(piece),
        }
        for piece, derivative in zip(bends.pieces, derivatives, strict=True)
    ]
    return {"name": str(activation), "pieces": pieces}


def _number(value: Exact | None) -> Any:
    return None if value is None else exact_to_json(value)


def values_data(witness: Witness) -> dict[str, list[Any]]:
    """Parameters, ``x`` and ``y`` as flat lists in row-major order, each number as in documents."""
    return {name: list(map(exact_to_json, array.entries)) for name, array in witness.variables.items()}


def gradient_rows(problem: Problem, samples: int) -> Iterator[dict[str, Any]]:
    """The rows of the table of gradients: for every entry, or for every array where there are many.

    Returns:
        Rows of ``label``, ``name``, ``positions`` (in the flat array) and ``asked``: the relations
        that concern the row, each with the positions that it speaks of, the ``signs`` that it allows
        there, and whether ``some`` entry with one of them is enough.
    """
    shapes = gradient_shapes(problem.network, samples)
    names = problem.gradient_names
    relations = list(_relations(problem, shapes))
    single = sum(len(_positions(name, shapes)) for name in names) <= MAX_ENTRIES
    for name in names:
        of_name = [relation for relation in relations if relation["name"] == name]
        if not single:
            yield _row(f"∂L/∂{name}", name, _positions(name, shapes), of_name)
            continue
        for position, text in enumerate(labels(name, shapes[name])):
            concerned = [_narrowed(r, position) for r in of_name if position in r["positions"]]
            yield _row(f"∂L/∂{text}", name, [position], _without_repeats(concerned))


def _row(text: str, name: str, positions: list[int], asked: list[dict[str, Any]]) -> dict[str, Any]:
    return {"label": text, "name": name, "positions": positions, "asked": asked}


def _relations(problem: Problem, shapes: dict[str, Shape]) -> Iterator[dict[str, Any]]:
    for relation, references in problem.query.items():
        # What is asked of several arrays together is not a matter of one row.
        for reference in references if not relation.joint or len(references) == 1 else ():
            positions = [
                _flat(index, shapes[reference.name]) for index in resolve(reference, shapes[reference.name])
            ]
            yield {
                "relation": relation,
                "signs": sorted(relation.signs),
                "some": relation.some,
                "text": relation.words + _of(reference, relation),
                "name": reference.name,
                "positions": positions,
            }


def _of(reference: Reference, relation: Relation) -> str:
    if relation.some:
        return f" of {reference}"
    return "" if reference.index is None else f": {reference}"


def _narrowed(relation: dict[str, Any], position: int) -> dict[str, Any]:
    """What a relation says of one entry. That some entry is nonzero is said of all together."""
    if relation["some"]:
        return relation | {"text": relation["text"].removesuffix(f" of {relation['name']}")}
    return relation | {"positions": [position], "text": relation["relation"]}


def _without_repeats(relations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({relation["text"]: relation for relation in relations}.values())


def _positions(name: str, shapes: dict[str, Shape]) -> list[int]:
    return list(range(prod(shapes[name])))


def _flat(index: Index, shape: Shape) -> int:
    position = 0
    for i, length in zip(index, shape, strict=True):
        position = position * length + i
    return position


def labels(name: str, shape: Shape) -> list[str]:
    """The name of every entry of an array."""
    return [short_entry(name, index, shape) for index in indices(shape)]
