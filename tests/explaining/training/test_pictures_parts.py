"""The graph of what reaches what: edges as the model was built, gradients as torch itself has them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

import zerograd as zg  # noqa: E402
from zerograd.explaining.explanation import Graph, Reach  # noqa: E402
from zerograd.explaining.training.pictures import parts as module  # noqa: E402

pytestmark = pytest.mark.needs("torch")
WIDTH = 3


@dataclass
class Plan:
    """Layers, each with the numbers of those that it reads (−1: the input)."""

    layers: list[nn.Module] = field(default_factory=list)
    reads: list[tuple[int, ...]] = field(default_factory=list)

    def names(self) -> list[str]:
        return [f"layers.{i} ({type(layer).__name__})" for i, layer in enumerate(self.layers)]

    def edges(self) -> set[tuple[str, str]]:
        """Edges of what the loss depends on."""
        names, used, edges = [*self.names(), f"input (4×{WIDTH})"], {len(self.layers) - 1}, set()
        for i in reversed(range(len(self.layers))):
            if i in used:
                used.update(self.reads[i])
                edges |= {(names[j], names[i]) for j in self.reads[i]}
                edges |= {(f"layers.{i}.{name}", names[i]) for name, _ in self.layers[i].named_parameters()}
        return edges | {(names[len(self.layers) - 1], "MSELoss"), (f"targets (4×{WIDTH})", "MSELoss")}


class Planned(nn.Module):
    """A network by a plan; keeps what each layer gives."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.layers, self.reads = nn.ModuleList(plan.layers), plan.reads
        self.given: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.given = []
        for layer, reads in zip(self.layers, self.reads, strict=True):
            self.given.append(layer(*[x if i < 0 else self.given[i] for i in reads]))
        return self.given[-1]


def draw(dice: random.Random) -> Plan:
    """A random plan of few whole numbers, with units that are off and layers that are frozen."""
    plan = Plan()
    for i in range(dice.randint(2, 7)):
        kind = dice.choice(("linear", "linear", "relu", "hardtanh", "bilinear"))
        if kind == "bilinear":
            plan.layers.append(nn.Bilinear(WIDTH, WIDTH, WIDTH))
            plan.reads.append((dice.randint(-1, i - 1), dice.randint(-1, i - 1)))
            continue
        layers = {"linear": nn.Linear(WIDTH, WIDTH), "relu": nn.ReLU(), "hardtanh": nn.Hardtanh()}
        plan.layers.append(layers[kind])
        plan.reads.append((dice.randint(max(i - 2, -1), i - 1),))
    for layer in plan.layers:
        off = dice.random() < 0.3
        for parameter in layer.parameters():
            with torch.no_grad():
                numbers = [float(dice.randint(-1, 1)) for _ in range(parameter.numel())]
                parameter.copy_(
                    torch.tensor(numbers).reshape(parameter.shape) - 20.0 * (off and parameter.dim() == 1)
                )
            parameter.requires_grad_(dice.random() < 0.9)
    return plan


def run(model: nn.Module, x: Tensor, y: Tensor) -> Graph:
    with zg.watch(model) as watch:
        nn.MSELoss()(model(x), y).backward()
    graph: Graph = watch.report().explanation.last.graph
    return graph


def edges_of(graph: Graph) -> set[tuple[str, str]]:
    return {(graph.vertices[a].name, graph.vertices[b].name) for a, b in graph.edges}


def reach_of(graph: Graph) -> dict[str, Reach]:
    return {vertex.name: vertex.reach for vertex in graph.vertices}


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed: int) -> None:
    """Edges are those of the plan; what is said to come back is what torch gives in exact numbers."""
    dice = random.Random(seed)
    plan = draw(dice)
    model = Planned(plan)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        model.layers.append(nn.Linear(WIDTH, WIDTH))
        plan.layers, plan.reads = list(model.layers), [*plan.reads, (len(plan.reads) - 1,)]
        model.reads = plan.reads
    x, y = (
        torch.tensor([[float(dice.randint(-1, 1)) for _ in range(WIDTH)] for _ in range(4)]) for _ in "xy"
    )
    trains = model.double()(x.double()).requires_grad
    model.float()
    if not trains:
        return
    graph = run(model, x, y)
    assert edges_of(graph) == plan.edges()

    model.double().zero_grad()
    result = model(x.double())
    for given in model.given:
        if given.requires_grad:
            given.retain_grad()
    nn.MSELoss()(result, y.double()).backward()
    reach = reach_of(graph)
    for name, given in zip(plan.names(), model.given, strict=True):
        if name in reach and reach[name] is not Reach.UNKNOWN:
            grad = given.grad if given.requires_grad else None
            expected = Reach.NONE if grad is None else Reach.NONZERO if bool(grad.any()) else Reach.ZERO
            assert reach[name] is expected, name
    for name, parameter in model.named_parameters():
        if name in reach:
            grad = parameter.grad
            expected = Reach.NONE if grad is None else Reach.NONZERO if bool(grad.any()) else Reach.ZERO
            assert reach[name] is expected, name
    places = [(a, b) for a, b in graph.edges]
    assert all(a < b for a, b in places)  # in the order of the forward pass


def test_most_of_it_is_known() -> None:
    """Few layers of these networks have a gradient of which nothing is said."""
    known = unknown = 0
    for seed in range(40):
        model = Planned(draw(random.Random(1000 + seed)))
        x = torch.randn(4, WIDTH)
        if model(x).requires_grad:
            states = [v.reach for v in run(model, x, torch.zeros(4, WIDTH)).vertices if v.kind == "module"]
            unknown += states.count(Reach.UNKNOWN)
            known += len(states) - states.count(Reach.UNKNOWN)
    assert unknown <= known / 8


def test_what_is_detached() -> None:
    """No way leads to what was detached; the loss has its module's name."""
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = first, second

        def forward(self, x: Tensor) -> Any:
            return self.second(self.first(x).detach())

    graph = run(Model(), torch.randn(4, 2), torch.randn(4, 2))
    reach = reach_of(graph)
    assert reach["first (Linear)"] is reach["first.weight"] is Reach.NONE
    assert reach["second (Linear)"] is reach["second.weight"] is Reach.NONZERO
    assert [v.name for v in graph.vertices if v.kind == "loss"] == ["MSELoss"]
    assert ("first (Linear)", "second (Linear)") in edges_of(graph)


def test_an_input_that_requires_a_gradient() -> None:
    """It is an input, with what comes back to it."""
    model = nn.Sequential(nn.Linear(2, 2))
    x = torch.randn(4, 2, requires_grad=True)
    graph = run(model, x, torch.randn(4, 2))
    (vertex,) = [v for v in graph.vertices if v.name == "input"]
    assert (vertex.kind, vertex.reach) == ("input", Reach.NONZERO)


def test_a_large_model_is_drawn_by_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of one module are one where there are too many; where even that is too many there is no graph."""
    blocks = [nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)) for _ in range(6)]
    model = nn.Sequential(nn.Sequential(*blocks[:3]), nn.Sequential(*blocks[3:]))
    x, y = torch.randn(4, 2), torch.randn(4, 2)
    monkeypatch.setattr(module, "MOST", 20)
    graph = run(model, x, y)
    names = [vertex.name for vertex in graph.vertices]
    assert len(names) <= 20
    assert {"0.0", "1.2", "parameters of 0.0", "MSELoss"} <= set(names)
    assert ("0.0", "0.1") in edges_of(graph)
    monkeypatch.setattr(module, "MOST", 3)
    assert run(model, x, y) == Graph()
