"""From what a person wrote to the normal form of a problem, every issue collected on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any, TypeVar

from zerograd.core.arrays import Index, Shape, indices
from zerograd.core.conditions import Condition
from zerograd.core.errors import Issue, Path, short
from zerograd.core.exact import narrow, parse_rational
from zerograd.core.language import Call, Item, LanguageError, Name, walk
from zerograd.core.network import Network
from zerograd.core.references import Reference, did_you_mean, entry, parse_reference, resolve, show_shape
from zerograd.core.vetting import doubtful_divisions, misfit, telling_samples
from zerograd.core.vocabulary import (
    MAX_SAMPLES,
    MAX_VALUES,
    RELATIONS,
    Bound,
    Domain,
    Rational,
    Relation,
    Samples,
    gradient_shapes,
    sample_arrays,
    variable_shapes,
)

Given = dict[str, dict[Index, Rational]]
Query = dict[Relation, tuple[Reference, ...]]

C = TypeVar("C", bound=str)


@dataclass(slots=True)
class Validator:
    """Reads the parts of a problem in order; what is wrong goes to ``issues``."""

    network: Network
    issues: list[Issue] = field(default_factory=list)
    needed: int = 1
    """The fewest samples for which every name with an index exists."""
    open_samples: bool = False
    """Whether the number of samples is not one fixed number."""

    def report(self, path: Path, message: str) -> None:
        self.issues.append(Issue(path, message))

    def choice(self, key: str, value: object, allowed: Sequence[C]) -> C:
        for known in allowed:
            if value == known:
                return known
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        self.report((key,), f"expected one of {', '.join(allowed)}, found {short(value)}{hint}")
        return allowed[0]

    def text(self, key: str, value: object, *place: int) -> None:
        if not isinstance(value, str) and (value is not None or place):
            self.report((key, *place), f"expected text, found {short(value)}")

    # --- samples -----------------------------------------------------------------------

    def samples(self, value: object) -> Samples:
        match value:
            case Samples(most=None):
                return value
            case Samples(most=int(most), every=False):
                return self._range(value.least, most, ("samples",))
            case "fewest" | "any":
                return Samples(1, None, every=value == "any")
            case bool():
                pass
            case int():
                return self._range(value, value, ("samples",))
            case Mapping() if set(value) == {"from", "to"} and all(type(v) is int for v in value.values()):
                return self._range(value["from"], value["to"], ("samples",))
        self.report(
            ("samples",), f"expected a whole number, fewest, any, or {{from: 2, to: 6}}, found {short(value)}"
        )
        return Samples(1, 1)

    def _range(self, least: int, most: int, path: Path) -> Samples:
        for number in dict.fromkeys((least, most)):
            if not 1 <= number <= MAX_SAMPLES:
                self.report(path, f"expected from 1 to {MAX_SAMPLES} samples, found {short(number)}")
        if least > most:
            self.report(path, f"the range from {short(least)} to {short(most)} is empty")
        least = min(max(least, 1), MAX_SAMPLES)
        return Samples(least, min(max(most, least), MAX_SAMPLES))

    def manageable(self, samples: int) -> bool:
        """Whether a forward pass over so many samples is small enough to look at."""
        values = samples * sum(self.network.widths)
        if values > MAX_VALUES:
            self.report(
                ("samples",),
                f"{samples} samples of a network this wide have {values} values, at most {MAX_VALUES} are "
                "read: ask for fewer samples",
            )
        return values <= MAX_VALUES

    def settle_samples(self, samples: Samples) -> Samples:
        """Raise an open range to the samples that the problem names; refuse one that lacks them."""
        if samples.most is None and samples.least not in (1, self.needed):
            self.report(
                ("samples",),
                f"an open range starts at the fewest samples that the problem names, {self.needed}, "
                f"found {short(samples.least)}",
            )
        if self.needed <= samples.least:
            return samples
        if samples.most is None:
            return Samples(self.needed, None, samples.every)
        self.report(
            ("samples",),
            f"the problem names sample {self.needed - 1} (counted from 0), so there must be at least "
            f"{self.needed} samples: write from: {self.needed}",
        )
        return Samples(self.needed, max(self.needed, samples.most))

    # --- names -------------------------------------------------------------------------

    def _reference(self, value: object, path: Path) -> Reference | None:
        if isinstance(value, Reference):
            return value
        if not isinstance(value, str):
            self.report(path, f"expected a name such as w1 or w1[0,1], found {short(value)}")
            return None
        try:
            return parse_reference(value)
        except ValueError as error:
            self.report(path, str(error))
            return None

    def _resolve(
        self, reference: Reference, shapes: Mapping[str, Shape], path: Path, what: str
    ) -> list[Index] | None:
        """The named entries, or None with an issue. ``shapes`` has the least number of samples."""
        name = reference.name
        if name not in shapes:
            self.report(path, self._unknown(name, shapes, what))
            return None
        shape = shapes[name]
        if name in ("x", "y") and reference.index is not None:
            self._need(reference.index, shape[1])
            # Where the number of samples is open, their axis is no axis of length 1, to be left out.
            shape = (max(shape[0], self.needed, 2 if self.open_samples else 1), shape[1])
        try:
            return resolve(reference, shape)
        except ValueError as error:
            self.report(path, str(error))
            return None

    def _unknown(self, name: str, shapes: Mapping[str, Shape], what: str) -> str:
        kind, number = name[:1], name[1:]
        if kind == "b" and number.isdigit() and 1 <= int(number) <= self.network.depth:
            return f"layer {number} has no bias, so {name} does not exist"
        if kind in "wb" and number.isdigit():
            return f"there is no {name}: the network has {self.network.depth} layers, counted from 1"
        return f"{short(name)} is not {what} ({', '.join(shapes)}){did_you_mean(name, shapes)}"

    def _need(self, index: Index, width: int) -> None:
        if self.open_samples and (len(index) == 2 or (len(index) == 1 and width == 1)):
            self.needed = max(self.needed, min(index[0] + 1, MAX_SAMPLES))

    # --- query -------------------------------------------------------------------------

    def query(self, asked: Mapping[Relation, Iterable[object]], samples: int) -> Query:
        shapes = gradient_shapes(self.network, samples)
        result: Query = {}
        for relation in RELATIONS:
            references: dict[Reference, None] = {}
            for number, value in enumerate(asked[relation]):
                path = (relation, number)
                reference = self._reference(value, path)
                if reference is None:
                    continue
                found = self._resolve(reference, shapes, path, "a parameter of this network, or x")
                if found is not None:
                    if len(found) == 1 and reference.index is not None:
                        reference = Reference(reference.name, found[0])
                    references[reference] = None
            result[relation] = tuple(references)
        return result

    def contradictions(self, query: Query, samples: int) -> None:
        """An entry asked to be two things that exclude each other."""
        shapes = gradient_shapes(self.network, samples)
        asked: dict[tuple[str, Index], Relation] = {}
        for relation in ("zero", "positive", "negative", "nonzero"):
            for number, reference in enumerate(query[relation]):
                for index in resolve(reference, shapes[reference.name]):
                    before = asked.setdefault((reference.name, index), relation)
                    if before != relation and not (relation == "nonzero" and before != "zero"):
                        both = f"both {before} and {relation}"
                        self.report(
                            (relation, number),
                            f"∂L/∂{entry(reference.name, index)} is asked to be {both}: "
                            "take it out of one of the two",
                        )
                        break
        for number, reference in enumerate(query["some_nonzero"]):
            entries = resolve(reference, shapes[reference.name])
            if all(asked.get((reference.name, index)) == "zero" for index in entries):
                self.report(
                    ("some_nonzero", number),
                    f"every entry of ∂L/∂{reference} is asked to be zero, so none can be nonzero",
                )

    # --- given and bounds --------------------------------------------------------------

    def given(self, value: Mapping[str, object], samples: int) -> Given:
        shapes = variable_shapes(self.network, samples)
        result: Given = {}
        for key, data in value.items():
            path: Path = ("given", key)
            reference = self._reference(key, path)
            if reference is None:
                continue
            entries = self._resolve(reference, shapes, path, "a parameter of this network, x or y")
            if entries is None:
                continue
            values: dict[Index, Rational]
            if isinstance(data, Mapping):
                values = self._sparse(data, reference.name, shapes[reference.name], path)
            elif reference.index is not None:
                number = self._number(data, path)
                values = {} if number is None else {entries[0]: number}
            else:
                if self.open_samples and reference.name in ("x", "y"):
                    self.report(
                        path,
                        f"a whole {reference.name} fixes the number of samples: write samples: "
                        f"{len(data) if isinstance(data, Sequence) else 1}, or give single entries",
                    )
                    continue
                values = self._nested(data, reference.name, shapes[reference.name], path)
            known = result.setdefault(reference.name, {})
            for index, number in values.items():
                if known.setdefault(index, number) != number:
                    self.report(path, f"{entry(reference.name, index)} is given twice, with two values")
        return {name: values for name, values in result.items() if values}

    def _sparse(
        self, data: Mapping[Any, object], name: str, shape: Shape, path: Path
    ) -> dict[Index, Rational]:
        """Values by full index: the normal form, checked again when a problem is changed."""
        result = {}
        for index, value in data.items():
            if not isinstance(index, tuple) or self._resolve(
                Reference(name, index), {name: shape}, path, "known"
            ) != [index]:
                self.report(
                    path, f"{short(index)} is not a full index of {name}, of shape {show_shape(shape)}"
                )
                continue
            number = self._number(value, path)
            if number is not None:
                result[index] = number
        return result

    def _nested(self, data: object, name: str, shape: Shape, path: Path) -> dict[Index, Rational]:
        found = _shape_of(data)
        if found is None or _squeeze(found) != _squeeze(shape):
            what = "ragged or deeply nested lists" if found is None else f"shape {show_shape(found)}"
            self.report(path, f"{name} has shape {show_shape(shape)}, found {what}")
            return {}
        result = {}
        for index, (leaf, leaf_path) in zip(indices(shape), _leaves(data, path), strict=True):
            if leaf is not None:
                number = self._number(leaf, leaf_path)
                if number is not None:
                    result[index] = number
        return result

    def _number(self, data: object, path: Path) -> Rational | None:
        if isinstance(data, Fraction):
            value = narrow(data)
            assert isinstance(value, int | Fraction)  # for the type checker
            return value
        if isinstance(data, float):
            self.report(path, f"{data!r} is a float; write it exactly, as '{data!r}' or Fraction(p, q)")
        elif isinstance(data, int | str):
            try:
                return parse_rational(data)
            except ValueError as error:
                self.report(path, str(error))
        else:
            self.report(path, f"expected a number, found {short(data)}")
        return None

    def bounds(self, value: Mapping[Any, object], samples: int) -> dict[Reference, Bound]:
        shapes = variable_shapes(self.network, samples)
        result: dict[Reference, Bound] = {}
        for key, data in value.items():
            path: Path = ("bounds", str(key))
            reference = self._reference(key, path)
            if reference is None:
                continue
            entries = self._resolve(reference, shapes, path, "a parameter of this network, x or y")
            bound = self._bound(data, path)
            if entries is None or bound is None:
                continue
            if reference.index is not None:
                reference = Reference(reference.name, entries[0])
            if reference in result:
                self.report(path, f"{reference} has two bounds")
            result[reference] = bound
        return result

    def _bound(self, data: object, path: Path) -> Bound | None:
        if not isinstance(data, Sequence) or isinstance(data, str) or len(data) != 2:
            self.report(path, f"expected [lowest, highest] (null where open), found {short(data)}")
            return None
        ends: list[Rational | None] = []
        for position, end in enumerate(data):
            number = None if end is None else self._number(end, (*path, position))
            if number is None and end is not None:
                return None
            ends.append(number)
        low, high = ends
        if low is not None and high is not None and low > high:
            self.report(path, f"the lowest value {low} is above the highest {high}")
            return None
        return low, high

    def values_fit(
        self, given: Given, bounds: Mapping[Reference, Bound], domain: Domain, samples: int
    ) -> None:
        """Given values inside their bounds and domain, and no entry left without a value."""
        shapes = variable_shapes(self.network, samples)
        limits: dict[tuple[str, Index], tuple[Reference, Bound]] = {}
        for reference, bound in sorted(bounds.items(), key=lambda item: item[0].index is not None):
            for index in resolve(reference, shapes[reference.name]):
                site = (reference.name, index)
                merged = bound if site not in limits else tighter(limits[site][1], bound)
                limits[site] = (reference, merged)
        reported: set[Reference] = set()
        for (name, index), (reference, (low, high)) in limits.items():
            if low is None or high is None or reference in reported:
                continue
            if (ceil(low) > floor(high)) if domain == "integer" else low > high:
                reported.add(reference)
                kind = "integer" if domain == "integer" else "value"
                self.report(
                    ("bounds", str(reference)), f"the bounds leave no {kind} for {entry(name, index)}"
                )
        for name, values in given.items():
            for index, number in values.items():
                path = ("given", entry(name, index))
                if domain == "integer" and number != int(number):
                    self.report(path, f"{entry(name, index)} = {number} is no integer, but domain is integer")
                if (name, index) in limits:
                    reference, (low, high) = limits[name, index]
                    if (low is not None and number < low) or (high is not None and number > high):
                        self.report(
                            path,
                            f"{entry(name, index)} = {number} is outside its bounds "
                            f"[{'-∞' if low is None else low}, {'∞' if high is None else high}]",
                        )

    # --- conditions --------------------------------------------------------------------

    def conditions(self, where: Iterable[object]) -> list[tuple[int, Condition]]:
        """The conditions that parse, each with its position; raises ``needed`` as they require."""
        result = []
        arrays = sample_arrays(self.network)
        for number, value in enumerate(where):
            if isinstance(value, Condition):
                condition = value
            elif not isinstance(value, str):
                self.report(
                    ("where", number), f"expected a condition such as 'x[0] < x[1]', found {short(value)}"
                )
                continue
            else:
                try:
                    condition = Condition.parse(value)
                except LanguageError as error:
                    self.report(("where", number), str(error))
                    continue
            result.append((number, condition))
            for node in walk(condition.node):
                match node:
                    case Item(array=Name(name=name), index=index) if name in arrays:
                        self._need(index, arrays[name])
                    case Item(array=Call(function="grad", arguments=(Name(name="x"),)), index=index):
                        self._need(index, arrays["x"])
                    case Call(function="grad", arguments=(Item(array=Name(name="x"), index=index),)):
                        self._need(index, arrays["x"])
        return result

    def conditions_fit(self, conditions: Sequence[tuple[int, Condition]], samples: Samples) -> None:
        """Names and shapes, for every number of samples."""
        numbers = telling_samples([condition for _, condition in conditions], self.network, samples)
        for position, condition in conditions:
            messages = (misfit(condition, self.network, number) for number in numbers)
            message = next(filter(None, messages), None)
            if message is not None:
                self.report(("where", position), message)

    def divisions(
        self,
        conditions: Sequence[tuple[int, Condition]],
        query: Query,
        given: Given,
        bounds: Mapping[Reference, Bound],
        samples: int,
    ) -> None:
        """Denominators that may be zero are issues."""
        plain = [condition for _, condition in conditions]
        doubtful = doubtful_divisions(plain, self.network, samples, query=query, given=given, bounds=bounds)
        for number, message in doubtful.items():
            self.report(("where", conditions[number][0]), message)


def tighter(a: Bound, b: Bound) -> Bound:
    """The intersection of two bounds."""
    lows = [low for low in (a[0], b[0]) if low is not None]
    highs = [high for high in (a[1], b[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)


def _squeeze(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)


def _is_list(data: object) -> bool:
    return isinstance(data, list | tuple)


def _shape_of(data: Any, levels: int = 8) -> Shape | None:
    """The shape of nested lists, None where they are ragged or deeper than ``levels``."""
    if not _is_list(data):
        return ()
    if levels == 0:
        return None
    inner = {_shape_of(item, levels - 1) for item in data}
    if len(inner) > 1 or None in inner:
        return None
    return (len(data), *(inner.pop() if inner else ()))  # type: ignore[misc]


def _leaves(data: Any, path: Path) -> Iterator[tuple[object, Path]]:
    if _is_list(data):
        for position, item in enumerate(data):
            yield from _leaves(item, (*path, position))
    else:
        yield data, path
