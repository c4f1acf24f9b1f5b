"""Numbers in files beside a problem file: what is read, which tensor is w1, and what is refused."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from zerograd.core.question.problem import Problem
from zerograd.extras import install
from zerograd.npz import UnreadableError
from zerograd.spec import SpecError, load, loads
from zerograd.spec.files import tensors as reading
from zerograd.spec.files.tensors import read_tensors
from zerograd.spec.read import load as load_saying

pytestmark = pytest.mark.needs("safetensors")

Arrays = dict[str, NDArray[Any]]

HEAD = "network: [2, 3, 1]\nsamples: 2\nsome_nonzero: [w1]\n"


def arrays(**changes: Any) -> Arrays:
    """What a network 2 → 3 → 1 with two samples has."""
    values: Arrays = {
        "w1": np.arange(6, dtype=np.float32).reshape(3, 2) / 10,
        "b1": np.array([0.1, -0.2, 0.3], np.float32),
        "w2": np.array([[1, -1, 0.5]], np.float32),
        "b2": np.array([0.0], np.float32),
        "x": np.array([[1, 2], [3, 4]], np.float64),
        "y": np.array([[0], [1]]),
    }
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def safetensors(path: Path, values: Arrays) -> Path:
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(value) for name, value in values.items()}, path)
    return path


def npz(path: Path, values: Arrays) -> Path:
    arrays: dict[str, Any] = {**values}
    np.savez(path, **arrays)
    return path


def problem(folder: Path, given_: str = "{from: numbers.npz}", head: str = HEAD) -> Path:
    path = folder / "p.yaml"
    path.write_text(f"{head}given: {given_}\n")
    return path


def complaint(folder: Path, given_: str = "{from: numbers.npz}", head: str = HEAD) -> str:
    path = problem(folder, given_, head)
    with pytest.raises(SpecError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}:")
    return text


def same(folder: Path, values: Arrays, given_: str = "{from: numbers.npz}", head: str = HEAD) -> Problem:
    """Return the problem, which has exactly these values."""
    found = load(problem(folder, given_, head))
    expected = {
        name: {index: Fraction(float(v)) for index, v in np.ndenumerate(value)}
        for name, value in values.items()
    }
    assert found.given == expected
    assert loads(json.dumps(found.to_json())).digest == found.digest
    return found


# --- what is read ------------------------------------------------------------------------


@pytest.mark.parametrize("write", [npz, safetensors])
def test_plain_names(tmp_path: Path, write: Any) -> None:
    """Names of parameters, x and y stand for themselves, whatever kind of file."""
    name = "numbers.npz" if write is npz else "numbers.safetensors"
    write(tmp_path / name, arrays())
    same(tmp_path, arrays(), f"{{from: {name}}}")


def test_several_files_and_values_beside(tmp_path: Path) -> None:
    """A list of files, one of them in a folder, and what the problem file has itself."""
    (tmp_path / "data").mkdir()
    whole = arrays()
    safetensors(tmp_path / "w.safetensors", {n: whole[n] for n in ("w1", "b1", "w2", "b2")})
    npz(tmp_path / "data" / "batch.npz", {"x": whole["x"]})
    same(tmp_path, whole, "{from: [w.safetensors, data/batch.npz], y: [[0], [1]]}")


def test_json_problem(tmp_path: Path) -> None:
    """The same in a problem file that is JSON."""
    npz(tmp_path / "numbers.npz", arrays())
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"network": [2, 3, 1], "samples": 2, "given": {"from": "numbers.npz"}}))
    assert load(path).digest == load(problem(tmp_path, head="network: [2, 3, 1]\nsamples: 2\n")).digest


def test_digest_is_of_the_numbers(tmp_path: Path) -> None:
    """Neither the file's name nor its kind plays a part."""
    npz(tmp_path / "numbers.npz", arrays())
    safetensors(tmp_path / "other.safetensors", arrays())
    first = load(problem(tmp_path)).digest
    assert load(problem(tmp_path, "{from: other.safetensors}")).digest == first
    npz(tmp_path / "numbers.npz", arrays(b2=np.array([0.5])))
    assert load(problem(tmp_path)).digest != first


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f4", "i1", "u2", "i8", ">i4"])
def test_kinds_of_numbers(tmp_path: Path, kind: str) -> None:
    """Floats of all widths and integers, of either byte order, in C or Fortran order, exactly."""
    values = {name: np.asfortranarray((value * 8).astype(kind)) for name, value in arrays().items()}
    npz(tmp_path / "numbers.npz", values)
    same(tmp_path, values)


