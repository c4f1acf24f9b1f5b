"""Model files from their path to the report: what a parameter is, what is said, and the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explaining.models.files import model_of, saved

pytestmark = pytest.mark.needs("torch", "onnx")


def words(found: Any) -> str:
    """Return a report's text on one line."""
    return " ".join(str(found).split())


def test_without_notes_a_missing_bias_is_only_possible(tmp_path: Path) -> None:
    from onnx import helper

    from zerograd.watching import explain_model

    x = np.ones((2, 3), dtype=np.float32)
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="it")
    np.savez(tmp_path / "data.npz", x=x)
    for producer, said in (("pytorch", True), ("keras", False)):
        model = model_of([node], {"x": x}, ["y"], {"w": x.T}, producer=producer)
        found = explain_model(saved(model, tmp_path), tmp_path / "data.npz", "sum")
        assert ("it (Gemm) has no bias in the file. PyTorch's exporter drops" in words(found)) is said


def test_parameters_are_weights_and_nothing_else(tmp_path: Path) -> None:
    """Scalars, bounds, exponents and running means are settings; the types are the file's."""
    from onnx import TensorProto, helper

    from zerograd.explaining.models.reading import read_model
    from zerograd.explaining.models.weights import weights_of

    x = np.ones((2, 3), dtype=np.float16)
    nodes = [
        helper.make_node("Add", ["x", "half"], ["a"]),
        helper.make_node("Clip", ["a", "low"], ["b"]),
        helper.make_node("Pow", ["b", "exponents"], ["c"]),
        helper.make_node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["d"]),
        helper.make_node("Gather", ["table", "rows"], ["e"]),
        helper.make_node("Add", ["d", "e"], ["y"]),
    ]
    half = {
        name: np.ones(3, dtype=np.float16) for name in ("exponents", "scale", "shift", "mean", "variance")
    }
    tensors = {
        **half,
        "half": np.array(0.5, dtype=np.float16),
        "low": np.array(0, dtype=np.float16),
        "table": np.ones((4, 3), dtype=np.float16),
        "rows": np.array([0, 1]),
    }
    graph = read_model(saved(model_of(nodes, {"x": x}, ["y"], tensors, kind=TensorProto.FLOAT16), tmp_path))
    assert weights_of(graph) == {"scale", "shift", "table"}
    assert str(graph.tensors["scale"].dtype) == "torch.float16"


def test_rows_that_no_index_names(tmp_path: Path) -> None:
    """They are zero for these data, not for all."""
    from onnx import helper

    from zerograd.watching import explain_model

    rows = np.array([1, 3])
    node = helper.make_node("Gather", ["table", "rows"], ["y"], name="look")
    path = saved(
        model_of([node], {"rows": rows}, ["y"], {"table": np.ones((4, 2), dtype=np.float32)}), tmp_path
    )
    np.savez(tmp_path / "data.npz", rows=rows)
    row = explain_model(path, tmp_path / "data.npz", "sum")["table"]
    assert (row.entries.zero, row.entries.nonzero) == (4, 4)
    assert not row.causes[0].structural
    assert row.causes[0].details["factor"] == "the indices, which name other rows"


def test_what_the_exporter_noted_of_a_call() -> None:
    from onnx import helper

    from zerograd.explaining.models.naming import origin_of

    node = helper.make_node("Conv", ["x", "w"], ["y"], name="node_conv")
    notes = {
        "pkg.torch.onnx.name_scopes": "['', 'c', 'conv2d']",
        "pkg.torch.onnx.class_hierarchy": "['M', 'torch.nn.modules.conv.Conv2d', 'aten.conv2d.default']",
        "pkg.torch.onnx.fx_node": "%c : call[t](args = (%x, %p_c_weight, None, [2, 2]), kwargs = {})",
    }
    for key, value in notes.items():
        node.metadata_props.add(key=key, value=value)
    origin = origin_of(node)
    assert origin is not None
    assert (origin.path, origin.layer, origin.operation) == ("c", "Conv2d", "conv2d")
    assert origin.arguments == ("x", "p_c_weight")
    node.metadata_props[0].value = "__import__('os').system('true')"  # nothing of it is run
    assert origin_of(node) is None


def test_settings_that_depend_on_weights_are_refused(tmp_path: Path) -> None:
    """Their gradients would come out as zero."""
    from onnx import helper

    from zerograd.core.errors import ZerogradError
    from zerograd.watching import explain_model

    x = np.ones((2, 3), dtype=np.float32)
    nodes = [
        helper.make_node("ReduceSum", ["w"], ["bound"], keepdims=0),
        helper.make_node("Clip", ["x", "bound"], ["y"], name="clip"),
    ]
    path = saved(model_of(nodes, {"x": x}, ["y"], {"w": x[0]}), tmp_path)
    np.savez(tmp_path / "data.npz", x=x)
    with pytest.raises(ZerogradError, match=r"node clip \(Clip\): input 1 depends on parameters"):
        explain_model(path, tmp_path / "data.npz", "sum")


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zerograd", "explain", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(tmp_path: Path) -> None:
    from onnx import helper

    x = np.array([[1, 2], [3, 4]], dtype=np.float32)
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["z"], name="hidden"),
        helper.make_node("Relu", ["z"], ["a"], name="off"),
        helper.make_node("Gemm", ["a", "w2"], ["y"], name="last"),
    ]
    tensors: dict[str, Any] = {
        "w1": np.full((2, 3), -1, dtype=np.float32),
        "b1": np.zeros(3, dtype=np.float32),
        "w2": np.ones((3, 1), dtype=np.float32),
    }
    saved(model_of(nodes, {"x": x}, ["y"], tensors), tmp_path)
    np.savez(tmp_path / "data.npz", x=x, y=np.ones((2, 1), dtype=np.float32))
    given = ("model.onnx", "--data", "data.npz", "--loss", "mse")

    done = command(*given, "--json", "-o", "report.json", "--html", "report.html", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "wrote report.json\nwrote report.html\n")
    document = json.loads(done.stdout)
    assert document["format"] == "zerograd.explanation/1"
    assert "because all 3 units of off (Relu) are off on both samples." in json.dumps(document)
    assert json.loads((tmp_path / "report.json").read_text()) == document
    assert "off (Relu)" in (tmp_path / "report.html").read_text()

    for arguments, reason in (
        (
            ("model.onnx",),
            "error: a model file is explained for data and a loss: add --data FILE.npz and --loss",
        ),
        (("data.npz",), "data.npz: error: holds arrays and no network"),
        ((*given[:-1], "mes"), "did you mean mse?"),
    ):
        done = command(*arguments, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert reason in done.stderr
        assert "Traceback" not in done.stderr
