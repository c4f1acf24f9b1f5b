"""`zerograd atlas`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from zerograd.cli.common import (
    BAD_INPUT,
    BUG,
    DECIDED,
    UNKNOWN,
    Target,
    fail,
    load,
    memory_option,
    progress,
    report_bug,
    seed_option,
    target_options,
    timeout_option,
    width,
)
from zerograd.cli.rows import row_options, say, store_of
from zerograd.streams import printable

if TYPE_CHECKING:
    from zerograd.atlas_table import Atlas
    from zerograd.exports import Form

FORMS = ("text", "markdown", "latex", "json")


@click.command()
@click.argument("spec")
@target_options(FORMS, "How the table is written. json has all witnesses and certificates.")
@timeout_option("For each row.")
@seed_option
@memory_option
@row_options("atlas")
def atlas(spec: str, target: Target, **options: Any) -> None:
    """Which patterns of vanishing gradients are possible, and with how many samples at least?

    Each parameter that the query of the problem in SPEC ('-' is standard input) names, or each there is if it
    names none, is once asked to have zero gradients only, once to have none: a row for each combination. What
    else the problem says is kept.

    Finished rows are kept in a file in this folder, re-checked when they are read back: a run that was
    stopped, however that happened, goes on where it was.

    Exit codes: 0 all rows decided, 2 unusable input, 3 some are not, 70 a bug was caught, 130 interrupted.
    """
    from zerograd import atlases
    from zerograd.core.errors import ProblemError, ZerogradError
    from zerograd.show.say.atlas import summary
    from zerograd.store import StoreError
    from zerograd.sweeping.cluster import ClusterError
    from zerograd.sweeping.tasks import RowFailed

    store = store_of("atlas", spec, options["store"], options["no_store"])
    if store is not None and target.output is not None and store.absolute() == Path(target.output).absolute():
        fail(f"{printable(target.output)}: is where the rows are kept: name another file for the atlas")
    try:
        problem = load(spec, None)
    except ZerogradError as error:
        fail(str(error))
    note = (lambda _: None) if options["quiet"] or store is None else say
    note(f"finished rows are kept in {printable(str(store))}")
    try:
        with progress(options["quiet"]) as report:
            made = atlases.atlas(
                problem,
                timeout=options["timeout"],
                seed=options["seed"],
                memory=options["memory"],
                store=store,
                jobs=options["jobs"],
                on=options["on"],
                cluster=(lambda _: None) if options["quiet"] else say,
                progress=report,
                notice=say,
            )
    except RowFailed as failed:
        report_bug(failed.problem, failed.error, options["seed"])
        sys.exit(BUG)
    except ProblemError as error:
        fail("\n".join(f"{printable(spec)}: error: {issue}" for issue in error.issues))
    except (StoreError, ClusterError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(BAD_INPUT)
    if made.reused:
        note(f"{made.reused} of {len(made.rows)} rows were there already")
    target.put(_written(made, target.form), summary(made.rows))
    sys.exit(DECIDED if made.decided else UNKNOWN)


def _written(atlas: Atlas, form: str) -> str:
    if form == "text":
        from zerograd.show.say.atlas import atlas_text

        return atlas_text(atlas.problem, atlas.rows, width=width())
    from zerograd.exports import export

    return export(atlas, cast("Form", form))
