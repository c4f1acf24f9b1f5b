"""From what was recorded of a step to what is reported of it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zerograd.explaining.shadow.bounded import BoundedDomain
from zerograd.explaining.shadow.deciding import Budget, Classes, decide_all, signs
from zerograd.explaining.shadow.evaluation import Evaluation, observed
from zerograd.explaining.shadow.identities import CANCEL, Identities
from zerograd.explaining.shadow.identities.primitives import origin_of
from zerograd.explaining.tape.nodes import Node, Origin, Source, is_plain
from zerograd.explaining.training.causes import find_causes
from zerograd.explaining.training.connection import connection
from zerograd.explaining.training.explanation import (
    Backward,
    Cause,
    Entries,
    Floats,
    Row,
    Step,
    StepReport,
    Unsupported,
)
from zerograd.explaining.training.floats import count_floats, describe_place
from zerograd.explaining.training.graph import whole_cone
from zerograd.explaining.training.kinks import count_across
from zerograd.explaining.training.observation import Observation, Outcome
from zerograd.explaining.training.origins import Facts, Law
from zerograd.explaining.training.steps import explain_step

_INTERMEDIATE = Budget(seconds=1.0, primes=24, precisions=(128,), pairs=False)
"""What may be spent on values between parameters and loss that are looked at for causes."""


class Proofs:
    """What can be proved of the values of one step.

    Attributes:
        budget: what may be spent on gradient entries that error bounds leave open.
        bounded: values in float64 with error bounds.
    """

    def __init__(self, budget: Budget) -> None:
        self.bounded = Evaluation(BoundedDomain())
        self._identities = Identities(self.bounded, budget.seconds)
        self._budget = budget
        self._zeros: dict[tuple[int, int], Tensor] = {}  # of whole results

    def classes(self, sources: Sequence[Source]) -> list[Classes]:
        """Return what is known of the entries of gradients."""
        decided = decide_all(sources, self.bounded, self._budget, self._identities.zero)
        for source, classes in zip(sources, decided, strict=True):
            value = self.bounded(source)
            if value is not None and bool((classes.zero & ~value.zero()).any()):
                self._keep(source, classes.zero)
        return decided

    def _keep(self, source: Source, zero: Tensor) -> None:
        """Remember zeros of a gradient that error bounds do not show."""
        whole = source.node.results[source.output]
        key = source.node.number, source.output
        zeros = self._zeros.setdefault(key, torch.zeros(whole.numel(), dtype=torch.bool))
        zeros[origin_of(source)[zero]] = True

    def zeros(self, sources: Sequence[Source]) -> list[Tensor]:
        """Return where values in between are certainly zero; what is known of gradients is used."""
        decided = decide_all(sources, self.bounded, _INTERMEDIATE)
        return [c.zero | self._known(source) for source, c in zip(sources, decided, strict=True)]

    def _known(self, source: Source) -> Tensor:
        zeros = self._zeros.get((source.node.number, source.output))
        if zeros is None:
            return torch.zeros((), dtype=torch.bool)
        return zeros[origin_of(source)]

    def across_kinks(self, gradients: Mapping[str, Source]) -> dict[str, int]:
        """Return how many entries of each gradient depend on a unit that rounding carried across a kink."""
        return count_across(
            gradients, self.bounded, lambda source: signs(source, self.bounded, _INTERMEDIATE)
        )

    def laws(self, source: Source, zeros: Tensor) -> dict[Law, Tensor]:
        """Return the laws that make entries of a value zero, and which."""
        proven = self._identities.zero(source, zeros)
        laws: dict[Law, Tensor] = {}
        for entry in proven.reshape(-1).nonzero().reshape(-1).tolist():
            for identity in self._identities.reason(source, entry)[:1]:
                if identity.law == CANCEL and not identity.structural:
                    continue  # terms that cancel with these data only
                law = Law(identity.law, identity.operation, identity.place, identity.structural)
                mask = laws.setdefault(law, torch.zeros_like(zeros))
                mask.view(-1)[entry] = True
        return laws


@dataclass(frozen=True, slots=True)
class Gradient:
    """A gradient, and what is known of its entries."""

    source: Source
    classes: Classes


def report_step(
    *,
    number: int,
    parameters: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    gradients: Mapping[int, Source],
    loss: Source | None,
    observations: Sequence[Observation],
    messages: tuple[str, ...],
    budget: Budget,
    loose: Collection[str] = (),
    failed: bool = False,
) -> StepReport:
    """Return the report of one step.

    Args:
        parameters, inputs: by name, what is reported on.
        gradients: values of gradients, by the identity of the tensor.
        loss: what ``backward`` started from.
        observations: what was seen of optimisers.
        budget: what may be spent on entries that error bounds leave open.
        loose: names of parameters that no optimiser should move.
        failed: whether the last backward pass ended with an error.
    """
    names = {id(tensor): name for name, tensor in {**parameters, **inputs}.items()}
    there = {names[key]: _seen(source) for key, source in gradients.items() if key in names}
    proofs = Proofs(budget)
    classes = proofs.classes(list(there.values()))
    known = {
        name: Gradient(source, decision)
        for (name, source), decision in zip(there.items(), classes, strict=True)
    }
    zeros = {name: bool(gradient.classes.zero.all()) for name, gradient in known.items()}
    steps = _steps(observations, zeros)
    facts = Facts(
        proofs.zeros,
        _leaf_names(parameters, inputs),
        proofs.laws,
        frozenset(inputs),
        bounded=proofs.bounded,
    )
    causes = _causes(there, {name: it.classes.zero for name, it in known.items()}, loss, facts)

    across = proofs.across_kinks(there)
    read = _leaves(loss, facts.name)

    backward = Backward.DONE if there or (loss is not None and not failed) else Backward.NONE
    if failed and not there:
        backward = Backward.FAILED

    def row(name: str, tensor: Tensor) -> Row:
        step = None if name in inputs or name in loose else steps.get(name)
        if backward is not Backward.DONE:
            floats = Floats(str(tensor.dtype).removeprefix("torch."))
            return Row(name, tuple(tensor.shape), Entries(observed=tensor.numel()), floats, (), step)
        if name not in known:
            cause = connection(loss, read.get(name, ()), tensor.numel(), tensor.requires_grad)
            return _without_gradient(name, tensor, cause, step)
        gradient = known[name]
        floats = count_floats(
            gradient.source,
            gradient.classes.zero,
            gradient.classes.nonzero,
            across.get(name, 0),
            proofs.bounded,
        )
        entries = _count(gradient.classes)
        return Row(name, tuple(tensor.shape), entries, floats, causes.get(name, ()), step)

    return StepReport(
        number=number,
        parameters={name: row(name, tensor) for name, tensor in parameters.items()},
        inputs={name: row(name, tensor) for name, tensor in inputs.items()},
        unsupported=_unsupported(list(there.values())),
        optimizer=_optimizer(observations),
        loss=_number(loss.run) if loss is not None else None,
        messages=messages,
        backward=backward,
    )


def _seen(gradient: Source) -> Source:
    """Return a gradient as it is known: of one that nothing recorded computed, only the run's numbers are."""
    if gradient.node.origin not in (Origin.DATA, Origin.OUTSIDE):
        return gradient
    return Source(Node(0, "unseen", None, (), {}, (gradient.run,), (None,)), 0)


