"""`zerograd explain`."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zerograd.cli.common import (
    BAD_INPUT,
    DECIDED,
    SEVERITY,
    UNKNOWN,
    beside_option,
    check_new_place,
    check_two_places,
    color,
    fail,
    force_option,
    load,
    save,
    say_wrote,
    width,
    work_option,
)
from zerograd.streams import printable, to_json_text

if TYPE_CHECKING:
    from zerograd.report import Report

_FORMAT = re.compile(rb'"format"\s*:\s*"zerograd\.(result|explanation)')
_SPACE = b" \t\r\n\xef\xbb\xbf"
"""What may stand before JSON, a byte order mark too."""
_PICKLES = (b"\x80", b"PK\x03\x04")
"""How files begin that Python would unpickle: pickles, and the archives that torch.save writes."""
_ARRAYS = (".npz", ".npy", ".safetensors")
_PICKLED = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")


@click.command()
@click.argument("specs", metavar="FILE...", nargs=-1, required=True)
@click.option("--data", metavar="FILE.npz", help="For a model: an array for each input, and targets y.")
@click.option(
    "--loss",
    metavar="NAME",
    help="For a model: the loss, such as cross_entropy.",
)
@click.option(
    "--output-name", metavar="NAME", help="For a model with several outputs: the one that the loss reads."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="For a model: time limit for entries that float64 error bounds leave undecided.",
)
@click.option("--json", "as_json", is_flag=True, help="Print explanations as JSON, one object per line.")
@beside_option("the explanations")
@click.option("--html", metavar="FILE", help="Write the explanation as a page, too; of a single FILE.")
@force_option
@work_option
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone.")
def explain(
    *,
    specs: tuple[str, ...],
    data: str | None,
    loss: str | None,
    output_name: str | None,
    seconds: float,
    as_json: bool,
    output: str | None,
    html: str | None,
    force: bool,
    work: int,
    quiet: bool,
) -> None:
    """Explain which gradients are zero, and why, in FILE... ('-' is standard input).

    A FILE is a problem in which every number is given, a result of `solve --json` that has a witness, or,
    with --data and --loss, an ONNX model. Problems and results are calculated in exact numbers.

    Exit codes: 0 explained, 2 unusable input, 3 something is not decided, 70 a bug was caught,
    130 interrupted.
    """
    from zerograd.core.errors import ZerogradError

    if html is not None and len(specs) > 1:
        fail("--html writes the page of one explanation: name one FILE")
    check_two_places(output, html)
    for place in (output, html):
        check_new_place(place, [*specs, data or "-"], force=force)
    model = ModelOptions(data, loss, output_name, seconds)
    codes, documents = [], []
    written: list[str] = []
    for number, spec in enumerate(specs):
        if len(specs) > 1 and not as_json:
            click.echo(("\n" if number else "") + f"{printable(spec)}:")
        try:
            reports = _reports(spec, model, work)
        except ZerogradError as error:
            message = str(error)
            click.echo(message if "error:" in message else f"{printable(spec)}: error: {message}", err=True)
            codes.append(BAD_INPUT)
            continue
        for nth, report in enumerate(reports):
            codes.append(DECIDED if report.decided else UNKNOWN)
            if nth and not (as_json or quiet):
                click.echo()
            _show(report, as_json=as_json, quiet=quiet)
            documents.append(json.dumps(report.to_json(), ensure_ascii=False))
        if html is not None:
            save(Path(html), reports[0].to_html())
            written.append(html)
    if output is not None and documents:
        save(Path(output), "".join(document + "\n" for document in documents))
        written.insert(0, output)
    for name in written if not quiet else ():
        say_wrote(name, aside=as_json)
    sys.exit(max(codes, key=SEVERITY.index))


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What is said of how to run a model file."""

    data: str | None
    loss: str | None
    output: str | None
    seconds: float


