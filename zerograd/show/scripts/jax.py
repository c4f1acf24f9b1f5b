"""How a script for JAX is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from zerograd.core.model.activations import RELU, Activation
from zerograd.core.model.libraries import LIBRARIES
from zerograd.core.numbers.functions import Rational
from zerograd.show.scripts.script import Custom, Hit, Library, Plan, call, loss_kink_comment


class Jax(Library):
    """A function of parameters and inputs, differentiated by ``jax.grad``."""

    name = "JAX"
    install = "pip install jax"
    imports = (
        "import jax",
        "import jax.numpy as jnp",
        "",
        'jax.config.update("jax_enable_x64", True)',
    )
    module = "jnp"
    convert = "array"
    array = ("def array(rows):", "    return jnp.array(rows, dtype=jnp.float64)")
    put_back = '''def put_back(z, samples, units, values, rounding):
    """Pre-activations on a kink, or next to one, which rounding may carry across it: put back.

    They move by no more than rounding. Derivatives stay as they are.
    """
    places, values = (jnp.array(samples), jnp.array(units)), array(values)
    found = z[places]
    assert (abs(found - values) <= rounding).all(), "more than rounding"
    return z.at[places].set(values + (found - jax.lax.stop_gradient(found)))'''
    replace_slope = "slope = jnp.where({where}, {slope}, slope)"
    numbered = "_{}"
    rounding = ("rounding = {name: 2**-40 * size for name, size in sizes().items()}",)

    def own_name(self, activation: Activation, hit: Sequence[Hit]) -> str | None:
        """What JAX takes at a kink is documented for ReLU alone (0)."""
        documented = activation.name == RELU.name and not any(derivative for _, derivative in hit)
        return f"my_{activation.name}" if hit and not documented else None

    def own_slope(self, activation: Activation) -> Iterator[str]:
        function = call(activation.names.jax, activation)
        yield f"_, slope = jax.jvp(lambda z: {function}, (z,), (jnp.ones_like(z),))"

    def definition(self, custom: Custom) -> Iterator[str]:
        for kink, derivative in custom.hit:
            yield f"# A sample sits on the kink at {kink}. The question takes the derivative"
            yield f"# {derivative} there ({custom.convention}), {_theirs(custom, kink, derivative)}"
        yield "@jax.custom_jvp"
        yield f"def {custom.name}(z):"
        yield f"    return {call(custom.activation.names.jax, custom.activation)}"
        yield ""
        yield ""
        yield f"@{custom.name}.defjvp"
        yield f"def {custom.name}_jvp(primals, tangents):"
        yield "    (z,), (tangent,) = primals, tangents"
        yield from (f"    {line}" for line in custom.slope_lines(self))
        yield f"    return {custom.name}(z), slope * tangent"

    def functions(self, plan: Plan) -> Iterator[Iterable[str]]:
        yield _network(plan)
        loss = plan.witness.problem.model.loss
        written = loss.written(plan.witness.problem.derivative_at_kink).jax
        once = written.count("{y_hat}") < 2
        value = written.format(y_hat="predict(parameters, x)" if once else "y_hat", y="y")
        first = [] if once else ["    y_hat = predict(parameters, x)"]
        comment = (f"    {line}" for line in loss_kink_comment(plan, "jax", "JAX"))
        yield ["def loss(parameters, x):", *first, *comment, f"    return {value}"]

    def gradients(self, plan: Plan) -> Iterator[str]:
        names = ", ".join(f'"{name}": {name}' for name in plan.witness.parameters)
        yield f"parameters = {{{names}}}"
        if plan.asks_of_x:
            yield "found, of_x = jax.grad(loss, argnums=(0, 1))(parameters, x)"
            yield 'found["x"] = of_x'
        else:
            yield "found = jax.grad(loss)(parameters, x)"


def _theirs(custom: Custom, kink: Rational, derivative: Rational) -> str:
    """What JAX takes at a kink: measured, and documented for ReLU alone."""
    library = LIBRARIES["jax"]
    at = dict(replace(custom.activation, of_layer=None).at_kinks("jax"))
    measured = f"(measured in {' and '.join(library.versions)})."
    return f"{'as JAX does' if at[kink] == derivative else f'where JAX takes {at[kink]}'} {measured}"


def _network(plan: Plan) -> Iterator[str]:
    yield "def predict(parameters, x):"
    yield "    a = x"
    for number, layer in enumerate(plan.witness.problem.network.layers, start=1):
        bias = f' + parameters["b{number}"]' if layer.bias else ""
        yield f'    z = a @ parameters["w{number}"].T{bias}'
        if number in plan.put_back:
            yield f"    z = put_back(z, {plan.arguments(number)})"
        activation, custom = layer.activation, plan.customs.get(layer.activation)
        yield f"    a = {f'{custom.name}(z)' if custom else call(activation.names.jax, activation)}"
    yield "    return a"
