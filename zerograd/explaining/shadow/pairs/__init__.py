"""Unevaluated sums of two float64, with error bounds: some 88 bits for whole tensors at once.

Error bounds grow through a deep network, so that float64 leaves many small gradients open. Pairs show that
these are not zero, for a small multiple of float64's cost; they never show that something is zero.
"""