def _causes(
    gradients: Mapping[str, Source], zeros: Mapping[str, Tensor], loss: Source | None, facts: Facts
) -> dict[str, tuple[Cause, ...]]:
    """Return causes; none, with a warning, where looking for them fails: the user's training goes on."""
    try:
        return find_causes(gradients, zeros, loss, facts)
    except Exception as error:
        warnings.warn(
            f"zerograd failed to find causes of zero gradients, which is a bug: {type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return {}


def _leaves(loss: Source | None, name_of: Callable[[Node], str | None]) -> dict[str, list[Node]]:
    """Return the leaves that the loss depends on in any way, by the name of the tensor."""
    leaves: dict[str, list[Node]] = {}
    for node in whole_cone([loss], past=True) if loss is not None else ():
        name = name_of(node) if node.operation == "leaf" else None
        if name is not None:
            leaves.setdefault(name, []).append(node)
    return leaves


def _leaf_names(
    parameters: Mapping[str, Tensor], inputs: Mapping[str, Tensor]
) -> Callable[[Node], str | None]:
    """Return a function from a leaf to the name of the tensor that it was read from."""
    names = {_identity(tensor): name for name, tensor in {**parameters, **inputs}.items() if is_plain(tensor)}

    def name_of(node: Node) -> str | None:
        return names.get((node.identity[0], node.identity[1].offset)) if node.identity is not None else None

    return name_of


def _identity(tensor: Tensor) -> tuple[int, int]:
    return tensor.untyped_storage()._cdata, int(tensor.storage_offset())


def _without_gradient(name: str, tensor: Tensor, cause: Cause, step: Step | None) -> Row:
    """Return the row of a tensor to which ``backward`` gave no gradient."""
    size, dtype = tensor.numel(), str(tensor.dtype).removeprefix("torch.")
    return Row(name, tuple(tensor.shape), Entries(zero=size), Floats(dtype, zero=size), (cause,), step)


def _number(loss: Tensor) -> float | None:
    if loss.numel() != 1 or loss.is_meta or loss.is_complex():
        return None
    return float(loss)


def _count(classes: Classes) -> Entries:
    left = int(classes.undecided.sum())
    return Entries(
        zero=int(classes.zero.sum()),
        nonzero=int(classes.nonzero.sum()),
        undecided=0 if classes.is_observed else left,
        observed=left if classes.is_observed else 0,
        precision=classes.precision if left and not classes.is_observed else None,
    )


def _steps(observations: Sequence[Observation], zeros: Mapping[str, bool]) -> dict[str, Step]:
    """Return what became of each parameter; what one optimiser does not hold, another may."""
    steps: dict[str, Step] = {}
    for observation in observations:
        for name, step in explain_step(observation, zeros).items():
            if name not in steps or (observation.parameters[name].places and not steps[name].moved):
                steps[name] = step
    return steps


def _optimizer(observations: Sequence[Observation]) -> str | None:
    stepped = [o.optimizer for o in observations if o.outcome is Outcome.STEPPED]
    return stepped[-1] if stepped else None


def _unsupported(sources: Sequence[Source]) -> tuple[Unsupported, ...]:
    counts = Counter((_operation(node), describe_place(node)) for node in observed(sources))
    return tuple(Unsupported(operation, where, times) for (operation, where), times in counts.items())


def _operation(node: Node) -> str:
    """Return what has no rule: an operation, or a kind of tensor that shadows cannot follow."""
    if node.operation == "unseen":
        return "a gradient that was computed unseen, such as in another thread"
    if node.operation != "unknown":
        return node.operation
    result = node.results[0]
    if result.is_complex():
        return "a complex tensor"
    if result.is_quantized:
        return "a quantised tensor"
    if result.layout is not torch.strided:
        return "a sparse tensor"
    return f"a tensor on {result.device}" if result.device.type != "cpu" else "a tensor seen as another type"
