"""Exact numbers: rationals, real number fields, polynomials, and small immutable arrays of them."""
