"""Activations and their derivatives as SymPy functions.

At a number they take their value; elsewhere they stand unevaluated, where a `sympy.Piecewise`
would make SymPy multiply it into every sum (``rewrite(sympy.Piecewise)`` gives one when wanted).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import sympy as sp

from zerograd.core.model.activations import Activation, Kink, piecewise
from zerograd.core.model.sides import Side, sides
from zerograd.derive.sample import Expr

Case = tuple[Expr, Any]
"""(value, condition)."""


class Cases(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """φ or φ' of an activation, a function of z that is given by cases.

    Attributes:
        activation: φ.
        convention: for φ', the derivative at a kink; None for φ itself.
    """

    nargs = 1
    is_real = True
    activation: ClassVar[Activation]
    convention: ClassVar[Kink | None]

    @classmethod
    def cases(cls, z: Expr) -> list[Case]:
        """The cases from left to right."""
        raise NotImplementedError

    @classmethod
    def eval(cls, z: Expr) -> Expr | None:
        """The value at a number (nan where there is none); elsewhere None, unless there is one case."""
        if not z.is_number and len(cls.cases(z)) > 1:
            return None
        return next((value for value, condition in cls.cases(z) if condition == True), sp.nan)  # noqa: E712  # SymPy's true

    def _eval_rewrite_as_Piecewise(self, z: Expr, **_: Any) -> Expr:  # noqa: N802  # SymPy's hook
        return sp.Piecewise(*self.cases(z))


@lru_cache
def activation_function(activation: Activation) -> type[Cases]:
    """φ."""
    pieces = list(zip(piecewise(activation).slopes, piecewise(activation).offsets, strict=True))

    def cases(_: type[Cases], z: Expr) -> list[Case]:
        ends = [*(z <= kink for kink in piecewise(activation).kinks), sp.true]
        return [(slope * z + offset, end) for (slope, offset), end in zip(pieces, ends, strict=True)]

    content = {"cases": classmethod(cases), "activation": activation, "convention": None}
    return type(str(activation), (Cases,), content)


@lru_cache
def derivative_function(activation: Activation, convention: Kink) -> type[Cases]:
    """φ', with the value that the convention gives on a kink (under ``forbid``: nan)."""

    def cases(_: type[Cases], z: Expr) -> list[Case]:
        return [(sp.sympify(side.derivative), _inside(side, z)) for side in sides(activation, convention)]

    content = {"cases": classmethod(cases), "activation": activation, "convention": convention}
    return type(f"{activation}'", (Cases,), content)


def _inside(side: Side, z: Expr) -> Any:
    if side.is_point:
        return sp.Eq(z, side.low)
    low = () if side.low is None else (z >= side.low if side.low_closed else z > side.low,)
    high = () if side.high is None else (z <= side.high if side.high_closed else z < side.high,)
    return sp.And(*low, *high)
