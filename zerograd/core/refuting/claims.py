"""What a hypothesis of a lemma says: a formula, or what a system says beside its facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from zerograd.core.refuting.facts import Both, Either, Formula, meaning, renamed, variables_in
from zerograd.core.refuting.system import Case


@dataclass(frozen=True, slots=True)
class Value:
    """A variable is this number."""

    name: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Whole:
    """A variable is an integer."""

    name: str


@dataclass(frozen=True, slots=True)
class Distinction:
    """One of the cases holds."""

    cases: tuple[Case, ...]


Claim: TypeAlias = Formula | Value | Whole | Case | Distinction


def conjuncts(claim: Both | Case) -> tuple[Claim, ...]:
    """The parts, all of which hold; of a case its values first."""
    if isinstance(claim, Both):
        return claim.parts
    values = (Value(name, value) for name, value in claim.values.items())
    return (*values, *(formula for _, formula in claim.facts))


def disjuncts(claim: Either | Distinction) -> tuple[Claim, ...]:
    """The parts, one of which holds."""
    return claim.parts if isinstance(claim, Either) else claim.cases


def renamed_claim(claim: Claim, names: Mapping[str, str]) -> Claim:
    """The claim with other names for its variables."""
    match claim:
        case Value(name=name, value=value):
            return Value(names.get(name, name), value)
        case Whole(name=name):
            return Whole(names.get(name, name))
        case Case():
            return _renamed_case(claim, names)
        case Distinction(cases=cases):
            return Distinction(tuple(_renamed_case(part, names) for part in cases))
        case _:
            return renamed(claim, names)


def _renamed_case(case: Case, names: Mapping[str, str]) -> Case:
    values = {names.get(name, name): value for name, value in case.values.items()}
    return Case(case.name, values, tuple((label, renamed(fact, names)) for label, fact in case.facts))


def claim_key(claim: Claim) -> object:
    """The same for claims that differ in the order of their parts, or by factors, only."""
    match claim:
        case Value() | Whole():
            return claim
        case Case():
            return claim.meaning({})
        case Distinction(cases=cases):
            return frozenset(part.meaning({}) for part in cases)
        case _:
            return meaning(claim)


def claim_variables(claim: Claim) -> frozenset[str]:
    """The names of its variables."""
    match claim:
        case Value(name=name) | Whole(name=name):
            return frozenset({name})
        case Case():
            return frozenset().union(*map(claim_variables, conjuncts(claim)))
        case Distinction(cases=cases):
            return frozenset().union(*map(claim_variables, cases))
        case _:
            return variables_in(claim)
