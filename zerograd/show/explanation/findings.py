"""What there is to say of a step: each thing once, with the parameters that it concerns, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace

from zerograd.document.layout import listed
from zerograd.explaining.explanation import Backward, Cause, Kind, Note, Reason, Row, Step, StepReport
from zerograd.show.explanation.causes import ALL, ONE, SEVERAL, About, Words, cause_words
from zerograd.show.explanation.phrases import detail, lost_from, number, subjects
from zerograd.show.explanation.steps import note_words, reason_words

WHOLE = 40
"""Ranks below this are of parameters that stand still, or have no gradient, as a whole."""
_KINDS = (
    Kind.DEAD, Kind.AT_KINK, Kind.SATURATED, Kind.ZERO_WEIGHT, Kind.DETACHED, Kind.PIECEWISE_CONSTANT,
    Kind.NOT_CONNECTED, Kind.IDENTITY, Kind.ZERO_ADJOINT, Kind.CANCELLATION, Kind.ZERO_FACTOR, Kind.FROZEN,
)  # fmt: skip
"""Kinds, what is a fault most often first: a zero factor may be no more than the dark edge of a picture."""
ASIDE = 85
"""Rank of what ran without gradients on purpose, as it seems; what is worse is a fault."""
MADE_NAN = "made nan"
"""The label of parameters that a step made nan or infinite."""
OPEN = 90
"""Rank of what is not decided."""
SINGLE = 95
"""Rank of single entries whose updates were lost to rounding, as happens in every good training."""
REASONS = {
    Reason.NOT_CALLED: 1, Reason.SKIPPED: 1, Reason.CLEARED: 2, Reason.CLIPPED: 2, Reason.NOT_HELD: 3,
    Reason.STEP_SIZE_ZERO: 4, Reason.STATE: 5, Reason.BELOW_HALF_ULP: 13, Reason.ZERO_GRADIENT: 15,
    Reason.NO_GRADIENT: 15, Reason.FROZEN: 30,
}  # fmt: skip
"""Rank of each reason; causes of gradients that are zero as a whole have 10 and 11, and may be why others
are small.
"""
LOST = 70
"""Rank of entries that are 0 in floating point, and not zero."""
NOTES = {
    Note.MOVED_BY_STALE_GRADIENT: 41, Note.LISTED_TWICE: 42, Note.REPLACED_AFTER: 43,
    Note.MOVED_WITHOUT_GRADIENT: 80,
}  # fmt: skip
"""Rank of each note."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is to be said, and of which parameters.

    Attributes:
        rank: how bad it is; the worst is 0.
        zero: whether it is why gradients are exactly zero.
        joint: whether it is so only together with other causes.
        concerned: the rows, each with how many of its entries it is about.
        words: what is said, however many parameters it is about.
        cause: what it is about, where that is a cause.
    """

    rank: int
    zero: bool
    concerned: tuple[tuple[Row, int], ...]
    words: Callable[[About], Words]
    joint: bool = False
    cause: Cause | None = None

    @property
    def whole(self) -> bool:
        """Whether parameters stand still as a whole."""
        return self.rank < WHOLE

    @property
    def label(self) -> str:
        """The word or two for the table."""
        return self.words(ONE).label

    def sentence(self) -> str:
        """All of it."""
        return self._words.sentence(subjects(self.concerned))

    @property
    def brief(self) -> str:
        """What is so, and what another convention would make of it."""
        return self._words.brief

    @property
    def _words(self) -> Words:
        return self.words(ONE if len(self.concerned) == 1 else SEVERAL)


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of one row; what has the same key is said once."""

    rank: int
    key: Hashable
    entries: int
    words: Callable[[About], Words]
    zero: bool = False
    joint: bool = False
    cause: Cause | None = None


def findings(step: StepReport) -> tuple[Finding, ...]:
    """All there is to say, the worst first."""
    merged: dict[Hashable, tuple[_Said, list[tuple[Row, int]]]] = {}
    leads, rows = _leads(step), step.rows
    replaced = {row.step.details.get(Note.REPLACED_AFTER, {}).get("held") for row in rows if row.step}
    learns = any(row.step is not None and row.step.held for row in rows)
    for row in rows if step.backward is Backward.DONE else ():
        sayings = _of_row(row, step.batch, leads)
        if row.name in replaced and not (row.step and row.step.moved):
            sayings = iter([_Said(ASIDE + 2, "replaced", row.size, _replaced)])
        elif learns and is_aside(row):
            sayings = _aside(row, step.batch)
        elif step.moves_inputs and row.step is not None and row.step.held is False:
            sayings = _beside_inputs(row, sayings)
        for said in sayings:
            _, concerned = merged.setdefault((said.rank, said.key), (said, []))
            if all(other is not row for other, _ in concerned):
                concerned.append((row, said.entries))
    found = [
        Finding(said.rank, said.zero, tuple(rows), said.words, said.joint, said.cause)
        for said, rows in merged.values()
    ]
    return tuple(sorted(found, key=lambda finding: (finding.rank, -len(finding.concerned))))


