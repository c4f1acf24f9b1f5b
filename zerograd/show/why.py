"""Why entries of ∂L/∂x are zero: a residual of 0, inactive units, weights of 0, or cancellation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from zerograd.core.model.activations import piecewise
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.verdict.witness import Witness
from zerograd.document.numbers import vector_text

Row = Sequence[Exact]


def why_zero(witness: Witness) -> Iterator[tuple[int, str]]:
    """(sample, reason) for every sample with an entry of ∂L/∂x that is zero."""
    for sample, row in enumerate(witness.gradients["x"].rows()):
        zeros = [d for d, value in enumerate(row) if sign(value) == 0]
        if zeros:
            yield sample, _reason(witness, sample, zeros)


def _reason(witness: Witness, sample: int, zeros: Sequence[int]) -> str:
    network, run = witness.problem.network, witness.forward
    residual = witness.point.residuals.rows()[sample]
    if not any(map(sign, residual)):
        return "residual 0"
    delta: Row = ()
    upstream: Row = residual
    for number in range(network.depth, 0, -1):
        slopes = run.derivatives[number - 1].rows()[sample]
        activation = network.layers[number - 1].activation
        off = [_off(*piecewise(activation).locate(z)) for z in run.z[number - 1].rows()[sample]]
        outgoing = witness.parameters[f"w{number + 1}"].rows() if number < network.depth else []
        above, delta = delta, [s * u for s, u in zip(slopes, upstream, strict=True)]
        if not any(map(sign, delta)):
            layer = "output" if number == network.depth else f"unit of layer {number}"
            if not any(slopes):
                why = f"every {layer} is {' or '.join(sorted(set(off)))} (slope 0)"
            else:
                why = "; ".join(_unit_reasons(slopes, off, upstream, outgoing, above=above, layer=number))
            return f"{why}; residual {vector_text(residual)}"
        columns = zip(*witness.parameters[f"w{number}"].rows(), strict=True)
        upstream = [_dot(column, delta) for column in columns]
    return "; ".join(_input_reasons(witness, delta, zeros))


def _off(_: int, on_kink: bool) -> str:
    """What a unit is that has slope 0."""
    return "on a kink" if on_kink else "inactive"


def _unit_reasons(
    slopes: Row, off: Sequence[str], upstream: Row, outgoing: Sequence[Row], *, above: Row, layer: int
) -> Iterator[str]:
    """Why no unit of a layer passes a gradient on, where not all of them are inactive."""
    reasons: dict[str, list[int]] = {}
    for unit, (slope, arriving) in enumerate(zip(slopes, upstream, strict=True)):
        weights = [row[unit] for row, delta in zip(outgoing, above, strict=True) if sign(delta)]
        if not slope:
            reason = f"{off[unit]} (slope 0)"
        elif not outgoing and not sign(arriving):
            reason = "residual 0"
        elif not any(map(sign, weights)):
            reason = "outgoing weight 0" if len(weights) == 1 else "outgoing weights 0"
        else:
            reason = "what comes back through its outgoing weights cancels"
        reasons.setdefault(reason, []).append(unit)
    of = f"of layer {layer}" if outgoing else "of the output"
    for reason, units in reasons.items():
        yield f"{units_text(units)} {of}: {reason}"


def _input_reasons(witness: Witness, delta: Row, zeros: Sequence[int]) -> Iterator[str]:
    """Why single inputs get no gradient although the first layer does."""
    rows = [row for row, d in zip(witness.parameters["w1"].rows(), delta, strict=True) if sign(d)]
    without = [d for d in zeros if not any(sign(row[d]) for row in rows)]
    cancelled = [d for d in zeros if d not in without]
    inputs = witness.problem.network.inputs
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


def _dot(left: Row, right: Row) -> Exact:
    products: list[Exact] = [a * b for a, b in zip(left, right, strict=True)]
    return reduce(lambda a, b: a + b, products)
