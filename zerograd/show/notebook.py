"""A witness as a Jupyter notebook: forward pass, loss, chain rule and asserts, with NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from zerograd.core.model.activations import Activation
from zerograd.core.model.sides import Side, sides
from zerograd.core.numbers.approximation import bits
from zerograd.core.numbers.exact import Exact, narrow
from zerograd.core.numbers.functions import Rational
from zerograd.core.numbers.irrational import Irrational
from zerograd.core.numbers.rationals import digits
from zerograd.core.verdict.answer import Answer, Sat
from zerograd.document.escape import clean_lines, markdown_escape
from zerograd.evaluate.rounding import PutBack, beyond_float64, prepare
from zerograd.show.elsewhere import elsewhere_sentences
from zerograd.show.fitness import no_calculation
from zerograd.show.scripts.literals import literal, nested, rounded_comments
from zerograd.show.scripts.parts import (
    asserts,
    facts,
    numbered,
    put_back_arguments,
    rounding_comment,
    rounding_lines,
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
    return document((kind, source, {}) for kind, source in Calculation(answer).cells())


def document(parts: Iterable[tuple[str, str, Mapping[str, object]]]) -> str:
    """Return a notebook of the (kind, source, metadata) of its cells."""
    cells: list[dict[str, object]] = [
        {"cell_type": kind, "id": f"zerograd-{number}", "metadata": dict(metadata), "source": source}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for number, (kind, source, metadata) in enumerate(parts)
    ]
    whole = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def unfit(answer: Answer) -> str | None:
    """Say why there is no notebook of this answer; None if there is one."""
    if (reason := no_calculation(answer)) is not None or not isinstance(answer, Sat):
        return reason
    return None if answer.witness.is_rational else beyond_float64(answer.witness)


@dataclass
class Calculation:
    """The cells.

    Attributes:
        floats: whether it calculates in float64, or else with fractions.
        put_back: by layer, the pre-activations that rounding may carry across a kink.
        names: what the functions of the activations that bend are called.
    """

    answer: Sat
    floats: bool = field(init=False)
    put_back: Mapping[int, PutBack] = field(init=False)
    names: Mapping[Activation, str] = field(init=False)

    def __post_init__(self) -> None:
        self.witness, self.problem = self.answer.witness, self.answer.problem
        self.network, self.loss = self.problem.network, self.problem.model.loss
        self.floats = not self.witness.is_rational
        self.put_back = prepare(self.witness) if self.floats else {}
        names: dict[Activation, str] = {}
        for activation in activations(self.network):
            if activation not in names and not activation.is_linear:
                base = "absolute" if activation.name == "abs" else activation.name
                names[activation] = base + numbered(activation, names)
        self.names = names
        self.elsewhere = elsewhere_sentences(self.answer)

    def cells(self) -> Iterator[tuple[str, str]]:
        """(kind, source) of each cell."""
        yield "markdown", lines_of(self.question())
        for heading, words, code in (
            ("The network and the data", self.data_words(), self.data()),
            ("Forward pass", self.forward_words(), [*self.functions(), *self.forward()]),
            ("Residuals and loss", self.loss_words(), self.loss_lines()),
            ("Gradients by the chain rule", self.backward_words(), self.backward()),
            ("What is asked", self.asked_words(), self.asked()),
        ):
            yield "markdown", lines_of([f"## {heading}", "", *words])
            yield "code", lines_of(code)

    def question(self) -> Iterator[str]:
        yield f"# {markdown_escape(title(self.problem))}"
        yield ""
        yield from map(markdown_escape, clean_lines(self.problem.notes or ""))
        yield ""
        yield from (f"- {markdown_escape(line)}" for line in facts(self.problem, self.witness.samples))
        yield ""
        for reference in self.problem.references:
            yield markdown_escape(reference)
            yield ""
        yield "Needs NumPy alone. Written by zerograd from a witness that is checked exactly."

    # Data

    def data_words(self) -> Iterator[str]:
        yield "Weights have a row for each unit, inputs `x` and targets `y` a row for each sample."
        if self.floats:
            yield "Some numbers are irrational, so what follows is in float64, up to rounding."
        else:
            yield "All numbers are integers and fractions: nothing in this notebook is ever rounded."

    def data(self) -> Iterator[str]:
        quantities = self.witness.quantities.values()
        long = any(bits(value) > _PRINTED_BITS for array in quantities for value in array.entries)
        arrays = {
            name: nested(values.map(self.number).tolist()) for name, values in self.witness.variables.items()
        }
        if not self.floats:
            yield from ["import sys"] * long
            yield "from fractions import Fraction"
            yield ""
        if any("math." in text for text in arrays.values()):
            yield from ["import math", ""]
        yield "import numpy as np"
        yield ""
        if self.floats:
            yield from rounded_comments(self.witness.variables)
        else:
            yield 'np.set_printoptions(formatter={"object": str})'
            yield from ["sys.set_int_max_str_digits(0)  # numbers of any length are printed"] * long
        for name, text in arrays.items():
            yield f"{name} = np.array({text}, dtype={'float' if self.floats else 'object'})"

    def number(self, value: Exact) -> str:
        """A number as the notebook calculates with it."""
        value = narrow(value)
        if self.floats or isinstance(value, Irrational):
            return literal(value)
        if value.denominator == 1:
            return _integer(value.numerator)
        return f"Fraction({_integer(value.numerator)}, {_integer(value.denominator)})"

    # Forward pass

    def forward_words(self) -> Iterator[str]:
        then = "then activations $a = \\varphi(z)$, for all samples at once."
        yield f"Layer by layer: pre-activations $z$, {then}"
        if self.put_back:
            across = "across a kink that it is on, or next to"
            yield f"Rounding may carry a pre-activation {across}. It is put back."
        yield ""
        for number, layer in enumerate(self.network.layers, start=1):
            at, below = f"{{{number}}}", f"a_{{{number - 1}}}" if number > 1 else "x"
            bias = f" + b_{at}" if layer.bias else ""
            name = layer.activation.name.replace("_", "\\_")
            phi = f"z_{at}" if layer.activation.is_linear else f"\\mathrm{{{name}}}(z_{at})"
            yield f"$$z_{at} = {below}\\, w_{at}^\\top{bias}, \\qquad a_{at} = {phi}$$"
            yield ""

    def functions(self) -> Iterator[str]:
        convention = self.problem.derivative_at_kink
        for activation, name in self.names.items():
            parts = sides(activation, convention)
            yield f"def {name}(z):"
            yield f"    return {_by_side(parts, [self.affine(side) for side in parts])}"
            yield from ("", "", f"def {name}_slope(z):")
            if convention != "forbid":
                yield f"    # at a kink: {convention}"
            yield f"    return {_by_side(parts, [self.number(side.derivative) for side in parts])}"
            yield from ("", "")
        if self.put_back:
            yield _PUT_BACK

    def affine(self, side: Side) -> str:
        slope, offset = side.slope, side.offset
        if slope == 0:
            return self.number(offset)
        product = "z" if slope == 1 else "-z" if slope == -1 else f"{self.number(slope)} * z"
        return product if offset == 0 else f"{product} + {self.number(offset)}"

    def forward(self) -> Iterator[str]:
        for number, layer in enumerate(self.network.layers, start=1):
            bias = f" + b{number}" if layer.bias else ""
            yield f"z{number} = {_below(number)} @ w{number}.T{bias}"
            if number in self.put_back:
                yield f"z{number} = put_back(z{number}, {put_back_arguments(self.put_back[number], 0)})"
            phi = self.names.get(layer.activation)
            yield f"a{number} = {phi}(z{number})" if phi else f"a{number} = z{number}"
        for number in range(1, self.network.depth + 1):
            yield f'print("z{number} =", z{number}, "a{number} =", a{number}, sep="\\n")'

    # Loss, gradients

    def loss_words(self) -> Iterator[str]:
        which, share = ("mean", f"{self.tex_share(self.loss.scale)} ") if self.loss.averages else ("sum", "")
        loss = f"the loss is the {which} of the squared residuals"
        yield f"The residual is the prediction minus the target; {loss}."
        yield ""
        yield f"$$r = \\hat y - y, \\qquad L = {share}\\sum_{{m, k}} r_{{m k}}^2$$"

    def tex_share(self, top: Rational) -> str:
        return f"\\frac{{{top}}}{{M K}}" if self.loss.averages else str(top)

    def share(self, top: Rational) -> str:
        """A number over how many terms the loss is the mean of."""
        count = self.loss.count(*self.witness.y.shape)
        return f"{top} / {count}" if self.floats else f"Fraction({top}, {count})"

    def loss_lines(self) -> Iterator[str]:
        yield f"r = a{self.network.depth} - y"
        yield f"loss = {self.share(self.loss.scale)} * (r * r).sum()"
        yield 'print("r =", r, "loss =", loss, sep="\\n")'

    def backward_words(self) -> Iterator[str]:
        last, share = f"{{{self.network.depth}}}", self.tex_share(self.loss.constant)
        yield "From the output down: $\\delta$ is the derivative of $L$ by the pre-activations of a layer."
        yield ""
        yield f"$$\\delta_{last} = {share}\\, r \\odot \\varphi'(z_{last}), \\qquad"
        yield "\\delta_{l} = (\\delta_{l+1}\\, w_{l+1}) \\odot \\varphi'(z_{l})$$"
        yield ""
        yield "$$\\frac{\\partial L}{\\partial w_l} = \\delta_l^\\top a_{l-1}, \\qquad"
        yield "\\frac{\\partial L}{\\partial b_l} = \\sum_m \\delta_{l, m}$$"

    def backward(self) -> Iterator[str]:
        yield "found = {}"
        upstream = f"{self.share(self.loss.constant)} * r"
        for number in range(self.network.depth, 0, -1):
            layer = self.network.layers[number - 1]
            phi = self.names.get(layer.activation)
            yield f"d{number} = {upstream}" + (f" * {phi}_slope(z{number})" if phi else "")
            yield f'found["w{number}"] = d{number}.T @ {_below(number)}'
            if layer.bias:
                yield f'found["b{number}"] = d{number}.sum(axis=0)'
            upstream = f"(d{number} @ w{number})"
        if self.problem.asks_of_x:
            yield 'found["x"] = d1 @ w1'
        yield ""
        yield "for name, gradient in sorted(found.items()):"
        yield '    print(f"dL/d{name} =", gradient, sep="\\n")'

    # Asserts

    def asked_words(self) -> Iterator[str]:
        if self.floats:
            rounding = "2⁻⁴⁰ of the sum of all terms' absolute values"
            yield f"Zero and not zero are told apart by rounding: {rounding}."
        else:
            yield "The gradients are exact, so zero means zero."
        if self.elsewhere:
            yield ""
            yield "It rests on the derivative that is taken at a kink:"
            yield ""
            yield from (f"- {markdown_escape(sentence)}" for sentence in self.elsewhere)

    def asked(self) -> Iterator[str]:
        if self.floats:
            yield from (*rounding_lines(self.witness, "np.array"), "", "", *rounding_comment())
            yield "rounding = {name: 2**-40 * size for name, size in sizes().items()}"
            yield ""
        yield from asserts(self.problem, exact=not self.floats)
        yield 'print("All that is asked of the gradients holds.")'


_PUT_BACK = '''def put_back(z, samples, units, values, rounding):
    """Pre-activations moved to where they are exactly, by no more than rounding."""
    assert (abs(z[samples, units] - values) <= rounding).all(), "more than rounding"
    z = z.copy()
    z[samples, units] = values
    return z

'''


def lines_of(lines: Iterable[str]) -> str:
    """The source of a cell."""
    return "\n".join(lines).strip("\n")


def _integer(value: int) -> str:
    return digits(value) if abs(value) < 10**_DECIMAL_DIGITS else hex(value)


def _below(number: int) -> str:
    """What a layer is fed."""
    return f"a{number - 1}" if number > 1 else "x"


def _by_side(parts: tuple[Side, ...], values: list[str]) -> str:
    """Nested ``np.where``, from left to right."""
    text = values[-1]
    for side, (value, following) in reversed(list(zip(parts[:-1], pairwise(values), strict=True))):
        if value != following:
            text = f"np.where(z {'<=' if side.high_closed else '<'} {side.high}, {value}, {text})"
    return text
