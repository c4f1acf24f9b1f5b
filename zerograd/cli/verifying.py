"""`zerograd verify`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from zerograd.cli.common import DECIDED, NOT_AS_EXPECTED, UNKNOWN, fail, load, samples_option, work_option
from zerograd.streams import read_results

if TYPE_CHECKING:
    from zerograd.core.question.problem import Problem
    from zerograd.core.refuting.certificate import Certificate
    from zerograd.core.verdict.witness import Witness
    from zerograd.spec.read import IsAudit, IsSweep


@click.command()
@click.argument("spec")
@click.argument("result")
@samples_option
@work_option
@click.option("-q", "--quiet", is_flag=True, help="Only the exit code.")
def verify(spec: str, result: str, samples: int | str | None, work: int, quiet: bool) -> None:
    """Re-check the witness or certificate in RESULT against the problem in SPEC, with the trusted core alone.

    RESULT is what `solve`, `prove`, `atlas`, `sweep`, `audit`, `repair` or `levels` printed with `--json`,
    or `-o` wrote. A question's digest, which papers and results name, is printed beside. Exit codes:
    0 accepted, 1 refused, 2 unusable input, 3 nothing in it that can be checked (of a table: not all of it).
    """
    from zerograd.core.errors import NothingToCheck, Refused, ZerogradError
    from zerograd.core.numbers.work import budget
    from zerograd.spec.read import IsAudit, IsSweep

    if spec == result == "-":
        fail("SPEC and RESULT cannot both be standard input: name a file for one of them")

    say = (lambda _: None) if quiet else click.echo
    try:
        with budget(work):
            try:
                problem = load(spec, samples)
            except IsSweep as asked:
                code, lines = _verified_sweep(asked, read_results(result))
            except IsAudit as audited:
                code, lines = _verified_audit(audited, read_results(result))
            else:
                code, lines = _verified(problem, read_results(result))
                lines.append(f"question: {problem.digest}")
    except Refused as refusal:
        for line in refusal.lines:
            say(f"refused: {line}")
        if refusal.violations[0].entry == "problem":
            say("It answers another question; one asked with --samples N is verified with --samples N.")
        sys.exit(NOT_AS_EXPECTED)
    except NothingToCheck as nothing:
        say(f"unknown: {nothing}")
        sys.exit(UNKNOWN)
    except ZerogradError as error:
        fail(str(error))
    for line in lines:
        say(line)
    sys.exit(code)


def _verified_sweep(asked: IsSweep, documents: Sequence[Any]) -> tuple[int, list[str]]:
    """Check the document of a sweep; return the exit code, and what was accepted."""
    from zerograd.core.verdict.row import accepted_rows_line
    from zerograd.core.verdict.sweep import check_sweep
    from zerograd.spec.sweep import of_document

    sweep = of_document(asked.document, asked.name, asked.folder)
    rows = check_sweep(sweep, documents[0] if len(documents) == 1 else None)
    return DECIDED if all(row.proved for row in rows) else UNKNOWN, [accepted_rows_line("a sweep", rows)]


def _verified_audit(audited: IsAudit, documents: Sequence[Any]) -> tuple[int, list[str]]:
    """Check the document of an audit, or of repairs; return the exit code, and what was accepted."""
    from zerograd.core.errors import FormatError, Refused, Violation
    from zerograd.core.whole import check_whole, is_audited
    from zerograd.spec.audit import of_document

    problem, claims = of_document(audited.document, audited.name, audited.folder)
    if len(documents) != 1 or not is_audited(documents[0]):
        raise FormatError("not the document of an audit or of repairs, which are what a file with claims has")
    accepted = check_whole(problem, documents[0])
    if accepted.content.claims != claims:
        raise Refused([Violation("claims", "those of the file", "others")])
    return DECIDED if accepted.proved else UNKNOWN, [accepted.line]


def _verified(problem: Problem, documents: Sequence[Any]) -> tuple[int, list[str]]:
    """Check results; return the exit code, and what was accepted. Raises what `check_result` does."""
    from zerograd.core.verdict.checking import accepted_line, claimed_digest
    from zerograd.core.whole import check_whole, is_whole

    if len(documents) == 1 and is_whole(documents[0]):
        accepted = check_whole(problem, documents[0])
        return DECIDED if accepted.proved else UNKNOWN, [accepted.line]
    # Of the results of several problems, those that claim to answer this one; several with `--count`.
    claiming = [document for document in documents if claimed_digest(document) == problem.digest]
    answers = [
        _checked(problem, document, number if len(claiming) > 1 else None)
        for number, document in enumerate(claiming or documents[:1] or [None], start=1)
    ]
    return DECIDED, [accepted_line(problem, evidence) for evidence in answers]


def _checked(problem: Problem, document: object, number: int | None) -> Witness | Certificate:
    """Check a result; a refusal says which of several it is about."""
    from zerograd.core.errors import Refused, TooMuchWork, Violation
    from zerograd.core.verdict.checking import check_result

    try:
        return check_result(problem, document)
    except TooMuchWork:
        raise
    except Refused as refusal:
        if number is None:
            raise
        raise Refused(
            Violation(f"result {number}: {v.entry}", v.expected, v.found) for v in refusal.violations
        ) from None
