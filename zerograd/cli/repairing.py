"""`zerograd repair`."""

from __future__ import annotations

import sys

import click

from zerograd.cli import INTERRUPTED
from zerograd.cli.common import (
    DECIDED,
    NOT_AS_EXPECTED,
    UNKNOWN,
    beside_option,
    check_new_place,
    fail_at,
    force_option,
    progress,
    put,
    timeout_option,
    width,
)
from zerograd.cli.rows import say
from zerograd.streams import printable


@click.command()
@click.argument("spec")
@click.option(
    "--changes",
    type=click.IntRange(1, 4),
    default=2,
    show_default=True,
    metavar="K",
    help="Change up to K given values together.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the document.")
@beside_option("the document")
@force_option
@timeout_option()
@click.option("-q", "--quiet", is_flag=True, help="Print a sentence alone.")
def repair(
    spec: str, *, changes: int, as_json: bool, output: str | None, force: bool, timeout: float, quiet: bool
) -> None:
    """Find how an example should read whose claims are wrong.

    SPEC ('-' is standard input) is a file for `zerograd audit`. Two things are looked for: the fewest given
    values that have to change so that no claim is wrong; and, if the values are as they should be, the first
    printed number that does not follow from those before it.

    Exit codes: 0 no claim is wrong, or there is a repair; 1 none helps that changes up to K values, proved;
    2 unusable input; 3 that is open; 130 interrupted, after printing what was found.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.repairs import find_repair
    from zerograd.show.say.repair import repair_text, verdict
    from zerograd.spec.audit import load_from

    check_new_place(output, [spec], force=force)
    try:
        with progress(quiet) as report:
            problem, claims = load_from(spec, lambda line: say(f"{printable(spec)}: {printable(line)}"))
            result = find_repair(problem, claims, changes, timeout, report, keep=True)
    except ZerogradError as error:
        fail_at(spec, error)
    shown = verdict(result.repairs) if quiet else repair_text(result.repairs, width=width())
    put(result.to_json(), shown, as_json=as_json, output=output)
    if result.interrupted:
        sys.exit(INTERRUPTED)
    if result.found or not result.wrong:
        sys.exit(DECIDED)
    sys.exit(NOT_AS_EXPECTED if result.complete else UNKNOWN)
