"""One table from operations to rules. Each rule is written over the operations of a `Domain`."""

from importlib import import_module
from pkgutil import iter_modules

from zerograd.explain.shadow.rules.table import RULES, Call, Rule, decided, find, rule

for _module in iter_modules(__path__):  # each module enters its rules into the table
    import_module(f"{__name__}.{_module.name}")

__all__ = ["RULES", "Call", "Rule", "decided", "find", "rule"]
