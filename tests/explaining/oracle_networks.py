"""Networks that run under watch, and are computed exactly; what the report says is held against that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any
from unittest import mock

import mpmath
import torch
from torch import Tensor, nn

import zerograd as zg
from tests.explaining.oracle import DIGITS, Both, Interpreter, gradients, numbers, one
from zerograd.explaining.training.causes.search import find_causes

Program = Callable[[Any, Mapping[str, Any], Any], Any]
"""From an interpreter, parameters by name and the input to the loss."""


class Module(nn.Module):
    """A program as a module; its output is the loss."""

    def __init__(self, parameters: Mapping[str, Tensor], program: Program) -> None:
        super().__init__()
        for name, tensor in parameters.items():
            self.register_parameter(name, nn.Parameter(tensor.clone()))
        self._program = program

    def forward(self, x: Tensor) -> Any:
        return self._program(Interpreter(), dict(self.named_parameters()), x)


@dataclass
class Network:
    """A program with numbers for its parameters and its input.

    Attributes:
        steps: what it does, for messages.
        factors: of the loss, one for each backward pass; their gradients accumulate.
    """

    program: Program
    parameters: dict[str, Tensor] = field(default_factory=dict)
    x: Tensor = field(default_factory=lambda: torch.zeros(0))
    steps: list[str] = field(default_factory=list)
    factors: tuple[float, ...] = (1.0,)

    def watched(self) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Tensor]]:
        """Return the report, and by name which entries it has as zero, and the run's gradients."""
        module = Module(self.parameters, self.program)
        x = self.x.clone().requires_grad_() if self.x.is_floating_point() else self.x
        with classified() as zeros, zg.watch(module) as watched:
            for factor in self.factors:
                (module(x) * factor).backward()
        report = watched.report().to_json()
        given = dict(module.named_parameters())
        tensors = {**given, **dict.fromkeys(report["inputs"], x)}
        run = {n: t.grad if t.grad is not None else torch.zeros_like(t) for n, t in tensors.items()}
        return report, {n: zeros.get(n, torch.zeros_like(r, dtype=torch.bool)) for n, r in run.items()}, run

    def exact(self, field: type = Fraction) -> tuple[dict[str, list[tuple[Any, Any]]], dict[str, Tensor]]:
        """Return exact gradients of parameters, and of ``x``, with the size of their terms; and the run's."""
        wide = {
            name: Both(t.clone().requires_grad_(), numbers(t, field, True))
            for name, t in self.parameters.items()
        }
        x: Any = self.x
        if self.x.is_floating_point():
            x = wide["x"] = Both(self.x.clone().requires_grad_(), numbers(self.x, field, True))
        for factor in self.factors:
            loss = self.program(Interpreter(torch.no_grad), wide, x)
            (loss.run * factor).backward()
        total = Fraction(sum(self.factors)) if field is Fraction else sum(self.factors)
        exact = {name: gradients([(one(loss.exact), total)], b.exact) for name, b in wide.items()}
        return exact, {
            n: torch.zeros_like(b.run) if b.run.grad is None else b.run.grad for n, b in wide.items()
        }


@contextmanager
def classified() -> Iterator[dict[str, Tensor]]:
    """Yield a dictionary that gets which entries of each gradient are found zero, by name."""
    zeros: dict[str, Tensor] = {}

    def spy(gradients: Any, found: Mapping[str, Tensor], *rest: Any) -> Any:
        zeros.update(found)
        return find_causes(gradients, found, *rest)

    with mock.patch("zerograd.explaining.training.reporting.find_causes", spy):
        yield zeros


def check(network: Network, field: type = Fraction) -> None:
    """Hold the report of a network against exact gradients."""
    with mpmath.workdps(DIGITS):
        exact, unwatched = network.exact(field)
        report, zeros, run = network.watched()
        names = {name: name for name in report["parameters"]} | dict.fromkeys(report["inputs"], "x")
        rows = {names[name]: row for part in ("parameters", "inputs") for name, row in report[part].items()}
        assert set(rows) == set(exact), (set(rows), set(exact))
        assert not report["unsupported"]
        for name, key in names.items():
            numbers = exact[key]
            assert torch.equal(run[name].nan_to_num(7), unwatched[key].nan_to_num(7)), (
                "watching changed numbers"
            )
            is_zero = [_is_zero(value, size, field) for value, size in numbers]
            where = (network.steps, key, rows[key], [float(v) for v, _ in numbers], zeros[name].tolist())
            if report_has_gradient(rows[key]):
                claimed = zeros[name].flatten().tolist()
                assert all(z or not c for c, z in zip(claimed, is_zero, strict=True)), ("zero?", where)
                if field is Fraction and not rows[key]["float"]["nan"]:
                    assert claimed == is_zero, where
            check_counts(rows[key], is_zero, run[name], where, exactly=field is Fraction)


def report_has_gradient(row: dict[str, Any]) -> bool:
    return all(c["kind"] not in ("not_connected", "detached", "frozen") for c in row["causes"])


def check_counts(row: dict[str, Any], is_zero: list[bool], run: Tensor, where: Any, exactly: bool) -> None:
    """Hold the counts of a row against exact gradients; undecided ones are zero in many digits at least.

    Where the run has nan it chose no side of a kink, and nothing need be known.
    """
    entries, floats, size = row["entries"], row["float"], len(is_zero)
    assert sum(entries.values()) == size, where
    assert entries["observed"] == 0, where
    if floats["nan"]:
        assert entries["nonzero"] <= size - sum(is_zero), ("nonzero?", where)
        assert entries["zero"] <= sum(is_zero), ("zero?", where)
        return
    assert entries["nonzero"] == size - sum(is_zero), ("nonzero?", where)
    assert entries["zero"] + entries["undecided"] == sum(is_zero), where
    if exactly:
        assert entries["undecided"] == 0, ("undecided?", where)
    flat = run.double().flatten().tolist()
    assert floats["zero"] == sum(g == 0 for g in flat), where
    assert floats["lost"] == sum(g == 0 and not z for g, z in zip(flat, is_zero, strict=True)), where
    noise = sum(g != 0 and z and isfinite(g) for g, z in zip(flat, is_zero, strict=True))
    assert noise - entries["undecided"] <= floats["noise"] <= noise, where
    assert bool(row["causes"]) == (entries["zero"] > 0), ("causes?", where)
    assert all(0 < cause["entries"] <= entries["zero"] for cause in row["causes"]), ("causes?", where)


def _is_zero(value: Any, size: Any, field: type) -> bool:
    if field is Fraction:
        return bool(value == 0)
    if abs(value) <= size * mpmath.mpf(10) ** (20 - DIGITS):
        return True
    assert abs(value) > size * mpmath.mpf(10) ** (-DIGITS / 2), "neither clearly zero nor clearly not"
    return False
