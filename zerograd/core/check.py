"""The checker: is this the answer to this problem? Exactly, and with the standard library alone.

    python -m zerograd.core.check PROBLEM.json RESULT.json

Witnesses are for `zerograd.core.verdict.existence`, certificates for `zerograd.core.refuting.refutation`,
and atlases, many results in one document, for `zerograd.core.verdict.atlas`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from zerograd.core.errors import FormatError, NothingToCheck, ProblemError, Refused
from zerograd.core.question.documents import problem_from_json, read_json
from zerograd.core.verdict.atlas import accepted_atlas_line, check_atlas
from zerograd.core.verdict.checking import accepted_line, check_result, is_atlas


def main(arguments: Sequence[str]) -> int:
    """Exit code 0: accepted; 1: refused; 2: unusable input; 3: nothing that could be checked."""
    if len(arguments) != 2:
        print("usage: python -m zerograd.core.check PROBLEM.json RESULT.json", file=sys.stderr)
        return 2
    # Messages name α and ∂L: a terminal without them shows escapes, and keeps the exit code.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        problem = problem_from_json(read_json(Path(arguments[0])))
        document = read_json(Path(arguments[1]))
        if is_atlas(document):
            rows = check_atlas(problem, document)
            print(accepted_atlas_line(rows))
            return 0 if all(row.proved for row in rows) else 3
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
