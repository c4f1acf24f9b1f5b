"""`zerograd audit` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program

KINK = """\
title: A unit on its kink
network: [1, 1, 1]
samples: 2
given: {x: [1, 2], y: [0, 1], w1: 1, b1: -1, w2: 1/2, b2: 0}
claims:
  - loss == 1/8
  - grad(w1) ~ -0.50
"""
TABLE = """\
2 claims: 2 right (derivative_at_kink: torch).
z1[0,0] is on a kink: what holds depends on the derivative that is taken there.

  claim              torch   left slope   right slope   mean
  ────────────────   ─────   ──────────   ───────────   ─────
  loss == 1/8        right   right        right         right
  grad(w1) ~ -0.50   right   right        right         right

"""


@pytest.mark.parametrize(
    ("claim", "code"), [("loss == 1/8", 0), ("loss ~ 0.13", 0), ("loss ~ 0.12", 0), ("loss == 1", 1)]
)
def test_exit_codes(program: Program, claim: str, code: int) -> None:
    """0 where every claim is right, or the digits of what is so; 1 where one is wrong."""
    text = KINK.replace("grad(w1) ~ -0.50", claim)
    assert program("audit", "-q", "-", stdin=text).code == code


def test_a_table(program: Program) -> None:
    """In a process of its own: a column for each convention where a sample is on a kink."""
    (program.folder / "a.yaml").write_text(KINK)
    code, out, err = program.process("audit", "a.yaml")
    assert (code, err) == (0, "")
    assert out.rstrip("\n") == TABLE.rstrip("\n")


def test_the_document_is_verified(program: Program) -> None:
    """It is checked by `verify` against the file, and refused where a value is another."""
    (program.folder / "a.yaml").write_text(KINK)
    assert program("audit", "a.yaml", "-q", "-o", "a.json").code == 0
    code, out, err = program("verify", "a.yaml", "a.json")
    assert (code, out, err) == (0, "accepted: an audit of 2 claims, calculated anew\n", "")
    document = json.loads((program.folder / "a.json").read_text())
    (printed,) = program("audit", "a.yaml", "--json").results
    assert printed == document
    forged = json.dumps(document).replace('"value": "-1/2"', '"value": "1/2"', 1)
    (program.folder / "b.json").write_text(forged)
    code, out, _ = program("verify", "a.yaml", "b.json")
    assert code == 1
    assert out.startswith("refused: claims[1]: ")
    (program.folder / "c.yaml").write_text(KINK.replace("1/8", "1/9"))
    assert program("verify", "c.yaml", "a.json").out.startswith("refused: claims: ")
    assert program("solve", "a.yaml").code == 2


def test_mistakes(program: Program) -> None:
    """A missing file, and a claim without a meaning: exit code 2, with the place."""
    assert program("audit", "none.yaml").code == 2
    code, out, err = program("audit", "-", stdin=KINK.replace("loss ==", "los =="))
    assert (code, out) == (2, "")
    assert err.startswith("<stdin>:6:5: error: claims[0]: unknown name 'los' (did you mean 'loss'?)")
