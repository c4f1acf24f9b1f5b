"""`zerograd export` and `zerograd plot`: a result in other forms."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from zerograd.cli.common import (
    Target,
    check_new_place,
    fail,
    force_option,
    load,
    output_option,
    samples_option,
    work_option,
)
from zerograd.cli.teaching import language_of
from zerograd.streams import printable, read_results

if TYPE_CHECKING:
    from zerograd.audits import Audit
    from zerograd.core.numbers.work import Meter
    from zerograd.core.question.problem import Problem
    from zerograd.core.verdict.answer import Answer
    from zerograd.exports import Form
    from zerograd.show.lecture.languages import Language
    from zerograd.show.plot import Kind, Picture

PICTURES: tuple[Picture, ...] = ("svg", "png", "pdf")
_ENDINGS = {
    "markdown": (".md", ".markdown"), "latex": (".tex",), "pdf": (".pdf",), "html": (".html", ".htm"),
    "pytorch": (".py",), "jax": (".py",), "notebook": (".ipynb",), "smtlib": (".smt2",), "coq": (".v",),
    "json": (".json", ".jsonl"), "worksheet": (".ipynb",), "slides": (".tex", ".pdf"),
    "exercise": (".tex", ".pdf", ".md", ".markdown", ".html", ".htm"),
}  # fmt: skip
"""What files of each form are called; the first is the usual one."""
FORMS = tuple(_ENDINGS)

_result = click.argument("result")
_problem = click.option(
    "--problem", "spec", metavar="SPEC", help="The problem that RESULT must be an answer to."
)
_pick = click.option(
    "--pick", type=click.IntRange(min=1), metavar="N", help="The N-th result, if the file holds several."
)


@click.command()
@_result
@click.option("--to", "form", type=click.Choice(FORMS), required=True, help="The form.")
@output_option
@force_option
@click.option("--fragment", is_flag=True, help="LaTeX without preamble, for a document of your own.")
@click.option("--solution", is_flag=True, help="An exercise with its solution behind it.")
@_problem
@samples_option
@_pick
@work_option
def export(result: str, form: Form | Literal["pdf"], output: str | None, **options: Any) -> None:
    """Write RESULT ('-' is standard input) in another form.

    RESULT is what `solve --json` printed, or `solve -o` wrote; or an audit's document, which can be had as
    markdown, latex, pdf and html. It is checked before anything is written.

    \b
    markdown, latex, pdf    the counterexample worked out by hand, or the proof that there is none
    html                    an interactive page in one file
    pytorch, jax, notebook  a program that shows the gradients
    smtlib                  the question, for any SMT solver
    coq                     the proof, for Coq
    exercise                the question, without its answer: FILE is .tex, .pdf, .md or .html
    slides                  frames for LaTeX's beamer: FILE is .tex or .pdf
    worksheet               a notebook with gaps, and a check for each
    json                    the result document

    Exit codes: 0 written, 2 unusable input or nothing to write.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.exports import NothingToExport

    if options["fragment"] and form != "latex":
        fail("--fragment goes with --to latex")
    if options["solution"] and form != "exercise":
        fail("--solution goes with --to exercise")
    if form == "pdf" and output is None:
        fail("--to pdf is not for a terminal: name a file with -o FILE")
    _check_ending(form, output)
    _check_place(output, result, options["spec"], force=options["force"])
    read = _read(result, **options)
    answer = _audit(read) if read.is_audit else _answer(read)
    try:
        content = _written(answer, form, output, **options)
    except NothingToExport as nothing:
        fail(f"--to {form}: {nothing.why}")
    except ZerogradError as error:
        fail(str(error))
    Target(form, output).put(content)


def _written(
    answer: Answer | Audit,
    form: Form | Literal["pdf"],
    output: str | None,
    *,
    fragment: bool,
    solution: bool,
    **_: object,
) -> str | bytes:
    """Return what is written; where the file is to be one, as PDF."""
    from zerograd.exports import export as written

    language = language_of(output) if form == "exercise" else "latex"
    as_pdf = form == "pdf" or (form in ("exercise", "slides") and str(output).lower().endswith(".pdf"))
    text = written(
        answer,
        "latex" if form == "pdf" else form,
        document=not fragment,
        language="latex" if as_pdf else cast("Language", language),
        solution=solution,
    )
    if not as_pdf:
        return text
    from zerograd.handouts import handout

    return handout(answer, text)


