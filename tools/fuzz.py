"""Changed documents by the ten thousand: problem files, results, certificates, atlas stores.

    python tools/fuzz.py [--count N] [--seed S] [--processes 1|2] [--minutes T]
    python tools/fuzz.py --only N [--seed S]     one mutant: what was put to the program, and what it said
    python tools/fuzz.py --update [--count N] …  the same, and put the table into docs/trust.md
    python tools/fuzz.py --write-seeds           answer the questions anew whose results are changed

A mutant is named by its number and the seed. Three things are faults: a crash (any error but a refusal), a
document that takes more than its time, and a wrong acceptance. For the last, witnesses are evaluated by
another way (tools/fuzzing/oracle.py), certificates are pointed at questions that have an answer, and what
stores hold is known beforehand. Ctrl-C ends it with the table of what was done. Exits with 1 if there was a
fault.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from tools.fuzzing import seeds, trials  # noqa: E402 - the path is needed first
from tools.fuzzing.trials import ACCEPTED, FAULTS, KINDS, REFUSED, UNCLEAR, UNREADABLE, Outcome  # noqa: E402

PAGE = ROOT / "docs" / "trust.md"
TABLE = re.compile(r"(?<=<!-- fuzz -->\n).*?(?=<!-- end -->)", re.DOTALL)
CHUNK = 100
"""Mutants that a process is given at once."""
SEARCH_SECONDS = 0.3


@dataclass
class Tally:
    """What became of mutants, by kind and verdict, and the slowest of each kind."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    slowest: dict[str, tuple[float, int]] = field(default_factory=dict)
    faults: list[tuple[int, Outcome]] = field(default_factory=list)

    def add(self, number: int, outcome: Outcome) -> None:
        self.counts[outcome.kind, outcome.verdict] += 1
        self.slowest[outcome.kind] = max(self.slowest.get(outcome.kind, (0.0, 0)), (outcome.seconds, number))
        if outcome.verdict in FAULTS:
            self.faults.append((number, outcome))

    def __add__(self, other: Tally) -> Tally:
        kinds = {*self.slowest, *other.slowest}
        none = 0.0, 0
        slowest = {kind: max(self.slowest.get(kind, none), other.slowest.get(kind, none)) for kind in kinds}
        return Tally(self.counts + other.counts, slowest, [*self.faults, *other.faults])

    @property
    def total(self) -> int:
        """How many mutants there were."""
        return self.counts.total()

    def table(self) -> str:
        """A table in Markdown: a row for each kind."""
        verdicts = (ACCEPTED, REFUSED, UNREADABLE, UNCLEAR, *FAULTS)
        lines = [
            f"| what is changed | mutants | {' | '.join(verdicts)} | slowest, s |",
            "|---" * (len(verdicts) + 3) + "|",
        ]
        for kind in KINDS:
            row = [self.counts[kind, verdict] for verdict in verdicts]
            slowest = self.slowest.get(kind, (0.0, 0))[0]
            lines.append(f"| {kind} | {sum(row):,} | {' | '.join(f'{n:,}' for n in row)} | {slowest:.1f} |")
        row = [sum(self.counts[kind, verdict] for kind in KINDS) for verdict in verdicts]
        lines.append(f"| all | {sum(row):,} | {' | '.join(f'{n:,}' for n in row)} | |")
        return "\n".join(lines)


def tally(numbers: Sequence[int], seed: int, search: float = 0.0) -> Tally:
    """Run some mutants. ``search``: seconds that the search may look for counterexamples and answers."""
    trials.SEARCH["seconds"] = search
    result = Tally()
    for number in numbers:
        result.add(number, trials.run(number, seed))
    return result


def _chunks(count: int) -> Iterator[range]:
    for start in range(0, count, CHUNK):
        yield range(start, min(count, start + CHUNK))


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run(count: int, seed: int, processes: int, until: float) -> Tally:
    """Run mutants 0, 1, … in one process or two, and say how far it is."""
    total, began = Tally(), time.monotonic()
    with ProcessPoolExecutor(processes, initializer=_ignore_interrupts) as pool:
        waiting: list[Future[Tally]] = []
        chunks = _chunks(count)
        try:
            while True:
                while (
                    len(waiting) < 2 * processes
                    and time.monotonic() < until
                    and (chunk := next(chunks, None))
                ):
                    waiting.append(pool.submit(tally, chunk, seed, SEARCH_SECONDS))
                if not waiting:
                    break
                new = waiting.pop(0).result()
                total += new
                for number, outcome in new.faults:
                    print(fault(number, seed, outcome), file=sys.stderr)
                _say(total, count, time.monotonic() - began)
        except KeyboardInterrupt:
            for future in waiting:
                future.cancel()
            print("\ninterrupted", file=sys.stderr)
    return total


def fault(number: int, seed: int, outcome: Outcome) -> str:
    """Return how to look into a fault, and what it is."""
    return (
        f"\n{outcome.verdict}: python tools/fuzz.py --only {number} --seed {seed}\n{outcome.detail[-1500:]}"
    )


def _say(total: Tally, count: int, seconds: float) -> None:
    end = "\r" if sys.stderr.isatty() else "\n"
    print(
        f"{total.total:,} of {count:,}, {len(total.faults)} faults, {seconds:.0f} s",
        end=end,
        file=sys.stderr,
        flush=True,
    )


def show(number: int, seed: int) -> Outcome:
    """Run one mutant, and print what was put to the program."""
    kind = trials.ORDER[number % len(trials.ORDER)]
    trials.SEARCH["seconds"] = SEARCH_SECONDS
    outcome = trials.run(number, seed, kind)
    for name, data in outcome.documents.items():
        text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else json.dumps(data)
        print(f"--- {name}\n{text}")
    print(f"--- {outcome.kind}: {outcome.verdict}, {outcome.seconds:.2f} s\n{outcome.detail}")
    return outcome


def update(table: str, count: int, seed: int) -> None:
    """Put a table into the page on trust."""
    text = PAGE.read_text(encoding="utf-8")
    command = f"`python tools/fuzz.py --count {count} --seed {seed}`"
    new = f"{command} says:\n\n{table}\n"
    PAGE.write_text(TABLE.sub(lambda _: new, text), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--only", type=int)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--write-seeds", action="store_true")
    options = parser.parse_args(arguments)
    if options.write_seeds:
        seeds.write()
        return 0
    if options.only is not None:
        return int(show(options.only, options.seed).verdict in FAULTS)
    total = run(options.count, options.seed, options.processes, time.monotonic() + 60 * options.minutes)
    table = total.table()
    print(table)
    if options.update:
        update(table, total.total, options.seed)
    for number, outcome in total.faults:
        print(fault(number, options.seed, outcome))
    return int(bool(total.faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
