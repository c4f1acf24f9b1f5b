"""What the walk for causes knows of a graph: what depends on parameters and data, where the loss begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source

_LOSSES = ("loss", "cross_entropy", "nll")
_UNITS = ("relu", "leaky_relu", "threshold", "hardtanh", "elu", "tanh", "sigmoid")
_DIFFERENCES = ("sub", "rsub", "sub_", "subtract", "__rsub__")


def base(operation: str) -> str:
    """Return an operation's name without the underscore of in-place variants."""
    return operation[:-1] if operation.endswith("_") and not operation.endswith("__") else operation


def operands(node: Node) -> tuple[Source, ...]:
    """Return what a node's numbers come from, in whatever way."""
    return node.sources() if node.past is None else (*node.sources(), node.past)


def whole_cone(sources: Iterable[Source], past: bool = False) -> list[Node]:
    """Return every node that some values depend on, through decisions too, in the order of execution.

    Args:
        past: whether to go on from leaves that were computed once.
    """
    seen: dict[int, Node] = {}
    waiting = [source.node for source in sources]
    while waiting:
        node = waiting.pop()
        if node.number not in seen:
            seen[node.number] = node
            waiting.extend(source.node for source in (operands(node) if past else node.sources()))
    return [seen[number] for number in sorted(seen)]


class Graph:
    """The values that some gradients depend on.

    Attributes:
        nodes: in the order of execution.
        parametric: numbers of nodes that depend on a parameter.
        from_data: numbers of nodes that depend on data.
        loss_forward: numbers of nodes that compare the network's results with targets, and all that follows.
        loss_backward: numbers of nodes of the backward pass up to what comes back to the network's results.
    """

    def __init__(
        self, gradients: Iterable[Source], loss: Source | None, is_input: Callable[[Node], bool]
    ) -> None:
        roots = [*gradients, *([loss] if loss is not None else [])]
        self.nodes = whole_cone(roots)
        self.is_input = is_input
        self.parametric: set[int] = set()
        self.from_data: set[int] = set()
        self._drawn: set[int] = set()  # data that the run drew: masks of dropout, noise; never targets
        self._only: set[int] = set()  # depends on parameters, and on nothing that changes with the data
        for node in self.nodes:
            self._mark(node)
        forward = whole_cone([loss]) if loss is not None else []
        self.loss_forward, self.targets = self._forward_part([n for n in forward if n.phase is Phase.FORWARD])
        self.loss_backward = self._backward_part()

    def is_parameter(self, node: Node) -> bool:
        """Whether a node is a leaf that training changes."""
        return node.origin is Origin.PARAMETER and not self.is_input(node)

    def is_data(self, node: Node) -> bool:
        """Whether a node is a leaf that another batch replaces."""
        return node.operation == "leaf" and (
            node.origin in (Origin.DATA, Origin.RANDOM, Origin.OUTSIDE) or self.is_input(node)
        )

    def _mark(self, node: Node) -> None:
        if node.operation == "leaf":
            if self.is_parameter(node) or self.is_input(node):
                self.parametric.add(node.number)
            if self.is_data(node):
                self.from_data.add(node.number)
                if node.origin is Origin.RANDOM:
                    self._drawn.add(node.number)
            elif self.is_parameter(node):
                self._only.add(node.number)
            return
        operands = [source.node.number for source in node.sources()]
        if any(n in self.parametric for n in operands):
            self.parametric.add(node.number)
        elif any(n in self._drawn for n in operands) and all(
            n in self._drawn for n in operands if n in self.from_data
        ):
            self._drawn.add(node.number)
        if node.operation == "unknown" or any(n in self.from_data for n in operands):
            self.from_data.add(node.number)
        elif node.number in self.parametric:
            self._only.add(node.number)

    def _forward_part(self, nodes: list[Node]) -> tuple[set[int], set[int]]:
        """Return the nodes of the loss, and of the targets: data that the network itself does not read."""
        late = self._late(nodes)
        inputs: set[int] = set()  # what the network reads
        for node in reversed(nodes):
            if node.number in inputs or (node.number in self.parametric and node.number not in late):
                inputs.update(source.node.number for source in node.sources())
        targets = {
            n.number
            for n in nodes
            if n.number in self.from_data
            and n.number not in self.parametric
            and n.number not in inputs
            and n.number not in self._drawn
        }
        has_modules = any(n.place.module is not None and not _is_loss_module(n) for n in nodes)
        shifted = _shifted(nodes)
        part: set[int] = set()
        for node in nodes:
            if node.number not in late or node.operation == "leaf":
                continue
            operands = {source.node.number for source in node.sources()}
            outside = node.place.module is None
            if (
                operands & part
                or _is_loss_module(node)
                or any(word in node.operation for word in _LOSSES)
                or operands & targets
                or (outside and node.operation in _DIFFERENCES and node.number not in shifted)
                or (
                    outside
                    and has_modules
                    and any(n in self.from_data and n not in self.parametric | self._drawn for n in operands)
                )
            ):
                part.add(node.number)
        return part, targets

    def _late(self, nodes: list[Node]) -> set[int]:
        """Return the nodes that depend on parameters and after which none is read."""
        early: set[int] = set()
        late: set[int] = set()
        for node in reversed(nodes):
            if node.number not in self.parametric:
                continue
            reads = [] if _compares(node) else [s for s in node.sources() if self._is_weight(node, s)]
            if node.operation != "leaf" and node.number not in early and not reads:
                late.add(node.number)
            if reads or node.number in early:
                early.update(source.node.number for source in node.sources())
        return late

    def _is_weight(self, reader: Node, source: Source) -> bool:
        """Whether a value is a parameter, or computed of parameters alone and used beside what is not."""
        if source.node.number not in self._only:
            return False
        if source.node.operation == "leaf":
            return True
        return source.run.dim() > 0 and any(s.node.number in self.from_data for s in reader.sources())

    def _backward_part(self) -> set[int]:
        compared = {
            node.number
            for node in self.nodes
            if node.phase is Phase.BACKWARD
            and (
                any(word in node.operation for word in _LOSSES)
                or any(
                    source.node.number in self.loss_forward or source.node.number in self.targets
                    for source in node.sources()
                )
            )
        }
        part: set[int] = set()
        for node in reversed(self.nodes):
            if node.phase is Phase.BACKWARD and node.number in compared:
                part.add(node.number)
            if node.number in part:
                compared.update(
                    source.node.number for source in node.sources() if source.node.phase is Phase.BACKWARD
                )
        return part


def _shifted(nodes: Sequence[Node]) -> set[int]:
    """Return numbers of differences between a value and a number that units read: no loss compares them."""
    minus = {n.number for n in nodes if base(n.operation) == "sub" and len(n.sources()) == 1}
    return {s.node.number for n in nodes if n.operation in _UNITS for s in n.sources()} & minus


def _compares(node: Node) -> bool:
    """Whether an operation is a loss, or a difference such as one between results and targets."""
    return node.operation in _DIFFERENCES or any(word in node.operation for word in _LOSSES)


def _is_loss_module(node: Node) -> bool:
    return node.place.module is not None and node.place.module[1].endswith("Loss")
