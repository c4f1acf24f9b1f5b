"""Other questions, most of which mean something."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from tools.fuzzing.mutations import mutated

Json = dict[str, Any]
T = TypeVar("T", list[Any], dict[str, Any])

ACTIVATIONS: tuple[Any, ...] = (
    "linear", "relu", "abs", "relu6", "hardtanh", "hardsigmoid", "sigmoid", "tanh", "softplus", "selu",
    "gelu",
    "gelu_tanh", "silu", "mish", "softsign", "exp", "sin", "square", "hardswish", "relu_squared", "elu",
    "celu",
    {"leaky_relu": "1/2"}, {"leaky_relu": "-1"}, {"elu": "2"}, {"celu": "1/2"},
)  # fmt: skip
LOSSES: tuple[Any, ...] = (
    "mse", "sse", "mae", "huber", "smooth_l1", "bce_with_logits", "cross_entropy", "hinge", "mean", "sum",
    {"huber": "1/2"}, {"smooth_l1": "2"}, {"sse": "1/2"}, {"of_mean": "1 / mse"},
)  # fmt: skip
CONVENTIONS: tuple[Any, ...] = (
    "torch", "left", "right", "mean", "forbid", {"default": "left", "loss": "right"},
    {"default": "torch", "relu": "1/2"}, {"default": "left", "z1": "1/3"}, "torch>=2.14", "keras/jax",
)  # fmt: skip
CONDITIONS = (
    "loss > 0", "r != 0", "any(r != 0)", "w1 > 0", "w1 <= 0 or b1 > 0", "x[0,0] == 0", "abs(w1) <= 1",
    "max(x) < 3",
    "grad(w1) > 0", "sum(y) == 0", "z1 >= 0", "distinct(x)", "not (w1 == 1)", "y_hat < 1/2", "0 < w1 < 1",
)  # fmt: skip
RELATIONS = ("zero", "nonzero", "some_nonzero", "positive", "negative")
NAMES = ("w1", "b1", "w2", "b2", "x", "w1[0,0]", "b1[0]", "w2[0,0]", "w3")


def question_changed(question: Json, chance: Random, words: Sequence[str]) -> Json:
    """Return a question that differs in a detail, or in several."""
    question = copy.deepcopy(question)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        if chance.random() < 0.15:
            question = mutated(question, chance, words)
        else:
            chance.choice(_CHANGES)(question, chance)
    return question


def _layer(question: Json, chance: Random) -> None:
    network = question.get("network")
    layers = network.get("layers") if isinstance(network, dict) else None
    if isinstance(layers, list) and layers and isinstance(layer := chance.choice(layers), dict):
        layer["activation"] = copy.deepcopy(chance.choice(ACTIVATIONS))
        if chance.random() < 0.2:
            layer["bias"] = not layer.get("bias")


def _loss(question: Json, chance: Random) -> None:
    question["loss"] = copy.deepcopy(chance.choice(LOSSES))
    kind = {"cross_entropy": ["real", "class"], "hinge": ["sign"]}.get(
        str(question["loss"]), ["real", "binary", "sign"]
    )
    question["targets"] = chance.choice(kind)


def _targets(question: Json, chance: Random) -> None:
    question["targets"] = chance.choice(["real", "binary", "sign", "class"])


def _convention(question: Json, chance: Random) -> None:
    question["derivative_at_kink"] = copy.deepcopy(chance.choice(CONVENTIONS))


def _samples(question: Json, chance: Random) -> None:
    question["samples"] = chance.choice(
        [1, 2, 3, 4, "fewest", "any", {"from": 1, "to": 2}, {"from": 2, "to": 4}]
    )


def _of_kind(question: Json, key: str, kind: type[T]) -> T:
    """A value of this kind, which a change before may have made another one."""
    value = question.get(key)
    if not isinstance(value, kind):
        value = question[key] = kind()
    return value


def _relation(question: Json, chance: Random) -> None:
    _of_kind(question, chance.choice(RELATIONS), list).append(chance.choice(NAMES))


def _less(question: Json, chance: Random) -> None:
    lists = [
        question[key]
        for key in (*RELATIONS, "where")
        if isinstance(question.get(key), list) and question[key]
    ]
    if lists:
        chosen = chance.choice(lists)
        chosen.pop(chance.randrange(len(chosen)))


def _exchange(question: Json, chance: Random) -> None:
    a, b = chance.sample(RELATIONS, 2)
    first, second = question.pop(a, []), question.pop(b, [])
    question |= {a: second, b: first}


def _where(question: Json, chance: Random) -> None:
    _of_kind(question, "where", list).append(chance.choice(CONDITIONS))


def _bounds(question: Json, chance: Random) -> None:
    low = chance.choice([None, "-1", "0", "1/2", "-1000"])
    high = chance.choice([None, "0", "1", "5/2", "1000"])
    _of_kind(question, "bounds", dict)[chance.choice((*NAMES, "y"))] = [low, high]


def _given(question: Json, chance: Random) -> None:
    _of_kind(question, "given", dict)[chance.choice(NAMES[:6])] = chance.choice(["0", "1", "-1", "1/2"])


def _domain(question: Json, chance: Random) -> None:
    question["domain"] = chance.choice(["real", "integer"])


_CHANGES: tuple[Callable[[Json, Random], None], ...] = (
    _layer, _layer, _loss, _loss, _targets, _convention, _convention, _samples, _relation, _relation, _less,
    _less, _exchange, _where, _where, _bounds, _given, _domain,
)  # fmt: skip
