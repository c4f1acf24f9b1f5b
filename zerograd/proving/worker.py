"""The search for proofs in a process of its own, with Z3 inside it.

    python -m zerograd.proving.worker MEMORY_BYTES

Whatever hangs or eats memory here can be killed, and nothing here is trusted: the parent checks.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from zerograd.proving.certify import certify
from zerograd.proving.messages import WIRE, ProofFinding, Prove, Turned
from zerograd.services.serving import Send, serve
from zerograd.services.wire import Note
from zerograd.solvers.selections import Selections

GARBAGE = 20_000
"""Objects after which garbage is looked for: small proofs make fewer, and nearly none of it in circles."""


def _prepare(send: Send[Turned | ProofFinding]) -> Callable[[Prove], None]:
    spare = [Selections()]
    gc.freeze()  # modules stay: nothing of them need be looked at again during a proof
    gc.set_threshold(GARBAGE)

    def answer(request: Prove) -> None:
        selections = spare.pop() if spare else Selections()
        send(
            certify(
                request.problem,
                deadline=request.deadline,
                fixed=request.fixed,
                progress=lambda line: send(Note(line)),
                turned=lambda kind, samples: send(Turned(kind, samples)),
                selections=selections,
            )
        )
        # Now, between two questions: making these takes longer than many a proof, and so does their end.
        del selections
        spare.append(Selections())

    return answer


if __name__ == "__main__":
    serve(WIRE, int(sys.argv[1]), _prepare)
