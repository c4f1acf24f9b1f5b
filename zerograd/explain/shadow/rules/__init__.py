"""One table from operations to rules. Each rule is written over the operations of a `Domain`."""

from zerograd.explain.shadow.rules.table import RULES, Call, Rule, decided, find, rule

__all__ = ["RULES", "Call", "Rule", "decided", "find", "rule"]
