"""A witness as a script for JAX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zerograd.core.model.activations import Activation, piecewise
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

_FUNCTIONS = {
    "relu": "jax.nn.relu(z)",
    "relu6": "jax.nn.relu6(z)",
    "hardtanh": "jax.nn.hard_tanh(z)",
    "leaky_relu": "jax.nn.leaky_relu(z, {slope})",
    "abs": "jnp.abs(z)",
}


def jax_text(answer: Sat, put_back: Mapping[int, PutBack]) -> str:
    """The script.

    Args:
        put_back: by layer, the pre-activations that rounding may carry across a kink.
    """
    witness = answer.witness
    defined = _defined(witness)
    lines = [docstring(answer, "JAX", "pip install jax"), "", "import jax", "import jax.numpy as jnp", ""]
    lines += ['jax.config.update("jax_enable_x64", True)', "", "", *_ARRAY, "", ""]
    lines += [*data_lines(witness, "array"), "", *exact_lines(answer, "array")]
    for activation, name in defined.items():
        lines += ["", "", *_definition(witness, activation, name)]
    if put_back:
        lines += ["", "", _PUT_BACK]
    lines += ["", "", *_network(witness, put_back, defined), "", "", *_LOSS, "", ""]
    names = ", ".join(f'"{name}": {name}' for name in witness.parameters)
    lines += [f"parameters = {{{names}}}"]
    if "x" in shown_names(answer.problem):
        lines += ["found, of_x = jax.grad(loss, argnums=(0, 1))(parameters, x)", 'found["x"] = of_x']
    else:
        lines += ["found = jax.grad(loss)(parameters, x)"]
    lines += ["", "", *rounding_lines(witness), "", "", *rounding_comment()]
    lines += ["rounding = {name: 2**-40 * size for name, size in sizes().items()}", ""]
    lines += [*check_lines(answer, "JAX")]
    return "\n".join(lines) + "\n"


_ARRAY = ["def array(rows):", "    return jnp.array(rows, dtype=jnp.float64)"]

_LOSS = ["def loss(parameters, x):", "    return jnp.mean((predict(parameters, x) - y) ** 2)"]

_PUT_BACK = '''def put_back(z, samples, units, values, rounding):
    """Pre-activations on a kink, or next to one, which rounding may carry across it: put back.

    They move by no more than rounding. Derivatives stay as they are.
    """
    places, values = (jnp.array(samples), jnp.array(units)), array(values)
    found = z[places]
    assert (abs(found - values) <= rounding).all(), "more than rounding"
    return z.at[places].set(values + (found - jax.lax.stop_gradient(found)))'''


def _defined(witness: Witness) -> dict[Activation, str]:
    """The activations with a derivative of our own, and the names they get.

    Those on whose kink a sample sits: what JAX takes there is documented for ReLU alone (0).
    """
    convention = witness.problem.derivative_at_kink
    result: dict[Activation, str] = {}
    for layer, hit in zip(witness.problem.network.layers, kinks_hit(witness), strict=True):
        activation = layer.activation
        if activation.name == "relu" and all(slope_at(activation, k, convention) == 0 for k in hit):
            continue
        if hit and activation not in result:
            others = sum(known.name == activation.name for known in result)
            result[activation] = f"my_{activation.name}{f'_{others + 1}' if others else ''}"
    return result


def _definition(witness: Witness, activation: Activation, name: str) -> Iterator[str]:
    convention = witness.problem.derivative_at_kink
    layers = zip(witness.problem.network.layers, kinks_hit(witness), strict=True)
    hit = sorted({k for layer, found in layers if layer.activation == activation for k in found})
    for k in hit:
        kink, slope = piecewise(activation).kinks[k], slope_at(activation, k, convention)
        yield f"# A sample sits on the kink at {kink}. The question takes the derivative"
        yield f"# {slope} there ({convention}); what JAX takes differs with activations and versions."
    yield "@jax.custom_jvp"
    yield f"def {name}(z):"
    yield f"    return {_function(activation)}"
    yield ""
    yield ""
    yield f"@{name}.defjvp"
    yield f"def {name}_jvp(primals, tangents):"
    yield "    (z,), (tangent,) = primals, tangents"
    yield f"    slope = jnp.full_like(z, {literal(piecewise(activation).slopes[0])})"
    for number, kink in enumerate(piecewise(activation).kinks):
        yield f"    slope = jnp.where(z > {kink}, {literal(piecewise(activation).slopes[number + 1])}, slope)"
    for k in hit:
        own = literal(slope_at(activation, k, convention))
        yield f"    slope = jnp.where(z == {piecewise(activation).kinks[k]}, {own}, slope)"
    yield f"    return {name}(z), slope * tangent"


def _function(activation: Activation) -> str:
    slope = "" if activation.parameter is None else literal(activation.parameter)
    return _FUNCTIONS[activation.name].format(slope=slope)


def _network(
    witness: Witness, put_back: Mapping[int, PutBack], defined: Mapping[Activation, str]
) -> Iterator[str]:
    yield "def predict(parameters, x):"
    yield "    a = x"
    for number, layer in enumerate(witness.problem.network.layers, start=1):
        bias = f' + parameters["b{number}"]' if layer.bias else ""
        yield f'    z = a @ parameters["w{number}"].T{bias}'
        if number in put_back:
            samples, units, values = place_lists(put_back[number], 4)
            yield f"    z = put_back(z, {samples}, {units}, {values}, {put_back[number].rounding:.1e})"
        if layer.activation in defined:
            yield f"    a = {defined[layer.activation]}(z)"
        elif layer.activation.name == "linear":
            yield "    a = z"
        else:
            yield f"    a = {_function(layer.activation)}"
    yield "    return a"
