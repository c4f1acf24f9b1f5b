"""`zerograd watch`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zerograd.cli.common import (
    BAD_INPUT,
    beside_option,
    check_new_place,
    check_two_places,
    color,
    fail,
    force_option,
    say_wrote,
    width,
)
from zerograd.core.near import nearest
from zerograd.extras import install
from zerograd.streams import printable, to_json_text, write_whole

if TYPE_CHECKING:
    from zerograd.report import Report


class _Command(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            near = nearest(error.option_name, error.possibilities or [])
            meant = f" Did you mean {near[0]}?" if near else ""
            hint = "If it is the script's own, put it after --: zerograd watch SCRIPT -- ARGS…"
            raise click.UsageError(f"{error.message}{meant} {hint}", ctx) from None


@click.command(cls=_Command)
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS…]")
@click.option(
    "--steps",
    type=click.IntRange(1),
    metavar="N",
    help="Watch N optimiser steps, report, and end the script there [default: the first 10, going on].",
)
@click.option("--go-on", is_flag=True, help="With --steps: report after them, and let the script go on.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="Time limit for each step's entries that float64 error bounds leave undecided.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Report as JSON; what the script prints goes to standard error."
)
@beside_option("the report, anew after each step,")
@click.option("--html", metavar="FILE", help="Write the report as a page, too.")
@force_option
@click.pass_obj
def watch(
    restore: Callable[[], None] | None,
    *,
    script: str,
    arguments: tuple[str, ...],
    steps: int | None,
    go_on: bool,
    seconds: float,
    as_json: bool,
    output: str | None,
    html: str | None,
    force: bool,
) -> None:
    """Run SCRIPT as `python SCRIPT ARGS…` does, and explain its PyTorch training steps.

    Why are gradients zero, and why does the optimiser not move the parameters? Modules and optimisers are
    found as the script uses them. The report comes after N steps, at the end, at an exception, or at Ctrl-C.

    Exit codes: the script's own if it fails, otherwise 0 if everything is decided, 3 if not; 2 unusable
    input, 70 a bug was caught, 130 interrupted.
    """
    from importlib.util import find_spec

    from zerograd.core.errors import ZerogradError
    from zerograd.running.script import read_script
    from zerograd.running.session import Plan, Session
    from zerograd.running.streams import Output

    if go_on and steps is None:
        fail("--go-on goes with --steps N; without it the script goes on after the first 10 steps anyway")
    check_two_places(output, html)
    for place in (output, html):
        if place is not None and _is_same_file(place, script):
            fail(f"{printable(place)}: is the script itself: name another file for the report")
        check_new_place(place, [], force=force)
    try:
        read = read_script(script)
    except ZerogradError as error:
        fail(str(error))
    except SyntaxError as error:
        error.__traceback__ = None
        sys.excepthook(SyntaxError, error, None)
        sys.exit(BAD_INPUT)
    if sys.modules.get("torch", sys) is None or not find_spec("torch"):
        fail(f"watching needs PyTorch, which is not installed: {install('torch')}")
    kept = Kept(output, html, aside=as_json)
    written = _as_json if as_json else _as_text(width(), color(), kept)
    plan = Plan(steps, go_on, seconds, written, kept.keep, kept.finish)
    if restore is not None:
        restore()
    status = Session(plan, Output(aside=as_json)).run(read, arguments)
    sys.exit(status or (BAD_INPUT if kept.failed else 0))


class Kept:
    """The files that the report is kept in, and whether one could not be written."""

    def __init__(self, document: str | None, page: str | None, *, aside: bool) -> None:
        self._document, self._page = document, page
        self._places = {name: Path(name).absolute() for name in (document, page) if name is not None}
        self._aside = aside
        self.failed = False
        self.written: list[str] = []

    def keep(self, report: Report) -> None:
        if self._document is not None:
            self._write(self._document, json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n")

    def finish(self, report: Report) -> None:
        self.written.clear()
        self.keep(report)
        if self._page is not None:
            self._write(self._page, report.to_html())
        for name in self.written if self._aside else ():
            say_wrote(name, aside=True)

    def _write(self, name: str, text: str) -> None:
        """Write a file whole. Where that fails it is said once: the script goes on."""
        path = self._places[name]
        try:
            write_whole(path, text)
            self.written.append(name)
        except OSError as error:
            if not self.failed:
                click.echo(
                    f"error: {printable(str(path))}: cannot be written: {error.strerror or error}", err=True
                )
            self.failed = True


def _as_json(report: Report) -> str:
    return to_json_text(report.to_json(), indent=2) + "\n"


def _as_text(width: int, color: bool, kept: Kept) -> Callable[[Report], str]:
    def written(report: Report) -> str:
        from zerograd.show.explanation.rendering import explanation_text

        text = explanation_text(report.explanation, width=width, color=color)
        return text + "".join(f"wrote {printable(name)}\n" for name in kept.written)

    return written


def _is_same_file(place: str, script: str) -> bool:
    return Path(script).is_file() and Path(place).exists() and Path(place).samefile(script)
