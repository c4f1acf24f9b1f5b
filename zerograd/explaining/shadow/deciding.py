"""Which entries are exactly zero and which are not: by bounds, residues, pairs, identities, and balls."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeAlias

import torch
from torch import Tensor

from zerograd.explaining.shadow import balls
from zerograd.explaining.shadow.balls import BallDomain, Exhausted
from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.dyadic import Dyadics
from zerograd.explaining.shadow.evaluation import Evaluation, cone, observed
from zerograd.explaining.shadow.pairs import domain as pairs
from zerograd.explaining.shadow.pairs.domain import PairDomain
from zerograd.explaining.shadow.residues import BITS, ResidueDomain, Residues, primes
from zerograd.explaining.tape.nodes import Source

Identity: TypeAlias = Callable[[Source, Tensor], Tensor]
"""From a value and where it is open to where it is zero whatever the numbers are."""

UNKNOWN = 2
FLOAT64, PAIRS = 53, 88
PRECISIONS = (128, 256, 512, 1024)
_IRRATIONAL = frozenset(
    ["exp", "expm1", "gelu", "mish", "sigmoid", "silu", "softplus", "tanh", "log_sigmoid_forward"]
)
_PER_NUMBER = (
    8e-6  # seconds that balls need for each number of a graph, at least: what cannot end is not begun
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent on entries that error bounds leave open.

    Attributes:
        seconds: of computing, about.
        operations: on single numbers, for balls; a product within a matrix product counts as a sixteenth.
        primes: how many are tried at most.
        pairs: whether pairs of float64 are tried.
        precisions: of balls, in bits, one after the other.
    """

    seconds: float = 5.0
    operations: float = 5e6
    primes: int = 64
    pairs: bool = True
    precisions: tuple[int, ...] = PRECISIONS


@dataclass(frozen=True, slots=True)
class Classes:
    """What is known of the entries of a value; each is in one of the three.

    Attributes:
        zero, nonzero, undecided: booleans in the value's shape.
        precision: bits with which what is undecided was computed.
        is_observed: whether nothing is known because an operation has no rule.
    """

    zero: Tensor
    nonzero: Tensor
    undecided: Tensor
    precision: int
    is_observed: bool = False


def decide(
    source: Source,
    bounded: Evaluation[Bounded],
    budget: Budget | None = None,
    identity: Identity | None = None,
) -> Classes:
    """Classify the entries of one value; see `decide_all`."""
    return decide_all([source], bounded, budget, identity)[0]


def decide_all(
    sources: Sequence[Source],
    bounded: Evaluation[Bounded],
    budget: Budget | None = None,
    identity: Identity | None = None,
) -> list[Classes]:
    """Classify the entries of values, computing what they share once in each arithmetic.

    Args:
        bounded: float64 with error bounds.
        budget: `Budget`'s defaults unless given.
        identity: asked for entries that error bounds, residues and pairs leave open.
    """
    return [s.classes() for s in _decided(sources, bounded, budget or Budget(), identity, signed=False)]


def signs(
    source: Source,
    bounded: Evaluation[Bounded],
    budget: Budget | None = None,
    identity: Identity | None = None,
) -> Tensor:
    """Return the signs of entries as int8: −1, 0, 1, and 2 where they are not known."""
    return signs_all([source], bounded, budget, identity)[0]


def signs_all(
    sources: Sequence[Source],
    bounded: Evaluation[Bounded],
    budget: Budget | None = None,
    identity: Identity | None = None,
) -> list[Tensor]:
    """Return the signs of entries of values, computing what they share once in each arithmetic."""
    states = _decided(sources, bounded, budget or Budget(), identity, signed=True)
    return [state.signs for state in states if state.signs is not None]


class State:
    """What is known of one value so far.

    Attributes:
        zero, nonzero: what is known to be 0, and not to be.
        signs: −1, 0, 1 or 2 (unknown), as int8; None if they are not asked for.
        vanishing: what was 0 modulo all primes so far; None before the first.
    """

    def __init__(self, source: Source, value: Bounded | None, signed: bool) -> None:
        self.source, self._value, self.precision = source, value, FLOAT64
        shape = source.run.shape
        self.zero = torch.zeros(shape, dtype=torch.bool) if value is None else value.zero()
        self.nonzero = torch.zeros(shape, dtype=torch.bool) if value is None else value.nonzero()
        self.is_observed = value is None and bool(observed([source]))
        self.vanishing: Tensor | None = None
        self.signs: Tensor | None = None
        if signed:
            known = torch.zeros(shape) if value is None else value.value.sign()
            self.signs = torch.where(self.zero | self.nonzero, known, UNKNOWN).to(torch.int8)

    @property
    def undecided(self) -> Tensor:
        """Where entries are not known to be zero, nor not to be."""
        return ~(self.zero | self.nonzero)

    @property
    def is_undecided(self) -> bool:
        """Whether there are such entries, and an operation without a rule is not why."""
        return not self.is_observed and not bool((self.zero | self.nonzero).all())

    @property
    def is_open(self) -> bool:
        """Whether something is still asked: a class, or a sign."""
        if self.signs is None or self.is_observed:
            return self.is_undecided
        return bool((self.signs == UNKNOWN).any())

    @cached_property
    def reach(self) -> Tensor:
        """Bounds on absolute values; inf where there is none."""
        if self._value is None:
            return torch.full(self.zero.shape, torch.inf, dtype=torch.float64)
        bounds = (self._value.value.abs() + self._value.errors) * (1 + 2.0**-40)
        return bounds.nan_to_num(torch.inf, torch.inf)

    @cached_property
    def effort(self) -> int:
        """How many numbers the value depends on."""
        return sum(r.numel() for node in cone([self.source]) for r in node.results if isinstance(r, Tensor))

    @cached_property
    def may_be_rational(self) -> bool:
        """Whether no function that is not rational is met on the way; residues would find out more slowly."""
        return not any(node.operation.removesuffix("_") in _IRRATIONAL for node in cone([self.source]))

    def note(self, zero: Tensor, nonzero: Tensor | None = None) -> None:
        """Note what is zero, and what is not, among what was undecided."""
        undecided = self.undecided
        self.zero = self.zero | (zero & undecided)
        if nonzero is not None:
            self.nonzero = self.nonzero | (nonzero & undecided)
        if self.signs is not None:
            self.signs = torch.where(self.zero, 0, self.signs)

    def note_signs(self, signs: Tensor) -> None:
        """Note the signs of entries."""
        self.note(signs == 0, signs.abs() == 1)
        if self.signs is not None:
            self.signs = torch.where(self.signs == UNKNOWN, signs, self.signs)

    def classes(self) -> Classes:
        """Return what was found."""
        return Classes(self.zero, self.nonzero, self.undecided, self.precision, self.is_observed)


