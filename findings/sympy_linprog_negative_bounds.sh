#!/usr/bin/env bash
# sympy's exact linprog keeps every variable at 0 or above, whatever its bounds say.
#
# One would guess: bounds=(-3, 3) lets x go down to -3, (None, None) frees it, and (None, 0) "indicates nonpositive
# values", as the docstring has it. lpmin, in the same module, is given the same problem as inequalities and agrees.
# What happens: the bounds come on top of x >= 0. The minimum of x over -3 <= x <= 3 is 0, and that of 3x + 2y for free
# x and y is 3, not -6. Under x <= -1 there is no solution, whether that is a bound or a row for a free x. All answers
# are exact fractions, with no warning.
# Versions: sympy 1.13.3 and 1.14.0; this script pins 1.14.0.
# Why it matters: exact LPs are asked for proofs. Multipliers of equations are free variables: "infeasible" says that
# there are none, so no proof that a point is optimal or stationary, where there are some; and the least output of a
# network over inputs in [-1, 1] comes out too high. Nothing about a rational answer makes one doubt it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile sympy==1.14.0
cat >"$work/run.py" <<'PY'
import sympy
from sympy import symbols
from sympy.solvers.simplex import InfeasibleLPError, linprog, lpmin

x, y = symbols("x y")


def said(solver, *args, **kwargs):
    try:
        return str(solver(*args, **kwargs)[0])
    except InfeasibleLPError:
        return "infeasible"


# Each row: what linprog minimises (c, A, b with A x <= b, bounds), the same for lpmin, and what the two answer.
rows = [
    (([1], [[1]], [9]), (-3, 3), (x, [x <= 9, x >= -3, x <= 3]), "0", "-3"),
    (([1, -1], [[1, 1]], [1]), [(-3, 3), (-2, 2)], (x - y, [x + y <= 1, x >= -3, x <= 3, y >= -2, y <= 2]), "-1", "-5"),
    (([3, 2], [[-3, 1], [-2, 1], [0, -1]], [-3, -2, 3]), (None, None),
     (3 * x + 2 * y, [y - 3 * x <= -3, y - 2 * x <= -2, y >= -3]), "3", "-6"),
    (([-1], [[1]], [-1]), (None, None), (-x, [x <= -1]), "infeasible", "1"),
    (([-1], [[-1]], [5]), (None, -1), (-x, [x >= -5, x <= -1]), "infeasible", "1"),
]
print("sympy", sympy.__version__)
for (c, a, b), bounds, inequalities, wrong, right in rows:
    got, other = said(linprog, c, a, b, bounds=bounds), said(lpmin, *inequalities)
    print(f"minimise {c} under {a} <= {b}, bounds {bounds}: linprog {got}, lpmin {other}")
    if (got, other) != (wrong, right):
        raise SystemExit("changed")
PY
"$work/venv/bin/python" "$work/run.py"
