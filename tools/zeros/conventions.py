"""What a library returns at the kinks of activations and losses, by its own functions."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from zerograd.core.model.activations import ACTIVATIONS, FAMILIES, Activation
from zerograd.core.model.kinks import LOSS
from zerograd.core.model.losses import LOSSES
from zerograd.core.numbers.exact_functions import EXACT

Slope = Callable[[Callable[[Any], Any], float], float]
"""(function, number) to the derivative that the library returns."""

LOSS_NAMES = ("mae", "hinge")
NAMES = (
    *("relu", "leaky_relu", "abs", "relu6", "hardtanh", "hardsigmoid", "elu", "selu", "hardswish"),
    *LOSS_NAMES,
)
"""The columns of the table."""
PARAMETERS = {"leaky_relu": ("1/4", "-1/2", "3/2"), "elu": ("2",)}


@dataclass(frozen=True)
class Rig:
    """How one measures a library.

    Attributes:
        package: that has to be installed; ``distribution`` is what installers call it.
        calls: of ``x`` and, where there is one, the parameter ``p``; of a loss, of the prediction ``x`` and
            the target ``y``.
        begin: imports what calls speak of, and returns it with a function that differentiates.
    """

    package: str
    calls: Mapping[str, str]
    begin: Callable[[], tuple[Mapping[str, Any], Slope]]
    distribution: str = ""
    remark: str = ""
    needs: tuple[str, ...] = field(default=())

    @property
    def installed(self) -> str | None:
        """The version that is installed here, if it is."""
        if any(find_spec(package) is None for package in (self.package, *self.needs)):
            return None
        return version(self.distribution or self.package).partition("+")[0]


def cases(name: str) -> Iterator[tuple[Activation, float | None]]:
    """Yield the activations of a name, with their parameters as floats."""
    for parameter in PARAMETERS.get(name, (None,)):
        if parameter is None:
            yield ACTIVATIONS[name], None
        else:
            yield FAMILIES[name].make(parameter), float(Fraction(parameter))


def expected(convention: str, name: str) -> Iterator[tuple[float, float | None, float | None, float]]:
    """Yield (number, parameter, target, the derivative that a convention has there)."""
    if name in LOSS_NAMES:
        for y in (0,) if name == "mae" else (1, -1):
            rule = f"default: torch, {LOSS}: {convention}"
            (adjoint,) = LOSSES[name].sample_adjoint([y], [y], EXACT, rule)
            yield float(y), None, float(y), float(adjoint)
        return
    for activation, parameter in cases(name):
        for kink, derivative in activation.at_kinks(convention):
            yield float(kink), parameter, None, float(derivative)


def measured(rig: Rig, convention: str, name: str) -> Iterator[tuple[str, float, float]]:
    """Yield (what, the derivative that a convention has, the one that is measured) at each kink."""
    names, slope = rig.begin()
    call = compile(rig.calls[name], rig.calls[name], "eval")
    for at, p, y, wanted in expected(convention, name):
        place = {} if p is None else {"p": p}
        target = {} if y is None else {"y": y}

        def function(x: Any, given: Mapping[str, Any] = {**names, **place, **target}) -> Any:
            return eval(call, {**given, "x": x})

        told = ", ".join(f"{key} = {value:g}" for key, value in {"x": at, **place, **target}.items())
        yield f"{rig.calls[name]}, {told}", wanted, slope(function, at)


# --- libraries ------------------------------------------------------------------------------


def _torch() -> tuple[Mapping[str, Any], Slope]:
    import torch

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        return float(torch.autograd.grad(function(x), x)[0])

    names = {
        "torch": torch,
        "F": torch.nn.functional,
        "tensor": lambda v: torch.tensor(v, dtype=torch.float64),
    }
    return names, slope


def _jax() -> tuple[Mapping[str, Any], Slope]:
    import jax

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    return {"jax": jax, "jnp": jax.numpy}, lambda function, at: float(jax.grad(function)(at))


def _tensorflow() -> tuple[Mapping[str, Any], Slope]:
    tf = importlib.import_module("tensorflow")
    keras = importlib.import_module("keras")

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = tf.Variable(at, dtype=tf.float32)
        with tf.GradientTape() as tape:
            value = function(x)
        return float(tape.gradient(value, x))

    return {"tf": tf, "keras": keras}, slope


def _keras(backend: str) -> Callable[[], tuple[Mapping[str, Any], Slope]]:
    def begin() -> tuple[Mapping[str, Any], Slope]:
        os.environ["KERAS_BACKEND"] = backend
        keras = importlib.import_module("keras")
        _, slope = {"jax": _jax, "torch": _torch, "tensorflow": _tensorflow}[backend]()

        def vectors(function: Callable[[Any], Any], at: float) -> float:
            return slope(lambda x: keras.ops.sum(function(keras.ops.reshape(x, (1, 1)))), at)

        return {"keras": keras, "row": lambda v: keras.ops.reshape(v, (1, 1))}, vectors

    return begin


def _paddle() -> tuple[Mapping[str, Any], Slope]:
    paddle = importlib.import_module("paddle")

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = paddle.to_tensor([at], stop_gradient=False)
        function(x).sum().backward()
        return float(x.grad[0])

    return {"paddle": paddle, "F": paddle.nn.functional, "tensor": lambda v: paddle.to_tensor([v])}, slope


def _mlx() -> tuple[Mapping[str, Any], Slope]:
    mx, nn = importlib.import_module("mlx.core"), importlib.import_module("mlx.nn")
    names = {"mx": mx, "nn": nn, "tensor": lambda v: mx.array(float(v))}
    return names, lambda function, at: float(mx.grad(function)(mx.array(at)))


def _tinygrad() -> tuple[Mapping[str, Any], Slope]:
    os.environ.setdefault("DEV", "PYTHON")
    tensor = importlib.import_module("tinygrad").Tensor

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = tensor([at])
        (gradient,) = function(x).sum().gradient(x)
        return float(gradient.numpy()[0])

    return {}, slope


def _mindspore() -> tuple[Mapping[str, Any], Slope]:
    mindspore = importlib.import_module("mindspore")

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = mindspore.Tensor([at], mindspore.float32)
        return float(mindspore.grad(lambda v: function(v).sum())(x).asnumpy()[0])

    names = {"ops": mindspore.ops, "tensor": lambda v: mindspore.Tensor([v], mindspore.float32)}
    return names, slope


def _mxnet() -> tuple[Mapping[str, Any], Slope]:
    mx = importlib.import_module("mxnet")

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = mx.nd.array([[at]])
        x.attach_grad()
        with mx.autograd.record():
            value = function(x)
        value.backward()
        return float(x.grad.asnumpy()[0, 0])

    names = {"nd": mx.nd, "loss": mx.gluon.loss, "tensor": lambda v: mx.nd.array([[v]])}
    return names, slope


def _autograd() -> tuple[Mapping[str, Any], Slope]:
    autograd = importlib.import_module("autograd")
    names = {"np": importlib.import_module("autograd.numpy")}
    return names, lambda function, at: float(autograd.grad(function)(at))


def _casadi() -> tuple[Mapping[str, Any], Slope]:
    ca = importlib.import_module("casadi")

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = ca.SX.sym("x")
        return float(ca.Function("f", [x], [ca.gradient(function(x), x)])(at))

    return {"ca": ca}, slope


def _pytensor() -> tuple[Mapping[str, Any], Slope]:
    pt = importlib.import_module("pytensor.tensor")

    def slope(function: Callable[[Any], Any], at: float) -> float:
        x = pt.dscalar("x")
        gradient = importlib.import_module("pytensor").grad(function(x), x)
        return float(gradient.eval({x: at}, mode="FAST_COMPILE"))

    return {"pt": pt}, slope


_IN_TORCH = {
    "relu": "F.relu(x)",
    "leaky_relu": "F.leaky_relu(x, p)",
    "abs": "torch.abs(x)",
    "relu6": "F.relu6(x)",
    "hardtanh": "F.hardtanh(x)",
    "hardsigmoid": "F.hardsigmoid(x)",
    "elu": "F.elu(x, p)",
    "selu": "F.selu(x)",
    "hardswish": "F.hardswish(x)",
    "mae": "F.l1_loss(x, tensor(y))",
    "hinge": "torch.relu(1 - y * x)",
}
_MARGIN = {"hinge": "F.margin_ranking_loss(x, tensor(0.0), tensor(y), margin=1.0)"}
_IN_KERAS = {
    "relu": "keras.activations.relu(x)",
    "leaky_relu": "keras.activations.leaky_relu(x, p)",
    "abs": "keras.ops.abs(x)",
    "relu6": "keras.activations.relu6(x)",
    "hardtanh": "keras.activations.hard_tanh(x)",
    "hardsigmoid": "keras.activations.hard_sigmoid(x)",
    "elu": "keras.activations.elu(x, p)",
    "selu": "keras.activations.selu(x)",
    "hardswish": "keras.activations.hard_silu(x)",
    "mae": "keras.losses.mean_absolute_error(row(y), x)",
    "hinge": "keras.losses.hinge(row(y), x)",
}

RIGS: Mapping[str, Rig] = {
    "torch": Rig("torch", _IN_TORCH, _torch),
    "torch==2.13": Rig("torch", {**_IN_TORCH, **_MARGIN}, _torch),
    "torch>=2.14": Rig("torch", {**_IN_TORCH, **_MARGIN}, _torch),
    "jax": Rig(
        "jax",
        {
            "relu": "jax.nn.relu(x)",
            "leaky_relu": "jax.nn.leaky_relu(x, p)",
            "abs": "jnp.abs(x)",
            "relu6": "jax.nn.relu6(x)",
            "hardtanh": "jax.nn.hard_tanh(x)",
            "hardsigmoid": "jax.nn.hard_sigmoid(x)",
            "elu": "jax.nn.elu(x, p)",
            "selu": "jax.nn.selu(x)",
            "hardswish": "jax.nn.hard_swish(x)",
            "mae": "jnp.abs(x - y)",
            "hinge": "jnp.maximum(0, 1 - y * x)",
        },
        _jax,
        remark="Optax 0.2.8 writes its `absolute_error` and `hinge_loss` so; Flax and Equinox call these "
        "functions.",
    ),
    "tensorflow": Rig(
        "tensorflow",
        {
            "relu": "tf.nn.relu(x)",
            "leaky_relu": "tf.nn.leaky_relu(x, p)",
            "abs": "tf.abs(x)",
            "relu6": "tf.nn.relu6(x)",
            "hardtanh": "keras.activations.hard_tanh(x)",
            "hardsigmoid": "keras.activations.hard_sigmoid(x)",
            "elu": "keras.activations.elu(x, p)",
            "selu": "tf.nn.selu(x)",
            "hardswish": "keras.activations.hard_silu(x)",
            "mae": "tf.abs(x - y)",
        },
        _tensorflow,
        needs=("keras",),
        remark="In eager mode and in `tf.function`; compiled by XLA (`jit_compile=True`), `selu` is `left`. "
        "TensorFlow has no function `hardtanh`, `hardsigmoid` or `hardswish`: those are Keras' 3.15.1.",
    ),
    "keras/jax": Rig("keras", _IN_KERAS, _keras("jax"), needs=("jax",), remark="On JAX 0.10.2."),
    "keras/tensorflow": Rig(
        "keras", _IN_KERAS, _keras("tensorflow"), needs=("tensorflow",), remark="On TensorFlow 2.21.0."
    ),
    "keras/torch": Rig("keras", _IN_KERAS, _keras("torch"), needs=("torch",), remark="On PyTorch 2.13.0."),
    "mlx": Rig(
        "mlx",
        {
            "relu": "nn.relu(x)",
            "abs": "mx.abs(x)",
            "relu6": "nn.relu6(x)",
            "hardtanh": "nn.hard_tanh(x)",
            "elu": "nn.elu(x, p)",
            "hardswish": "nn.hardswish(x)",
            "mae": "nn.losses.l1_loss(x, tensor(y))",
            "hinge": "nn.losses.hinge_loss(x, tensor(y), reduction='sum')",
        },
        _mlx,
    ),
    "tinygrad": Rig(
        "tinygrad",
        {
            "relu": "x.relu()",
            "leaky_relu": "x.leaky_relu(p)",
            "abs": "x.abs()",
            "relu6": "x.relu6()",
            "hardtanh": "x.hardtanh()",
            "hardsigmoid": "x.hardsigmoid()",
            "elu": "x.elu(p)",
            "selu": "x.selu()",
            "hardswish": "x.hardswish()",
        },
        _tinygrad,
    ),
    "paddle": Rig(
        "paddle",
        {
            "relu": "F.relu(x)",
            "leaky_relu": "F.leaky_relu(x, p)",
            "abs": "paddle.abs(x)",
            "relu6": "F.relu6(x)",
            "hardtanh": "F.hardtanh(x)",
            "hardsigmoid": "F.hardsigmoid(x)",
            "elu": "F.elu(x, p)",
            "selu": "F.selu(x)",
            "hardswish": "F.hardswish(x)",
            "mae": "F.l1_loss(x, tensor(y))",
            "hinge": "F.margin_ranking_loss(x, tensor(0.0), tensor(y), margin=1.0)",
        },
        _paddle,
        distribution="paddlepaddle",
    ),
    "mindspore": Rig(
        "mindspore",
        {
            "relu": "ops.relu(x)",
            "leaky_relu": "ops.leaky_relu(x, p)",
            "abs": "ops.abs(x)",
            "relu6": "ops.relu6(x)",
            "hardtanh": "ops.hardtanh(x)",
            "hardsigmoid": "ops.hardsigmoid(x)",
            "selu": "ops.selu(x)",
            "hardswish": "ops.hardswish(x)",
            "mae": "ops.l1_loss(x, tensor(y))",
        },
        _mindspore,
        remark="Its `elu` has α = 1 alone, which has no kink.",
    ),
    "mxnet": Rig(
        "mxnet",
        {
            "relu": "nd.relu(x)",
            "leaky_relu": "nd.LeakyReLU(x, act_type='leaky', slope=p)",
            "abs": "nd.abs(x)",
            "elu": "nd.LeakyReLU(x, act_type='elu', slope=p)",
            "selu": "nd.LeakyReLU(x, act_type='selu')",
            "mae": "loss.L1Loss()(x, tensor(y))",
            "hinge": "loss.HingeLoss()(x, tensor(y))",
        },
        _mxnet,
    ),
    "autograd": Rig(
        "autograd",
        {
            "relu": "np.maximum(0, x)",
            "abs": "np.abs(x)",
            "hardtanh": "np.clip(x, -1, 1)",
            "mae": "np.abs(x - y)",
            "hinge": "np.maximum(0, 1 - y * x)",
        },
        _autograd,
    ),
    "casadi": Rig(
        "casadi",
        {
            "relu": "ca.fmax(x, 0)",
            "abs": "ca.fabs(x)",
            "hardtanh": "ca.fmax(-1, ca.fmin(1, x))",
            "mae": "ca.fabs(x - y)",
            "hinge": "ca.fmax(0, 1 - y * x)",
        },
        _casadi,
        remark="SX and MX alike.",
    ),
    "pytensor": Rig(
        "pytensor",
        {"abs": "pt.abs(x)", "hardtanh": "pt.clip(x, -1, 1)", "mae": "pt.abs(x - y)"},
        _pytensor,
    ),
}  # fmt: skip
