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
    check_place,
    fail,
    force_option,
    memory_option,
    on_option,
    progress,
    report_bug,
    say_wrote,
    seed_option,
    timeout_option,
    width,
)
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
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Rows worked at at once [default: one a core, at most 8].",
)
@on_option
@click.option(
    "--store", metavar="FILE", help="Where finished rows are kept [default: SPEC's name with .sweep.sqlite]."
)
@click.option("--no-store", is_flag=True, help="Keep none: a run that is stopped starts anew.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, and nothing about the store.")
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

    store = _store(spec, options["store"], options["no_store"])
    try:
        _check_outputs(outputs, spec, store, force=options["force"])
        for output in outputs:
            form_of(Path(output))
        asked = _load(spec)
        for output in outputs:
            look_ahead(Path(output), asked)
        say = (lambda _: None) if options["quiet"] or store is None else _say
        say(f"finished rows are kept in {printable(str(store))}")
        with progress(options["quiet"]) as report:
            table = sweeps.sweep(
                asked,
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
        if table.reused:
            say(f"{table.reused} of {len(table)} rows were there already")
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

    return load_from(spec, lambda line: _say(f"{printable(spec)}: {printable(line)}"))


def _check_outputs(outputs: tuple[str, ...], spec: str, store: Path | None, *, force: bool) -> None:
    places = [Path(output).absolute() for output in outputs]
    if len(set(places)) < len(places):
        fail("two -o name the same file: leave one of them out")
    for output, place in zip(outputs, places, strict=True):
        if store is not None and store.absolute() == place:
            fail(f"{printable(output)}: is where the rows are kept: name another file for the table")
        check_new_place(output, [spec], force=force)


def _store(spec: str, named: str | None, none: bool) -> Path | None:
    if none:
        if named is not None:
            fail("--store FILE and --no-store exclude each other: leave one of them out")
        return None
    if named is None:
        return Path(f"{'stdin' if spec == '-' else Path(spec).stem}.sweep.sqlite")
    path = Path(named)
    check_place(path, [spec] if spec != "-" else [])
    return path


def _say(line: str) -> None:
    click.echo(line, err=True)


def _print(table: SweepTable, *, as_json: bool) -> None:
    if as_json:
        from zerograd.streams import printable_json
        from zerograd.sweeping.writing import json_lines

        for line in json_lines(table):
            click.echo(printable_json(line), nl=False)
        return
    from zerograd.show.say.sweep import sweep_text

    click.echo(sweep_text(table.sweep, table, width=width()), nl=False)
