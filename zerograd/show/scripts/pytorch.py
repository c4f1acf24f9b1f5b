"""A witness as a script for PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zerograd.core.model.activations import Activation, piecewise
from zerograd.core.model.network import Layer
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.show.scripts.literals import literal
from zerograd.show.scripts.parts import (
    check_lines,
    data_lines,
    docstring,
    exact_lines,
    kinks_hit,
    place_lists,
    rounding_comment,
    rounding_lines,
    shown_names,
    slope_at,
)
from zerograd.show.scripts.rounding import PutBack

_MODULES = {"relu": "ReLU", "relu6": "ReLU6", "hardtanh": "Hardtanh", "leaky_relu": "LeakyReLU"}


def pytorch_text(answer: Sat, put_back: Mapping[int, PutBack]) -> str:
    """The script.

    Args:
        put_back: by layer, the pre-activations that rounding may carry across a kink.
    """
    witness = answer.witness
    defined = _defined(witness)
    lines = [docstring(answer, "PyTorch", "pip install torch"), "", "import torch", ""]
    lines += ["torch.set_default_dtype(torch.float64)", "", "", *_tensor(), "", ""]
    lines += [*data_lines(witness, "tensor")]
    if "x" in shown_names(answer.problem):
        lines += ["x.requires_grad_()"]
    lines += ["", *exact_lines(answer, "tensor"), ""]
    for activation, name in defined.items():
        lines += ["", *_definition(witness, activation, name), ""]
    if put_back:
        lines += ["", _PUT_BACK, ""]
    lines += [*([""] if defined or put_back else []), *_model(witness, put_back, defined)]
    lines += ["", "loss = torch.nn.functional.mse_loss(model(x), y)", "loss.backward()"]
    found = [f'    "{name}": {place}.grad,' for name, place in _places(witness, put_back, defined).items()]
    lines += ["found = {", *found]
    if "x" in shown_names(answer.problem):
        lines += ['    "x": x.grad,']
    lines += ["}", "", "", *rounding_lines(witness), "", "", *rounding_comment()]
    lines += ["with torch.no_grad():"]
    lines += ["    rounding = {name: 2**-40 * size for name, size in sizes().items()}", ""]
    lines += [*check_lines(answer, "PyTorch")]
    return "\n".join(lines) + "\n"


def _tensor() -> list[str]:
    return ["def tensor(rows):", "    return torch.tensor(rows, dtype=torch.float64)"]


def _defined(witness: Witness) -> dict[Activation, str]:
    """The activations that torch does not have as the question wants them, and the names they get."""
    convention = witness.problem.derivative_at_kink
    result: dict[Activation, str] = {}
    for layer, hit in zip(witness.problem.network.layers, kinks_hit(witness), strict=True):
        activation = layer.activation
        other = any(slope_at(activation, k, convention) != piecewise(activation).torch_slopes[k] for k in hit)
        if (other or activation.name == "abs") and activation not in result:
            base = {**_MODULES, "abs": "Abs"}[activation.name]
            others = sum(known.name == activation.name for known in result)
            result[activation] = f"My{base}{others + 1 if others else ''}" if other else base
    return result


def _definition(witness: Witness, activation: Activation, name: str) -> Iterator[str]:
    """A module; where a kink has another derivative than torch's, over a function of its own."""
    convention = witness.problem.derivative_at_kink
    layers = zip(witness.problem.network.layers, kinks_hit(witness), strict=True)
    hit = {k for layer, found in layers if layer.activation == activation for k in found}
    other = [
        k for k in sorted(hit) if slope_at(activation, k, convention) != piecewise(activation).torch_slopes[k]
    ]
    if other:
        yield f"class {name}Function(torch.autograd.Function):"
        for k in other:
            kink, theirs = piecewise(activation).kinks[k], piecewise(activation).torch_slopes[k]
            own = slope_at(activation, k, convention)
            yield f"    # A sample sits on the kink at {kink}. The question takes the"
            yield f"    # derivative {own} there ({convention}), where torch takes {theirs}."
        yield "    @staticmethod"
        yield "    def forward(ctx, z):"
        yield "        ctx.save_for_backward(z)"
        yield f"        return {_function(activation)}"
        yield ""
        yield "    @staticmethod"
        yield "    def backward(ctx, upstream):"
        yield "        (z,) = ctx.saved_tensors"
        yield from (f"        {line}" for line in _slope_lines(activation, hit, witness))
        yield "        return slope * upstream"
        yield ""
        yield ""
    yield f"class {name}(torch.nn.Module):"
    yield "    def forward(self, z):"
    yield f"        return {f'{name}Function.apply(z)' if other else 'torch.abs(z)'}"


