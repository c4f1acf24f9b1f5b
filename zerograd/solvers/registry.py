"""The backends by name."""

from __future__ import annotations

from functools import cache

from zerograd.solvers.base import Solver, SolverUnusable

NAMES = ("z3", "cvc5", "yices")


def solver(name: str) -> Solver:
    """The adapter of this name. Raises KeyError for unknown names."""
    if name == "z3":
        from zerograd.solvers.z3 import Z3

        return Z3()
    if name == "cvc5":
        from zerograd.solvers.cvc5 import Cvc5

        return Cvc5()
    if name == "yices":
        from zerograd.solvers.yices import Yices

        return Yices()
    raise KeyError(name)


@cache
def has_yices() -> bool:
    """Whether Yices, which is optional, is installed."""
    from zerograd.solvers.yices import program

    try:
        program()
    except SolverUnusable:
        return False
    return True
