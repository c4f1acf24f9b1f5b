"""Rules of connectionist temporal classification: the probability of all alignments, by dynamic programming.

States are the labels with blanks around them. α_t(s) is the probability of the first t + 1 emissions that end
in state s, β_t(s) that of the rest from there. At every time Σ_s α_t(s) β_t(s) is the probability of the
labels, so that the share of a state is α β over this sum, however α_t and β_t are scaled (Graves et al., ICML
2006).
Emissions are multiplied by powers of two that keep them near 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import AnyDomain, Cannot
from zerograd.explaining.shadow.rules.table import Call, given, rule


@dataclass(frozen=True)
class _Alignments:
    """States of all samples, (N, S), and their emissions.

    Attributes:
        labels: the class that each state emits.
        may_skip: where a state can follow the one before the last.
        start, end: states that an alignment can begin and end in.
        times: how many emissions each sample has, (N,).
        emissions: (T, N, S), scaled, 0 in states that a sample has not.
        shifts: exponents of the powers of two that they were scaled with, (T, N).
    """

    labels: Tensor
    may_skip: Tensor
    start: Tensor
    end: Tensor
    times: Tensor
    emissions: Any
    shifts: Tensor


def _alignments(c: Call[Any], p: Any) -> _Alignments:
    d, blank, run = c.domain, c["blank"], c.run("log_probs")
    times = torch.as_tensor(given(c["input_lengths"])).to(torch.int64)
    lengths = torch.as_tensor(given(c["target_lengths"])).to(torch.int64)
    if int(times.min()) < 1 or not bool(run.isfinite().all()):
        raise Cannot("alignments of nothing, or of what is not finite")
    targets, n, most = c.run("targets"), len(lengths), int(lengths.max())
    labels = torch.full((n, 2 * most + 1), blank, dtype=torch.int64)
    starts = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)[:-1]])
    for i, length in enumerate(lengths.tolist()):
        own = targets[i, :length] if targets.dim() == 2 else targets[int(starts[i]) : int(starts[i]) + length]
        labels[i, 1 : 2 * length : 2] = own
    state = torch.arange(labels.shape[1])
    there = state < 2 * lengths.unsqueeze(1) + 1
    before = torch.nn.functional.pad(labels, (2, 0), value=blank)[:, :-2]
    index = labels.expand(len(run), -1, -1)
    seen = run.gather(2, index).masked_fill(~there, float("-inf")).amax(2)
    shifts = -torch.round(seen.double() / 0.6931471805599453).clamp(-500, 500).to(torch.int64)
    powers = ((shifts + 1023) << 52).view(torch.float64)  # of 2, written as bits
    emitted = d.gate(there, d.move(lambda t: t.gather(2, index), p))
    return _Alignments(
        labels,
        (labels != blank) & (labels != before) & (state > 1),
        there & (state < 2),
        there & (state >= 2 * lengths.unsqueeze(1) - 1),
        times,
        d.mul(emitted, d.leaf(powers.unsqueeze(2))),
        shifts,
    )


def _moved(d: AnyDomain, v: Any, by: int) -> Any:
    """Move states by some places to the right, or to the left, with zeros in their place."""
    return d.move(lambda t: torch.nn.functional.pad(t, (by, -by)), v)


def _at(d: AnyDomain, v: Any, t: int) -> Any:
    return d.move(lambda entries: entries[t], v)


def _forward(d: AnyDomain, a: _Alignments) -> list[Any]:
    """Return α_t, for all t."""
    out: list[Any] = []
    for t in range(len(a.shifts)):
        emission = _at(d, a.emissions, t)
        if not out:
            out.append(d.gate(a.start, emission))
            continue
        reach = d.add(d.add(out[-1], _moved(d, out[-1], 1)), d.gate(a.may_skip, _moved(d, out[-1], 2)))
        out.append(d.mul(reach, emission))
    return out


def _backward(d: AnyDomain, a: _Alignments) -> list[Any]:
    """Return β_t, for all t; 0 after a sample's end."""
    out: list[Any] = []
    after: Any = d.constant(0, tuple(a.labels.shape))
    for t in reversed(range(len(a.shifts))):
        last = (a.times == t + 1).unsqueeze(1)
        reach = d.add(d.add(after, _moved(d, after, -1)), _moved(d, d.gate(a.may_skip, after), -2))
        out.append(d.select(last & a.end, d.constant(1, ()), d.gate(~last, reach)))
        after = d.mul(out[-1], _at(d, a.emissions, t))
    return out[::-1]


@rule("_ctc_loss")
def ctc_loss(c: Call[Any]) -> Any:
    """−log of the probability of all alignments; torch's own logarithms of α are left out."""
    d = c.domain
    a = _alignments(c, d.unary("exp", c.value("log_probs")))
    alphas = _forward(d, a)
    total: Any = d.constant(0, (len(a.times),))
    for t, alpha in enumerate(alphas):
        ended = d.gate((a.times == t + 1).unsqueeze(1) & a.end, alpha)
        total = d.add(total, d.sum(ended, [1]))
    counted = torch.arange(len(a.shifts)).unsqueeze(1) < a.times
    shifted = d.leaf((a.shifts * counted).sum(0))
    return d.sub(d.mul(shifted, d.unary("log", d.constant(2, ()))), d.unary("log", total)), None


@rule("_ctc_loss_backward")
def ctc_loss_backward(c: Call[Any]) -> Any:
    """grad · (p − the share of the states that emit a class), 0 after a sample's end.

    Torch's gradient is that of the scores below a log_softmax, whatever is below.
    """
    d, (steps, n, classes) = c.domain, c.shape("log_probs")
    p = d.unary("exp", c.value("log_probs"))
    a = _alignments(c, p)
    rows = torch.arange(n).unsqueeze(1) * classes + a.labels
    shares = []
    for t, (alpha, beta) in enumerate(zip(_forward(d, a), _backward(d, a), strict=True)):
        both = d.mul(alpha, beta)
        running = (t < a.times).unsqueeze(1)
        total = d.select(running, d.sum(both, [1], True), d.constant(1, ()))
        share = d.spread(d.div(both, total), rows, n * classes)
        shares.append(d.move(lambda s: s.reshape(n, classes), share))
    kept = (torch.arange(steps).unsqueeze(1) < a.times).unsqueeze(2)
    if c["zero_infinity"]:
        kept = kept & ~c.run("neg_log_likelihood").isposinf().unsqueeze(1)
    slopes = d.sub(p, d.join(torch.stack, shares))
    grad = d.move(lambda g: g.reshape(-1, 1), c.value("grad"))
    return d.gate(kept, d.mul(slopes, grad))
