"""`zerograd explain`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zerograd.cli.common import (
    BAD_INPUT,
    DECIDED,
    SEVERITY,
    UNKNOWN,
    check_new_place,
    color,
    fail,
    load,
    save,
    width,
)
from zerograd.streams import printable, to_json_text

if TYPE_CHECKING:
    from zerograd.report import Report

_PICKLES = (b"\x80", b"PK\x03\x04")
"""How files begin that Python would unpickle: pickles, and the archives that torch.save writes."""
_PICKLED = ("pt", "pth", "pkl", "pickle", "ckpt", "bin")


@click.command()
@click.argument("specs", metavar="FILE...", nargs=-1, required=True)
@click.option("--data", metavar="FILE.npz", help="With a model: the arrays of its inputs and its targets.")
@click.option("--loss", metavar="NAME", help="With a model: the loss, as mse.")
@click.option("--json", "as_json", is_flag=True, help="Print explanations as JSON, one object per line.")
@click.option("-o", "--output", metavar="FILE", help="Write the explanations to FILE, as JSON, too.")
@click.option("--html", metavar="FILE", help="Write the explanation as a page, too; of one FILE.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone.")
def explain(
    specs: tuple[str, ...],
    data: str | None,
    loss: str | None,
    *,
    as_json: bool,
    output: str | None,
    html: str | None,
    force: bool,
    quiet: bool,
) -> None:
    """Explain which gradients are zero, and why, in FILE... ('-' is standard input).

    A FILE is a problem in which every number is given, a result of `solve --json` that has a witness, or an
    ONNX model, with --data and --loss. Nothing is searched for: it is a calculation, in exact numbers.

    Exit codes: 0 explained, 2 unusable input, 3 something is not decided.
    """
    from zerograd.core.errors import ZerogradError

    if html is not None and len(specs) > 1:
        fail("--html writes one page: name one file")
    for place in (output, html):
        check_new_place(place, specs, force=force)
    codes, documents = [], []
    for number, spec in enumerate(specs):
        try:
            report = _report(spec, data, loss)
        except ZerogradError as error:
            message = str(error)
            click.echo(message if "error:" in message else f"{printable(spec)}: error: {message}", err=True)
            codes.append(BAD_INPUT)
            continue
        codes.append(DECIDED if report.decided else UNKNOWN)
        if len(specs) > 1 and not as_json:
            click.echo(("\n" if number else "") + f"{printable(spec)}:")
        _show(report, as_json=as_json, quiet=quiet)
        documents.append(json.dumps(report.to_json(), ensure_ascii=False))
        if html is not None:
            save(Path(html), report.to_html())
    if output is not None and documents:
        save(Path(output), "".join(document + "\n" for document in documents))
    sys.exit(max(codes, key=SEVERITY.index))


def _show(report: Report, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(to_json_text(report.to_json()))
    elif quiet:
        click.echo(report.verdict)
    else:
        from zerograd.show.explanation import explanation_text

        click.echo(explanation_text(report.explanation, width=width(), color=color()), nl=False)


def _report(spec: str, data: str | None, loss: str | None) -> Report:
    """Explain what a file is: a model, a result, or a problem.

    Raises:
        ZerogradError: it is none of them, or has not all that is needed.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.problem_report import report_of

    start = _first_bytes(spec)
    if is_model(spec, start):
        return explain_model(spec, data, loss)
    if start.startswith(_PICKLES) or spec.lower().rpartition(".")[2] in _PICKLED:
        raise ZerogradError(
            "is a pickle, which would run whatever code is in it, and is never read; export the model with "
            "torch.onnx.export and explain MODEL.onnx, or save its state_dict with safetensors and write a "
            "problem file beside it (given: {from: weights.safetensors})"
        )
    if data is not None or loss is not None:
        raise ZerogradError("is a problem, which has its own data and loss: leave out --data and --loss")
    if start.lstrip().startswith(b"{") and b'"zerograd.' in start:
        return _of_results(spec)
    return report_of(load(spec, None))


def _first_bytes(spec: str) -> bytes:
    """Return how a file begins; nothing of standard input, or of what cannot be read (`load` says why)."""
    if spec == "-":
        return b""
    try:
        with Path(spec).open("rb") as file:
            return file.read(64)
    except OSError:
        return b""


def is_model(spec: str, start: bytes) -> bool:
    """Whether a file is a model as ONNX writes it: by its name, or as its first field is the version."""
    return spec.lower().endswith(".onnx") or (start[:1] == b"\x08" and start[2:3] in (b"\x12", b"\x3a"))


def explain_model(path: str, data: str | None, loss: str | None) -> Report:
    """Explain an ONNX model on a batch.

    Args:
        data: a ``.npz`` file with the batch.
        loss: the name of the loss.

    Raises:
        ZerogradError: it cannot be explained; the message says why.
    """
    from zerograd.core.errors import ZerogradError

    raise ZerogradError(f"{path}, {data}, {loss}: models are not explained yet")


def _of_results(spec: str) -> Report:
    """Explain the witness of a result; of several, the first one's."""
    from zerograd.core.verdict.results import answer_from_json
    from zerograd.problem_report import report_of
    from zerograd.streams import read_results

    return report_of(answer_from_json(read_results(spec)[0], None))
