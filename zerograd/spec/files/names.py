"""Which tensor of a file is ``w1``: by its own name, or by its module's place in the forward pass.

Names of parameters, ``x`` and ``y`` stand for themselves. Of names such as ``fc1.weight``, ``net.0.bias`` or
``dense_1/kernel``, modules are layers: those that differ by numbers alone in the order of these, others where
their shapes leave one order; in a `.npz`, where they leave several, in the order of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zerograd.core.errors import short
from zerograd.core.model.network import Network
from zerograd.core.model.references import show_shape
from zerograd.core.near import did_you_mean, nearest
from zerograd.core.numbers.arrays import Shape, squeeze

_WEIGHTS = {"weight", "weights", "kernel", "w", "coef", "coefs"}
_TURNED = {"kernel", "coef", "coefs", "w", "weights"}
"""Names under which Keras, Flax, Haiku and scikit-learn keep matrices of shape (inputs, units)."""
_BIASES = {"bias", "biases", "b", "intercept", "intercepts"}
_LAST = re.compile(r"^(?:(?P<module>.*?)[./])?(?P<kind>[A-Za-z]+?)(?:_*[._](?P<number>\d+))?(?::0)?$")
_NUMBER = re.compile(r"\d+")

MAX_STEPS = 20_000
"""Beginnings of orders that are tried."""


class MismatchError(ValueError):
    """What is wrong with a tensor; the message names it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an array of the problem comes from.

    Attributes:
        tensor: its name in the file.
        turned: whether the file has the transpose.
    """

    tensor: str
    turned: bool = False


@dataclass(frozen=True, slots=True)
class _Module:
    """A linear layer of the file."""

    name: str
    weight: str
    bias: str | None
    kind: str

    @property
    def stem(self) -> str:
        return _NUMBER.sub("#", self.name)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(map(int, _NUMBER.findall(self.name)))


def sources(
    network: Network, shapes: Mapping[str, Shape], tensors: Mapping[str, Shape], *, ordered: bool
) -> dict[str, Source]:
    """Return where each array comes from that the file has.

    Args:
        shapes: of all that can be given, by name. A number of samples of -1 is any.
        tensors: shapes by the names in the file, in its order.
        ordered: whether that order means something.

    Raises:
        MismatchError: a name that matches nothing, a shape that does not fit, or several ways to match.
    """
    found = {name: Source(name) for name in tensors if name in shapes}
    for name in found:
        if not _fits(tensors[name], shapes[name]):
            raise MismatchError(_misshapen(name, tensors[name], name, shapes[name], tensors))
    rest = [name for name in tensors if name not in found]
    modules = _modules(rest, tensors, shapes)
    if not modules:
        return found
    if clash := [name for name in found if name in network.shapes]:
        raise MismatchError(
            f"has both {clash[0]} and {short(modules[0].weight)}: name all parameters in one way"
        )
    if len(modules) != network.depth:
        names = ", ".join(short(module.name) for module in modules)
        raise MismatchError(f"has {len(modules)} layers ({names}), and the network has {network.depth}")
    return found | _assigned(network, modules, tensors, ordered=ordered)


def _modules(
    names: Sequence[str], tensors: Mapping[str, Shape], shapes: Mapping[str, Shape]
) -> list[_Module]:
    weights: dict[str, tuple[str, str]] = {}
    biases: dict[str, str] = {}
    for name in names:
        match = _LAST.match(name)
        kind = match["kind"].lower() if match else ""
        if match is None or kind not in _WEIGHTS | _BIASES:
            hint = _meant(name) or did_you_mean(name, [known for known in shapes if known != name])
            raise MismatchError(
                f"{short(name)}, of shape {show_shape(tensors[name])}, is neither {', '.join(shapes)} nor a "
                f"layer's weight or bias{hint or ': leave it out of the file'}"
            )
        module = ".".join(part for part in (match["module"], match["number"]) if part)
        if kind in _BIASES:
            biases[module] = name
        elif module in weights:
            raise MismatchError(f"{short(name)} and {short(weights[module][0])} are weights of one layer")
        else:
            weights[module] = name, kind
    for module, name in biases.items():
        if module not in weights:
            hint = did_you_mean(module, list(weights))
            raise MismatchError(f"{short(name)} is a bias without a weight beside it{hint}")
    return [_Module(m, name, biases.get(m), kind) for m, (name, kind) in weights.items()]


def _meant(name: str) -> str:
    """``(did you mean 'fc1.weight'?)`` for ``fc1.weigth``; nothing where the last part is like no kind."""
    module, dot, last = name.rpartition("." if "." in name else "/")
    kinds = [kind for kind in _WEIGHTS | _BIASES if len(kind) > 1]
    near = nearest(last, sorted(kinds))
    return f" (did you mean {short(module + dot + near[0])}?)" if near else ""


def _assigned(
    network: Network, modules: Sequence[_Module], tensors: Mapping[str, Shape], *, ordered: bool
) -> dict[str, Source]:
    """The parameters of the layers, from modules in the one order that fits."""
    fitting = _orders(network, modules, tensors)
    if ordered and len(fitting) > 1 and _is_by_number(modules) and _all_fit(network, modules, tensors):
        fitting = [tuple(modules)]
    if not fitting:
        raise MismatchError(_unfitting(network, modules, tensors))
    if len(fitting) > 1:
        names = " or ".join(", ".join(short(m.weight) for m in order) for order in fitting[:2])
        raise MismatchError(
            f"its layers fit in several orders ({names}): rename them to w1, b1, …, from the first layer on"
        )
    return dict(_parameters(network, fitting[0], tensors))


def _orders(
    network: Network, modules: Sequence[_Module], tensors: Mapping[str, Shape]
) -> list[tuple[_Module, ...]]:
    """Up to two orders that fit, where modules that differ by numbers alone stand in the order of these."""
    queues: dict[str, list[_Module]] = {}
    for module in sorted(modules, key=lambda module: module.numbers):
        queues.setdefault(module.stem, []).append(module)
    found: list[tuple[_Module, ...]] = []
    steps = 0

    def extend(order: tuple[_Module, ...], taken: Mapping[str, int]) -> None:
        nonlocal steps
        steps += 1
        if len(found) > 1 or steps > MAX_STEPS:
            return
        if len(order) == len(modules):
            found.append(order)
            return
        for stem, queue in queues.items():
            if taken[stem] < len(queue):
                module = queue[taken[stem]]
                if _fits_layer(network, len(order) + 1, module, tensors):
                    extend((*order, module), {**taken, stem: taken[stem] + 1})

    extend((), dict.fromkeys(queues, 0))
    if len(found) == 1 and steps > MAX_STEPS:
        raise MismatchError(
            "its layers may fit in many orders: rename them to w1, b1, …, from the first layer on"
        )
    return found


def _is_by_number(modules: Sequence[_Module]) -> bool:
    """Whether modules that differ by numbers alone stand in their order: not in a file sorted by name."""
    last: dict[str, tuple[int, ...]] = {}
    for module in modules:
        if module.numbers < last.get(module.stem, module.numbers):
            return False
        last[module.stem] = module.numbers
    return True


def _all_fit(network: Network, order: Sequence[_Module], tensors: Mapping[str, Shape]) -> bool:
    return all(_fits_layer(network, number, module, tensors) for number, module in enumerate(order, start=1))


def _fits_layer(network: Network, number: int, module: _Module, tensors: Mapping[str, Shape]) -> bool:
    shape, found = network.shapes[f"w{number}"], tensors[module.weight]
    bias = network.shapes.get(f"b{number}")
    if module.bias is not None and bias is not None and not _fits(tensors[module.bias], bias):
        return False
    return _fits(found, shape) or _fits(found, shape[::-1])


def _parameters(
    network: Network, order: Sequence[_Module], tensors: Mapping[str, Shape]
) -> Iterator[tuple[str, Source]]:
    turned = [
        not _fits(tensors[module.weight], network.shapes[f"w{number}"])
        for number, module in enumerate(order, start=1)
    ]
    for number, module in enumerate(order, start=1):
        shape = network.shapes[f"w{number}"]
        square = len(squeeze(shape)) == 2 and shape[0] == shape[1]
        if square and (module.kind in _TURNED or any(turned)):
            raise MismatchError(
                f"{short(module.weight)}, of shape {show_shape(shape)}, is square, and may be transposed "
                f"in this file: write it as w{number}, of shape (units, inputs)"
            )
        yield f"w{number}", Source(module.weight, turned[number - 1])
        has_bias = f"b{number}" in network.shapes
        if module.bias is not None and not has_bias:
            raise MismatchError(
                f"{short(module.bias)} is given, and layer {number} has no bias: write bias: true"
            )
        if module.bias is None and has_bias:
            raise MismatchError(
                f"{short(module.weight)} has no bias beside it, and layer {number} has one: write bias: false"
            )
        if module.bias is not None:
            yield f"b{number}", Source(module.bias)


def _fits(found: Shape, expected: Shape) -> bool:
    if -1 in expected:
        return len(found) == len(expected) and all(e in (-1, f) for f, e in zip(found, expected, strict=True))
    return squeeze(found) == squeeze(expected)


def _misshapen(name: str, found: Shape, target: str, expected: Shape, tensors: Mapping[str, Shape]) -> str:
    text = f"{short(name)} has shape {show_shape(found)}, expected {_shown(expected)} for {target}"
    if target.startswith("w") and _fits(found, expected[::-1]):
        return f"{text}, (units, inputs): transpose it"
    near = did_you_mean(
        name, [other for other in tensors if other != name and _fits(tensors[other], expected)]
    )
    return text + near


def _unfitting(network: Network, modules: Sequence[_Module], tensors: Mapping[str, Shape]) -> str:
    """The first tensor, in the most likely order, that does not fit."""
    order = sorted(modules, key=lambda m: m.numbers) if len({m.stem for m in modules}) == 1 else modules
    for number, module in enumerate(order, start=1):
        for tensor, target in ((module.weight, f"w{number}"), (module.bias, f"b{number}")):
            expected = network.shapes.get(target)
            if tensor is None or expected is None:
                continue
            if not (_fits(tensors[tensor], expected) or _fits(tensors[tensor], expected[::-1])):
                return _misshapen(tensor, tensors[tensor], target, expected, tensors)
    return "its layers fit the network in no order"


def _shown(shape: Shape) -> str:
    return show_shape(shape).replace("-1", "samples")
