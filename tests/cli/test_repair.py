"""`zerograd repair` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Program

WRONG = """\
network: [1, 1, 1]
samples: 1
loss: {sse: 1/2}
given: {x: 2, y: 1, w1: -0.5, b1: 0.1, w2: 0.3, b2: 0}
claims:
  - y_hat ~ 0.33
  - grad(w2) ~ -0.737
"""


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ("y_hat ~ 0.33", 0),
        ("y_hat == 0", 0),
        ("loss == -1", 1),
        ('["y_hat ~ 0.33", "grad(w2) ~ -0.7371", "grad(b1) ~ 0.5"]', 1),
    ],
)
def test_exit_codes(program: Program, claims: str, code: int) -> None:
    """0 where a change helps, or nothing is wrong; 1 where it is proved that none does."""
    text = WRONG[: WRONG.index("claims:")] + f"claims: {claims}\n"
    assert program("repair", "-q", "--changes", "1", "-", stdin=text).code == code


def test_what_is_printed(program: Program) -> None:
    """In a process of its own: which values help, and what does not follow."""
    (program.folder / "a.yaml").write_text(WRONG)
    code, out, err = program.process("repair", "a.yaml", "--changes", "1")
    assert (code, err) == (0, "")
    assert out.startswith("2 of 2 claims are wrong. A change of one given value makes all right, in ")
    assert "w1[0,0]   -1/2 = -0.5" in out and "the sign" in out
    assert "Changes that do not help, whatever the values become: " in out


def test_the_document_is_verified(program: Program) -> None:
    """It is checked by `verify` against the file, and refused where another value is said to help."""
    (program.folder / "a.yaml").write_text(WRONG)
    assert program("repair", "a.yaml", "-q", "-o", "a.json").code == 0
    code, out, err = program("verify", "a.yaml", "a.json")
    assert (code, err) == (0, "")
    assert out.startswith("accepted: ")
    document = json.loads((program.folder / "a.json").read_text())
    (printed,) = program("repair", "a.yaml", "--json").results
    assert printed == document
    document["repairs"] = document["repairs"][:1]
    (program.folder / "b.json").write_text(json.dumps(document))
    code, out, _ = program("verify", "a.yaml", "b.json")
    assert code == 1 and out.startswith("refused: repairs: ")


def test_time_is_up(program: Program) -> None:
    """What was not looked at is open: exit code 3."""
    (program.folder / "a.yaml").write_text(WRONG)
    code, out, err = program("repair", "a.yaml", "--timeout", "0.000001s")
    assert (code, err) == (3, "") and "are open" in " ".join(out.split())


def test_mistakes(program: Program) -> None:
    """A file without claims, or in which something is not given, is unusable."""
    (program.folder / "a.yaml").write_text(WRONG.replace(", b2: 0", ""))
    code, _, err = program("repair", "a.yaml")
    assert code == 2 and "b2" in err
    assert program("repair", "a.yaml", "--changes", "9").code == 2
