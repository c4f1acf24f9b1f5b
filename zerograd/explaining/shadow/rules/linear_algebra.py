"""Rules of products of vectors and matrices."""

from __future__ import annotations

from typing import Any

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.decisions import chosen, unless_nan
from zerograd.explaining.shadow.rules.table import Call, rule


@rule("mm", "bmm")
def mm(c: Call[Any]) -> Any:
    """Product of matrices, or of two stacks of them."""
    return c.domain.matmul(c.value("self"), c.value("mat2"))


@rule("mv")
def mv(c: Call[Any]) -> Any:
    """Matrix times vector."""
    return _times_vector(c.domain, c.value("self"), c.value("vec"))


@rule("dot", "vdot")
def dot(c: Call[Any]) -> Any:
    """Product of two vectors."""
    d = c.domain
    row = d.move(lambda t: t.unsqueeze(0), c.value("self"))
    return d.move(
        lambda t: t.squeeze(0),
        _times_vector(d, row, c.value("tensor" if "tensor" in c.arguments else "other")),
    )


def _times_vector(d: AnyDomain, matrix: Any, vector: Any) -> Any:
    out = d.matmul(matrix, d.move(lambda t: t.unsqueeze(1), vector))
    return d.move(lambda t: t.squeeze(1), out)


def _outer(d: AnyDomain, a: Any, b: Any) -> Any:
    return d.mul(d.move(lambda t: t.unsqueeze(1), a), b)


def _added(c: Call[Any], product: Any) -> Any:
    """beta · self + alpha · product; without self where beta is 0."""
    d = c.domain
    product = d.scale(product, c.number("alpha"))
    if c.number("beta") == 0:
        return product
    return d.add(d.scale(c.value("self"), c.number("beta")), product)


@rule("addmm")
def addmm(c: Call[Any]) -> Any:
    """beta · self + alpha · mat1 mat2."""
    return _added(c, c.domain.matmul(c.value("mat1"), c.value("mat2")))


@rule("baddbmm")
def baddbmm(c: Call[Any]) -> Any:
    """beta · self + alpha · batch1 batch2."""
    return _added(c, c.domain.matmul(c.value("batch1"), c.value("batch2")))


@rule("addbmm")
def addbmm(c: Call[Any]) -> Any:
    """beta · self + alpha · the sum of batch1 batch2 over the stack."""
    d = c.domain
    wide = d.move(lambda t: t.permute(1, 0, 2).flatten(1), c.value("batch1"))
    return _added(c, d.matmul(wide, d.move(lambda t: t.flatten(0, 1), c.value("batch2"))))


@rule("addmv")
def addmv(c: Call[Any]) -> Any:
    """beta · self + alpha · mat vec."""
    return _added(c, _times_vector(c.domain, c.value("mat"), c.value("vec")))


@rule("addr")
def addr(c: Call[Any]) -> Any:
    """beta · self + alpha · vec1 vec2ᵀ."""
    return _added(c, _outer(c.domain, c.value("vec1"), c.value("vec2")))


@rule("trace")
def trace(c: Call[Any]) -> Any:
    """Sum of the diagonal."""
    return c.domain.sum(c.domain.move(lambda t: t.diagonal(), c.value("self")), [0])


@rule("linalg_cross")
def cross(c: Call[Any]) -> Any:
    """a × b: a_{i+1} b_{i+2} − a_{i+2} b_{i+1}."""
    d, dim, shape = c.domain, c["dim"], c.result().shape

    def rolled(v: Any, by: int) -> Any:
        return d.move(lambda t: t.expand(shape).roll(-by, dim), v)

    a, b = c.value("self"), c.value("other")
    return d.sub(d.mul(rolled(a, 1), rolled(b, 2)), d.mul(rolled(a, 2), rolled(b, 1)))


def _differences(c: Call[Any]) -> Any:
    """x1_i − x2_j, in shape (…, i, j, features)."""
    d = c.domain
    first = d.move(lambda t: t.unsqueeze(-2), c.value("x1"))
    return d.sub(first, d.move(lambda t: t.unsqueeze(-3), c.value("x2")))


@rule("_cdist_forward")
def cdist(c: Call[Any]) -> Any:
    """Distances of all rows of x1 from all of x2, for p = 1 and 2."""
    d, differences = c.domain, _differences(c)
    if c["p"] == 2:
        return d.unary("sqrt", d.sum(d.mul(differences, differences), [-1]))
    if c["p"] != 1:
        raise Cannot(f"distances with p = {c['p']}")
    negative = c.run("x1").unsqueeze(-2) < c.run("x2").unsqueeze(-3)
    return d.sum(chosen(c, c.run("x1").unsqueeze(-2), negative, d.neg(differences), differences), [-1])


@rule("_cdist_backward")
def cdist_backward(c: Call[Any]) -> Any:
    """Σ_j grad_ij (x1_i − x2_j) / distance_ij for p = 2, the signs for p = 1; 0 where the distance was 0."""
    d = c.domain
    name = "grad" if c.has("grad") else "grad_output"  # from torch 2.14 on
    grad = d.move(lambda t: t.unsqueeze(-1), c.value(name))
    if c["p"] == 1:
        apart = c.run("x1").unsqueeze(-2) - c.run("x2").unsqueeze(-3)
        return d.sum(d.mul(grad, unless_nan(c, apart, d.leaf(apart.sgn()))), [-2])
    if c["p"] != 2:
        raise Cannot(f"distances with p = {c['p']}")
    apart = c.run("cdist").unsqueeze(-1) != 0
    distance = d.select(apart, d.move(lambda t: t.unsqueeze(-1), c.value("cdist")), d.constant(1, ()))
    return d.sum(d.mul(d.gate(apart, grad), d.div(_differences(c), distance)), [-2])
