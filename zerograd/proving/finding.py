"""What came of looking for a certificate."""

from __future__ import annotations

from dataclasses import dataclass

from zerograd.core.refuting.certificate import Certificate


@dataclass(frozen=True, slots=True)
class ProofFinding:
    """A certificate, which whoever is told of it has yet to check; or what no proof was found for.

    Attributes:
        open: cases, and what stood in the way, a line each.
    """

    certificate: Certificate | None
    open: tuple[str, ...] = ()
