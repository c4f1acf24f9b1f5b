"""The tree of a certificate as an argument by cases, in the words of a textbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from zerograd.core.model.sides import Side
from zerograd.core.question.problem import Problem
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
from zerograd.core.refuting.refutation import Known, cases_of
from zerograd.core.refuting.system import Case, Renaming, System, sides_of_units, split_name
from zerograd.derive.notation import Atom
from zerograd.show.say.proof.contradiction import Contradiction
from zerograd.show.say.proof.facts import Facts
from zerograd.show.say.proof.style import Paragraph, Style, listed

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
    problem: Problem = field(init=False)
    system: System = field(init=False)
    style: Style = field(init=False)
    anchors: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        words = self.words
        self.problem, self.system, self.style = words.problem, words.system, words.style
        self.referred = {node.like for node in nodes(self.words.part.root) if isinstance(node, Like)}

    def paragraphs(self) -> list[Paragraph]:
        """All of it. The certificate must be one that the checker accepts."""
        return list(self._argue(self.words.part.root, Known(self.system.facts), self.prefix, fresh=True))

    def _argue(self, node: Node, known: Known, place: tuple[int, ...], *, fresh: bool) -> Iterator[Paragraph]:
        depth = len(place) - len(self.prefix)
        if isinstance(node, Identity | Like):
            if isinstance(node, Identity) and node.name in self.referred and place:
                self.anchors[node.name] = f"case {'.'.join(map(str, place))}"
            text = self._capital(self._end(node, known))
            yield Paragraph(text, depth, speaks_of=(id(node),))
            return
        mark = self._anchor(node, place, fresh=fresh)
        cases = cases_of(self.system, node, known.facts)
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
            yield Paragraph(f"{mark} There are {len(cases)} cases.", depth, speaks_of=(id(node),))
        for number, case in enumerate(cases, start=1):
            below = (*place, number)
            after = known.assuming(case)
            inner = self._argue(node.cases[case.name], after, below, fresh=True)
            first = next(inner)
            heading = self.style.strong(f"Case {'.'.join(map(str, below))}.")
            about = () if mark or number > 1 else (id(node),)
            text = f"{heading} {self._supposed(node, case, known)}"
            if first.starts_case:
                yield Paragraph(text, depth + 1, True, about)
                yield first
            else:
                yield Paragraph(f"{text} {first.text}", depth + 1, True, (*about, *first.speaks_of))
            yield from inner

    def _anchor(self, node: Inner, place: tuple[int, ...], *, fresh: bool) -> str:
        """How later cases refer to a node: by its case, or by a mark where it comes in the midst of one."""
        if node.name is None or node.name not in self.referred:
            return ""
        if fresh and place:
            self.anchors[node.name] = f"case {'.'.join(map(str, place))}"
            return ""
        marks = sum(1 for anchor in self.anchors.values() if anchor.startswith("the argument"))
        mark = "*" * (marks + 1) if marks < 3 else f"*{marks + 1}"
        shown = self.style.escape(f"({mark})")
        self.anchors[node.name] = f"the argument from {shown} on"
        return shown

    def _step(
        self, node: Inner, known: Known, ends: Sequence[Case], kept: Case, *, depth: int, mark: str
    ) -> Paragraph:
        """``We have w1 ≠ 0: if w1 = 0, then …``."""
        about = [id(node)]
        short, long = [], []
        for case in ends:
            child = node.cases[case.name]
            assert isinstance(child, Identity | Like)  # for the type checker: chosen so
            about.append(id(child))
            assumed, end = self._assumption(node, case, known), self._end(child, known.assuming(case))
            if isinstance(child, Identity) and child.name in self.referred:
                self.anchors[child.name] = f"the case {assumed} above"
            if isinstance(child, Identity) and _size(child) > _BRIEF:
                long.append(f"Suppose that {assumed}. {self._capital(end)}")
            else:
                short.append(f"if {assumed}, {end}")
        so, also = self._assumption(node, kept, known), self._consequence(kept)
        first = f"So {so}{also.replace(', so ', ', and ')}{': ' if short else '.'}" if long else ""
        have = self._capital(so) if so.startswith(("some ", "no ")) else f"We have {so}"
        said = [*long, first or f"{have}{also}: "]
        text = f"{mark} {' '.join(said)}{' And '.join(short)}".strip()
        return Paragraph(text, depth, speaks_of=tuple(about))

    # What is supposed

    def _supposed(self, node: Inner, case: Case, known: Known) -> str:
        return f"{self._capital(self._assumption(node, case, known))}{self._consequence(case)}."

    def _capital(self, text: str) -> str:
        """Words at the start of a sentence; a formula there stays as it is."""
        return text[0].upper() + text[1:] if text.startswith(("then ", "this ", "no ", "some ")) else text

    def _assumption(self, node: Inner, case: Case, known: Known) -> str:
        """A clause such as ``w1 = 0``."""
        math, write = self.style.math, self.words.naming(known.values)
        match node:
            case Split(split=split) if split.startswith("pattern"):
                return self._pattern(split.removeprefix("pattern").strip(), case)
            case Split(split=split):
                layer, index = _unit_of(split)
                side = self._side(split, case)
                return math(self.style.write.interval(side, self.words.plain.pre_activation(layer, index)))
            case Alternatives():
                (_, formula), *_ = case.facts
                return self.words.formula(case.facts[0][0], formula, known.values)
            case Floor(polynomial=p, below=below):
                sign, end = ("<=", below) if case.name.startswith("<") else (">=", below + 1)
                shown = write(p.at(known.values))
                return math(f"{shown} {self.style.sign(sign)} {self.style.write.number(Fraction(end))}")
            case Compare(polynomial=p):
                return math(self.words.relation(p.at(known.values), case.name.split()[0], write))

    def _consequence(self, case: Case) -> str:
        """``, so s[0] = 0``."""
        equal = [
            self.style.math(f"{self.words.plain.variable(name)} = {self.style.write.number(value)}")
            for name, value in case.values.items()
        ]
        return f", so {listed(equal)}" if equal else ""

    def _side(self, split: str, case: Case) -> Side:
        layer, index = _unit_of(split)
        choices = sides_of_units(self.problem)[layer, index[1]]
        return choices[self.system.splits[split].index(case)]

    def _pattern(self, tag: str, case: Case) -> str:
        choices = sides_of_units(self.problem)
        none = case.name == "no sample"
        if len(choices) == 1:
            ((layer, unit), own), *_ = choices.items()
            side = self.style.write.interval(own[int(tag)], self.words.plain.pre_activation(layer, (unit,)))
            what = f"has {self.style.math(side)}"
        elif not choices:
            what = "is there"
        else:
            what = f"has pattern {self.style.math(tag)}"
        if none:
            return f"no sample {what}"
        x = self.style.math(self.style.write.atom(Atom("x", tag)))
        formulas = [(label, self.words.formula(label, formula, {})) for label, formula in case.facts]
        sides = [formula for label, formula in formulas if label.startswith("z") and len(choices) > 1]
        asked = [formula for label, formula in formulas if not label.startswith("z")]
        said = f"some sample {what}, say {x}"
        if sides:
            said += f", so that {listed(sides)}"
        if asked:
            said += f", while {listed(asked)} {'is' if len(set(asked)) == 1 else 'are'} asked"
        return said

    # How a case ends

    def _end(self, node: Identity | Like, known: Known) -> str:
        """``then …``: the contradiction."""
        if isinstance(node, Like):
            return self._like(node)
        return f"then {Contradiction(self.words, self.numbers, node, known).told()}"

    def _like(self, node: Like) -> str:
        changes = self._renamed(node.renaming)
        how = f" with {listed(changes)}" if changes else " again"
        return f"this is {self.anchors[node.like]}{how}."

    @property
    def renumbered(self) -> str:
        """``Samples``, ``Units of layer 1`` or both: what cases that are like others rename."""
        likes = [node.renaming for node in nodes(self.words.part.root) if isinstance(node, Like)]
        found = ["samples"] if any(_moves(like.samples) for like in likes) else []
        layers = sorted({layer for like in likes for layer, order in like.units.items() if _moves(order)})
        found += [f"units of layer {layer}" for layer in layers]
        text = listed(found) if found else "samples"
        return text[0].upper() + text[1:]

    def _renamed(self, renaming: Renaming) -> list[str]:
        found = _permuted("sample", renaming.samples, "")
        layers = self.problem.network.depth - 1
        for layer, order in sorted(renaming.units.items()):
            found += _permuted("unit", order, f" of layer {layer}" if layers > 1 else "")
        return found


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
