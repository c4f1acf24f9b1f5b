"""Why entries of ∂L/∂x are zero, in words: a residual of 0, inactive units, weights of 0, or cancellation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from zerograd.core.model.network import Network
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import vector_text
from zerograd.explaining.causes import (
    AtKink,
    Cancels,
    Cause,
    Flat,
    NoOutgoingWeight,
    ZeroAdjoint,
    ZeroFactor,
    causes,
)


def why_zero(witness: Witness) -> Iterator[tuple[int, str]]:
    """(sample, reason) for every sample with an entry of ∂L/∂x that is zero."""
    residuals = witness.point.residuals.rows()
    for sample, row in enumerate(witness.gradients["x"].rows()):
        zeros = [d for d, value in enumerate(row) if sign(value) == 0]
        if zeros:
            by_input = {d: causes(witness.point, "x", (sample, d)) for d in zeros}
            yield sample, _reason(witness.problem.network, by_input, residuals[sample])


def _reason(network: Network, by_input: Mapping[int, Sequence[Cause]], residual: Sequence[Exact]) -> str:
    match next(iter(by_input.values())):
        case (ZeroAdjoint(),):
            return "residual 0"
        case (ZeroFactor() | Cancels(at=None),):
            return "; ".join(_input_reasons(by_input, network.inputs))
        case units:
            return f"{'; '.join(_unit_reasons(units, network.depth))}; residual {vector_text(residual)}"


def _unit_reasons(units: Sequence[Cause], depth: int) -> Iterator[str]:
    """Why no unit of a layer passes a gradient on."""
    layer = next((cause.layer for cause in units if isinstance(cause, Flat | NoOutgoingWeight)), None)
    layer = layer or next(cause.at[0] for cause in units if isinstance(cause, Cancels) and cause.at)
    words = [_word(cause) for cause in units]
    if all(isinstance(cause, Flat) for cause in units):
        which = "output" if layer == depth else f"unit of layer {layer}"
        yield f"every {which} is {' or '.join(sorted(set(words)))} (slope 0)"
        return
    for word in dict.fromkeys(words):
        which = "of the output" if layer == depth else f"of layer {layer}"
        flat = " (slope 0)" if word in _FLAT else ""
        yield f"{units_text([n for n, of_unit in enumerate(words) if of_unit == word])} {which}: {word}{flat}"


_FLAT = ("inactive", "on a kink")


def _word(cause: Cause) -> str:
    match cause:
        case Flat():
            return _FLAT[isinstance(cause, AtKink)]
        case ZeroAdjoint():
            return "residual 0"
        case NoOutgoingWeight(weights=weights):
            return "outgoing weight 0" if weights == 1 else "outgoing weights 0"
    return "what comes back through its outgoing weights cancels"


def _input_reasons(by_input: Mapping[int, Sequence[Cause]], inputs: int) -> Iterator[str]:
    """Why single inputs get no gradient although the first layer does."""
    without = [d for d, (cause,) in by_input.items() if isinstance(cause, ZeroFactor)]
    cancelled = [d for d in by_input if d not in without]
    if without:
        yield f"{_inputs(without, inputs)}: weight 0 into every unit that passes a gradient back"
    if cancelled:
        yield f"{_inputs(cancelled, inputs)}: the contributions of the units cancel"


def units_text(units: Sequence[int]) -> str:
    """``unit 1``, ``units 0, 2``."""
    return ("unit " if len(units) == 1 else "units ") + _listed(units)


def _inputs(inputs: Sequence[int], count: int) -> str:
    if count == 1:
        return "the input"
    return ("input " if len(inputs) == 1 else "inputs ") + _listed(inputs)


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(n) for n in numbers]
    return ", ".join([*shown[:6], "…", shown[-1]] if len(shown) > 8 else shown)
