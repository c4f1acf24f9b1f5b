"""Fully given problems of real size, as processes: read from files, calculated, checked again."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def values(*widths: int, samples: int, dead: bool = False) -> dict[str, Any]:
    """Return float32 values as of `torch.nn.Linear`; with ``dead``, the last hidden layer is off."""
    chance = np.random.default_rng(3)
    found: dict[str, Any] = {
        "x": chance.random((samples, widths[0]), dtype=np.float32),
        "y": chance.random((samples, widths[-1]), dtype=np.float32),
    }
    for number, (below, units) in enumerate(pairwise(widths), start=1):
        found[f"w{number}"] = chance.uniform(-1, 1, (units, below)).astype(np.float32) / np.float32(
            below**0.5
        )
        found[f"b{number}"] = chance.uniform(-1, 1, units).astype(np.float32)
    if dead:
        last = len(widths) - 2
        found[f"w{last}"], found[f"b{last}"] = -abs(found[f"w{last}"]), -abs(found[f"b{last}"])
    return found


def wide(program: Program, query: str, *, dead: bool = False) -> None:
    np.savez(program.folder / "numbers.npz", **values(784, 128, 10, samples=64, dead=dead))
    program.file("p.yaml", f"network: [784, 128, 10]\nsamples: 64\n{query}\ngiven: {{from: numbers.npz}}\n")


@pytest.mark.slow
def test_wide_yes(program: Program) -> None:
    """784-128-10 with 64 samples: a witness in text that fits a screen, and nothing was searched for."""
    wide(program, "zero: [w1, b1, w2]\nnonzero: [b2]", dead=True)
    done = program.process("solve", "p.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("sat\n")
    assert "strategy  calculation" in done.out
    assert len(done.out) < 20_000


@pytest.mark.slow
def test_wide_no_and_verified(program: Program) -> None:
    """A wrong claim has a certificate of a line, which the checker accepts by calculating again."""
    wide(program, "zero: [w1]")
    done = program.process("solve", "p.yaml", "-o", "result.json")
    assert done.code == 0
    assert done.out.startswith("unsat: ∂L/∂w1[0,0] is ")
    assert "a calculation: its certificate is accepted by the checker" in done.out
    (result,) = [json.loads(line) for line in (program.folder / "result.json").read_text().splitlines()]
    assert result["certificate"]["parts"][0]["system"] == "calculation"
    (program.folder / "numbers.npz").rename(program.folder / "moved.npz")
    program.file("p.yaml", json.dumps(result["problem"]["question"]))
    assert program.process("verify", "p.yaml", "result.json").code == 0


def test_196_64_1_is_not_unknown(program: Program) -> None:
    """Everything given as text in JSON, as people write it today."""
    given = {
        n: np.vectorize(lambda v: str(_exact(v)))(a).tolist()
        for n, a in values(196, 64, 1, samples=4).items()
    }
    question = {"network": [196, 64, 1], "samples": 4, "given": given, "nonzero": ["b2"]}
    program.file("p.json", json.dumps(question))
    done = program.process("solve", "p.json", "--json")
    assert done.code == 0
    assert done.results[0]["strategy"] == "calculation"


def _exact(value: Any) -> Any:
    from fractions import Fraction

    return Fraction(float(value))


def test_names_are_told(program: Program) -> None:
    """What the names in a file were taken for is said on the other stream."""
    arrays: dict[str, Any] = {
        "fc1.weight": np.ones((2, 1)),
        "fc1.bias": np.zeros(2),
        "fc2.weight": np.ones((1, 2)),
        "fc2.bias": np.zeros(1),
    }
    np.savez(program.folder / "n.npz", **arrays)
    program.file("p.yaml", "network: [1, 2, 1]\nsamples: 1\nzero: [x]\ngiven: {from: n.npz, x: 1, y: 2}\n")
    done = program("solve", "p.yaml", "-q")
    assert (done.code, done.out) == (0, "sat\n")
    told = "n.npz: w1 = fc1.weight, b1 = fc1.bias, w2 = fc2.weight, b2 = fc2.bias"
    assert done.err == f"p.yaml: {told}\n"


def test_wild_exponents(program: Program) -> None:
    """From 1e-38 to 1e38 in one matrix: slower, and exact."""
    found = values(20, 10, 2, samples=5)
    chance = np.random.default_rng(4)
    for name, array in found.items():
        found[name] = (array * 10.0 ** chance.integers(-37, 37, array.shape)).astype(np.float32)
    np.savez(program.folder / "numbers.npz", **found)
    program.file("p.yaml", "network: [20, 10, 2]\nsamples: 5\nnonzero: [b2]\ngiven: {from: numbers.npz}\n")
    done = program.process("solve", "p.yaml", "--json")
    assert done.code == 0
    assert done.results[0]["status"] == "sat"


@pytest.mark.parametrize("command", ["solve", "problem", "prove"])
def test_bad_files_are_bad_input(program: Program, command: str) -> None:
    """Exit code 2, and one line that names the place."""
    (program.folder / "n.npz").write_bytes(b"PK\3\4 nonsense")
    program.file("p.yaml", "network: [1, 1]\nsamples: 1\ngiven: {from: n.npz}\n")
    done = program(command, "p.yaml")
    assert done.code == 2
    assert done.err.startswith("p.yaml:3:15: error: given.from: 'n.npz': is not a sound .npz file")
