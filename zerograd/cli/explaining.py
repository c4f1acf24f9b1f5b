"""`zerograd explain`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from zerograd.cli.common import DECIDED, UNKNOWN, fail


@click.command()
@click.argument("spec")
@click.option("--data", metavar="FILE.npz", help="Arrays for the model's inputs, and targets y.")
@click.option("--loss", metavar="NAME", help="What the model's output is compared by, such as mse.")
@click.option("--output", "result", metavar="NAME", help="The output that the loss reads, of several.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
def explain(spec: str, data: str | None, loss: str | None, result: str | None, as_json: bool) -> None:
    """Explain why gradients are zero in a model file with data."""
    from zerograd.core.errors import ZerogradError
    from zerograd.report import Report
    from zerograd.streams import to_json_text
    from zerograd.watching import explain_model

    if data is None or loss is None:
        fail(f"{spec}: a model file needs --data FILE.npz and --loss NAME")
    try:
        report: Report = explain_model(Path(spec), Path(data), loss, output=result)
    except ZerogradError as error:
        fail(str(error))
    click.echo(to_json_text(report.to_json()) if as_json else str(report))
    open_entries = any(
        row.entries.undecided or row.entries.observed for row in report.explanation.last.parameters.values()
    )
    sys.exit(UNKNOWN if open_entries else DECIDED)
