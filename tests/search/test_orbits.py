"""Names and signs: what makes witnesses of witnesses, and what tells two of them apart."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from zerograd.core.errors import Refused
from zerograd.core.model.activations import ABS, HARDTANH, LINEAR, RELU, Activation, leaky_relu
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact, sign
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import variable_shapes
from zerograd.core.verdict.checking import check_witness
from zerograd.core.verdict.witness import Witness
from zerograd.search.smallest.best import Best, Values, values_of, variant, witness_of
from zerograd.search.smallest.canonical import canonical
from zerograd.search.smallest.choices import choices
from zerograd.search.smallest.orbits import MAX_GROUP, generators, group, identity, keeps


@pytest.mark.parametrize("kink", ["torch", "left", "right", "mean", "default: 2, relu: 1/3", "forbid"])
@pytest.mark.parametrize("activation", [RELU, ABS, HARDTANH, LINEAR, leaky_relu("1/3")])
def test_symmetries_make_answers_of_answers(activation: Activation, kink: str) -> None:
    """Those that are said to leave the question as it is do."""
    dice = random.Random(f"{activation} {kink}")
    network = Network(2, (Layer(2, activation), Layer(2, activation, bias=False), Layer(1, LINEAR)))
    tried = 0
    for _ in range(30):
        values: dict[str, Array[Exact]] = {
            name: Array.build(shape, lambda _: Fraction(dice.randint(-2, 2)))
            for name, shape in variable_shapes(network, 2).items()
        }
        plain = Problem(network=network, samples=2, derivative_at_kink=kink)
        witness = Witness.of(plain, values)
        try:
            check_witness(plain, witness)
        except Refused:
            continue
        zero = [n for n, g in witness.gradients.items() if not any(g.entries)]
        nonzero = [n for n, g in witness.gradients.items() if all(g.entries)]
        positive = [n for n, g in witness.gradients.items() if all(sign(v) > 0 for v in g.entries)]
        problem = Problem(
            network=network, samples=2, derivative_at_kink=kink, zero=zero, nonzero=nonzero, positive=positive
        )
        found = choices(problem, 2, 2)
        assert found is not None
        for symmetry in generators(network, problem.derivative_at_kink):
            if keeps(problem, 2, symmetry, found):
                tried += 1
                moved = variant(values_of(witness), symmetry, renumber=False)
                check_witness(problem, witness_of(problem, moved))
    assert tried > 20


NETWORKS = [
    Network(1, (Layer(1, LINEAR),)),
    Network(2, (Layer(2, HARDTANH, bias=False),)),
    Network(1, (Layer(3, RELU), Layer(1, LINEAR))),
    Network(2, (Layer(2, ABS), Layer(2, RELU))),
    Network(1, (Layer(3, HARDTANH, bias=False), Layer(1, ABS))),
    Network(1, (Layer(2, HARDTANH), Layer(2, RELU, bias=False), Layer(1, LINEAR))),
    Network(1, (Layer(2, ABS, bias=False), Layer(2, LINEAR), Layer(1, RELU, bias=False))),
    Network(1, (Layer(2, RELU), Layer(2, ABS), Layer(2, RELU), Layer(1, LINEAR))),
]


def some_values(network: Network, dice: random.Random, few: list[int]) -> Values:
    """A few small ones, so that much is equal; two samples."""
    shapes = variable_shapes(network, 2)
    flat = [v for n, s in shapes.items() if n not in ("x", "y") for v in Array.build(s, lambda _: 0).entries]
    half = Fraction(1, 2)
    rows = [
        tuple(
            tuple(dice.choice(few) * half for _ in range(size)) for size in (network.inputs, network.outputs)
        )
        for _ in range(2)
    ]
    return tuple(dice.choice(few) * half for _ in flat), tuple((x, y) for x, y in rows)


@pytest.mark.parametrize("network", NETWORKS, ids=range(len(NETWORKS)))
def test_one_form_of_what_differs_by_names_and_signs(network: Network) -> None:
    """And of nothing else: against the list of all symmetries."""
    dice = random.Random(str(network))
    makers = list(generators(network, "torch"))
    every = group(makers, identity(network))
    assert len(every) < MAX_GROUP
    forms: dict[object, Values] = {}
    orbits: dict[Values, object] = {}
    for number in range(60):
        values = some_values(network, dice, [[0, 1], [0, 0, 1, -1], [0, 0, 0, 0, 1], [1, -1]][number % 4])
        form = canonical(network, "torch", *values)
        assert form is not None
        for _ in range(3):
            again = variant(values, dice.choice(every), renumber=False)
            samples = again[1] if dice.random() < 0.5 else again[1][::-1]
            assert canonical(network, "torch", again[0], samples) == form
        orbit = min(variant(values, symmetry, renumber=True) for symmetry in every)
        assert forms.setdefault(form, orbit) == orbit
        assert orbits.setdefault(orbit, form) == form


def test_more_symmetries_than_can_be_listed() -> None:
    """All the same, of witnesses that differ by names and signs alone one is kept."""
    problem = Problem(network=[1, 7, 1], samples=1)
    best = Best(problem, 5)
    dice = random.Random(0)
    units = [(Fraction(dice.randint(-1, 1)), Fraction(n % 2), Fraction(n, 2)) for n in range(7)]
    for sign_of_x in (1, -1, 1):
        incoming, biases, outgoing = zip(*units, strict=True)
        parameters = *(sign_of_x * w for w in incoming), *biases, *outgoing, Fraction(0)
        best.offer((parameters, (((Fraction(sign_of_x),), (Fraction(1),)),)), [identity(problem.network)])
        dice.shuffle(units)
    assert len(best.ranked) == 1
    assert not best.passed_over


def test_what_takes_too_long_to_tell_apart_is_passed_over() -> None:
    """Unless one alone is wanted, which need not be told from others."""
    network = Network(1, (Layer(6, HARDTANH, bias=False), Layer(6, HARDTANH, bias=False), Layer(1, LINEAR)))
    problem = Problem(network=network, samples=1)
    values: Values = (
        (*[Fraction(0)] * 6, *(Fraction(n) for n in range(1, 37)), *[Fraction(1)] * 7),
        (((Fraction(1),), (Fraction(1),)),),
    )
    witness = witness_of(problem, values)
    assert canonical(network, "torch", *values) is None
    for count in (1, 2):
        best = Best(problem, count)
        best.begin_with(values)
        best.offer(values, [identity(network)])
        assert best.passed_over == (count == 2)
        assert [kept for _, kept in best.ranked] == [witness] * (count == 1)