def _function(activation: Activation) -> str:
    if activation.name == "abs":
        return "torch.abs(z)"
    slope = "" if activation.parameter is None else f", {literal(activation.parameter)}"
    return f"torch.nn.functional.{activation.name}(z{slope})"


def _slope_lines(activation: Activation, hit: set[int], witness: Witness) -> Iterator[str]:
    convention = witness.problem.derivative_at_kink
    yield f"slope = torch.full_like(z, {literal(piecewise(activation).slopes[0])})"
    for number, kink in enumerate(piecewise(activation).kinks):
        yield f"slope[z > {kink}] = {literal(piecewise(activation).slopes[number + 1])}"
    for number in sorted(hit):
        slope = literal(slope_at(activation, number, convention))
        yield f"slope[z == {piecewise(activation).kinks[number]}] = {slope}"


_PUT_BACK = '''class PutBack(torch.nn.Module):
    """Pre-activations on a kink, or next to one, which rounding may carry across it: put back.

    They move by no more than rounding. Derivatives stay as they are.
    """

    def __init__(self, samples, units, values, rounding):
        super().__init__()
        self.places, self.values, self.rounding = (samples, units), tensor(values), rounding

    def forward(self, z):
        found = z[self.places]
        assert (abs(found - self.values) <= self.rounding).all(), "more than rounding"
        z = z.clone()
        z[self.places] = self.values + (found - found.detach())
        return z'''


def _modules(
    witness: Witness, put_back: Mapping[int, PutBack], defined: Mapping[Activation, str]
) -> list[tuple[str, int | None]]:
    """The modules in order, each with the number of the layer whose weights it holds."""
    modules: list[tuple[str, int | None]] = []
    fan_in = witness.problem.network.inputs
    for number, layer in enumerate(witness.problem.network.layers, start=1):
        bias = "" if layer.bias else ", bias=False"
        modules.append((f"torch.nn.Linear({fan_in}, {layer.units}{bias})", number))
        if number in put_back:
            samples, units, values = place_lists(put_back[number], 4)
            modules.append((f"PutBack({samples}, {units}, {values}, {put_back[number].rounding:.1e})", None))
        if layer.activation.name != "linear":
            modules.append((_module(layer, defined), None))
        fan_in = layer.units
    return modules


def _module(layer: Layer, defined: Mapping[Activation, str]) -> str:
    activation = layer.activation
    if activation in defined:
        return f"{defined[activation]}()"
    slope = "" if activation.parameter is None else literal(activation.parameter)
    return f"torch.nn.{_MODULES[activation.name]}({slope})"


def _places(
    witness: Witness, put_back: Mapping[int, PutBack], defined: Mapping[Activation, str]
) -> dict[str, str]:
    """Where the model keeps each parameter: ``w1`` in ``model[0].weight``."""
    places = {}
    for position, (_, number) in enumerate(_modules(witness, put_back, defined)):
        if number is not None:
            places[f"w{number}"] = f"model[{position}].weight"
            if witness.problem.network.layers[number - 1].bias:
                places[f"b{number}"] = f"model[{position}].bias"
    return places


def _model(
    witness: Witness, put_back: Mapping[int, PutBack], defined: Mapping[Activation, str]
) -> Iterator[str]:
    yield "model = torch.nn.Sequential("
    for module, _ in _modules(witness, put_back, defined):
        yield f"    {module},"
    yield ")"
    yield "with torch.no_grad():"
    for name, place in _places(witness, put_back, defined).items():
        yield f"    {place}.copy_({name})"
