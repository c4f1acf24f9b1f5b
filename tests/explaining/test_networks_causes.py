"""Causes of zeros in random small networks, against all terms of all gradient entries; and documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import zerograd as zg
import zerograd.spec
from tests.effort import seeds

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    F = torch.nn.functional

SCHEMA = Path(zerograd.spec.__file__).parent / "explanation.schema.json"
Term = tuple[int, frozenset[str]]
"""The sample of a product, and the kinds of its factors that are zero: none if the product is not."""


@dataclass
class Case:
    """A hidden layer between two linear ones, all in integers so that the run is exact."""

    x: Tensor
    y: Tensor
    w1: Tensor
    b1: Tensor
    w2: Tensor
    b2: Tensor
    activation: nn.Module

    @classmethod
    def draw(cls, seed: int) -> Case:
        generator = torch.Generator().manual_seed(seed)

        def draw(reach: int, *shape: int) -> Tensor:
            return torch.randint(-reach, reach + 1, shape, generator=generator).double()

        def size(low: int, high: int) -> int:
            return int(torch.randint(low, high + 1, (), generator=generator))

        batch, inputs, units, outputs = size(1, 4), size(1, 3), size(1, 3), size(1, 2)
        activation = [nn.ReLU(), nn.Hardtanh(-1, 1), nn.ReLU6(), nn.LeakyReLU(0.5)][size(0, 3)]
        case = cls(
            draw(2, batch, inputs), draw(2, batch, outputs), draw(2, units, inputs), draw(1, units),
            draw(1, outputs, units), draw(1, outputs), activation,
        )  # fmt: skip
        chance = torch.rand(5, generator=generator).tolist()
        if chance[0] < 0.4:  # a unit that is off, or at its upper end
            case.w1[0], case.b1[0] = 0, [-3.0, 7.0, 0.0][size(0, 2)]
        if chance[1] < 0.3:
            case.x[:, 0] = 0
        if chance[2] < 0.3:
            case.w2[:, -1] = 0
        out = case.model()(case.x).detach()
        if chance[3] < 0.4:
            case.y[0] = out[0]
        if chance[4] < 0.1:
            case.y[:] = out
        return case

    def model(self) -> nn.Sequential:
        model = nn.Sequential(
            nn.Linear(self.x.shape[1], len(self.w1)), self.activation, nn.Linear(len(self.w1), len(self.w2))
        ).double()
        with torch.no_grad():
            for parameter, numbers in zip(
                model.parameters(), (self.w1, self.b1, self.w2, self.b2), strict=True
            ):
                parameter.copy_(numbers)
        return model

    def terms(self) -> dict[str, dict[tuple[int, ...], list[Term]]]:
        """Return the terms of every entry of every gradient."""
        z = F.linear(self.x, self.w1, self.b1)
        a = self.activation(z)
        adjoint = F.linear(a, self.w2, self.b2) - self.y
        returned = adjoint @ self.w2
        units, outputs, samples = range(len(self.w1)), range(len(self.w2)), range(len(self.x))

        def back(n: int, j: int, more: frozenset[str]) -> Iterator[Term]:
            """What comes back to a hidden unit's argument."""
            for k in outputs:
                kinds = set(more) | side(self.activation, float(z[n, j]))
                if adjoint[n, k] == 0:
                    kinds.add("zero_adjoint")
                if returned[n, j] == 0 and bool((adjoint[n] * self.w2[:, j]).any()):
                    kinds.add("cancellation")
                if self.w2[k, j] == 0:
                    kinds.add("zero_weight")
                yield n, frozenset(kinds)

        def to_output(n: int, k: int, j: int | None) -> Term:
            kinds = {"zero_adjoint"} if adjoint[n, k] == 0 else set()
            if j is not None and a[n, j] == 0:
                kinds |= {"zero_factor"} | side(self.activation, float(z[n, j]))
            return n, frozenset(kinds)

        def of_x(n: int, i: int) -> frozenset[str]:
            return frozenset({"zero_factor"}) if self.x[n, i] == 0 else frozenset()

        return {
            "0.weight": {
                (j, i): [t for n in samples for t in back(n, j, of_x(n, i))]
                for j in units
                for i in range(self.x.shape[1])
            },
            "0.bias": {(j,): [t for n in samples for t in back(n, j, frozenset())] for j in units},
            "2.weight": {(k, j): [to_output(n, k, j) for n in samples] for k in outputs for j in units},
            "2.bias": {(k,): [to_output(n, k, None) for n in samples] for k in outputs},
        }


