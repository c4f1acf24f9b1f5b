"""Formulas of losses as PyTorch and JAX write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from zerograd.core.question.language import Binary, Call, Item, Name, Node, Number, Power, Unary

Library = Literal["torch", "jax"]


def code_of(node: Node, library: Library, names: Mapping[str, str] | None = None) -> str:
    """Return an expression over ``{y_hat}`` and ``{y}`` of shape (M, outputs), entry by entry.

    What joins or picks outputs has shape (M, 1).

    Args:
        names: what stands for names other than these.
    """
    known = {"y_hat": "({y_hat})", "y": "({y})"} | {n: f"({c})" for n, c in (names or {}).items()}

    def write(part: Node) -> str:
        match part:
            case Number(value=value):
                return f"({value})"
            case Name(name=name):
                return known[name]
            case Item(array=array, index=index):
                return f"{write(array)}[:, {index[0]}:{index[0] + 1}]"
            case Unary(operand=operand):
                return f"(-{write(operand)})"
            case Binary(operator=operator, left=left, right=right):
                return f"({write(left)} {operator} {write(right)})"
            case Power(base=base, exponent=exponent):
                return f"({write(base)} ** {exponent})"
            case Call(function="abs", arguments=[argument]):
                inner = write(argument)
                if library == "torch":
                    return f"torch.abs({inner})"
                return f"jnp.where({inner} == 0, 0 * {inner}, jnp.abs({inner}))"  # |·|′(0) is 1 in JAX
            case Call(function="sum", arguments=[argument]):
                return f"{write(argument)}.sum(1, keepdim=True)".replace("keepdim", _KEEP[library])
            case Call(function=function, arguments=arguments):
                return _extreme(function, [write(argument) for argument in arguments], library)
        raise TypeError(f"{part} stands in no formula")

    return write(node)


_KEEP: Mapping[Library, str] = {"torch": "keepdim", "jax": "keepdims"}


def _extreme(function: str, arguments: list[str], library: Library) -> str:
    """``min`` and ``max``, which share their derivative among those that tie."""
    if library == "torch":
        if len(arguments) == 1:
            return f"torch.a{function}({arguments[0]}, 1, keepdim=True)"
        columns = ", ".join(f"0 * ({{y_hat}})[:, :1] + {argument}" for argument in arguments)
        return f"torch.a{function}(torch.cat(({columns}), 1), 1, keepdim=True)"
    if len(arguments) == 1:
        return f"jnp.{function}({arguments[0]}, 1, keepdims=True)"
    columns = ", ".join(f"0 * ({{y_hat}})[:, :1] + {argument}" for argument in arguments)
    return f"jnp.{function}(jnp.concatenate(({columns}), 1), 1, keepdims=True)"
