"""From one number of samples to all that a problem asks about."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import Samples
from zerograd.core.verdict.answer import Attempt
from zerograd.search.verdict import Found, Impossible, Progress, Undecided, Verdict

Decide = Callable[[int, float], Verdict]
"""(M, deadline) to a verdict."""

SKETCHES = 8
"""Numbers of samples, from the least on, for which a witness is looked for before any is ruled out."""


def over_samples(
    problem: Problem,
    decide: Decide,
    *,
    sufficient: int | None,
    deadline: float,
    progress: Progress,
    record: Callable[[Attempt], None] = lambda _: None,
    sketch: Decide | None = None,
    looks: tuple[Decide, Decide] | None = None,
    loosened: tuple[int, Decide] | None = None,
    every: Callable[[float], Verdict] | None = None,
) -> tuple[Verdict, tuple[Attempt, ...]]:
    """The verdict over all numbers of samples that the problem allows.

    A fixed number is decided. Otherwise M is tried from the least on, up to the first witness; all of
    a finite range impossible is `Impossible`. A number that stays undecided gets half of the time
    that is left, so that a larger one may still be answered.

    An endless range is finite where small datasets suffice: what has no witness with ``sufficient``
    samples has none with any number, so that number is asked first of all, unless a witness turns
    up before. Without such a number it is `Undecided` without a witness, and the attempts say what
    was ruled out.

    Args:
        sketch: a quick search for witnesses that rules nothing out.
        looks: a quicker search for witnesses than ``sketch``, and a look at what a solver settles at
            once. The least number is looked at first of all, the next and the sufficient one after the
            quicker search.
        loosened: a number of samples that suffices for the problem without what stands in the way of
            the theorem, and the search of that problem: its no is a no for every number of samples.
        every: of a deadline, a search that can only rule out all numbers of samples at once.
        record: told of each attempt at once: whoever has to stop this search knows how far it came.
    """
    wanted = problem.samples
    most = sufficient if wanted.most is None else wanted.most
    return _Search(wanted, most, decide, deadline, progress, record).run(sketch, looks, loosened, every)


@dataclass(slots=True)
class _Search:
    """A search under way: ``most`` is None where it has no end."""

    wanted: Samples
    most: int | None
    ask: Decide
    deadline: float
    progress: Progress
    record: Callable[[Attempt], None]
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    seen: dict[int, Verdict] = field(default_factory=dict)

    @property
    def endless(self) -> bool:
        return self.wanted.most is None

    def run(
        self,
        sketch: Decide | None,
        looks: tuple[Decide, Decide] | None,
        loosened: tuple[int, Decide] | None,
        every: Callable[[float], Verdict] | None,
    ) -> tuple[Verdict, tuple[Attempt, ...]]:
        sketched = None
        if self.endless and looks is not None:
            seen, sketched = self._looked(*looks)
            if seen is not None:
                return self._ended(seen)
        if self.endless and sketched is None and sketch is not None:
            sketched = self._sketch(sketch)
        if sketched is not None and self.wanted.every:
            self._note(sketched.witness.samples, sketched)
            return self._ended(sketched)
        if self.endless and sketched is None and every is not None:
            now = time.monotonic()
            verdict = every(now + (self.deadline - now) / 4)
            if isinstance(verdict, Impossible) and verdict.every:
                self._note(max(self.most or 1, self.wanted.least), verdict)
                return self._ended(verdict)
        if self.endless and self.most is not None and sketched is None:
            first = self._decide(self.most, half=self.wanted.least < self.most)
            if isinstance(first, Impossible) or (isinstance(first, Found) and self.wanted.every):
                return self._ended(first)
        if self.endless and self.most is None and sketched is None and loosened is not None:
            enough, decide = loosened
            samples = max(enough, self.wanted.least)  # more suffice as well, and conditions name samples
            now = time.monotonic()
            verdict = decide(samples, now + (self.deadline - now) / 4)
            if isinstance(verdict, Impossible):
                self._note(samples, verdict)
                return self._ended(replace(verdict, every=True))
        return self._ended(self._ascend())

    def _looked(self, quicker: Decide, look: Decide) -> tuple[Verdict | None, Found | None]:
        """The verdict, if it is seen at once: by a witness with the least number, or none with enough.

        Where the least number is too small, the next one may do. Else a witness with some number, if the
        quicker search has found one.
        """
        least, most = self.wanted.least, max(self.most or 1, self.wanted.least)
        sketched = False
        for samples in dict.fromkeys((least, min(least + 1, most), most)):
            too_few = isinstance(self.seen.get(least), Impossible)
            if samples > least and not sketched:
                sketched, found = True, self._sketch(quicker)
                if found is not None:
                    return None, found
            if least < samples < most and not too_few:
                continue
            verdict = look(samples, self.deadline)
            if isinstance(verdict, Found | Impossible):
                self.seen[samples] = verdict
            enough = samples == self.most and isinstance(verdict, Impossible)
            fewest = samples == least or (samples == least + 1 and too_few)
            if enough or (fewest and isinstance(verdict, Found)):
                for number in (least, samples) if too_few and fewest else (samples,):
                    self._note(number, self.seen[number])
                return verdict, None
        return None, None

    def _sketch(self, sketch: Decide) -> Found | None:
        least = self.wanted.least
        for samples in range(least, min(self.most or least, least + SKETCHES - 1) + 1):
            now = time.monotonic()
            if now >= self.deadline:
                return None
            found = sketch(samples, now + (self.deadline - now) / 4)
            if isinstance(found, Found):
                return found
        return None

    def _ascend(self) -> Verdict:
        samples = self.wanted.least
        while self.most is None or samples <= self.most:
            if self.wanted.fixed is None:
                self.progress(f"trying {samples} {'sample' if samples == 1 else 'samples'}")
            if time.monotonic() >= self.deadline and samples not in self.verdicts:
                return self._open() or Undecided("timeout")
            verdict = self._decide(samples, half=samples != self.most)
            if isinstance(verdict, Found) or verdict.every:
                return verdict
            samples += 1
        last = self.verdicts[samples - 1]
        # By padding, what is impossible for a sufficient number is so for each smaller one.
        if isinstance(last, Impossible) and (self.endless or self._open() is None):
            return last
        return self._open() or Undecided("incomplete", "no number of samples that was tried has a witness")

    def _decide(self, samples: int, *, half: bool) -> Verdict:
        known = self.verdicts.get(samples)
        if known is not None and not isinstance(known, Undecided):
            return known
        now = time.monotonic()
        verdict = self.seen.get(samples) or self.ask(
            samples, now + (self.deadline - now) / 2 if half else self.deadline
        )
        self._note(samples, verdict)
        return verdict

    def _note(self, samples: int, verdict: Verdict) -> None:
        self.verdicts[samples] = verdict
        self.record(_attempt(samples, verdict))

    def _open(self) -> Undecided | None:
        """The verdict on the largest number of samples that stayed undecided."""
        undecided = [v for _, v in sorted(self.verdicts.items()) if isinstance(v, Undecided)]
        return undecided[-1] if undecided else None

    def _ended(self, verdict: Verdict) -> tuple[Verdict, tuple[Attempt, ...]]:
        """With the attempts in order, up to the witness."""
        end = verdict.witness.samples if isinstance(verdict, Found) else None
        return verdict, tuple(
            _attempt(samples, v)
            for samples, v in sorted(self.verdicts.items())
            if end is None or samples <= end
        )


def _attempt(samples: int, verdict: Verdict) -> Attempt:
    match verdict:
        case Found():
            return Attempt(samples, "sat")
        case Impossible():
            return Attempt(samples, "unsat")
        case Undecided(reason=reason):
            return Attempt(samples, "unknown", reason)
