"""No change of an accepted answer slips through: each is held against an independent evaluation."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from zerograd.core.errors import FormatError, NothingToCheck, Refused, ZerogradError
from zerograd.core.question.documents import problem_from_json
from zerograd.core.verdict.checking import check_result

F = Fraction


def slope(name: str, z: Fraction, convention: str) -> Fraction | None:
    """φ'(z), None on a forbidden kink: written here once more, by cases."""
    kinks = {"relu": (0,), "abs": (0,), "hardtanh": (-1, 1)}.get(name, ())
    if z in kinks and convention == "forbid":
        return None
    nudge = {"left": F(-1, 10**9), "right": F(1, 10**9)}.get(convention, F(0)) if z in kinks else F(0)
    at = z + nudge
    if name == "relu":
        return F(at > 0)
    if name == "abs":
        return F((at > 0) - (at < 0))
    if name == "hardtanh":
        return F(-1 < at < 1)
    return F(1)


def phi(name: str, z: Fraction) -> Fraction:
    return {"relu": max(z, F(0)), "abs": abs(z), "hardtanh": max(F(-1), min(z, F(1)))}.get(name, z)


@dataclass
class Evaluation:
    """Loss and gradients by forward mode: one directional derivative for every number."""

    loss: Fraction
    gradients: dict[str, Any]


def numbers_in(data: Any) -> Any:
    return [numbers_in(v) for v in data] if isinstance(data, list) else F(data)


def evaluation(problem: dict[str, Any], witness: dict[str, Any]) -> Evaluation | None:
    """Loss and gradients, straight from JSON; None where a sample sits on a forbidden kink."""
    layers, convention = problem["network"]["layers"], problem["derivative_at_kink"]
    values = {n: numbers_in(v) for n, v in witness["parameters"].items()}
    values["x"] = numbers_in(witness["x"])
    y = numbers_in(witness["y"])

    def along(name: str, index: tuple[int, ...]) -> tuple[Fraction, Fraction] | None:
        def tangent(other: str, *place: int) -> Fraction:
            return F(other == name and place == index)

        loss, change, count = F(0), F(0), 0
        for m, (inputs, targets) in enumerate(zip(values["x"], y, strict=True)):
            a = [(v, tangent("x", m, d)) for d, v in enumerate(inputs)]
            for number, layer in enumerate(layers, start=1):
                w, b = values[f"w{number}"], values.get(f"b{number}")
                after = []
                for i, row in enumerate(w):
                    z = sum((weight * v for weight, (v, _) in zip(row, a, strict=True)), b[i] if b else F(0))
                    dz = tangent(f"b{number}", i) if b else F(0)
                    for j, (weight, (v, dv)) in enumerate(zip(row, a, strict=True)):
                        dz += weight * dv + tangent(f"w{number}", i, j) * v
                    s = slope(layer["activation"], z, convention)
                    if s is None:
                        return None
                    after.append((phi(layer["activation"], z), s * dz))
                a = after
            for (v, dv), target in zip(a, targets, strict=True):
                loss += (v - target) ** 2
                change += 2 * (v - target) * dv
                count += 1
        return loss / count, change / count

    found = along("nothing", ())
    if found is None:
        return None

    def gradient(name: str, data: Any, prefix: tuple[int, ...] = ()) -> Any:
        if isinstance(data, list):
            return [gradient(name, v, (*prefix, i)) for i, v in enumerate(data)]
        result = along(name, prefix)
        return None if result is None else result[1]

    return Evaluation(found[0], {name: gradient(name, data) for name, data in values.items()})


def leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for item in data:
            yield from leaves(item)
    else:
        yield data


def named(arrays: dict[str, Any], reference: str) -> list[Any]:
    """The entries that a name such as w1 or w1[0,1] stands for."""
    name, _, index = reference.partition("[")
    node = arrays[name]
    for i in index.rstrip("]").split(",") if index else ():
        node = node[int(i)]
    return list(leaves(node))


CONDITIONS: dict[str, Callable[[dict[str, Any], Evaluation], bool]] = {
    "x[0,0] <= 2": lambda v, _: v["x"][0][0] <= 2,
    "loss > 1/2": lambda _, e: e.loss > F(1, 2),
    "w1 != 2": lambda v, _: all(w != 2 for w in leaves(v["w1"])),
    "sum(y) < 3 or min(w1) > 0": lambda v, _: sum(leaves(v["y"])) < 3 or min(leaves(v["w1"])) > 0,
    "any(grad(w1) >= 0)": lambda _, e: any(g >= 0 for g in leaves(e.gradients["w1"])),
    "not loss == 0": lambda _, e: e.loss != 0,
}


