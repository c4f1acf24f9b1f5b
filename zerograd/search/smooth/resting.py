"""A last layer at rest, where targets are labels that no layer separates: the best layer for them.

With the layers below fixed, the loss is convex in a linear last layer. It has a minimum unless some last
layer separates the labels (A. Albert and J. A. Anderson, On the existence of maximum likelihood estimates in
logistic regression models, Biometrika 71, 1984). Where samples are many, a label that is separated well is
changed until there is a minimum. Where they are few, labels have the signs of some adjoints that
annihilate the inputs of the layer, as those of the best layer do.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np

from zerograd.core.numbers.arrays import Array, indices
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Relation
from zerograd.search.smooth.fitness import few_adjoints
from zerograd.search.smooth.jets import Floats
from zerograd.search.smooth.newton import CLOSE, moved
from zerograd.search.smooth.passes import Entry, Pass
from zerograd.search.smooth.starts import Start, labels

COMBINATIONS = 4000
"""Vectors of a null space whose signs are looked at."""

CROWD = 1.7
"""Samples for each input of the last layer, and each free output, with which labels are rarely separated."""

STEPS = 24
"""Steps of Newton's method; where these do not do, the labels are taken for separated."""

SEPARATED = 1e-3
"""A sample whose adjoints are all below this on the way is taken for a sign of the same."""


def last_layer(problem: Problem) -> list[Entry]:
    """The entries of the last layer's parameters."""
    network = problem.network
    names = [f"w{network.depth}"] + ([f"b{network.depth}"] if network.layers[-1].bias else [])
    return [(name, index) for name in names for index in indices(network.shapes[name])]


def at_rest(problem: Problem, samples: int) -> bool:
    """Whether targets are labels, and a free linear last layer is asked to be zero, and nothing else."""
    layer = set(last_layer(problem))
    return (
        problem.targets != "real"
        and problem.model.loss.inner.convex
        and not few_adjoints(problem)
        and problem.network.layers[-1].activation.is_linear
        and problem.network.depth > 1
        and set(problem.asked_entries(Relation.ZERO, samples)) == layer
        and not any(index in problem.given.get(name, {}) for name, index in layer)
    )


def crowded(problem: Problem, samples: int) -> int | None:
    """How many different units leave labels of so many samples mostly unseparated; None if all of them do."""
    network = problem.network
    each = network.outputs - 1 if problem.targets == "class" else 1
    most = max(1, int(samples / (CROWD * each)) - 1)
    return most if most < network.widths[1] else None


def rested(
    problem: Problem, begin: Start, chance: random.Random, *, until: float = np.inf
) -> tuple[Start, Pass] | None:
    """The best last layer, from a start whose labels are changed until there is one; None if that fails.

    Args:
        until: the deadline, of `time.monotonic`.
    """
    entries, y = last_layer(problem), begin.exact["y"]
    options = labels(problem.targets, problem.network.outputs)
    given = {m for m, _ in problem.given.get("y", {})}
    floats = begin.floats
    null = _null_space(problem, Pass(problem.model, floats))
    if null is None:
        return None
    crowded = null.shape[1] < y.shape[0] / 2 and not given
    if crowded:
        signed = _with_signs_of(null, problem, chance)
        if signed is None:
            return None
        y = signed
    for name in {name for name, _ in entries}:
        floats[name] = np.zeros_like(floats[name])
    for _ in range(1 if crowded else 2 * y.shape[0]):
        if time.monotonic() >= until:
            return None
        floats["y"] = np.array([float(v) for v in y.entries]).reshape(y.shape)
        here, done = _best(Pass(problem.model, floats), entries)
        if done:
            return replace(begin, exact={**begin.exact, "y": y}), here
        sure = np.abs(np.nan_to_num(here.adjoint)).max(axis=1)
        free = [m for m in np.argsort(sure).tolist() if m not in given]
        if not free:
            return None
        rows = y.rows()
        others = [option for option in options if option != tuple(rows[free[0]])]
        rows[free[0]] = tuple(map(Fraction, chance.choice(others)))
        y = Array.of(rows, y.shape[1])
    return None


def _null_space(problem: Problem, at: Pass) -> Floats | None:
    """Columns that span what annihilates the inputs of the last layer; None where there is nothing."""
    below = at.below(problem.network.depth)
    if problem.network.layers[-1].bias:
        below = np.column_stack([below, np.ones(len(below))])
    if not np.isfinite(below).all():
        return None
    _, sizes, right = np.linalg.svd(below.T, full_matrices=True)
    rank = int((sizes > 1e-9 * sizes.max(initial=1e-300)).sum())
    return right[rank:].T if rank < len(below) else None


def _with_signs_of(null: Floats, problem: Problem, chance: random.Random) -> Array[Fraction] | None:
    """Labels that may have the signs of adjoints in a null space, the most balanced ones that are drawn."""
    outputs, by_class = problem.network.outputs, problem.targets == "class"
    dice = np.random.default_rng(chance.getrandbits(32))
    adjoints = null @ dice.standard_normal((COMBINATIONS, null.shape[1], outputs - by_class))
    if by_class:  # of each sample the adjoints have sum 0, and one is negative
        adjoints = np.concatenate([adjoints, -adjoints.sum(axis=2, keepdims=True)], axis=2)
        adjoints = adjoints[((adjoints < 0).sum(axis=2) == 1).all(axis=1)]
    if not len(adjoints):
        return None
    sizes = np.abs(adjoints)
    balance = sizes.min(axis=(1, 2)) / sizes.max(axis=(1, 2))
    signs = np.sign(adjoints[int(balance.argmax())]).astype(int).tolist()
    options = labels(problem.targets, outputs)
    known = {
        value: problem.model.loss.inner.signs(value, problem.derivative_at_kink)
        for option in options
        for value in option
    }
    rows = []
    for row in signs:
        fitting = [o for o in options if all(s in known[v] for s, v in zip(row, o, strict=True))]
        if not fitting:
            return None
        rows.append([Fraction(v) for v in fitting[0]])
    return Array.of(rows, outputs)


def _best(start: Pass, entries: list[Entry]) -> tuple[Pass, bool]:
    """Minimise by Newton's method, from 0 on; and whether that came to an end."""
    here, value = start, start.at(entries)
    for _ in range(STEPS):
        size = float(np.abs(value).max())
        if size < CLOSE:
            return here, True
        hessian = here.jacobian(entries, entries)
        if not (np.isfinite(size) and np.isfinite(hessian).all()):
            break
        floor = 1e-13 * max(float(hessian.trace()), 1e-300)  # it is singular where adjoints have sum 0
        step = -np.linalg.lstsq(hessian + floor * np.eye(len(hessian)), value, rcond=None)[0]
        for _ in range(10):
            there = Pass(here.model, moved(here.values, entries, step))
            reached = there.at(entries)
            if np.linalg.norm(reached) < np.linalg.norm(value):
                break
            step = step / 2
        else:
            return here, size < 100 * CLOSE
        here, value = there, reached
        if float(np.abs(here.adjoint).max(axis=1).min()) < SEPARATED:
            break
    return here, False
