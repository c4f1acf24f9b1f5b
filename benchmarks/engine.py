"""zerograd beside Z3 and cvc5 on the same questions, side by side in one run.

    python benchmarks/engine.py [--cap 60] [--random 200] [--random-cap 10] [--only GROUP …]
                                [--json FILE] [--readme [--from FILE]]

Each contender is a process of its own with the same limits of time and memory; it is killed at the
cap. Seconds run from the question in hand to the answer: imports and a first trivial question come
before, for all alike. zerograd's answer includes its exact check, re-check and JSON; a rival's
counts when its solver has spoken. A named case is put to a fresh process, three times if it takes
less than a second (the median counts). Random questions are put to one process a contender, in
turn. cvc5 takes part where it is installed (``pip install cvc5``).

Exit codes: 0; 1: verdicts contradict each other, or zerograd reported an error; 130: interrupted,
after printing what there is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from benchmarks import report  # noqa: E402  # found now
from benchmarks.contender import NAMES, Contender, Outcome  # noqa: E402
from benchmarks.questions import RANDOM_ASKED, SEED, Case, named_cases, random_questions  # noqa: E402
from zerograd._version import __version__  # noqa: E402

RUNS = 3
"""Runs of a named case that takes less than `QUICK` seconds."""
QUICK = 1.0


class Run:
    """The results so far. ``data`` is the JSON document, written after each question."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.memory = int(options.memory * 2**30)
        self.names = list(NAMES)
        self.open: list[Contender] = []
        self.data: dict[str, Any] = {
            "machine": machine(),
            "options": {"cap": options.cap, "memory_gib": options.memory, "runs": RUNS},
            "named": [],
            "random": {
                "seed": options.seed,
                "cap": options.random_cap,
                "asked": RANDOM_ASKED,
                "questions": [],
            },
            "contradictions": [],
        }

    def contender(self, name: str) -> Contender:
        contender = Contender(name, self.memory)
        self.open.append(contender)
        return contender

    def close(self) -> None:
        """Leave no process behind."""
        for contender in self.open:
            contender.close()
        self.open.clear()

    def keep(self) -> None:
        """Look for contradictions, and write the document: whole or not at all."""
        asked = self.data["random"]["questions"]
        before = self.data["contradictions"]
        self.data["contradictions"] = found = report.contradictions(self.data["named"], asked)
        for line in found[len(before) :]:
            say(f"!!! CONTRADICTION: {line}")
        self.data["summary"] = report.summary(self.data)
        if self.options.json:
            draft = self.options.json.with_suffix(".part")
            draft.write_text(json.dumps(self.data, indent=1) + "\n", encoding="utf-8")
            draft.replace(self.options.json)

    # --- named cases ---

    def case(self, case: Case) -> None:
        document = case.problem.to_json()
        results: dict[str, Any] = {}
        entry = {"group": case.group, "name": case.name, "asked": case.asked, "digest": case.problem.digest}
        self.data["named"].append({**entry, "results": results})
        for name in self.names:
            results[name] = self.repeated(name, document)
            say(f"{case.group}, {case.name}: {name}: {report.shown_outcome(results[name])}")
        self.keep()

    def repeated(self, name: str, document: dict[str, Any]) -> dict[str, Any]:
        """The outcome of median time, with what was said in every run."""
        outcomes: list[Outcome] = []
        while len(outcomes) < RUNS and all(o.decided and o.seconds < QUICK for o in outcomes):
            contender = self.contender(name)
            outcomes.append(contender.ask(document, self.options.cap))
            contender.close()
            self.open.remove(contender)
        outcomes.sort(key=lambda o: (not o.decided, o.seconds))
        seconds = [o.seconds for o in outcomes]
        typical = outcomes[(len(outcomes) - 1) // 2].to_json()
        return typical | {"runs": seconds, "said": sorted({o.status for o in outcomes})}

    # --- random questions ---

    def random(self) -> None:
        contenders = {name: self.contender(name) for name in self.names}
        problems = random_questions(self.options.random, self.options.seed)
        for number, problem in enumerate(problems):
            document = problem.to_json()
            results: dict[str, Any] = {}
            for name, contender in contenders.items():
                results[name] = contender.ask(document, self.options.random_cap).to_json()
            entry = {"number": number, "digest": problem.digest, "results": results}
            self.data["random"]["questions"].append(entry)
            shown = "; ".join(f"{name} {report.shown_outcome(results[name])}" for name in self.names)
            say(f"random question {number}: {shown}")
            self.keep()
        self.close()

    # --- all ---

    def all(self) -> None:
        """Every question that was asked for."""
        self.leave_out_the_missing()
        only = self.options.only
        for case in named_cases():
            if not only or case.group in only:
                self.case(case)
        if self.options.random and (not only or "random" in only):
            self.random()

    def leave_out_the_missing(self) -> None:
        """cvc5 is no part of this package: without it, the others are compared."""
        try:
            metadata.version("cvc5")
        except metadata.PackageNotFoundError:
            say("cvc5 is not installed: left out (pip install cvc5)")
            self.names.remove("cvc5 (same text)")

    def faults(self) -> list[str]:
        """Contradictions, and errors of zerograd."""
        results = [(f"{c['group']}, {c['name']}", c["results"]) for c in self.data["named"]]
        results += [
            (f"random question {q['number']}", q["results"]) for q in self.data["random"]["questions"]
        ]
        ours = [(title, found[report.OURS]) for title, found in results if report.OURS in found]
        errors = [f"{title}: {o['detail']}" for title, o in ours if o["status"] == "error"]
        return [*self.data["contradictions"], *errors]


def machine() -> dict[str, Any]:
    """What the figures were measured with."""
    versions = {"Python": platform.python_version(), "zerograd": __version__}
    for package in ("z3-solver", "cvc5", "sympy"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {"versions": versions, "cores": os.cpu_count(), "system": platform.platform()}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    groups = [*dict.fromkeys(case.group for case in named_cases()), "random"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cap", type=float, default=60.0, help="seconds for a named case")
    parser.add_argument("--random", type=int, default=200, help="how many random questions")
    parser.add_argument("--random-cap", type=float, default=10.0, help="seconds for a random question")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--memory", type=float, default=4.0, help="GiB for each process")
    parser.add_argument("--only", nargs="+", choices=groups, metavar="GROUP", help=", ".join(groups))
    parser.add_argument("--json", type=Path, help="where to keep the results")
    parser.add_argument(
        "--pages", action="store_true", help="write tables into docs/reference/speed.md and README.md"
    )
    parser.add_argument("--from", type=Path, dest="earlier", help="results of an earlier run")
    options = parser.parse_args(arguments)
    run = Run(options)
    code = 0
    if options.earlier:
        run.data = json.loads(options.earlier.read_text(encoding="utf-8"))
    else:
        try:
            run.all()
        except KeyboardInterrupt:
            say("interrupted")
            code = 130
        finally:
            run.close()
    print(report.text(run.data), end="")
    for fault in run.faults():
        say(f"!!! {fault}")
        code = code or 1
    if options.pages and code != 130:
        report.write_pages(ROOT / "docs/reference/speed.md", ROOT / "README.md", run.data)
    return code


if __name__ == "__main__":
    sys.exit(main())