def satisfied(problem: dict[str, Any], result: dict[str, Any]) -> bool:
    """Whether a result of the right form answers the problem, and its claims are right."""
    witness = result["witness"]
    found = evaluation(problem, witness)
    if found is None:
        return False
    values = {**witness["parameters"], "x": witness["x"], "y": witness["y"]}
    values = {name: numbers_in(v) for name, v in values.items()}
    tests: dict[str, Callable[[Fraction], bool]] = {
        "zero": lambda g: g == 0,
        "nonzero": lambda g: g != 0,
        "positive": lambda g: g > 0,
        "negative": lambda g: g < 0,
    }
    for relation, test in tests.items():
        for reference in problem.get(relation, ()):
            if not all(test(g) for g in named(found.gradients, reference)):
                return False
    for reference in problem.get("some_nonzero", ()):
        if not any(named(found.gradients, reference)):
            return False
    together = problem.get("any_nonzero", ())
    if together and not any(any(named(found.gradients, reference)) for reference in together):
        return False
    for name, data in problem.get("given", {}).items():
        for expected, value in zip(leaves(data), leaves(values[name]), strict=True):
            if expected is not None and F(expected) != value:
                return False
    for name, (low, high) in problem.get("bounds", {}).items():
        for value in leaves(values[name]):
            if (low is not None and value < F(low)) or (high is not None and value > F(high)):
                return False
    if problem["domain"] == "integer" and any(v.denominator != 1 for v in leaves(list(values.values()))):
        return False
    if not all(CONDITIONS[text](values, found) for text in problem.get("where", ())):
        return False
    claimed = {name: numbers_in(g) for name, g in result["gradients"].items()}
    return F(result["loss"]) == found.loss and all(claimed[n] == found.gradients[n] for n in claimed)


activations = st.sampled_from(["relu", "relu", "abs", "hardtanh", "linear"])
layers = st.fixed_dictionaries({"units": st.integers(1, 2), "activation": activations, "bias": st.booleans()})
numbers = st.sampled_from(["-2", "-1", "0", "0", "1", "1", "2", "3", "1/2", "-3/2"])


