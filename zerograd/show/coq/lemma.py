"""Lemmas that end in ``False``, and what a part of a proof uses, in Coq."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from zerograd.core.refuting.claims import Claim, claim_variables
from zerograd.show.coq.claim import claim_text
from zerograd.show.coq.text import identifier

Key: TypeAlias = str | tuple[str, str]
"""The label of a fact, or ("split", name) of a distinction, ("value", name) or ("integer", name)."""

Known: TypeAlias = Mapping[Key, tuple[str, Claim]]
"""Keys to hypotheses and what they say."""


@dataclass(frozen=True, slots=True)
class Lemma:
    """``forall variables, claims -> False``.

    Attributes:
        premises: by their keys where the lemma was made.
    """

    name: str
    variables: tuple[str, ...]
    premises: Known

    def statement(self, proof: Sequence[str]) -> str:
        """The lemma with its proof."""
        names = " ".join(map(identifier, self.variables))
        binder = f"forall {names} : R,\n  " if names else ""
        says = "".join(f"{claim_text(claim)} ->\n  " for _, claim in self.premises.values())
        intros = " ".join([names, *(name for name, _ in self.premises.values())]).strip()
        body = "\n".join([f"intros {intros}."] * bool(intros) + list(proof))
        return f"Lemma {self.name} :\n  {binder}{says}False.\nProof.\n{body}\nQed.\n"

    def applied(self) -> str:
        """The tactic that closes the goal where the premises are at hand."""
        return application(self.name, self.variables, [name for name, _ in self.premises.values()])


def application(name: str, variables: Sequence[str], arguments: Sequence[str]) -> str:
    """The tactic that closes the goal by a lemma."""
    return f"exact ({' '.join([name, *map(identifier, variables), *arguments])})."


@dataclass(slots=True)
class Used:
    """What a part of a proof uses: premises, and variables."""

    premises: dict[Key, tuple[str, Claim]] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)

    def add(self, other: Used, besides: Known) -> None:
        """Whatever another part uses, except for the hypotheses ``besides`` that were made for it."""
        made = {name for name, _ in besides.values()}
        self.variables |= other.variables
        self.premises |= {key: known for key, known in other.premises.items() if known[0] not in made}
        self.add_variables(besides)

    def add_variables(self, known: Known) -> None:
        """The variables that hypotheses speak of."""
        self.variables.update(*(claim_variables(claim) for _, claim in known.values()))