@given(bits=st.lists(st.integers(0, 2**16 - 1), min_size=6, max_size=6))
def test_bfloat16(tmp_path_factory: pytest.TempPathFactory, bits: list[int]) -> None:
    """A bfloat16 is the float32 whose upper half it is; NaN and infinity are refused by name."""
    folder = tmp_path_factory.mktemp("bf16")
    write_raw(folder / "n.safetensors", {"w1": ("BF16", [3, 2], struct.pack("<6H", *bits))})
    floats = [struct.unpack("<f", struct.pack("<I", b << 16))[0] for b in bits]
    (tensor,) = read_tensors(folder / "n.safetensors")
    if all(map(np.isfinite, floats)):
        assert tensor.exact().entries == tuple(map(Fraction, floats))
    else:
        with pytest.raises(UnreadableError, match=r"'w1': entry \[\d,\d\] is -?(nan|inf), not a finite"):
            tensor.exact()


def write_raw(path: Path, content: dict[str, tuple[str, list[int], bytes]]) -> Path:
    """A safetensors file by hand."""
    header, body = {}, b""
    for name, (kind, shape, data) in content.items():
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


@pytest.mark.needs("torch")
def test_written_by_torch(tmp_path: Path) -> None:
    """A state dict in float32, float16 and bfloat16: layers by the numbers of their modules."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    for kind in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
        net = net.to(kind)
        save_file(net.state_dict(), tmp_path / "w.safetensors")
        found = load(problem(tmp_path, "{from: w.safetensors}")).given
        for name, tensor in zip(("w1", "b1", "w2", "b2"), net.parameters(), strict=True):
            expected = [Fraction(v) for v in tensor.double().flatten().tolist()]
            assert list(found[name].values()) == expected
        first = net[0]
        assert isinstance(first, torch.nn.Linear)
        values = {"w1": first.weight, "b1": first.bias, "x": torch.ones(1, 2)}
        same_values = Problem(network=[2, 3, 1], samples=1, given=values).given
        assert (same_values["w1"], same_values["b1"]) == (found["w1"], found["b1"])


# --- names -------------------------------------------------------------------------------

NAMES = {
    "fc": ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"),
    "sequential": ("0.weight", "0.bias", "2.weight", "2.bias"),
    "ten before two": ("net.2.weight", "net.2.bias", "net.10.weight", "net.10.bias"),
    "layers": ("layers.1.weight", "layers.1.bias", "layers.2.weight", "layers.2.bias"),
    "of other names": ("zebra.weight", "zebra.bias", "ape.weight", "ape.bias"),
    "compiled": ("_orig_mod.fc1.weight", "_orig_mod.fc1.bias", "_orig_mod.fc2.weight", "_orig_mod.fc2.bias"),
}


@pytest.mark.parametrize("write", [npz, safetensors])
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_modules(tmp_path: Path, write: Any, names: tuple[str, ...]) -> None:
    """Layers by the numbers of their modules, or by their shapes; said in a line."""
    whole = arrays()
    renamed = {new: whole[old] for old, new in zip(("w1", "b1", "w2", "b2"), names, strict=True)}
    file = "n.npz" if write is npz else "n.safetensors"
    write(tmp_path / file, dict(reversed(renamed.items())))
    path = problem(tmp_path, f"{{from: {file}}}")
    said: list[str] = []
    found = load_saying(path, said.append)
    same(tmp_path, {n: whole[n] for n in ("w1", "b1", "w2", "b2")}, f"{{from: {file}}}")
    assert len(found.given) == 4
    assert said == [
        f"{file}: " + ", ".join(f"{a} = {b}" for a, b in zip(("w1", "b1", "w2", "b2"), names, strict=True))
    ]


TURNED = [
    ("dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"),
    ("params.Dense_0.kernel", "params.Dense_0.bias", "params.Dense_1.kernel", "params.Dense_1.bias"),
    ("coefs_0", "intercepts_0", "coefs_1", "intercepts_1"),
]


@pytest.mark.parametrize("names", TURNED)
def test_transposed(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Kernels of shape (inputs, units), as Keras, Flax and scikit-learn have them."""
    whole = arrays()
    safetensors(
        tmp_path / "n.safetensors",
        {
            names[0]: whole["w1"].T,
            names[1]: whole["b1"],
            names[2]: whole["w2"].T,
            names[3]: whole["b2"],
        },
    )
    said: list[str] = []
    found = load_saying(problem(tmp_path, "{from: n.safetensors}"), said.append)
    assert found.given["w1"] == {i: Fraction(float(v)) for i, v in np.ndenumerate(whole["w1"])}
    assert f"w1 = {names[0]} transposed" in said[0]


