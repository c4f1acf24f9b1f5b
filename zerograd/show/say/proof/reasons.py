"""Why the laws between parameters and gradients hold that a proof uses, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from zerograd.core.question.problem import Problem
from zerograd.core.refuting.laws import Law, homogeneous_degree, laws
from zerograd.document.blocks import Prose, prose


def reasons(problem: Problem, used: Collection[str]) -> Iterator[Prose]:
    """A paragraph for each kind of law that is among ``used``."""
    kinds: dict[str, list[Law]] = {}
    for law in laws(problem):
        if law.label in used:
            kinds.setdefault(law.label.split()[0], []).append(law)
    if "homogeneity" in kinds:
        yield from _homogeneous(problem, kinds["homogeneity"])
    if "slope" in kinds:
        yield prose(
            "The slope of the hidden units below is affine in their value. What such a unit lets back to its "
            "bias is therefore what is let back to the weights by which it goes out and to the biases behind "
            "them, times these weights, whatever the data."
        )
    if "balance" in kinds:
        yield prose(
            "The derivatives of a sample's loss by the outputs have sum 0, for softmax and targets both have "
            "sum 1. So have, over the outputs, the gradients of the linear last layer."
        )
    if "sum" in kinds:
        yield prose(
            "The gradient by a sample's input is what comes back to the first layer's pre-activations times "
            "the first layer's weights. Summed over the samples (or first multiplied by an input), it is the "
            "gradients by the first layer's biases (or weights) times these weights, whatever the data."
        )
    if "sign" in kinds:
        yield prose(
            "All derivatives of the loss by the outputs have one sign, and so have the gradients by the "
            "biases of the linear last layer."
        )


def _homogeneous(problem: Problem, found: Collection[Law]) -> Iterator[Prose]:
    layers = {int(law.label.rpartition("a")[2].partition("[")[0]) for law in found}
    degrees = {homogeneous_degree(problem.network.layers[layer - 1].activation) for layer in layers}
    if 1 in degrees:
        yield prose(
            "The activations of the hidden units below are homogeneous: their value at a pre-activation is "
            "their slope there times the pre-activation. So for each unit, the sum of parameter times "
            "gradient is the same over what comes in, bias included, and over what goes out, whatever the "
            "data."
        )
    if 2 in degrees:
        also = "Other" if 1 in degrees else "The"
        yield prose(
            f"{also} activations of hidden units below are homogeneous of degree 2: twice their value at a "
            "pre-activation is their slope there times the pre-activation. So for each unit, the sum of "
            "parameter times gradient over what comes in, bias included, is twice that over what goes out, "
            "whatever the data."
        )
