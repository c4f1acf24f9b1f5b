"""What a cause is called: places, units, factors and terms, as data that sentences are made of."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zerograd.core.errors import present
from zerograd.explaining.explanation import Cause, Kind
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Phase, Source
from zerograd.explaining.training.causes.alternatives import Alternatives
from zerograd.explaining.training.causes.graph import Graph, base
from zerograd.explaining.training.causes.masks import CLOSED, EMPTY
from zerograd.explaining.training.causes.narrowing import Part
from zerograd.explaining.training.causes.origins import Facts, Origins, Root
from zerograd.explaining.training.causes.places import place_of, place_text, with_parts

_MOST_TERMS = 64
_MOST_COMPARED = 32
"""Sums that are compared; of more, one is an example."""
_FLAT = (
    "clamp",
    "where",
    "masked_fill",
    "threshold",
    "relu",
    "hinge",
    "margin",
    "clamp_min",
    "hardtanh",
    "maximum",
)


_BY_UNITS = (Kind.DEAD, Kind.AT_KINK, Kind.SATURATED)


class Wording:
    """Makes causes of roots."""

    def __init__(
        self, graph: Graph, origins: Origins, facts: Facts, batch: int | None, other: Alternatives | None
    ) -> None:
        self._other = other
        self._graph, self._origins, self._facts, self._batch = graph, origins, facts, batch
        self._readers: dict[int, list[Node]] = {}
        for node in graph.nodes:
            for source in node.sources():
                self._readers.setdefault(source.node.number, []).append(node)

    def cause(self, name: str, root: Root, part: Part, gradient: Source, *, alone: bool, both: bool) -> Cause:
        """Return the cause that a part of a root is.

        Args:
            name: of the gradient.
            both: whether what the root zeroes makes the root itself stay.
        """
        where, details = self._described(name, root, part, gradient)
        if root.kind is Kind.AT_KINK and self._other is not None:
            with_other = self._other.largest(root, gradient, part.entries)
            if with_other is not None:
                details["other_gradient"] = with_other
        noun = "feature" if root.factor == "the input" else "unit"
        if part.units is not None and len(part.units) > 0 and part.of > 1:
            details = {"units": part.units, "of": part.of, **details}
            if len(part.units) < part.of:
                where = with_parts(where, part.units, noun)
        if part.partly and root.kind in _BY_UNITS:
            details["partly"] = part.partly
        samples = part.samples
        if root.kind in (Kind.ZERO_ADJOINT, Kind.IDENTITY) or root.factor in (CLOSED, EMPTY):
            details.pop("units", None)
            details.pop("of", None)
            where = where.partition(", unit")[0]
        if root.kind is Kind.IDENTITY:
            samples = None
        if root.kind is Kind.CANCELLATION:
            details, samples = self._cancellation(root, gradient, part, details)
        if both:
            details = {**details, "both": True}
        return Cause(
            root.kind,
            where,
            samples,
            int(part.entries.sum()),
            part.structural,
            alone,
            samples is not None and len(samples) == self._batch,
            details,
        )

    def _described(self, name: str, root: Root, part: Part, gradient: Source) -> tuple[str, dict[str, Any]]:
        """Return the place of a root, and what is to be said of it."""
        match root.kind:
            case Kind.DEAD | Kind.SATURATED:
                return place_of(root.anchor, root.name), {"activation": root.name}
            case Kind.AT_KINK:
                details: dict[str, Any] = {"activation": root.name}
                if root.slope is not None:
                    details["other_slope"] = root.slope
                if root.side:
                    details["other_side"] = root.side
                return place_of(root.anchor, root.name), details
            case Kind.ZERO_WEIGHT:
                return self._before(root.anchor) or root.name, {"weight": root.name}
            case Kind.ZERO_FACTOR:
                return self._factor_place(root), {"factor": root.factor}
            case Kind.ZERO_ADJOINT:
                return self._loss_place(), self._why(part)
            case Kind.IDENTITY:
                law = present(root.law, "identity behind a cause")
                operation = law.operation.removeprefix("native_").strip("_")
                return place_text(law.place, operation), {"identity": law.text}
            case _ if root.anchor is gradient.node:
                return self.place_of_parameter(name), {}
            case _:
                return self.place_of_gradient(root.anchor), {}

    def _before(self, weight: Node) -> str | None:
        """Return the place of the units that a weight leads out of."""
        for node in self._forward_readers(weight):
            for source in node.sources():
                other = source.node
                leaf = self._graph.is_parameter(other) or self._graph.is_input(other)
                if other.number in self._graph.parametric and not leaf:
                    return place_of(other)
        return None

    def _factor_place(self, root: Root) -> str:
        if root.anchor.operation == "leaf":
            readers = self._forward_readers(root.anchor)
            return place_of(readers[0]) if readers else str(root.factor)
        return place_of(root.anchor)

    def _forward_readers(self, node: Node) -> list[Node]:
        return [n for n in self._readers.get(node.number, []) if n.phase is not Phase.BACKWARD]

    def place_of_parameter(self, name: str) -> str:
        """Return where a parameter is used."""
        for node in self._graph.nodes:
            if node.operation == "leaf" and self._facts.name(node) == name:
                for reader in self._forward_readers(node):
                    return place_of(reader)
        return name

    def place_of_gradient(self, node: Node) -> str:
        """Return where in the network an operation of the backward pass belongs."""
        for source in node.sources():
            other = source.node
            if other.phase is Phase.BACKWARD:
                continue
            if other.operation != "leaf":
                return place_of(other)
            readers = self._forward_readers(other)
            if readers:
                return place_of(readers[0])
        for reader in self._readers.get(node.number, []):
            return self.place_of_gradient(reader)
        return base(node.operation)

    def _loss_place(self) -> str:
        modules = [
            n.place.module
            for n in self._graph.nodes
            if n.number in self._graph.loss_forward and n.place.module is not None
        ]
        losses = [cls for _, cls in modules if cls.endswith("Loss")]
        if losses:
            return losses[-1]
        names = [
            base(n.operation)
            for n in self._graph.nodes
            if n.number in self._graph.loss_forward
            and ("loss" in n.operation or "cross_entropy" in n.operation)
        ]
        return names[-1].removesuffix("_forward") if names else ""

    # why nothing comes back from the loss

    def _why(self, part: Part) -> dict[str, Any]:
        part_of_loss = [n for n in self._graph.nodes if n.number in self._graph.loss_backward]
        for node in part_of_loss:
            if any(isinstance(r, Tensor) and r.numel() == 0 and r.is_floating_point() for r in node.results):
                return {"why": "it is a mean over nothing"}
        rows = torch.ones((), dtype=torch.bool) if part.samples is None else torch.tensor(part.samples)
        for node in part_of_loss:
            call = bind(node) if node.function is not None else {}
            if "ignore_index" in call and isinstance(call.get("target"), Source):
                target = call["target"].run
                ignored = target == call["ignore_index"]
                ignored = (
                    ignored[rows]
                    if rows.dim() and target.dim() and len(target) > int(rows.max())
                    else ignored
                )
                if bool(ignored.all()):
                    return {
                        "why": "the label is ignored" if ignored.numel() == 1 else "the labels are ignored"
                    }
        if self._residual_is_zero(part_of_loss):
            return {"why": "the residual is 0"}
        if any(word in n.operation for n in self._loss_nodes() for word in _FLAT):
            return {"why": "it is at its bound there"}
        return {}

    def _loss_nodes(self) -> list[Node]:
        parts = self._graph.loss_forward | self._graph.loss_backward
        return [n for n in self._graph.nodes if n.number in parts]

    def _residual_is_zero(self, part_of_loss: list[Node]) -> bool:
        """Whether somewhere a result is its target."""
        for node in part_of_loss:
            if any(w in node.operation for w in ("mse_loss", "smooth_l1", "huber", "l1_loss")):
                return True
        for node in self._graph.nodes:
            difference = node.number in self._graph.loss_forward and base(node.operation) == "sub"
            if difference and bool(self._origins.zero(Source(node, 0)).any()):
                return True
        return False

    # what cancels

    def _cancellation(
        self, root: Root, gradient: Source, part: Part, details: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[int, ...] | None]:
        site = root.sites[0]
        zeros = site.zeros
        if site.node is gradient.node and gradient.view is None and part.entries.shape == zeros.shape:
            zeros = zeros & part.entries
        positions = zeros.nonzero()
        if not len(positions):
            return details, part.samples
        at = tuple(positions[0].tolist())
        terms, size = _terms(site.node, at)
        compared = [_terms(site.node, tuple(place.tolist()))[0] for place in positions[:_MOST_COMPARED]]
        if len(positions) > len(compared) or not all(torch.equal(terms, other) for other in compared):
            details = {**details, "example": True}
        indices = terms.nonzero().flatten()
        if not len(indices):
            return details, part.samples
        over_samples = self._batch is not None and size == self._batch
        shown, rest = indices[:_MOST_TERMS], indices[_MOST_TERMS:]
        details = {**details, "terms": tuple(terms[shown].tolist())}
        if labels := self._labels(site.node, shown.tolist(), over_samples):
            details["labels"] = labels
        if len(rest):
            details["more"] = {"terms": len(rest), "sum": float(terms[rest].sum())}
        details["over"] = "samples" if over_samples else "terms"
        if (over_samples and len(positions) == 1) or (over_samples and site.node is gradient.node):
            return details, tuple(indices.tolist())
        return details, part.samples

    def _labels(self, node: Node, indices: list[int], over_samples: bool) -> tuple[str, ...]:
        """Return what one calls the terms of a sum; nothing where that is not known."""
        if over_samples:
            return tuple(f"sample {i}" for i in indices)
        call: Any = bind(node) if node.function is not None else {}
        operation = base(node.operation)
        if (
            operation == "mm"
            and isinstance(call["mat2"], Source)
            and self._graph.is_parameter(call["mat2"].node)
        ):
            place = self.place_of_gradient(node)
            return tuple(f"unit {i} of {place}" for i in indices)
        if operation in ("add", "sub"):
            operands = [call[name].node for name in ("self", "other") if isinstance(call[name], Source)]
            places = [f"through {self.place_of_gradient(other)}" for other in operands]
            return tuple(places[i] for i in indices) if len(set(places)) == len(places) == 2 else ()
        return ()


def _terms(node: Node, at: tuple[int, ...]) -> tuple[Tensor, int]:
    """Return the terms whose sum is an entry of a result, as the run had them, and how many there are."""
    call: Any = bind(node) if node.function is not None else {}
    nothing = torch.zeros(0, dtype=torch.float64)
    match base(node.operation):
        case "mm" | "bmm":
            a, b = call["self"].run.double(), call["mat2"].run.double()
            row = a[at[:-1]] if a.dim() == 2 else a[at[0], at[1]]
            column = b[:, at[-1]] if b.dim() == 2 else b[at[0], :, at[-1]]
            return row * column, len(row)
        case "sum" | "mean":
            v = call["self"].run.double()
            dims = sorted(d % v.dim() for d in (call.get("dim") or range(v.dim())))
            rest = [d for d in range(v.dim()) if d not in dims]
            if call.get("keepdim"):
                at = tuple(at[d] for d in rest)
            sliced = v.permute(*rest, *dims)[at] if rest else v
            flat = sliced.reshape(sliced.shape[0], -1) if sliced.dim() > 1 else sliced
            terms = flat.sum(1) if flat.dim() > 1 else flat
            return terms.flatten(), terms.numel()
        case "add" | "sub":
            sign = -1 if base(node.operation) == "sub" else 1
            parts = []
            for name, factor in (("self", 1), ("other", sign * call.get("alpha", 1))):
                if not isinstance(call[name], Source):
                    return nothing, 0
                run = call[name].run.double().expand(node.results[0].shape)
                parts.append(float(run[at]) * factor)
            return torch.tensor(parts, dtype=torch.float64), 2
    return nothing, 0