def _check_ending(form: str, output: str | None) -> None:
    """Refuse a file whose name says that it is something else."""
    ending = Path(output).suffix.lower() if output is not None else ""
    others = [name for name, endings in _ENDINGS.items() if ending in endings]
    if others and form not in others:
        usual = _ENDINGS[form][0]
        fail(f"{printable(str(output))}: is the name of another form: --to {form} goes into a file …{usual}")


@click.command()
@_result
@output_option
@click.option(
    "--kind",
    type=click.Choice(("function", "contributions", "network", "loss", "cases", "all")),
    default="all",
    show_default=True,
    help="Which picture.",
)
@click.option("--along", metavar="NAME,NAME", help="For --kind loss: the parameters, such as 'w1[0,0],b2'.")
@click.option("--no-title", is_flag=True, help="Without titles, for a document that has a caption.")
@click.option("--width", type=click.FloatRange(10, 100), metavar="CM", help="From 10 to 100 centimetres.")
@force_option
@_problem
@samples_option
@_pick
@work_option
def plot(
    result: str, output: str | None, kind: Kind | Literal["all"], width: float | None, **options: Any
) -> None:
    """Draw RESULT ('-' is standard input) into FILE.svg, FILE.png or FILE.pdf.

    RESULT is what `solve --json` printed, or `solve -o` wrote; or a sweep's document, of which a heat map is
    drawn. It is checked before anything is drawn.

    \b
    function       the network's function with data, residuals, and where units are active
    contributions  what each sample adds to the gradients: what cancels, and what does not
    network        units and connections with their weights
    loss           the loss along two parameters, with exact kinks and the slopes beside them
    cases          of an unsat: the regions that samples may lie in, and why each case fails
    all            the first three as panels of one figure; of an unsat, its cases

    Needs matplotlib, the extra plot: pip install 'zerograd[plot]', or in a clone pip install '.[plot]'.

    Exit codes: 0 written, 2 unusable input or nothing to draw.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.show.plot import picture

    os.environ.pop("MPLBACKEND", None)  # matplotlib would refuse to start with one it does not know
    if width is not None and isnan(width):  # which compares with no bound
        fail("--width must be from 10 to 100 cm, found nan")
    form = _picture_form(output)
    _check_place(output, result, options["spec"], force=options["force"])
    along = _names(options["along"] or "")
    if along and kind != "loss":
        fail("--along goes with --kind loss")
    title: Literal[False] | None = False if options["no_title"] else None
    read = _read(result, **options)
    if read.is_sweep:
        if kind != "all" or width is not None or title is not None or options["spec"] is not None:
            fail("a sweep is drawn as a heat map, without --kind, --width, --no-title and --problem")
        Target(form, output).put(_heat_map(read, form))
        return
    answer = _answer(read)
    try:
        content = picture(answer, form, kind=kind, width=width, title=title, along=along)
    except ValueError as error:
        fail(f"--along: {error}")
    except ZerogradError as error:
        fail(str(error))
    Target(form, output).put(content)


def _names(listed: str) -> list[str]:
    """The names in a list with commas: ``w1[0,1],b2`` are two."""
    return [name.strip() for name in re.split(r",(?![^\[]*\])", listed) if name.strip()]


def _picture_form(output: str | None) -> Picture:
    """Return the form of a picture, which the name of its file says."""
    if output is None:
        fail("a picture is not for a terminal: name a file with -o FILE.svg, FILE.png or FILE.pdf")
    forms = [form for form in PICTURES if output.lower().endswith(f".{form}")]
    if not forms:
        fail(f"{printable(output)}: name a file that ends in .svg, .png or .pdf")
    return forms[0]


def _check_place(output: str | None, result: str, spec: str | None, *, force: bool) -> None:
    """Refuse a file that is there, that cannot be written, or that is read."""
    check_new_place(output, [] if spec is None else [spec], [result], force=force)


@dataclass(frozen=True)
class _Read:
    """A document that was read, and not checked yet.

    Attributes:
        shown: the name of its file.
        problem: the problem that it must be an answer to, where one is named.
        meter: of the work that may be done.
    """

    shown: str
    document: Any
    problem: Problem | None
    meter: Meter

    @property
    def is_audit(self) -> bool:
        from zerograd.core.auditing.findings import FORMAT

        return isinstance(self.document, Mapping) and self.document.get("format") == FORMAT

    @property
    def is_sweep(self) -> bool:
        from zerograd.core.verdict.sweep import is_sweep

        return is_sweep(self.document)


def _read(
    name: str, *, spec: str | None, samples: int | str | None, pick: int | None, work: int, **_: object
) -> _Read:
    """Return the document in a file. Ends the program if there is none."""
    from zerograd.core.errors import ZerogradError
    from zerograd.core.numbers.work import budget

    shown = printable("<stdin>" if name == "-" else name)
    if name == spec == "-":
        fail("RESULT and SPEC cannot both be standard input: name a file for one of them")
    try:
        with budget(work) as meter:
            problem = None if spec is None else load(spec, samples)
            documents = read_results(name)
    except ZerogradError as error:
        fail(_hinted(str(error), name))
    if not documents:
        fail(f"{shown}: holds no result")
    if pick is None and len(documents) > 1:
        fail(f"{shown}: holds {len(documents)} results: choose one with --pick 1 to --pick {len(documents)}")
    if pick is not None and pick > len(documents):
        fail(f"{shown}: there is no result {pick}: it holds {len(documents)}")
    return _Read(shown, documents[(pick or 1) - 1], problem, meter)


def _answer(read: _Read) -> Answer:
    """Return the answer in a document, checked. Ends the program if there is none."""
    from zerograd.core.errors import FormatError
    from zerograd.core.verdict.checking import carried_question, claimed_digest
    from zerograd.core.verdict.results import answer_from_json

    with _checking(read):
        if read.problem is None and claimed_digest(read.document) and carried_question(read.document) is None:
            raise FormatError("does not carry its question: name the problem with --problem SPEC")
        return answer_from_json(read.document, read.problem)


def _audit(read: _Read) -> Audit:
    """Return an audit, calculated anew. Ends the program if what the document says is not so."""
    from zerograd.audits import Audit
    from zerograd.core.auditing.judging import check_audit
    from zerograd.core.question.documents import problem_from_json

    with _checking(read):
        problem = read.problem or problem_from_json(read.document.get("question"))
        return Audit(check_audit(problem, read.document))


def _heat_map(read: _Read, form: Picture) -> bytes:
    """Return the picture of a sweep's document, whose rows are checked. Ends the program if there is none."""
    from zerograd.core.errors import ZerogradError
    from zerograd.core.verdict.sweep import SweepRow, carried_sweep, check_sweep
    from zerograd.sweeping.writing import picture

    with _checking(read):
        sweep = carried_sweep(read.document)
        rows = [*map(SweepRow.of, check_sweep(sweep, read.document))]
    try:
        return picture(sweep, rows, form)
    except ZerogradError as error:
        fail(str(error))


@contextmanager
def _checking(read: _Read) -> Iterator[None]:
    """Inside, a document is checked: what is wrong with it is said, and ends the program."""
    from zerograd.core.errors import FormatError, ProblemError, Refused
    from zerograd.core.numbers.work import budget

    try:
        with budget(read.meter):
            yield
            return
    except Refused as refusal:
        lines = [f"refused: {line}" for line in refusal.lines]
        if refusal.violations[0].entry == "problem":
            lines.append("It answers another question; one asked with --samples N is read with --samples N.")
    except ProblemError as error:
        lines = [f"problem.question: {issue}" for issue in error.issues]
    except FormatError as error:
        lines = [str(error)]
    for line in lines:
        click.echo(f"{read.shown}: error: {line}", err=True)
    sys.exit(2)


def _hinted(message: str, name: str) -> str:
    """Return an error of reading, with what to do where the file looks like a problem."""
    if name.endswith((".yaml", ".yml")) and "Expecting value" in message:
        answer = f"zerograd solve {printable(name)} -o result.json"
        return f"{message}\nThis looks like a problem, not a result. To answer it: {answer}"
    return message
