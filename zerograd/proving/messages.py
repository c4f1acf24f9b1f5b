"""What is asked of a search for proofs, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from zerograd.core.question.documents import problem_from_json
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, Kind, certificate_from_json
from zerograd.services.wire import Leaf, Wire


@dataclass(frozen=True, slots=True)
class Prove:
    """Look for a certificate until ``deadline``; with ``fixed``, of a fixed number of samples."""

    problem: Problem
    deadline: float
    fixed: bool


@dataclass(frozen=True, slots=True)
class ProofFinding:
    """A certificate, which whoever is told of it has yet to check; or what no proof was found for.

    Attributes:
        open: cases, and what stood in the way, a line each.
    """

    certificate: Certificate | None
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turned:
    """Among which facts a contradiction was seen, so that whoever checks a certificate will need them."""

    kind: Kind
    samples: int | None


WIRE: Wire[Prove, Turned | ProofFinding] = Wire(
    Prove,
    Turned | ProofFinding,
    leaves={
        Problem: Leaf(Problem.to_json, lambda data, _: problem_from_json(data)),
        Certificate: Leaf(Certificate.to_json, lambda data, _: certificate_from_json(data)),
    },
)
