"""A program for each activation, softmax and loss that has a rule, as in `cases`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tests.explaining.shadow.rules.cases import A, Case, M, S
from tests.explaining.shadow.rules.programs import Program

T = torch.tensor([2, 0, 3])
SIGN = torch.tensor([1, -1, -1])
LOW = torch.zeros(3, 4).masked_fill(M, float("-inf"))

ACTIVATIONS: dict[str, Case] = {
    "relu": (F.relu, [S]),
    "relu in place": (lambda x: F.relu_(x * 1), [S]),
    "relu6": (F.relu6, [S]),
    "hardtanh": (lambda x: F.hardtanh(x, -1.5, 0.5), [S]),
    "threshold": (lambda x: F.threshold(x, 0.5, 0.3), [S]),
    "leaky_relu": (F.leaky_relu, [S]),
    "leaky_relu, negative": (
        lambda x: F.leaky_relu(x, -0.5) + F.leaky_relu(x, 2.0) + F.leaky_relu(x, 0.0),
        [S],
    ),
    "prelu": (F.prelu, [S, (4,)]),
    "prelu, one weight": (F.prelu, [S, (1,)]),
    "rrelu": (F.rrelu, [S]),
    "rrelu, no room": (lambda x: F.rrelu(x, 0.25, 0.25, training=True), [S]),
    "elu": (lambda x: F.elu(x, 2.0), [S]),
    "elu in place": (lambda x: F.elu_(x * 1, 0.7), [S]),
    "celu": (lambda x: F.celu(x, 3.0), [S]),
    "selu": (F.selu, [S]),
    "gelu": (F.gelu, [S]),
    "gelu, tanh": (lambda x: F.gelu(x, approximate="tanh"), [S]),
    "silu": (F.silu, [S]),
    "mish": (F.mish, [S]),
    "softplus": (lambda x: F.softplus(x) + F.softplus(x, 2.0, 3.0), [S]),
    "softsign": (F.softsign, [S]),
    "sigmoid": (torch.sigmoid, [S]),
    "tanh": (torch.tanh, [S]),
    "tanhshrink": (F.tanhshrink, [S]),
    "hardsigmoid": (lambda x: F.hardsigmoid(2 * x), [S]),
    "hardswish": (lambda x: F.hardswish(2 * x), [S]),
    "hardshrink": (F.hardshrink, [S]),
    "softshrink": (F.softshrink, [S]),
    "logsigmoid": (F.logsigmoid, [S]),
    "glu": (F.glu, [S]),
    "glu, first": (lambda x: F.glu(x, 0), [(4, 3)]),
}

SOFTMAX: dict[str, Case] = {
    "softmax": (lambda x: F.softmax(x, 1), [S]),
    "softmax, first": (lambda x: F.softmax(x, 0) + F.softmin(x, 0), [S]),
    "softmax of one": (lambda x: F.softmax(x, 1), [(3, 1)]),
    "softmax of a number": (lambda x: F.softmax(x, 0) + F.log_softmax(x, 0), [()]),
    "softmax of nothing": (lambda x: F.softmax(x, 1), [(3, 0)]),
    "softmax, masked": (lambda x: F.softmax(x + LOW.to(x.dtype), 1), [S]),
    "softmax, filled": (lambda x: F.softmax(x.masked_fill(M, float("-inf")), 1), [S]),
    "softmax, confident": (lambda x: F.softmax(20 * x, 1), [S]),
    "log_softmax": (lambda x: F.log_softmax(x, 1), [S]),
    "log_softmax, three dimensions": (lambda x: F.log_softmax(x, 1), [(2, 3, 2)]),
    "log_softmax of one": (lambda x: F.log_softmax(x, 1), [(3, 1)]),
    "log_softmax, confident": (lambda x: F.log_softmax(20 * x, 1), [S]),
    "log_softmax, in place after": (lambda x: F.log_softmax(x, 1)[:, 1:].exp(), [S]),
}


def _each(loss: Program, *targets: torch.Tensor) -> Program:
    """The mean, the sum, and the entries of a loss."""

    def program(*xs: torch.Tensor) -> list[torch.Tensor]:
        given = [t.detach().to(xs[0].dtype) if t.is_floating_point() else t for t in targets]
        return [loss(*xs, *given, reduction=r) for r in ("mean", "sum", "none")]

    return program


P = torch.tensor([[0.25, 1, 0, 0.5], [0, 0.75, 1, 0.125], [0.5, 0.5, 0.5, 0.5]])
W = torch.tensor([0.5, 2.0, 0.25, 0.0])
IGNORE = torch.tensor([2, -100, 3])


def _ctc(x: torch.Tensor, reduction: str = "mean", zero_infinity: bool = False) -> torch.Tensor:
    times = torch.tensor([len(x), len(x) - 1])
    labels = torch.tensor([[1, 1], [3, 2]])
    return F.ctc_loss(
        x, labels, times, torch.tensor([2, 1]), reduction=reduction, zero_infinity=zero_infinity
    )


LOSSES: dict[str, Case] = {
    "mse": (_each(F.mse_loss), [S, S]),
    "l1": (_each(F.l1_loss), [S, S]),
    "smooth_l1": (
        _each(lambda x, y, reduction: F.smooth_l1_loss(x, y, reduction=reduction, beta=1.5)),
        [S, S],
    ),
    "smooth_l1, beta 0": (lambda x, y: A.smooth_l1_loss(x.detach(), y.detach(), 1, 0.0), [S, S]),
    "huber": (_each(lambda x, y, reduction: F.huber_loss(x, y, reduction=reduction, delta=1.5)), [S, S]),
    "bce": (
        _each(lambda x, y, reduction: F.binary_cross_entropy(torch.sigmoid(x), y, reduction=reduction), P),
        [S],
    ),
    "bce, weights": (
        _each(lambda x, y, w, reduction: F.binary_cross_entropy(x, y, w.detach(), reduction=reduction), P, P),
        [P],
    ),
    "bce with logits": (
        _each(
            lambda x, y, w, reduction: F.binary_cross_entropy_with_logits(
                x, y, w, pos_weight=(w + 1).detach(), reduction=reduction
            ),
            P,
            P,
        ),
        [S],
    ),
    "bce with logits, plain": (_each(F.binary_cross_entropy_with_logits, P), [S]),
    "nll": (_each(F.nll_loss, T), [S]),
    "nll of one": (_each(F.nll_loss, torch.tensor(1)), [(4,)]),
    "nll, weights": (
        _each(lambda x, y, w, reduction: F.nll_loss(x, y, w, reduction=reduction), IGNORE, W),
        [S],
    ),
    "nll, ignored": (_each(F.nll_loss, IGNORE), [S]),
    "nll, all ignored": (lambda x: F.nll_loss(x, IGNORE * 0 - 100, reduction="sum"), [S]),
    "nll2d": (
        _each(
            lambda x, y, w, reduction: F.nll_loss(x, y, w, reduction=reduction), IGNORE.reshape(1, 3, 1), W
        ),
        [(1, 4, 3, 1)],
    ),
    "cross_entropy": (_each(F.cross_entropy, T), [S]),
    "cross_entropy, smooth": (
        _each(
            lambda x, y, w, reduction: F.cross_entropy(x, y, w, label_smoothing=0.1, reduction=reduction),
            T,
            W + 1,
        ),
        [S],
    ),
    "cross_entropy, probabilities": (_each(F.cross_entropy, P), [S]),
    "cross_entropy, confident": (
        _each(lambda x, y, reduction: F.cross_entropy(20 * x, y, reduction=reduction), T),
        [S],
    ),
    "kl_div": (_each(lambda x, y, reduction: F.kl_div(x.log_softmax(1), y, reduction=reduction), P), [S]),
    "kl_div of logarithms": (
        _each(lambda x, y, reduction: F.kl_div(x, y, reduction=reduction, log_target=True), P),
        [S],
    ),
    "soft_margin": (_each(F.soft_margin_loss, SIGN.reshape(3, 1).expand(3, 4).double()), [S]),
    "multi_margin": (_each(F.multi_margin_loss, T), [S]),
    "multi_margin, squared": (
        _each(lambda x, y, w, reduction: F.multi_margin_loss(x, y, 2, 0.5, w, reduction=reduction), T, W),
        [S],
    ),
    "multi_margin of one": (_each(F.multi_margin_loss, torch.tensor(1)), [(4,)]),
    "multilabel_margin": (
        _each(F.multilabel_margin_loss, torch.tensor([[1, 2, -1, 0], [3, -1, 1, 0], [-1, 0, 1, 2]])),
        [S],
    ),
    "multilabel_margin of one": (_each(F.multilabel_margin_loss, torch.tensor([3, 0, -1, 1])), [(4,)]),
    "multilabel_soft_margin": (_each(F.multilabel_soft_margin_loss, P), [S]),
    "ctc": (lambda x: _ctc(x.log_softmax(2), reduction="none"), [(5, 2, 4)]),
    "ctc, impossible": (lambda x: _ctc(x[:2], zero_infinity=True), [(5, 2, 4)]),
    "ctc, concatenated": (
        lambda x: F.ctc_loss(x, torch.tensor([1, 2, 3]), torch.tensor([5, 5]), torch.tensor([2, 1])),
        [(5, 2, 4)],
    ),
    "margin_ranking": (
        _each(lambda x, y, s, reduction: F.margin_ranking_loss(x, y, s, 0.5, reduction=reduction), SIGN),
        [(3,), (3,)],
    ),
    "hinge_embedding": (_each(F.hinge_embedding_loss, SIGN), [(3,)]),
    "cosine_embedding": (
        _each(
            lambda x, y, s, reduction: F.cosine_embedding_loss(x, y + 5, s, 0.25, reduction=reduction), SIGN
        ),
        [S, S],
    ),
    "triplet": (
        _each(
            lambda x, y, z, reduction: F.triplet_margin_loss(x, y + 5, z - 5, swap=True, reduction=reduction)
        ),
        [S, S, S],
    ),
    "poisson_nll": (
        _each(lambda x, y, reduction: F.poisson_nll_loss(x, 3 * y, full=True, reduction=reduction), P),
        [S],
    ),
    "gaussian_nll": (
        _each(
            lambda x, v, y, reduction: F.gaussian_nll_loss(
                x, y, v.abs() + 0.5, full=True, reduction=reduction
            ),
            P,
        ),
        [S, S],
    ),
}