def side(activation: nn.Module, z: float) -> set[str]:
    """Return why an activation passes nothing back; nothing if it does."""
    match activation:
        case nn.ReLU():
            return {"dead"} if z < 0 else {"at_kink"} if z == 0 else set()
        case nn.ReLU6():
            return {"dead"} if z < 0 else {"saturated"} if z > 6 else {"at_kink"} if z in (0, 6) else set()
        case nn.Hardtanh():
            return {"saturated"} if abs(z) > 1 else {"at_kink"} if abs(z) == 1 else set()
    return set()


def covers(cause: dict[str, Any], term: Term) -> bool:
    sample, kinds = term
    return cause["kind"] in kinds and (cause["samples"] is None or sample in cause["samples"])


@pytest.mark.parametrize("seed", seeds(160, 20))
def test_causes_cover_all_terms(seed: int) -> None:
    """Causes that are said to suffice do; together they cover every term; none is said that no term has."""
    case = Case.draw(seed)
    model = case.model()
    document = zg.explain(model, lambda out, y: F.mse_loss(out, y, reduction="sum"), case.x, case.y).to_json()
    check_document(document)
    for name, terms in case.terms().items():
        row, gradient = document["parameters"][name], model.get_parameter(name).grad
        assert gradient is not None
        zeros = [at for at in terms if gradient[at] == 0]
        assert row["entries"]["zero"] == len(zeros)
        check_causes(row["causes"], {at: terms[at] for at in zeros}, (seed, name, case, row["causes"]))


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(248, id="a kink of a unit that is dead and saturated on all samples"),
        pytest.param(502, id="features in a square weight"),
        pytest.param(962, id="units in a square weight"),
    ],
)
def test_what_is_not_needed_is_not_told(seed: int) -> None:
    """Only the units and samples of a root are told that some entries need."""
    test_causes_cover_all_terms(seed)


def check_causes(causes: list[dict[str, Any]], zeros: dict[tuple[int, ...], list[Term]], where: Any) -> None:
    cancelled = [at for at, terms in zeros.items() if not all(kinds for _, kinds in terms)]
    inside = any("cancellation" in kinds for terms in zeros.values() for _, kinds in terms)
    told = any(c["kind"] == "cancellation" for c in causes)
    assert (told or not cancelled) and (cancelled or inside or not told), ("cancellation", where)
    factored = {at: terms for at, terms in zeros.items() if at not in cancelled}
    for cause in causes:
        if cause["kind"] == "cancellation":
            continue
        alone = [at for at, terms in factored.items() if all(covers(cause, t) for t in terms)]
        some = [at for at, terms in zeros.items() if any(covers(cause, t) for t in terms)]
        assert cause["entries"] <= len(some), ("no such factor", cause, where)
        if cause["alone"]:
            assert cause["entries"] <= len(alone), ("does not suffice alone", cause, where)
    for at, terms in factored.items():
        assert all(any(covers(c, t) for c in causes) for t in terms), ("not covered", at, terms, where)
        for kind in frozenset.intersection(*[kinds for _, kinds in terms]):
            # an activation that is 0 at a kink is a zero factor, or the work of those before it
            if where[1] != "2.weight" or kind not in ("zero_factor", "at_kink"):
                assert any(c["kind"] == kind for c in causes), ("suffices and is not told", kind, at, where)


def check_document(document: dict[str, Any]) -> None:
    """A document obeys the schema; classes are a partition; what has no zero has no cause."""
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert json.loads(json.dumps(document)) == document
    for row in (*document["parameters"].values(), *document["inputs"].values()):
        size = torch.Size(row["shape"]).numel()
        assert sum(row["entries"].values()) == size
        assert (row["causes"] == []) == (row["entries"]["zero"] == 0)
        assert all(0 < cause["entries"] <= row["entries"]["zero"] for cause in row["causes"])
