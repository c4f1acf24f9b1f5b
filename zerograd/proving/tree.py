"""A system of facts refuted by cases: sides of units (or which patterns occur) first, then algebra.

At each node Z3 is asked whether the facts contradict one another; where they do, a proof is looked for, and
where they do not, its model says which side is not decided yet although it matters. Cases that are
renamings of earlier ones are not proved again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import permutations
from math import floor
from operator import itemgetter

from zerograd.core.errors import Refused, present
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.refuting.certificate import Floor, Identity, Like, Node, Split, nodes
from zerograd.core.refuting.facts import Both, Either, Fact, Formula, renamed, variables_in
from zerograd.core.refuting.refutation import Known, Refutation, cases_of, symmetry
from zerograd.core.refuting.system import Case, Renaming, System, values_label
from zerograd.proving.cases import refute
from zerograd.proving.reals import BRIEFLY, Reals, approximate
from zerograd.proving.signs import QUICKLY, refute_by_signs
from zerograd.proving.whole import Satisfiable, Sight, fixed_by, what_matters
from zerograd.solvers.base import Model, NoModel, Outcome

MAX_RENAMINGS = 150
FEW, MANY = 24, 100
"""Identities that are looked for while there are sides to decide, and when there are none."""

DEEPEST = 100
"""Nested cases before the algebra of one, which may add `MANY` more; the checker takes `MAX_DEPTH`."""

MANY_LEAVES, MOST_VAIN = 12, 3
"""Once so many cases are refuted, a few signs are tried first, without a solver; unless that is in vain."""

MANY_SPLITS = 9
"""With so many, signs are looked at even where sides are not decided that they depend on."""

MAX_FLOORS = 12
"""Nested comparisons of integers."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class Tree:
    """The search for a refutation.

    Attributes:
        open: cases for which no proof was found, as their names from the root on.
    """

    system: System
    reals: Reals
    renamings: Callable[[], Sequence[Renaming]]
    """Renamings that leave the system as it is."""
    progress: Progress = lambda _: None
    patience: int = 10**9
    """Open cases with which the search gives up."""
    begun: Callable[[], object] = lambda: None
    """Called when facts contradict one another, before a proof of that is looked for."""
    open: list[tuple[str, ...]] = field(init=False, default_factory=list)
    _done: dict[object, tuple[str, Renaming]] = field(init=False, default_factory=dict)
    _names: dict[object, Mapping[str, str]] = field(init=False, default_factory=dict)
    _assumed: dict[str, tuple[Case, ...]] = field(init=False, default_factory=dict)
    _symmetries: dict[object, Mapping[str, str]] = field(init=False, default_factory=dict)
    _leaves: int = field(init=False, default=0)
    _vain: int = field(init=False, default=0)
    _ahead: Known = field(init=False)
    _splits: Mapping[str, tuple[Case, ...]] = field(init=False)
    """The distinctions that may be made."""
    _orders: Sequence[Renaming] | None = field(init=False, default=None)
    _used: set[str] = field(init=False, default_factory=set)

    def find(self, known: Known | None = None, at_sight: Sight = "patient") -> Node | None:
        """A refutation of the system, or None where cases stay ``open``.

        Args:
            known: what is assumed ahead of it.
            at_sight: whether it is looked for only if one question shows that there is one.

        Raises:
            Satisfiable: it cannot be refuted.
            NotAtSight: one question did not show it.
            OutOfTime: the deadline has passed.
        """
        self._ahead = known = known or Known(self.system.facts)
        self._splits = self.system.splits
        outcome: Outcome | None = None
        if self._splits:
            outcome = self.reals.check(known.facts.values())
            if not isinstance(outcome, NoModel):
                matters = what_matters(self.system, known, self.reals, at_sight)
                known, self._splits = matters.known, matters.splits
                outcome = outcome if self._splits else None  # fewer facts have the same model
        root = self._node(known, 0, outcome)
        return None if root is None or self.open else _named(root, self._used)

    def _node(self, known: Known, floors: int, outcome: Outcome | None = None) -> Node | None:
        shared = self._shared(known)
        if isinstance(shared, Like):
            return shared
        if len(known.assumed) - len(self._ahead.assumed) > DEEPEST:
            self.open.append(tuple(map(_said, known.assumed)))
            return None
        if self._leaves >= MANY_LEAVES and self._vain <= MOST_VAIN:
            by_signs = refute_by_signs(known.facts, known.facts, self.reals.keep_time, QUICKLY)
            if by_signs is not None:
                self._vain -= 1
                return self._leaf(by_signs, known, shared)
            self._vain += 1
        open_splits = self._open(known)
        if outcome is None:
            facts = known.facts
            outcome = self.reals.check(facts.values()) if open_splits else self.reals.patiently(facts)
        if isinstance(outcome, NoModel):
            found = self._refuted(known, open_splits)
            if found is not None and not isinstance(found, str):
                return self._leaf(found, known, shared)
            name = found
        else:
            name = self._undecided(open_splits, known, outcome)
        if name is not None:
            return self._split(name, known, floors, shared)
        if isinstance(outcome, Model) and self.system.integers and floors < MAX_FLOORS:
            return self._floor(known, outcome, floors, shared)
        if isinstance(outcome, Model):
            raise Satisfiable
        self.open.append(tuple(map(_said, known.assumed)))
        return None

    def _leaf(self, node: Node, known: Known, here: tuple[object, Renaming]) -> Node:
        self._leaves += 1
        self.progress(f"{self._leaves} cases refuted")
        return self._kept(node, known, here)

    def _split(self, name: str, known: Known, floors: int, here: tuple[object, Renaming]) -> Node | None:
        """Every case of a split; or one alone, if its proof does without what it assumes."""
        cases = self.system.splits[name]
        children: dict[str, Node] = {}
        for case in cases:
            child = self._node(known.assuming(case), floors)
            if child is None:
                if len(self.open) >= self.patience:
                    return None
                continue
            if self._stands_alone(child, known, children.values()):
                self._forget(children.values())
                if not isinstance(child, Like):
                    # `_kept` gave it its name.
                    self._done[here[0]] = (present(child.name, "name of a node"), here[1])
                return child
            children[case.name] = child
        return self._kept(Split(name, children), known, here) if len(children) == len(cases) else None

    def _stands_alone(self, node: Node, known: Known, others: Iterable[Node]) -> bool:
        """Whether a proof of one case proves all of it, and needs none of the other cases."""
        referred = {below.like for below in nodes(node) if isinstance(below, Like)}
        if referred & _names(others):
            return False
        own = _names([node])
        done = {name: assumed for name, assumed in self._assumed.items() if name not in own}
        try:
            Refutation(self.system, done=done, symmetries=self._symmetries).check(node, known)
        except Refused:
            return False
        return True

    def _forget(self, roots: Iterable[Node]) -> None:
        """Drop cases that will not stand in the proof: nothing can be said to be like them."""
        gone = _names(roots)
        self._done = {key: done for key, done in self._done.items() if done[0] not in gone}

    def _kept(self, node: Node, known: Known, here: tuple[object, Renaming]) -> Node:
        """The node under a name, for those that are renamings of it; what is like another needs none."""
        if isinstance(node, Like):
            return node
        label = f"n{len(self._assumed)}"
        self._done[here[0]] = (label, here[1])
        self._assumed[label] = known.assumed
        return replace(node, name=label)

    # --- what to decide next --------------------------------------------------------------

    def _open(self, known: Known) -> list[str]:
        """The splits that have not been made."""
        taken = {id(case) for case in known.assumed}
        return [name for name, cases in self._splits.items() if not any(id(case) in taken for case in cases)]

    def _refuted(self, known: Known, open_splits: Sequence[str]) -> Node | str | None:
        """A proof by algebra, or the split to make first.

        Where it has to speak of sides that are not decided (what unites them, say s² = s, makes for long
        proofs), it is looked for in no more than one identity.
        """
        self.begun()
        fixed = {split: fixed_by(self.system.splits[split]) for split in open_splits}
        united = {values_label(name): name for names in fixed.values() for name in names}
        united = {label: name for label, name in united.items() if label in known.facts}
        sides = set(united.values())
        facts = {label: fact for label, fact in known.facts.items() if label not in united}
        if united:
            needed = self.reals.needed(list(facts), (), facts, effort=BRIEFLY)
            if needed is None:
                return open_splits[0]
            facts = {label: facts[label] for label in needed}
        core = self.reals.core(facts)
        spoken = set().union(*(variables_in(fact) for fact in core.values()))
        touched = [split for split in open_splits if fixed[split] & spoken & sides]
        tries = 1 if touched else FEW if open_splits else MANY
        # Signs make longer proofs than deciding sides does, unless there are many of these.
        signs = not touched or self._leaves >= MANY_LEAVES or len(self._splits) >= MANY_SPLITS
        return refute(self.system, self.reals, known, core, tries, signs=signs) or next(
            iter([*touched, *open_splits]), None
        )

    def _undecided(self, open_splits: Sequence[str], known: Known, outcome: Outcome) -> str | None:
        """A split of which the model fits no case; without a model, the first."""
        if not isinstance(outcome, Model):
            return open_splits[0] if open_splits else None
        values = {name: approximate(value) for name, value in outcome.values.items()}
        values = {**values, **known.values}
        for name in open_splits:
            if not any(self._fits(case, values) for case in self.system.splits[name]):
                return name
        return None

    def _fits(self, case: Case, values: Mapping[str, Fraction]) -> bool:
        if any(values.get(name, value) != value for name, value in case.values.items()):
            return False
        return all(_holds(fact, values) for _, fact in case.facts)

    def _floor(self, known: Known, outcome: Model, floors: int, here: tuple[object, Renaming]) -> Node | None:
        """An unknown integer that the model gives another value is less than that or more."""
        for name in sorted(self.system.integers & set(outcome.values)):
            value = approximate(outcome.values[name])
            if value.denominator == 1:
                continue
            node = Floor(Polynomial.variable(name), floor(value), {})
            children = {}
            for case in cases_of(self.system, node, known.facts):
                child = self._node(known.assuming(case), floors + 1)
                if child is None:
                    return None
                children[case.name] = child
            return self._kept(replace(node, cases=children), known, here)
        raise Satisfiable

    # --- renamings ------------------------------------------------------------------------

    def _keeps(self, assumed: Sequence[Case], renaming: Renaming) -> bool:
        """Whether what is assumed ahead stays so under a renaming: then it need not be compared again."""
        names = self._names_of(renaming)
        return {case.meaning(names) for case in assumed} == {case.meaning({}) for case in assumed}

    def _shared(self, known: Known) -> Like | tuple[object, Renaming]:
        """An earlier node that this one is a renaming of; or this one's class, and how it gets there."""
        ahead = self._ahead.assumed
        if len(known.assumed) == len(ahead):  # the root
            return (), Renaming()
        if self._orders is None:
            self._orders = [renaming for renaming in self.renamings() if self._keeps(ahead, renaming)]
        classes: list[tuple[tuple[str, ...], Renaming]] = []
        for renaming in self._orders:
            names = self._names_of(renaming)
            key = tuple(sorted(map(repr, (_key(case, names) for case in known.assumed[len(ahead) :]))))
            classes.append((key, renaming))
        best = min(classes, key=itemgetter(0))  # the identity is one of them
        if best[0] and best[0] in self._done:
            name, theirs = self._done[best[0]]
            self._used.add(name)
            return Like(name, _after(_inverse(best[1]), theirs))
        return best

    def _names_of(self, renaming: Renaming) -> Mapping[str, str]:
        key = _hashable(renaming)
        if key not in self._names:
            # Renamings were tested.
            self._names[key] = present(symmetry(self.system, renaming), "symmetry by a renaming")
        return self._names[key]


