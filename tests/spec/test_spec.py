"""The package as a whole: what it loads, and what its errors carry."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zerograd.core.errors import ZerogradError
from zerograd.spec import Diagnostic, SpecError, loads
from zerograd.spec.errors import MAX_MESSAGE, Position


def test_import_is_light() -> None:
    """ruamel.yaml is loaded when a file is; pydantic where the form takes more than a look."""
    program = (
        "import sys, zerograd.spec as s\n"
        "heavy = {'pydantic', 'ruamel.yaml', 'numpy', 'sympy', 'z3'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
        "s.loads('{network: [1, 1], samples: 1}')\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
        "s.loads('{network: [1, 1], samples: 1, given: {w1: 1}}')\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["[]", "['ruamel.yaml']", "['pydantic', 'ruamel.yaml']"]


def test_error_carries_its_diagnostics() -> None:
    """Each mistake with file, place, path and message, for programs that read them."""
    with pytest.raises(SpecError) as caught:
        loads("network: [1, 1]\nzero: [w3]\n", "a.yaml")
    assert isinstance(caught.value, ZerogradError)
    assert caught.value.diagnostics == (
        Diagnostic(
            "a.yaml",
            Position(1, 1),
            ("samples",),
            "is missing: write a number such as samples: 3, or fewest, or any",
        ),
        Diagnostic(
            "a.yaml", Position(2, 8), ("zero", 0), "there is no w3: the network has 1 layers, counted from 1"
        ),
    )
    assert str(caught.value).splitlines()[1] == (
        "a.yaml:2:8: error: zero[0]: there is no w3: the network has 1 layers, counted from 1"
    )


def test_long_messages_lose_their_middle() -> None:
    """A name of a megabyte does not fill the screen."""
    with pytest.raises(SpecError) as caught:
        loads(f"{{network: [1, 1], samples: 1, {'k' * 1000}: 1, zero: [{'z' * 1000}]}}")
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(len(line) < 2 * MAX_MESSAGE + 100 for line in lines)
    assert " … " in lines[0]


def test_mistakes_do_not_hide_each_other() -> None:
    """Form and meaning in one go; a division is judged once the rest is right."""
    text = "{network: [1, 1], samples: 2, zero: [3, w9], where: [1/b1 > 0], bounds: {b1: [1, high]}}"
    with pytest.raises(SpecError) as caught:
        loads(text)
    assert [line.split("error: ")[1] for line in str(caught.value).splitlines()] == [
        "zero[0]: expected a name such as w1 or w1[0,1], found 3",
        "zero[1]: there is no w9: the network has 1 layers, counted from 1",
        "bounds.b1[1]: 'high' is not a number (write 3, -2/3, 0.1 or 1e-3)",
    ]
