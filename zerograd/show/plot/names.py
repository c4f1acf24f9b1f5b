r"""Names as formulas that matplotlib sets: ``$w_{1}$``, ``$w^{(1)}_{0,1}$``, ``$\hat{y}$``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matplotlib.textpath import text_to_path

from zerograd.core.model.network import Network
from zerograd.core.model.references import kept_axes
from zerograd.core.numbers.arrays import Index, Shape
from zerograd.derive.naming import quantity
from zerograd.document import latex, text
from zerograd.document.blocks import Code, Formula, Prose, Strong
from zerograd.document.escape import clean
from zerograd.document.formula import Node

RESIDUAL = r"$r = \hat{y} - y$"
_SUM = "sum_"  # whose index would stand below it, in the next line
_DERIVATIVE = re.compile(r"\\t?frac\{\\partial L\}\{\\partial ((?:[^{}]|\{[^{}]*\})*)\}")


def named_quantity(network: Network, letter: str, layer: int | str = "", at: Iterable[int | str] = ()) -> str:
    """A quantity of a layer, or of all of the network, with these indices."""
    return f"${latex.formula(quantity(network, letter, layer, at))}$"


def entry_name(network: Network, name: str, index: Index, shape: Shape) -> str:
    """An entry of an array such as ``w1``, ``x`` or ``r``; axes of length 1 are left out, as in files."""
    return named_quantity(network, name[0], name[1:], kept_axes(name, index, shape))


def gradient_name(network: Network, name: str, index: Index, shape: Shape) -> str:
    """∂L/∂ of an entry, in a line."""
    return rf"$\partial L/\partial {entry_name(network, name, index, shape)[1:]}"


def output_name(network: Network, output: int, *, of: str = "") -> str:
    """ŷ, or one of several outputs; ``of``: what it is a function of."""
    shown = entry_name(network, "ŷ", (0, output), (1, network.outputs))
    return f"{shown[:-1]}({of})$" if of else shown


def formula_text(node: Node) -> str:
    """A formula as matplotlib sets it; in plain characters where it has no way to."""
    written = _DERIVATIVE.sub(_in_line, latex.formula(node))
    shown = f"${written.replace('tfrac', 'frac').replace(_SUM, 'Sigma_')}$"
    try:
        text_to_path.mathtext_parser.parse(shown)
    except ValueError:
        return text.formula(node).replace("$", r"\$")
    return shown


def _in_line(match: re.Match[str]) -> str:
    return rf"\partial L/\partial {match[1]}"


def prose_text(parts: Prose) -> str:
    """A line of prose, whose formulas matplotlib sets."""
    shown = []
    for part in parts:
        match part:
            case Formula(node=node):
                shown.append(formula_text(node))
            case Code(text=words) | Strong(text=words):
                shown.append(clean(words).replace("$", r"\$"))
            case str():
                shown.append(part.replace("$", r"\$"))
    return "".join(shown)
