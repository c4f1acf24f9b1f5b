"""From what was recorded of a step to what is reported of it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from zerograd.explaining.explanation import (
    Backward,
    Cause,
    Entries,
    Floats,
    Graph,
    Kind,
    Row,
    Step,
    StepReport,
    Unsupported,
)
from zerograd.explaining.shadow.deciding import Budget, Classes
from zerograd.explaining.shadow.evaluation import observed
from zerograd.explaining.tape.nodes import Node, Origin, Source, dtype_name, is_plain
from zerograd.explaining.tape.storages import EARLIER
from zerograd.explaining.training.causes.connection import connection
from zerograd.explaining.training.causes.graph import Graph as Values
from zerograd.explaining.training.causes.graph import whole_cone
from zerograd.explaining.training.causes.origins import Facts
from zerograd.explaining.training.causes.places import batch_size, natural_shape
from zerograd.explaining.training.causes.search import find_causes
from zerograd.explaining.training.floats import count_floats, describe_place
from zerograd.explaining.training.pictures.parts import parts_graph
from zerograd.explaining.training.pictures.units import unit_states
from zerograd.explaining.training.proofs import Proofs
from zerograd.explaining.training.steps.observation import Observation, Outcome
from zerograd.explaining.training.steps.reasons import explain_step

_FOR_UNITS = 1.0
"""Seconds that may be spent on units which error bounds do not place."""


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
    by_hand: Mapping[int, int],
    loose: Collection[str] = (),
    resting: Collection[int] = (),
    unasked: Collection[str] = (),
    optimised: Collection[str] = (),
    failed: bool = False,
    cut: bool = False,
) -> StepReport:
    """Return the report of one step.

    Args:
        parameters, inputs: by name, what is reported on.
        gradients: values of gradients, by the identity of the tensor.
        loss: what ``backward`` started from.
        observations: what was seen of optimisers.
        budget: what may be spent on entries that error bounds leave open.
        by_hand: how many entries the program moved without an optimiser, by the identity of the tensor.
        loose: names of parameters that no optimiser should move.
        resting: tensors, by identity, whose optimiser has stepped before, and now another does: what the loss
            does not depend on, either, is not part of this step.
        optimised: names of inputs, and of plain tensors beside modules, that an optimiser is to move.
        unasked: names of what no backward pass was asked to give a gradient.
        failed: whether the last backward pass ended with an error.
        cut: whether autograd knew no way back from the loss.
    """
    names = {id(tensor): name for name, tensor in {**parameters, **inputs}.items()}
    there = {names[key]: _seen(source) for key, source in gradients.items() if key in names}
    proofs = Proofs(budget)
    classes = dict(zip(there, proofs.classes(list(there.values())), strict=True))
    facts = Facts(
        proofs.zeros,
        _leaf_names(parameters, inputs),
        proofs.laws,
        frozenset(inputs),
        bounded=proofs.bounded,
    )
    zeros = {name: it.zero for name, it in classes.items()}
    causes: dict[str, tuple[Cause, ...]] = _or_nothing(
        "find causes of zero gradients", lambda: find_causes(there, zeros, loss, facts), {}
    )
    classes, doubts = _second_look(there, classes, causes, proofs)
    steps = _steps(observations, {name: bool(it.zero.all()) for name, it in classes.items()})
    across = proofs.across_kinks(there)
    read = _leaves(loss, facts.name)
    values = Values(there.values(), loss, facts.is_input)
    batch = _batch(values)

    backward = Backward.DONE if there or (loss is not None and not failed) else Backward.NONE
    if failed and not there:
        backward = Backward.FAILED

    inputs_by_hand = any(by_hand.get(id(tensor)) for tensor in inputs.values())

    def row(name: str, tensor: Tensor) -> Row:
        step = None if name in loose or (name in inputs and name not in optimised) else steps.get(name)
        if step is not None and name in optimised:
            step = replace(step, details={**step.details, "input": True})
        if id(tensor) in by_hand and (by_hand[id(tensor)] or not inputs_by_hand):
            step = Step(moved=by_hand[id(tensor)])
        if backward is not Backward.DONE or (name not in classes and (failed or name in unasked)):
            floats = Floats(dtype_name(tensor.dtype))
            why: tuple[Cause, ...] = ()
            if backward is Backward.FAILED and cut:
                why = (connection(loss, read.get(name, ()), tensor.numel(), tensor.requires_grad),)
            return Row(name, tuple(tensor.shape), Entries(observed=tensor.numel()), floats, why, step, False)
        if name not in classes:
            cause = connection(loss, read.get(name, ()), tensor.numel(), tensor.requires_grad)
            return _without_gradient(name, tensor, cause, step)
        entries = _count(classes[name])
        floats = count_floats(there[name], classes[name], across.get(name, 0), proofs.bounded)
        return Row(name, tuple(tensor.shape), entries, floats, causes.get(name, ()), step)

    used = {
        name: tensor
        for name, tensor in parameters.items()
        if name in there or name in read or id(tensor) not in resting
    }
    unsupported = _unsupported(list(there.values()))
    rows = [
        {name: row(name, tensor) for name, tensor in each.items()} for each in (used or parameters, inputs)
    ]
    return StepReport(
        number=number,
        parameters=rows[0],
        inputs=rows[1],
        unsupported=unsupported,
        optimizer=_optimizer(observations),
        loss=_number(loss.run) if loss is not None else None,
        messages=messages + doubts + _missed(unsupported) + (_BROKEN_OFF,) * bool(failed and there),
        backward=Backward.LATE if unsupported and _is_late(there, classes) else backward,
        batch=batch,
        units=_or_nothing(
            "tell what units did",
            lambda: unit_states(values, proofs.bounded, proofs.signs_within(_FOR_UNITS), batch),
            (),
        ),
        graph=_or_nothing(
            "tell what reaches what",
            lambda: parts_graph(loss, values, {**rows[0], **rows[1]}, facts.name, proofs.bounded),
            Graph(),
        ),
    )


_BY_SUMS = (Kind.CANCELLATION, Kind.ZERO_ADJOINT, Kind.ZERO_FACTOR)
"""Causes that rest on sums that are 0; all others are factors, which the search for causes looked at by
itself.
"""


def _batch(values: Values) -> int | None:
    """Return the number of samples; None where that is a guess by vectors, which may be one sample each."""
    batch = batch_size(values)
    leaves = {node.number for node in values.nodes if node.operation == "leaf"}
    tables = {
        (natural_shape(node) if node.number in leaves else tuple(node.results[0].shape))[0]
        for node in values.nodes
        if (node.number in values.parametric) != (node.number in leaves)
        and isinstance(node.results[0], Tensor)
        and node.results[0].dim() > 1
    }
    return batch if batch in tables else None


def _second_look(
    gradients: Mapping[str, Source],
    classes: Mapping[str, Classes],
    causes: Mapping[str, tuple[Cause, ...]],
    proofs: Proofs,
) -> tuple[dict[str, Classes], tuple[str, ...]]:
    """Return classes without zeros that a second routine refutes, and what is to be said of these."""
    sure, doubts = dict(classes), []
    for name, source in gradients.items():
        zero = classes[name].zero
        kinds = {cause.kind for cause in causes.get(name, ())}
        if not bool(zero.any()) or (kinds and not kinds.intersection(_BY_SUMS)):
            continue
        refuted = proofs.refuted(source, zero)
        if bool(refuted.any()):
            sure[name] = replace(
                classes[name], zero=zero & ~refuted, undecided=classes[name].undecided | refuted
            )
            doubts.append(
                f"{int(refuted.sum())} entries of {name} were found to be zero, and a second look denies it: "
                "they are given as undecided. This is a bug of zerograd."
            )
    return sure, tuple(doubts)


def _seen(gradient: Source) -> Source:
    """Return a gradient as it is known: of one that nothing recorded computed, only the run's numbers are."""
    if gradient.node.origin not in (Origin.DATA, Origin.OUTSIDE):
        return gradient
    return Source(Node(0, "unseen", None, (), {}, (gradient.run,), (None,)), 0)


