"""What libraries return at kinks, measured.

On the CPU, in reverse mode, in eager mode where there is another. A convention belongs to an operation: the
same function by other operations (a ReLU by ``clamp`` or ``maximum``) may have another derivative.
docs/reference/kinks.md has the calls; ``tools/kinks.py`` measures again what is installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Choice = Literal["left", "right", "mean"] | int | Fraction


@dataclass(frozen=True, slots=True)
class Library:
    """What a library returns at kinks.

    Attributes:
        versions: that were measured; they return the same.
        choices: for each kink of an activation or a loss, from left to right. What was not measured is not
            there. For ``hinge`` a number is the derivative of max(0, m) at m = 0.
        composed: those of which the library has no function; they are composed of its ``maximum``, ``clip``
            and the like, as the page says.
        missing: why others are not there, where more is known than that nobody measured them.
    """

    versions: tuple[str, ...]
    choices: Mapping[str, tuple[Choice, ...]]
    composed: frozenset[str] = frozenset()
    missing: Mapping[str, str] = field(default_factory=dict)


_ZERO: tuple[Choice, ...] = (0,)
_OUTSIDE: tuple[Choice, ...] = ("left", "right")
"""At both ends of what is level outside: the slope there."""
_INSIDE: tuple[Choice, ...] = ("right", "left")

_JAX: Mapping[str, tuple[Choice, ...]] = {
    "relu": ("left",),
    "leaky_relu": ("right",),
    "abs": ("right",),
    "relu6": _OUTSIDE,
    "hardtanh": _INSIDE,
    "hardsigmoid": _OUTSIDE,
    "elu": ("left",),
    "selu": ("left",),
    "hardswish": _OUTSIDE,
    "mae": ("right",),
    "hinge": ("mean",),
}
_TORCH: Mapping[str, tuple[Choice, ...]] = {
    "relu": ("left",),
    "leaky_relu": ("left",),
    "abs": _ZERO,
    "relu6": _OUTSIDE,
    "hardtanh": _OUTSIDE,
    "hardsigmoid": _OUTSIDE,
    "elu": ("left",),
    "selu": ("left",),
    "hardswish": _OUTSIDE,
    "mae": _ZERO,
}
_TENSORFLOW: Mapping[str, tuple[Choice, ...]] = {
    "relu": ("left",),
    "leaky_relu": ("left",),
    "abs": _ZERO,
    "relu6": _OUTSIDE,
    "hardtanh": _INSIDE,
    "hardsigmoid": _OUTSIDE,
    "elu": ("left",),
    "selu": ("right",),
    "hardswish": _OUTSIDE,
    "mae": _ZERO,
}

LIBRARIES: Mapping[str, Library] = {
    "jax": Library(("0.10.2", "0.12.0.1"), _JAX),
    "tensorflow": Library(("2.21.0",), _TENSORFLOW),
    "mlx": Library(
        ("0.32.4",),
        {
            "relu": ("left",),
            "abs": _ZERO,
            "relu6": _OUTSIDE,
            "hardtanh": _OUTSIDE,
            "elu": ("left",),
            "hardswish": _OUTSIDE,
            "mae": _ZERO,
            "hinge": _ZERO,
        },
        missing={
            "leaky_relu": "its leaky_relu is max(s·z, z), another function for slopes s above 1; for others "
            "it returns the derivative from the right",
            "selu": "its selu has rounded constants, so that neither slope is ours",
        },
    ),
    "tinygrad": Library(
        ("0.14.0",),
        {
            "relu": ("left",),
            "leaky_relu": ("right",),
            "abs": _ZERO,
            "relu6": ("left", "left"),
            "hardtanh": _INSIDE,
            "hardsigmoid": _OUTSIDE,
            "elu": _ZERO,
            "selu": ("right",),
            "hardswish": ("left", "left"),
        },
    ),
    "paddle": Library(
        ("3.3.1",),
        {
            "relu": ("left",),
            "leaky_relu": ("right",),
            "abs": _ZERO,
            "relu6": _OUTSIDE,
            "hardtanh": _OUTSIDE,
            "hardsigmoid": _OUTSIDE,
            "elu": ("left",),
            "selu": ("left",),
            "hardswish": _OUTSIDE,
            "mae": _ZERO,
            "hinge": _ZERO,
        },
    ),
    "mindspore": Library(
        ("2.10.0",),
        {
            "relu": ("left",),
            "leaky_relu": ("mean",),
            "abs": _ZERO,
            "relu6": ("left", "left"),
            "hardtanh": ("mean", "mean"),
            "hardsigmoid": _OUTSIDE,
            "selu": ("right",),
            "hardswish": _INSIDE,
            "mae": _ZERO,
        },
    ),
    "torch==2.13": Library(("2.13.0",), {**_TORCH, "hinge": (1,)}),
    "torch>=2.14": Library(("2.14.1",), {**_TORCH, "hinge": _ZERO}),
    "keras/jax": Library(("3.15.1",), {**_JAX, "mae": ("left",)}),
    "keras/tensorflow": Library(("3.15.1",), {**_TENSORFLOW, "hinge": (1,)}),
    "keras/torch": Library(("3.15.1",), {**_TORCH, "hinge": ("mean",)}),
    "mxnet": Library(
        ("1.9.1",),
        {
            "relu": ("left",),
            "leaky_relu": ("left",),
            "abs": _ZERO,
            "elu": ("left",),
            "selu": ("left",),
            "mae": _ZERO,
            "hinge": _ZERO,
        },
    ),
    "autograd": Library(
        ("1.9.1",),
        {
            "relu": ("mean",),
            "abs": _ZERO,
            "hardtanh": _OUTSIDE,
            "mae": _ZERO,
            "hinge": ("mean",),
        },
        composed=frozenset({"relu", "hardtanh", "mae", "hinge"}),
    ),
    "casadi": Library(
        ("3.8.2",),
        {
            "relu": ("mean",),
            "abs": _ZERO,
            "hardtanh": ("mean", "mean"),
            "mae": _ZERO,
            "hinge": ("mean",),
        },
        composed=frozenset({"relu", "hardtanh", "mae", "hinge"}),
    ),
    "pytensor": Library(
        ("3.0.7",),
        {"abs": _ZERO, "hardtanh": _INSIDE, "mae": _ZERO},
        composed=frozenset({"hardtanh", "mae"}),
        missing={
            "relu": "it has no such function: maximum(x, 0) returns 1, maximum(0, x) returns 0",
            "hinge": "it has no such function: maximum(m, 0) returns 1, maximum(0, m) returns 0",
        },
    ),
}
"""The libraries by their names in conventions; where versions differ, each with a version."""

LIBRARY_PATTERN = "^[a-z]+(/[a-z]+)?(==|>=)[0-9.]+$"
"""A library with a version, as JSON Schema writes it."""

_NAME = re.compile(
    r"(?P<family>[a-z]+(/[a-z]+)?)\s*((?P<sign>==|>=|<=|~=|<|>|=|@|\s)\s*v?(?P<version>[\w.+]+))?"
)
_ELSEWHERE = {
    "pytorch": "write torch",
    "tf": "write tensorflow",
    "paddlepaddle": "write paddle",
    "keras": "Keras returns what its backend does: write keras/jax, keras/tensorflow or keras/torch",
    **dict.fromkeys(
        ("flax", "equinox", "haiku", "optax"),
        "its functions are those of jax.nn, and optax's losses: write jax",
    ),
}


class UnknownLibrary(ValueError):  # noqa: N818 - named for what it is
    """A library, or a version of it, that was not measured."""


def library_named(text: str) -> str | None:
    """Return the key in `LIBRARIES` (or ``torch``) of what somebody writes; None where it is no library.

    ``jax==0.10.2`` is ``jax``, and ``torch==2.14`` is ``torch>=2.14``.

    Raises:
        UnknownLibrary: saying which versions were measured, or what to write.
    """
    text = " ".join(text.split())
    if text in LIBRARIES or text == "torch":
        return text
    match = _NAME.fullmatch(text.lower())
    if match is None:
        return None
    family, sign, version = match["family"], match["sign"], match["version"]
    if family in _ELSEWHERE:
        raise UnknownLibrary(_ELSEWHERE[family])
    measured = {
        number: name
        for name, library in LIBRARIES.items()
        if family_of(name) == family
        for number in library.versions
    }
    if not measured:
        return None
    if version is None:
        raise UnknownLibrary(f"expected {' or '.join(dict.fromkeys(measured.values()))}")
    if sign not in ("==", ">="):
        raise UnknownLibrary(f"a version is written {family}=={version} or {family}>={version}")
    names = {name for number, name in measured.items() if _fits(number, sign, version)}
    if len(names) == 1:
        return names.pop()
    if names:
        raise UnknownLibrary(f"its versions differ: write {' or '.join(sorted(names))}")
    known = ", ".join(measured)
    raise UnknownLibrary(
        f"{family}{sign}{version} was not measured at kinks, but {known} (see docs/reference/kinks.md)"
    )


def family_of(name: str) -> str:
    """Return a name without its version: ``torch`` of ``torch>=2.14``."""
    return re.split("[=>]", name)[0]


def _fits(measured: str, sign: str, version: str) -> bool:
    """Whether a version that was measured is one that somebody names."""
    parts, wanted = _numbers(measured), _numbers(version)
    return parts[: len(wanted)] == wanted if sign == "==" else parts >= wanted


def _numbers(version: str) -> list[int]:
    return [int(part) if part.isdigit() else -1 for part in version.partition("+")[0].split(".")]
