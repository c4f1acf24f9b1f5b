"""From what a person wrote to the normal form of a problem, every issue collected on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil, floor, prod
from typing import Any

from zerograd.core.errors import Issue, Path, short
from zerograd.core.model.references import Reference, entry, resolve, show_shape
from zerograd.core.numbers.arrays import Array, Index, Shape, indices, squeeze
from zerograd.core.numbers.rationals import narrowed, parse_rational, plain_rational
from zerograd.core.numbers.work import spend
from zerograd.core.question.conditions import Condition
from zerograd.core.question.language import Call, Item, LanguageError, Name, walk
from zerograd.core.question.parsing import parse_condition
from zerograd.core.question.target_reading import TargetReader
from zerograd.core.question.targets import one_hot
from zerograd.core.question.tensors import (
    by_index,
    exact_array,
    exact_scalar,
    is_array,
    is_list,
    leaves,
    shape_of,
    unravelled,
)
from zerograd.core.question.vetting import doubtful_divisions, misfit, telling_samples, values_named
from zerograd.core.question.vocabulary import (
    RELATIONS,
    Bound,
    Domain,
    Rational,
    Relation,
    Samples,
    gradient_shapes,
    sample_arrays,
    tighter,
    variable_shapes,
)

MAX_LOOKED_AT = 2_000_000
"""Values that the conditions of a problem may name, each as often as it is named."""

Given = dict[str, dict[Index, Rational]]
Query = dict[Relation, tuple[Reference, ...]]


@dataclass(slots=True)
class Validator(TargetReader):
    """Reads the parts of a problem in order; what is wrong goes to ``issues``."""

    # --- query -------------------------------------------------------------------------

    def query(self, asked: Mapping[Relation, Iterable[object]], samples: int) -> Query:
        shapes = gradient_shapes(self.network, samples)
        result: Query = {}
        for relation in RELATIONS:
            references: dict[Reference, None] = {}
            for number, value in enumerate(asked[relation]):
                path = (relation, number)
                reference = self.reference(value, path)
                if reference is None:
                    continue
                found = self.resolved(reference, shapes, path, "a parameter of this network, or x")
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
        for relation in (Relation.ZERO, Relation.POSITIVE, Relation.NEGATIVE, Relation.NONZERO):
            for number, reference in enumerate(query[relation]):
                for index in resolve(reference, shapes[reference.name]):
                    before = asked.setdefault((reference.name, index), relation)
                    if before != relation and not before.signs < relation.signs:
                        both = f"both {before} and {relation}"
                        self.report(
                            (relation, number),
                            f"∂L/∂{entry(reference.name, index)} is asked to be {both}: "
                            "take it out of one of the two",
                        )
                        break
        for number, reference in enumerate(query[Relation.SOME_NONZERO]):
            entries = resolve(reference, shapes[reference.name])
            if all(asked.get((reference.name, index)) is Relation.ZERO for index in entries):
                self.report(
                    (Relation.SOME_NONZERO, number),
                    f"every entry of ∂L/∂{reference} is asked to be zero, so none can be nonzero",
                )
        together = query[Relation.ANY_NONZERO]
        if together and all(
            asked.get((reference.name, index)) is Relation.ZERO
            for reference in together
            for index in resolve(reference, shapes[reference.name])
        ):
            message = "every entry of these is asked to be zero, so none can be nonzero"
            self.report((Relation.ANY_NONZERO,), message)

    # --- given and bounds --------------------------------------------------------------

    def given(self, value: Mapping[str, object], samples: int) -> Given:
        shapes = variable_shapes(self.network, samples)
        result: Given = {}
        for key, data in value.items():
            path: Path = ("given", str(key))
            reference = self.reference(key, path)
            if reference is None:
                continue
            values: dict[Index, Rational] | None = self._classes(reference, data, shapes["y"], path)
            entries = [()] if values is not None else self._entries(reference, shapes, path)
            if entries is None:
                continue
            if values is not None:
                pass
            elif isinstance(data, Mapping):
                values = self._sparse(data, reference.name, shapes[reference.name], path)
            elif reference.index is not None:
                number = self._number(data, path)
                values = {} if number is None else {entries[0]: number}
            else:
                if self.open_samples and reference.name in ("x", "y"):
                    self.report(
                        path,
                        f"a whole {reference.name} fixes the number of samples: write samples: "
                        f"{_length(data)}, or give single entries",
                    )
                    continue
                read = self._array if is_array(data) else self._nested
                values = read(data, reference.name, shapes[reference.name], path)
            if not result.get(reference.name):
                result[reference.name] = values
                continue
            known = result[reference.name]
            for index, number in values.items():
                if known.setdefault(index, number) != number:
                    self.report(path, f"{entry(reference.name, index)} is given twice, with two values")
        return {name: values for name, values in result.items() if values}

    def _entries(self, reference: Reference, shapes: Mapping[str, Shape], path: Path) -> list[Index] | None:
        return self.resolved(reference, shapes, path, "a parameter of this network, x or y")

    def _classes(
        self, reference: Reference, data: object, shape: Shape, path: Path
    ) -> dict[Index, Rational] | None:
        """The rows of y of one class a sample; None where it is not classes that are given."""
        if self.targets != "class" or reference.name != "y" or shape[1] == 1 or isinstance(data, Mapping):
            return None
        if reference.index is not None:
            if len(reference.index) != 1 or is_list(data):
                return None
            row: Index = (reference.index[0], 0)
            if self.resolved(Reference("y", row), {"y": shape}, path, "known") is None:
                return {}
            label = self._number(data, path)
            rows, issues = one_hot(Array((1,), (label,)), shape[1], path)
            self.issues += [Issue(path, issue.message) for issue in issues]
            return {(row[0], k): value for (_, k), value in rows.items()}
        form = tuple(data.shape) if is_array(data) else shape_of(data)  # type: ignore[attr-defined]
        if form == () and shape[0] == 1 and not is_array(data):
            data, form = [data], (1,)  # the class of the only sample
        if self.open_samples or form not in ((shape[0],), (shape[0], 1)):
            return None
        flat = exact_array(data).entries if is_array(data) else [*leaves(data)]
        places = [(*path, *unravelled(n, form)) for n in range(len(flat))]
        labels = [
            None if v is None else self._number(v, place) for v, place in zip(flat, places, strict=True)
        ]
        rows, issues = one_hot(Array(form, tuple(labels)), shape[1], path)
        self.issues += issues
        return rows

    def _sparse(
        self, data: Mapping[Any, object], name: str, shape: Shape, path: Path
    ) -> dict[Index, Rational]:
        """Values by full index: the normal form, checked again when a problem is changed."""
        if not self.open_samples and data.keys() <= {*indices(shape)}:
            if {*map(type, data.values())} <= {int}:
                return dict(data)
            numbers = {index: self._number(value, path) for index, value in data.items()}
            return {index: number for index, number in numbers.items() if number is not None}
        result = {}
        for index, value in data.items():
            if not isinstance(index, tuple) or self.resolved(
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
        found = shape_of(data)
        if found is None or squeeze(found) != squeeze(shape):
            what = "ragged or deeply nested lists" if found is None else f"shape {show_shape(found)}"
            self.report(path, f"{name} has shape {show_shape(shape)}, found {what}")
            return {}
        result: dict[Index, Rational] = {}
        spend(3 * prod(shape))
        for position, (index, leaf) in enumerate(zip(indices(shape), leaves(data), strict=True)):
            if type(leaf) is str and (quotient := plain_rational(leaf)) is not None:
                result[index] = quotient  # as most are, and as `_number` says
            elif leaf is not None:
                number = self._number(leaf, path, partial(unravelled, position, found))
                if number is not None:
                    result[index] = number
        return result

    def _array(self, data: object, name: str, shape: Shape, path: Path) -> dict[Index, Rational]:
        """An array of another library, or of ours."""
        try:
            array = exact_array(data)
        except ValueError as error:
            self.report(path, f"{name}{error}")
            return {}
        if squeeze(array.shape) != squeeze(shape):
            self.report(
                path,
                f"{name} has shape {show_shape(shape)}, found an array of shape {show_shape(array.shape)}",
            )
            return {}
        return by_index(array, shape)

    def _number(self, data: object, path: Path, place: Callable[[], Path] = lambda: ()) -> Rational | None:
        """A number; of one that is none, ``place`` is where it stands below ``path``."""
        if type(data) is str and (quotient := plain_rational(data)) is not None:
            return quotient
        data = exact_scalar(data)
        if isinstance(data, Fraction):
            return narrowed(data)
        if isinstance(data, int | str):
            try:
                return parse_rational(data)
            except ValueError as error:
                self.report((*path, *place()), str(error))
                return None
        what = f"expected a number, found {short(data)}"
        if isinstance(data, float):
            what = f"{data!r} is a float; write it exactly, as '{data!r}' or Fraction(p, q)"
        self.report((*path, *place()), what)
        return None

    def bounds(self, value: Mapping[Any, object], samples: int) -> dict[Reference, Bound]:
        shapes = variable_shapes(self.network, samples)
        result: dict[Reference, Bound] = {}
        for key, data in value.items():
            path: Path = ("bounds", str(key))
            reference = self.reference(key, path)
            if reference is None:
                continue
            entries = self.resolved(reference, shapes, path, "a parameter of this network, x or y")
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
        for name, values in given.items() if limits or domain == "integer" else ():
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
                    condition = parse_condition(value)
                except LanguageError as error:
                    self.report(("where", number), str(error))
                    continue
            result.append((number, condition))
            for node in walk(condition.node):
                match node:
                    case Item(array=Name(name=name), index=index) if name in arrays:
                        self.need(index, arrays[name])
                    case Item(array=Call(function="grad", arguments=(Name(name="x"),)), index=index):
                        self.need(index, arrays["x"])
                    case Call(function="grad", arguments=(Item(array=Name(name="x"), index=index),)):
                        self.need(index, arrays["x"])
        return result

    def conditions_fit(self, conditions: Sequence[tuple[int, Condition]], samples: Samples) -> None:
        """Names and shapes, for every number of samples."""
        numbers = telling_samples([condition for _, condition in conditions], self.network, samples)
        looked_at = 0
        for position, condition in conditions:
            looked_at += values_named(condition, self.network, numbers[-1])
            if looked_at > MAX_LOOKED_AT:
                self.report(
                    ("where", position),
                    f"the conditions up to here look at {looked_at} values, at most {MAX_LOOKED_AT} are "
                    "read: speak of fewer entries",
                )
                return
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
        samples: Samples,
    ) -> None:
        """Denominators that may be zero are issues."""
        plain = [condition for _, condition in conditions]
        doubtful = doubtful_divisions(plain, self.network, samples, query=query, given=given, bounds=bounds)
        for number, message in doubtful.items():
            self.report(("where", conditions[number][0]), message)


def _length(data: Any) -> int:
    """The number of samples in a whole array."""
    shape = getattr(data, "shape", None)
    return shape[0] if shape else len(data) if is_list(data) else 1
