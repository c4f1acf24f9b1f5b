"""Arrays and targets: what is refused, and what is said."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.explaining.models.files import Array, model_of, saved

pytestmark = pytest.mark.needs("torch", "onnx")

X = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
Y = np.array([[1], [0], [1]], dtype=np.float32)


def one_layer(
    folder: Path, outputs: int = 1, activation: str | None = None, name: str = "x", **more: Any
) -> Path:
    """Write a model with one layer, for any number of samples."""
    from onnx import helper

    weight = np.linspace(0.1, 0.9, 2 * outputs, dtype=np.float32).reshape(2, outputs)
    nodes = [helper.make_node("MatMul", [name, "w"], ["h" if activation else "out"], name="first")]
    if activation:
        nodes.append(helper.make_node(activation, ["h"], ["out"], name="second"))
    model = model_of(nodes, {name: X}, ["out"], {"w": weight}, **more)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    return saved(model, folder)


def refusal(model: Path, loss: str = "mse", output: str | None = None, **arrays: Any) -> str:
    from zerograd.core.errors import ZerogradError
    from zerograd.watching import explain_model

    data = model.parent / "data.npz"
    if arrays:
        np.savez(data, **arrays)
    with pytest.raises(ZerogradError) as caught:
        explain_model(model, data, loss, output=output)
    return str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"y": Y}, "no array for the model's input 'pixels': save it under that name, or as x; there are y"),
        ({"pixel": X, "y": Y}, "did you mean 'pixel'? Call it so"),
        (
            {"pixels": X.astype(np.float64) + 1e-12, "y": Y},
            "is declared as float32, and is float64; save it with .astype('float32')",
        ),
        ({"pixels": X[:, :1], "y": Y}, "is declared with the shape n × 2, and has 3 × 1"),
        ({"pixels": X[0], "y": Y}, "is declared with the shape n × 2, and has 2"),
        ({"pixels": X * np.nan, "y": Y}, "'pixels': entry [0, 0] is nan, expected a finite number"),
        (
            {"pixels": X, "y": np.array([[1], [-np.inf], [0]], dtype=np.float32)},
            "'y': entry [1, 0] is -inf, expected a finite number",
        ),
        (
            {"pixels": np.array(["a"]), "y": Y},
            "expected floats (to 64 bits), integers or truth values, found <U1",
        ),
        ({"pixels": X.astype(complex), "y": Y}, "integers or truth values, found complex128"),
        ({"pixels": np.array([{}]), "y": Y}, "'pixels' holds Python objects, which can run code"),
        ({"pixels": X[:0], "y": Y[:0]}, "gives an empty output, 0 × 1"),
        ({"pixels": X}, "array 'y': error: there is no target for the loss mse: save one as y"),
        (
            {"pixels": X, "y": Y[:, 0]},
            (
                "its shape is 3, and the output's is 3 × 1: they must be the same (PyTorch would "
                "compare all with all, 3 × 3); save y.reshape(3, 1)"
            ),
        ),
        ({"pixels": X, "y": Y[:2]}, "its shape is 2 × 1, and the output's is 3 × 1: they must be the same"),
        ({"pixels": X, "y": np.float32(1)}, "its shape is one number"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, Any], reason: str, tmp_path: Path) -> None:
    message = refusal(one_layer(tmp_path, name="pixels"), **arrays)
    assert reason in message
    assert str(tmp_path / "data.npz") in message


def test_a_missing_input_called_x_is_asked_for_once(tmp_path: Path) -> None:
    message = refusal(one_layer(tmp_path), features=X, y=Y)
    assert message.endswith(
        "no array for the model's input 'x': save it under that name; there are features, y"
    )


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    message = refusal(one_layer(tmp_path), x=np.array([Trap()], dtype=object), y=Y)
    assert "holds Python objects, which can run code when they are read: never read" in message
    assert not (tmp_path / "sprung").exists()


def test_archives_that_lie_are_refused(tmp_path: Path) -> None:
    model = one_layer(tmp_path)
    data = tmp_path / "data.npz"
    data.write_bytes(b"no archive")
    assert "is not a sound .npz file" in refusal(model)
    np.savez(data, x=X, y=Y)
    data.write_bytes(data.read_bytes()[:-30])
    assert "is not a sound .npz file" in refusal(model)
    data.unlink()
    assert "cannot be read: No such file" in refusal(model)
    header = np.lib.format.magic(1, 0) + b"\x76\x00"
    claims = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("x.npy", header + claims.ljust(117) + b"\n")
    assert "'x': 1000000000000 numbers up to here, at most 134217728 are read" in refusal(model)
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("x.npy", b"no array")
    assert "'x': its header is broken" in refusal(model)
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("readme.txt", b"no array")
    assert "'readme.txt' is not an array" in refusal(model)
    with zipfile.ZipFile(data, "w"):
        pass
    assert "has no arrays" in refusal(model)


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    """Each byte of a compressed file in turn: it is read, or refused with a message."""
    from zerograd.explaining.models.data import read_arrays
    from zerograd.explaining.models.errors import ModelError

    path = tmp_path / "data.npz"
    np.savez_compressed(path, x=X, y=Y)
    whole, refused = path.read_bytes(), 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            read_arrays(path)
        except ModelError as error:
            refused += 1
            assert str(error).startswith(f"{path}: error: ")
    assert refused > len(whole) // 2


@pytest.mark.parametrize(
    ("loss", "y", "reason"),
    [
        (
            "cross_entropy",
            np.array([0.0, 1, 2], dtype=np.float32),
            "needs classes as integers, and it is float32: save y.astype",
        ),
        (
            "cross_entropy",
            np.array([[0], [1], [2]]),
            (
                "its shape is 3 × 1; cross_entropy needs a class for each sample, 3, or a share "
                "for each class, 3 × 4: save y.reshape(3,)"
            ),
        ),
        ("cross_entropy", np.array([0, 1, 4]), "it has the class 4, and the output has 4: 0 to 3"),
        ("cross_entropy", np.array([0, 1, -1]), "it has the class -1"),
        ("nll", np.ones((3, 4), dtype=np.float32), "nll needs a class for each sample, 3"),
        ("bce", np.full((3, 4), 2, dtype=np.float32), "bce needs numbers from 0 to 1, and one is 2"),
        ("soft_margin", np.zeros((3, 4), dtype=np.float32), "soft_margin needs −1 and 1, and one is 0"),
        ("crossentrop", np.array([0, 1, 2]), "did you mean cross_entropy? Or choose from mse, sse, mae,"),
        ("mse", np.array([0, 3, 1]), "must be the same; did you mean --loss cross_entropy?"),
        ("zzz", np.array([0, 1, 2]), "unknown loss; choose from mse, sse,"),
    ],
)
def test_targets_that_do_not_fit_are_refused(loss: str, y: Array, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(one_layer(tmp_path, 4, "Sigmoid"), loss, x=X, y=y)


COMPUTED: list[tuple[str, Array | None]] = [
    *(
        (loss, Y)
        for loss in ("mse", "sse", "l1", "mae", "huber", "smooth_l1", "SmoothL1Loss", "bce", "MSELoss")
    ),
    *((loss, Y) for loss in ("bce_with_logits", "BCEWithLogitsLoss", "poisson_nll", "kl_div", "MSE")),
    *((loss, Y * 2 - 1) for loss in ("soft_margin", "hinge_embedding")),
    *((loss, None) for loss in ("sum", "mean")),
    *(
        (loss, np.zeros(3, dtype=np.int64))
        for loss in ("cross_entropy", "CrossEntropyLoss", "nll", "multi_margin")
    ),
    ("cross_entropy", np.array([[0.25], [1], [0.5]], dtype=np.float32)),
]


@pytest.mark.parametrize(("loss", "y"), COMPUTED)
def test_every_loss_is_computed_as_pytorch_does(loss: str, y: Array | None, tmp_path: Path) -> None:
    import torch

    from zerograd.explaining.models.losses import find_loss
    from zerograd.watching import explain_model

    data = tmp_path / "data.npz"
    arrays: dict[str, Any] = {"x": X} if y is None else {"x": X, "y": y}
    np.savez(data, **arrays)
    step = explain_model(one_layer(tmp_path, 1, "Sigmoid"), data, loss).explanation.last
    output = torch.sigmoid(torch.from_numpy(X) @ torch.tensor([[0.1], [0.9]]))
    expected = find_loss(loss).make()(output, None if y is None else torch.from_numpy(y))
    assert step.loss == pytest.approx(float(expected), rel=1e-5)


def test_every_loss_is_tried() -> None:
    pytest.importorskip("torch")
    from zerograd.explaining.models.losses import LOSSES, find_loss

    assert {find_loss(loss).name for loss, _ in COMPUTED} == set(LOSSES)


def test_numbers_of_another_type_are_taken_where_they_are_the_same(tmp_path: Path) -> None:
    from zerograd.watching import explain_model

    data = tmp_path / "data.npz"
    np.savez(data, x=X.astype(np.float64), y=Y.astype(np.int64))
    assert (
        explain_model(one_layer(tmp_path), data, "mse").explanation.last.parameters["w"].floats.dtype
        == "float32"
    )


def test_outputs_that_are_no_shares_are_refused(tmp_path: Path) -> None:
    message = refusal(one_layer(tmp_path), "bce", x=X, y=Y)
    assert (
        message == "--loss bce: error: it needs outputs from 0 to 1, and one is 1.9: is it bce_with_logits?"
    )


def test_one_of_several_outputs_is_chosen_by_name(tmp_path: Path) -> None:
    from onnx import helper

    from zerograd.watching import explain_model

    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["out"])]
    weight = np.array([[-1], [-1]], dtype=np.float32)
    model = saved(model_of(nodes, {"x": X}, ["h", "out"], {"w": weight}), tmp_path)
    assert "has several outputs: choose one with --output-name: h, out" in refusal(model, x=X, y=Y)
    assert "has no output 'oud': did you mean out?" in refusal(model, output="oud", x=X, y=Y)
    data = tmp_path / "data.npz"
    assert explain_model(model, data, "mse", output="h").explanation.last.parameters["w"].entries.zero == 0
    assert explain_model(model, data, "mse", output="out").explanation.last.parameters["w"].entries.zero == 2


def test_a_model_for_one_sample_says_so(tmp_path: Path) -> None:
    from onnx import helper

    node = helper.make_node("MatMul", ["x", "w"], ["out"])
    model = saved(model_of([node], {"x": X[:1]}, ["out"], {"w": X.T[:, :1]}), tmp_path)
    assert "the file was exported for that number of samples alone" in refusal(model, x=X, y=Y)


def test_a_model_without_weights_is_refused(tmp_path: Path) -> None:
    from onnx import helper

    model = saved(model_of([helper.make_node("Relu", ["x"], ["out"])], {"x": X}, ["out"]), tmp_path)
    assert "has no parameters" in refusal(model, x=X, y=X)
