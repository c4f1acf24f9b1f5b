"""`zerograd prove`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from zerograd.cli.common import (
    BAD_INPUT,
    BUG,
    DECIDED,
    NOT_AS_EXPECTED,
    UNKNOWN,
    Target,
    color,
    fail,
    load,
    memory_option,
    progress,
    report_bug,
    samples_option,
    seed_option,
    target_options,
    timeout_option,
    width,
)
from zerograd.streams import printable, to_json_text

if TYPE_CHECKING:
    from zerograd.core.verdict.answer import Answer
    from zerograd.exports import Form
    from zerograd.proof import Proof

FORMS = ("text", "markdown", "latex", "pdf", "coq", "json")


@click.command()
@click.argument("spec")
@target_options(
    FORMS, "How the proof is written. coq does not write every condition for an open number of samples."
)
@timeout_option()
@samples_option
@click.option("--fixed", is_flag=True, help="Only proofs about a dataset with a fixed number of samples.")
@seed_option
@memory_option
def prove(spec: str, target: Target, samples: int | str | None, memory: int, **options: Any) -> None:
    """Prove that the problem in SPEC ('-' is standard input) has no answer.

    Exit codes: 0 proved, 1 refuted by a counterexample, which is printed, 2 unusable input, 3 undecided, or
    a solver says so and no proof was found, 70 a bug was caught, 130 interrupted.
    """
    if target.form == "pdf" and target.output is None:
        fail("--to pdf is not for a terminal: name a file with -o FILE")
    from zerograd import api
    from zerograd.core.errors import ZerogradError
    from zerograd.core.question.given import incomplete
    from zerograd.proof import Proof
    from zerograd.proving.process import ProofProcess
    from zerograd.search.process import SearchProcess

    with SearchProcess(memory=memory) as process, ProofProcess(memory=memory) as prover:
        try:
            problem = load(spec, samples)
        except ZerogradError as error:
            fail(str(error))
        try:
            with progress(False) as report:
                proof = api.prove(
                    problem,
                    timeout=options["timeout"],
                    fixed=options["fixed"] or (target.form == "coq" and incomplete(problem) is None),
                    seed=options["seed"],
                    process=process,
                    prover=prover,
                    progress=report,
                )
        except ZerogradError as error:
            report_bug(problem, error, options["seed"])
            sys.exit(BUG)
    if not isinstance(proof, Proof):
        if target.output is not None:
            click.echo(f"there is no proof: {printable(target.output)} was not written", err=True)
        _not_proved(proof, as_json=target.form == "json")
    try:
        content = _written(proof, target.form)
    except ZerogradError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(BAD_INPUT)
    target.put(content, *([] if target.output is None else [f"proved: {proof.statement}"]))
    sys.exit(DECIDED)


def _not_proved(answer: Answer, *, as_json: bool) -> NoReturn:
    """Print what there is instead, and end."""
    if as_json:
        click.echo(to_json_text(answer.to_json()))
    else:
        from zerograd.show.text import answer_text

        click.echo(answer_text(answer, width=width(), color=color()), nl=False)
        if answer.status == "unsat":
            click.echo("no proof was found in this time: allow more, such as --timeout 10m", err=True)
    sys.exit(NOT_AS_EXPECTED if answer.status == "sat" else UNKNOWN)


def _written(proof: Proof, form: str) -> str | bytes:
    if form == "text":
        from zerograd.show.say.proof import proof_text

        return proof_text(proof.problem, proof.certificate, width=width())
    from zerograd.exports import export

    if form == "pdf":
        from zerograd.typeset import pdf

        return pdf(export(proof, "latex"))
    return export(proof, cast("Form", form))
