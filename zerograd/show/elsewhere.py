"""In which libraries an answer does not hold, because a sample is on a kink."""

from __future__ import annotations

from collections.abc import Sequence

from zerograd.core.model.libraries import family_of
from zerograd.core.model.places import some_on_kink
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.portability import COMPARED, Elsewhere, unfit
from zerograd.document.layout import listed

SHOWN = 3
"""Things that do not hold, of which each is said."""
TITLES = {
    "torch": "PyTorch",
    "jax": "JAX",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "mlx": "MLX",
    "tinygrad": "tinygrad",
    "paddle": "PaddlePaddle",
    "mindspore": "MindSpore",
    "mxnet": "MXNet",
    "autograd": "Autograd",
    "casadi": "CasADi",
    "pytensor": "PyTensor",
}
"""What libraries are called in running text."""


def title(library: str) -> str:
    """``PyTorch 2.14`` of ``torch>=2.14``, ``Keras on JAX`` of ``keras/jax``."""
    family, _, backend = library.partition("/")
    if backend:
        return f"{title(family)} on {title(backend)}"
    name = family_of(family)
    return f"{TITLES[name]} {family[len(name) :].lstrip('=>')}".rstrip()


def where_text(item: Elsewhere) -> str:
    """``in JAX and Keras on JAX``, or that it is in all with which the witness was compared."""
    if item.everywhere and len(item.libraries) > SHOWN:
        return "in every library that was measured"
    names: list[str] = []
    for library in item.libraries:
        family = family_of(library).partition("/")[0]
        members = {name for name in COMPARED if family_of(name).partition("/")[0] == family}
        names.append(title(family) if members <= set(item.libraries) else title(library))
    return f"in {listed(list(dict.fromkeys(names)))}"


def elsewhere_sentences(answer: Sat) -> list[str]:
    """``in JAX: ∂L/∂b1 is 1/3, not 0``, for each group of libraries that return the same."""
    return [f"{where_text(item)}: {'; '.join(_told(answer, item))}" for item in answer.elsewhere]


def not_compared(answer: Sat) -> list[str]:
    """Return a sentence if a sample is on a kink, and the witness was not compared with libraries."""
    reason = unfit(answer.witness)
    if reason is None or not some_on_kink(answer.problem.network, answer.witness.forward.z):
        return []
    return [f"not compared with other libraries: {reason}"]


def _told(answer: Sat, item: Elsewhere) -> Sequence[str]:
    from zerograd.show.instead import first_lines  # formulas: not before they are needed

    lines, more = first_lines(answer.problem, item.wrong, SHOWN)
    return [*lines, f"and {more} more"] if more else lines
