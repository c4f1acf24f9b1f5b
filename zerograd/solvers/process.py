"""Calls to solvers with limits that hold: a process that can be killed, with capped memory."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from zerograd.solvers.base import GaveUp, Outcome, outcome_from_json
from zerograd.solvers.terms import Script

GRACE = 0.3
"""Seconds by which a solver may overrun its own time limit before it is killed."""

DEFAULT_MEMORY = 4 * 2**30


class SolverProcess:
    """A solver in a process of its own, started at once and reused from call to call.

    Use it as a context manager: leaving it kills the process. A call that overruns is answered
    ``GaveUp("timeout")``, one that exhausts memory ``GaveUp("memory")``; the next call starts a
    fresh process.

    Args:
        name: see `zerograd.solvers.registry`.
        memory: cap in bytes on the address space of the process.
    """

    def __init__(self, name: str = "z3", memory: int = DEFAULT_MEMORY) -> None:
        self.name, self.memory = name, memory
        self.version: str | None = None
        """Of the solver, once it has answered."""
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # -P, not the working directory: a stray z3.py there must not be what we run.
        command = [sys.executable, "-P", "-m", "zerograd.solvers.worker", self.name, str(self.memory)]
        root = str(Path(__file__).resolve().parents[2])
        self._process = subprocess.Popen(  # noqa: S603 - our own worker, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": root},
            start_new_session=True,  # Ctrl-C is for the parent, which ends this process itself
        )
        self._buffer = b""
        self.version = None
        return self._process

    def close(self) -> None:
        """Kill the process and wait for its end."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def check(self, script: Script, *, deadline: float, mode: str, seed: int = 0) -> Outcome:
        """Decide a script before ``deadline`` (of `time.monotonic`), in one of the solver's modes."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            return GaveUp("timeout")
        process = self._process or self._start()
        request = {
            "text": script.to_smtlib(),
            "wanted": list(script.variables),
            "mode": mode,
            "seed": seed,
            "seconds": seconds,
        }
        try:
            if self.version is None:
                self.version = json.loads(self._line(process, deadline + GRACE))["version"]
            assert process.stdin is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            return outcome_from_json(json.loads(self._line(process, deadline + GRACE)))
        except TimeoutError:
            self.close()
            return GaveUp("timeout", "the solver overran its time and was stopped")
        except (EOFError, BrokenPipeError):
            code = process.wait()
            self.close()
            if code in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV, 101, 1):
                return GaveUp("memory", f"the solver's process ended ({code})")
            return GaveUp("crashed", f"the solver's process ended ({code})")
        except BaseException:
            self.close()
            raise

    def _line(self, process: subprocess.Popen[bytes], deadline: float) -> bytes:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(descriptor, 1 << 20)
                if not chunk:
                    raise EOFError
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line
