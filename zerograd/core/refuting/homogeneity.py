"""What the homogeneity of ReLU networks says of a question before any solver is asked.

Let φ be positively homogeneous (linear, ReLU, leaky ReLU, absolute value): φ(z) = φ'(z)·z, also at
the kink. Then for each hidden unit i of layer l, whatever the loss and the data,

    Σ_d w_l[i,d]·∂L/∂w_l[i,d] + b_l[i]·∂L/∂b_l[i] = Σ_k w_{l+1}[k,i]·∂L/∂w_{l+1}[k,i]:

both sides are Σ_m (∂L/∂a_l[m,i])·a_l[m,i], for δ·z on the left is ∂L/∂a·φ'(z)·z. (Du, Hu and Lee,
Algorithmic Regularization in Learning Deep Homogeneous Models, NeurIPS 2018.) Where a question asks
all but one of the gradients to be zero, and that one not to be, its parameter must be 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Index
from zerograd.core.question.question import Question
from zerograd.core.question.vocabulary import NOT_ZERO, Relation

Entry = tuple[str, Index]


def identities(network: Network) -> Iterator[tuple[tuple[int, int], list[Entry], list[Entry]]]:
    """For each homogeneous hidden unit: (layer, unit), and the entries left and right in its identity."""
    for number, layer in enumerate(network.layers[:-1], start=1):
        if not layer.activation.is_homogeneous:
            continue
        for unit in range(layer.units):
            fan_in, above = network.widths[number - 1], network.widths[number + 1]
            left: list[Entry] = [(f"w{number}", (unit, d)) for d in range(fan_in)]
            left += [(f"b{number}", (unit,))] if layer.bias else []
            yield (number, unit), left, [(f"w{number + 1}", (k, unit)) for k in range(above)]


def vanishing_parameters(problem: Question) -> list[Entry]:
    """Parameters that are 0 in every witness, for any number of samples."""
    zero = set(problem.asked_entries(Relation.ZERO, problem.samples.least))
    nonzero = {
        entry for relation in NOT_ZERO for entry in problem.asked_entries(relation, problem.samples.least)
    }
    vanishing: list[Entry] = []
    for _, left, right in identities(problem.network):
        rest = [entry for entry in [*left, *right] if entry not in zero]
        if len(rest) == 1 and rest[0] in nonzero:
            vanishing += rest
    return list(dict.fromkeys(vanishing))
