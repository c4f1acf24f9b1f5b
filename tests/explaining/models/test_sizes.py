"""Results that would take too much memory are refused before they are computed."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.needs("torch", "onnx")

LONG = 2**20
PAIR = {"kernel_shape": [1, 1], "pads": [0, 0, 2**13, 2**13]}


@pytest.mark.parametrize(
    ("kind", "attributes", "shapes"),
    [
        ("Einsum", {"equation": "i,j->ij"}, [(LONG,), (LONG,)]),
        ("Einsum", {"equation": "i,j,k->ijk"}, [(2**10,)] * 3),
        ("Einsum", {"equation": "...i,...j"}, [(LONG,), (LONG,)]),
        ("Conv", {}, [(1, 1, LONG), (LONG, 1, 1)]),
        ("Conv", {"pads": [2**14] * 4}, [(1, 1, 1, 1), (1, 1, 1, 1)]),
        ("MaxPool", PAIR, [(4, 4, 1, 1)]),
        ("AveragePool", PAIR, [(4, 4, 1, 1)]),
        ("Concat", {"axis": 0}, [(LONG,)] * 200),
    ],
    ids=lambda value: str(value)[:40],
)
def test_sizes_are_checked_first(
    kind: str, attributes: dict[str, Any], shapes: list[tuple[int, ...]]
) -> None:
    import torch

    from zerograd.explaining.models.errors import OperatorError
    from zerograd.explaining.models.graph import Operation
    from zerograd.explaining.models.operators import find
    from zerograd.explaining.models.operators.table import Call

    operator = find(kind)
    assert operator is not None
    # tensors without memory of their own: what is computed of them would be lost, but nothing is
    values = [torch.empty(shape, device="meta") for shape in shapes]
    call = Call(Operation("it", kind, ("x",), ("y",), attributes, 20), values)
    with pytest.raises(OperatorError, match=r"would give \d+ entries, of shape .*; at most 134217728 are"):
        operator.run(call)


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
def test_windows_of_pools_are_bounded_together(kind: str) -> None:
    import torch

    from zerograd.explaining.models.errors import OperatorError
    from zerograd.explaining.models.graph import Operation
    from zerograd.explaining.models.operators import find
    from zerograd.explaining.models.operators.table import Call

    operator = find(kind)
    assert operator is not None
    attributes = {"kernel_shape": [5000, 5000], "pads": [4999] * 4}
    call = Call(Operation("it", kind, ("x",), ("y",), attributes, 20), [torch.ones(1, 1, 2, 2)])
    with pytest.raises(OperatorError, match="would look at 625250025000000 entries in all its windows"):
        operator.run(call)


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"),
    [((2, 3), (1, 2), (2, 1)), ((6, 5), (2, 1), (1, 1)), ((3, 3), (3, 3), (2, 2))],
)
def test_ties_of_pools_are_counted_the_same_by_places_as_by_windows(
    kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> None:
    import torch

    from zerograd.explaining.models.graph import Operation
    from zerograd.explaining.models.operators import find
    from zerograd.explaining.models.operators.table import Call

    x = torch.randint(0, 3, (2, 2, 8, 7), generator=torch.Generator().manual_seed(0)).float()
    columns = torch.nn.functional.unfold(x.double(), kernel, dilation, 0, stride).reshape(
        2, 2, kernel[0] * kernel[1], -1
    )
    tied = int(((columns == columns.amax(2, keepdim=True)).sum(2) > 1).sum())
    attributes = {"kernel_shape": list(kernel), "strides": list(stride), "dilations": list(dilation)}
    call = Call(Operation("it", "MaxPool", ("x",), ("y",), attributes, 20), [x.requires_grad_()])
    operator = find("MaxPool")
    assert operator is not None
    operator.run(call)
    assert [kink.count for kink in call.kinks] == [tied]