def _show(report: Report, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(to_json_text(report.to_json()))
    elif quiet:
        click.echo(report.verdict)
    else:
        from zerograd.show.explanation.rendering import explanation_text

        click.echo(explanation_text(report.explanation, width=width(), color=color()), nl=False)


def _reports(spec: str, model: ModelOptions, work: int) -> list[Report]:
    """Explain what a file is: a model, results, or a problem.

    Raises:
        ZerogradError: it is none of them, or has not all that is needed.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.problem_report import report_of
    from zerograd.spec.read import loads

    start = _first_bytes(spec)
    if _is_model(spec, start):
        return [_of_model(spec, model)]
    if Path(spec).suffix.lower() in _ARRAYS:
        raise ZerogradError(
            "holds arrays and no network: name it in a problem file (given: {from: …}), "
            "or give it with --data to a model"
        )
    if start.startswith(_PICKLES) or Path(spec).suffix.lower() in _PICKLED:
        raise ZerogradError(
            "this is a pickle, or an archive of them, and is never read: it can run whatever code it likes. "
            "Export the model with torch.onnx.export and explain MODEL.onnx, or save its state_dict with "
            "safetensors and name that in a problem file (given: {from: weights.safetensors})"
        )
    if model.data is not None or model.loss is not None:
        raise ZerogradError("is no model, and has data and a loss of its own: leave out --data and --loss")
    if start.lstrip(_SPACE).startswith(b"{"):
        data = _whole(spec)
        if _FORMAT.search(data):
            return _of_documents(spec, data, work)
        if spec == "-":
            return [report_of(loads(data))]
    return [report_of(load(spec, None))]


def _first_bytes(spec: str) -> bytes:
    """Return how a file begins; nothing of what cannot be read (`load` says why)."""
    if spec == "-":
        buffer = getattr(sys.stdin, "buffer", None)
        return buffer.peek(64)[:64] if isinstance(buffer, BufferedReader) else b""
    try:
        with Path(spec).open("rb") as file:
            return file.read(64)
    except OSError:
        return b""


def _whole(spec: str) -> bytes:
    """Return what a file holds, or standard input; nothing of what cannot be read (`load` says why)."""
    from zerograd.core.question.documents import MAX_BYTES

    try:
        if spec == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(spec).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        return b""


def _is_model(spec: str, start: bytes) -> bool:
    """Whether a file is an ONNX model: by its name, or as it begins with a version and who wrote it."""
    from zerograd.spec.foreign import is_onnx

    return Path(spec).suffix.lower() == ".onnx" or is_onnx(start)


def _of_model(spec: str, model: ModelOptions) -> Report:
    from zerograd.core.errors import ZerogradError
    from zerograd.watching import explain_model

    if model.data is None or model.loss is None:
        options = (("--data FILE.npz", model.data), ("--loss NAME", model.loss))
        missing = " and ".join(option for option, value in options if value is None)
        raise ZerogradError(f"a model file is explained for data and a loss: add {missing}")
    return explain_model(spec, model.data, model.loss, output=model.output, seconds=model.seconds)


def _of_documents(spec: str, data: bytes, work: int) -> list[Report]:
    """Explain the witnesses of results.

    Raises:
        ZerogradError: they are no results, or have no witness.
    """
    from zerograd.core.errors import FormatError, ZerogradError
    from zerograd.core.numbers.work import budget
    from zerograd.core.question.documents import documents_in
    from zerograd.core.verdict.results import answer_from_json
    from zerograd.problem_report import report_of

    try:
        with budget(work) as meter:
            documents = documents_in(BytesIO(data), spec)
    except FormatError as error:
        raise ZerogradError(str(error).removeprefix(f"{spec}: ")) from None
    if any(str(document.get("format")).startswith("zerograd.explanation") for document in documents):
        raise ZerogradError(
            "is a report already, as watch and explain write it: name the problem, the result or the model "
            "that it is about"
        )
    with budget(meter):
        answers = [answer_from_json(document, None) for document in documents]
    return [report_of(answer) for answer in answers]
