"""A witness as a Jupyter notebook: forward pass, loss, chain rule and asserts, with NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from zerograd.core.model.activations import Activation
from zerograd.core.model.losses import Loss
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.approximation import bits
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Algebraic, Exact, digits, narrow
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.core.verdict.witness import Witness
from zerograd.document.escape import clean_lines, markdown_escape
from zerograd.evaluate.rounding import PutBack, beyond_float64, prepare
from zerograd.show.fitness import no_calculation
from zerograd.show.scripts.literals import literal, nested, rounded_comments
from zerograd.show.scripts.parts import (
    asserts,
    facts,
    put_back_arguments,
    rounding_comment,
    rounding_lines,
    shown_names,
    title,
)
from zerograd.show.words import activations

_DECIMAL_DIGITS = 600
"""Python may refuse to read the digits of a longer integer; it reads any number in base 16."""
_PRINTED_BITS = 10_000
"""Some 3000 digits; Python prints 4300."""


def notebook(answer: Sat) -> str:
    """A notebook (nbformat 4.5) that calculates with fractions, or in float64 where numbers are irrational.

    Raises:
        BeyondFloat64: the witness is irrational, and float64 cannot show what it shows (see `unfit`).
    """
    cells: list[dict[str, object]] = [
        {"cell_type": kind, "id": f"zerograd-{number}", "metadata": {}, "source": source}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for number, (kind, source) in enumerate(_cells(answer))
    ]
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def unfit(answer: Answer) -> str | None:
    """Say why there is no notebook of this answer; None if there is one."""
    if (reason := no_calculation(answer)) is not None or not isinstance(answer, Sat):
        return reason
    return beyond_float64(answer.witness) if _in_floats(answer.witness) else None


def _cells(answer: Sat) -> Iterator[tuple[str, str]]:
    """(kind, source) of each cell."""
    witness = answer.witness
    put_back = prepare(witness) if _in_floats(witness) else {}
    yield "markdown", _text(_question(answer))
    yield "markdown", _text(["## The network and the data", "", *_data_words(witness)])
    yield "code", _text(_data(witness))
    yield "markdown", _text(["## Forward pass", "", *_forward_words(witness, put_back)])
    yield "code", _text([*_functions(witness, put_back), *_forward(witness, put_back)])
    yield "markdown", _text(["## Residuals and loss", "", *_loss_words(witness)])
    yield "code", _text(_loss(witness))
    yield "markdown", _text(["## Gradients by the chain rule", "", *_backward_words(witness)])
    yield "code", _text(_backward(answer))
    yield "markdown", _text(["## What is asked", "", *_asked_words(answer)])
    yield "code", _text(_asked(answer))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip("\n")


def _question(answer: Sat) -> Iterator[str]:
    problem = answer.problem
    yield f"# {markdown_escape(title(problem))}"
    yield ""
    yield from map(markdown_escape, clean_lines(problem.notes or ""))
    yield ""
    yield from (f"- {markdown_escape(line)}" for line in facts(problem, answer.witness.samples))
    yield ""
    for reference in problem.references:
        yield markdown_escape(reference)
        yield ""
    yield "Needs NumPy alone. Written by zerograd from a witness that is checked exactly."


def _in_floats(witness: Witness) -> bool:
    """Whether the notebook calculates in float64."""
    return witness.field is not None


# --- data --------------------------------------------------------------------------------


def _data_words(witness: Witness) -> Iterator[str]:
    yield "Weights have a row for each unit, inputs `x` and targets `y` a row for each sample."
    if _in_floats(witness):
        yield "Some numbers are irrational, so what follows is in float64, up to rounding."
    else:
        yield "All numbers are integers and fractions: nothing in this notebook is ever rounded."


def _data(witness: Witness) -> Iterator[str]:
    if not _in_floats(witness):
        if _too_long_to_print(witness):
            yield "import sys"
        yield "from fractions import Fraction"
        yield ""
    yield "import numpy as np"
    yield ""
    if _in_floats(witness):
        yield from rounded_comments(witness.variables)
    else:
        yield 'np.set_printoptions(formatter={"object": str})'
        if _too_long_to_print(witness):
            yield "sys.set_int_max_str_digits(0)  # numbers of any length are printed"
    for name, values in witness.variables.items():
        yield f"{name} = {_array(values, witness)}"


def _too_long_to_print(witness: Witness) -> bool:
    """Whether some number of the calculation has more digits than Python prints unasked."""
    return any(
        bits(value) > _PRINTED_BITS for array in witness.quantities.values() for value in array.entries
    )


def _array(values: Array[Exact], witness: Witness) -> str:
    floats = _in_floats(witness)
    texts = values.map(literal if floats else _fraction).tolist()
    return f"np.array({nested(texts)}, dtype={'float' if floats else 'object'})"


def _fraction(value: Exact) -> str:
    value = narrow(value)
    assert not isinstance(value, Algebraic)  # for the type checker: of rational witnesses only
    if value.denominator == 1:
        return _integer(value.numerator)
    return f"Fraction({_integer(value.numerator)}, {_integer(value.denominator)})"


def _integer(value: int) -> str:
    return digits(value) if abs(value) < 10**_DECIMAL_DIGITS else hex(value)


def _number(value: Exact, *, floats: bool) -> str:
    return literal(value) if floats else _fraction(value)


# --- forward pass ------------------------------------------------------------------------


def _forward_words(witness: Witness, put_back: Mapping[int, PutBack]) -> Iterator[str]:
    yield "Layer by layer: pre-activations $z$, then activations $a = \\varphi(z)$, for all samples at once."
    if put_back:
        yield "Rounding may carry a pre-activation across a kink that it is on, or next to. It is put back."
    yield ""
    for number, layer in enumerate(witness.problem.network.layers, start=1):
        below = f"a_{{{number - 1}}}" if number > 1 else "x"
        bias = f" + b_{{{number}}}" if layer.bias else ""
        name = layer.activation.name.replace("_", "\\_")
        phi = f"z_{{{number}}}" if layer.activation.is_linear else f"\\mathrm{{{name}}}(z_{{{number}}})"
        yield f"$$z_{{{number}}} = {below}\\, w_{{{number}}}^\\top{bias}, \\qquad a_{{{number}}} = {phi}$$"
        yield ""


def _names(problem: Problem) -> dict[Activation, str]:
    """What the functions of the activations that bend are called."""
    names: dict[Activation, str] = {}
    for activation in dict.fromkeys(activations(problem.network)):
        if activation.is_linear:
            continue
        others = sum(known.name == activation.name for known in names)
        base = "absolute" if activation.name == "abs" else activation.name
        names[activation] = f"{base}_{others + 1}" if others else base
    return names


def _functions(witness: Witness, put_back: Mapping[int, PutBack]) -> Iterator[str]:
    problem, floats = witness.problem, _in_floats(witness)
    for activation, name in _names(problem).items():
        parts = sides(activation, problem.derivative_at_kink)
        values = [_affine(side, floats=floats) for side in parts]
        derivatives = [_number(side.derivative, floats=floats) for side in parts]
        yield f"def {name}(z):"
        yield f"    return {_by_side(parts, values)}"
        yield ""
        yield ""
        yield f"def {name}_slope(z):"
        if problem.derivative_at_kink != "forbid":
            yield f"    # at a kink: {problem.derivative_at_kink}"
        yield f"    return {_by_side(parts, derivatives)}"
        yield ""
        yield ""
    if put_back:
        yield _PUT_BACK


_PUT_BACK = '''def put_back(z, samples, units, values, rounding):
    """Pre-activations moved to where they are exactly, by no more than rounding."""
    assert (abs(z[samples, units] - values) <= rounding).all(), "more than rounding"
    z = z.copy()
    z[samples, units] = values
    return z

'''


def _affine(side: Side, *, floats: bool) -> str:
    slope, offset = side.slope, side.offset
    if slope == 0:
        return _number(offset, floats=floats)
    size = _number(slope, floats=floats)
    product = "z" if slope == 1 else "-z" if slope == -1 else f"{size} * z"
    return product if offset == 0 else f"{product} + {_number(offset, floats=floats)}"


def _by_side(parts: tuple[Side, ...], values: list[str]) -> str:
    """Nested ``np.where``, from left to right."""
    text = values[-1]
    for side, (value, following) in reversed(list(zip(parts[:-1], pairwise(values), strict=True))):
        if value != following:
            text = f"np.where(z {'<=' if side.high_closed else '<'} {side.high}, {value}, {text})"
    return text


def _forward(witness: Witness, put_back: Mapping[int, PutBack]) -> Iterator[str]:
    network, names = witness.problem.network, _names(witness.problem)
    for number, layer in enumerate(network.layers, start=1):
        below = f"a{number - 1}" if number > 1 else "x"
        bias = f" + b{number}" if layer.bias else ""
        yield f"z{number} = {below} @ w{number}.T{bias}"
        if number in put_back:
            yield f"z{number} = put_back(z{number}, {put_back_arguments(put_back[number], 0)})"
        phi = names.get(layer.activation)
        yield f"a{number} = {phi}(z{number})" if phi else f"a{number} = z{number}"
    for number in range(1, network.depth + 1):
        yield f'print("z{number} =", z{number}, "a{number} =", a{number}, sep="\\n")'


# --- loss, gradients ---------------------------------------------------------------------


def _loss_words(witness: Witness) -> Iterator[str]:
    loss = witness.problem.model.loss
    which, share = ("mean", f"{_tex_share(1, loss)} ") if loss.averages else ("sum", "")
    yield f"A residual is what the network says, less the target; the loss is the {which} of their squares."
    yield ""
    yield f"$$r = \\hat y - y, \\qquad L = {share}\\sum_{{m, k}} r_{{m k}}^2$$"


def _tex_share(top: int, loss: Loss) -> str:
    return f"\\frac{{{top}}}{{M K}}" if loss.averages else str(top)


def _share(top: int, witness: Witness) -> str:
    """A number over how many terms the loss is the mean of."""
    count = witness.problem.model.loss.count(*witness.y.shape)
    return f"{top} / {count}" if _in_floats(witness) else f"Fraction({top}, {count})"


def _loss(witness: Witness) -> Iterator[str]:
    yield f"r = a{witness.problem.network.depth} - y"
    yield f"loss = {_share(1, witness)} * (r * r).sum()"
    yield 'print("r =", r, "loss =", loss, sep="\\n")'


def _backward_words(witness: Witness) -> Iterator[str]:
    yield "From the output down: $\\delta$ is the derivative of $L$ by the pre-activations of a layer."
    yield ""
    last, loss = f"{{{witness.problem.network.depth}}}", witness.problem.model.loss
    yield f"$$\\delta_{last} = {_tex_share(loss.constant, loss)}\\, r \\odot \\varphi'(z_{last}), \\qquad"
    yield "\\delta_{l} = (\\delta_{l+1}\\, w_{l+1}) \\odot \\varphi'(z_{l})$$"
    yield ""
    yield "$$\\frac{\\partial L}{\\partial w_l} = \\delta_l^\\top a_{l-1}, \\qquad"
    yield "\\frac{\\partial L}{\\partial b_l} = \\sum_m \\delta_{l, m}$$"


def _backward(answer: Sat) -> Iterator[str]:
    network, names = answer.problem.network, _names(answer.problem)
    yield "found = {}"
    upstream = f"{_share(answer.problem.model.loss.constant, answer.witness)} * r"
    for number in range(network.depth, 0, -1):
        layer = network.layers[number - 1]
        phi = names.get(layer.activation)
        yield f"d{number} = {upstream}" + (f" * {phi}_slope(z{number})" if phi else "")
        below = f"a{number - 1}" if number > 1 else "x"
        yield f'found["w{number}"] = d{number}.T @ {below}'
        if layer.bias:
            yield f'found["b{number}"] = d{number}.sum(axis=0)'
        upstream = f"(d{number} @ w{number})"
    if "x" in shown_names(answer.problem):
        yield 'found["x"] = d1 @ w1'
    yield ""
    yield "for name, gradient in sorted(found.items()):"
    yield '    print(f"dL/d{name} =", gradient, sep="\\n")'


# --- asserts -------------------------------------------------------------------------------


def _asked_words(answer: Sat) -> Iterator[str]:
    if _in_floats(answer.witness):
        yield "Zero and not zero are told apart by rounding: 2⁻⁴⁰ of the sum of all terms' absolute values."
    else:
        yield "The gradients are exact, so zero means zero."


def _asked(answer: Sat) -> Iterator[str]:
    witness = answer.witness
    if _in_floats(witness):
        yield from rounding_lines(witness)
        yield ""
        yield ""
        yield from rounding_comment()
        yield "rounding = {name: 2**-40 * size for name, size in sizes().items()}"
        yield ""
    yield from asserts(answer.problem, exact=not _in_floats(witness))
    yield 'print("All that is asked of the gradients holds.")'