T = TypeVar("T")


def _or_nothing(what: str, f: Callable[[], T], nothing: T) -> T:
    """Return what a function returns; where it fails, nothing, with a warning: training goes on."""
    try:
        return f()
    except Exception as error:
        warnings.warn(
            f"zerograd failed to {what}, which is a bug: {type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return nothing


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
    size, dtype = tensor.numel(), dtype_name(tensor.dtype)
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


_BROKEN_OFF = "A backward pass ended with an error: of parameters that it left no gradient nothing is known."
_BEFORE = "a value that was computed before the watch began"


def _is_late(gradients: Mapping[str, Source], classes: Mapping[str, Classes]) -> bool:
    """Whether every gradient rests on what was computed before anything was watched."""
    return all(
        classes[name].is_observed and any(node.operation == EARLIER for node in observed([source]))
        for name, source in gradients.items()
    )


def _missed(unsupported: Sequence[Unsupported]) -> tuple[str, ...]:
    if any(each.operation == _BEFORE for each in unsupported):
        return ("The forward pass, or a part of it, ran before the watch began: it must run inside `with`.",)
    return ()


def _unsupported(sources: Sequence[Source]) -> tuple[Unsupported, ...]:
    counts = Counter((_operation(node), describe_place(node)) for node in observed(sources))
    return tuple(Unsupported(operation, where, times) for (operation, where), times in counts.items())


def _operation(node: Node) -> str:
    """Return what has no rule: an operation, or a kind of tensor that shadows cannot follow."""
    if node.operation == "unseen":
        return "a gradient that was computed unseen, such as in another thread"
    if node.operation == EARLIER:
        return _BEFORE
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
