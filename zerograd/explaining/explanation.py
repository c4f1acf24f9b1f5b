"""Why gradients are zero, as data: the meaning of ``zerograd.explanation/1``.

It is the same whether a training step was watched, or a problem or a model file with all its numbers was
explained. Knows neither torch nor files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from zerograd.core.near import nearest

NOT_IMPORTED = "PyTorch was not imported in this process."
"""The message of a report on a program without PyTorch."""
_MOST_NAMES = 5
"""Names that an error lists."""


class Kind(StrEnum):
    """What makes gradient entries zero."""

    DEAD = "dead"
    AT_KINK = "at_kink"
    SATURATED = "saturated"
    ZERO_WEIGHT = "zero_weight"
    ZERO_FACTOR = "zero_factor"
    ZERO_ADJOINT = "zero_adjoint"
    CANCELLATION = "cancellation"
    IDENTITY = "identity"
    NOT_CONNECTED = "not_connected"
    DETACHED = "detached"
    PIECEWISE_CONSTANT = "piecewise_constant"
    FROZEN = "frozen"


class Reason(StrEnum):
    """Why a step did not move a parameter."""

    NOT_HELD = "not_held"
    NO_GRADIENT = "no_gradient"
    ZERO_GRADIENT = "zero_gradient"
    FROZEN = "frozen"
    STEP_SIZE_ZERO = "step_size_zero"
    BELOW_HALF_ULP = "below_half_ulp"
    CLEARED = "cleared"
    CLIPPED = "clipped"
    STATE = "state"
    SKIPPED = "skipped"
    NOT_CALLED = "not_called"


class Note(StrEnum):
    """What else a step did to a parameter."""

    LISTED_TWICE = "listed_twice"
    MOVED_WITHOUT_GRADIENT = "moved_without_gradient"
    MOVED_BY_STALE_GRADIENT = "moved_by_stale_gradient"
    REPLACED_AFTER = "replaced_after"


@dataclass(frozen=True, slots=True)
class Entries:
    """How many entries of a gradient are exactly zero, not zero, undecided, or were only observed.

    Attributes:
        precision: bits of precision that the undecided ones were followed to.
    """

    zero: int = 0
    nonzero: int = 0
    undecided: int = 0
    observed: int = 0
    precision: int | None = None


@dataclass(frozen=True, slots=True)
class Floats:
    """What the run's own precision had of a gradient.

    Attributes:
        dtype: such as ``float32``.
        zero: entries that are 0 in floating point.
        lost: entries that are 0 in floating point, and not zero exactly.
        noise: entries that are exactly zero, and not 0 in floating point.
        across_kink: entries that depend on a unit that rounding carried across a kink.
        nan: entries that are nan or infinite.
        lost_began: what is 0 first in floating point on the way to those that are lost: a clause.
        nan_began: the operation at which the first nan or infinity arose, and where.
    """

    dtype: str
    zero: int = 0
    lost: int = 0
    noise: int = 0
    across_kink: int = 0
    nan: int = 0
    nan_began: str | None = None
    lost_began: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes ``entries`` entries of a gradient zero.

    Attributes:
        where: the place in the module or the program: ``relu1 (ReLU), units 3, 7``.
        samples: those on which it does so; None where samples do not matter, or cannot be told apart.
        all_samples: whether these are all samples of the batch.
        entries: how many zero entries it helps to explain.
        structural: whether it holds whatever the data and targets are.
        alone: whether it suffices by itself for these entries; else it covers them together with others.
        details: what its sentence can use beside, each key left out where it is not known. ``units``
            (numbers) and ``of`` (how many there are at this place); ``passes`` (the backward passes, each
            over samples of its own, in all of which it does so); at a kink ``other_slope`` (the
            derivative from the other side), ``other_side`` (which side that is), ``other_gradient`` (the
            largest entry that the gradient would have with it) and ``other_entry`` (which one that is, if
            it is not 0); ``weight`` (the name of weights that are 0); ``factor`` (what is 0: ``the
            input``, ``fc1.weight``) and ``both`` (whether the factor beside it is 0 too); ``why`` (of an
            adjoint that is 0: ``the label is ignored``); ``terms`` (what cancels, as numbers or texts)
            and ``example`` (where, if other entries have other terms: ``w1[0,0]``, or just True);
            ``identity`` (a sentence without its full stop); ``operation`` (``argmax``, ``detach``).
    """

    kind: Kind
    where: str
    samples: tuple[int, ...] | None
    entries: int
    structural: bool
    alone: bool = True
    all_samples: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What an optimiser's step did to a parameter.

    Attributes:
        held: whether an optimiser holds it; None where there is no optimiser.
        moved: how many entries changed; None where no step was seen.
        reasons: why no entry moved, or why some did not, the first one foremost.
        details: what the sentences can use beside, each key left out where it is not known.
            ``step_size``, ``group`` (its number); ``update`` (the largest), ``half_ulp``, ``dtype``,
            ``input`` (that it is an input, or a plain tensor beside modules, which an optimiser holds),
            ``gradient`` and ``weight`` (the values at that entry); ``by`` (what cleared, clipped or moved it:
            ``zero_grad()``, ``weight decay``); ``norm`` (of clipping), ``max_norm`` (if it was 0); ``state``
            (a clause: ``the second moment overflowed``); ``skipped`` (why the scaler skipped); ``times``
            (that it is listed); ``was_nan`` and ``made_nan`` (entries that were nan or infinite before the
            step, and that it made so), ``eps`` (what was added to a divisor, if that is 0 in its type).
            Keys may also stand under the name of their reason or note, ``{"clipped": {"by": …}}``, where
            two would clash.
    """

    held: bool | None = None
    moved: int | None = None
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Note, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """All that is said of one parameter, or of one input that requires a gradient.

    Attributes:
        asked: whether a backward pass was to give a gradient.
    """

    name: str
    shape: tuple[int, ...]
    entries: Entries
    floats: Floats
    causes: tuple[Cause, ...] = ()
    step: Step | None = None
    asked: bool = True

    @property
    def size(self) -> int:
        """Number of entries."""
        size = 1
        for length in self.shape:
            size *= length
        return size


@dataclass(frozen=True, slots=True)
class Unsupported:
    """An operation that has no rule, and how often it ran."""

    operation: str
    where: str
    times: int = 1


class State(StrEnum):
    """What a unit did on a sample; the value is its letter in `Units.states`."""

    ACTIVE = "a"
    AT_KINK = "k"
    OFF = "o"
    SATURATED = "s"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Units:
    """What the units of one activation did on each sample.

    Attributes:
        where: the place, as causes have it: ``relu1 (ReLU)``.
        states: a text for each sample, with a letter (`State`) for each unit.
    """

    where: str
    states: tuple[str, ...]


class Reach(StrEnum):
    """What of a gradient reaches a place."""

    NONZERO = "nonzero"
    ZERO = "zero"
    NONE = "none"  # no way from the loss leads there
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Vertex:
    """A part of the model in the graph of what reaches what.

    Attributes:
        kind: ``input``, ``parameter``, ``module`` (an operation outside of modules too) or ``loss``.
        reach: what of a gradient reaches it.
    """

    name: str
    kind: str
    reach: Reach = Reach.UNKNOWN


@dataclass(frozen=True, slots=True)
class Graph:
    """What reaches what: values flow along edges, gradients against them.

    Attributes:
        edges: (from, to), as positions in ``vertices``, which stand in the order of the forward pass.
    """

    vertices: tuple[Vertex, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()


class Backward(StrEnum):
    """Whether there was a backward pass."""

    DONE = "done"
    NONE = "none"
    FAILED = "failed"  # before it left any gradient
    LATE = "late"  # it was seen, and the forward pass before it was not


@dataclass(frozen=True, slots=True)
class StepReport:
    """What happened up to one step of an optimiser, or from the last one to the end.

    Attributes:
        optimizer: the class of the optimiser; None where none stepped.
        loss: the value that ``backward`` started from, as the run had it; None where there was none.
        batch: number of samples, where it could be told.
        messages: what else must be said, in sentences: tensors changed outside, workers, compiled models.
        units: what units did on each sample, one for each activation.
        setting: the network, its loss and its conventions in a line, where no program ran and nothing
            stepped: an explanation of a problem or a model file; None of a training step.
        kind: of what kind the point is, as documents have it (`zerograd.core.points.documents`); None of a
            training step, and where some gradient is not zero.
    """

    number: int
    parameters: Mapping[str, Row]
    inputs: Mapping[str, Row] = field(default_factory=dict)
    unsupported: tuple[Unsupported, ...] = ()
    optimizer: str | None = None
    loss: float | None = None
    batch: int | None = None
    messages: tuple[str, ...] = ()
    backward: Backward = Backward.DONE
    units: tuple[Units, ...] = ()
    graph: Graph = Graph()
    setting: str | None = None
    kind: Mapping[str, Any] | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows: of parameters, and of inputs."""
        return (*self.parameters.values(), *self.inputs.values())

    @property
    def to_move(self) -> tuple[Row, ...]:
        """The rows that are to move: parameters, and inputs that an optimiser holds or the program moved."""
        return (*self.parameters.values(), *[row for row in self.inputs.values() if row.step is not None])

    @property
    def moves_inputs(self) -> bool:
        """Whether an optimiser holds an input: then that is to move, and parameters need not."""
        return any(row.step is not None and bool(row.step.details.get("input")) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was watched, step after step; the last one is the report's top level.

    Attributes:
        torch: the version of PyTorch; None where it had no part.
        error: the error that ended the watched code, where one did.
        seconds: time spent on explaining.
    """

    steps: tuple[StepReport, ...]
    torch: str | None = None
    error: str | None = None
    seconds: float = 0.0

    @property
    def last(self) -> StepReport:
        """The last step."""
        return self.steps[-1]

    def __getitem__(self, name: str) -> Row:
        """Return the row of a parameter or an input of the last step.

        Raises:
            KeyError: there is none of that name.
        """
        rows = {**self.last.inputs, **self.last.parameters}
        if name not in rows:
            near = nearest(str(name), rows, _MOST_NAMES)
            few = near or list(rows)[:_MOST_NAMES]
            more = f" and {len(rows) - len(few)} more" if len(rows) > len(few) else ""
            there = (
                f"did you mean {' or '.join(near)}?"
                if near
                else f"there are {', '.join(few) or 'none'}{more}"
            )
            raise KeyError(f"no parameter or input is called {name!r}; {there}")
        return rows[name]