def is_aside(row: Row) -> bool:
    """Whether it ran without gradients, and no optimiser holds it, such as a target network."""
    return (
        row.step is not None
        and row.step.reasons == (Reason.NOT_HELD,)
        and not row.step.notes
        and {cause.kind for cause in row.causes} == {Kind.DETACHED}
        and row.entries.zero == row.size
    )


def _beside_inputs(row: Row, sayings: Iterator[_Said]) -> Iterator[_Said]:
    """What is well of a parameter if the input is what should move."""
    yield _Said(ASIDE, "beside inputs", row.size, _not_held)
    for said in sayings:
        if not (isinstance(said.key, tuple) and said.key[0] in (Reason.NOT_HELD, Reason.FROZEN)):
            yield replace(said, rank=max(said.rank, ASIDE + 1) if said.rank else 0)


def _not_held(about: About) -> Words:
    clause = f"the optimiser holds an input, and not {about.it}"
    return Words("not held", clause, ("if the input is what should move, all is well",))


def _aside(row: Row, batch: int | None) -> Iterator[_Said]:
    """What is well if it is meant."""
    yield _Said(ASIDE, ASIDE, row.size, _without_gradients)
    for said in _of_causes(row, batch):
        yield replace(said, rank=ASIDE + 1)


def _replaced(about: About) -> Words:
    them, their = ("them", "their") if about.many else ("it", "its")
    clause = f"the optimiser holds {them}, and no module that was seen does"
    return Words("not used", clause, (f"another has taken {their} place",))


def _without_gradients(about: About) -> Words:
    they, more = ("they" if about.many else "it"), "if that is meant, as of a target network, all is well"
    return Words(
        "aside", f"{they} ran without gradients, and the optimiser does not hold {about.it}", (more,)
    )


def _always(words: Words) -> Callable[[About], Words]:
    return lambda _: words


def _leads(step: StepReport) -> str:
    """Why entries were only observed: operations without a rule, or tensors that nobody can follow."""
    kinds = listed(
        list(dict.fromkeys(it.operation for it in step.unsupported if it.operation.startswith("a ")))
    )
    if not kinds or any(not it.operation.startswith("a ") for it in step.unsupported):
        either = f", or {kinds}," if kinds else ""
        return f"an operation without a rule{either} leads there, so it is what the run had, no more"
    numbers = ", which has no numbers" if "on meta" in kinds else ", so it is what the run had, no more"
    return f"{kinds} leads there{numbers}"


def _without_cause(about: About) -> Words:
    its = "every" if about is ALL else "the"
    return Words("zero", f"{its} gradient is exactly zero, and why is not known")


def _not_asked(about: About) -> Words:
    return Words("not asked", f"no backward pass was asked for {about.it}")


def _of_row(row: Row, batch: int | None, leads: str) -> Iterator[_Said]:
    if row.floats.nan:
        began = row.floats.nan_began
        first = f"; the first one {'was' if began.startswith('in ') else 'arose at'} {began}" if began else ""
        words = Words("nan", f"nan or infinite{first}")
        yield _Said(0, began, row.floats.nan, _always(words))
    if row.step is not None:
        yield from _of_step(row, row.step)
    yield from _of_causes(row, batch)
    yield from _of_floats(row)
    if row.step is not None:
        for note in row.step.notes:
            if note is not Note.REPLACED_AFTER or Reason.NOT_HELD not in row.step.reasons:
                yield _of_note(note, row.step, row)
    if row.entries.undecided > row.floats.nan:  # of a nan nobody asks whether it is zero
        bits = f" at {row.entries.precision} bits" if row.entries.precision else ""
        undecided = Words("undecided", f"whether this is zero is not known{bits}")
        yield _Said(OPEN, undecided, row.entries.undecided, _always(undecided))
    if row.entries.observed:
        observed = _always(Words("observed only", leads))
        yield _Said(OPEN, row.asked, row.entries.observed, observed if row.asked else _not_asked)


