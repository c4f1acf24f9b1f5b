"""What reaches what: the parts of a model, in the order of the forward pass, and what comes back to each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from zerograd.explaining.explanation import Graph, Kind, Reach, Row, Vertex
from zerograd.explaining.shadow.bounded import Bounded
from zerograd.explaining.shadow.evaluation import Evaluation, is_supported
from zerograd.explaining.shadow.rules.table import bind
from zerograd.explaining.tape.nodes import Node, Origin, Phase, Source
from zerograd.explaining.training.causes.graph import Graph as Values
from zerograd.explaining.training.causes.graph import base, operands, whole_cone
from zerograd.explaining.training.causes.places import natural_shape, place_of

MOST = 300
"""Vertices; where there would be more, parts of one module are one."""
_CUT = (Kind.NOT_CONNECTED, Kind.DETACHED, Kind.PIECEWISE_CONSTANT, Kind.FROZEN)
_PRODUCTS = {"mm": ("mm", "addmm"), "bmm": ("bmm", "baddbmm"), "mul": ("mul",)}
"""Operations of a backward pass that multiply what comes back to a product by one of its factors."""


def parts_graph(
    loss: Source | None,
    values: Values,
    rows: Mapping[str, Row],
    name: Callable[[Node], str | None],
    bounded: Evaluation[Bounded],
) -> Graph:
    """Return the graph of inputs, parameters, modules and the loss; an empty one where there is no loss.

    Operations that ran in one module are one vertex, and so are those outside of modules that have one place;
    all that compares the results with targets is the loss. What reaches a parameter is what its row says. Of
    a module it is what comes back to its results, where the backward pass computed that as a value of its
    own: not zero if any entry is certainly not 0, or a parameter that is read nowhere else has a gradient
    that is not; zero if all entries certainly are 0. Else it is not known.

    Args:
        rows: those of all parameters and inputs.
        name: what a leaf is called.
    """
    if loss is None:
        return Graph()
    nodes = [n for n in whole_cone([loss], past=True) if n.phase is not Phase.BACKWARD]
    for depth in (None, 4, 3, 2, 1):
        parts = _Parts(nodes, loss, values, rows=rows, name=name, depth=depth)
        if len(parts.names) <= MOST:
            return parts.graph(bounded)
    return Graph()


class _Parts:
    """Nodes as parts of a model.

    Attributes:
        names: name and kind of each part, in order.
    """

    def __init__(
        self,
        nodes: list[Node],
        loss: Source,
        values: Values,
        *,
        rows: Mapping[str, Row],
        name: Callable[[Node], str | None],
        depth: int | None,
    ) -> None:
        self._values, self._loss, self._rows, self._name, self._depth = values, loss, rows, name, depth
        self._nodes = {node.number: node for node in nodes}
        self.names: dict[tuple[str, str], int] = {}
        self._part: dict[int, int] = {}
        self._own: dict[int, set[str]] = defaultdict(set)  # names of the rows that a part is
        self._edges: set[tuple[int, int]] = set()
        self._readers: dict[int, list[Node]] = defaultdict(list)
        for node in nodes:
            key = self._key(node)
            if key is not None:
                self._part[node.number] = self.names.setdefault(key, len(self.names))
                if node.operation == "leaf" and (own := name(node)) is not None:
                    self._own[self._part[node.number]].add(own)
            for source in operands(node):
                self._readers[source.node.number].append(node)
                ends = self._part.get(source.node.number), self._part.get(node.number)
                if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
                    self._edges.add((ends[0], ends[1]))

    def _key(self, node: Node) -> tuple[str, str] | None:
        """Return the name and kind of the part that a node belongs to; None for constants and the like."""
        if node.operation == "leaf" and node.past is None:
            own = self._name(node)
            if own in self._rows:
                kind = "input" if self._values.is_input(node) else "parameter"
                return self._cut(str(own), kind), kind
            if node.origin is not Origin.DATA or not node.results[0].dim():
                return None
            shape = natural_shape(node)
            what = "targets" if node.number in self._values.targets else "input"
            return f"{what} ({'×'.join(map(str, shape))})", "input"
        if node.number in self._values.loss_forward or node.number == self._loss.node.number:
            return self._loss_name(), "loss"
        module = node.place.module
        path = module[0].split(".") if module is not None else []
        if self._depth is not None and len(path) > self._depth:
            return ".".join(path[: self._depth]), "module"
        return place_of(node), "module"

    def _cut(self, name: str, kind: str) -> str:
        """Return the name of a parameter, or of all parameters within a module that is one part."""
        path = name.split(".")
        if self._depth is None or kind != "parameter" or len(path) <= self._depth + 1:
            return name
        return f"parameters of {'.'.join(path[: self._depth])}"

    def _loss_name(self) -> str:
        module = next(
            (
                n.place.module[1]
                for n in self._nodes.values()
                if n.number in self._values.loss_forward
                and n.place.module is not None
                and n.place.module[1].endswith("Loss")
            ),
            None,
        )
        last = self._loss.node
        return module or place_of(last, base(last.operation).removesuffix("_forward"))

    # what comes back

    def graph(self, bounded: Evaluation[Bounded]) -> Graph:
        """Return the graph, with what reaches each part."""
        kinds = [kind for _, kind in self.names]
        reach = dict(enumerate(self._by_kind(i, kind) for i, kind in enumerate(kinds)))
        seen = _Seen(self._values, self._readers, bounded)
        exits: dict[int, list[Node]] = defaultdict(list)
        inner: dict[int, list[Node]] = defaultdict(list)
        for number, part in self._part.items():
            inner[part].append(self._nodes[number])
            if any(self._part.get(reader.number) != part for reader in self._readers[number]):
                exits[part].append(self._nodes[number])
        ways = self._ways()
        for i, kind in enumerate(kinds):
            if kind != "module":
                continue
            if not any(node.number in ways for node in exits[i]):
                reach[i] = Reach.NONE
            elif any(seen.nonzero(node) for node in inner[i]):
                reach[i] = Reach.NONZERO
            elif exits[i] and all(seen.zero(node) for node in exits[i]):
                reach[i] = Reach.ZERO
        self._follow(reach)
        order = self._order(kinds)
        place = {part: i for i, part in enumerate(order)}
        named = list(self.names)
        vertices = tuple(Vertex(*named[part], reach[part]) for part in order)
        return Graph(vertices, tuple(sorted((place[a], place[b]) for a, b in self._edges)))

    def _order(self, kinds: list[str]) -> list[int]:
        """Return the parts in the order of the forward pass, leaves before what reads them first."""
        first = {
            i: min([b for a, b in self._edges if a == i and kinds[b] in ("module", "loss")], default=i)
            if kinds[i] in ("input", "parameter")
            else i
            for i in range(len(kinds))
        }
        return sorted(first, key=lambda i: (first[i], kinds[i] in ("module", "loss"), i))

    def _by_kind(self, part: int, kind: str) -> Reach:
        """Return what the rows say of a part; of all but parameters and inputs nothing yet."""
        if kind == "loss":
            return Reach.NONZERO
        if kind == "module":
            return Reach.UNKNOWN
        each = {_reach(self._rows[name]) for name in self._own[part]} or {Reach.NONE}
        order = (Reach.NONZERO, Reach.UNKNOWN, Reach.ZERO, Reach.NONE)
        return next(reach for reach in order if reach in each)

    def _ways(self) -> set[int]:
        """Return the numbers of the nodes to which autograd leads back from the loss."""
        ways: set[int] = set()
        waiting = [self._loss.node]
        while waiting:
            node = waiting.pop()
            if node.number in ways:
                continue
            ways.add(node.number)
            sources = node.sources()
            if node.enabled and len(sources) == len(node.required):
                waiting += [s.node for s, needed in zip(sources, node.required, strict=True) if needed]
        return ways

    def _follow(self, reach: dict[int, Reach]) -> None:
        """Whatever reaches a part that is read by one other alone reached that one before."""
        into: dict[int, set[int]] = defaultdict(set)
        for a, b in self._edges:
            into[a].add(b)
        for _ in range(len(reach)):
            before = dict(reach)
            for a, ends in into.items():
                if reach[a] is Reach.NONZERO and len(ends) == 1:
                    (b,) = ends
                    reach[b] = Reach.NONZERO if reach[b] is Reach.UNKNOWN else reach[b]
            if reach == before:
                return


def _reach(row: Row) -> Reach:
    """Return what a row says of its gradient."""
    if row.entries.nonzero:
        return Reach.NONZERO
    if not row.asked or row.entries.zero < row.size:
        return Reach.UNKNOWN
    return Reach.NONE if {cause.kind for cause in row.causes} & set(_CUT) else Reach.ZERO


class _Seen:
    """What comes back to the results of nodes, where the backward pass has it as a value."""

    def __init__(
        self, values: Values, readers: Mapping[int, list[Node]], bounded: Evaluation[Bounded]
    ) -> None:
        self._bounded = bounded
        self._back: dict[int, list[Source]] = defaultdict(list)
        for node in values.nodes:
            if node.phase is Phase.BACKWARD:
                self._note(node, readers)

    def _note(self, node: Node, readers: Mapping[int, list[Node]]) -> None:
        """Note what an operation of the backward pass reads and returns."""
        back = [source for source in node.sources() if source.node.phase is Phase.BACKWARD]
        forward = _forward(node, readers)
        if forward is None or len(back) != 1:
            return
        self._back[forward.number] += back
        inputs = [s for s in forward.sources() if s.is_float and s.node.phase is not Phase.BACKWARD]
        if node.operation.endswith("_backward") and inputs:
            first = inputs[0].node
            if readers[first.number] == [forward] and first.operation != "leaf":
                self._back[first.number].append(Source(node, 0))

    def nonzero(self, node: Node) -> bool:
        """Whether something that is certainly not 0 comes back."""
        values = [self._bounded(source) for source in self._back.get(node.number, ())]
        return any(value is not None and bool(value.nonzero().any()) for value in values)

    def zero(self, node: Node) -> bool:
        """Whether all that comes back is certainly 0."""
        values = [self._bounded(source) for source in self._back.get(node.number, ())]
        return bool(values) and all(value is not None and bool(value.zero().all()) for value in values)


def _forward(node: Node, readers: Mapping[int, list[Node]]) -> Node | None:
    """Return the operation that ran forward and whose results a backward operation's argument belongs to.

    Only where that is sure: an operation ``f_backward`` with one ``f`` that read, or made, what it reads;
    or a product with a factor that one product alone read, and did not scale.
    """
    given = [source.node for source in node.sources() if source.node.phase is not Phase.BACKWARD]
    name = node.operation.removesuffix("_backward").removesuffix("_data").removesuffix("_backward")
    names = _PRODUCTS.get(node.operation, (name, *_ALSO.get(name, ())))
    if node.operation not in _PRODUCTS and not node.operation.endswith(("_backward", "_backward_data")):
        return None
    made = [] if node.operation in _PRODUCTS else given
    around = {n.number: n for source in given for n in (*readers.get(source.number, ()), *made)}
    fitting = [n for n in around.values() if base(n.operation) in names]
    if len(fitting) != 1 or not is_supported(node):
        return None
    forward: Node = fitting[0]
    if node.operation in _PRODUCTS:
        if any(len(readers.get(source.number, ())) != 1 for source in given) or len(given) != 1:
            return None
        call = bind(forward)
        if call.get("alpha", 1) != 1:
            return None
    return forward


_ALSO = {
    "threshold": ("relu",),
    "hardtanh": ("relu6",),
    "batch_norm": ("_batch_norm_with_update",),
    "native_batch_norm": ("_native_batch_norm_legit",),
}
"""Operations that share another's backward operation."""
