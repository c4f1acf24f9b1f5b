"""Conditions on signs of gradients: ``grad(w1) != 0 or grad(w2) != 0``, ``any(grad(w1) > 0)``.

Such a condition is made of comparisons of single entries with 0 by *and* and *or*, once *not* is moved
inwards. Where it holds, some of these comparisons make it true, whatever becomes of the others: of *or* one
part is enough. `Signs` counts how many entries that takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zerograd.core.model.network import Network
from zerograd.core.model.references import complete_index
from zerograd.core.numbers.arrays import Index, indices
from zerograd.core.question.language import Call, Chain, Item, Listing, Logic, Name, Node, Number, Unary

Entry = tuple[str, Index]


@dataclass(frozen=True, slots=True)
class Signs:
    """Entries of parameter gradients whose signs make a condition true, where it is.

    Attributes:
        always: entries that are among them in any case.
        more: how many others there are at most.
    """

    always: frozenset[Entry] = frozenset()
    more: int = 0

    @property
    def count(self) -> int:
        """How many entries there are at most."""
        return len(self.always) + self.more

    @classmethod
    def all_of(cls, parts: Iterable[Signs]) -> Signs:
        """Return those that make each of the parts true."""
        parts = list(parts)
        return cls(frozenset().union(*(part.always for part in parts)), sum(part.more for part in parts))

    @classmethod
    def one_of(cls, parts: Iterable[Signs]) -> Signs:
        """Return those that make one of the parts true, whichever that is."""
        parts = list(parts)
        return parts[0] if len(parts) == 1 else cls(more=max((part.count for part in parts), default=0))


def signs_of(
    node: Node, network: Network, speaks_of_none: Callable[[Node, bool], bool], *, denied: bool = False
) -> Signs | None:
    """Return the signs that make a condition true; None where more than signs has a say in it.

    Args:
        speaks_of_none: whether a part (or, with True, what denies it) needs no sign, and is not changed by
            what only signs of gradients survive.
        denied: whether what counts is that the condition does not hold.
    """

    def inside(part: Node, *, denied: bool = denied) -> Signs | None:
        return signs_of(part, network, speaks_of_none, denied=denied)

    def joined(parts: Iterable[Signs | None], *, every: bool) -> Signs | None:
        known: list[Signs] = []
        for part in parts:
            if part is None:
                return None
            known.append(part)
        return Signs.all_of(known) if every else Signs.one_of(known)

    if speaks_of_none(node, denied):
        return Signs()
    match node:
        case Unary(operator="not", operand=operand):
            return inside(operand, denied=not denied)
        case Logic(operator=operator, operands=operands):
            return joined(map(inside, operands), every=(operator == "and") != denied)
        case Call(function="all" | "any" as function, arguments=[Listing(items=items)]):
            return joined(map(inside, items), every=(function == "all") != denied)
        case Call(function="all" | "any", arguments=[Call() as part]):
            return inside(part)
        case Call(function="all" | "any" as function, arguments=[Chain() as chain]):
            return _closed(_compared(chain, network), every=(function == "all") != denied)
        case Call(function="all" | "any" as function, arguments=arguments) if len(arguments) > 1:
            return joined(map(inside, arguments), every=(function == "all") != denied)
        case Chain():
            return _closed(_compared(node, network), every=not denied)
    return None


def _closed(entries: frozenset[Entry] | None, *, every: bool) -> Signs | None:
    if entries is None:
        return None
    parts = [Signs(frozenset({entry})) for entry in entries]
    return Signs.all_of(parts) if every else Signs.one_of(parts)


def _compared(chain: Chain, network: Network) -> frozenset[Entry] | None:
    """The entries that are compared with 0, one by one; None where anything else is said."""
    match chain.operands:
        case (side, Number(value=0)) | (Number(value=0), side):
            return _entries(side, network)
    return None


def _entries(node: Node, network: Network) -> frozenset[Entry] | None:
    match node:
        case Unary(operator="-", operand=operand):
            return _entries(operand, network)
        case Call(function="grad", arguments=[Name(name=name)]) if name in network.shapes:
            return frozenset((name, index) for index in indices(network.shapes[name]))
        case (
            Item(array=Call(function="grad", arguments=[Name(name=name)]), index=index)
            | Call(function="grad", arguments=[Item(array=Name(name=name), index=index)])
        ) if name in network.shapes:
            return frozenset({(name, complete_index(name, index, network.shapes[name]))})
    return None
