"""Classes of all gradient entries of random piecewise linear networks are those of exact arithmetic."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.effort import seeds
from tests.explaining.torches import skipped_where_missing

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

import tests.explaining.oracle_layers  # noqa: E402, F401  (operations)
from tests.explaining.oracle_networks import Network, check  # noqa: E402

ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    ("relu", {}),
    ("leaky_relu", {"negative_slope": 0.1}),
    ("hardtanh", {"min_val": -1.0, "max_val": 2.0}),
    ("relu6", {}),
    ("abs", {}),
    ("clamp", {"min": 0}),
    ("clamp", {"min": -1.0, "max": 1.0}),
    ("maximum", {}),
    ("square", {}),
]
LOSSES: list[tuple[str, dict[str, Any]]] = [
    ("mse", {}),
    ("l1", {}),
    ("huber", {"delta": 1.0}),
    ("huber", {"delta": 0.7}),
    ("smooth_l1", {"beta": 0.5}),
    ("hinge", {}),
    ("total", {}),
]


class Draw:
    """Random numbers of one kind: small integers, quarters, or floats."""

    def __init__(self, seed: int) -> None:
        self.choice = random.Random(seed)
        self._generator = torch.Generator().manual_seed(seed)
        self.kind = self.choice.choice(["integers", "quarters", "floats", "mixed"])
        types = [torch.float32, torch.float32, torch.float64, torch.bfloat16, torch.float16]
        self.dtype = self.choice.choice(types)

    def __call__(self, *shape: int) -> Tensor:
        kind = self.choice.choice(["integers", "quarters", "floats"]) if self.kind == "mixed" else self.kind
        if kind == "floats":
            return torch.randn(shape, generator=self._generator).to(self.dtype)
        reach = self.choice.choice([1, 2, 4])
        drawn = torch.randint(-reach, reach + 1, shape, generator=self._generator)
        return (drawn / (1 if kind == "integers" else 4)).to(self.dtype)

    def index(self, high: int, *shape: int) -> Tensor:
        return torch.randint(0, high, shape, generator=self._generator)


def network(seed: int, kind: str) -> Network:
    """Draw a network: layers of linear maps, convolutions, or an embedding first."""
    draw = Draw(seed)
    choose = draw.choice
    steps: list[tuple[str, list[str], dict[str, Any]]] = []  # operation, parameters, options
    net = Network(lambda ops, parameters, x: None)

    def layer(operation: str, w: Tensor, **how: Any) -> None:
        names = [f"w{len(net.parameters)}"]
        net.parameters[names[0]] = w
        if choose.random() < 0.7:
            names.append(f"b{len(net.parameters)}")
            net.parameters[names[1]] = draw(len(w))
        steps.append((operation, names, how))

    def activate() -> None:
        name, how = choose.choice(ACTIVATIONS)
        steps.append((name, [], how))

    batch, width = choose.randint(1, 5), choose.randint(1, 4)
    if kind == "conv":
        channels, size = choose.randint(1, 2), choose.randint(3, 5)
        net.x = draw(min(batch, 2), channels, size, size)
        for _ in range(choose.randint(1, 2)):
            if size < 2:
                break
            w = draw(choose.randint(1, 2), channels, choose.randint(1, 2), 2)
            layer("conv2d", w, stride=choose.randint(1, 2), padding=choose.randint(0, 1))
            channels, size = len(w), min(_run(net, steps).shape[2:])
            activate()
        pool = choose.choice(["max_pool2d", "avg_pool2d", None])
        if pool and size > 1:
            steps.append((pool, [], {"kernel_size": 2}))
        steps.append(("flatten", [], {}))
        width = _run(net, steps).shape[1]
    elif kind == "embedding":
        rows = choose.randint(2, 5)
        net.parameters["e0"] = draw(rows, width)
        net.x = draw.index(rows, batch)
        steps.append(("embedding", ["e0"], {}))
    else:
        net.x = draw(batch, width)
        if choose.random() < 0.2:
            net.x[choose.randrange(batch)] = 0
        if choose.random() < 0.3:  # samples twice: what comes back can cancel
            net.x[-1] = net.x[0]
    for last in [*[False] * choose.randint(0, 3), True]:
        out = choose.randint(1, 2 if last else 4)
        residual = not last and choose.random() < 0.25
        layer("linear", draw(width if residual else out, width))
        if last and choose.random() < 0.4 and width > 1:  # units with opposite weights
            w = net.parameters[steps[-1][1][0]]
            w[:, 1] = -w[:, 0]
        width = width if residual else out
        if not last or choose.random() < 0.2:
            activate()
        if residual:
            steps.append(("residual", [], {}))
    if kind == "mlp" and choose.random() < 0.2:
        steps.append(("max", [], {"dim": 1}))
    result = _run(net, steps).nan_to_num(1.0, 2.0, -2.0)
    target = draw(*result.shape)
    planted = choose.random()
    if planted < 0.25:
        at = choose.randrange(len(result))
        target[at] = result.detach()[at]  # a residual of 0
    elif planted < 0.5 and len(result) > 1:
        target[-1] = 2 * result.detach()[0] - target[0]  # opposite residuals, for equal samples
    loss, how = choose.choice(LOSSES)
    if loss == "hinge":
        target = target.sign() + (target == 0)
    how = {**how, "reduction": choose.choice(["mean", "sum"])}

    def program(ops: Any, parameters: Any, x: Any) -> Any:
        return ops(loss, _forward(ops, parameters, x, steps), target, **how)

    net.program = program
    net.factors = choose.choice([*[(1.0,)] * 4, (1.0, 2.0), (1.0, -1.0)])
    net.steps = [f"{seed} {draw.kind} {draw.dtype}", *map(str, steps), f"{loss} {how} {net.factors}"]
    return net


def _forward(ops: Any, parameters: Any, x: Any, steps: Any) -> Any:
    before = x
    for operation, names, how in steps:
        if operation == "residual":
            x = ops("add", x, before)
            continue
        if operation == "linear":
            before = x
        given = [parameters[name] for name in names]
        if operation == "embedding":
            x = ops("embedding", x, *given)
        elif operation == "maximum":
            x = ops("maximum", x, torch.zeros((), dtype=_dtype(x)))
        else:
            x = ops(operation, x, *given, **how)
    return x


def _dtype(x: Any) -> Any:
    return getattr(x, "run", x).dtype


def _run(net: Network, steps: Any) -> Tensor:
    from tests.explaining.oracle import Interpreter

    out = _forward(Interpreter(), net.parameters, net.x, steps)
    assert isinstance(out, torch.Tensor)
    return out


@pytest.mark.parametrize("kind", ["mlp", "conv", "embedding"])
@pytest.mark.parametrize("seed", seeds(80, 10))
def test_every_entry(seed: int, kind: str) -> None:
    with skipped_where_missing():
        check(network(seed, kind))
