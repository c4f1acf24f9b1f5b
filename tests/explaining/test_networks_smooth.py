"""Classes of all gradient entries of random smooth networks agree with mpmath at 200 digits."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import mpmath
import pytest

from tests.effort import seeds

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = pytest.importorskip("torch")

import tests.explaining.oracle_layers  # noqa: E402, F401  (operations)
from tests.explaining.oracle_networks import Network, check  # noqa: E402

ACTIVATIONS = ("sigmoid", "tanh", "gelu", "silu", "softplus", "elu", "selu", "softmax", "relu")


def network(seed: int) -> Network:
    """Draw a network of a few smooth layers with a loss of classes, of logits or of squares."""
    choose = random.Random(seed)
    generator = torch.Generator().manual_seed(seed)
    dtype = choose.choice([torch.float32, torch.float32, torch.float64])
    quarters = choose.random() < 0.4

    def draw(*shape: int) -> Tensor:
        if quarters:
            return (torch.randint(-4, 5, shape, generator=generator) / 4).to(dtype)
        return torch.randn(shape, generator=generator).to(dtype)

    steps: list[tuple[str, list[str]]] = []
    batch, width = choose.randint(1, 4), choose.randint(1, 4)
    net = Network(lambda ops, parameters, x: None, x=draw(batch, width))

    def layer(operation: str, *given: Tensor) -> None:
        names = [f"{'wb'[t.dim() == 1]}{len(net.parameters) + i}" for i, t in enumerate(given)]
        net.parameters.update(zip(names, given, strict=True))
        steps.append((operation, names))

    for last in [*[False] * choose.randint(0, 2), True]:
        kind = choose.random()
        if kind < 0.2:
            layer("layer_norm", draw(width), draw(width))
        elif kind < 0.4 and batch > 1:
            layer("batch_norm", draw(width), draw(width))
        elif kind < 0.55 and batch > 1:
            layer("attend", *[draw(width, width) for _ in range(3)], draw(width))
        out = choose.randint(1, 4)
        layer("linear", *[draw(out, width), draw(out)][: 1 + (choose.random() < 0.7)])
        width = out
        if not last or choose.random() < 0.3:
            steps.append((choose.choice(ACTIVATIONS), []))
    loss = choose.choice(["cross_entropy", "bce", "mse", "total"])
    target = draw(batch, width)
    if loss == "cross_entropy":
        target = torch.randint(0, width, (batch,), generator=generator)
    elif loss == "bce":
        target = (target > 0).to(dtype)
    how = {"reduction": choose.choice(["mean", "sum"])}

    def program(ops: Any, parameters: Any, x: Any) -> Any:
        for operation, names in steps:
            given = [parameters[name] for name in names]
            if operation == "attend":
                *weights, bias = given
                q, k, v = (ops("linear", x, w, *[bias] * (i == 1)) for i, w in enumerate(weights))
                x = ops("add", x, ops("attention", q, k, v))
            else:
                x = ops(operation, x, *given)
        return ops(loss, x, target, **how)

    net.program = program
    net.steps = [f"{seed} {dtype}", *map(str, steps), f"{loss} {how}"]
    return net


@pytest.mark.parametrize("seed", seeds(120, 15))
def test_every_entry(seed: int) -> None:
    check(network(seed), mpmath.mpf)
