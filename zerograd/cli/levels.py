"""`zerograd levels`."""

from __future__ import annotations

import sys

import click

from zerograd.cli.common import (
    DECIDED,
    UNKNOWN,
    beside_option,
    check_new_place,
    fail_at,
    force_option,
    load,
    progress,
    put,
    timeout_option,
    width,
)


@click.command()
@click.argument("spec")
@click.option("--json", "as_json", is_flag=True, help="Print the document, with points and proof.")
@beside_option("the document")
@force_option
@timeout_option()
@click.option("-q", "--quiet", is_flag=True, help="Print a sentence alone.")
def levels(spec: str, *, as_json: bool, output: str | None, force: bool, timeout: float, quiet: bool) -> None:
    """Find all losses that critical points have, for given data.

    SPEC ('-' is standard input) is a problem with one hidden layer of ReLU units and one output, in which
    all of x and y is given, and nothing is asked:

    \b
    network: [2, 2, 1]
    samples: 4
    given: {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0]}

    Off the kinks there are finitely many, all rational. Each comes with a local minimum that has it, all of
    them with a proof that there are no others.

    Exit codes: 0 all are found, 2 unusable input, 3 there may be others, 130 interrupted.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.levels import levels as find
    from zerograd.show.say.levels import levels_text, summary

    check_new_place(output, [spec], force=force)
    try:
        with progress(quiet) as report:
            problem = load(spec, None)
            found = find(problem, timeout=timeout, progress=None if report is None else report)
    except ZerogradError as error:
        fail_at(spec, error)
    shown = summary(found.found) if quiet else levels_text(found.found, width=width())
    put(found.to_json(), shown, as_json=as_json, output=output)
    sys.exit(DECIDED if found.complete else UNKNOWN)
