"""Rules of what makes few entries of many: sums, means, variances, norms, extremes, sorting."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot
from zerograd.explaining.shadow.rules.decisions import chosen
from zerograd.explaining.shadow.rules.powers import flattened, power
from zerograd.explaining.shadow.rules.table import Call, rule


def dims(c: Call[Any], name: str = "dim") -> list[int]:
    """Return the dimensions that are reduced: those given, or all."""
    rank, given = len(c.shape("self")), c.arguments.get(name)
    if given is None or (isinstance(given, list | tuple) and not given):
        return list(range(rank))
    return [i % max(rank, 1) for i in ([given] if isinstance(given, int) else given)] if rank else []


def _kept(c: Call[Any]) -> bool:
    return bool(c.arguments.get("keepdim"))


def _count(c: Call[Any], over: Sequence[int]) -> int:
    shape = c.shape("self")
    return torch.Size([shape[i] for i in over]).numel()


@rule("sum")
def sum_(c: Call[Any]) -> Any:
    """Sum over some dimensions, or all."""
    return c.domain.sum(c.value("self"), dims(c), _kept(c))


@rule("nansum")
def nansum(c: Call[Any]) -> Any:
    """Sum over some dimensions, or all, of what is not nan."""
    d = c.domain
    return d.sum(d.gate(~c.run("self").isnan(), c.value("self")), dims(c), _kept(c))


@rule("mean")
def mean(c: Call[Any]) -> Any:
    """Mean over some dimensions, or all."""
    over = dims(c)
    return _mean(c, over, _kept(c))


def _mean(c: Call[Any], over: Sequence[int], keep: bool) -> Any:
    n = _count(c, over)
    if n == 0:
        raise Cannot("the mean of nothing")
    return c.domain.scale(c.domain.sum(c.value("self"), over, keep), Fraction(1, n))


def _variance(c: Call[Any]) -> Any:
    """Σ (self − mean)² / (n − correction); of one entry, the deviation is 0 whatever it is."""
    d, over, v = c.domain, dims(c), c.value("self")
    n = _count(c, over)
    correction = Fraction(c["correction"]) if c.has("correction") else Fraction(1)
    if n <= correction:
        raise Cannot(f"the variance of {n} entries with correction {correction}")
    r = d.scale(v, 0) if n == 1 else d.sub(v, _mean(c, over, True))
    return d.scale(d.sum(d.mul(r, r), over, _kept(c)), 1 / (n - correction))


@rule("var")
def var(c: Call[Any]) -> Any:
    """Variance."""
    return _variance(c)


@rule("std")
def std(c: Call[Any]) -> Any:
    """Square root of the variance."""
    return c.domain.unary("sqrt", _variance(c))


@rule("var_mean")
def var_mean(c: Call[Any]) -> Any:
    """Variance and mean."""
    return _variance(c), _mean(c, dims(c), _kept(c))


@rule("std_mean")
def std_mean(c: Call[Any]) -> Any:
    """Square root of the variance, and mean."""
    return c.domain.unary("sqrt", _variance(c)), _mean(c, dims(c), _kept(c))


def _absolute(c: Call[Any], v: Any, run: Tensor) -> Any:
    return chosen(c, run, run < 0, c.domain.neg(v), v)


@rule("linalg_vector_norm", "norm")
def norm(c: Call[Any]) -> Any:
    """(Σ |self|^p)^(1/p); the largest or smallest |self| for p = ±∞; how many are not 0 for p = 0."""
    p = next((c[name] for name in ("ord", "p") if c.has(name)), 2)
    return _norm(c, c.value("self"), c.run("self"), p, dims(c), keep=_kept(c))


def _norm(c: Call[Any], v: Any, run: Tensor, p: float, over: Sequence[int], *, keep: bool = False) -> Any:
    d = c.domain
    if p == 0:
        return d.leaf(c.result())
    if p in (float("inf"), float("-inf")):
        return picked(c, _absolute(c, v, run), run.abs(), over, keep=keep, largest=p > 0)
    if torch.Size([run.shape[i] for i in over]).numel() == 1:  # the root of a square, without the root
        return d.sum(_absolute(c, v, run), over, keep)
    if p == 1:
        return d.sum(_absolute(c, v, run), over, keep)
    if p == 2:
        return d.unary("sqrt", d.sum(d.mul(v, v), over, keep))
    powers = power(d, v if p == int(p) and p % 2 == 0 else _absolute(c, v, run), p)
    return power(d, d.sum(powers, over, keep), 1 / p)


@rule("dist")
def dist(c: Call[Any]) -> Any:
    """Norm of the difference."""
    run = c.run("self") - c.run("other")
    return _norm(c, c.domain.sub(c.value("self"), c.value("other")), run, c["p"], range(run.dim()))


@rule("_foreach_norm")
def norms(c: Call[Any]) -> Any:
    """Norm of each tensor of a list."""
    return tuple(_norm(c, c.of(each), each.run, c["ord"], range(each.run.dim())) for each in c["self"])


def picked(c: Call[Any], v: Any, run: Tensor, over: Sequence[int], *, keep: bool, largest: bool) -> Any:
    """Return the first entry that was the largest, or smallest, of some dimensions in the run."""
    if not over:
        return v
    flat = flattened(run, over)
    index = (flat.argmax(-1) if largest else flat.argmin(-1)).unsqueeze(-1)
    out = c.domain.move(lambda t: flattened(t, over).gather(-1, index).squeeze(-1), v)
    if not keep:
        return out
    return c.domain.move(lambda t: t.reshape([1 if i in over else n for i, n in enumerate(run.shape)]), out)


@rule("amax")
def amax(c: Call[Any]) -> Any:
    """The first entry that was largest in the run."""
    return picked(c, c.value("self"), c.run("self"), dims(c), keep=_kept(c), largest=True)


@rule("amin")
def amin(c: Call[Any]) -> Any:
    """The first entry that was smallest in the run."""
    return picked(c, c.value("self"), c.run("self"), dims(c), keep=_kept(c), largest=False)


@rule("aminmax")
def aminmax(c: Call[Any]) -> Any:
    """The first entries that were smallest and largest in the run."""
    return tuple(
        picked(c, c.value("self"), c.run("self"), dims(c), keep=_kept(c), largest=which)
        for which in (False, True)
    )


@rule("max", "min", "median", "nanmedian", "kthvalue", "mode", "sort", "topk", "cummax", "cummin")
def at_indices(c: Call[Any]) -> Any:
    """The entries at the indices that the run chose along a dimension; of all, the first equal to its
    result.
    """
    v, run = c.value("self"), c.run("self")
    if len(c.node.results) == 1:
        same = (run == c.result()).flatten()
        if not bool(same.any()):
            raise Cannot(f"{c.node.operation} of nan")
        at = int(same.double().argmax())
        return c.domain.move(lambda t: t.flatten()[at], v)
    indices, dim = c.result(1), c["dim"]
    if run.dim() == 0:
        return v
    if indices.dim() == run.dim():
        return c.domain.move(lambda t: t.gather(dim, indices), v)
    return c.domain.move(lambda t: t.gather(dim, indices.unsqueeze(dim)).squeeze(dim), v)