def test_square_is_ambiguous(tmp_path: Path) -> None:
    """A square kernel may be meant either way; the weight of a torch layer beside others like it is not."""
    head = "network: {inputs: 2, layers: [{units: 2, bias: false}, {units: 1, bias: false}]}\nsamples: 1\n"
    square, last = np.arange(4.0).reshape(2, 2), np.ones((1, 2))
    npz(tmp_path / "numbers.npz", {"a_0.kernel": square, "a_1.kernel": last.T})
    text = complaint(tmp_path, head=head)
    assert (
        "'a_0.kernel', of shape (2, 2), is square, and may be transposed in this file: write it as w1" in text
    )
    npz(tmp_path / "numbers.npz", {"0.weight": square, "2.weight": last})
    same(tmp_path, {"w1": square, "w2": last}, head=head)


def test_several_orders(tmp_path: Path) -> None:
    """Where shapes leave two orders, that of a .npz counts; a safetensors file has none, and is refused."""
    head = (
        "network: {inputs: 2, layers: [{units: 2, bias: false}, {units: 2, bias: false}, "
        "{units: 1, bias: false}]}\nsamples: 1\n"
    )
    one, two, last = np.eye(2), np.arange(4.0).reshape(2, 2), np.ones((1, 2))
    values = {"second.weight": one, "first.weight": two, "head.weight": last}
    npz(tmp_path / "numbers.npz", values)
    same(tmp_path, {"w1": one, "w2": two, "w3": last}, head=head)
    safetensors(tmp_path / "n.safetensors", values)
    text = complaint(tmp_path, "{from: n.safetensors}", head)
    assert "its layers fit in several orders" in text
    assert "rename them to w1, b1, …" in text


def test_an_order_by_name_is_none(tmp_path: Path) -> None:
    """Sorted by name fc10 stands before fc2: where another layer fits anywhere, nothing is guessed."""
    depth = 12
    one_by_one = ", ".join(["{units: 2, bias: false}"] * depth)
    head = f"network: {{inputs: 2, layers: [{one_by_one}]}}\nsamples: 1\n"
    names = sorted([*(f"fc{n}.weight" for n in range(1, depth)), "out.weight"])
    npz(tmp_path / "numbers.npz", {name: np.eye(2) * n for n, name in enumerate(names)})
    assert "its layers fit in several orders" in complaint(tmp_path, "{from: numbers.npz}", head)


