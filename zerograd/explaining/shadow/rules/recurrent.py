"""Rules of recurrent cells that run as one operation: oneDNN's LSTM layer, unrolled over the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.table import Call, rule

LSTM = 2
"""The number of this kind of cell."""
_FUNCTIONS = ("sigmoid", "sigmoid", "tanh", "sigmoid")


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a cell: what it read, its gates before and after their functions, and the new state."""

    x: Any
    hidden: Any
    state: Any
    before: tuple[Any, ...]  # input, forget, candidate, output
    gates: tuple[Any, ...]
    new: Any
    tanh: Any


class _Layer:
    """One layer in one direction, inputs as (steps, batch, features).

    Weights as torch's: rows of input, forget, candidate and output gates.
    """

    def __init__(self, c: Call[Any], names: tuple[str, ...]) -> None:
        if c["mode"] != LSTM or c["batch_sizes"]:
            raise Cannot("a fused recurrent layer that is not an LSTM, or of packed sequences")
        self.d, self.size = c.domain, c["hidden_size"]
        self.biased = c["has_biases"]
        w_ih, w_hh = c.value(names[0]), c.value(names[1])
        self.w_ih, self.w_hh = w_ih, w_hh
        d = self.d
        bias = d.add(c.value(names[2]), c.value(names[3])) if self.biased else None
        x = c.value("input")
        self.steps, self.batch = d.shape(x)[0], d.shape(x)[1]
        self.order = list(range(self.steps))[:: -1 if c["reverse"] else 1]
        self.shape = c.shape("hx_")
        hidden, state = (
            d.move(lambda t: t.reshape(self.batch, self.size), c.value(name))
            for name in ("hx_", "cx_" if "cx_" in c.arguments else "cx_tmp")
        )
        self.trace: list[_Step] = []
        outputs: list[Any] = [None] * self.steps
        for t in self.order:
            now = _at(d, x, t)
            z = d.add(d.matmul(now, _t(d, w_ih)), d.matmul(hidden, _t(d, w_hh)))
            before = tuple(self.part(z if bias is None else d.add(z, bias), k) for k in range(4))
            i, f, g, o = (d.unary(name, v) for name, v in zip(_FUNCTIONS, before, strict=True))
            new = d.add(d.mul(f, state), d.mul(i, g))
            tanh = d.unary("tanh", new)
            self.trace.append(_Step(now, hidden, state, before, (i, f, g, o), new, tanh))
            hidden, state = d.mul(o, tanh), new
            outputs[t] = hidden
        self.hidden, self.state, self.outputs = hidden, state, outputs

    def part(self, v: Any, k: int) -> Any:
        """Return the columns of gate k."""
        return self.d.move(lambda t: t[..., k * self.size : (k + 1) * self.size], v)


def _at(d: AnyDomain, v: Any, t: int) -> Any:
    return d.move(lambda x: x[t], v)


def _t(d: AnyDomain, v: Any) -> Any:
    return d.move(lambda t: t.transpose(-2, -1), v)


def _stack(d: AnyDomain, vs: list[Any]) -> Any:

    return d.join(torch.stack, vs)


@rule("mkldnn_rnn_layer")
def mkldnn_rnn_layer(c: Call[Any]) -> Any:
    """Outputs of all steps, and the last hidden and cell states."""
    d, layer = c.domain, _Layer(c, ("weight0", "weight1", "weight2", "weight3"))
    outputs = _stack(d, layer.outputs)
    hidden, state = (d.move(lambda t: t.reshape(layer.shape), v) for v in (layer.hidden, layer.state))
    return outputs, hidden, state, None


@rule("mkldnn_rnn_layer_backward")
def mkldnn_rnn_layer_backward(c: Call[Any]) -> Any:
    """Gradients of input, weights, biases and first states, by walking back over the steps."""

    d, layer = c.domain, _Layer(c, ("weight1", "weight2", "weight3", "weight4"))
    nothing = d.constant(0, (layer.batch, layer.size))

    def first(name: str) -> Any:
        return d.move(lambda t: t.reshape(layer.batch, layer.size), c.value(name)) if c.has(name) else nothing

    hidden, state = first("grad_hy"), first("grad_cy")
    grads = c.value("grad_output") if c.has("grad_output") else None
    to_inputs: list[Any] = [None] * layer.steps
    to_gates: list[Any] = []
    for t, step in zip(reversed(layer.order), reversed(layer.trace), strict=True):
        i, f, g, o = step.gates
        h = hidden if grads is None else d.add(hidden, _at(d, grads, t))
        state = d.add(state, d.mul(d.mul(h, o), _tanh_slope(d, step.new)))
        at_i, at_f, at_g, at_o = step.before
        to = (
            d.mul(d.mul(state, g), _slope(d, at_i)),
            d.mul(d.mul(state, step.state), _slope(d, at_f)),
            d.mul(d.mul(state, i), _tanh_slope(d, at_g)),
            d.mul(d.mul(h, step.tanh), _slope(d, at_o)),
        )
        z = d.join(lambda ts: torch.cat(ts, -1), to)
        to_gates.append(z)
        to_inputs[t] = d.matmul(z, layer.w_ih)
        hidden, state = d.matmul(z, layer.w_hh), d.mul(state, f)
    z = d.move(lambda t: t.flatten(0, 1), _stack(d, to_gates))  # (steps · batch, 4 · hidden)
    back = layer.trace[::-1]
    xs = d.move(lambda t: t.flatten(0, 1), _stack(d, [step.x for step in back]))
    hs = d.move(lambda t: t.flatten(0, 1), _stack(d, [step.hidden for step in back]))
    bias = d.sum(z, (0,)) if layer.biased else None
    first_hidden, first_state = (d.move(lambda t: t.reshape(layer.shape), v) for v in (hidden, state))
    return (
        _stack(d, to_inputs),
        d.matmul(_t(d, z), xs),
        d.matmul(_t(d, z), hs),
        bias,
        bias,
        first_hidden,
        first_state,
    )


def _slope(d: AnyDomain, v: Any) -> Any:
    """Return σ′ = σ(v)·σ(−v), which keeps its digits where σ is nearly 1."""
    return d.mul(d.unary("sigmoid", v), d.unary("sigmoid", d.neg(v)))


def _tanh_slope(d: AnyDomain, v: Any) -> Any:
    """Return tanh′ = 4·σ′(2v)."""
    return d.scale(_slope(d, d.scale(v, 2)), 4)
