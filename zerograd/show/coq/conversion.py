"""Claims from claims that say the same in another order, or with other factors, in Coq."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from zerograd.core.numbers.clearing import cleared, factors
from zerograd.core.refuting.claims import Claim, Distinction, claim_key, conjuncts, disjuncts
from zerograd.core.refuting.facts import Both, Either, Fact
from zerograd.core.refuting.system import Case
from zerograd.show.coq.text import (
    chosen,
    conjunction_pattern,
    destructed,
    identifier,
    split_term,
)


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """Text of a claim with other names for its variables."""
    new = {identifier(name): identifier(other) for name, other in names.items()}
    return re.sub(r"\b[a-zA-Z]\w*", lambda match: new.get(match[0], match[0]), text)


def converted(hypothesis: str, known: Claim, wanted: Claim, fresh: Callable[[], str]) -> list[str]:
    """Tactics that show a claim from a hypothesis that says the same; ``fresh`` makes names."""
    match known, wanted:
        case Fact(), Fact():
            return _fact(hypothesis, known, wanted)
        case ((Both() | Case()), (Both() | Case())):
            parts, others = conjuncts(known), conjuncts(wanted)
            names = [fresh() for _ in parts]
            lines = [destructed(hypothesis, [conjunction_pattern(names)])] if len(parts) > 1 else []
            names = names if len(parts) > 1 else [hypothesis]
            lines += [f"refine {split_term(len(others))}."] if len(others) > 1 else []
            by_key = {claim_key(part): (name, part) for name, part in zip(names, parts, strict=True)}
            for other in others:
                lines += ["{", *converted(*by_key[claim_key(other)], other, fresh), "}"]
            return lines
        case ((Either() | Distinction()), (Either() | Distinction())):
            parts, others = disjuncts(known), disjuncts(wanted)
            keys = [claim_key(other) for other in others]
            names = [fresh() for _ in parts]
            lines = [destructed(hypothesis, names)]
            for name, part in zip(names, parts, strict=True):
                number = keys.index(claim_key(part))
                lines += ["{", f"{chosen(number, len(others))}."]
                lines += [*converted(name, part, others[number], fresh), "}"]
            return lines
    return [f"exact {hypothesis}."]


def _fact(hypothesis: str, known: Fact, wanted: Fact) -> list[str]:
    d, h = factors(cleared(known.polynomial), cleared(wanted.polynomial))
    lemma, signs = {
        "=": ("cancel", 1), "!=": ("cancel_nonzero", 1), ">": ("cancel_positive", 2),
        ">=": ("cancel_nonnegative", 2),
    }[known.sign]  # fmt: skip
    if h < 0 or (known.sign == "!=" and d < 0):
        d, h = -d, -h
    return [
        f"refine (Tools.{lemma} ({d}) ({h}) _ _{' _' * signs} _ {hypothesis});",
        f" [{'lra | ' * signs}ring].",
    ]
