"""Files of other kinds, handed to a command that takes problem files."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zerograd.spec.errors import SpecError
from zerograd.spec.foreign import foreign
from zerograd.spec.read import load, loads

SCRIPTS = [
    "import torch\n",
    "# train\n\nfrom torch import nn\n",
    '"""Doc."""\nimport torch\n',
    "#!/usr/bin/python\n",
]


def database(path: Path) -> None:
    """A database with a table."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "numbers.npz": (lambda path: np.savez(path, x=np.ones(2)), "given: {from: weights.npz}"),
    "packed.npz": (lambda path: np.savez_compressed(path, x=np.ones(2)), "given: {from: weights.npz}"),
    "one.npy": (lambda path: np.save(path, np.ones(2)), "save it with numpy.savez first"),
    "state.pkl": (lambda path: path.write_bytes(pickle.dumps({"w1": 1})), "is a pickle"),
    "atlas.sqlite": (database, "name it with --store"),
    **{
        f"script{n}.py": (lambda path, text=text: path.write_text(text), "zerograd watch SCRIPT.py")  # type: ignore[misc]
        for n, text in enumerate(SCRIPTS)
    },
}


@pytest.mark.parametrize("name", KINDS)
def test_the_command_that_takes_it_is_named(tmp_path: Path, name: str) -> None:
    """Never a complaint about bytes."""
    make, message = KINDS[name]
    path = tmp_path / name
    make(path)
    with pytest.raises(SpecError) as error:
        load(path)
    assert message in str(error.value)
    assert foreign(path.read_bytes()[:64]) is not None


@pytest.mark.needs("torch")
def test_models(tmp_path: Path) -> None:
    """What torch saves and exports, of any size."""
    torch = pytest.importorskip("torch")
    linear = torch.nn.Linear(600, 600)
    torch.save(linear.state_dict(), tmp_path / "model.pt")
    torch.save(linear.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    for name in ("model.pt", "old.pt"):
        with pytest.raises(SpecError, match=r"is a pickle.*safetensors.torch.save_file"):
            load(tmp_path / name)
    with pytest.raises(SpecError, match=r"zerograd explain MODEL\.onnx --data"):
        (tmp_path / "model.onnx").write_bytes(b"\x08\x0a\x12\x07pytorch" + bytes(100))
        load(tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "text",
    ["network: [1, 1, 1]\nsamples: 3\nzero: [w2]\n", "# import torch\nnetwork: [1, 1, 1]\nsamples: 1\n"],
)
def test_problem_files_are_none(text: str) -> None:
    """Nor is a comment a script."""
    assert foreign(text.encode()) is None
    assert loads(text.encode()).samples.fixed is not None
