"""Changes of documents: of their structure, numbers, names and bytes. What comes out may be anything."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from random import Random
from typing import Any

JUNK: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 10**30, -(10**400), 0.5, "", "0", "x", "1/0", "0/0", "1e999",
    "1e-1000", "-0", "+1", "1.0",
    " 1", "1 ", "²", "٣", "\ud800", "\x00", "\x1b[2J", "a}\u2028{b", "9" * 5000, "1/" + "3" * 4000, "inf",
    "nan", "pi", "log(2)",
    "log(0)", "log(" + "7" * 2000 + ")", "1/2 + 3*log(2)", "-pi/2", "pi**32", "w1", "w1[0,0]", "w9", "x",
    "y[0]", "loss",
    "grad(w1)", "any", "fewest", "forbid", "jax", "dataset", "moments", "identities", "calculation",
    "integer", "class", "binary",
    "relu", "sigmoid", "exp", "huber", "cross_entropy", [], {}, [[]], [{}], [["1"]], [["0"]],
    [["1", "w1[0,0]"]], [["1", 1]],
    [0, 1], [1, 0], [1, 1], [1, 1, 1], {"from": 1, "to": 2}, {"from": 2, "to": 1}, {"like": "n1"},
    {"like": "n0", "samples": [1, 0]},
    {"cofactors": {}}, {"centre": "0", "radius": "1e-20"}, {"centre": "1e900", "radius": "1e-900"},
    {"alpha": ["0", "1"]},
    {"alpha": ["1"] * 300}, {"elu": "1/3"}, {"huber": "2"}, {"per_sample": "(y_hat - y)**4"},
    {"of_mean": "1 / mse"},
    {"leaky_relu": "1"}, {"default": "right"}, {"relu": "1/2"}, ["w1"], ["x"], ["w1 > 0"], ["0 == 1"],
    ["1/x > 0"],
)  # fmt: skip
"""What may stand in place of anything."""

FIXED = frozenset(
    [
        *(
            "format",
            "problem",
            "parts",
            "system",
            "proof",
            "samples",
            "split",
            "cases",
            "cofactors",
            "nonzero",
        ),
        *(
            "positive",
            "name",
            "like",
            "units",
            "compare",
            "sign",
            "floor",
            "either",
            "coefficient",
            "factors",
        ),
        *("squares", "parameters", "x", "y", "equations", "field", "centre", "radius", "alpha", "status"),
        *("evidence", "witness"),
    ]
)
"""Keys of the formats, which are seldom taken for others: what comes of that is no document."""

Path = tuple[Any, ...]


def places(data: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything inside a document."""
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield (*path, key)
            yield from places(data[key], (*path, key))


