"""A program for each operation that has a rule: its name, what it does, and the shapes of its inputs."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from tests.explaining.shadow.rules.programs import Program

S: Any = (3, 4)
I = torch.tensor([[0, 1], [2, 2], [1, 0]])  # noqa: E741
M = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=torch.bool)
A = torch.ops.aten

Case = tuple[Program, list[Any]]


def _in_place(x: torch.Tensor) -> torch.Tensor:
    z = torch.zeros(3, 4, dtype=x.dtype)
    z[:, 1] = x[:, 0] * 2
    z[0] = x[1]
    z[M] = 1.0
    z[1].mul_(3)
    return z.add_(x).sub_(1).neg_()


def _foreach(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    xs = [(x * 1).detach(), (y * 1).detach()]
    torch._foreach_mul_(xs, 0.5)
    torch._foreach_add_(xs, [y.detach(), x.detach()], alpha=2)
    torch._foreach_div_(xs, 4.0)
    torch._foreach_neg_(xs)
    torch._foreach_sub_(xs, [x.detach(), y.detach()])
    z = (x * 2).detach()
    torch._foreach_copy_([z], [xs[0]])
    w = (x * 3).detach()
    torch._foreach_zero_([w])
    first, second = torch._foreach_norm([x.detach() + 10, y.detach() + 10])
    return (z + xs[1] + w + first + second) * x


ARITHMETIC: dict[str, Case] = {
    "add": (lambda x, y: torch.add(x, y, alpha=0.3), [S, S]),
    "add of a row": (lambda x, y: x + y, [S, (4,)]),
    "add of a number": (lambda x: 0.1 + x, [S]),
    "sub": (lambda x, y: torch.sub(x, y, alpha=3), [S, S]),
    "rsub": (lambda x: 0.7 - x, [S]),
    "mul": (lambda x, y: x * y, [S, (3, 1)]),
    "mul by a number": (lambda x: x * 0.1 * 3, [S]),
    "mul by a mask": (lambda x: x * M, [S]),
    "div": (lambda x, y: x / (y.abs() + 0.5), [S, S]),
    "div by a number": (lambda x: x / 3, [S]),
    "div by a count": (lambda x: x / M.sum(), [S]),
    "div, floor": (lambda x: torch.div(x, 0.75, rounding_mode="floor") * x, [S]),
    "neg": (lambda x: -x, [S]),
    "reciprocal": (lambda x: 1 / (x.abs() + 0.5), [S]),
    "remainder": (lambda x: x % 0.75, [S]),
    "remainder of tensors": (lambda x, y: torch.remainder(x, y.abs() + 0.5), [S, S]),
    "fmod": (lambda x: torch.fmod(x, 0.75), [S]),
    "frac": (torch.frac, [S]),
    "round": (lambda x: x.round() * x + x.floor() - x.ceil() + x.trunc() * x.sign(), [S]),
    "heaviside": (lambda x: torch.heaviside(x.detach(), torch.tensor(0.5, dtype=x.dtype)) * x, [S]),
    "floor_divide": (lambda x: torch.floor_divide(x.detach(), 0.75) * x, [S]),
    "abs": (lambda x: x.abs(), [S]),
    "sgn": (lambda x: x.sgn() * x, [S]),
    "copysign": (torch.copysign, [S, S]),
    "maximum": (torch.maximum, [S, S]),
    "minimum": (torch.minimum, [S, S]),
    "fmax": (torch.fmax, [S, S]),
    "fmin": (torch.fmin, [S, S]),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), [S]),
    "clamp_min": (lambda x: x.clamp(min=0) + x.clamp_min(0.1), [S]),
    "clamp_max": (lambda x: x.clamp(max=0) + x.clamp_max(-0.1), [S]),
    "clamp by tensors": (lambda x, y: x.clamp(y, y + 1), [S, (4,)]),
    "clamp without room": (lambda x: x.clamp(1.0, -1.0), [S]),
    "where": (lambda x, y: torch.where(M, x, y), [S, S]),
    "masked_fill": (lambda x: x.masked_fill(M, 0) + x.masked_fill(M, -1e4), [S]),
    "masked_fill by a tensor": (lambda x, y: x.masked_fill(M, y), [S, ()]),
    "nan_to_num": (torch.nan_to_num, [S]),
    "addcmul": (lambda x, y, z: torch.addcmul(x, y, z, value=0.3), [S, S, S]),
    "addcdiv": (lambda x, y, z: torch.addcdiv(x, y, z.abs() + 1, value=0.3), [S, S, S]),
    "lerp": (lambda x, y: torch.lerp(x, y, 0.3), [S, S]),
    "lerp by tensors": (torch.lerp, [S, S, S]),
    "exp": (torch.exp, [S]),
    "expm1": (torch.expm1, [S]),
    "exp2": (torch.exp2, [S]),
    "log": (lambda x: torch.log(x.abs() + 0.5), [S]),
    "log1p": (lambda x: torch.log1p(x.abs()), [S]),
    "log2": (lambda x: torch.log2(x.abs() + 0.5) + torch.log10(x.abs() + 0.5), [S]),
    "sin": (torch.sin, [S]),
    "cos": (torch.cos, [S]),
    "tan": (lambda x: torch.tan(x / 4), [S]),
    "sinh": (torch.sinh, [S]),
    "cosh": (torch.cosh, [S]),
    "asinh": (torch.asinh, [S]),
    "acosh": (lambda x: torch.acosh(x.abs() + 1.5), [S]),
    "atanh": (lambda x: torch.atanh(x / 8), [S]),
    "erf": (torch.erf, [S]),
    "erfc": (torch.erfc, [S]),
    "sqrt": (lambda x: torch.sqrt(x.abs() + 0.5), [S]),
    "rsqrt": (lambda x: torch.rsqrt(x.abs() + 0.5), [S]),
    "sigmoid": (torch.sigmoid, [S]),
    "tanh": (torch.tanh, [S]),
    "square": (torch.square, [S]),
    "pow": (lambda x: x**2 + x**3 - x**7 + x**0 + x**1, [S]),
    "pow, negative": (lambda x: (x.abs() + 0.5) ** -3 + (x.abs() + 0.5) ** -1.5, [S]),
    "pow, of halves": (lambda x: (x.abs() + 0.5) ** 0.5 + (x.abs() + 0.5) ** 2.5, [S]),
    "pow, other": (lambda x: (x.abs() + 0.5) ** 1.3 + (x.abs() + 0.5) ** 100.0, [S]),
    "ldexp": (lambda x: torch.ldexp(x, I[:, :1]), [S]),
    "pow of a number": (lambda x: 1.7**x, [S]),
    "pow of tensors": (lambda x, y: (x.abs() + 0.5) ** y, [S, S]),
    "pow of tensors, fixed": (lambda x: x.detach() ** torch.tensor([0.0, 1, 2, 3], dtype=x.dtype), [S]),
    "hypot": (lambda x, y: torch.hypot(x, y.abs() + 0.5), [S, S]),
    "xlogy": (lambda x, y: torch.xlogy(x, y.abs() + 0.5), [S, S]),
    "xlogy at 0": (lambda x: torch.xlogy(x - x.detach(), x.abs().detach()), [S]),
    "logaddexp": (torch.logaddexp, [S, S]),
    "logit": (lambda x: torch.logit(torch.sigmoid(x)), [S]),
    "logit, clamped": (lambda x: torch.logit(torch.sigmoid(x), 0.25), [S]),
    "fill": (lambda x: (x * 1).fill_(0.3) * x, [S]),
    "zero": (lambda x: (x * 1).zero_() * x, [S]),
    "copy": (lambda x, y: (x * 1).copy_(y) * x, [S, (4,)]),
    "_to_copy": (lambda x: x.double() * 0.1 + x.to(torch.float64), [S]),
    "in place": (_in_place, [S]),
    "foreach": (_foreach, [S, S]),
}


LINEAR: dict[str, Case] = {
    "mm": (lambda x, y: x @ y, [S, (4, 2)]),
    "bmm": (torch.bmm, [(2, 3, 4), (2, 4, 2)]),
    "matmul": (lambda x, y: x @ y, [(2, 2, 3, 4), (4, 2)]),
    "mv": (lambda x, y: x @ y, [S, (4,)]),
    "dot": (torch.dot, [(4,), (4,)]),
    "vdot": (lambda x, y: torch.vdot(x.detach(), y.detach()), [(4,), (4,)]),
    "addmm": (lambda x, y, z: torch.addmm(x, y, z, beta=0.5, alpha=3), [(2,), S, (4, 2)]),
    "addmm without self": (lambda x, y, z: torch.addmm(x, y, z, beta=0), [(2,), S, (4, 2)]),
    "baddbmm": (lambda x, y, z: torch.baddbmm(x, y, z, alpha=0.5), [(3, 2), (2, 3, 4), (2, 4, 2)]),
    "addbmm": (torch.addbmm, [(3, 2), (2, 3, 4), (2, 4, 2)]),
    "addmv": (torch.addmv, [(3,), S, (4,)]),
    "addr": (torch.addr, [S, (3,), (4,)]),
    "linear": (F.linear, [(2, 3, 4), (2, 4), (2,)]),
    "einsum": (lambda x, y: torch.einsum("bij,bkj->bik", x, y), [(2, 3, 4), (2, 2, 4)]),
    "trace": (torch.trace, [(3, 3)]),
    "linalg_cross": (torch.linalg.cross, [(2, 3), (2, 3)]),
    "cdist": (torch.cdist, [S, (2, 4)]),
    "cdist of itself": (lambda x: torch.cdist(x, x + 1), [S]),
    "cdist, p = 1": (lambda x, y: torch.cdist(x, y, p=1.0), [S, (2, 4)]),
    "cosine_similarity": (F.cosine_similarity, [S, S]),
}

REDUCTIONS: dict[str, Case] = {
    "sum": (lambda x: x.sum() + x.sum(1) + x.sum((0, 1)), [S]),
    "sum, kept": (lambda x: x.sum(-1, keepdim=True), [S]),
    "nansum": (lambda x: x.nansum(1), [S]),
    "mean": (lambda x: x.mean() + x.mean(1) + x.mean((0, 1), keepdim=True), [S]),
    "var": (lambda x: x.var() + x.var(1) + x.var(0, unbiased=False, keepdim=True).sum(), [S]),
    "std": (lambda x: (x + torch.arange(4)).std(1), [S]),
    "var_mean": (lambda x: torch.var_mean(x, 1), [S]),
    "std_mean": (lambda x: torch.std_mean(x + torch.arange(4), 1, unbiased=False), [S]),
    "var of one": (lambda x: x.var(1, unbiased=False), [(3, 1)]),
    "norm": (lambda x: x.norm() + x.norm(dim=1) + torch.norm(x, 2, 0, keepdim=True).sum(), [S]),
    "norm, of torch before": (lambda x, y: F.pairwise_distance(x, y + 10), [S, S]),
    "norm, p = 1": (lambda x: x.norm(p=1, dim=1), [S]),
    "norm, p = 3": (lambda x: torch.linalg.vector_norm(x + 8, 3, dim=1), [S]),
    "norm, p = ∞": (lambda x: x.norm(p=float("inf"), dim=1) + x.norm(p=-float("inf"), dim=1), [S]),
    "norm, p = 0": (lambda x: torch.linalg.vector_norm(x.detach(), 0) * x, [S]),
    "norm of one": (lambda x: x.norm(dim=1), [(3, 1)]),
    "norm of zeros": (lambda x: (x * torch.tensor([[0.0], [1], [1]])).norm(dim=1), [S]),
    "dist": (lambda x, y: torch.dist(x, y + 10), [S, S]),
    "amax": (lambda x: x.amax(1) + x.amax((0, 1)), [S]),
    "amin": (lambda x: x.amin(0, keepdim=True), [S]),
    "aminmax": (lambda x: torch.aminmax(x, dim=1), [S]),
    "max": (lambda x: x.max() + x.min(), [S]),
    "max along": (lambda x: x.max(1)[0] + x.min(1)[0], [S]),
    "max along, kept": (lambda x: x.max(1, keepdim=True)[0], [S]),
    "median": (lambda x: x.median() + x.median(1)[0], [S]),
    "nanmedian": (lambda x: x.nanmedian() + x.nanmedian(1)[0], [S]),
    "kthvalue": (lambda x: x.kthvalue(2, 1)[0], [S]),
    "mode": (lambda x: x.mode(1)[0], [S]),
    "sort": (lambda x: x.sort(1)[0] + x.sort(0, descending=True)[0], [S]),
    "topk": (lambda x: x.topk(2, 1)[0], [S]),
    "cummax": (lambda x: x.cummax(1)[0] + x.cummin(1)[0], [S]),
    "prod": (lambda x: x.prod() + x.prod(1) + x.prod(0, keepdim=True).sum(), [S]),
    "prod of five": (lambda x: x.prod(-1, keepdim=True), [(2, 5)]),
    "cumsum": (lambda x: x.cumsum(1) + x.cumsum(0), [S]),
    "cumprod": (lambda x: x.cumprod(1), [(2, 5)]),
    "logsumexp": (lambda x: x.logsumexp(1) + x.logsumexp((0, 1)), [S]),
    "logsumexp, kept": (lambda x: x.logsumexp(0, keepdim=True), [S]),
    "logcumsumexp": (lambda x: x.detach().logcumsumexp(1) * x, [S]),
}


def _copies(x: torch.Tensor) -> torch.Tensor:
    pieces = [
        A.view_copy(x, [12]), A.as_strided_copy(x, [2, 2], [1, 4]), A.diagonal_copy(x),
        A.expand_copy(x[0], [2, 4]),
        A.permute_copy(x, [1, 0]), A.select_copy(x, 1, 2), A.slice_copy(x, 1, 1, 3), A.squeeze_copy(x[:1]),
        A.t_copy(x), A.transpose_copy(x, 0, 1), A.unfold_copy(x, 1, 2, 1), A.unsqueeze_copy(x, 0),
        A.lift_fresh_copy(x), A._reshape_copy(x, [12]), *A.split_copy(x, 2, 1), *A.unbind_copy(x, 1),
        *A.split_with_sizes_copy(x, [1, 3], 1),
    ]  # fmt: skip
    return torch.stack([p.reshape(-1).cumsum(0).sum() for p in pieces]).sum()


SHAPES: dict[str, Case] = {
    "views": (lambda x: x.t().reshape(-1)[2:9:2].view(2, 2).expand(3, 2, 2), [S]),
    "clone": (lambda x: x.t().contiguous().clone(), [S]),
    "flip": (lambda x: x.flip(0, 1), [S]),
    "roll": (lambda x: x.roll((1, 2), (0, 1)), [S]),
    "rot90": (torch.rot90, [S]),
    "tril": (lambda x: x.tril(-1) + x.triu(1), [S]),
    "tril in place": (lambda x: (x * 1).tril_() + (x * 1).triu_(), [S]),
    "repeat": (lambda x: x.repeat(2, 1, 2), [S]),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 1), [S]),
    "diag_embed": (torch.diag_embed, [S]),
    "diagonal": (lambda x: x.diagonal(1), [S]),
    "diag": (torch.diag, [S]),
    "select": (lambda x: x[1] + x[:, 2].sum(), [S]),
    "slice": (lambda x: x[:, 1:4:2], [S]),
    "unfold": (lambda x: x.unfold(1, 3, 1), [S]),
    "split": (lambda x: x.split(2, 1)[0] * x.chunk(2, 1)[1], [S]),
    "unbind": (lambda x: x.unbind(1), [S]),
    "unsafe_split": (lambda x: torch.unsafe_split(x, 2, 1), [S]),
    "unsafe_split_with_sizes": (lambda x: torch.unsafe_split_with_sizes(x, [1, 3], 1), [S]),
    "as_strided": (lambda x: x.as_strided((2, 2), (1, 4)), [S]),
    "cat": (lambda x, y: torch.cat([x, y, torch.zeros(0)], 1), [S, (3, 2)]),
    "stack": (lambda x, y: torch.stack([x, y], 1), [S, S]),
    "constant_pad_nd": (lambda x: F.pad(x, (1, 2, -1, 1)), [S]),
    "constant_pad_nd, other": (lambda x: F.pad(x, (1, 2), value=0.3), [S]),
    "copies": (lambda x: _copies(x.detach()) * x.sum(), [S]),
}


INDEXING: dict[str, Case] = {
    "gather": (lambda x: x.gather(1, I), [S]),
    "take_along_dim": (lambda x: torch.take_along_dim(x, I, 1), [S]),
    "take": (lambda x: torch.take(x, I), [S]),
    "index": (lambda x: x[I[:, 0]] + x[[0, 1, 2], [3, 3, 3]].sum() + x[:, I].sum(), [S]),
    "index by a mask": (lambda x: x[M], [S]),
    "masked_select": (lambda x: x.masked_select(M), [S]),
    "index_select": (lambda x: x.index_select(1, torch.tensor([0, 0, 2])), [S]),
    "index_add": (lambda x, y: x.index_add(1, torch.tensor([0, 0]), y, alpha=0.5), [S, (3, 2)]),
    "index_copy": (lambda x, y: x.index_copy(1, torch.tensor([2, 0]), y), [S, (3, 2)]),
    "index_fill": (lambda x: x.index_fill(1, torch.tensor([2, 0]), 0.3), [S]),
    "index_fill by a tensor": (lambda x, y: x.index_fill(1, torch.tensor([2, 0]), y), [S, ()]),
    "index_put": (lambda x, y: x.index_put((torch.arange(3), I[:, 0]), y), [S, (3,)]),
    "index_put, adding": (lambda x, y: x.index_put((I[:, 0] * 0,), y, accumulate=True), [S, (4,)]),
    "_index_put_impl": (lambda x: A._index_put_impl_(x.detach() * 1, [I[:, 0]], x.detach(), True) * x, [S]),
    "put": (lambda x, y: torch.put(x, I[:, :1], y), [S, (3, 1)]),
    "scatter": (lambda x, y: x.scatter(1, torch.tensor([[0, 1], [2, 3], [1, 0]]), y), [S, (3, 2)]),
    "scatter of a number": (lambda x: x.scatter(1, I, 0.3), [S]),
    "scatter, adding": (lambda x, y: x.detach().scatter(1, I, y.detach(), reduce="add") * x, [S, (3, 2)]),
    "scatter_add": (lambda x, y: x.scatter_add(1, I, y), [S, (3, 2)]),
    "scatter_reduce": (lambda x, y: x.scatter_reduce(1, I, y, "sum"), [S, (3, 2)]),
    "scatter_reduce, mean": (lambda x, y: x.scatter_reduce(1, I, y, "mean", include_self=False), [S, (3, 2)]),
    "scatter_reduce, amax": (lambda x, y: x.scatter_reduce(1, I, y, "amax"), [S, (3, 2)]),
    "scatter_reduce, amin": (
        lambda x, y: x.scatter_reduce(1, I, y, "amin", include_self=False),
        [S, (3, 2)],
    ),
    "masked_scatter": (lambda x, y: x.masked_scatter(M, y), [S, (8,)]),
    "select_scatter": (lambda x, y: x.select_scatter(y, 1, 2), [S, (3,)]),
    "slice_scatter": (lambda x, y: x.slice_scatter(y, 1, 1, 3), [S, (3, 2)]),
    "diagonal_scatter": (lambda x, y: x.diagonal_scatter(y), [S, (3,)]),
}