def _of_step(row: Row, step: Step) -> Iterator[_Said]:
    """Reasons, the foremost first, but for those that causes explain better."""
    zero = row.entries.zero and not row.floats.lost
    explained = {Reason.ZERO_GRADIENT, *[Reason.NO_GRADIENT] * bool(row.causes)} if zero else set()
    if row.entries.zero == row.size and zero:
        explained.add(Reason.BELOW_HALF_ULP)  # of what rounding made of a zero
    if any(cause.kind is Kind.FROZEN for cause in row.causes):
        explained.add(Reason.FROZEN)
    counts = dict(step.details.get("unmoved" if step.moved else "entries") or {})
    reasons = step.reasons or tuple(Reason(key) for key in counts if key in REASONS)
    for reason in reasons if not step.moved or counts else ():
        if reason in explained or (step.moved and reason is Reason.ZERO_GRADIENT):
            continue
        rank = max(REASONS[reason], REASONS[reasons[0]])
        if step.moved:
            few = SINGLE if 2 * counts[reason] <= row.size else 46
            rank = few if reason is Reason.BELOW_HALF_ULP else rank + WHOLE
        of = [detail(step, reason, key) for key in ("dtype", "by", "state", "skipped", "unregistered")]
        key = (reason, row.floats.dtype, bool(row.floats.lost), Note.REPLACED_AFTER in step.notes, repr(of))

        def words(about: About, reason: Reason = reason) -> Words:
            return reason_words(reason, row, step, about)

        yield _Said(rank, key, counts.get(reason, row.size), words)
    if step.moved and Reason.CLEARED in step.details and Reason.CLEARED not in counts:
        cleared = min(detail(step, Reason.CLEARED, "cleared") or row.size, row.size)
        of = detail(step, Reason.CLEARED, "by")
        yield _Said(
            WHOLE, (Reason.CLEARED, of), cleared, lambda about: reason_words(Reason.CLEARED, row, step, about)
        )
    if (made := step.details.get("made_nan")) and not row.floats.nan:
        eps = number(step.details.get("eps"))
        tiny = (f"the optimiser's eps, {eps}, is 0 in {row.floats.dtype}",) * ("eps" in step.details)
        nans = Words(MADE_NAN, "the step made weights nan or infinite", tiny)
        yield _Said(1, (MADE_NAN, tiny), made, _always(nans))
    if step.moved == 0 and row.size and not reasons and not row.causes and not row.floats.nan:
        before = step.details.get("was_nan") == row.size
        why = "it was nan or infinite before" if before else "no entry moved, and no reason for that is known"
        yield _Said(20, why, row.size, _always(Words("nan before" if before else "unexplained", why)))


def _of_causes(row: Row, batch: int | None) -> Iterator[_Said]:
    """Causes, the one that explains most first."""
    whole = row.entries.zero == row.size
    told = {Reason.NO_GRADIENT, Reason.FROZEN} & set(
        row.step.reasons if row.step and not row.step.moved else ()
    )
    if row.entries.zero and not row.causes and not told:
        yield _Said(14 if whole else 64, "unknown", row.entries.zero, _without_cause)
    for cause in sorted(row.causes, key=lambda cause: (not cause.alone, -cause.entries)):
        frozen = cause.kind is Kind.FROZEN
        rank = 50 + _KINDS.index(cause.kind)
        if whole:  # what explains all of it comes first
            rank = 30 if frozen else 11 if not cause.alone else 10 if cause.entries >= row.size else 12
        key = (cause.kind, cause.where, cause.samples, cause.structural, cause.alone, repr(cause.details))

        def words(about: About, cause: Cause = cause) -> Words:
            return cause_words(cause, batch, about)

        yield _Said(rank, key, cause.entries, words, not frozen, not cause.alone, cause)


def _of_floats(row: Row) -> Iterator[_Said]:
    floats, dtype = row.floats, row.floats.dtype
    if floats.lost and (row.step is None or Reason.ZERO_GRADIENT not in row.step.reasons):
        whole = floats.zero == row.size

        def lost(about: About) -> Words:
            its = "every" if about is ALL else "the"
            clause = f"{its} gradient is lost in {dtype}: not zero, but 0 there{lost_from(floats)}"
            remedy = "a wider type, a larger loss or another formula for it keeps it"
            return Words(f"lost in {dtype}", clause, (remedy,))

        yield _Said(12 if whole else LOST, lost(ONE), floats.lost, lost)
    if floats.across_kink:
        clause = f"rounding in {dtype} carried a unit that this depends on across its kink"
        crossed = Words("across a kink", clause, ("exactly, it is on the kink or on the other side",))
        yield _Said(65, crossed, floats.across_kink, _always(crossed))
    if floats.noise:
        noise = Words("noise", f"exactly zero: what {dtype} has there is rounding of terms that cancel")
        yield _Said(75, noise, floats.noise, _always(noise))


def _of_note(note: Note, step: Step, row: Row) -> _Said:
    zero = f"0 in {row.floats.dtype}" if row.floats.lost else "zero"
    key = (note, zero, repr([detail(step, note, key) for key in ("by", "times", "old")]))
    moved = detail(step, note, "moved")
    entries = moved if isinstance(moved, int) else step.moved or row.size
    return _Said(NOTES[note], key, entries, lambda about: note_words(note, step, about, zero))
