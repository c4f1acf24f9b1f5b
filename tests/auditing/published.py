"""Published examples, as they are claimed, with what became of each claim.

Numbers are those of the texts, or of examples like theirs; claims are in our words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ABS: Mapping[str, Any] = {"inputs": 2, "layers": [{"units": 1, "activation": "abs"}]}
"""|w·x + b|, for exclusive or on ±1."""
TWO_RELUS: Mapping[str, Any] = {"inputs": 2, "layers": [{"units": 2}, {"units": 1, "bias": False}]}
"""The sum of two units, with fixed outgoing weights."""
TENT: Mapping[str, Any] = {"inputs": 1, "layers": [{"units": 1}, {"units": 1, "bias": False}]}
FOUR: Mapping[str, Any] = {"inputs": 3, "layers": [{"units": 3}] * 4}
NO_BIASES: Mapping[str, Any] = {
    "inputs": 2, "layers": [{"units": 2, "bias": False}, {"units": 1, "bias": False}],
}  # fmt: skip
SIGNS: Mapping[str, Any] = {"x": [[-1, -1], [-1, 1], [1, -1], [1, 1]], "y": [0, 1, 1, 0]}
XOR: Mapping[str, Any] = {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [0, 1, 1, 0]}
TENT_DATA: Mapping[str, Any] = {"x": [-1, 0, 1], "y": [0, 1, 0]}


@dataclass(frozen=True)
class Published:
    """An example, and its claims.

    Attributes:
        problem: what `zerograd.Problem` takes.
        claims: with the grade of each, under the problem's own convention.
    """

    problem: Mapping[str, Any]
    claims: Mapping[str, str]


def _each(grade: str, *claims: str) -> dict[str, str]:
    return dict.fromkeys(claims, grade)


def _example(network: Any, samples: int, given: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"network": network, "samples": samples, "given": given, **rest}


_FOUR_GIVEN: Mapping[str, Any] = {
    "x": [[1, 4, 7]], "y": [[1, 0, 0]],
    "w1": [["0.2", "-0.1", "0.4"], ["0.5", "0.3", "-0.6"], ["-0.2", "0.1", "0.3"]],
    "w2": [["0.1", "-0.2", "0.5"], ["0.4", "0.1", "-0.3"], ["-0.1", "0.3", "0.2"]],
    "w3": [["0.3", "0.1", "-0.4"], ["0.2", "-0.5", "0.6"], ["-0.3", "0.2", "0.4"]],
    "w4": [["0.2", "-0.1", "0.5"], ["0.4", "0.1", "-0.3"], ["-0.2", "0.3", "0.2"]],
    **{f"b{layer}": [0, 0, 0] for layer in range(1, 5)},
}  # fmt: skip
_KINK_GIVEN: Mapping[str, Any] = {
    "x": [[1, 0, 1, 1]], "y": [[1, 1, 0, 1]],
    "w1": [[None] * 4, [None] * 4, ["0.1", "-0.2", "0.5", "-0.1"]],
    "w2": [[None, None, "0.2"], [None, None, "-0.4"], [None, None, "0.1"], [None, None, "-0.5"]],
    "b1": [None, None, 0], "b2": [0, "0.1", "-0.1", 0],
}  # fmt: skip

PUBLISHED: Mapping[str, Published] = {
    "founding": Published(
        _example([1, 1, 1], 3, {"w1": 1, "b1": -1, "w2": 1, "b2": -1, "x": [0, 2, 3], "y": [-2, 2, 0]}),
        _each("right", "grad(w2) == 0", "grad(b2) == 0", "grad(w1) != 0", "grad(b1) != 0"),
    ),
    "founding, one target off": Published(
        _example([1, 1, 1], 3, {"w1": 1, "b1": -1, "w2": 1, "b2": -1, "x": [0, 2, 3], "y": [-2, 2, 1]}),
        {"grad(w2) == 0": "wrong", "grad(b2) == 0": "wrong"},
    ),
    "Yun, Sra, Jadbabaie, theorem 2": Published(
        _example(
            NO_BIASES, 3,
            {"x": [[1, 0], [0, 1], ["1/2", "1/2"]], "y": [0, 0, 1], "w1": [[1, 1], [1, 1]], "w2": ["1/3", 0]},
            loss={"sse": "1/2"},
        ),
        _each("right", "grad(w1) == 0", "grad(w2) == 0", "loss == 1/3", "minimum: local"),
    ),
    "Yun, Sra, Jadbabaie, the better fit": Published(
        _example(
            NO_BIASES, 3,
            {"x": [[1, 0], [0, 1], ["1/2", "1/2"]], "y": [0, 0, 1], "w1": [[2, -1], [1, -1]], "w2": [2, -4]},
            loss={"sse": "1/2"},
        ),
        {"loss == 0": "right", "y_hat == [0, 0, 1]": "right"},
    ),
    "Swirszcz, Czarnecki, Pascanu, first dataset": Published(
        _example(
            [1, 1, 1], 5,
            {"x": [5, 4, 3, 1, -1], "y": [2, 1, 0, -3, 3], "w1": 1, "b1": -3, "w2": 1, "b2": 0}, loss="sse",
        ),
        _each(
            "right", "loss == 18", "grad(w1) == 0", "grad(b1) == 0", "grad(w2) == 0", "grad(b2) == 0",
            "minimum: local",
        ),
    ),
    "an input that is optimised, dead": Published(
        _example(
            {"inputs": 1, "layers": [{"units": 1, "bias": False}, {"units": 1, "bias": False}]}, 1,
            {"x": -1, "y": 5, "w1": 1, "w2": 1},
        ),
        {"grad(x) == 0": "right", "r == -5": "right"},
    ),
    "half the squared error": Published(
        _example(
            [2, 2, 1], 1,
            {"w1": [["0.3", "-0.1"], ["0.2", "0.4"]], "b1": [0, 0], "w2": [["0.5", "-0.3"]], "b2": 0,
             "x": [[1, 2]], "y": [1]},
            loss={"sse": "1/2"},
        ),
        {"y_hat == -0.25": "right", "loss == 0.78125": "right", "grad(w2) ~ [-0.125, -1.25]": "right"},
    ),
    "a factor of two": Published(
        _example(
            {"inputs": 2, "layers": [{"units": 2, "activation": "linear"}, {"units": 1}]}, 1,
            {"w1": [["0.1", "0.1"], ["0.1", "0.1"]], "b1": [0, 0], "w2": [["0.1", "0.1"]], "b2": 0,
             "x": [[1, 1]], "y": [1]},
        ),
        {"loss == 0.9216": "right", "grad(b2) == -0.96": "wrong", "grad(w2) == -0.192": "wrong"},
    ),
    "a unit on its kink, called dead": Published(
        _example([4, 3, 4], 1, _KINK_GIVEN, where=["z1[0,0] == 0", "z1[0,1] == -0.1"]),
        {
            **_each("right", "z1[0,2] == 0.5", "y_hat ~ [0.1, -0.1, -0.05, -0.25]", "loss ~ 0.89625"),
            **_each("right", "grad(w1[2,0]) ~ 0.44", "grad(w1[0,0]) == 0", "grad(w2[3,2]) == -0.3125"),
            "grad(b2[3]) == 0.625": "wrong",
        },
    ),
    "a tent, not critical": Published(
        _example(TENT, 3, {**TENT_DATA, "w1": 0, "b1": 1, "w2": 1}, loss={"mse": "1/2"}),
        {"grad(w1) == 0": "right", **_each("wrong", "grad(b1) == 0", "grad(w2) == 0", "loss ~ 0.6667")},
    ),
    "a tent, mended": Published(
        _example(TENT, 3, {**TENT_DATA, "w1": 0, "b1": "1/3", "w2": 1}, loss={"mse": "1/2"}),
        _each("right", "grad(w1) == 0", "grad(b1) == 0", "grad(w2) == 0", "loss == 1/9", "minimum: local"),
    ),
    "a tent, no better loss": Published(
        _example(TENT, 3, TENT_DATA), {"loss >= 2/9": "right", "loss == 0": "wrong"},
    ),
    "abs, the gradient": Published(
        _example(ABS, 4, {**SIGNS, "w1": [[1, "-1/2"]], "b1": "1/4"}),
        {"grad(w1[0,0]) == 2*w1[0,0]": "wrong", "grad(w1) == [1, 0]": "right", "grad(b1) == 2*b1": "right"},
    ),
    "abs, the gradient off the kinks": Published(
        _example(ABS, 4, SIGNS, where=["z1 != 0", "z1[1] < 0", "z1[2] > 0"]),
        {
            "grad(w1[0,0]) == 2*w1[0,0]": "wrong", "grad(w1[0,0]) == 2*w1[0,0] - 1": "right",
            "grad(b1) == 2*b1": "right",
        },
    ),
    "abs, the critical points": Published(
        _example(ABS, 4, SIGNS, zero=["w1", "b1"], where=["z1 != 0", "loss > 0"]),
        {"w1 == 0": "right", "abs(b1) == 1/2": "right", "loss == 1/4": "right", "b1 == 0": "wrong"},
    ),
    "abs, the perfect fits": Published(
        _example(ABS, 4, SIGNS, where=["r == 0"]),
        {"b1 == 0": "right", "w1[0,0] == -w1[0,1]": "right", "abs(w1[0,0]) == 1/2": "right"},
    ),
    "abs, a bad minimum": Published(
        _example(ABS, 4, {**SIGNS, "w1": [[0, 0]], "b1": "1/2"}),
        {"minimum: local": "right", "loss == 1/4": "right", "b1 == 0": "wrong"},
    ),
    "abs, level sets": Published(
        _example(ABS, 4, {**SIGNS, "w1": [["1/2", "-1/2"]], "b1": 0}),
        {"z1[1]**2 == 2": "wrong", "abs(z1[1]) == 1": "right"},
    ),
    "two relus, dead": Published(
        _example(TWO_RELUS, 4, {**SIGNS, "w2": [1, 1]}, where=["z1 < 0"]),
        {"loss == 1/2": "right", "grad(w1) == 0": "right"},
    ),
    "two relus, a trap": Published(
        _example(TWO_RELUS, 4, {**SIGNS, "w2": [1, 1], "w1": [[0, 0], [0, 0]], "b1": [0, 0]}),
        {"grad(w1) == 0": "right", "grad(b1) == 0": "right", "minimum: local": "wrong"},
    ),
    "two relus, the losses": Published(
        _example(TWO_RELUS, 4, {**SIGNS, "w2": [1, 1]}, zero=["w1", "b1"], where=["z1 != 0"]),
        {"loss == 0 or loss == 1/4 or loss == 1/2": "right", "loss == 1/3": "wrong", "loss == 1/4": "open"},
    ),
    "all units off": Published(
        {"network": [1, 2, 1], "samples": 2, "where": ["z1 < 0"]},
        {
            **_each("right", "grad(w1) == 0", "grad(w2) == 0"),
            **_each("open", "minimum: local", "grad(b2) == 0"),
        },
    ),
    "all units off, and the mean": Published(
        {"network": [1, 2, 1], "samples": 2, "where": ["z1 < 0", "b2 == (y[0] + y[1])/2"]},
        {"grad(b2) == 0": "right", "y_hat == b2": "right"},
    ),
    "exclusive or, where a run ended": Published(
        _example(
            [2, 2, 1], 4, {**XOR, "w1": [[-4, 1], [-3, 0]], "b1": ["3/2", 2], "w2": [[1, -1]], "b2": "1/2"},
        ),
        {"minimum: local": "right", "loss == 1/8": "right", "y_hat ~ [0, 0.5, 0.99, 0.5]": "wrong"},
    ),
    "four layers by hand": Published(
        _example(FOUR, 1, _FOUR_GIVEN, loss={"sse": "1/2"}),
        {
            "grad(b2[2]) == 0.53935": "wrong", "grad(b2[2]) == 0.113254": "right",
            "grad(w4) ~ [[-0.3576, -0.2144, 0], [0.0657, 0.0395, 0], [0.0014, 0.0008, 0]]": "wrong",
            "[grad(w1[0,0]), grad(w1[0,1])] ~ [-0.081997, -0.327988]": "wrong",
        },
    ),
}  # fmt: skip
