"""What a hypothesis of a lemma says, in Coq."""

from __future__ import annotations

from zerograd.core.numbers.clearing import cleared
from zerograd.core.refuting.claims import Claim, Distinction, Value, Whole, conjuncts, disjuncts
from zerograd.core.refuting.facts import Both, Either, Fact
from zerograd.core.refuting.system import Case
from zerograd.show.coq.text import identifier, joined, polynomial_text, value_text

_SIGNS = {"=": "{} = 0", "!=": "{} <> 0", ">": "0 < {}", ">=": "0 <= {}"}


def claim_text(claim: Claim) -> str:
    """A proposition; of several parts it stands in parentheses."""
    match claim:
        case Fact(polynomial=p, sign=sign):
            return _SIGNS[sign].format(polynomial_text(cleared(p)))
        case Value(name=name, value=value):
            return value_text(identifier(name), value)
        case Whole(name=name):
            return f"integer {identifier(name)}"
        case Both() | Case():
            return joined([claim_text(part) for part in conjuncts(claim)], "/\\", "True")
        case Either() | Distinction():
            return joined([claim_text(part) for part in disjuncts(claim)], "\\/", "False")
