"""Scripts for PyTorch and JAX: they run, they assert what is asked, and the asserts can fail."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zerograd.core.model.activations import LINEAR, RELU, activation_named, leaky_relu
from zerograd.core.model.kinks import Kink
from zerograd.core.model.network import Layer, Network
from zerograd.core.numbers.arrays import Array
from zerograd.core.numbers.exact import Exact
from zerograd.core.numbers.field import Algebraic, NumberField
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.witness import Witness
from zerograd.evaluate.rounding import prepare
from zerograd.show.scripts import BeyondFloat64, jax_script, pytorch_script

if TYPE_CHECKING:
    from tests.show.conftest import Kinked

Write = Callable[[Sat], str]
FORMS: dict[str, Write] = {"torch": pytorch_script, "jax": jax_script}
ACTIVATIONS = [
    *(activation_named(name) for name in ("linear", "relu", "abs", "relu6", "hardtanh", "leaky_relu")),
    leaky_relu("-1/2"),
    leaky_relu(0),
    leaky_relu(1),
    leaky_relu(3),
]

CONVENTIONS: tuple[Kink, ...] = ("torch", "left", "right", "mean", "default: 2, relu: 1/3")

DRIVER = """
import pathlib, runpy, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        runpy.run_path(str(path), run_name="__main__")
    except AssertionError as error:
        print("refused", path.name, error)
    else:
        print("accepted", path.name)
