"""What the scripts for PyTorch and for JAX have in common: the question, the asserts and the table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.losses.loss import code
from zerograd.core.model.references import Reference, resolve
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.document.escape import clean, clean_lines
from zerograd.evaluate.rounding import PutBack, sizes, works_out_sizes
from zerograd.show.elsewhere import elsewhere_sentences
from zerograd.show.lower import lower_lines
from zerograd.show.question import convention_line, question_lines
from zerograd.show.scripts.literals import WIDTH, literal, nested, rounded_comments
from zerograd.show.words import count

MAX_ROWS = 40
"""Entries of gradients that are printed one by one."""

_UP_TO_ROUNDING = {"=": "abs({g}) <= {r}", "≠": "abs({g}) > {r}", ">": "{g} > {r}", "<": "{g} < -{r}"}
"""Comparisons of gradients with 0, by their symbols."""
_PYTHON = {"=": "==", "≠": "!="}


def title(problem: Problem) -> str:
    """The problem's title, or one that fits all of them. One line, safe to print."""
    return clean(problem.title or "") or "Gradients that vanish, and gradients that do not"


def facts(problem: Problem, samples: int) -> list[str]:
    """The network, the data and the question, a line each, safe to print."""
    loss, convention = problem.model.loss, convention_line(problem)
    return [
        f"Network: {problem.network}; L is the {loss.words}; {convention}.",
        f"Data: {count(samples, 'sample')}.",
        *(f"Asked: {clean(line)}" for line in question_lines(problem)),
    ]


def _wrapped(lines: Iterable[str]) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, WIDTH) or [""]]


def docstring(answer: Sat, library: str, install: str) -> str:
    """What the script is about, as a string literal out of which no text of a problem breaks."""
    problem = answer.problem
    lines = [title(problem), ""]
    if problem.notes:
        lines += [*_wrapped(clean_lines(problem.notes)), ""]
    elsewhere = [f"Elsewhere, {sentence}." for sentence in elsewhere_sentences(answer)]
    elsewhere += [f"A lower loss: {line}." for line in lower_lines(answer)]
    lines += [*_wrapped([*facts(problem, answer.witness.samples), *elsewhere]), ""]
    if problem.references:
        lines += [*_wrapped(map(clean, problem.references)), ""]
    lines += [
        f"{library} computes the gradients; the asserts say what is asked. Needs {library} alone: {install}",
        "Written by zerograd from a witness that is checked exactly.",
    ]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}\n"""'


def numbered(activation: Activation, known: Iterable[Activation], ending: str = "_{}") -> str:
    """The end of the name of an activation's function, where others of its kind are known."""
    others = sum(other.name == activation.name for other in known)
    return ending.format(others + 1) if others else ""


def array(convert: str, values: Array[Exact], indent: int = 0) -> str:
    """``tensor([[1, -2 / 3]])``."""
    return f"{convert}({nested(values.map(literal).tolist(), indent)})"


def data_lines(witness: Witness, convert: str) -> Iterator[str]:
    """Parameters, ``x`` and ``y``, an assignment each."""
    yield from rounded_comments(witness.variables)
    yield "# Weights: a row for each unit, as in torch.nn.Linear. Biases: an entry for each unit."
    for name, values in witness.parameters.items():
        yield f"{name} = {array(convert, values)}"
    yield ""
    yield "# The dataset: a row for each sample."
    yield f"x = {array(convert, witness.x)}"
    yield f"y = {array(convert, witness.y)}"


def exact_lines(answer: Sat, convert: str) -> Iterator[str]:
    """The gradients as they are exactly."""
    yield "# The gradients of the loss, computed exactly (and then rounded, where they must be)."
    yield "exact = {"
    for name in answer.problem.gradient_names:
        yield f'    "{name}": {array(convert, answer.witness.gradients[name], 4)},'
    yield "}"


_SIZES = '''def sizes():
    """Of every gradient the sum of its terms' absolute values: rounding is relative to it."""
    layers = [  # weights, biases, largest slope and offset of the activation
{layers}
    ]
    below = [abs(x)]
    for w, b, slope, offset in layers:
        below.append(slope * (below[-1] @ w.T + b) + offset)
    above = {factor} * (below[-1] + abs(y))
    result = {{}}
    for number, (w, _, slope, _) in reversed(list(enumerate(layers, start=1))):
        above = slope * above
        result[f"w{{number}}"] = above.T @ below[number - 1]
        result[f"b{{number}}"] = above.sum(0)
        above = above @ w
    return {{**result, "x": above}}'''


def rounding_lines(witness: Witness, convert: str) -> list[str]:
    """A function ``sizes()`` of arrays ``w1``, …, ``x``, ``y``, in words that both libraries read."""
    loss, rows = witness.problem.model.loss, []
    if not works_out_sizes(witness.problem):
        return _told_sizes(witness, convert)
    for number, layer in enumerate(witness.problem.network.layers, start=1):
        bias, activation = f"abs(b{number})" if layer.bias else "0", piecewise(layer.activation)
        steep, offset = _short(activation.steepest), _short(activation.highest_offset)
        rows.append(f"        (abs(w{number}), {bias}, {steep}, {offset}),")
    share = f" / {loss.count(*witness.y.shape)}" if loss.averages else ""
    return _SIZES.format(layers="\n".join(rows), factor=f"{code(loss.constant)}{share}").split("\n")


