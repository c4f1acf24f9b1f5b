"""The cases that a certificate ends in, one by one: where samples lie, what else is assumed, why it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zerograd.core.question.necessary import necessary
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.at_most import at_most
from zerograd.core.refuting.certificate import Certificate, Identity, Inner, Like, Node, Part, Split, nodes
from zerograd.core.refuting.refutation import Known, cases_of
from zerograd.core.refuting.system import Case, split_name
from zerograd.core.verdict.answer import Answer, Sat, Unsat
from zerograd.document.blocks import Prose
from zerograd.document.formula import Node as Formula
from zerograd.show.say.proof import displayed
from zerograd.show.say.proof.argument import Argument
from zerograd.show.say.proof.claim import notation
from zerograd.show.say.proof.facts import Facts, used_labels

Unit = tuple[int, int]
"""(layer from 1, unit from 0)."""
_PATTERN = "pattern "


@dataclass(frozen=True, slots=True)
class Row:
    """A case that a certificate ends in.

    Attributes:
        number: counted from 1 through all parts.
        samples: of the part that it belongs to; None if it is about any number of them.
        sides: for each unit, the number of the side that samples are assumed to be on, by the sample's name:
            its number, or the tag of a pattern that some sample has.
        empty: the patterns that no sample has.
        assumed: what else is supposed, clause by clause.
        end: why that cannot be, as a clause.
    """

    number: int
    samples: int | None
    sides: Mapping[Unit, Mapping[str, int]]
    empty: tuple[str, ...]
    assumed: tuple[Prose, ...]
    end: Prose


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of a certificate.

    Attributes:
        rows: the first ones, in the certificate's order; ``left``: how many more there are.
        notation: what letters stand for.
        facts: what rows refer to by number.
    """

    rows: tuple[Row, ...]
    left: int
    notation: tuple[Prose, ...]
    facts: tuple[tuple[int, Formula], ...]


def unfit(answer: Answer) -> str | None:
    """Return why an answer has no cases to tell, and what to do instead."""
    if not isinstance(answer, Unsat):
        draws = " (the kind function draws its witness)" if isinstance(answer, Sat) else ""
        return f"the answer is {answer.status}: only an unsat has cases that are ruled out{draws}"
    certificate = answer.certificate
    if certificate is None:
        return (
            "the answer is unsat on a solver's word alone: without a certificate there are no cases "
            "(zerograd prove looks for one)"
        )
    if certificate.point is not None:
        return "everything is given: there are no cases"
    if not any(_on_sides(node) for part in certificate.parts for node in nodes(part.root)):
        kinds = " and ".join(dict.fromkeys(part.kind for part in certificate.parts))
        return (
            f"the certificate (by {kinds}) does not distinguish where samples lie: there are no regions to "
            "draw (zerograd export --to markdown has the proof in words)"
        )
    return None


def _on_sides(node: Node) -> bool:
    """Whether a node distinguishes the sides of a unit, or whether samples have a pattern."""
    return isinstance(node, Split) and node.split.startswith(("z", _PATTERN))


def told(problem: Problem, certificate: Certificate, *, most: int = 1000) -> Told:
    """The first rows, and the facts that the proof cites. The checker must accept the certificate.

    Args:
        most: rows that are put into words.
    """
    if certificate.better is not None:
        problem = at_most(problem, certificate.better)
    rows: list[Row] = []
    leaves = 0
    facts: list[tuple[int, Formula]] = []
    for part in certificate.parts:
        words = Facts(necessary(problem), part)
        labels = [label for label in words.system.facts if label in words.cited]
        numbers = {label: n for n, label in enumerate(labels, start=len(facts) + 1)}
        facts += [(n, displayed(words, label)) for label, n in numbers.items()]
        rows += _Rows(part, Argument(words, numbers), len(rows), most).all()
        leaves += sum(isinstance(node, Identity | Like) for node in nodes(part.root))
    used = {label for part in certificate.parts for label in used_labels(part)}
    letters = notation(problem, {part.kind for part in certificate.parts}, used)
    return Told(tuple(rows), leaves - len(rows), tuple(letters), tuple(facts))


@dataclass(slots=True)
class _Rows:
    """The rows of one part."""

    part: Part
    argument: Argument
    before: int
    most: int

    def all(self) -> Iterator[Row]:
        start = Row(self.before, self.part.samples, {}, (), (), ())
        yield from self._of(self.part.root, Known(self.argument.words.system.facts), start)

    def _of(self, node: Node, known: Known, above: Row) -> Iterator[Row]:
        if self.before >= self.most:
            return
        first = self.before + 1
        if isinstance(node, Identity | Like):
            self.before += 1
            end = self.argument.end(node, known)
            yield replace(above, number=self.before, end=end)
        else:
            for case in cases_of(self.argument.words.system, node, known.facts):
                below = self._assuming(node, case, known, above)
                yield from self._of(node.cases[case.name], known.assuming(case), below)
        if not isinstance(node, Like) and node.name is not None:
            last = self.before
            several = f"as in rows {first} to {last}" if last > first else f"row {first}"
            self.argument.anchors[node.name] = (several,)

    def _assuming(self, node: Inner, case: Case, known: Known, above: Row) -> Row:
        """What is known below a case, for the picture or in words."""
        argument = self.argument
        clause = argument.assumption(node, case, known)
        if isinstance(node, Split) and node.split.startswith(_PATTERN):
            tag = node.split.removeprefix(_PATTERN)
            supposed = replace(above, assumed=(*above.assumed, clause))
            if case.name == "no sample":
                return replace(supposed, empty=(*above.empty, tag))
            sides = dict(above.sides)
            for unit, side in zip(argument.sides, tag, strict=True):
                sides[unit] = {**sides.get(unit, {}), tag: int(side)}
            return replace(supposed, sides=sides)
        if isinstance(node, Split) and node.split in self._sided:
            name, (sample, i) = split_name(node.split)
            place = (int(name[1:]), i)
            number = argument.words.system.splits[node.split].index(case)
            known_sides = {**above.sides.get(place, {}), str(sample): number}
            return replace(above, sides={**above.sides, place: known_sides})
        return replace(above, assumed=(*above.assumed, clause))

    @property
    def _sided(self) -> frozenset[str]:
        """The distinctions of which cases are the sides of a unit, in order."""
        sides, splits = self.argument.sides, self.argument.words.system.splits
        names = []
        for split, cases in splits.items():
            name, index = split_name(split)
            if name.startswith("z") and name[1:].isdigit() and len(index) == 2:
                place = (int(name[1:]), index[1])
                if place in sides and len(sides[place]) == len(cases):
                    names.append(split)
        return frozenset(names)