"""
"""Runs many scripts in one process: libraries take seconds to load."""


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.needs(name)) for name in FORMS])
def library(request: pytest.FixtureRequest) -> str:
    """The library that a script needs."""
    return str(request.param)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with nothing but its packages, in this folder, where every warning is an error."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=environment | {"PYTHONUTF8": "1", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run_all(folder: Path, scripts: Mapping[str, str]) -> dict[str, bool]:
    """Whether each script ran to its end (else one of its asserts failed)."""
    place = folder / "scripts"
    place.mkdir()
    for name, text in scripts.items():
        (place / f"{name}.py").write_text(text, encoding="utf-8")
    done = run(folder, "-c", DRIVER, str(place))
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    words = [line.split() for line in done.stdout.splitlines()]
    refused = [line for line in done.stdout.splitlines() if line.startswith("refused")]
    verdicts = {w[1]: w[0] == "accepted" for w in words if w and w[0] in ("accepted", "refused")}
    assert set(verdicts) == {f"{name}.py" for name in scripts}
    print("\n".join(refused))  # shown where a test fails
    return {name.removesuffix(".py"): verdict for name, verdict in verdicts.items()}


def founding(**labels: Any) -> Sat:
    """Three samples, one of them off; integers alone."""
    problem = Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"], **labels)
    values: dict[str, Array[Exact]] = {
        "w1": Array((1, 1), (1,)), "b1": Array((1,), (-1,)), "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (-1,)), "x": Array((3, 1), (0, 2, 3)), "y": Array((3, 1), (-2, 2, 0)),
    }  # fmt: skip
    return Sat(Witness.of(problem, values), problem=problem)


def irrational(kinked: type[Kinked]) -> Sat:
    """Two samples on the kink, where float64 says otherwise: (2α)·(α/3) − 4/3 = 0, with α the root of 2."""
    alpha = Algebraic(NumberField((Fraction(-2), Fraction(0), Fraction(1)), Fraction(1), Fraction(2)), (0, 1))  # type: ignore[arg-type]  # integers are fractions
    network = Network.mlp(1, 2, 1)
    third = Fraction(1, 3)
    values: dict[str, Array[Any]] = {
        "w1": Array((2, 1), (alpha * 2, alpha * -3)),
        "b1": Array((2,), (Fraction(-4, 3), 2)),
        "w2": Array((1, 2), (1, alpha)),
        "b2": Array((1,), (0,)),
        "x": Array((3, 1), (alpha * third, 1, -alpha)),
        "y": Array((3, 1), (1, alpha, 0)),
    }
    return kinked.answer(network, "right", values)


def matrix(kinked: type[Kinked]) -> dict[str, Sat]:
    """Every activation under every convention, samples on kinks, with integers and with thirds."""
    answers: dict[str, Sat] = {}
    for number, activation in enumerate(ACTIVATIONS):
        for convention in CONVENTIONS:
            for denominator in (1, 3) if convention == CONVENTIONS[0] else (3,):
                deep = Network(2, (Layer(2, activation), Layer(2, activation), Layer(2, LINEAR)))
                answers[f"{number}_{convention}_{denominator}"] = kinked.draw(
                    deep, convention, denominator=denominator
                )
    output = Network(1, (Layer(3, RELU, bias=False), Layer(1, leaky_relu("1/10"))))
    answers["kink_at_output"] = kinked.draw(output, "right", denominator=7)
    answers["forbid"] = kinked.draw(Network.mlp(1, 2, 1), "forbid", denominator=7)
    answers["no_bias"] = kinked.draw(Network.mlp(2, 3, 2, bias=False), "right")
    answers["one_sample"] = kinked.draw(Network.mlp(1, 2, 1), "left", samples=1, denominator=3)
    mixed = Network(1, (Layer(2, leaky_relu("1/3")), Layer(2, leaky_relu("1/5")), Layer(1)))
    answers["two_slopes"] = kinked.draw(mixed, "right", denominator=3)
    answers["wide"] = kinked.draw(Network.mlp(5, 120, 3), "right", samples=40, denominator=3)
    answers["irrational"] = irrational(kinked)
    of_layers = "default: torch, z1: 1/3, z2: right"
    answers["of_layers"] = kinked.draw(Network.mlp(2, 2, 2, 1), of_layers, denominator=3)
    return answers


@pytest.mark.slow
def test_scripts_of_every_kind_run(library: str, kinked: type[Kinked], tmp_path: Path) -> None:
    """All activations and conventions with samples on kinks: every assert passes, with warnings as errors."""
    scripts = {
        re.sub(r"[^\w.]+", "-", name): FORMS[library](answer) for name, answer in matrix(kinked).items()
    }
    assert all(run_all(tmp_path, scripts).values())


def test_asserts_can_fail(library: str, tmp_path: Path) -> None:
    """One number changed in the data, in the exact gradients, or one gradient asked for wrongly."""
    script = FORMS[library](founding())
    changes = {
        "intact": ("", ""),
        "target": ("[[-2], [2], [0]]", "[[-2], [3], [0]]"),
        "input": ("[[0], [2], [3]]", "[[0], [2], [4]]"),
        "bias": ("[-1])\nw2", "[-1.0000001])\nw2"),
        "exact": ('"b1": ', '"b1": 1.0000000001 * '),
        "zero": ('(abs(found["w2"]) <= rounding["w2"])', '(abs(found["w1"]) <= rounding["w1"])'),
    }
    assert all(old in script for old, _ in changes.values())
    verdicts = run_all(tmp_path, {name: script.replace(*change, 1) for name, change in changes.items()})
    assert verdicts == {name: name == "intact" for name in changes}


def test_script_alone(library: str, tmp_path: Path) -> None:
    """A file in an empty folder: exit code 0 and a table; with a number changed, another exit code."""
    text = FORMS[library](founding(title='A """hostile""" title\\', notes="\u2028raise SystemExit(3)\n'''"))
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    done = run(tmp_path, "script.py")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[1][:4] == ["dL/dw1[0,", "0]", "-0.666667", "-0.666667"]
    assert rows[-1][0] == "All"
    (tmp_path / "script.py").write_text(
        text.replace("[[-2], [2], [0]]", "[[-2], [2], [1]]"), encoding="utf-8"
    )
    done = run(tmp_path, "script.py")
    assert done.returncode == 1
    assert "AssertionError" in done.stderr


def test_rounding_is_put_back_only_where_it_matters(kinked: type[Kinked]) -> None:
    """Integers and eighths are exact in float64; thirds are not, nor what went through a slope of 1/100."""
    deep = Network.mlp(2, 2, 2, 1)
    assert not prepare(kinked.draw(deep, "right").witness)
    assert not prepare(kinked.draw(deep, "right", denominator=8).witness)
    assert set(prepare(kinked.draw(deep, "right", denominator=3).witness)) == {1, 2}
    assert set(prepare(irrational(kinked).witness)) == {1}
    leaky = Network.mlp(2, 2, 2, 1, activation="leaky_relu")
    assert set(prepare(kinked.draw(leaky, "right").witness)) == {2}


def test_next_to_a_kink(kinked: type[Kinked]) -> None:
    """A pre-activation nearer to a kink than rounding is put back onto its own side of it."""
    network = Network.mlp(1, 1, 1, activation="hardtanh")
    near = 1 + Fraction(1, 10**30)
    values: dict[str, Array[Exact]] = {
        "w1": Array((1, 1), (1,)), "b1": Array((1,), (near - Fraction(1, 3),)), "w2": Array((1, 1), (1,)),
        "b2": Array((1,), (0,)), "x": Array((1, 1), (Fraction(1, 3),)), "y": Array((1, 1), (0,)),
    }  # fmt: skip
    (value,) = prepare(kinked.answer(network, "left", values).witness)[1].values
    assert 1 < value < 1.0000001


def test_numbers_beyond_float64_are_refused(kinked: type[Kinked]) -> None:
    """Too large, too near to zero, or nonzero only beyond rounding: an error, and no script."""
    network = Network.mlp(1, 1, 1, activation="linear")

    def answer(w1: Fraction | int, x: Fraction | int, b2: Fraction | int = 0) -> Sat:
        values: dict[str, Array[Exact]] = {
            "w1": Array((1, 1), (w1,)), "b1": Array((1,), (0,)), "w2": Array((1, 1), (1,)),
            "b2": Array((1,), (b2,)), "x": Array((1, 1), (x,)), "y": Array((1, 1), (1,)),
        }  # fmt: skip
        return kinked.answer(network, "torch", values)

    for values, message in {
        (10**400, 1, 0): "beyond the range",
        (10**200, 10**200, 0): "beyond the range",
        (Fraction(1, 10**400), 1, 0): "too near to 0",
        (10**20, 1, -(10**20) + 1 + Fraction(1, 10**20)): "cannot tell",
    }.items():
        for write in FORMS.values():
            with pytest.raises(BeyondFloat64, match=message):
                write(answer(*values))  # type: ignore[arg-type]  # numbers all


HOSTILE = [
    '"""',
    "\\",
    '\\\\"',
    "'''\n",
    "\n#",
    "\u2028import os\u2029",
    "\r\nraise",
    "\x1b[31m",
    "\x00",
    "{title}",
]


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
@given(
    title=st.text() | st.sampled_from(HOSTILE),
    notes=st.lists(st.text() | st.sampled_from(HOSTILE)).map("".join),
)
def test_text_of_a_problem_stays_in_the_docstring(write: Write, title: str, notes: str) -> None:
    """Whatever the title and the notes say, the program is the same."""
    script = ast.parse(write(founding(title=title, notes=notes)))
    plain = ast.parse(write(founding()))
    assert isinstance(script.body[0], ast.Expr)
    assert isinstance(script.body[0].value, ast.Constant)
    assert list(map(ast.dump, script.body[1:])) == list(map(ast.dump, plain.body[1:]))


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_same_answer_same_script(write: Write) -> None:
    """Twice the same bytes, with no line longer than a page is wide."""
    assert write(founding()) == write(founding())
    assert max(map(len, write(founding()).splitlines())) <= 110
