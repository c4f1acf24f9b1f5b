"""What the commands have in common that answer rows and keep them: `sweep` and `atlas`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from zerograd.cli.common import Command, check_place, fail


def row_options(kind: str) -> Callable[[Command], Command]:
    """Add ``--jobs``, ``--on``, ``--store``, ``--no-store`` and ``--quiet``.

    Args:
        kind: ``sweep`` or ``atlas``, as in the names of files in which rows are kept.
    """
    options = (
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            metavar="N",
            help="Rows worked at at once [default: one a core, at most 8].",
        ),
        click.option(
            "--on",
            metavar="WHERE",
            help="Answer rows on a Dask cluster: dask starts one on this machine; or the address of a "
            "scheduler, such as tcp://host:8786.",
        ),
        click.option(
            "--store",
            metavar="FILE",
            help=f"Where finished rows are kept [default: SPEC's name with .{kind}.sqlite].",
        ),
        click.option("--no-store", is_flag=True, help="Keep none: a run that is stopped starts anew."),
        click.option("-q", "--quiet", is_flag=True, help="No progress, and nothing about the store."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def store_of(kind: str, spec: str, named: str | None, none: bool) -> Path | None:
    """Return where rows are kept; None for ``--no-store``."""
    if none:
        if named is not None:
            fail("--store FILE and --no-store exclude each other: leave one of them out")
        return None
    if named is None:
        return Path(f"{'stdin' if spec == '-' else Path(spec).stem}.{kind}.sqlite")
    path = Path(named)
    check_place(path, [spec] if spec != "-" else [])
    return path


def say(line: str) -> None:
    """Print a line beside the output."""
    click.echo(line, err=True)
