"""`zerograd prove`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from zerograd.cli.common import (
    BAD_INPUT,
    BUG,
    DECIDED,
    NOT_AS_EXPECTED,
    UNKNOWN,
    Duration,
    Memory,
    color,
    fail,
    form_of,
    load,
    new_place,
    progress,
    report_bug,
    samples_option,
    save,
    width,
)
from zerograd.streams import printable, to_json_text

if TYPE_CHECKING:
    from zerograd.core.verdict.answer import Answer
    from zerograd.proof import Proof

FORMS = ("text", "markdown", "latex", "coq", "json")


@click.command()
@click.argument("spec")
@click.option(
    "--to",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="How the proof is written. coq does not write every condition for an open number of samples.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --to json.")
@click.option("-o", "--output", metavar="FILE", help="Write the proof to FILE, and say so.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--timeout", type=Duration(), default="60s", show_default=True)
@samples_option
@click.option("--fixed", is_flag=True, help="Only proofs about a dataset with a fixed number of samples.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same answer.")
@click.option("--memory", type=Memory(), default="4G", show_default=True, help="Cap for a solver process.")
def prove(spec: str, output: str | None, samples: int | str | None, memory: int, **options: Any) -> None:
    """Prove that the problem in SPEC ('-' is standard input) has no answer.

    Exit codes: 0 proved, 1 refuted by a counterexample, which is printed, 2 unusable input, 3 undecided, or
    a solver says so and no proof was found, 70 a bug was caught, 130 interrupted.
    """
    from zerograd import api
    from zerograd.core.errors import ZerogradError
    from zerograd.proof import Proof
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess

    form = form_of(options["form"], as_json=options["as_json"])
    place = new_place(output, [spec], force=options["force"])
    with SearchProcess(memory=memory) as process, ProofProcess(memory=memory) as prover:
        try:
            problem = load(spec, samples)
        except ZerogradError as error:
            fail(str(error))
        try:
            with progress(False) as report:
                found = api.prove(
                    problem,
                    timeout=options["timeout"],
                    fixed=options["fixed"],
                    seed=options["seed"],
                    process=process,
                    prover=prover,
                    progress=report,
                )
        except ZerogradError as error:
            report_bug(problem, error, options["seed"])
            sys.exit(BUG)
    if not isinstance(found, Proof):
        if output is not None:
            click.echo(f"there is no proof: {printable(output)} was not written", err=True)
        _not_proved(found, as_json=form == "json")
    try:
        text = _written(found, form)
    except ZerogradError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(BAD_INPUT)
    if place is None:
        click.echo(text, nl=False)
    else:
        save(place, text)
        click.echo(f"proved: {found.statement}\nwrote {printable(str(output))}")
    sys.exit(DECIDED)


def _not_proved(answer: Answer, *, as_json: bool) -> NoReturn:
    """Print what there is instead, and end."""
    if as_json:
        click.echo(to_json_text(answer.to_json()))
    else:
        from zerograd.show.text import answer_text

        click.echo(answer_text(answer, width=width(), color=color()), nl=False)
    sys.exit(NOT_AS_EXPECTED if answer.status == "sat" else UNKNOWN)


def _written(proof: Proof, form: str) -> str:
    match form:
        case "markdown":
            return proof.to_markdown()
        case "latex":
            return proof.to_latex()
        case "coq":
            return proof.to_coq()
        case "json":
            return to_json_text(proof.to_json(), indent=1) + "\n"
    from zerograd.show.say.proof import proof_text

    return proof_text(proof.problem, proof.certificate, width=width())
