"""`zerograd sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zerograd.cli.common import (
    BUG,
    DECIDED,
    UNKNOWN,
    check_new_place,
    fail,
    force_option,
    memory_option,
    progress,
    report_bug,
    say_wrote,
    seed_option,
    timeout_option,
    width,
)
from zerograd.cli.rows import row_options, say, store_of
from zerograd.streams import printable

if TYPE_CHECKING:
    from zerograd.core.question.sweeps import Sweep
    from zerograd.sweeping.table import SweepTable


@click.command()
@click.argument("spec")
@click.option("--json", "as_json", is_flag=True, help="Print the document, with all evidence, not the table.")
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    help="Write to FILE too, in the form of its ending: .csv, .json, .parquet, .md, .tex; of .svg, .png and "
    ".pdf a heat map. May be given several times.",
)
@force_option
@timeout_option("For each row.")
@seed_option
@memory_option
@row_options("sweep")
def sweep(spec: str, as_json: bool, outputs: tuple[str, ...], **options: Any) -> None:
    """Answer a question with parameters for all combinations of their values, as one table.

    SPEC ('-' is standard input) has the values under `sweep` and the question under `problem`, in which a
    name after a dollar stands for a value:

    \b
    sweep: {H: {from: 1, to: 4}, kink: [torch, right]}
    problem:
      network: [1, $H, 1]
      samples: fewest
      derivative_at_kink: $kink
      zero: [w2, b2]

    Finished rows are kept in a file in this folder, re-checked when they are read back: a run that was
    stopped, however that happened, goes on where it was, and so does one whose values have become more.

    Exit codes: 0 all rows decided, 2 unusable input, 3 some are not, 70 a bug was caught, 130 interrupted.
    """
    from zerograd import sweeps
    from zerograd.core.errors import ZerogradError
    from zerograd.sweeping.tasks import RowFailed
    from zerograd.sweeping.writing import form_of, look_ahead

    store = store_of("sweep", spec, options["store"], options["no_store"])
    try:
        _check_outputs(outputs, spec, store, force=options["force"])
        for output in outputs:
            form_of(Path(output))
        asked = _load(spec)
        for output in outputs:
            look_ahead(Path(output), asked)
        note = (lambda _: None) if options["quiet"] or store is None else say
        note(f"finished rows are kept in {printable(str(store))}")
        with progress(options["quiet"]) as report:
            table = sweeps.sweep(
                asked,
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
        if table.reused:
            note(f"{table.reused} of {len(table)} rows were there already")
        _print(table, as_json=as_json)
        for output in outputs:
            table.save(output)
            say_wrote(output, aside=as_json)
    except RowFailed as failed:
        report_bug(failed.problem, failed.error, options["seed"])
        sys.exit(BUG)
    except ZerogradError as error:
        fail(str(error))
    sys.exit(DECIDED if table.decided else UNKNOWN)


def _load(spec: str) -> Sweep:
    from zerograd.spec.sweep import load_from

    return load_from(spec, lambda line: say(f"{printable(spec)}: {printable(line)}"))


def _check_outputs(outputs: tuple[str, ...], spec: str, store: Path | None, *, force: bool) -> None:
    places = [Path(output).absolute() for output in outputs]
    if len(set(places)) < len(places):
        fail("two -o name the same file: leave one of them out")
    for output, place in zip(outputs, places, strict=True):
        if store is not None and store.absolute() == place:
            fail(f"{printable(output)}: is where the rows are kept: name another file for the table")
        check_new_place(output, [spec], force=force)


def _print(table: SweepTable, *, as_json: bool) -> None:
    if as_json:
        from zerograd.streams import printable_json
        from zerograd.sweeping.writing import json_lines

        for line in json_lines(table):
            click.echo(printable_json(line), nl=False)
        return
    from zerograd.show.say.sweep import sweep_text

    click.echo(sweep_text(table.sweep, table, width=width()), nl=False)
