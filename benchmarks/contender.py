"""One contender in a process of its own, that answers questions line by line and can be killed.

    python -m benchmarks.contender NAME MEMORY

reads ``{"problem": …, "cap": …}`` from standard input and says ``{"started": true}`` once the
question is in hand, then ``{"status": …, "seconds": …, "detail": …}``. Imports and two trivial
questions come before; the seconds are measured inside.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("zerograd", "Z3 by hand", "cvc5 (same text)")
START = 120.0
"""Seconds for imports and the first, trivial question."""

Solve = Callable[[Any, float], tuple[str, str]]
"""(problem, cap in seconds) to (status, detail)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes:
        status: ``sat``, ``unsat``, ``unknown``; ``stopped`` at the cap; ``error``.
        seconds: from the problem in hand to the answer; the cap, where it was stopped.
    """

    status: str
    seconds: float
    detail: str = ""

    @property
    def decided(self) -> bool:
        return self.status in ("sat", "unsat")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Contender:
    """The parent's side. Processes are started when they are needed, and again after a kill.

    Args:
        memory: cap in bytes on the address space of each of its processes.
    """

    def __init__(self, name: str, memory: int) -> None:
        self.name, self.memory = name, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def ask(self, problem: Mapping[str, Any], cap: float) -> Outcome:
        """Put a question. After ``cap`` seconds the process is killed.

        Raises:
            RuntimeError: the contender cannot start.
        """
        process = self._process or self._start()
        assert process.stdin is not None  # for the type checker: it is a pipe
        process.stdin.write(json.dumps({"problem": problem, "cap": cap}).encode() + b"\n")
        process.stdin.flush()
        try:
            self._receive(START)
            return Outcome(**self._receive(cap))
        except TimeoutError:
            self.close()
            return Outcome("stopped", cap, "at the cap")
        except EOFError:
            code = process.wait()
            detail = f"the process ended with code {code}: {self._complaint()}"
            self.close()
            return Outcome("error", cap, detail)

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contender", self.name, str(self.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # Ctrl-C is the runner's business
        )
        self._buffer = b""
        try:
            self._receive(START)
        except (EOFError, TimeoutError):
            complaint = self._complaint()
            self.close()
            raise RuntimeError(f"{self.name} cannot start: {complaint}") from None
        return self._process

    def _receive(self, seconds: float) -> dict[str, Any]:
        """The next line. Raises TimeoutError, or EOFError where the process has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                data = os.read(descriptor, 1 << 16)
                if not data:
                    raise EOFError
                self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _complaint(self) -> str:
        """The end of what the process wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()[-500:]

    def close(self) -> None:
        """Kill the process with its group, and wait for its end."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # a question that nobody read
                    stream.close()


# --- the child's side ------------------------------------------------------------------------


def zerograd(memory: int) -> Solve:
    """The whole of zerograd: search, exact check, numeric re-check, JSON."""
    import zerograd as zg

    def solve(problem: Any, cap: float) -> tuple[str, str]:
        answer = zg.solve(problem, timeout=cap, memory=memory, prefer="any")
        json.dumps(answer.to_json())
        detail = answer.detail if isinstance(answer, zg.Unknown) else answer.run.strategy
        return answer.status, detail or ""

    return solve


def rival(name: str) -> Solve:
    """A solver on the encoding by hand. Z3 is loaded for both: it writes cvc5's text."""
    from benchmarks import rivals

    if name == "cvc5 (same text)":
        import importlib

        importlib.import_module("cvc5")
    check = rivals.by_z3 if name == "Z3 by hand" else rivals.by_cvc5

    def solve(problem: Any, _: float) -> tuple[str, str]:
        return rivals.decide(problem, check), ""

    return solve


def main(name: str, memory: int) -> None:
    """Answer until standard input ends."""
    if name not in NAMES:
        raise SystemExit(f"no contender {name!r} (known: {', '.join(NAMES)})")
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, most))
    from zerograd.core.question.documents import problem_from_json
    from zerograd.core.question.problem import Problem

    out = sys.stdout.fileno()
    solve = zerograd(memory) if name == "zerograd" else rival(name)
    solve(Problem(network=[1, 1], samples=1, zero=["w1"]), 60.0)  # a sat and an unsat, so that all is loaded
    solve(Problem(network=[1, 1, 1], samples=1, zero=["b2"], nonzero=["w1"]), 60.0)
    _say(out, {"ready": True})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        problem = problem_from_json(request["problem"])
        _say(out, {"started": True})
        start = time.perf_counter()
        try:
            status, detail = solve(problem, request["cap"])
        except Exception as error:  # reported, and the next question is asked
            status, detail = "error", f"{type(error).__name__}: {error}"[:500]
        _say(out, Outcome(status, time.perf_counter() - start, detail).to_json())


def _say(out: int, message: Mapping[str, Any]) -> None:
    os.write(out, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
