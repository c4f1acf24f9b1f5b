"""One table from operations to rules. Each rule is written over the operations of a `Domain`."""

import importlib
import pkgutil

from zerograd.explaining.shadow.rules.table import DECIDED, RULES, Call, Rule, decided, find, rule

__all__ = ["DECIDED", "RULES", "Call", "Rule", "decided", "find", "rule"]

for _module in pkgutil.iter_modules(__path__):  # each enters its rules into the table
    importlib.import_module(f"{__name__}.{_module.name}")
