"""Which nos carry a certificate, and how long it takes to find and to check one.

    python benchmarks/proofs.py [--cap 60] [--only named problems atlas random general]
                                [--general 400] [--seed 15] [--json FILE] [--readme]

Questions: named ones; all of problems/; the patterns of the 1-1-1 and 1-2-1 atlases; the 200 random ones
of `benchmarks/engine.py`; general ones from a seed (`benchmarks/general.py`), with two hidden layers, all
activations, gradients of inputs, signs, bounds, and integers in boxes. Each is answered within ``--cap``
seconds; where the answer is no, a proof is looked for within as many again (at most 10 each for a general
one). Certificates are sent through JSON before they are checked, as files would be. At the end stands
every question without a certificate, as YAML, and what the search says of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

import zerograd as zg  # noqa: E402  # found now
from benchmarks.general import COUNT, SEED, general_questions  # noqa: E402
from benchmarks.pages import put_between  # noqa: E402
from benchmarks.questions import random_questions  # noqa: E402
from zerograd.core.question.vocabulary import Samples  # noqa: E402
from zerograd.core.refuting.certificate import certificate_from_json, nodes  # noqa: E402
from zerograd.core.refuting.refutation import check_certificate  # noqa: E402
from zerograd.proving.process import ProofProcess  # noqa: E402
from zerograd.search.process import SearchProcess  # noqa: E402

BEGIN = "<!-- benchmark: proofs -->"
GROUPS = ("named", "problems", "atlas", "random", "general")
GENERAL_CAP = 10.0
"""Seconds for a general question, and for its proof."""


@dataclass(frozen=True)
class Outcome:
    """What became of one no.

    Attributes:
        found: seconds until there was a certificate, or until the search for one ended.
        checked: seconds that reading and checking it took; None where there is none.
        kind: the system that it refutes, e.g. ``moments``.
    """

    group: str
    name: str
    found: float
    checked: float | None = None
    kind: str = ""
    nodes: int = 0
    open: tuple[str, ...] = ()
    asked: dict[str, Any] | None = None
    """The question, where there is no certificate."""


def questions(groups: list[str], count: int, seed: int) -> Iterator[tuple[str, str, zg.Problem]]:
    """(group, name, problem)."""
    headline: dict[str, Any] = {"zero": ["w2", "b2"], "nonzero": ["w1", "b1"]}
    crossed: dict[str, Any] = {"zero": ["b1", "w2"], "nonzero": ["w1", "b2"]}
    if "named" in groups:
        for units in (1, 2, 3, 4):
            yield "named", f"two samples, H={units}", zg.Problem(network=[1, units, 1], samples=2, **headline)
        sizes: list[tuple[int, Any]] = [(2, 3), (2, 4), (3, 3), (3, 4), (2, "any")]
        for units, samples in sizes:
            problem = zg.Problem(network=[1, units, 1], samples=samples, **crossed)
            yield "named", f"crossed, H={units}, M={samples}", problem
    if "problems" in groups:
        for path in sorted((ROOT / "problems").glob("*.yaml")):
            yield "problems", path.name, zg.load(path)
    if "atlas" in groups:
        names = ("w1", "b1", "w2", "b2")
        for units in (1, 2):
            for bits in range(16):
                zero = [name for n, name in enumerate(names) if bits >> n & 1]
                query: dict[str, Any] = {
                    "zero": zero,
                    "nonzero": [name for name in names if name not in zero],
                }
                title = f"1-{units}-1, zero: {', '.join(zero) or 'none'}"
                yield "atlas", title, zg.Problem(network=[1, units, 1], samples="fewest", **query)
    if "random" in groups:
        for number, problem in enumerate(random_questions()):
            yield "random", f"question {number}", problem
    if "general" in groups:
        for number, problem in enumerate(general_questions(count, seed)):
            yield "general", f"question {number}", problem


def measure(problem: zg.Problem, cap: float, process: SearchProcess, prover: ProofProcess) -> list[Outcome]:
    """The nos in the answer to a problem, none or one: of fewest, that there are none with fewer."""
    answer = zg.solve(problem, timeout=cap, certify=False, prefer="any", process=process)
    if isinstance(answer, zg.Sat):
        least = problem.samples.least
        fewer = set(range(least, answer.witness.samples))
        ruled_out = {attempt.samples for attempt in answer.run.attempts if attempt.status == "unsat"}
        if problem.samples.every or problem.samples.fixed or not fewer or not fewer <= ruled_out:
            return []
        problem = problem.with_samples(Samples(least, answer.witness.samples - 1))
    elif isinstance(answer, zg.Unknown):
        return []
    start = time.perf_counter()
    finding = prover.find(problem, deadline=time.monotonic() + cap, fixed=False, progress=lambda _: None)
    found = time.perf_counter() - start
    if finding.certificate is None:
        return [Outcome("", "", found, open=finding.open, asked=problem.to_json())]
    text = json.dumps(finding.certificate.to_json())
    start = time.perf_counter()
    certificate = certificate_from_json(json.loads(text))
    check_certificate(problem, certificate)
    checked = time.perf_counter() - start
    kinds = dict.fromkeys(part.kind for part in certificate.parts)
    size = sum(1 for part in certificate.parts for _ in nodes(part.root))
    return [Outcome("", "", found, checked, " and ".join(kinds), size)]


def markdown(outcomes: list[Outcome], cap: float) -> str:
    """The table for the page on speed."""
    lines = [
        "| impossible questions | certified | found, median | found, longest | checked, longest |",
        "|---|---|---|---|---|",
    ]
    for group in dict.fromkeys(o.group for o in outcomes):
        own = [o for o in outcomes if o.group == group]
        done = sorted((o for o in own if o.checked is not None), key=lambda o: o.found)
        if done:
            checked = max(o.checked or 0.0 for o in done)
            times = f"{done[len(done) // 2].found:.2f} s | {done[-1].found:.1f} s | {checked:.2f} s"
        else:
            times = "— | — | —"
        lines.append(f"| {group} | {len(done)} of {len(own)} | {times} |")
    left = [o for o in outcomes if o.checked is None]
    if left:
        after = f"{cap:g} s" + (f" ({GENERAL_CAP:g} s of general questions)" if cap != GENERAL_CAP else "")
        lines += ["", f"Open after {after}: " + "; ".join(f"{o.group}, {o.name}" for o in left) + "."]
    cores = os.cpu_count()
    lines += ["", f"(Python {platform.python_version()}, zerograd {zg.__version__}; {cores} cores.)"]
    return "\n".join(lines)


def reasons(outcomes: list[Outcome]) -> str:
    """Every question without a certificate, in a line of YAML, with what the search for one says."""
    lines = []
    for outcome in outcomes:
        if outcome.checked is None:
            said = "; ".join(outcome.open[:3]) + ("; …" if len(outcome.open) > 3 else "")
            lines += [f"# {outcome.group}, {outcome.name}: {said}", json.dumps(outcome.asked)]
    return "".join(f"{line}\n" for line in lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cap", type=float, default=60.0, help="seconds for an answer, and for a proof")
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--general", type=int, default=COUNT, help="how many general questions")
    parser.add_argument("--seed", type=int, default=SEED, help="of general questions")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pages", action="store_true", help="write the table into docs/benchmarks.md")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    with SearchProcess() as process, ProofProcess() as prover:
        zg.prove(zg.Problem(network=[1, 1], samples=1, zero=["b1"], nonzero=["w1"], where=["x == 0"]),
                 process=process, prover=prover)  # fmt: skip  # loads what there is to load
        for group, name, problem in questions(options.only, options.general, options.seed):
            cap = min(options.cap, GENERAL_CAP) if group == "general" else options.cap
            for outcome in measure(problem, cap, process, prover):
                fields = asdict(outcome) | {"group": group, "name": name}
                outcomes.append(Outcome(**fields))
                verdict = "open" if outcome.checked is None else f"{outcome.kind}, {outcome.nodes} nodes"
                print(f"{group:9} {name:36} {outcome.found:8.2f} s  {outcome.checked or 0:7.3f} s  {verdict}",
                      flush=True)  # fmt: skip
    table = markdown(outcomes, options.cap)
    print(f"\n{table}\n\n{reasons(outcomes)}", end="")
    if options.json:
        options.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1) + "\n", encoding="utf-8")
    if options.pages:
        put_between(ROOT / "docs/benchmarks.md", BEGIN, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