def _decided(
    sources: Sequence[Source],
    bounded: Evaluation[Bounded],
    budget: Budget,
    identity: Identity | None,
    signed: bool,
) -> list[State]:
    with torch.no_grad():
        states = [State(source, bounded(source), signed) for source in sources]
        if not any(state.is_open for state in states):
            return states
        half, tick = deadline(budget.seconds / 2), deadline(budget.seconds)
        with suppress(Exhausted):
            _by_residues(states, budget.primes, half)
        with suppress(Exhausted):
            if budget.pairs:
                _by_pairs(states, tick)
        for state in states:
            if identity and state.is_undecided:
                state.note(identity(state.source, state.undecided))
        with suppress(Exhausted):
            _by_balls(states, budget, deadline(budget.seconds / 2))  # identities have their own clock
    return states


def deadline(seconds: float) -> Callable[[], None]:
    """Return a function that raises `Exhausted` when the time is over."""
    end = time.monotonic() + seconds

    def tick() -> None:
        if time.monotonic() > end:
            raise Exhausted(f"{seconds:g} seconds")

    return tick


def _by_residues(states: Iterable[State], most: int, tick: Callable[[], None]) -> None:
    """Decide entries of rational numbers, modulo one prime after the other."""
    waiting = [state for state in states if state.is_undecided and state.may_be_rational]
    known = 0.0  # log₂ of the product of the primes so far
    leaves = Dyadics()
    for prime in islice(primes(), most):
        if not waiting:
            return
        residues = Evaluation(ResidueDomain(prime, leaves), tick)
        known += math.log2(prime) - 1e-9
        for state in list(waiting):
            value = residues(state.source)
            if value is None:  # not rational; or, rarely, the prime divides a denominator
                waiting.remove(state)
                continue
            state.vanishing = value.zero() if state.vanishing is None else state.vanishing & value.zero()
            needed = numerators(value, state.reach)
            # an integer that is 0 modulo a number greater than its absolute value is 0
            state.note(state.vanishing & (needed < known), value.nonzero())
            if not bool((state.undecided & state.vanishing & (needed < most * BITS)).any()):
                waiting.remove(state)  # what is left cannot be shown to be 0 with so many primes


def numerators(value: Residues, reach: Tensor) -> Tensor:
    """Return bounds above log₂ of the numerators' absolute values, for numbers of at most ``reach``."""
    if value.height is None:
        return torch.full_like(reach, torch.inf)
    sizes = (torch.log2(reach) + 1e-6).clamp_max(value.height.size)
    return sizes + (value.height.scale + 1e-6)


def _by_pairs(states: Iterable[State], tick: Callable[[], None]) -> None:
    """Show in pairs of float64 that entries are not zero."""
    evaluation = Evaluation(PairDomain(), tick)
    for state in states:
        value = evaluation(state.source) if state.is_open else None
        if value is not None:
            state.note_signs(pairs.signs(value))
            state.precision = PAIRS


def _by_balls(states: Iterable[State], budget: Budget, tick: Callable[[], None]) -> None:
    """Decide entries by exact numbers and balls, the values that depend on least first."""
    affordable = [state for state in states if state.is_open and state.effort * _PER_NUMBER <= budget.seconds]
    waiting = sorted(affordable, key=lambda state: state.effort)
    spent = 0.0
    for precision in budget.precisions:
        if not waiting:
            return
        domain = BallDomain(precision, budget.operations - spent, tick)
        evaluation = Evaluation(domain, tick)
        for state in list(waiting):
            value = evaluation(state.source)
            if value is None:
                waiting.remove(state)
                continue
            state.note_signs(balls.signs(value))
            state.precision = precision
            if not state.is_open:
                waiting.remove(state)
        spent += domain.spent