BAD_NAMES: list[tuple[Arrays, str]] = [
    (arrays(w1=np.ones((3, 3))), "numbers.npz': 'w1' has shape (3, 3), expected (3, 2) for w1"),
    (
        arrays(w1=np.ones((2, 3))),
        "'w1' has shape (2, 3), expected (3, 2) for w1, (units, inputs): transpose it",
    ),
    (arrays(x=np.ones((3, 2))), "'x' has shape (3, 2), expected (2, 2) for x"),
    (arrays(w1=None, W1=np.ones((3, 2))), "'W1', of shape (3, 2), is neither w1, b1, w2, b2, x, y nor"),
    (arrays(w3=np.ones((3, 2))), "'w3', of shape (3, 2), is neither w1, b1, w2, b2, x, y nor a layer's"),
    (
        {"fc1.weigth": np.ones((3, 2)), "fc1.bias": np.ones(3)},
        "is neither w1, b1, w2, b2, x, y nor a layer's weight or bias (did you mean 'fc1.weight'?)",
    ),
    (arrays(steps=np.ones(1)), "'steps', of shape (1,), is neither"),
    (
        arrays(**{"fc1.weight": np.ones((3, 2))}),
        "has both w1 and 'fc1.weight': name all parameters in one way",
    ),
    ({"fc1.weight": np.ones((3, 2))}, "has 1 layers ('fc1'), and the network has 2"),
    ({"fc1.bias": np.ones(3)}, "'fc1.bias' is a bias without a weight beside it"),
    (
        {"fc1.weight": np.ones((3, 2)), "fc2.weight": np.ones((1, 3))},
        "'fc1.weight' has no bias beside it, and layer 1 has one: write bias: false",
    ),
    (
        {"fc1.weight": np.ones((4, 2)), "fc2.weight": np.ones((1, 4))},
        "'fc1.weight' has shape (4, 2), expected (3, 2) for w1",
    ),
    (
        {"1.weight": np.ones((1, 3)), "2.weight": np.ones((3, 2))},
        "'1.weight' has shape (1, 3), expected (3, 2) for w1 (did you mean '2.weight'?)",
    ),
]


@pytest.mark.parametrize(("values", "expected"), BAD_NAMES)
def test_what_does_not_fit(tmp_path: Path, values: Arrays, expected: str) -> None:
    """File, tensor, its shape, what was expected, and the nearest; at the place of `from`."""
    npz(tmp_path / "numbers.npz", values)
    text = complaint(tmp_path)
    assert expected in text
    assert not ("did you mean" in text and "leave it out" in text)
    assert ":4:15: error: given.from: 'numbers.npz'" in text


def test_given_twice(tmp_path: Path) -> None:
    """In the file and beside it, or in two files."""
    npz(tmp_path / "numbers.npz", arrays())
    npz(tmp_path / "more.npz", {"x": arrays()["x"]})
    expected = "has {}, which is given elsewhere, too: keep one of the two"
    assert expected.format("y") in complaint(tmp_path, "{from: numbers.npz, y: [[0], [1]]}")
    assert expected.format("x") in complaint(tmp_path, "{from: [numbers.npz, more.npz]}")
    both = "w1[0,0] is given twice, with two values"
    assert both in complaint(tmp_path, '{from: numbers.npz, "w1[0,0]": 5}')


def test_many_layers_are_no_search(tmp_path: Path) -> None:
    """Thirty layers of one shape under thirty names: the order of a .npz, and a refusal at once otherwise."""
    depth = 30
    layers = ", ".join(["{units: 2, bias: false}"] * depth)
    head = f"network: {{inputs: 2, layers: [{layers}]}}\nsamples: 1\n"
    letters = [f"{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}.weight" for n in range(depth)]
    values = {name: np.full((2, 2), n) for n, name in enumerate(letters)}
    npz(tmp_path / "numbers.npz", values)
    assert load(problem(tmp_path, head=head)).given["w30"][0, 0] == 29
    safetensors(tmp_path / "n.safetensors", values)
    assert "several orders" in complaint(tmp_path, "{from: n.safetensors}", head)


