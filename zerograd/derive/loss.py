"""What formulas know of the loss: L is the mean of ℓ over samples, divided by the number of outputs."""

from __future__ import annotations

import sympy as sp

FACTOR = 2
"""The number that every derivative of ℓ has in common."""

WORDS = "the sum of one sample's squared residuals"
"""What ℓ is."""


def value(y_hat: sp.Expr, y: sp.Expr) -> sp.Expr:
    """What one output adds to ℓ."""
    return (y_hat - y) ** 2


def adjoint(y_hat: sp.Expr, y: sp.Expr) -> sp.Expr:
    """∂ℓ/∂ŷ over `FACTOR`."""
    return y_hat - y
