"""Convolutions, transposed ones, columns: forward and backward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.explaining.shadow.rules.running import assert_contains, assert_zero, check, draw, run, shadows

pytestmark = pytest.mark.needs("torch")

if TYPE_CHECKING:
    import torch
    from torch.nn import functional as F
else:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional


CONVOLUTIONS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "one dimension": ("conv1d", (2, 4, 9), (6, 4, 3), {"stride": 3}),
    "groups, dilation": (
        "conv2d",
        (2, 4, 9, 8),
        (6, 2, 3, 2),
        {"stride": 2, "padding": 1, "dilation": 2, "groups": 2},
    ),
    "one number for each side": ("conv2d", (1, 2, 5, 6), (2, 2, 2, 3), {"stride": (2, 1), "padding": (0, 2)}),
    "same": ("conv2d", (1, 2, 5, 6), (2, 2, 3, 3), {"padding": "same"}),
    "no batch": ("conv2d", (2, 5, 6), (2, 2, 3, 3), {}),
    "three dimensions": ("conv3d", (2, 2, 4, 3, 5), (3, 2, 3, 2, 1), {"padding": 1}),
    "transposed": (
        "conv_transpose2d",
        (2, 4, 5, 4),
        (4, 3, 3, 2),
        {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2},
    ),
    "transposed, one dimension": ("conv_transpose1d", (2, 4, 5), (4, 3, 4), {"stride": 3, "padding": 1}),
    "output padding as the stride": (
        "conv_transpose1d",
        (2, 4, 5),
        (4, 3, 4),
        {"stride": 2, "padding": 1, "output_padding": 2, "dilation": 3},
    ),
    "transposed, three dimensions": (
        "conv_transpose3d",
        (2, 2, 3, 3, 3),
        (2, 3, 3, 3, 3),
        {"stride": 2, "padding": 1, "output_padding": 1},
    ),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_convolutions(name: str, bias: bool) -> None:
    function, x, w, how = CONVOLUTIONS[name]
    channels = w[1] * how.get("groups", 1) if "transpose" in function else w[0]

    def f(x: Any, w: Any, *b: Any) -> Any:
        return getattr(F, function)(x, w, *b, **how)

    check(f, draw(*x), draw(*w), *([draw(channels)] if bias else []))


def test_only_what_is_asked_for_is_computed() -> None:
    x, w = draw(2, 2, 4, 4), draw(2, 2, 3, 3)
    results, recorder = run(F.conv2d, x.detach(), w)
    assert len(results) == 2
    assert len(shadows(results, recorder)) == 2


def test_the_enclosure_contains_the_exact_convolution() -> None:
    from fractions import Fraction

    x, w = draw(1, 2, 4, 5), draw(3, 2, 2, 3)
    value, to_x, to_w = check(F.conv2d, x, w)
    places = [(k, i, j) for k in range(3) for i in range(3) for j in range(3)]
    taps = [(c, p, q) for c in range(2) for p in range(2) for q in range(3)]
    exact_x, exact_w = x.tolist()[0], w.tolist()
    g = draw(1, 3, 3, 3, seed=0).tolist()[0]
    out, back = [], dict[tuple[int, int, int], Fraction]()
    weights = dict.fromkeys(((k, *tap) for k in range(3) for tap in taps), Fraction(0))
    for k, i, j in places:
        products = [Fraction(exact_x[c][i + p][j + q]) * Fraction(exact_w[k][c][p][q]) for c, p, q in taps]
        out.append(sum(products))
        for c, p, q in taps:
            at = c, i + p, j + q
            back[at] = back.get(at, Fraction(0)) + Fraction(g[k][i][j]) * Fraction(exact_w[k][c][p][q])
            weights[k, c, p, q] += Fraction(g[k][i][j]) * Fraction(exact_x[c][i + p][j + q])
    assert_contains(value, out)
    assert_contains(to_x, [back[c, i, j] for c in range(2) for i in range(4) for j in range(5)])
    assert_contains(to_w, [weights[k, c, p, q] for k in range(3) for c, p, q in taps])


def test_padding_and_missed_entries_are_exactly_zero() -> None:
    x, w = draw(1, 1, 1, 5), draw(1, 1, 1, 2)
    _, to_x, _ = check(lambda x, w: F.conv2d(x, w, stride=(1, 3)), x, w)
    assert_zero(to_x, torch.tensor([[[[False, False, True, False, False]]]]))


@pytest.mark.parametrize("how", [{}, {"dilation": 2, "padding": (1, 2), "stride": (2, 1)}])
def test_columns(how: dict[str, Any]) -> None:
    def back(x: Any) -> Any:
        columns = F.unfold(x, (2, 3), **how)
        return columns, F.fold(columns, (7, 8), (2, 3), **how)

    check(back, draw(2, 3, 7, 8))
