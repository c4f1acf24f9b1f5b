"""What is wrong with a model file or its data, and where."""

from __future__ import annotations

from zerograd.core.errors import ZerogradError


class ModelError(ZerogradError):
    """A model file, its data or its loss cannot be used."""

    @classmethod
    def at(cls, file: object, message: str) -> ModelError:
        """Return an error about a file."""
        return cls(f"{file}: error: {message}")


class OperatorError(ZerogradError):
    """An operation of a model cannot be run; whoever runs it knows its name, and says so."""


def shape_text(shape: tuple[object, ...]) -> str:
    """Return a shape as people read it: ``4 × 3``, ``N × 3``, ``one number``."""
    return " × ".join("?" if length is None else str(length) for length in shape) or "one number"