def _said(case: Case) -> str:
    """What a case assumes: its name, or where that says too little the fact."""
    if case.name[0].isalpha():
        return case.name
    return " and ".join(str(fact) for _, fact in case.facts)


def _names(roots: Iterable[Node]) -> set[str | None]:
    """The names of all nodes in some trees."""
    return {below.name for root in roots for below in nodes(root) if not isinstance(below, Like)}


def _hashable(renaming: Renaming) -> object:
    return (renaming.samples, tuple(sorted(renaming.units.items())))


def _key(case: Case, names: Mapping[str, str]) -> object:
    values = sorted((names.get(name, name), str(value)) for name, value in case.values.items())
    facts = sorted(
        str(fact) if isinstance(fact, Fact) else repr(fact)
        for fact in (renamed(fact, names) for _, fact in case.facts)
    )
    return (values, facts)


def _inverse(renaming: Renaming) -> Renaming:
    def back(order: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(order.index(i) for i in range(len(order)))

    return Renaming(back(renaming.samples), {layer: back(order) for layer, order in renaming.units.items()})


def _after(second: Renaming, first: Renaming) -> Renaming:
    """First the one, then the other."""
    layers = {*first.units, *second.units}
    size = max(len(first.samples), len(second.samples))
    samples = tuple(second.sample(first.sample(m)) for m in range(size))
    units = {
        layer: tuple(
            second.unit(layer, first.unit(layer, i))
            for i in range(max(len(first.units.get(layer, ())), len(second.units.get(layer, ()))))
        )
        for layer in layers
    }
    return Renaming(samples, units)


def renamings(system: System, samples: int, hidden: Mapping[int, int]) -> list[Renaming]:
    """Renamings of samples and of units of hidden layers that leave the system as it is.

    Args:
        samples: M, or 0 where there are none to rename.
        hidden: the number of units of each hidden layer.
    """

    def orders(size: int, single: Callable[[tuple[int, ...]], Renaming]) -> Iterator[tuple[int, ...]]:
        """All orders, if exchanging neighbours changes nothing; else the one that there is."""
        plain = tuple(range(size))
        swaps = [(*plain[:i], i + 1, i, *plain[i + 2 :]) for i in range(size - 1)]
        free = 1 < size <= 5 and all(symmetry(system, single(swap)) is not None for swap in swaps)
        return iter(permutations(plain)) if free else iter([plain])

    found = [Renaming()]
    for choices in (
        [Renaming(order) for order in orders(samples, Renaming)],
        *(
            [Renaming((), {layer: order}) for order in orders(size, _of_units(layer))]
            for layer, size in hidden.items()
        ),
    ):
        # What would be too many stays as it is: fewer renamings only share less.
        if len(found) * len(choices) <= MAX_RENAMINGS:
            found = [
                Renaming(first.samples or second.samples, {**first.units, **second.units})
                for first in found
                for second in choices
            ]
    return found


def _of_units(layer: int) -> Callable[[tuple[int, ...]], Renaming]:
    return lambda order: Renaming((), {layer: order})


def _holds(formula: Formula, values: Mapping[str, Fraction]) -> bool:
    match formula:
        case Fact(polynomial=p, sign=sign):
            value = p.at({name: values.get(name, Fraction(0)) for name in p.variables}).constant_term
            return {"=": value == 0, "!=": value != 0, ">": value > 0, ">=": value >= 0}[sign]
        case Both(parts=parts):
            return all(_holds(part, values) for part in parts)
        case Either(parts=parts):
            return any(_holds(part, values) for part in parts)


def _named(node: Node, used: set[str]) -> Node:
    """Without the names that nobody refers to."""
    if isinstance(node, Like):
        return node
    name = node.name if node.name in used else None
    if isinstance(node, Identity):
        return replace(node, name=name)
    return replace(node, cases={case: _named(child, used) for case, child in node.cases.items()}, name=name)
