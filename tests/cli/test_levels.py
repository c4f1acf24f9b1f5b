"""`zerograd levels` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Program

XOR = "network: [2, 1, 1]\nsamples: 4\ngiven: {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0]}\n"
TABLE = """\
2 losses of critical points off the kinks, proved to be all.

  loss          ≈   units on   prediction
  ────   ────────   ────────   ────────────────────
   1/6   0.166667          1   (2/3, 2/3, 2/3, 0)
   1/4       0.25          0   (1/2, 1/2, 1/2, 1/2)

Each is the loss of a local minimum: --json prints its parameters, and the proof that these are all.
No parameters, on kinks or off them, have a loss below 1/6, the first of these.
"""


def test_a_table_and_a_document(program: Program) -> None:
    """In a process of its own; what it writes is verified, and refused where a loss is left out."""
    (program.folder / "xor.yaml").write_text(XOR)
    code, out, err = program.process("levels", "xor.yaml", "-o", "l.json")
    assert (code, out.removesuffix("wrote l.json\n"), err) == (0, TABLE, "")
    code, out, _ = program("verify", "xor.yaml", "l.json")
    line = "accepted: 2 losses of local minima, a point for each, and there are no others off the kinks"
    assert (code, out.splitlines()[0]) == (0, f"{line}; no parameters have a loss below 1/6")
    document = json.loads((program.folder / "l.json").read_text())
    assert program("levels", "xor.yaml", "--json").results == [document]
    del document["levels"][0]
    (program.folder / "f.json").write_text(json.dumps(document))
    code, out, _ = program("verify", "xor.yaml", "f.json")
    assert code == 1
    assert out.startswith("refused: ")
    assert "proof that they are those of no critical point" in out


def test_what_is_not_known(program: Program) -> None:
    """Without time: exit code 3, of the command and of the check."""
    (program.folder / "xor.yaml").write_text(XOR)
    code, out, _ = program("levels", "xor.yaml", "-q", "--timeout", "1ms", "-o", "l.json")
    assert code == 3
    assert "there may be others" in out
    assert program("verify", "xor.yaml", "l.json").code == 3


def test_other_problems(program: Program) -> None:
    """Exit code 2, and the reason."""
    code, out, err = program("levels", "-", stdin="network: [1, 1]\nsamples: 1\nzero: w1\n")
    assert (code, out) == (2, "")
    assert "levels are those of networks with one hidden layer" in err
    assert program("levels", "-", stdin="network: [1, 1, 1]\n").code == 2
