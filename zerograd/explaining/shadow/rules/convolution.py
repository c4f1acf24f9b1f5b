"""Rules of convolutions, transposed ones, and of the columns that they are made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zerograd.explaining.shadow.domain import Convolution, patches
from zerograd.explaining.shadow.rules.parts import channels, each, given, size, taken
from zerograd.explaining.shadow.rules.table import Call, rule


class _Shape:
    """How one call convolves.

    A transposed convolution is the transpose of the convolution ``how``, from tensors of shape ``large`` to
    its input. With output padding of a stride or more, ``large`` is what inputs reach, and the output is cut
    from it.
    """

    def __init__(self, c: Call[Any], large: Sequence[int]) -> None:
        dims = len(c.shape("weight")) - 2

        def numbers(name: str) -> list[int]:
            given = list(c[name]) if isinstance(c[name], list | tuple) else [c[name]]
            return given * dims if len(given) == 1 else given

        stride, padding, dilation = numbers("stride"), numbers("padding"), numbers("dilation")
        self.how = Convolution(stride, padding, dilation, c["groups"])
        self.transposed = bool(c.arguments.get("transposed", False))
        self.full = tuple(large)
        self.pads, space = [0] * (2 * dims), list(large[2:])
        if self.transposed and any(o >= s for o, s in zip(numbers("output_padding"), stride, strict=True)):
            # as if without padding, and then cut, or filled with zeros
            self.how = Convolution(stride, [0] * dims, dilation, c["groups"])
            kernel, source = c.shape("weight")[2:], c.shape("input")[2:]
            for i, (n, k, s, p, r) in enumerate(zip(source, kernel, stride, padding, dilation, strict=True)):
                space[i] = (n - 1) * s + r * (k - 1) + 1
                self.pads[2 * (dims - 1 - i)] = -p
                self.pads[2 * (dims - 1 - i) + 1] = large[2 + i] - space[i] + p
        self.large = (*large[:2], *space)

    def cut(self, t: Tensor) -> Tensor:
        """Return the output's part of a tensor of shape ``large``, zeros where there is none."""
        return torch.nn.functional.pad(t, self.pads) if any(self.pads) else t

    def uncut(self, t: Tensor) -> Tensor:
        """Return the transpose of `cut`."""
        return torch.nn.functional.pad(t, [-p for p in self.pads]) if any(self.pads) else t


@rule("convolution", "_convolution", "convolution_overrideable", "mkldnn_convolution")
def convolution(c: Call[Any]) -> Any:
    """Convolution, or transposed convolution, plus bias."""
    d = c.domain
    x, w = c.value("self" if "self" in c.arguments else "input"), c.value("weight")
    shape = _Shape(c, c.result().shape)
    if shape.transposed:
        out = d.move(shape.cut, d.convolution_x(x, w, shape.how, shape.large))
    else:
        out = d.convolution(x, w, shape.how)
    return d.add(out, channels(d, c.value("bias"), c.result().dim())) if c.has("bias") else out


@rule("convolution_backward", "convolution_backward_overrideable")
def convolution_backward(c: Call[Any]) -> Any:
    """Gradients of input, weight and bias."""
    d = c.domain
    g, space = c.value("grad_output"), range(2, len(c.shape("input")))
    x_shape, w_shape = c.shape("input"), c.shape("weight")
    shape = _Shape(c, c.shape("grad_output") if c["transposed"] else x_shape)

    def of_x() -> Any:
        if shape.transposed:
            return d.convolution(d.move(shape.uncut, g), c.value("weight"), shape.how)
        return d.convolution_x(g, c.value("weight"), shape.how, x_shape)

    def of_w() -> Any:
        if shape.transposed:
            return d.convolution_w(c.value("input"), d.move(shape.uncut, g), shape.how, w_shape)
        return d.convolution_w(g, c.value("input"), shape.how, w_shape)

    def of_bias() -> Any:
        return d.sum(g, (0, *space))

    x, w, bias = c["output_mask"]
    return each(of_x if x else None, of_w if w else None, of_bias if bias else None)


def _columns(space: Sequence[int], c: Call[Any]) -> Tensor:
    """Return the positions in a plane that the columns of unfold are taken from: (K, P), −1 for padding."""
    how = Convolution(c["stride"], c["padding"], c["dilation"], 1)
    plane = torch.arange(1, size(space) + 1).reshape(1, 1, *space)
    kernel = list(c["kernel_size"])
    return patches(plane, how, kernel).reshape(size(kernel), -1) - 1


@rule("im2col")
def im2col(c: Call[Any]) -> Any:
    """Patches as columns: (N, C · K, P)."""
    space = c.shape("self")[-2:]
    v = taken(c.domain, c.value("self"), _columns(space, c), 2)
    return c.domain.move(lambda t: t.flatten(-3, -2), v)


@rule("col2im")
def col2im(c: Call[Any]) -> Any:
    """Sums of the columns' entries at each place."""
    d, kernel = c.domain, size(c["kernel_size"])
    *front, rows, places = c.shape("self")
    v = d.move(lambda t: t.reshape(*front, rows // kernel, kernel, places), c.value("self"))
    return given(d, v, _columns(c["output_size"], c), c["output_size"])
