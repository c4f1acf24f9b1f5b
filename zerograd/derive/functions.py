"""Activations and their derivatives as SymPy functions.

At a number they take their value; elsewhere they stand unevaluated, where a `sympy.Piecewise`
would make SymPy multiply it into every sum (``rewrite(sympy.Piecewise)`` gives one when wanted).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import sympy as sp

from zerograd.core.model.activations import Activation
from zerograd.core.model.kinks import Kink
from zerograd.core.model.sides import Side, sides
from zerograd.derive.chain import Expr

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

    def cases(_: type[Cases], z: Expr) -> list[Case]:
        return [
            (side.slope * z + side.offset, sp.true if side.high is None else z <= side.high)
            for side in sides(activation, "left")
        ]

    content = {"cases": classmethod(cases), "activation": activation, "convention": None}
    return type(str(activation), (Cases,), content)


@lru_cache
def derivative_function(activation: Activation, convention: Kink) -> type[Cases]:
    """φ', with the value that the convention gives on a kink (under ``forbid``: nan)."""

    def cases(_: type[Cases], z: Expr) -> list[Case]:
        return [
            (sp.sympify(side.derivative), sp.And(*on_side(z, side))) for side in sides(activation, convention)
        ]

    content = {"cases": classmethod(cases), "activation": activation, "convention": convention}
    return type(f"{activation}'", (Cases,), content)


def on_side(z: Expr, side: Side, **options: Any) -> Iterator[sp.Rel]:
    """The relations that say that z lies on this side."""
    for operator, end in side.comparisons:
        yield sp.Rel(z, end, operator, **options)
