"""`zerograd solve`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zerograd.cli.common import (
    BAD_INPUT,
    BUG,
    DECIDED,
    NOT_AS_EXPECTED,
    SEVERITY,
    UNKNOWN,
    beside_option,
    check_new_place,
    color,
    fail,
    force_option,
    load,
    memory_option,
    one_of,
    progress,
    report_bug,
    samples_option,
    save,
    say_wrote,
    seed_option,
    timeout_option,
    width,
)
from zerograd.cli.early import taken
from zerograd.streams import printable, to_json_text

if TYPE_CHECKING:
    from zerograd.core.question.problem import Problem
    from zerograd.core.verdict.answer import Answer
    from zerograd.preferring import Preference
    from zerograd.proving.process import ProofProcess
    from zerograd.search.comparison import Second
    from zerograd.search.process import SearchProcess


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON, one object per line.")
@beside_option("the results")
@force_option
@timeout_option("For each file.")
@samples_option
@click.option(
    "--strategy",
    default="auto",
    show_default=True,
    help="auto; or construct, closed, enclose, fit, identities, facts, piecewise, guess or regions alone.",
)
@seed_option
@memory_option
@click.option("--certify/--no-certify", default=True, help="Look for a proof of a no (the default), or not.")
@click.option(
    "--prefer",
    type=click.Choice(["small", "any", "generic"]),
    help="small: look for a smaller witness in a fixed number of steps; any: the first one; generic: one "
    "without zeros, units that are alike or samples on kinks. In place of the file's own. [default: small]",
)
@click.option(
    "--smallest/--no-smallest",
    default=None,
    help="Look for the smallest witness in all the time there is; or the same as --prefer any.",
)
@click.option(
    "--count", type=click.IntRange(1, 1000), metavar="N", help="The N smallest witnesses, each a result."
)
@click.option("--cross-check", is_flag=True, help="Put the answer to a second solver too.")
@click.option("--second", default="cvc5", metavar="SOLVER", show_default=True, help="That solver; or yices.")
@click.option("--torch", is_flag=True, help="Compare the gradients with PyTorch's, too, which it loads.")
@click.option("--expect", type=click.Choice(["sat", "unsat"]), help="Exit with 1 unless this is the answer.")
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone.")
@click.option("-v", "--verbose", is_flag=True, help="Also print what was tried, the digest and versions.")
def solve(specs: tuple[str, ...], output: str | None, force: bool, memory: int, **options: Any) -> None:
    """Answer the problems in SPEC... ('-' is standard input).

    Exit codes: 0 decided, 1 not as expected, 2 unusable input, 3 unknown, 70 a bug was caught,
    130 interrupted.
    """
    from zerograd.proving.process import ProofProcess
    from zerograd.search.comparison import SECONDS
    from zerograd.search.process import SearchProcess
    from zerograd.solving import STRATEGIES

    if options["strategy"] not in STRATEGIES:
        fail(f"unknown strategy {options['strategy']!r} (known: {', '.join(STRATEGIES)})")
    if (second := options.pop("second")) not in SECONDS:
        fail(f"unknown solver {second!r} (known: {', '.join(SECONDS)})")
    if options["cross_check"]:
        options["cross_check"] = second
    check_new_place(output, specs, force=force)  # now, not after a long search
    if options.pop("torch"):
        _load_torch()
    samples = options.pop("samples")
    codes = []
    documents = []
    try:
        early = taken(memory)
        with (
            SearchProcess(memory=memory, child=early, first_look=False) as process,
            ProofProcess(memory=memory) as prover,
        ):
            if all(map(_has_many_numbers, specs)):
                process.close()  # likely to be a calculation; it is started again if it is asked
            # A mistake in the last file is said at once, not after the first one's search.
            problems = [(spec, _try_to_load(spec, samples)) for spec in specs]
            if all(loaded is None or _is_calculation(loaded, **options) for _, loaded in problems):
                process.close()  # nobody will ask it, and it takes a processor
                prover.close()
            for number, (spec, loaded) in enumerate(problems):
                if len(specs) > 1 and not options["as_json"]:
                    click.echo(("\n" if number else "") + f"{printable(spec)}:")
                    if loaded is None:
                        click.echo("not a problem: see above")
                if loaded is None:
                    codes.append(BAD_INPUT)
                    continue
                preferred = _preference(loaded, saved=output is not None, **options)
                with one_of(specs, spec) as failed:
                    code, answers = _solve_one(loaded, process, prover, preferred=preferred, **options)
                if failed:
                    codes.append(BUG)
                    continue
                codes.append(code)
                if output is not None:
                    documents += [json.dumps(answer.to_json(), ensure_ascii=False) for answer in answers]
    finally:  # interrupted, too: what was answered is not lost
        if output is not None and documents:
            save(Path(output), "".join(document + "\n" for document in documents))
            if not options["quiet"]:
                say_wrote(output, aside=options["as_json"])
    sys.exit(max(codes, key=SEVERITY.index))


def _load_torch() -> None:
    """Load PyTorch: re-checks compare with it where it is loaded."""
    from zerograd.extras import install

    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        fail(f"--torch needs PyTorch, which is not installed: {install('torch')}")
    except (ImportError, OSError) as error:
        fail(f"--torch needs PyTorch, which cannot be loaded: {error}")


def _has_many_numbers(spec: str) -> bool:
    """Whether a problem seems to have its numbers in a file beside it, or a great many in itself."""
    try:
        with Path(spec).open("rb") as stream:
            head = stream.read(2**20)
    except (OSError, ValueError):  # said when it is loaded
        return False
    return len(head) == 2**20 or b".npz" in head or b".safetensors" in head


def _is_calculation(problem: Problem, *, strategy: str, cross_check: bool | Second, **_: object) -> bool:
    from zerograd.solving import is_calculation

    return is_calculation(problem, strategy=strategy, cross_check=bool(cross_check))


def _try_to_load(spec: str, samples: int | str | None) -> Problem | None:
    """Return the problem, or None after saying what is wrong with it."""
    from zerograd.core.errors import ZerogradError

    try:
        return load(spec, samples)
    except ZerogradError as error:
        click.echo(str(error), err=True)
        return None


def _preference(
    problem: Problem,
    *,
    saved: bool,
    prefer: str | None,
    smallest: bool | None,
    count: int | None,
    as_json: bool,
    quiet: bool,
    timeout: float,
    **_: object,
) -> Preference:
    """Return what is done for a pleasant witness: nothing where none is shown."""
    from zerograd.preferring import FIRST, preference

    if smallest or count is not None:
        return replace(preference(problem, prefer), seconds=timeout, effort=None)
    shown = saved or as_json or not quiet
    return preference(problem, prefer) if shown and smallest is None else FIRST


def _solve_one(
    problem: Problem,
    process: SearchProcess,
    prover: ProofProcess,
    *,
    as_json: bool,
    timeout: float,
    strategy: str,
    seed: int,
    certify: bool,
    cross_check: bool | Second,
    expect: str | None,
    quiet: bool,
    verbose: bool,
    preferred: Preference,
    count: int | None,
    **_: object,
) -> tuple[int, Sequence[Answer]]:
    from zerograd.core.errors import ZerogradError
    from zerograd.solvers.base import SolverUnusable
    from zerograd.solving import smallest_first

    try:
        with progress(quiet) as report:
            answers = smallest_first(
                problem,
                count or 1,
                timeout=timeout,
                preferred=preferred,
                strategy=strategy,
                seed=seed,
                cross_check=cross_check,
                certify=certify,
                process=process,
                prover=prover,
                progress=report,
                meanwhile=_nothing if as_json or quiet else _load_words,
            )
    except SolverUnusable as error:
        fail(str(error))
    except ZerogradError as error:
        report_bug(problem, error, seed)
        return BUG, ()
    for number, answer in enumerate(answers):
        if as_json:
            click.echo(to_json_text(answer.to_json()))
        elif not quiet:
            from zerograd.show.text import answer_text

            text = answer_text(answer, width=width(), color=color(), verbose=verbose)
            click.echo(("\n" if number else "") + text, nl=False)
    if quiet and not as_json:
        click.echo(_verdict(answers[0]))
    return _exit_code(answers[0], problem.expect, expect), answers


def _nothing() -> None:
    pass


def _load_words() -> None:
    from zerograd.show import text  # noqa: F401


def _exit_code(answer: Answer, from_file: str | None, from_option: str | None) -> int:
    if from_option is not None:
        if answer.status == from_option:
            return DECIDED
        click.echo(f"expected {from_option}, found {answer.status}", err=True)
        return NOT_AS_EXPECTED
    if answer.status == "unknown":
        return UNKNOWN
    if from_file not in (None, answer.status):
        click.echo(f"the file expects {from_file}, found {answer.status}", err=True)
        return NOT_AS_EXPECTED
    return DECIDED


def _verdict(answer: Answer) -> str:
    from zerograd.core.verdict.answer import Unknown

    return f"unknown ({answer.reason})" if isinstance(answer, Unknown) else answer.status