def texts(data: Any) -> Iterator[str]:
    """Every text in a document, keys among them."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts(value)
    elif isinstance(data, str):
        yield data


def at(data: Any, path: Path) -> Any:
    """What stands at a path."""
    for key in path:
        data = data[key]
    return data


def mutated(
    data: Any,
    chance: Random,
    words: Sequence[str] = (),
    changes: int = 1,
    within: Sequence[str] | None = None,
) -> Any:
    """A copy with so many changes.

    Args:
        words: names that may stand in place of others.
        within: keys at the top that are changed; by default all.
    """
    data = copy.deepcopy(data)
    for _ in range(changes):
        among = [p for p in places(data) if within is None or p[0] in within]
        if not among:
            break
        numbers = [p for p in among if _is_number(at(data, p))]
        if numbers and chance.random() < 0.5:
            path = chance.choice(numbers)
            _put(at(data, path[:-1]), path[-1], other_number(at(data, path), chance))
        else:
            _change(data, chance.choice(among), among, chance, words)
    return data


def _change(data: Any, path: Path, among: Sequence[Path], chance: Random, words: Sequence[str]) -> None:
    container, key = at(data, path[:-1]), path[-1]
    value = container[key]
    if chance.random() < 0.3:
        rough: list[Callable[[], Any]] = [
            lambda: container.pop(key),
            lambda: _put(container, key, copy.deepcopy(chance.choice(JUNK))),
            lambda: _put(container, key, [value]),
        ]
        chance.choice(rough)()
        return
    alike = [p for p in among if type(at(data, p)) is type(value) and p[:-1] != path]
    actions: list[Callable[[], Any]] = [
        lambda: _put(container, key, copy.deepcopy(at(data, chance.choice(alike)))),
    ]
    if _is_number(value):
        actions = [lambda: _put(container, key, other_number(value, chance))] * 6
    elif isinstance(value, str):
        actions += [lambda: _put(container, key, chance.choice(words) if words else value + "0")] * 3
        actions.append(lambda: _put(container, key, bytes_changed(value, chance)))
    elif isinstance(value, dict | list) and value:
        actions += [lambda: _put(container, key, _shuffled(value, chance))] * 2
    if isinstance(container, list):
        actions += [
            lambda: container.insert(key, copy.deepcopy(value)),
            lambda: chance.shuffle(container),
            lambda: container.extend([copy.deepcopy(value)] * chance.choice([1, 2, 50])),
        ]
    elif len(container) > 1:
        actions += [
            lambda: _swap(container, key, chance.choice(list(container))),
            lambda: _rename(container, key, chance, words),
        ]
        if key in FIXED and chance.random() < 0.9:
            actions = actions[:-2] or [lambda: container.pop(key)]
    chance.choice(actions)()


def _rename(container: Any, key: Any, chance: Random, words: Sequence[str]) -> None:
    other = (
        chance.choice(words)
        if words and chance.random() < 0.7
        else key + chance.choice([".0", " ", "[0]", "0", "x"])
    )
    container[other] = container.pop(key)


def _put(container: Any, key: Any, value: Any) -> None:
    container[key] = value


def _swap(container: Any, key: Any, other: Any) -> None:
    container[key], container[other] = container[other], container[key]


def _shuffled(value: Any, chance: Random) -> Any:
    """The values in another order, or only some of them."""
    if isinstance(value, dict):
        keys, items = list(value), list(value.values())
        chance.shuffle(items)
        return dict(zip(keys, items, strict=True))
    items = list(value)
    chance.shuffle(items)
    return items[: chance.randint(0, len(items))]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return True
    if isinstance(value, dict):
        return set(value) in ({"centre", "radius"}, {"alpha"})
    if not isinstance(value, str) or not value:
        return False
    try:
        Fraction(value)
    except (ValueError, ZeroDivisionError):
        return "log(" in value or value.strip("-+*/0123456789 ").startswith("pi")
    return True


def other_number(value: Any, chance: Random) -> Any:
    """Another number of the same kind: near, far, of the other sign, scaled, or the same in other words."""
    if isinstance(value, dict):
        changed = dict(value)
        key = chance.choice(list(changed))
        if key == "alpha":
            changed["alpha"] = [*map(str, changed["alpha"])]
            i = chance.randrange(len(changed["alpha"])) if changed["alpha"] else 0
            changed["alpha"][i:i] = [other_number("1", chance)] if chance.random() < 0.3 else []
            if changed["alpha"]:
                changed["alpha"][i] = other_number(changed["alpha"][i], chance)
        elif key == "radius":
            changed["radius"] = _ball(changed, chance)
        else:
            changed["centre"] = _moved(changed, chance)
        return changed
    if isinstance(value, int | float):
        near = [value + 1, value - 1, 2 * value, 1, 2, 3]
        return chance.choice([*near, *near, *near, -value, 0, str(value), value * 10**9])
    try:
        number = Fraction(value)
    except (ValueError, ZeroDivisionError):
        terms = (
            value + " + 1/1000000000000", "-" + value, value.replace("2", "3", 1), value + "/2", "0",
            "2*" + value, value + " - " + value.lstrip("-"), value + "*pi", f"log(2) - {value}",
        )  # fmt: skip
        return chance.choice(terms)
    others = [
        number + 1, number - 1, -number, Fraction(0), 2 * number, number / 2, number + Fraction(1, 10**30),
        number * 10**30, number + Fraction(1, 7), 1 / number if number else Fraction(1),
        number * Fraction(1, 10**300),
    ]  # fmt: skip
    if chance.random() < 0.1:
        return f"{number.numerator * 6}/{number.denominator * 6}"
    if chance.random() < 0.05:
        return f"{number} + 0*log(2)"
    return str(chance.choice(others))


def _ball(ball: Any, chance: Random) -> Any:
    try:
        return str(
            Fraction(ball["radius"])
            * Fraction(10) ** chance.choice([-200, -30, -3, 1, 5, 12, 17, 19, 20, 25])
        )
    except (ValueError, ZeroDivisionError, TypeError, KeyError):
        return "1"


def _moved(ball: Any, chance: Random) -> Any:
    try:
        centre, radius = Fraction(ball["centre"]), Fraction(ball["radius"])
    except (ValueError, ZeroDivisionError, TypeError, KeyError):
        return "1"
    steps = (Fraction(1, 2), Fraction(-9, 10), Fraction(11, 10), 2, -3, 10**10)
    return str(chance.choice([-centre, 2 * centre, *(centre + step * radius for step in steps)]))


# --- bytes -----------------------------------------------------------------------------------------

TOKENS = (
    "&a", "*a", "<<: *a", "!!int", "!!python/object:os.system", "---", "...", "%YAML 1.1", "\t", "\r",
    "\x85", "\u2028", "\ufeff",
    "{", "}", "[", "]", ":", ",", "- ", "? ", "|", ">", "#", "'", '"', "\\", "null", "~", ".inf", "-.nan",
    "0x1f", "0o17", "1_000",
    "012", "1e3", "é", "\ud800", "\x00", "9" * 400, "[" * 100, "{a: " * 70, "fewest", "given", "bounds",
    "where", "from",
)  # fmt: skip


def bytes_changed(text: str, chance: Random, changes: int = 1) -> str:
    """A text with some characters dropped, doubled, swapped, replaced, or tokens put in."""
    for _ in range(changes):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice([0, 1, 1, 1, 2, 5, 20]))
        piece = text[start:end]
        new = chance.choice([
            "", piece * 2, piece[::-1], chance.choice(TOKENS), chance.choice(TOKENS) + piece,
            chr(chance.randrange(32, 127)),
            text[(other := chance.randint(0, len(text))) : other + 15],
        ])  # fmt: skip
        text = text[:start] + new + text[end:]
    return text


def as_bytes(text: str) -> bytes:
    """UTF-8, except that lone surrogates become bytes that are none."""
    return text.encode("utf-8", "surrogatepass")


def dumped(data: Any) -> str:
    """JSON text of a mutant."""
    return json.dumps(data)
