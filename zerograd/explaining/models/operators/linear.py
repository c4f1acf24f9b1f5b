"""Products of matrices."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from zerograd.explaining.models.errors import OperatorError, shape_text
from zerograd.explaining.models.operators.table import Call, bounded, broadcast, check_sizes, operator


@operator("Gemm", "`linear`; with alpha or beta, or a matrix added, `matmul`, `mul`, `add`")
def _gemm(call: Call) -> Tensor:
    a, b, c = call[0], call[1], call.get(2)
    if a.dim() != 2 or b.dim() != 2:
        raise OperatorError(f"multiplies matrices, and is given the shapes {_shape(a)} and {_shape(b)}")
    alpha, beta = call.attribute("alpha", 1.0), call.attribute("beta", 1.0)
    a = a.t() if call.attribute("transA", 0) else a
    turned = bool(call.attribute("transB", 0))
    rows = b if turned else b.t()  # outputs × inputs, as torch has it
    if a.shape[1] != rows.shape[1]:
        raise OperatorError(
            f"cannot multiply {_shape(a)} by {_shape(rows.t())} (after transposing): {a.shape[1]} columns, "
            f"and {rows.shape[1]} rows"
        )
    shape = bounded((a.shape[0], rows.shape[0]))
    if c is not None and tuple(broadcast(torch.empty(shape, device="meta"), c)) != shape:
        raise OperatorError(f"adds the shape {_shape(c)} to a result of shape {shape_text(shape)}")
    if alpha == 1 and beta == 1 and c is not None and tuple(c.shape) == shape[1:]:
        return functional.linear(a, rows, c)
    product = functional.linear(a, rows)
    product = product if alpha == 1 else alpha * product
    return product if c is None else product + (c if beta == 1 else beta * c)


@operator("MatMul", "`matmul`")
def _matmul(call: Call) -> Tensor:
    a, b = call[0], call[1]
    inner = b.shape[-2] if b.dim() > 1 else b.shape[0] if b.dim() else 0
    if not a.dim() or not b.dim() or a.shape[-1] != inner:
        raise OperatorError(f"cannot multiply the shapes {_shape(a)} and {_shape(b)}")
    lead = broadcast(a[..., :1, :1], b[..., :1, :1]) if a.dim() > 1 and b.dim() > 1 else ()
    bounded((*lead[:-2], *a.shape[-2:-1], *b.shape[-1:]))
    return torch.matmul(a, b)


@operator("Einsum", "`einsum`")
def _einsum(call: Call) -> Tensor:
    equation, values = call.attribute("equation"), [call[i] for i in range(len(call.values))]
    check_sizes(lambda *them: torch.einsum(equation, *them), *values)
    return torch.einsum(equation, *values)


def _shape(value: Tensor) -> str:
    return shape_text(tuple(value.shape))
