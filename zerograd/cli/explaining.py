"""`zerograd explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zerograd.cli.common import (
    BAD_INPUT,
    DECIDED,
    UNKNOWN,
    check_new_place,
    color,
    fail,
    force_option,
    output_option,
    width,
)
from zerograd.cli.watching import Kept
from zerograd.streams import printable, to_json_text

if TYPE_CHECKING:
    from zerograd.report import Report

_MODELS = (".onnx",)


@click.command()
@click.argument("spec", metavar="MODEL.onnx")
@click.option("--data", metavar="FILE.npz", help="Arrays by the names of the model's inputs, and targets y.")
@click.option(
    "--loss", metavar="NAME", help="By what outputs are compared with targets: mse, cross_entropy, …"
)
@click.option(
    "--output-name", metavar="NAME", help="The output that the loss reads, if the model has several."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="On gradient entries that float64 with error bounds leaves open.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@output_option
@click.option("--html", metavar="FILE", help="Write the report as a page, too.")
@force_option
def explain(
    *,
    spec: str,
    data: str | None,
    loss: str | None,
    output_name: str | None,
    seconds: float,
    as_json: bool,
    output: str | None,
    html: str | None,
    force: bool,
) -> None:
    """Explain why gradients of a model file's parameters are zero, for these data and this loss.

    Exit codes: 0 all decided, 3 something is not, 2 unusable input, 70 a bug was caught, 130 interrupted.
    """
    from zerograd.core.errors import ZerogradError

    if Path(spec).suffix.lower() not in _MODELS:
        fail(f"{printable(spec)}: error: is no model file: its name should end with .onnx")
    for place in (output, html):
        check_new_place(place, [spec, data or "-"], force=force)
    try:
        report = _of_model(spec, data, loss, output_name, seconds)
    except ZerogradError as error:
        fail(printable(str(error)))
    kept = Kept(*(Path(name).absolute() if name is not None else None for name in (output, html)))
    kept.finish(report)
    click.echo(_text(report, as_json), nl=False)
    sys.exit(BAD_INPUT if kept.failed else DECIDED if report.decided else UNKNOWN)


def _of_model(spec: str, data: str | None, loss: str | None, output: str | None, seconds: float) -> Report:
    from zerograd.watching import explain_model

    if data is None or loss is None:
        missing = " and ".join(
            option for option, value in (("--data FILE.npz", data), ("--loss NAME", loss)) if value is None
        )
        fail(f"{printable(spec)}: error: a model file is explained for data and a loss: add {missing}")
    return explain_model(spec, data, loss, output=output, seconds=seconds)


def _text(report: Report, as_json: bool) -> str:
    if as_json:
        return to_json_text(report.to_json(), indent=2) + "\n"
    from zerograd.show.explanation import explanation_text

    return explanation_text(report.explanation, width=width(), color=color())
