"""The tree of a certificate as an argument by cases, in the words of a textbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from zerograd.core.errors import Impossible
from zerograd.core.model.sides import Interval
from zerograd.core.refuting.certificate import (
    Alternatives,
    Compare,
    Floor,
    Identity,
    Inner,
    Like,
    Node,
    Split,
    nodes,
)
from zerograd.core.refuting.curves import ordered
from zerograd.core.refuting.facts import Formula as Fact
from zerograd.core.refuting.labels import all_sides
from zerograd.core.refuting.refutation import Known, cases_of
from zerograd.core.refuting.system import Case, Renaming, split_name
from zerograd.derive.naming import interval, quantity
from zerograd.document.blocks import Paragraph, Prose, Strong, join, prose
from zerograd.document.exact import rational
from zerograd.document.formula import EQUALS, RELATIONS, Digits, row
from zerograd.document.formula import Node as Formula
from zerograd.document.layout import listed
from zerograd.show.say.proof.contradiction import Contradiction
from zerograd.show.say.proof.facts import Facts

_BRIEF = 3
"""Facts in an identity that is told in a subordinate clause."""


@dataclass
class Argument:
    """The proof of one part.

    Attributes:
        numbers: of the facts that are displayed, by label.
    """

    words: Facts
    numbers: Mapping[str, int]
    prefix: tuple[int, ...] = ()
    anchors: dict[str, Prose] = field(init=False, default_factory=dict)

    @cached_property
    def likes(self) -> list[Like]:
        """The cases that are like others."""
        return [node for node in nodes(self.words.part.root) if isinstance(node, Like)]

    @cached_property
    def referred(self) -> set[str]:
        """The cases that they are like."""
        return {node.like for node in self.likes}

    @cached_property
    def sides(self) -> Mapping[tuple[int, int], Sequence[Interval]]:
        """The sides of every unit that has several."""
        return all_sides(self.words.problem)

    def paragraphs(self) -> list[Paragraph]:
        """All of it. The certificate must be one that the checker accepts."""
        return list(
            self._argue(self.words.part.root, Known(self.words.system.facts), self.prefix, fresh=True)
        )

    def _argue(self, node: Node, known: Known, place: tuple[int, ...], *, fresh: bool) -> Iterator[Paragraph]:
        depth = len(place) - len(self.prefix)
        if isinstance(node, Identity | Like):
            if isinstance(node, Identity) and node.name in self.referred and place:
                self.anchors[node.name] = (f"case {'.'.join(map(str, place))}",)
            yield Paragraph(_capital(self._end(node, known)), depth, speaks_of=(id(node),))
            return
        mark = self._anchor(node, place, fresh=fresh)
        cases = cases_of(self.words.system, node, known.facts)
        ends = [case for case in cases if isinstance(node.cases[case.name], Identity | Like)]
        further = [case for case in cases if case not in ends]
        if not further and not isinstance(node, Split):
            further = [ends.pop()]
        if len(further) == 1:
            yield self._step(node, known, ends, further[0], depth=depth, mark=mark)
            after = known.assuming(further[0])
            yield from self._argue(node.cases[further[0].name], after, place, fresh=False)
            return
        if mark:
            yield Paragraph((f"{mark} There are {len(cases)} cases.",), depth, speaks_of=(id(node),))
        for number, case in enumerate(cases, start=1):
            below = (*place, number)
            after = known.assuming(case)
            inner = self._argue(node.cases[case.name], after, below, fresh=True)
            first = next(inner)
            heading = Strong(f"Case {'.'.join(map(str, below))}.")
            about = () if mark or number > 1 else (id(node),)
            text = prose(heading, " ", self._supposed(node, case, known))
            if first.starts_case:
                yield Paragraph(text, depth + 1, True, about)
                yield first
            else:
                yield Paragraph(prose(text, " ", first.parts), depth + 1, True, (*about, *first.speaks_of))
            yield from inner

    def _anchor(self, node: Inner, place: tuple[int, ...], *, fresh: bool) -> str:
        """How later cases refer to a node: by its case, or by a mark where it comes in the midst of one."""
        if node.name is None or node.name not in self.referred:
            return ""
        if fresh and place:
            self.anchors[node.name] = (f"case {'.'.join(map(str, place))}",)
            return ""
        marks = sum(1 for anchor in self.anchors.values() if str(anchor[0]).startswith("the argument"))
        mark = "*" * (marks + 1) if marks < 3 else f"*{marks + 1}"
        self.anchors[node.name] = (f"the argument from ({mark}) on",)
        return f"({mark})"

    def _step(
        self, node: Inner, known: Known, ends: Sequence[Case], kept: Case, *, depth: int, mark: str
    ) -> Paragraph:
        """``We have w1 ≠ 0: if w1 = 0, then …``."""
        about = [id(node)]
        short: list[Prose] = []
        long: list[Prose] = []
        for case in ends:
            child = node.cases[case.name]
            if not isinstance(child, Identity | Like):
                raise Impossible(f"the case {case.name} is no end of a proof")
            about.append(id(child))
            assumed, end = self._assumption(node, case, known), self._end(child, known.assuming(case))
            if isinstance(child, Identity) and child.name in self.referred:
                self.anchors[child.name] = prose("the case ", assumed, " above")
            if isinstance(child, Identity) and _size(child) > _BRIEF:
                long.append(prose("Suppose that ", assumed, ". ", _capital(end), " "))
            else:
                short.append(prose(" And " if short else " ", "if ", assumed, ", ", end))
        so = self._assumption(node, kept, known)
        if long:
            have = prose(*long, "So ", so, self._consequence(kept, " and "))
        else:
            have = prose("" if _capital(so) != so else "We have ", _capital(so), self._consequence(kept))
        text = prose(f"{mark} " if mark else "", have, ":" if short or not long else ".", *short)
        return Paragraph(text, depth, speaks_of=tuple(about))

    # What is supposed

    def _supposed(self, node: Inner, case: Case, known: Known) -> Prose:
        return prose(_capital(self._assumption(node, case, known)), self._consequence(case), ".")

    def _assumption(self, node: Inner, case: Case, known: Known) -> Prose:
        """A clause such as ``w1 = 0``."""
        write = self.words.naming(known.values)
        match node:
            case Split(split=split) if split.startswith("pattern"):
                return self._pattern(split.removeprefix("pattern").strip(), case)
            case Split() if ordered(case.name):
                return prose(self._ordered(case.name))
            case Split(split=split) if not split.startswith("z"):  # an adjoint
                return join((*self._values(case), *self._facts(case.facts)))
            case Split(split=split):
                layer, index = _unit_of(split)
                z = self.words.plain.pre_activation(layer, index)
                return prose(interval(self._side(split, case), z))
            case Alternatives():
                (_, formula), *_ = case.facts
                return self.words.formula(case.facts[0][0], formula, known.values)
            case Floor(polynomial=p, below=below):
                sign, end = ("<=", below) if case.name.startswith("<") else (">=", below + 1)
                return prose(row(write(p.at(known.values)), RELATIONS[sign], rational(end)))
            case Compare(polynomial=p):
                return prose(self.words.relation(p.at(known.values), case.name.split()[0], write))

    def _consequence(self, case: Case, so: str = " so ") -> Prose:
        """``, so s[0] = 0``."""
        if case.name.startswith(("g[", "l[")):  # all of it is supposed
            return ()
        follows = self._values(case)
        if case.name.startswith("z"):  # what an order or a side says besides
            facts = case.facts[1:] if ordered(case.name) else case.facts
            follows += self._facts([(label, f) for label, f in facts if label not in self.words.comparisons])
        return prose(",", so, join(follows)) if follows else ()

    def _values(self, case: Case) -> list[Prose]:
        return [
            prose(row(self.words.plain.variable(name), EQUALS, rational(value)))
            for name, value in case.values.items()
        ]

    def _facts(self, facts: Iterable[tuple[str, Fact]]) -> list[Prose]:
        return [self.words.formula(label, fact, {}) for label, fact in facts]

    def _ordered(self, label: str) -> Formula:
        return self.words.order(label) or row()

    def _side(self, split: str, case: Case) -> Interval:
        layer, index = _unit_of(split)
        return self.sides[layer, index[1]][self.words.system.splits[split].index(case)]

    def _pattern(self, tag: str, case: Case) -> Prose:
        if len(self.sides) == 1:
            ((layer, unit), sides), *_ = self.sides.items()
            what = prose("has ", interval(sides[int(tag)], self.words.plain.pre_activation(layer, (unit,))))
        elif not self.sides:
            what = prose("is there")
        else:
            what = prose("has pattern ", Digits(tag))
        if case.name == "no sample":
            return prose("no sample ", what)
        formulas = [(label, self.words.formula(label, formula, {})) for label, formula in case.facts]
        on_sides = [formula for label, formula in formulas if label in self.words.comparisons]
        over = tuple({f" over {tag}", " over"})
        summed = [f for label, f in formulas if label.endswith(over) and label in self.words.cited]
        told = [(label, f) for label, f in formulas if not label.endswith(over)]
        asked = [formula for label, formula in told if label not in self.words.comparisons]
        clause = prose("some sample ", what, ", say ", quantity(self.words.problem.network, "x", tag))
        if on_sides and len(self.sides) > 1:
            clause = prose(clause, ", so that ", join(on_sides))
        if asked:
            clause = prose(
                clause, ", while ", join(asked), f" {'is' if len(set(asked)) == 1 else 'are'} asked"
            )
        if summed:
            clause = prose(clause, ", so that the sums over all of them have ", join(summed))
        return clause

    def assumption(self, node: Inner, case: Case, known: Known) -> Prose:
        """What a case supposes, as a clause."""
        return self._assumption(node, case, known)

    # How a case ends

    def end(self, node: Identity | Like, known: Known) -> Prose:
        """Why a case cannot be, as a clause. What it is like must be among `anchors`."""
        return self._end(node, known)

    def _end(self, node: Identity | Like, known: Known) -> Prose:
        """``then …``: the contradiction."""
        if isinstance(node, Like):
            return self._like(node)
        return prose("then ", Contradiction(self.words, self.numbers, node, known).told())

    def _like(self, node: Like) -> Prose:
        changes = self._renamed(node.renaming)
        how = f" with {listed(changes)}." if changes else " again."
        return prose("this is ", self.anchors[node.like], how)

    @property
    def renumbered(self) -> str:
        """``Samples``, ``Units of layer 1`` or both: what cases that are like others rename."""
        likes = [node.renaming for node in self.likes]
        renamed = ["samples"] if any(_moves(like.samples) for like in likes) else []
        layers = sorted({layer for like in likes for layer, order in like.units.items() if _moves(order)})
        renamed += [f"units of layer {layer}" for layer in layers]
        text = listed(renamed) if renamed else "samples"
        return text[0].upper() + text[1:]

    def _renamed(self, renaming: Renaming) -> list[str]:
        changes = _permuted("sample", renaming.samples, "")
        layers = self.words.problem.network.depth - 1
        for layer, order in sorted(renaming.units.items()):
            changes += _permuted("unit", order, f" of layer {layer}" if layers > 1 else "")
        return changes


def _capital(text: Prose) -> Prose:
    """Words at the start of a sentence; a formula there stays as it is."""
    first, *rest = text
    if isinstance(first, str) and first.startswith(("then ", "this ", "no ", "some ")):
        return (first[0].upper() + first[1:], *rest)
    return text


def _moves(order: Sequence[int]) -> bool:
    return list(order) != sorted(order)


def _size(leaf: Identity) -> int:
    return len(leaf.cofactors) + len(leaf.nonzero) + len(leaf.positive)


def _unit_of(split: str) -> tuple[int, tuple[int, ...]]:
    """``z1[0,2]``: layer 1, sample 0, unit 2."""
    name, index = split_name(split)
    return int(name[1:]), index


def _permuted(noun: str, order: Sequence[int], suffix: str) -> list[str]:
    moved = [(n, to) for n, to in enumerate(order) if n != to]
    if not moved:
        return []
    if len(moved) == 2:
        return [f"{noun}s {moved[0][0]} and {moved[1][0]}{suffix} exchanged"]
    names = [f"{n} as {to}" for n, to in moved]
    return [f"{noun}s{suffix} renumbered: {listed(names)}"]