# --- files that are not read -------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.nan, np.inf, -np.inf])
def test_no_finite_number(tmp_path: Path, kind: float) -> None:
    """The entry is named."""
    npz(tmp_path / "numbers.npz", arrays(w1=np.array([[0, 1], [2, kind], [3, 4]])))
    assert f"'w1': entry [1,1] is {kind}, not a finite number" in complaint(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["/etc/numbers.npz", "../numbers.npz", "a/../../numbers.npz", "C:\\numbers.npz", "..\\numbers.npz"],
)
def test_places_outside(tmp_path: Path, name: str) -> None:
    """Problem files come from strangers: nothing outside of their folder is read."""
    text = complaint(tmp_path, f"{{from: {json.dumps(name)}}}")
    assert "expected a file beside the problem file, or in a folder there" in text


def test_link_outside(tmp_path: Path) -> None:
    """A link that leads out of the folder is not followed; one inside it is."""
    inner = tmp_path / "inner"
    inner.mkdir()
    npz(tmp_path / "secret.npz", arrays())
    (inner / "numbers.npz").symlink_to(tmp_path / "secret.npz")
    assert "is a link out of the problem file's folder" in complaint(inner)
    npz(inner / "there.npz", arrays())
    (inner / "numbers.npz").unlink()
    (inner / "numbers.npz").symlink_to("there.npz")
    same(inner, arrays())


FORMS = [
    ("{from: 3}", "given.from: expected a file name, found 3"),
    ("{from: []}", "given.from: expected a file name, or a list of up to 20, found a list of 0"),
    ("{from: [a.npz, 3]}", "given.from[1]: expected a file name, found 3"),
    ("{from: none.npz}", "'none.npz': no such file beside the problem file"),
    ("{from: '.'}", "expected a .safetensors or .npz file"),
    ("{from: w.pt}", "a .pt file is a pickle, which can run code, so it is not read: write safetensors"),
    ("{from: ''}", "is not a file name"),
    ('{from: "a\\0.npz"}', "is not a file name"),
    ("{from: p.yaml}", "expected a .safetensors or .npz file: write"),
]


@pytest.mark.parametrize(("given_", "expected"), FORMS)
def test_forms(tmp_path: Path, given_: str, expected: str) -> None:
    """What stands under `from` is a file name, or a list of them."""
    assert expected in complaint(tmp_path, given_)


def test_no_folder() -> None:
    """A text has no file beside it."""
    with pytest.raises(SpecError, match=r"given\.from: a problem that is no file has no folder"):
        loads("{network: [1, 1], samples: 1, given: {from: a.npz}}")


def test_other_mistakes_come_first(tmp_path: Path) -> None:
    """Where the network is wrong, no file is opened."""
    text = complaint(tmp_path, "{from: none.npz}", "network: [1]\nsamples: 2\n")
    assert "none.npz" not in text
    assert "network" in text


def test_directory_and_pipe(tmp_path: Path) -> None:
    """Only regular files are opened."""
    import os

    (tmp_path / "numbers.npz").mkdir()
    assert "is not a regular file" in complaint(tmp_path)
    (tmp_path / "numbers.npz").rmdir()
    os.mkfifo(tmp_path / "numbers.npz")
    assert "is not a regular file" in complaint(tmp_path)


class _Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("unpickled"),)  # type: ignore[return-value]


