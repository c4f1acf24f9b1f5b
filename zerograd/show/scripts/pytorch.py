"""How a script for PyTorch is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from zerograd.core.model.activations import Activation
from zerograd.core.model.network import Layer
from zerograd.core.numbers.functions import Rational
from zerograd.show.scripts.literals import literal
from zerograd.show.scripts.script import Custom, Hit, Library, Plan, call, loss_kink_comment


class PyTorch(Library):
    """Modules in a `torch.nn.Sequential`, differentiated by ``backward``."""

    name = "PyTorch"
    install = "pip install torch"
    imports = ("import torch", "", "torch.set_default_dtype(torch.float64)")
    module = "torch"
    convert = "tensor"
    array = ("def tensor(rows):", "    return torch.tensor(rows, dtype=torch.float64)")
    track_x = ("x.requires_grad_()",)
    put_back = '''class PutBack(torch.nn.Module):
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
    replace_slope = "slope[{where}] = {slope}"
    numbered = "{}"
    rounding = (
        "with torch.no_grad():",
        "    rounding = {name: 2**-40 * size for name, size in sizes().items()}",
    )

    def own_name(self, activation: Activation, hit: Sequence[Hit]) -> str | None:
        base = activation.names.torch or "".join(map(str.capitalize, activation.name.split("_")))
        if _otherwise(activation, hit):
            return f"My{base}"
        return None if activation.names.torch or activation.is_linear else base

    def own_slope(self, activation: Activation) -> Iterator[str]:
        yield "with torch.enable_grad():"
        yield "    z = z.detach().requires_grad_()"
        function = call(activation.names.torch_function, activation)
        yield f"    (slope,) = torch.autograd.grad({function}.sum(), z)"

    def definition(self, custom: Custom) -> Iterator[str]:
        """A module; where a kink has another derivative than torch's, over a function of its own."""
        function = call(custom.activation.names.torch_function, custom.activation)
        other = _otherwise(custom.activation, custom.hit)
        if other:
            yield f"class {custom.name}Function(torch.autograd.Function):"
            for kink, asked, theirs in other:
                yield f"    # A sample sits on the kink at {kink}. The question takes the"
                yield f"    # derivative {asked} there ({custom.convention}), where torch takes {theirs}."
            yield "    @staticmethod"
            yield "    def forward(ctx, z):"
            yield "        ctx.save_for_backward(z)"
            yield f"        return {function}"
            yield ""
            yield "    @staticmethod"
            yield "    def backward(ctx, upstream):"
            yield "        (z,) = ctx.saved_tensors"
            yield from (f"        {line}" for line in custom.slope_lines(self))
            yield "        return slope * upstream"
            yield ""
            yield ""
        yield f"class {custom.name}(torch.nn.Module):"
        yield "    def forward(self, z):"
        yield f"        return {f'{custom.name}Function.apply(z)' if other else function}"

    def gradients(self, plan: Plan) -> Iterator[str]:
        modules = list(_modules(plan))
        places = _places(plan, modules)
        yield "model = torch.nn.Sequential("
        yield from (f"    {module}," for module, _ in modules)
        yield ")"
        yield "with torch.no_grad():"
        yield from (f"    {place}.copy_({name})" for name, place in places.items())
        yield ""
        loss = plan.witness.problem.model.loss
        written = loss.written(plan.witness.problem.derivative_at_kink).torch
        once = written.count("{y_hat}") < 2
        yield from () if once else ("y_hat = model(x)",)
        yield from loss_kink_comment(plan, "torch", "torch")
        yield f"loss = {written.format(y_hat='model(x)' if once else 'y_hat', y='y')}"
        yield "loss.backward()"
        yield "found = {"
        yield from (f'    "{name}": {place}.grad,' for name, place in places.items())
        if plan.asks_of_x:
            yield '    "x": x.grad,'
        yield "}"


def _otherwise(activation: Activation, hit: Sequence[Hit]) -> list[tuple[Rational, Rational, Rational]]:
    """The kinks with another derivative than torch's: (kink, the question's, torch's)."""
    theirs = dict(replace(activation, of_layer=None).at_kinks("torch"))
    return [(kink, asked, theirs[kink]) for kink, asked in hit if asked != theirs[kink]]


def _modules(plan: Plan) -> Iterator[tuple[str, int | None]]:
    """The modules in order, each with the number of the layer whose weights it holds."""
    network = plan.witness.problem.network
    for number, layer in enumerate(network.layers, start=1):
        bias = "" if layer.bias else ", bias=False"
        yield f"torch.nn.Linear({network.widths[number - 1]}, {layer.units}{bias})", number
        if number in plan.put_back:
            yield f"PutBack({plan.arguments(number)})", None
        if module := _module(layer, plan):
            yield module, None


def _module(layer: Layer, plan: Plan) -> str | None:
    activation = layer.activation
    if activation in plan.customs:
        return f"{plan.customs[activation].name}()"
    parameter = "" if activation.parameter is None else literal(activation.parameter)
    arguments = ", ".join(filter(None, (parameter, activation.names.torch_arguments)))
    return f"torch.nn.{activation.names.torch}({arguments})" if activation.names.torch else None


def _places(plan: Plan, modules: Sequence[tuple[str, int | None]]) -> dict[str, str]:
    """Where the model keeps each parameter: ``w1`` in ``model[0].weight``."""
    held = {number: position for position, (_, number) in enumerate(modules) if number is not None}
    kinds = {"w": "weight", "b": "bias"}
    return {
        name: f"model[{held[int(name[1:])]}].{kinds[name[0]]}" for name in plan.witness.problem.network.shapes
    }