@st.composite
def answered(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A random problem with an answer: all that is asked was read off a random network and dataset."""
    network: dict[str, Any] = {
        "inputs": draw(st.integers(1, 2)),
        "layers": draw(st.lists(layers, min_size=1, max_size=2)),
    }
    count = draw(st.integers(1, 3))
    widths = [network["inputs"], *(layer["units"] for layer in network["layers"])]

    def array(*shape: int) -> Any:
        if not shape:
            return draw(numbers)
        return [array(*shape[1:]) for _ in range(shape[0])]

    parameters = {}
    for number, layer in enumerate(network["layers"], start=1):
        parameters[f"w{number}"] = array(widths[number], widths[number - 1])
        if layer["bias"]:
            parameters[f"b{number}"] = array(widths[number])
    witness = {"parameters": parameters, "x": array(count, widths[0]), "y": array(count, widths[-1])}
    convention = draw(st.sampled_from(["torch", "left", "right", "forbid"]))
    forms: list[Any] = [count, "any", {"from": 1, "to": 3}]
    problem: dict[str, Any] = {
        "network": network,
        "samples": draw(st.sampled_from(forms)),
        "derivative_at_kink": convention,
    }
    found = evaluation(problem, witness)
    if found is None:
        problem["derivative_at_kink"] = draw(st.sampled_from(["torch", "left", "right"]))
        found = evaluation(problem, witness)
    assert found is not None
    for name, gradient in found.gradients.items():
        flat = list(leaves(gradient))
        relations = [
            relation
            for relation, holds in {
                "zero": not any(flat),
                "nonzero": all(flat),
                "positive": all(g > 0 for g in flat),
                "negative": all(g < 0 for g in flat),
                "some_nonzero": any(flat),
                "any_nonzero": any(flat),
            }.items()
            if holds
        ]
        asked = draw(st.integers(0, 3)) > 0
        if relations and asked:
            problem.setdefault(draw(st.sampled_from(relations)), []).append(name)
    values = {**parameters, "x": witness["x"], "y": witness["y"]}
    for name, data in values.items():
        fixed = name not in ("x", "y") or problem["samples"] == count
        kind = draw(st.sampled_from(["given", "bounds", "free", "free"]))
        if kind == "given" and fixed:
            problem.setdefault("given", {})[name] = data
        elif kind == "bounds":
            flat = [F(v) for v in leaves(data)]
            room = draw(st.integers(0, 1))
            problem.setdefault("bounds", {})[name] = [str(min(flat) - room), str(max(flat) + room)]
    whole = all(F(v).denominator == 1 for v in leaves(list(values.values())))
    problem["domain"] = draw(st.sampled_from(["real", "integer"])) if whole else "real"
    exact = {name: numbers_in(v) for name, v in values.items()}
    holding = [text for text, holds in CONDITIONS.items() if holds(exact, found)]
    problem["where"] = draw(st.lists(st.sampled_from(holding), max_size=2)) if holding else []
    digest = problem_from_json(problem).digest
    result = {
        "format": "zerograd.result/1",
        "problem": {"title": None, "digest": digest},
        "status": "sat",
        "samples": count,
        "evidence": "witness",
        "witness": {"format": "zerograd.witness/1", "problem": digest, **witness},
        "gradients": {n: json.loads(json.dumps(g, default=str)) for n, g in found.gradients.items()},
        "loss": str(found.loss),
    }
    return problem, result


def verdict(problem: dict[str, Any], result: object) -> type[ZerogradError] | None:
    """None if accepted, else the kind of refusal."""
    try:
        check_result(problem_from_json(problem), result)
    except (Refused, FormatError, NothingToCheck) as error:
        return type(error)
    return None


def paths(data: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every leaf of a document stands."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield from paths(data[key], (*prefix, key))
    else:
        yield prefix


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    result = copy.deepcopy(data)
    node = result
    for key in path[:-1]:
        node = node[key]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return result


def numeric(path: tuple[Any, ...]) -> bool:
    """Whether a number stands there."""
    if path[0] == "witness":
        return len(path) > 2
    return path[0] in ("gradients", "loss")


@examples(60)
@given(answered(), st.data())
def test_no_change_of_a_number_slips_through(
    answer: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    """One number changed: accepted exactly where an independent evaluation finds all of it still right."""
    problem, result = answer
    assert satisfied(problem, result)
    assert verdict(problem, result) is None
    for path in data.draw(st.permutations([p for p in paths(result) if numeric(p)]))[:4]:
        node: Any = result
        for key in path:
            node = node[key]
        step = data.draw(st.sampled_from([F(1), F(-1), F(1, 7), F(1, 10**30), F(-2)]))
        mutated = put(result, path, str(F(node) + step))
        expected = None if satisfied(problem, mutated) else Refused
        assert verdict(problem, mutated) is expected
        if path[0] != "witness":
            assert expected is Refused
        assert (
            verdict(problem, put(result, path, f"{F(node).numerator * 6}/{F(node).denominator * 6}")) is None
        )


@examples(100)
@given(answered(), st.data())
def test_no_other_change_slips_through(
    answer: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    """A part deleted or replaced by something else: never accepted, but for what is optional."""
    problem, result = answer
    path = data.draw(st.sampled_from(list(paths(result))))
    path = path[: data.draw(st.integers(1, len(path)))]
    value = data.draw(
        st.one_of(
            st.just(...), st.none(), st.booleans(), st.floats(), st.text(max_size=4), st.just([]), st.just({})
        )
    )
    node: Any = result
    for key in path:
        node = node[key]
    mutated = put(result, path, value)
    harmless = (
        path == ("problem", "title")
        or (value is ... and path in (("gradients",), ("loss",)))
        or (value is ... and len(path) == 2 and path[0] == "gradients")
        or (value == {} and isinstance(value, dict) and path == ("gradients",))
        or node == value
    )
    if not harmless and numeric(path) and isinstance(value, str):
        try:
            F(value)
        except (ValueError, ZeroDivisionError):
            pass
        else:
            return  # another number: the business of the test above
    assert (verdict(problem, mutated) is None) == harmless


@examples(60)
@given(answered(), answered())
def test_answers_to_other_questions_are_refused(
    one: tuple[dict[str, Any], dict[str, Any]], other: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """A result and a witness are held against the problem they name, whatever their shapes."""
    same = problem_from_json(one[0]).digest == problem_from_json(other[0]).digest
    for document in (other[1], other[1]["witness"]):
        assert (verdict(one[0], document) is None) == same
        assert same or verdict(one[0], document) is Refused