def test_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array of objects is refused before its bytes are looked at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pickle, "load", lambda *_: pytest.fail("unpickled"))
    np.savez(tmp_path / "numbers.npz", w1=np.array([_Bomb(), _Bomb()], dtype=object))
    assert "'w1' holds Python objects, which can run code when they are read: never read" in complaint(
        tmp_path
    )
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize(
    "value",
    [
        np.array([True, False]),
        np.array(["a"]),
        np.array([1 + 1j]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.ones(2, np.longdouble),
    ],
    ids=str,
)
def test_no_numbers(tmp_path: Path, value: NDArray[Any]) -> None:
    """Kinds that are no floats or integers."""
    npz(tmp_path / "numbers.npz", {"w1": value})
    assert "'w1': expected floats (to 64 bits) or integers, found" in complaint(tmp_path)


def npy(shape: str, data: bytes, descr: str = "'<f8'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


NPY = [
    (npy("(10000000000,)", b""), "10000000000 numbers up to here, at most 2000000 are read"),
    (npy("(1000000,)", bytes(8)), "shape (1000000,) of float64 takes 8000000 bytes,"),
    (npy("(-1,)", bytes(8)), "is not read"),
    (npy("(3,)", bytes(16)), "of float64 takes 24 bytes, 16 are there"),
    (npy("(1,)", bytes(24)), "shape (1,) of float64 takes 8 bytes, 24 are there"),
    (npy("(1,)*9**9", bytes(8)), "its header is broken"),
    (npy("__import__('os')", bytes(8)), "its header is broken"),
    (npy("(1,)", bytes(8), "'|O'"), "holds Python objects"),
    (npy("(1,)", bytes(8), "[('a', '|O')]"), "holds Python objects"),
    (npy("(1, 1, 1, 1, 1, 1, 1, 1, 1)", bytes(8)), "a shape of 9 axes"),
    (b"\x93NUMPY\x09\x00" + bytes(100), "its header is broken"),
    (b"no array at all", "its header is broken"),
    (b"", "its header is broken"),
]


@pytest.mark.parametrize(("data", "expected"), NPY)
def test_arrays_that_lie(tmp_path: Path, data: bytes, expected: str) -> None:
    """What a header declares is held against what is there, before anything is made of it."""
    archive(tmp_path / "numbers.npz", {"w1.npy": data})
    assert expected in complaint(tmp_path)


def test_zip_bomb(tmp_path: Path) -> None:
    """A gigabyte of zeros in a small file: its declared size is enough to refuse it."""
    bomb = npy("(125000000,)", bytes(10**6))
    archive(tmp_path / "numbers.npz", {"w1.npy": bomb})
    assert "numbers up to here" in complaint(tmp_path)
    assert (tmp_path / "numbers.npz").stat().st_size < 10_000


def test_zips(tmp_path: Path) -> None:
    """Members that are no arrays, none at all, and one that stands twice."""
    archive(tmp_path / "numbers.npz", {"readme.txt": b""})
    assert "'readme.txt' is not an array" in complaint(tmp_path)
    archive(tmp_path / "numbers.npz", {})
    assert "holds no arrays" in complaint(tmp_path)
    with zipfile.ZipFile(tmp_path / "numbers.npz", "w") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("w1.npy", npy("(1,)", bytes(8)))
        made.writestr("w1.npy", npy("(1,)", bytes(8)))
    assert "'w1' stands twice in it" in complaint(tmp_path)


def test_cut_and_spoilt(tmp_path: Path) -> None:
    """Any beginning of a file, and any byte changed, is an error in words or the same numbers."""
    for write, name in ((npz, "numbers.npz"), (safetensors, "numbers.safetensors")):
        whole = write(tmp_path / name, arrays()).read_bytes()
        for end in range(0, len(whole) - 1, 19):
            (tmp_path / name).write_bytes(whole[:end])
            assert name in complaint(tmp_path, f"{{from: {name}}}")
        for at in range(0, len(whole), 11):
            (tmp_path / name).write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
            try:
                load(problem(tmp_path, f"{{from: {name}}}"))
            except SpecError as error:
                assert name in str(error)


SAFE = [
    (b"", "is not a sound safetensors file"),
    (b"\xff" * 8, "is not a sound safetensors file"),
    (struct.pack("<Q", 10**12) + b"{}", "is not a sound safetensors file"),
    (struct.pack("<Q", 2) + b"{}", "holds no arrays"),
    (struct.pack("<Q", 4) + b"nope", "is not a sound safetensors file"),
]


@pytest.mark.parametrize(("data", "expected"), SAFE)
def test_safetensors_headers(tmp_path: Path, data: bytes, expected: str) -> None:
    """Wrong headers."""
    (tmp_path / "n.safetensors").write_bytes(data)
    assert expected in complaint(tmp_path, "{from: n.safetensors}")


def test_safetensors_places(tmp_path: Path) -> None:
    """Places that overlap, lie outside, or are too short for the shape; kinds that are no numbers."""

    def written(header: dict[str, Any], body: bytes) -> str:
        text = json.dumps(header).encode()
        (tmp_path / "n.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
        return complaint(tmp_path, "{from: n.safetensors}")

    def entry(begin: int, end: int, kind: str = "F32", shape: Any = (1,)) -> dict[str, Any]:
        return {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}

    sound = "is not a sound safetensors file"
    assert sound in written({"w1": entry(0, 4), "b1": entry(0, 4)}, bytes(4))
    assert sound in written({"w1": entry(0, 4), "b1": entry(2, 6)}, bytes(6))
    assert sound in written({"w1": entry(0, 400)}, bytes(4))
    assert sound in written({"w1": entry(0, 4, shape=(2,))}, bytes(4))
    assert sound in written({"w1": entry(0, 4, shape=(2**40, 2**40))}, bytes(4))
    assert sound in written({"w1": entry(0, 4, kind="Q7")}, bytes(4))
    assert "'w1': expected floats or integers" in written({"w1": entry(0, 1, "BOOL")}, bytes(1))
    assert "'w1': expected floats or integers" in written({"w1": entry(0, 1, "F8_E4M3")}, bytes(1))


def test_bounds_on_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are refused by their size, many numbers before they are converted."""
    npz(tmp_path / "numbers.npz", arrays())
    monkeypatch.setattr(reading, "MAX_NUMBERS", 8)
    assert "9 numbers up to here, at most 8 are read" in complaint(tmp_path)
    monkeypatch.setattr(reading, "MAX_FILE", 100)
    assert "bytes, at most 100 are read" in complaint(tmp_path)
    monkeypatch.undo()
    many = {f"a{n}.npy": npy("(1,)", bytes(8)) for n in range(reading.MAX_TENSORS + 1)}
    archive(tmp_path / "numbers.npz", many)
    assert "1001 arrays, at most 1000 are read" in complaint(tmp_path)


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to install it."""
    import sys

    safetensors(tmp_path / "n.safetensors", arrays())
    monkeypatch.setitem(sys.modules, "safetensors", None)
    expected = f"reading it needs the library safetensors: {install('files')}"
    assert expected in complaint(tmp_path, "{from: n.safetensors}")


@given(data=st.binary(max_size=300))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever lies in a file, the error is ours."""
    folder = tmp_path_factory.mktemp("any")
    for name in ("n.npz", "n.safetensors"):
        (folder / name).write_bytes(data)
        with pytest.raises(UnreadableError):
            read_tensors(folder / name)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("w1.npy", data)
    (folder / "n.npz").write_bytes(made.getvalue())
    with pytest.raises(UnreadableError):
        read_tensors(folder / "n.npz")


@pytest.mark.parametrize("y", [[2, 0, 1], [[2], [0], [1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]], ids=str)
def test_classes_in_files(tmp_path: Path, y: list[Any]) -> None:
    """One whole number a sample, or rows."""
    npz(tmp_path / "numbers.npz", {"y": np.array(y)})
    head = "network: [1, 1, 3]\nsamples: 3\nloss: cross_entropy\ntargets: class\n"
    asked = load(problem(tmp_path, head=head))
    assert [k for m in range(3) for k in range(3) if asked.given["y"][m, k]] == [2, 0, 1]
    npz(tmp_path / "numbers.npz", {"y": np.array([0, 3, 1])})
    assert "3 is no class: expected a whole number from 0 to 2" in complaint(tmp_path, head=head)
