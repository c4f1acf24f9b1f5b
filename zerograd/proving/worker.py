"""The search for proofs in a process of its own, with Z3 inside it.

    python -m zerograd.proving.worker MEMORY_BYTES

Whatever hangs or eats memory here can be killed, and nothing here is trusted: the parent checks.
"""

from __future__ import annotations

import sys
import traceback

from zerograd.core.question.documents import problem_from_json
from zerograd.proving.certify import certify
from zerograd.proving.finding import ProofFinding
from zerograd.workers import limit_memory, reply, requests


def main(memory: int) -> None:
    """Answer requests until the input ends."""
    limit_memory(memory)
    for request in requests():
        try:
            outcome = certify(
                problem_from_json(request["problem"]),
                deadline=request["deadline"],
                fixed=request["fixed"],
                progress=lambda line: reply({"progress": line}),
            )
        except MemoryError:
            outcome = ProofFinding(None, ("memory ran out",))
        except Exception:  # whatever it is, the caller raises it
            reply({"failure": traceback.format_exc()})
            continue
        certificate = outcome.certificate.to_json() if outcome.certificate is not None else None
        reply({"certificate": certificate, "open": list(outcome.open)})


if __name__ == "__main__":
    main(int(sys.argv[1]))
