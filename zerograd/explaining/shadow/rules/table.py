"""The table, and what a rule is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from math import isfinite
from typing import Any, Generic, TypeAlias

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Cannot, Domain, Number, V
from zerograd.explaining.tape.nodes import Node, Source


@cache
def _signature(function: Any) -> tuple[tuple[str, Any], ...]:
    """Names and defaults of an operation's arguments, in order."""
    return tuple((a.name, a.default_value) for a in function._schema.arguments)


def bind(node: Node) -> Mapping[str, Any]:
    """Return a node's arguments by their names in torch's schema, defaults included."""
    return node.bound(lambda: _signature(node.function))


class Call(Generic[V]):
    """One operation that ran, as a rule sees it: its arguments by name, with their values in a domain."""

    def __init__(self, node: Node, domain: Domain[V], read: Callable[[Source], V]) -> None:
        self.node, self.domain, self._read = node, domain, read
        self.arguments = bind(node)

    def __getitem__(self, name: str) -> Any:
        """Return an argument that is not a tensor: a number, a list of dimensions, a flag."""
        try:
            return self.arguments[name]
        except KeyError:  # this version of torch calls it otherwise, or has it not
            raise Cannot(f"{self.node.operation}: no argument {name}") from None

    def has(self, name: str) -> bool:
        """Whether an argument was given, and is not None."""
        return self.arguments.get(name) is not None

    def value(self, name: str) -> V:
        """Return the value of an argument: a tensor, or a number as a tensor without dimensions.

        Raises:
            Cannot: it is unknown in this domain.
        """
        return self.of(self[name])

    def values(self, name: str) -> list[V]:
        """Return the values of an argument that is a list of tensors."""
        return [self.of(each) for each in self[name]]

    def of(self, argument: Any) -> V:
        """Return the value of one argument."""
        if isinstance(argument, Source):
            return self._read(argument)
        if isinstance(argument, float) and not isfinite(argument):
            return self.domain.leaf(torch.tensor(argument, dtype=torch.float64))
        if isinstance(argument, bool | int | float | Fraction):
            return self.domain.constant(argument, ())
        raise Cannot(f"{self.node.operation}: {type(argument).__name__}")

    def run(self, name: str) -> Tensor:
        """Return the run's own tensor of an argument: for indices, masks and comparisons."""
        source: Source = self[name]
        return source.run

    def result(self, output: int = 0) -> Tensor:
        """Return the run's own tensor of a result."""
        if output >= len(self.node.results):
            raise Cannot(f"{self.node.operation}: no result {output}")
        tensor: Tensor = self.node.results[output]
        return tensor

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor argument."""
        return tuple(self.run(name).shape)

    def number(self, name: str) -> Number:
        """Return a number."""
        number: Number = self[name]
        return number

    def producer(self, name: str, *operations: str) -> Call[V] | None:
        """Return the call whose first result an argument is, if it was one of some operations."""
        source = self[name]
        if not isinstance(source, Source) or source.view is not None or source.output != 0:
            return None
        if source.node.operation.removesuffix("_") not in operations or source.node.function is None:
            return None
        return Call(source.node, self.domain, self._read)

    def again(self, replaced: Mapping[str, Any]) -> Any:
        """Run the operation again with some arguments replaced; the others are as they were in the run."""
        arguments = {name: given(each) for name, each in self.arguments.items()} | dict(replaced)
        positional = [arguments.pop(a.name) for a in self.node.function._schema.arguments if not a.kwarg_only]
        return self.node.function(*positional, **arguments)


def given(argument: Any) -> Any:
    """Return an argument as the operation was given it in the run."""
    if isinstance(argument, Source):
        return argument.run
    return [given(each) for each in argument] if isinstance(argument, tuple) else argument


Rule: TypeAlias = Callable[[Call[Any]], Any]
"""From a call to the value of its result, or to a tuple with one for each result (None: unknown, or not a
float).
"""

RULES: dict[str, Rule] = {}
"""Rules by the name of the operation; of in-place variants, the name without the underscore is looked up as
well.
"""


def rule(*operations: str) -> Callable[[Rule], Rule]:
    """Enter a rule into the table, for one operation or for several."""

    def enter(f: Rule) -> Rule:
        for operation in operations:
            if operation in RULES:
                raise ValueError(f"two rules for {operation}")
            RULES[operation] = f
        return f

    return enter


DECIDED: set[str] = set()
"""Operations whose results are the run's own decisions: rounding, signs, and what else has derivative
zero.
"""


def decided(*operations: str) -> None:
    """Take the results of these operations as they were in the run: they are locally constant."""
    DECIDED.update(operations)
    DECIDED.update(f"{operation}_" for operation in operations)


def find(operation: str) -> Rule | None:
    """Return the rule of an operation, by its name or that without the underscore of in-place variants."""
    if operation in RULES:
        return RULES[operation]
    if operation.endswith("_") and not operation.endswith("__"):
        return RULES.get(operation[:-1])
    return None
