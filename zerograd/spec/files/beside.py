"""The values that a problem file takes from files beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as Folder
from typing import Any

from zerograd.core.errors import Issue, Path, short
from zerograd.core.model.network import Network
from zerograd.core.numbers.arrays import Array, Shape
from zerograd.core.question.vocabulary import Rational, variable_shapes
from zerograd.npz import UnreadableError
from zerograd.spec.files.names import MismatchError, Source, sources
from zerograd.spec.files.tensors import Tensor, inside, read_tensors

FROM = "from"

MAX_FILES = 20
"""Most files that values are taken from."""

Say = Callable[[str], None]


def taken_out(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any]:
    """The data without ``given: {from: …}``, and what stands there (None if nothing does)."""
    given = data.get("given")
    if not isinstance(given, Mapping) or FROM not in given:
        return data, None
    rest = {name: value for name, value in given.items() if name != FROM}
    return {**data, "given": rest}, given[FROM] if given[FROM] is not None else []


def file_names(value: Any) -> tuple[list[str], list[Issue]]:
    """The names of files; or what is wrong with them."""
    path: Path = ("given", FROM)
    listed = value if isinstance(value, list) else [value]
    if not listed or len(listed) > MAX_FILES:
        message = f"expected a file name, or a list of up to {MAX_FILES}, found a list of {len(listed)}"
        return [], [Issue(path, message)]
    places: list[Path] = [
        (*path, number) if isinstance(value, list) else path for number in range(len(listed))
    ]
    issues = [
        Issue(place, f"expected a file name, found {short(name)}")
        for place, name in zip(places, listed, strict=True)
        if not isinstance(name, str)
    ]
    return ([], issues) if issues else (listed, [])


def read_given(
    network: Network,
    samples: int | None,
    names: list[str],
    folder: Folder,
    *,
    beside: Mapping[str, Any],
    say: Say,
    classes: bool = False,
) -> tuple[dict[str, Array[Rational]], list[Issue]]:
    """The arrays by the names that the problem has for them, and what is wrong.

    Args:
        samples: None where their number is open.
        folder: of the problem file.
        beside: what is given in the problem file itself.
        say: told in a line which tensors became what, where their names do not say it.
        classes: whether ``y`` may be one whole number for each sample.
    """
    shapes: dict[str, Shape] = variable_shapes(network, -1 if samples is None else samples)
    arrays: dict[str, Array[Rational]] = {}
    issues: list[Issue] = []
    for number, name in enumerate(names):
        place = ("given", FROM, number) if len(names) > 1 else ("given", FROM)
        try:
            tensors = {tensor.name: tensor for tensor in read_tensors(inside(folder, name))}
            ordered = name.lower().endswith(".npz")
            if classes and "y" in tensors and tensors["y"].shape in (shapes["y"][:1], (shapes["y"][0], 1)):
                shapes = shapes | {"y": (shapes["y"][0], 1)}
            found = sources(network, shapes, {n: t.shape for n, t in tensors.items()}, ordered=ordered)
            if twice := next((array for array in found if array in arrays or array in beside), None):
                raise MismatchError(f"has {twice}, which is given elsewhere, too: keep one of the two")
            arrays |= {array: _array(tensors[s.tensor], s, shapes[array]) for array, s in found.items()}
        except (UnreadableError, MismatchError) as error:
            issues.append(Issue(place, f"{short(name)}: {error}"))
            continue
        if told := _told(found):
            say(f"{name}: {told}")
    return arrays, issues


def _array(tensor: Tensor, source: Source, shape: Shape) -> Array[Rational]:
    if source.turned:
        tensor = Tensor(tensor.name, tensor.shape[::-1], tensor.numbers.reshape(tensor.shape).T)
    array = tensor.exact()
    return array if -1 in shape else Array(shape, array.entries)


def _told(found: Mapping[str, Source]) -> str:
    renamed = ((array, source) for array, source in found.items() if source.tensor != array)
    return ", ".join(f"{array} = {s.tensor}{' transposed' if s.turned else ''}" for array, s in renamed)
