"""What a reader of a Coq file reads: definitions, and the claim of a theorem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from zerograd.show.coq.activations import Definition
from zerograd.show.coq.statement import Claims
from zerograd.show.coq.text import comment, number_text, wrapped


def input_lines(claims: Claims) -> Iterator[str]:
    """The variables that the theorem holds for, and the values that are given."""
    if claims.free:
        yield wrapped(f"Variables {' '.join(claims.free)} : R.")
    for name, value in claims.inputs:
        if value is not None:
            yield f"Definition {name} : R := {number_text(value)}."


def definition_lines(definitions: Sequence[Definition], of: str = "") -> list[str]:
    """The definitions, ``of`` something."""
    return [f"Definition {d.name}{of} : R := {d.shown}." for d in definitions]


def claim_lines(before: str, asked: Sequence[tuple[str, str]]) -> Iterator[str]:
    """That what is asked does not hold: pairs of a remark and a proposition, under a premise ``before``."""
    if not asked:
        yield f"  {before}~ True."
        return
    yield f"  {before}~ ("
    left = len(asked)
    for remark, group in groupby(asked, key=lambda pair: pair[0]):
        yield f"    (* {comment(remark)} *)"
        for _, text in group:
            left -= 1
            yield f"    {text}{' /' + chr(92) if left else ''}"
    yield "  )."
