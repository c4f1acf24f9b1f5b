"""One contender in a process of its own, that answers questions line by line and can be killed.

    python -m benchmarks.contender NAME MEMORY

reads ``{"problem": …, "cap": …}`` from standard input and says ``{"reading": SECONDS}`` once the
question is in hand, then ``{"status": …, "seconds": …, "detail": …}``. Imports and two trivial
questions come before; the seconds are measured inside. Another build of zerograd may take part: this
code, then, runs with that build's package, so it uses only what both have.
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
WITHOUT_TORCH = ROOT / "benchmarks" / "without_torch"
"""On PYTHONPATH, it hides torch."""
OURS, VERDICT = "zerograd", "zerograd, verdict alone"
Z3, CVC5, YICES = "Z3 by hand", "cvc5 (same text)", "yices (same text)"
BUILDS = (OURS, VERDICT)
SMALL = "zerograd, small numbers"
"""Looks for small numbers, as it does by default; the others take the first witness."""
RIVALS = (Z3, CVC5, YICES)
NAMES = (*BUILDS, SMALL, *RIVALS)
EARLIER = {OURS: "earlier build", VERDICT: "earlier build, verdict alone"}
"""What an earlier build of zerograd is called, by what it does."""
START = 120.0
"""Seconds for imports and the first, trivial question."""
KEPT = 0.95
"""Share of the cap that zerograd is told to keep to, so that what it has is there at the cap."""
SETTLED = 0.5
"""Seconds after the trivial questions, in which what they began to load in zerograd's processes is there."""
GRACE = 1.0
"""Seconds after the cap in which zerograd, which keeps the time itself, may say that it does not know."""

Solve = Callable[[Any, float], tuple[str, str]]
"""(problem, cap in seconds) to (status, detail)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes:
        status: ``sat``, ``unsat``, ``unknown``; ``stopped`` at the cap; ``error``.
        seconds: from the problem in hand to the answer; the cap, where it was stopped.
        reading: seconds from the JSON text to the problem in hand.
    """

    status: str
    seconds: float
    detail: str = ""
    reading: float = 0.0

    @property
    def decided(self) -> bool:
        return self.status in ("sat", "unsat")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Contender:
    """The parent's side. Processes are started when they are needed, and again after a kill.

    Args:
        name: one of `NAMES`.
        memory: cap in bytes on the address space of each of its processes.
        build: the folder that holds the package ``zerograd``, where that is another than today's.
        without_torch: whether torch is hidden from it.
    """

    def __init__(
        self, name: str, memory: int, build: Path | None = None, *, without_torch: bool = False
    ) -> None:
        self.name, self.memory, self.build, self.without_torch = name, memory, build, without_torch
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start its process, if it does not run.

        Raises:
            RuntimeError: it cannot start.
        """
        if self._process is None:
            self._start()

    def ask(self, problem: Mapping[str, Any], cap: float) -> Outcome:
        """Put a question. After ``cap`` seconds nothing counts, and the process is killed.

        Raises:
            RuntimeError: the contender cannot start.
        """
        process = self._process or self._start()
        assert process.stdin is not None  # for the type checker: it is a pipe
        process.stdin.write(json.dumps({"problem": problem, "cap": cap}).encode() + b"\n")
        process.stdin.flush()
        try:
            reading = self._receive(START)["reading"]
            outcome = Outcome(**self._receive(cap + (0.0 if self.name in RIVALS else GRACE)), reading=reading)
        except TimeoutError:
            self.close()
            return Outcome("stopped", cap, "at the cap")
        except EOFError:
            code = process.wait()
            detail = f"the process ended with code {code}: {self._complaint()}"
            self.close()
            return Outcome("error", cap, detail)
        if outcome.decided and outcome.seconds > cap:
            return Outcome("stopped", cap, f"{outcome.status} after {outcome.seconds:.2f} s", reading)
        return outcome

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        folders = [str(folder) for folder in (self.build, ROOT) if folder is not None]
        hidden = [str(WITHOUT_TORCH)] if self.without_torch else []
        paths = [*hidden, *folders, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            # -P, not the working directory: what comes first on the path decides whose zerograd it is.
            [sys.executable, "-P", "-m", "benchmarks.contender", self.name, str(self.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"},
            start_new_session=True,  # Ctrl-C is the runner's business
        )
        self._buffer = b""
        try:
            ready = self._receive(START)
        except (EOFError, TimeoutError):
            complaint = self._complaint()
            self.close()
            raise RuntimeError(f"{self.name} cannot start: {complaint}") from None
        package = Path(folders[0], "zerograd").resolve()
        if Path(ready["package"]).resolve() != package:
            self.close()
            raise RuntimeError(f"{self.name} took zerograd from {ready['package']}, not from {package}")
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


def zerograd(memory: int, *, certify: bool, prefer: str) -> Solve:
    """The whole of zerograd: search, exact check, numeric re-check, JSON; and a proof, if there is to be."""
    import zerograd as zg

    def solve(problem: Any, cap: float) -> tuple[str, str]:
        answer = zg.solve(problem, timeout=KEPT * cap, memory=memory, prefer=prefer, certify=certify)
        json.dumps(answer.to_json())
        match answer:
            case zg.Unknown():
                return answer.status, answer.detail
            case zg.Unsat(evidence="certificate"):
                return answer.status, f"{answer.run.strategy}, certificate"
        return answer.status, str(answer.run.strategy)

    return solve


OPTIONS: Mapping[str, Mapping[str, Any]] = {
    OURS: {"certify": True, "prefer": "any"},
    VERDICT: {"certify": False, "prefer": "any"},
    SMALL: {"certify": True, "prefer": "small"},
}


def rival(name: str) -> Solve:
    """A solver on the encoding by hand. Z3 is loaded for both: it writes cvc5's text."""
    from benchmarks import rivals

    if name == CVC5:
        import importlib

        importlib.import_module("cvc5")
    checks: dict[str, rivals.Check] = {Z3: rivals.by_z3, CVC5: rivals.by_cvc5, YICES: rivals.ByYices()}
    check = checks[name]

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
    solve = rival(name) if name in RIVALS else zerograd(memory, **OPTIONS[name])
    solve(Problem(network=[1, 1], samples=1, zero=["w1"]), 60.0)  # a sat and an unsat, so that all is loaded
    solve(Problem(network=[1, 1, 1], samples=1, zero=["b2"], nonzero=["w1"]), 60.0)
    if name not in RIVALS:  # these have no other processes, and many of them are started again
        time.sleep(SETTLED)
    _say(out, {"ready": True, "package": str(Path(problem_from_json.__code__.co_filename).parents[2])})
    for line in sys.stdin.buffer:
        start = time.perf_counter()
        request = json.loads(line)
        problem = problem_from_json(request["problem"])
        _say(out, {"reading": time.perf_counter() - start})
        start = time.perf_counter()
        try:
            status, detail = solve(problem, request["cap"])
        except Exception as error:  # reported, and the next question is asked
            status, detail = "error", f"{type(error).__name__}: {error}"[:500]
        outcome = {"status": status, "seconds": time.perf_counter() - start, "detail": detail}
        _say(out, outcome)


def _say(out: int, message: Mapping[str, Any]) -> None:
    os.write(out, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
