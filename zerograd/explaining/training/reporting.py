"""From what was recorded of a step to what is reported of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from zerograd.explaining.shadow.bounded import BoundedDomain
from zerograd.explaining.shadow.deciding import Classes, decide_all
from zerograd.explaining.shadow.evaluation import Evaluation, observed
from zerograd.explaining.tape.nodes import Source
from zerograd.explaining.training.explanation import Entries, Floats, Row, Step, StepReport, Unsupported
from zerograd.explaining.training.floats import count_floats, describe_place
from zerograd.explaining.training.observation import Observation, Outcome
from zerograd.explaining.training.steps import explain_step


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
) -> StepReport:
    """Return the report of one step.

    Args:
        parameters, inputs: by name, what is reported on.
        gradients: values of gradients, by the identity of the tensor.
        loss: what ``backward`` started from.
        observations: what was seen of optimisers.
    """
    names = {id(tensor): name for name, tensor in {**parameters, **inputs}.items()}
    there = {names[key]: source for key, source in gradients.items() if key in names}
    bounded = Evaluation(BoundedDomain())
    classes = decide_all(list(there.values()), bounded)
    known = {
        name: Gradient(source, decision)
        for (name, source), decision in zip(there.items(), classes, strict=True)
    }
    zeros = {name: bool(gradient.classes.zero.all()) for name, gradient in known.items()}
    steps = _steps(observations, zeros)

    def rows(tensors: Mapping[str, Tensor]) -> dict[str, Row]:
        return {
            name: _row(name, tensor, known.get(name), steps.get(name)) for name, tensor in tensors.items()
        }

    return StepReport(
        number=number,
        parameters=rows(parameters),
        inputs=rows(inputs),
        unsupported=_unsupported(list(there.values())),
        optimizer=_optimizer(observations),
        loss=float(loss.run) if loss is not None and loss.run.numel() == 1 else None,
        messages=messages,
    )


def _row(name: str, tensor: Tensor, gradient: Gradient | None, step: Step | None) -> Row:
    shape, size = tuple(tensor.shape), tensor.numel()
    if gradient is None:
        dtype = str(tensor.dtype).removeprefix("torch.")
        return Row(name, shape, Entries(zero=size), Floats(dtype, zero=size), step=step)
    classes = gradient.classes
    left = int(classes.undecided.sum())
    entries = Entries(
        zero=int(classes.zero.sum()),
        nonzero=int(classes.nonzero.sum()),
        undecided=0 if classes.is_observed else left,
        observed=left if classes.is_observed else 0,
        precision=classes.precision if left and not classes.is_observed else None,
    )
    floats = count_floats(gradient.source, classes.zero, classes.nonzero, 0)
    return Row(name, shape, entries, floats, step=step)


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
    counts = Counter((node.operation, describe_place(node)) for node in observed(sources))
    return tuple(Unsupported(operation, where, times) for (operation, where), times in counts.items())
