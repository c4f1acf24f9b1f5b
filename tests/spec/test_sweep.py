"""Sweep files: what they mean, and what is wrong with them, with the place of every mistake."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zerograd as zg
from tests.effort import examples
from zerograd.core.question.sweeps import Sweep, described
from zerograd.spec import SpecError
from zerograd.spec import loads as problem_of
from zerograd.spec.sweep import load, loads

ROOT = Path(__file__).resolve().parents[2]
FOUNDING = ROOT / "problems/sweeps/founding.yaml"


def wrong(text: str) -> list[str]:
    """What is wrong with a sweep file, a line for each."""
    with pytest.raises(SpecError) as caught:
        loads(text, "s.yaml")
    return str(caught.value).splitlines()


def test_all_combinations_in_order() -> None:
    """The last parameter changes first, ranges have both ends; a row is the problem with its values."""
    sweep = load(FOUNDING)
    rows = [sweep.values(number) for number in range(len(sweep))]
    assert rows == [
        {"H": h, "D": d, "kink": kink} for h, d, kink in product((1, 2, 3, 4), (1, 2), ("torch", "right"))
    ]
    assert sweep.title == "The founding pattern, by width, inputs and convention"
    for number, row in enumerate(rows):
        alone = zg.Problem(
            network=[row["D"], row["H"], 1], samples="fewest", derivative_at_kink=row["kink"],
            zero=["w2", "b2"], nonzero=["w1", "b1"],
        )  # fmt: skip
        assert sweep.problem(number).digest == alone.digest
    for number in (-1, 16):
        with pytest.raises(IndexError, match="there are 16 rows, counted from 0"):
            sweep.values(number)


def test_values_keep_their_types_and_stand_anywhere() -> None:
    """Lists, mappings, decimals and texts; within a text, numbers and texts; ``$$`` is a dollar."""
    sweep = loads(
        "sweep:\n"
        "  loss: [{huber: 0.5}, mse]\n"
        "  names: [w2, [w1, b1]]\n"
        "  c: [0.25, 1/3]\n"
        "problem:\n"
        "  title: c is ${c}, and this is no $$c, 5$\n"
        "  network: [1, 1, 1]\n"
        "  samples: 3\n"
        "  loss: $loss\n"
        "  zero: $names\n"
        "  where: ['x[0] > $c', 'w2 > ${c}']\n"
        "  bounds: {b2: [$c, null]}\n"
    )
    assert sweep.values(0) == {"loss": {"huber": "0.5"}, "names": "w2", "c": "0.25"}
    first, last = sweep.problem(0), sweep.problem(7)
    assert first.title == "c is 0.25, and this is no $c, 5$"
    for problem, loss, zero, c in (
        (first, {"huber": "0.5"}, ["w2"], "0.25"), (last, "mse", ["w1", "b1"], "1/3")
    ):  # fmt: skip
        alone = zg.Problem(
            network=[1, 1, 1], samples=3, loss=loss, zero=zero, where=[f"x[0] > {c}", f"w2 > {c}"],
            bounds={"b2": (c, None)},
        )  # fmt: skip
        assert problem.digest == alone.digest
    assert described(sweep.values(7)) == "loss = mse, names = [w1, b1], c = 1/3"


def test_patterns_are_values() -> None:
    """``patterns`` has all of them, from zero everywhere on; their parts have names."""
    sweep = loads(
        "sweep: {p: {patterns: [w1, 'b1[0]']}}\n"
        "problem: {network: [1, 1, 1], samples: fewest, zero: $p.zero, nonzero: '${p.nonzero}'}\n"
    )
    assert [sweep.values(number)["p"]["zero"] for number in range(4)] == [
        ["w1", "b1[0]"],
        ["w1"],
        ["b1[0]"],
        [],
    ]
    assert described(sweep.values(1)) == "p = w1 = 0, b1[0] ≠ 0"
    assert sweep.problem(2).to_json()["nonzero"] == ["w1"]


def test_numbers_in_files_beside(tmp_path: Path) -> None:
    """A row reads them as a problem would."""
    import numpy as np

    np.savez(tmp_path / "a.npz", w1=[[2.0]])
    np.savez(tmp_path / "b.npz", w1=[[3.0]])
    path = tmp_path / "s.yaml"
    path.write_text(
        "sweep: {file: [a.npz, b.npz]}\n"
        "problem: {network: [1, 1, 1], samples: 2, zero: w2, given: {from: $file}}\n"
    )
    sweep = load(path)
    assert [sweep.problem(number).to_json()["given"] for number in (0, 1)] == [
        {"w1": [["2"]]},
        {"w1": [["3"]]},
    ]


FORMS = "a list such as [1, 2], a range such as {from: 1, to: 4}, or {patterns: [w1, b1]}"
ONLY = "only text and numbers are written there"
MISTAKES = {
    "sweep: {H: [1]}\nproblem: {network: [1, $K, 1]}": [
        "s.yaml:1:9: error: sweep.H: is used nowhere: write $H in the problem, or take it out",
        "s.yaml:2:24: error: problem.network[1]: $K is not defined under sweep; the parameters are H",
    ],
    "sweep: {units: [1]}\nproblem: {network: [1, $unit, 1]}": [
        "s.yaml:1:9: error: sweep.units: is used nowhere: write $units in the problem, or take it out",
        "s.yaml:2:24: error: problem.network[1]: $unit is not defined under sweep (did you mean 'units'?)",
    ],
    "sweep:\n  H: {from: 3, to: 2}\nproblem: {network: $H}": [
        "s.yaml:2:6: error: sweep.H: the range is empty: 3 is above 2"
    ],
    "sweep:\n  H: []\nproblem: {network: $H}": [
        "s.yaml:2:6: error: sweep.H: the list is empty: give at least one value"
    ],
    "sweep: {H: {from: 1, to: 1000001}}\nproblem: {network: $H}": [
        "s.yaml:1:12: error: sweep.H: 1000001 values make more rows than the 1000000 that are asked"
    ],
    "sweep: {H: {from: 1, to: 1001}, K: {from: 0, to: 999}}\nproblem: {network: [$H, $K]}": [
        "s.yaml:1:1: error: sweep: 1001 · 1000 = 1001000 rows: at most 1000000 are asked"
    ],
    "sweep: {H: 3}\nproblem: {network: $H}": [
        f"s.yaml:1:12: error: sweep.H: expected {FORMS}, found 3"
    ],
    "sweep: {H: {from: a, to: 2}}\nproblem: {network: $H}": [
        "s.yaml:1:12: error: sweep.H: expected whole numbers, such as {from: 1, to: 4}"
    ],
    "sweep: {H: [2, 1, 2]}\nproblem: {network: $H}": [
        "s.yaml:1:19: error: sweep.H[2]: this value stands twice in the list: take one out"
    ],
    "sweep: {samples: [2, 1]}\nproblem: {network: [1, 1], samples: $samples}": [
        "s.yaml:1:9: error: sweep.samples: samples is a column of every table: name the parameter otherwise"
    ],
    "sweep: {a-b: [2, 1]}\nproblem: {network: [1, 1]}": [
        "s.yaml:1:9: error: sweep.a-b: a name has letters, digits and _, and begins with none of the digits"
    ],
    "sweep: {H: [1]}\nproblem: {network: [1, $H], given: {'x[$H]': 1}}": [
        "s.yaml:2:37: error: problem.given.x[$H]: $H stands in a key: only values are replaced"
    ],
    "sweep: {H: [[1]]}\nproblem: {network: [1, 1], where: 'x[0] > $H'}": [
        f"s.yaml:2:35: error: problem.where: $H stands within a text, and is a list: {ONLY}"
    ],
    "sweep: {H: [{a: 1}], K: {from: 1, to: 2}}\nproblem: {network: [$H.b, $K.a, $H.a]}": [
        "s.yaml:2:21: error: problem.network[0]: $H.b is nothing where H is a mapping",
        "s.yaml:2:27: error: problem.network[1]: K is a range of numbers: $K.a is nothing",
    ],
    "sweep: {p: {patterns: [w1, w1, 7]}}\nproblem: {zero: $p.zero}": [
        "s.yaml:1:28: error: sweep.p.patterns[1]: stands twice",
        "s.yaml:1:32: error: sweep.p.patterns[2]: expected a name such as w1, found 7",
    ],
    "sweep: {}\nproblem: 3\ntitle: 4\nmore: 5": [
        "s.yaml:1:8: error: sweep: expected parameters with their values, such as {H: [1, 2]}, found nothing",
        "s.yaml:2:10: error: problem: expected keys such as network: [1, $H, 1], found 3",
        "s.yaml:3:8: error: title: expected text, found 4",
        "s.yaml:4:1: error: more: unknown key; the keys are title, notes, sweep, problem",
    ],
    "sweep: {H: [1], H: [2]}\nproblem: {network: [1, $H]}": [
        "s.yaml:1:17: error: sweep.H: the key stands twice, first at line 1: keep one of the two"
    ],
    "[1]": ["s.yaml:1:1: error: expected the keys sweep and problem, found a list"],
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_every_mistake_has_its_place(text: str) -> None:
    """All at once, in the order of the file, before anything is asked."""
    assert wrong(text) == MISTAKES[text]


def test_names_of_many_patterns() -> None:
    """There are 2^n patterns of n names."""
    names = ", ".join(f"'w1[0,{n}]'" for n in range(11))
    assert wrong(f"sweep: {{p: {{patterns: [{names}]}}}}\nproblem: {{zero: $p.zero}}") == [
        "s.yaml:1:23: error: sweep.p.patterns: 11 names make 2^11 patterns: name at most 10"
    ]


def test_a_row_that_is_no_problem_says_where_and_which() -> None:
    """The place is that of the value if it is to blame; the parameters of the row are named."""
    sweep = loads(
        "sweep:\n  H: [1, 0]\n  name: [b1, b9]\n"
        "problem:\n  network: [1, $H, 1]\n  samples: 2\n  zero: [$name]\n",
        "s.yaml",
    )
    assert sweep.problem(0).samples.fixed == 2
    with pytest.raises(SpecError) as caught:
        sweep.problem(1)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("s.yaml:3:14: error: problem.zero[0]: ")
    assert line.endswith(" (where H = 1, name = b9)")
    with pytest.raises(
        SpecError, match=r"s\.yaml:2:10: error: problem\.network\[1\]: .*found 0 \(where H = 0"
    ):
        sweep.problem(2)


def test_sweeps_and_problems_are_told_apart() -> None:
    """Each command says which other one is meant."""
    with pytest.raises(SpecError, match="sweep: this is a sweep, and no single problem"):
        problem_of(FOUNDING.read_text())
    assert wrong("network: [1, 1, 1]\nsamples: 3")[1] == (
        "s.yaml:1:1: error: sweep is missing: write the values of each parameter, such as sweep: {H: [1, 2]} "
        "(a single problem is answered by zerograd solve)"
    )


def test_values_may_not_blow_up() -> None:
    """Neither a text nor a tree becomes large by what is written into it."""
    long = "x" * 60_000
    text = f"sweep: {{a: [{long}]}}\nproblem: {{network: [1, 1], title: '$a $a'}}"
    assert wrong(text)[0].endswith("with its values the text would have 120005 characters, at most 100000")
    many = ", ".join(["0"] * 30_000)
    assert (
        "more than 100000 values"
        in wrong(f"sweep: {{a: [[{many}]]}}\nproblem: {{network: [$a, $a, $a, $a]}}")[0]
    )


def test_sweeps_of_a_function() -> None:
    """In Python: parameters, and a function that makes a problem of their values."""
    sweep = Sweep.of(
        {"H": range(1, 4), "kink": ("torch", "right")},
        lambda H, kink: zg.Problem(network=[1, H, 1], samples=2, zero=["b2"], derivative_at_kink=kink),
    )
    assert (len(sweep), sweep.values(5)) == (6, {"H": 3, "kink": "right"})
    assert str(sweep.problem(5).network).startswith("1 → 3")
    for parameters, message in (
        ({"H": []}, "has no values"), ({"result": [1]}, "column"),
        ({"a": range(2000), "b": range(501)}, "1002000 rows"),
    ):  # fmt: skip
        with pytest.raises(zg.ProblemError, match=message):
            Sweep.of(parameters, zg.Problem)


@examples(300)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_numbers_and_places_are_the_same_thing(sizes: list[int]) -> None:
    """A row's number counts combinations in the order of `itertools.product`."""
    sweep = Sweep({f"p{n}": range(size) for n, size in enumerate(sizes)}, lambda _: None)  # type: ignore[arg-type,return-value]
    assert [sweep.places(number) for number in range(len(sweep))] == list(product(*map(range, sizes)))
