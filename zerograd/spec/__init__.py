"""Problem files: YAML to `zerograd.core.question.problem.Problem`, every mistake with its line and column.

    >>> from zerograd.spec import loads
    >>> loads("{network: [1, 1, 1], samples: 3, zero: [w2, b2], nonzero: [w1, b1]}").samples.fixed
    3

Importing this package loads neither pydantic nor ruamel.yaml; `load` and `loads` do when called.
"""

from __future__ import annotations

import os

from zerograd.core.question.problem import Problem
from zerograd.spec.errors import Diagnostic, SpecError

__all__ = ["Diagnostic", "SpecError", "load", "loads"]


def load(path: str | os.PathLike[str]) -> Problem:
    """The problem in a file. Raises SpecError (see `zerograd.spec.read`)."""
    from zerograd.spec import read

    return read.load(path)


def loads(text: str | bytes, name: str = "<stdin>") -> Problem:
    """The problem in a text; ``name`` stands for the file in messages. Raises SpecError."""
    from zerograd.spec import read

    return read.loads(text, name)
