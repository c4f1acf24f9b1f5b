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
    check_place,
    fail,
    load,
    memory_option,
    on_option,
    progress,
    report_bug,
    seed_option,
    target_options,
    timeout_option,
    width,
)
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
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Rows worked at at once [default: one a core, at most 8].",
)
@on_option
@click.option(
    "--store", metavar="FILE", help="Where finished rows are kept [default: SPEC's name with .atlas.sqlite]."
)
@click.option("--no-store", is_flag=True, help="Keep none: a run that is stopped starts anew.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, and nothing about the store.")
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

    store = _store(spec, options["store"], options["no_store"])
    if store is not None and target.output is not None and store.absolute() == Path(target.output).absolute():
        fail(f"{printable(target.output)}: is where the rows are kept: name another file for the atlas")
    try:
        problem = load(spec, None)
    except ZerogradError as error:
        fail(str(error))
    say = (lambda _: None) if options["quiet"] or store is None else _say
    say(f"finished rows are kept in {printable(str(store))}")
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
                cluster=(lambda _: None) if options["quiet"] else _say,
                progress=report,
                notice=_say,
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
        say(f"{made.reused} of {len(made.rows)} rows were there already")
    target.put(_written(made, target.form), summary(made.rows))
    sys.exit(DECIDED if made.decided else UNKNOWN)


def _store(spec: str, named: str | None, none: bool) -> Path | None:
    if none:
        if named is not None:
            fail("--store FILE and --no-store exclude each other: leave one of them out")
        return None
    if named is None:
        return Path(f"{'stdin' if spec == '-' else Path(spec).stem}.atlas.sqlite")
    path = Path(named)
    check_place(path, [spec] if spec != "-" else [])
    return path


def _say(line: str) -> None:
    click.echo(line, err=True)


def _written(atlas: Atlas, form: str) -> str:
    if form == "text":
        from zerograd.show.say.atlas import atlas_text

        return atlas_text(atlas.problem, atlas.rows, width=width())
    from zerograd.exports import export

    return export(atlas, cast("Form", form))
