"""The checker: is this the answer to this problem? Exactly, and with the standard library alone.

    python -m zerograd.core.check [--work N] PROBLEM.json RESULT.json

Witnesses are for `zerograd.core.verdict.existence`, certificates for `zerograd.core.refuting.refutation`,
documents that say more than one answer for what `zerograd.core.whole` lists.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from zerograd.core.errors import FormatError, NothingToCheck, ProblemError, Refused
from zerograd.core.numbers.work import DEFAULT, budget
from zerograd.core.question.documents import problem_from_json, read_json
from zerograd.core.verdict.checking import accepted_line, check_result
from zerograd.core.verdict.row import accepted_rows_line
from zerograd.core.verdict.sweep import carried_sweep, check_sweep, is_sweep
from zerograd.core.whole import check_whole, is_whole


def main(arguments: Sequence[str]) -> int:
    """Exit code 0: accepted; 1: refused; 2: unusable input; 3: nothing that could be checked."""
    try:
        options = _options().parse_args(arguments)
    except SystemExit as ended:  # after --help, or a usage error
        return int(ended.code or 0)
    # Messages name α and ∂L: a terminal without them shows escapes, and keeps the exit code.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with budget(options.work):
            if options.result is None:
                return _checked_sweep(read_json(Path(options.problem)))
            problem = problem_from_json(read_json(Path(options.problem)))
            document = read_json(Path(options.result))
            if is_whole(document):
                accepted = check_whole(problem, document)
                print(accepted.line)
                return 0 if accepted.proved else 3
            line = accepted_line(problem, check_result(problem, document))
    except Refused as refusal:
        print(f"refused: {refusal}")
        return 1
    except NothingToCheck as nothing:
        print(f"unknown: {nothing}")
        return 3
    except (FormatError, ProblemError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(line)
    return 0


def _checked_sweep(document: object) -> int:
    """Check every row of a sweep's document by the question that it carries; return the exit code."""
    if not is_sweep(document):
        raise FormatError("a result is checked with its problem: name both files, the problem first")
    rows = check_sweep(carried_sweep(document), document)
    print(accepted_rows_line("a sweep", rows))
    print("Each row answers the question that it carries; `zerograd verify SWEEP.yaml` derives these.")
    return 0 if all(row.proved for row in rows) else 3


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m zerograd.core.check",
        usage="python -m zerograd.core.check [--work N] PROBLEM.json RESULT.json\n"
        "       python -m zerograd.core.check [--work N] SWEEP.json",
        description="Check a result, with the standard library alone.",
    )
    parser.add_argument("problem", metavar="PROBLEM.json")
    parser.add_argument("result", metavar="RESULT.json", nargs="?")
    parser.add_argument(
        "--work",
        metavar="N",
        type=_units,
        default=DEFAULT,
        help=f"refuse what takes more work than this, in units of about a microsecond (default: {DEFAULT:,})",
    )
    return parser


def _units(text: str) -> int:
    """Raises ValueError, which argparse words, for anything but a whole number above 0."""
    units = int(text)
    if units < 1:
        raise ValueError
    return units


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    except Exception:  # a crash must not look like a verdict
        traceback.print_exc()
        code = 70
    sys.exit(code)
