"""What a paper says so that its readers can check an answer again: digest, version, command."""

from __future__ import annotations

from collections.abc import Iterator

from zerograd._version import __version__
from zerograd.core.question.problem import Problem
from zerograd.document.blocks import Block, Code, paragraph

_FILES = {True: ("The certificate", "proof.json"), False: ("The witness", "answer.json")}


def recheck(problem: Problem, *, proved: bool) -> Iterator[Block]:
    """Yield a paragraph on how to check a certificate again, or else a witness."""
    what, file = _FILES[proved]
    yield paragraph(
        f"{what} was accepted by the checker of zerograd {__version__}. To check it again: ",
        Code(f"zerograd verify problem.yaml {file}"),
        ". The problem has the digest ",
        Code(problem.digest),
        ".",
    )