def _told_sizes(witness: Witness, convert: str) -> list[str]:
    """The same, of numbers that are written down: no short pass bounds smooth functions and other losses."""
    lines = [
        "def sizes():",
        '    """Of every gradient what rounding is relative to, as estimated beforehand."""',
    ]
    lines.append("    return {")
    for name, values in sizes(witness).items():
        texts = np.array([f"{1.01 * value:.2e}" for value in values.flat]).reshape(values.shape)
        lines.append(f'        "{name}": {convert}({nested(texts.tolist(), 8)}),')
    return [*lines, "    }"]


def rounding_comment() -> list[str]:
    """Above the lines that call ``sizes()``."""
    return [
        "# A float64 is rounded to 53 bits. That sums up to no more than this, for a few thousand terms:",
    ]


def check_lines(answer: Sat, library: str) -> Iterator[str]:
    """A table of what was found, then the asserts."""
    yield from _table(answer, library)
    yield ""
    yield "# The gradients are what they are exactly, but for rounding."
    yield "for name in exact:"
    yield '    assert (abs(found[name] - exact[name]) <= rounding[name]).all(), f"dL/d{name} is off"'
    asserted = list(asserts(answer.problem))
    if asserted:
        yield ""
        yield "# What is asked. Zero and not zero are told apart by rounding."
        yield from asserted
        yield 'print("All that is asked of the gradients holds.")'


def asserts(problem: Problem, *, exact: bool = False) -> Iterator[str]:
    """A line for each relation that is asked, about ``found`` and, unless it is exact, ``rounding``."""
    for relation, references in problem.query.items():
        if relation.joint:
            yield from _of_any(problem, references, exact=exact)
            continue
        which = "any" if relation.some else "all"
        claim = f"{relation.symbol.replace('≠', '!=')} 0{' in some entry' if relation.some else ''}"
        exactly = f"{{g}} {_PYTHON.get(relation.symbol, relation.symbol)} 0"
        holds = exactly if exact else _UP_TO_ROUNDING[relation.symbol]
        for reference in references:
            g = f"found{_place(problem, reference)}"
            single = exact and reference.index is not None  # a number, not an array
            comparison = holds.format(g=g, r=f"rounding{_place(problem, reference)}")
            condition = comparison if single else f"({comparison}).{which}()"
            yield f'assert {condition}, "asked: dL/d{reference} {claim}"'


def _of_any(problem: Problem, references: Sequence[Reference], *, exact: bool) -> Iterator[str]:
    """A line that one of them has an entry other than 0."""
    holds = "{g} != 0" if exact else _UP_TO_ROUNDING["≠"]
    parts = []
    for reference in references:
        place = _place(problem, reference)
        comparison = holds.format(g=f"found{place}", r=f"rounding{place}")
        single = exact and reference.index is not None
        parts.append(comparison if single else f"({comparison}).any()")
    if parts:
        named = ", ".join(map(str, references))
        yield f'assert {" or ".join(parts)}, "asked: dL/d of {named} != 0 in some entry"'


def _place(problem: Problem, reference: Reference) -> str:
    """``["w1"][0, 1]``. A lone index may leave axes of length 1 out; the shape completes it."""
    if reference.index is None:
        return f'["{reference.name}"]'
    shape = problem.network.shapes.get(reference.name, (reference.index[0] + 1, problem.network.inputs))
    (index,) = resolve(reference, shape)
    return f'["{reference.name}"][{", ".join(map(str, index))}]'


def _table(answer: Sat, library: str) -> Iterator[str]:
    gradients = answer.witness.gradients
    names = answer.problem.gradient_names
    entries = [(name, index) for name in names for index, _ in gradients[name].items()]
    if len(entries) > MAX_ROWS:
        yield "for name in exact:"
        yield "    deviation = float(abs(found[name] - exact[name]).max())"
        yield '    shape = "x".join(map(str, exact[name].shape))'
        yield '    print(f"dL/d{name:<4} ({shape}): largest deviation {deviation:.1e}")'
        return
    asked = answer.problem.relations_asked(answer.witness.samples)
    width = max(len(f"dL/d{name}{list(index)}") for name, index in entries) + 2
    yield f'print("{"gradient":<{width}}{library:>13}{"exactly":>13}   asked")'
    yield "for name, index, asked in ["
    for name, index in entries:
        yield f'    ("{name}", {index!r}, "{", ".join(r.words for r in asked.get((name, index), ()))}"),'
    yield "]:"
    yield '    label = f"dL/d{name}{list(index)}"'
    yield "    value, expected = float(found[name][index]), float(exact[name][index])"
    yield f'    print(f"{{label:<{width}}}{{value:>13.6g}}{{expected:>13.6g}}   {{asked}}".rstrip())'


def put_back_arguments(back: PutBack, indent: int) -> str:
    """Samples, units and values as lists, and how far rounding may be off."""
    samples, units = ([str(place[axis]) for place in back.places] for axis in (0, 1))
    lists = (nested(texts, indent) for texts in (samples, units, [_short(value) for value in back.values]))
    return f"{', '.join(lists)}, {back.rounding:.1e}"


def _short(number: int | Fraction | float) -> str:
    """A float as Python writes it, without ``.0``."""
    value = float(number)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
