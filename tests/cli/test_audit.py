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


def test_forms(program: Program) -> None:
    """For a report: printed by `audit`, or written by `export` of the document."""
    (program.folder / "a.yaml").write_text(KINK)
    assert program("audit", "a.yaml", "-q", "-o", "a.json").code == 0
    for form, begins in (
        ("markdown", "# A unit on its kink"),
        ("latex", "\\documentclass"),
        ("html", "<!DOC"),
    ):
        code, out, err = program("audit", "a.yaml", "--to", form)
        assert (code, err) == (0, "")
        assert out.startswith(begins)
        exported = program("export", "a.json", "--to", form)
        assert (exported.code, exported.out.rstrip("\n")) == (0, out.rstrip("\n"))
    assert program("export", "a.json", "--to", "latex", "--fragment").out.startswith("\\section*{A unit on")
    assert program("audit", "a.yaml", "--to", "latex", "--json").code == 2
    code, _, err = program("export", "a.json", "--to", "coq")
    assert (code, "an audit can be had as markdown, latex, html, json" in err) == (2, True)
    text = (program.folder / "a.json").read_text().replace('"value": "-1/2"', '"value": "1/2"', 1)
    (program.folder / "a.json").write_text(text)
    assert program("export", "a.json", "--to", "markdown").code == 2


PARTLY = """\
network: [1, 2, 1]
samples: 2
where: [z1 < 0]
claims:
  - grad(w1) == 0
  - grad(b2) == 0
"""


def test_not_everything_is_given(program: Program) -> None:
    """Open claims leave the code 3; the document is verified; one that is right leaves 0."""
    (program.folder / "a.yaml").write_text(PARTLY)
    code, out, err = program("audit", "a.yaml", "-o", "a.json")
    assert (code, err) == (3, "")
    assert out.startswith("2 claims: 1 right, 1 open.\nw1, b1, w2, b2, x, y are not given: a claim is right")
    code, out, err = program("verify", "a.yaml", "a.json")
    assert (code, out, err) == (0, "accepted: an audit of 2 claims, calculated anew\n", "")
    (program.folder / "b.yaml").write_text(PARTLY.replace("  - grad(b2) == 0\n", ""))
    assert program("audit", "b.yaml", "-q", "--timeout", "20").code == 0
    code, _, err = program("audit", "b.yaml", "--timeout", "0")
    assert code == 2
