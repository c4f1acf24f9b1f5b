"""One table from operations to rules. Each rule is written over the operations of a `Domain`."""

from zerograd.explain.shadow.rules import (  # noqa: F401  (they enter their rules into the table)
    attention,
    basic,
    convolution,
    dropout_embedding,
    norms,
    pooling,
    recurrent,
    resampling,
    trilinear,
)
from zerograd.explain.shadow.rules.table import DECIDED, RULES, Call, Rule, decided, find, rule

__all__ = ["DECIDED", "RULES", "Call", "Rule", "decided", "find", "rule"]
