"""Files that are no models, or that lie: an error that says what and where, never a crash."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explaining.models.files import model_of, saved

pytestmark = pytest.mark.needs("torch", "onnx")

X = np.ones((2, 3), dtype=np.float32)
W = np.ones((3, 4), dtype=np.float32)


def good() -> Any:
    from onnx import helper

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["y"], name="second"),
    ]
    return model_of(nodes, {"x": X}, ["y"], {"w": W})


def refusal(path: Path) -> str:
    """Return why a file is refused; fails if it is not."""
    import torch

    from zerograd.explaining.models.errors import ModelError, OperatorError
    from zerograd.explaining.models.network import Network
    from zerograd.explaining.models.reading import read_model

    with pytest.raises((ModelError, OperatorError)) as caught:
        graph = read_model(path)
        Network(graph, graph.outputs[0].name)({"x": torch.ones(2, 3)})
    return str(caught.value)


def _changed(change: Callable[[Any], None]) -> Any:
    model = good()
    change(model)
    return model


def _node(kind: str, inputs: list[str], outputs: list[str], **more: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        from onnx import helper

        model.graph.node.append(helper.make_node(kind, inputs, outputs, name="bad", **more))
        model.graph.output[0].name = outputs[0]

    return change


def _function(model: Any) -> None:
    from onnx import helper

    body = [helper.make_node("Relu", ["a"], ["b"])]
    model.functions.append(
        helper.make_function("mine", "F", ["a"], ["b"], body, [helper.make_opsetid("", 20)])
    )
    model.graph.node[1].op_type, model.graph.node[1].domain = "F", "mine"


def _loop(model: Any) -> None:
    from onnx import helper

    branch = helper.make_graph([], "g", [], [helper.make_tensor_value_info("h", 1, None)])
    node = helper.make_node("If", ["c"], ["y"], name="choice", then_branch=branch, else_branch=branch)
    model.graph.node[1].CopyFrom(node)


BAD: dict[str, tuple[Callable[[Any], Any], str]] = {
    "dims claim more": (
        lambda m: m.graph.initializer[0].dims.__setitem__(0, 5),
        "'w' has 48 bytes of data; its shape 5 × 4",
    ),
    "dims claim less": (
        lambda m: m.graph.initializer[0].dims.__setitem__(0, 2),
        "'w' has 48 bytes of data; its shape 2 × 4",
    ),
    "dims claim everything": (
        lambda m: m.graph.initializer[0].dims.extend([2**40, 2**20]),
        "initializer 'w' claims ",
    ),
    "dims claim nothing, of endless length": (
        lambda m: m.graph.initializer[0].CopyFrom(_empty([0, 2**62, 4])),
        "initializer 'w' has the shape 0 × 4611686018427387904 × 4: such lengths are not computed with",
    ),
    "too many dims": (
        lambda m: m.graph.initializer[0].dims.extend([1] * 100),
        "initializer 'w' has 102 dimensions; at most 64",
    ),
    "dims are negative": (
        lambda m: m.graph.initializer[0].dims.__setitem__(0, -3),
        "lengths cannot be negative",
    ),
    "two initializers": (lambda m: m.graph.initializer.append(m.graph.initializer[0]), "'w' is there twice"),
    "a type that is not there": (
        lambda m: setattr(m.graph.initializer[0], "data_type", 99),
        "has the type 99",
    ),
    "texts": (lambda m: setattr(m.graph.initializer[0], "data_type", 8), "has the type STRING"),
    "complex numbers": (lambda m: setattr(m.graph.initializer[0], "data_type", 14), "has the type COMPLEX64"),
    "half the type": (lambda m: setattr(m.graph.initializer[0], "data_type", 10), "type float16 need 24"),
    "an unknown operator": (
        lambda m: setattr(m.graph.node[1], "op_type", "Relo"),
        "node second (Relo) is an operator that cannot be explained (did the exporter mean Relu?)",
    ),
    "another domain": (
        lambda m: setattr(m.graph.node[1], "domain", "com.microsoft"),
        "node second (Relu) is of the domain 'com.microsoft'",
    ),
    "machine learning": (
        lambda m: setattr(m.graph.node[1], "domain", "ai.onnx.ml"),
        "of the domain 'ai.onnx.ml'",
    ),
    "a function": (_function, "node second (F) calls a function that the file defines itself"),
    "control flow": (_loop, "node choice (If) is control flow"),
    "a circle": (lambda m: m.graph.node[0].input.__setitem__(0, "y"), "depends on its own result, through"),
    "nothing gives it": (
        lambda m: m.graph.node[0].input.__setitem__(0, "z"),
        "node first (MatMul) reads 'z', which nothing gives",
    ),
    "two give it": (
        lambda m: m.graph.node[1].output.__setitem__(0, "h"),
        "computes 'h', which node first (MatMul) gives already",
    ),
    "no output": (lambda m: m.graph.ClearField("output"), "has no output"),
    "an output from nowhere": (
        lambda m: setattr(m.graph.output[0], "name", "q"),
        "the output 'q', which no node computes",
    ),
    "no graph": (lambda m: m.ClearField("graph"), "it has no graph"),
    "no opset": (lambda m: m.ClearField("opset_import"), "it has no version of operators"),
    "an old opset": (lambda m: setattr(m.opset_import[0], "version", 6), "uses opset 6; 7 to 26"),
    "a future opset": (lambda m: setattr(m.opset_import[0], "version", 99), "uses opset 99; 7 to 26"),
    "only other operators": (
        lambda m: setattr(m.opset_import[0], "domain", "mine"),
        "uses operators of 'mine' alone",
    ),
    "too few inputs": (
        lambda m: m.graph.node[0].input.pop(),
        "node first (MatMul) is not as ONNX defines it (opset 20)",
    ),
    "an attribute of no operator": (
        _node("Relu", ["h"], ["z"], slope=1.0),
        "node bad (Relu) is not as ONNX defines it",
    ),
    "an attribute of another type": (
        _node("LeakyRelu", ["h"], ["z"], alpha="much"),
        "node bad (LeakyRelu) is not as",
    ),
    "shapes that do not fit": (
        lambda m: m.graph.node[0].input.__setitem__(1, "x"),
        "node first (MatMul): cannot multiply the shapes 2 × 3 and 2 × 3",
    ),
    "types that do not fit": (_node("Add", ["h", "n"], ["z"]), "node bad (Add) reads 'n'"),
    "a sequence": (
        lambda m: m.graph.input[0].type.sequence_type.SetInParent(),
        "is no tensor, but a sequence",
    ),
    "an intermediate shape that lies": (
        lambda m: m.graph.value_info.append(_value("h", (2, 9))),
        "its result 'h' is declared with the shape 2 × 9, and has 2 × 4",
    ),
    "an intermediate type that lies": (
        lambda m: m.graph.value_info.append(_value("h", (2, 4), 11)),
        "its result 'h' is declared as float64, and is float32",
    ),
}


def _empty(dims: list[int]) -> Any:
    from onnx import TensorProto

    return TensorProto(name="w", data_type=1, dims=dims, raw_data=b"")


def _value(name: str, shape: tuple[int, ...], kind: int = 1) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, kind, shape)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    change, reason = BAD[name]
    path = saved(_changed(change), tmp_path)
    message = refusal(path)
    assert reason in message
    assert "PyTorch refuses" not in message


@pytest.mark.parametrize(
    ("shape", "reason"),
    [([2**20, 2**20], "would give 1099511627776 entries"), ([-1, 3], "cannot be negative")],
)
def test_sizes_are_claimed_before_memory_is_taken(shape: list[int], reason: str, tmp_path: Path) -> None:
    from onnx import helper

    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["c"], name="huge"),
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Add", ["h", "c"], ["y"]),
    ]
    tensors: dict[str, Any] = {"w": W, "s": np.array(shape, dtype=np.int64)}
    assert reason in refusal(saved(model_of(nodes, {"x": X}, ["y"], tensors), tmp_path))


@pytest.mark.parametrize("kind", ["Expand", "Tile"])
def test_results_are_not_spread_without_bounds(kind: str, tmp_path: Path) -> None:
    from onnx import helper

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node(kind, ["h", "s"], ["y"], name="wide"),
    ]
    size = [2**20, 2, 4] if kind == "Expand" else [2**20, 2**20]
    tensors: dict[str, Any] = {
        "w": W,
        "s": np.array([2**30, *size] if kind == "Expand" else size, dtype=np.int64),
    }
    assert "node wide" in refusal(saved(model_of(nodes, {"x": X}, ["y"], tensors), tmp_path))


def _results(*nodes: Any, folder: Path, **tensors: Any) -> str:
    """Return why a model of these nodes is refused; ``h``, 2 × 4, is the first's input, ``y`` the last's."""
    from onnx import helper

    first = helper.make_node("MatMul", ["x", "w"], ["h"])
    return refusal(saved(model_of([first, *nodes], {"x": X}, ["y"], {"w": W, **tensors}), folder))


def test_padding_of_pools_counts_samples_and_channels(tmp_path: Path) -> None:
    from onnx import helper

    more = helper.make_node("Reshape", ["h", "s"], ["r"])
    for kind in ("MaxPool", "AveragePool"):
        pool = helper.make_node(kind, ["r"], ["y"], name="p", kernel_shape=[1, 1], pads=[5000] * 4)
        message = _results(more, pool, folder=tmp_path, s=np.array([2, 4, 1, 1]))
        assert f"node p ({kind}): would give 800160008 entries, of shape 2 × 4 × 10001 × 10001" in message


def test_what_is_joined_is_bounded_before_memory_is_taken(tmp_path: Path) -> None:
    from onnx import helper

    wide = helper.make_node("Expand", ["h", "s"], ["v"])
    joined = helper.make_node("Concat", ["v"] * 1000, ["y"], name="all", axis=0)
    message = _results(wide, joined, folder=tmp_path, s=np.array([2**20, 2, 4]))
    assert "node all (Concat): would give 8388608000 entries" in message


def test_empty_results_of_endless_length_are_refused(tmp_path: Path) -> None:
    from onnx import helper

    empty = helper.make_node("Slice", ["h", "zero", "zero"], ["e"])
    long = helper.make_node("Reshape", ["e", "s"], ["r"], name="long", allowzero=1)
    turned = helper.make_node("Slice", ["r", "minus", "far", "one", "minus"], ["y"])
    lists = {"zero": [0], "minus": [-1], "far": [-(2**63)], "one": [1], "s": [0, 2**62]}
    message = _results(
        empty, long, turned, folder=tmp_path, **{name: np.array(each) for name, each in lists.items()}
    )
    assert "node long (Reshape): would give the shape 0 × 4611686018427387904: such lengths" in message


def test_lists_in_attributes_are_bounded(tmp_path: Path) -> None:
    from onnx import helper

    node = helper.make_node("Unsqueeze", ["x"], ["y"], name="deep", axes=list(range(5000)))
    path = saved(model_of([node], {"x": X}, ["y"], opset=11), tmp_path)
    assert "node deep (Unsqueeze): axes is a list of 5000 integers" in refusal(path)


def test_bytes_of_all_results_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onnx import helper

    from zerograd.explaining.models import network

    monkeypatch.setattr(network, "_MOST_BYTES", 63)
    assert "node second (Relu): all results so far have 64 bytes; at most 63" in refusal(
        saved(good(), tmp_path)
    )
    doubles = [helper.make_node("Cast", ["x"], ["d"], to=11), helper.make_node("Abs", ["d"], ["y"])]
    message = refusal(saved(model_of(doubles, {"x": X}, ["y"], kind=11), tmp_path))
    assert "all results so far have 96 bytes" in message


def test_a_split_says_how_many_parts_it_has_before_they_are_listed(tmp_path: Path) -> None:
    from onnx import helper

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Split", ["h"], ["y"], name="parts", num_outputs=2**40),
    ]
    message = refusal(saved(model_of(nodes, {"x": X}, ["y"], {"w": W}), tmp_path))
    assert "node parts (Split): has num_outputs=1099511627776, and 1 outputs" in message


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    for number, data in enumerate(
        (b"", b"\x80\x04\x95pickle", b"PK\x03\x04", os.urandom(1000), b"a: b\n" * 9)
    ):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(data)
        assert "is not an ONNX file, or is truncated" in refusal(path)
    assert "cannot be read: No such file" in refusal(tmp_path / "none.onnx")
    assert "is no file" in refusal(tmp_path)


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    data = good().SerializeToString()
    path = tmp_path / "cut.onnx"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert str(path) in refusal(path) or length > len(data) - 10  # the last bytes are the opset's


def test_flipped_bytes_give_errors_and_no_crash(tmp_path: Path) -> None:
    import torch

    from zerograd.core.errors import ZerogradError
    from zerograd.explaining.models.network import Network
    from zerograd.explaining.models.reading import read_model

    data, draw, path = bytearray(good().SerializeToString()), random.Random(0), tmp_path / "flipped.onnx"
    for _ in range(1000):
        changed = bytearray(data)
        for _ in range(draw.choice([1, 1, 2, 5])):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        path.write_bytes(changed)
        try:
            graph = read_model(path)
            Network(graph, graph.outputs[0].name)({value.name: torch.ones(2, 3) for value in graph.inputs})
        except ZerogradError:
            pass


def _external(folder: Path, location: str, **entries: int) -> Path:
    from onnx import TensorProto

    model = good()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return saved(model, folder)


def test_external_data_beside_the_model_are_read(tmp_path: Path) -> None:
    from zerograd.explaining.models.reading import read_model

    (tmp_path / "more").mkdir()
    numbers = np.arange(12, dtype=np.float32)
    (tmp_path / "more" / "w.data").write_bytes(b"1234" + numbers.tobytes())
    graph = read_model(_external(tmp_path, "more/w.data", offset=4, length=48))
    assert graph.tensors["w"].reshape(-1).tolist() == numbers.tolist()


def test_external_data_elsewhere_are_refused(tmp_path: Path) -> None:
    outside, folder = tmp_path / "secret", tmp_path / "model"
    folder.mkdir()
    outside.write_bytes(b"\0" * 48)
    (folder / "link").symlink_to(outside)
    (folder / "folder").symlink_to(tmp_path)
    (folder / "short").write_bytes(b"\0" * 40)
    (folder / "inside").mkdir()
    for location, reason in (
        (str(outside), "outside of the model's folder"),
        ("../secret", "outside of the model's folder"),
        ("inside/../../secret", "outside of the model's folder"),
        ("..\\secret", "outside of the model's folder"),
        ("link", "a symbolic link"),
        ("folder/secret", "a symbolic link"),
        ("inside", "is not there"),
        ("none", "is not there"),
        ("", "does not say in which"),
        ("w" * 5000, "another file, with a name of 5000 characters"),
        ("w" * 500, "another file, which cannot be read: File name too long"),
        ("short", "needs bytes 0 to 48 of 'short', which has 40"),
    ):
        message = refusal(_external(folder, location))
        assert "initializer 'w'" in message
        assert reason in message
    (folder / "whole").write_bytes(b"\0" * 100)
    assert "has 40 bytes in 'whole'" in refusal(_external(folder, "whole", length=40))
    assert "needs bytes 60 to 108" in refusal(_external(folder, "whole", offset=60))
    assert "has the offset '-8'" in refusal(_external(folder, "whole", offset=-8))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as file:
        file.truncate(2**31)  # takes no room on the disk
    assert "has 2147483648 bytes; at most" in refusal(path)
