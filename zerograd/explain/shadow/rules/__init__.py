"""One table from operations to rules. Each rule is written over the operations of a `Domain`."""

from zerograd.explain.shadow.rules import basic  # noqa: F401  (enters its rules into the table)
from zerograd.explain.shadow.rules.table import DECIDED, RULES, Call, Rule, decided, find, rule

__all__ = ["DECIDED", "RULES", "Call", "Rule", "decided", "find", "rule"]
