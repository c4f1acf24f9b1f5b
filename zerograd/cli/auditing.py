"""`zerograd audit`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import click

from zerograd.cli.common import (
    DECIDED,
    NOT_AS_EXPECTED,
    UNKNOWN,
    beside_option,
    check_new_place,
    fail,
    fail_at,
    force_option,
    progress,
    put,
    seed_option,
    timeout_option,
    width,
    work_option,
)
from zerograd.cli.rows import say
from zerograd.streams import printable

if TYPE_CHECKING:
    from zerograd.exports import Form

FORMS = ("text", "markdown", "latex", "html", "json")


@click.command()
@click.argument("spec")
@click.option(
    "--to", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How it is printed."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --to json: the document, with all values.")
@beside_option("the document")
@force_option
@timeout_option("For each claim, where not everything is given.", "10s")
@seed_option
@work_option
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone.")
def audit(
    spec: str,
    *,
    form: str,
    as_json: bool,
    output: str | None,
    force: bool,
    timeout: float,
    seed: int,
    work: int,
    quiet: bool,
) -> None:
    """Hold what a text claims of an example against what is so, exactly.

    SPEC ('-' is standard input) is a problem with the numbers of the example, and claims:

    \b
    network: [1, 1, 1]
    samples: 2
    given: {x: [1, 2], y: [0, 1], w1: 1, b1: 0, w2: 1/2, b2: 0}
    claims:
      - loss == 1/8
      - grad(w2) ~ 0.50
      - {after_step: 1/10, y_hat: [0.45, 0.9]}

    `==` is exact; `~` compares the digits that are printed. Where a sample is on a kink, claims are judged
    under each convention for the derivative there. Where not everything is given, a claim is right if it
    holds for all numbers that fit the file, wrong if for none, else open. With `rounded: 2` (or `true`) the
    numbers with digits behind the point are roundings: is there an exact example that rounds to them?

    Exit codes: 0 every claim is right (perhaps up to rounding), 1 one is wrong, 2 unusable input, 3 one is
    open or undecided, 130 interrupted.
    """
    from zerograd.auditing import judge
    from zerograd.core.errors import ZerogradError
    from zerograd.core.numbers.work import budget
    from zerograd.exports import export
    from zerograd.show.say.audit import audit_text, verdict
    from zerograd.spec.audit import load_from

    if as_json and form not in ("text", "json"):
        fail(f"--json and --to {form} contradict each other: give one of them")
    check_new_place(output, [spec], force=force)
    try:
        with budget(work), progress(quiet) as report:
            problem, claims = load_from(spec, lambda line: say(f"{printable(spec)}: {printable(line)}"))
            result = judge(problem, claims, timeout=timeout, seed=seed, progress=report)
    except ZerogradError as error:
        fail_at(spec, error)
    if form in ("text", "json"):
        shown = verdict(result.judged) if quiet else audit_text(result.judged, width=width())
    else:
        shown = export(result, cast("Form", form))
    put(result.to_json(), shown, as_json=as_json or form == "json", output=output)
    sys.exit(NOT_AS_EXPECTED if result.wrong else DECIDED if result.decided else UNKNOWN)
