"""Is there a network of this shape, and a dataset of this size, for which these gradients vanish?

>>> import zerograd as zg
>>> problem = zg.Problem(network=[1, 1, 1], samples=3, zero=["w2", "b2"], nonzero=["w1", "b1"])
>>> match zg.solve(problem, timeout=60):
...     case zg.Sat(witness):
...         print(witness.gradients["w2"], witness.gradients["b2"])
[[0]] [0]
"""

from __future__ import annotations

from zerograd._version import __version__

TYPE_CHECKING = False
"""Stands for that of `typing`, which takes longer to import than all else here, with Ctrl-C unheard."""

if TYPE_CHECKING:
    from typing import Any

    from zerograd.api import gradients, load, load_answer, prove, smallest, solve, verify
    from zerograd.atlas_table import Atlas
    from zerograd.atlases import atlas
    from zerograd.auditing import audit
    from zerograd.audits import Audit
    from zerograd.core.errors import NothingToCheck, ProblemError, Refused, ZerogradError
    from zerograd.core.model.activations import leaky_relu
    from zerograd.core.model.network import Layer, Network
    from zerograd.core.model.smooth import celu, elu
    from zerograd.core.question.problem import Problem
    from zerograd.core.question.sweeps import Sweep
    from zerograd.core.refuting.certificate import Certificate
    from zerograd.core.verdict.answer import Answer, Sat, Unknown, Unsat
    from zerograd.core.verdict.witness import Witness
    from zerograd.exports import export
    from zerograd.levels import Levels, levels
    from zerograd.proof import Proof
    from zerograd.repairs import Repair, repair
    from zerograd.report import Report
    from zerograd.show.plot import plot
    from zerograd.sweeping.table import SweepTable
    from zerograd.sweeps import sweep
    from zerograd.watching import explain, explain_model, watch

__all__ = [
    "Answer",
    "Atlas",
    "Audit",
    "Certificate",
    "Layer",
    "Levels",
    "Network",
    "NothingToCheck",
    "Problem",
    "ProblemError",
    "Proof",
    "Refused",
    "Repair",
    "Report",
    "Sat",
    "Sweep",
    "SweepTable",
    "Unknown",
    "Unsat",
    "Witness",
    "ZerogradError",
    "__version__",
    "atlas",
    "audit",
    "celu",
    "elu",
    "explain",
    "explain_model",
    "export",
    "gradients",
    "leaky_relu",
    "levels",
    "load",
    "load_answer",
    "plot",
    "prove",
    "repair",
    "smallest",
    "solve",
    "sweep",
    "verify",
    "watch",
]

_HOME = {
    "zerograd.api": ("gradients", "load", "load_answer", "prove", "smallest", "solve", "verify"),
    "zerograd.atlases": ("atlas",),
    "zerograd.auditing": ("audit",),
    "zerograd.audits": ("Audit",),
    "zerograd.core.verdict.answer": ("Answer", "Sat", "Unknown", "Unsat"),
    "zerograd.core.refuting.certificate": ("Certificate",),
    "zerograd.core.errors": ("NothingToCheck", "ProblemError", "Refused", "ZerogradError"),
    "zerograd.core.model.activations": ("leaky_relu",),
    "zerograd.core.model.network": ("Layer", "Network"),
    "zerograd.core.model.smooth": ("celu", "elu"),
    "zerograd.core.question.problem": ("Problem",),
    "zerograd.core.verdict.witness": ("Witness",),
    "zerograd.exports": ("export",),
    "zerograd.levels": ("Levels", "levels"),
    "zerograd.proof": ("Proof",),
    "zerograd.repairs": ("Repair", "repair"),
    "zerograd.report": ("Report",),
    "zerograd.show.plot": ("plot",),
    "zerograd.atlas_table": ("Atlas",),
    "zerograd.core.question.sweeps": ("Sweep",),
    "zerograd.sweeping.table": ("SweepTable",),
    "zerograd.sweeps": ("sweep",),
    "zerograd.watching": ("explain", "explain_model", "watch"),
}

_MODULE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    import_module("zerograd.notebooks").attach()
    value = getattr(import_module(_MODULE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
