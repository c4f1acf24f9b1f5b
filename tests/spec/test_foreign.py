"""Files of other kinds, handed to a command that takes problem files."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from zerograd.core.errors import FormatError
from zerograd.spec.errors import SpecError
from zerograd.spec.foreign import foreign
from zerograd.spec.read import load, loads
from zerograd.streams import read_results

SCRIPTS = [
    "import torch\n",
    "# train\n\nfrom torch import nn\n",
    '"""Doc."""\nimport torch\n',
    "#!/usr/bin/python\n",
    "class A:\n    pass\n",
    "x = 1\n",
]


def _zipped(path: Path, first: str) -> None:
    """An archive that begins with a file of this name."""
    with ZipFile(path, "w") as archive:
        archive.writestr(first, "{}")


def database(path: Path) -> None:
    """A database with a table."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "numbers.npz": (lambda path: np.savez(path, x=np.ones(2)), "given: {from: /"),
    "packed.npz": (lambda path: np.savez_compressed(path, x=np.ones(2)), "given: {from: /"),
    "one.npy": (lambda path: np.save(path, np.ones(2)), "save it with numpy.savez first"),
    "state.pkl": (lambda path: path.write_bytes(pickle.dumps({"w1": 1})), "is a pickle"),
    "model.keras": (lambda path: _zipped(path, "metadata.json"), "is a model as Keras saves it"),
    "weights.h5": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(90)), "as Keras saves it"),
    "book.ipynb": (lambda path: path.write_text('{\n "cells": [],\n "nbformat": 4}'), "is a notebook"),
    "atlas.sqlite": (database, "name it with --store"),
    **{
        f"script{n}.py": (lambda path, text=text: path.write_text(text), "zerograd watch /")  # type: ignore[misc]
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
    assert foreign(path.read_bytes()[:64], name) is not None
    with pytest.raises(FormatError) as of_result:
        read_results(str(path))
    assert message in str(of_result.value)


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
    with pytest.raises(SpecError, match=r"zerograd explain /\S+/model\.onnx --data"):
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
