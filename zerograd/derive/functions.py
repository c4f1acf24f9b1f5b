"""Activations and their derivatives as SymPy functions.

At a number a function takes its value; elsewhere it stands unevaluated, where a `sympy.Piecewise`
would make SymPy multiply it into every sum (``rewrite(sympy.Piecewise)`` gives the formula when wanted).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import sympy as sp

from zerograd.core.model.activations import Activation, PiecewiseLinear
from zerograd.core.model.curves import Smooth
from zerograd.core.model.kinks import Kink
from zerograd.core.model.sides import Side, sides
from zerograd.derive.ring import SYMPY, Expr, number


class Named(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """φ or φ' of an activation.

    Attributes:
        activation: φ.
        convention: for φ', the derivative at a kink; None for φ itself.
    """

    nargs = 1
    is_real = True
    activation: ClassVar[Activation]
    convention: ClassVar[Kink | None]

    @classmethod
    def formula(cls, z: Expr) -> Expr:
        """What it is, nan where it has no value."""
        match cls.activation, cls.convention:
            case PiecewiseLinear() as lines, None:
                return _chosen(
                    (side.slope * z + side.offset, sp.true if side.high is None else z <= side.high)
                    for side in sides(lines, "left")
                )
            case PiecewiseLinear() as lines, convention:
                parts = sides(lines, convention)
                return _chosen((number(side.derivative), sp.And(*on_side(z, side))) for side in parts)
            case Smooth() as curve, None:
                return number(curve.value(z, SYMPY))
            case Smooth() as curve, "forbid":
                on_kink = z in map(number, curve.kinks)
                return sp.nan if on_kink else number(curve.slope(z, SYMPY, "left"))
            case Smooth() as curve, convention:
                return number(curve.slope(z, SYMPY, convention))
        raise TypeError(cls)

    @classmethod
    def eval(cls, z: Expr) -> Expr | None:
        """The value at a number; elsewhere None, unless there is one line."""
        lines = isinstance(cls.activation, PiecewiseLinear) and not cls.activation.has_kinks
        return cls.formula(z) if z.is_number or lines else None

    def fdiff(self, _: int = 1) -> Expr:
        """φ' of a smooth φ."""
        if self.convention is not None or self.activation.has_kinks:
            return super().fdiff()
        return derivative_function(self.activation, "torch")(*self.args)

    def _eval_rewrite_as_Piecewise(self, z: Expr, **_: Any) -> Expr:  # noqa: N802  # SymPy's hook
        return self.formula(z)


def _chosen(cases: Iterator[tuple[Expr, Any]]) -> Expr:
    """The value of the case that holds, where that is known."""
    known = list(cases)
    if all(condition in (sp.true, sp.false) for _, condition in known):
        return next((value for value, condition in known if condition == sp.true), sp.nan)
    return sp.Piecewise(*known)


@lru_cache
def activation_function(activation: Activation) -> type[Named]:
    """φ."""
    return type(str(activation), (Named,), {"activation": activation, "convention": None})


@lru_cache
def derivative_function(activation: Activation, convention: Kink) -> type[Named]:
    """φ', with the value that the convention gives on a kink (under ``forbid``: nan)."""
    return type(f"{activation}'", (Named,), {"activation": activation, "convention": convention})


def on_side(z: Expr, side: Side, **options: Any) -> Iterator[sp.Rel]:
    """The relations that say that z lies on this side."""
    for operator, end in side.comparisons:
        yield sp.Rel(z, end, operator, **options)
