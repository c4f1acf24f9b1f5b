"""The command line: arguments, streams and exit codes. What is done is done by `zerograd.api`."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from zerograd._version import __version__
from zerograd.streams import printable, read_results, settle_streams, to_json_text, write_whole

if TYPE_CHECKING:
    from zerograd.core.answer import Answer
    from zerograd.core.problem import Problem
    from zerograd.search.process import SearchProcess
    from zerograd.search.verdict import Progress

DECIDED, NOT_AS_EXPECTED, BAD_INPUT, UNKNOWN, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130
_SEVERITY = (DECIDED, UNKNOWN, NOT_AS_EXPECTED, BAD_INPUT, BUG)
"""Of several files' exit codes, the last in this order is the program's."""

_TIME = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_SIZE = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


class _Duration(click.ParamType[float]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|)\s*", str(value))
        seconds = float(match[1]) * _TIME[match[2]] if match else 0.0
        if not seconds:
            self.fail(f"{value!r} is not a time above 0: write 500ms, 60s, 5m or 1h", param, ctx)
        return seconds


class _Memory(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"\s*(\d+)\s*([kmg]?)(?:i?b)?\s*", str(value), re.IGNORECASE)
        size = int(match[1]) * _SIZE[match[2].lower()] if match else 0
        if not 2**28 <= size < 2**63:
            self.fail(f"{value!r} is not a size of at least 256M: write 512M or 4G", param, ctx)
        return size


class _Samples(click.ParamType[int | str]):
    name = "samples"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value in ("fewest", "any"):
            return str(value)
        if not re.fullmatch(r"[0-9]{1,9}", str(value)):
            self.fail(f"{value!r} is not a number of samples: write 3, fewest or any", param, ctx)
        return int(value)


_samples_option = click.option(
    "--samples", type=_Samples(), metavar="N|fewest|any", help="In place of the file's own number of samples."
)

_HINT = """\
Exact answers to questions about vanishing gradients. Try:

  zerograd init             write a commented problem file, problem.yaml
  zerograd solve FILE       answer it
  zerograd --help           everything else
"""


class _ReaderGoneError(Exception):
    """Nobody reads what we print. Not an OSError: of that click would make exit code 1, which is taken."""


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None


@click.group(
    cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="zerograd", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Is there a network of this shape, and a dataset of this size, for which these gradients vanish?

    Problems are YAML files; `zerograd init` writes one to start from.
    """
    if context.invoked_subcommand is None:
        click.echo(_HINT, nl=False)


@cli.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON, one object per line.")
@click.option("-o", "--output", metavar="FILE", help="Write the results to FILE, as JSON, too.")
@click.option("--timeout", type=_Duration(), default="60s", show_default=True, help="For each file.")
@_samples_option
@click.option(
    "--strategy",
    default="auto",
    show_default=True,
    help="auto; or construct, fit, identities, piecewise, guess or regions alone.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same answer.")
@click.option("--memory", type=_Memory(), default="4G", show_default=True, help="Cap for a solver process.")
@click.option("--cross-check", is_flag=True, help="Put the answer to a second solver too: cvc5.")
@click.option("--expect", type=click.Choice(["sat", "unsat"]), help="Exit with 1 unless this is the answer.")
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone.")
@click.option("-v", "--verbose", is_flag=True, help="Also print what was tried, the digest and versions.")
def solve(specs: tuple[str, ...], output: str | None, memory: int, **options: Any) -> None:
    """Answer the problems in SPEC... ('-' is standard input).

    Exit codes: 0 decided, 1 not as expected, 2 unusable input, 3 unknown, 70 a bug was caught,
    130 interrupted.
    """
    from zerograd.api import STRATEGIES
    from zerograd.search.process import SearchProcess

    if options["strategy"] not in STRATEGIES:
        _fail(f"unknown strategy {options['strategy']!r} (known: {', '.join(STRATEGIES)})")
    if output is not None:
        _check_place(Path(output), specs)  # now, not after a long search
    samples = options.pop("samples")
    codes = []
    documents = []
    try:
        # First of all: it loads SymPy and Z3 while this process loads the rest.
        with SearchProcess(memory=memory) as process:
            # A mistake in the last file is said at once, not after the first one's search.
            problems = [(spec, _try_to_load(spec, samples)) for spec in specs]
            for number, (spec, loaded) in enumerate(problems):
                if len(specs) > 1 and not options["as_json"]:
                    click.echo(("\n" if number else "") + f"{printable(spec)}:")
                    if loaded is None:
                        click.echo("not a problem: see above")
                if loaded is None:
                    codes.append(BAD_INPUT)
                    continue
                code, answer = _solve_one(loaded, process, **options)
                codes.append(code)
                if answer is not None:
                    documents.append(json.dumps(answer.to_json(), ensure_ascii=False))
    finally:  # interrupted, too: what was answered is not lost
        if output is not None and documents:
            _save(Path(output), "".join(document + "\n" for document in documents))
    sys.exit(max(codes, key=_SEVERITY.index))


def _try_to_load(spec: str, samples: int | str | None) -> Problem | None:
    """The problem, or None after saying what is wrong with it."""
    from zerograd.core.errors import ZerogradError

    try:
        return _load(spec, samples)
    except ZerogradError as error:
        click.echo(str(error), err=True)
        return None


def _solve_one(
    problem: Problem,
    process: SearchProcess,
    *,
    as_json: bool,
    timeout: float,
    strategy: str,
    seed: int,
    cross_check: bool,
    expect: str | None,
    quiet: bool,
    verbose: bool,
) -> tuple[int, Answer | None]:
    from zerograd import api
    from zerograd.core.errors import ZerogradError
    from zerograd.solvers.base import SolverUnusable

    try:
        with _progress(quiet) as progress:
            answer = api.solve(
                problem,
                timeout=timeout,
                strategy=strategy,
                seed=seed,
                cross_check=cross_check,
                process=process,
                progress=progress,
            )
    except SolverUnusable as error:
        _fail(str(error))
    except ZerogradError as error:
        _report_bug(problem, error, seed)
        return BUG, None
    if as_json:
        click.echo(to_json_text(answer.to_json()))
    elif quiet:
        click.echo(_verdict(answer))
    else:
        from zerograd.show.text import answer_text

        click.echo(answer_text(answer, width=_width(), color=_color(), verbose=verbose), nl=False)
    return _exit_code(answer, problem.expect, expect), answer


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
    from zerograd.core.answer import Unknown

    return f"unknown ({answer.reason})" if isinstance(answer, Unknown) else answer.status


@cli.command()
@click.argument("spec")
@click.argument("result")
@_samples_option
@click.option("-q", "--quiet", is_flag=True, help="Only the exit code.")
def verify(spec: str, result: str, samples: int | str | None, quiet: bool) -> None:
    """Re-check the witness in RESULT against the problem in SPEC, with the trusted core alone.

    RESULT is what `solve --json` printed or `solve -o` wrote. Exit codes: 0 accepted, 1 refused,
    2 unusable input, 3 nothing in it that can be checked.
    """
    from zerograd.core.check import check_result, claimed_digest
    from zerograd.core.errors import NothingToCheck, Refused, ZerogradError

    if spec == result == "-":
        _fail("SPEC and RESULT cannot both be standard input: name a file for one of them")

    say = (lambda _: None) if quiet else click.echo
    try:
        problem = _load(spec, samples)
        documents = read_results(result)
        # Of the results of several problems, the one that claims to answer this one.
        own = [document for document in documents if claimed_digest(document) == problem.digest]
        witness = check_result(problem, (own or documents or [None])[0])
    except Refused as refusal:
        for violation in refusal.violations:
            say(f"refused: {violation}")
        if refusal.violations[0].entry == "problem":
            say("It answers another question; one asked with --samples N is verified with --samples N.")
        sys.exit(NOT_AS_EXPECTED)
    except NothingToCheck as nothing:
        say(f"unknown: {nothing}")
        sys.exit(UNKNOWN)
    except ZerogradError as error:
        _fail(str(error))
    plural = "" if witness.samples == 1 else "s"
    say(f"accepted: a witness with {witness.samples} sample{plural}, re-checked exactly")


@cli.command()
@click.argument("spec")
@click.option("--latex", is_flag=True, help="Print LaTeX (amsmath).")
def gradients(spec: str, latex: bool) -> None:
    """Print the symbolic loss and gradients of the problem in SPEC."""
    from zerograd.core.errors import ZerogradError

    try:
        problem = _load(spec, None)
    except ZerogradError as error:
        _fail(str(error))
    from zerograd.show.gradients import gradients_latex, gradients_text

    click.echo(gradients_latex(problem) if latex else gradients_text(problem), nl=False)


@cli.command()
@click.argument("spec")
@_samples_option
def problem(spec: str, samples: int | str | None) -> None:
    """Print the problem in SPEC as canonical JSON.

    It is a problem file too, and what `python -m zerograd.core.check` reads.
    """
    from zerograd.core.errors import ZerogradError

    try:
        loaded = _load(spec, samples)
    except ZerogradError as error:
        _fail(str(error))
    click.echo(to_json_text(loaded.to_json(), indent=2))


@cli.command()
@click.argument("file", default="problem.yaml")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def init(file: str, force: bool) -> None:
    """Write a commented problem to start from to FILE ('-' is standard output)."""
    from importlib.resources import files

    text = files("zerograd.spec").joinpath("starter.yaml").read_text(encoding="utf-8")
    if file == "-":
        click.echo(text, nl=False)
        return
    path = Path(file)
    if path.exists() and not force:
        _fail(f"{printable(file)}: exists already: name another file, or overwrite it with --force")
    _check_place(path, ())
    _save(path, text)
    click.echo(f"wrote {printable(file)}; now run: zerograd solve {printable(shlex.quote(file))}")


def _load(spec: str, samples: int | str | None) -> Problem:
    if spec == "-":
        from zerograd.spec.read import load_stdin

        loaded = load_stdin()
    else:
        from zerograd.api import load

        loaded = load(spec)
    if samples is None:
        return loaded
    from zerograd.core.errors import ProblemError, ZerogradError

    try:
        return loaded.with_samples(samples)
    except ProblemError as error:
        lines = (f"{printable(spec)}: error: --samples {samples}: {issue}" for issue in error.issues)
        raise ZerogradError("\n".join(lines)) from None


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress | None]:
    """A spinner on a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("searching") as status:
        yield status.update


def _report_bug(problem: Problem, error: Exception, seed: int) -> None:
    """Say that an answer was caught before it was given, and leave a file to reproduce it."""
    from zerograd.api import SolversDisagree, WitnessRefused
    from zerograd.numeric.recheck import Disagreement

    document: dict[str, Any] = {
        "error": str(error),
        "seed": seed,
        "version": __version__,
        "problem": problem.to_json(),
    }
    if isinstance(error, WitnessRefused | Disagreement):
        document["witness"] = error.witness.to_json()
    if isinstance(error, SolversDisagree):
        document["comparison"] = error.comparison.to_json()
        if error.witness is not None:
            document["witness"] = error.witness.to_json()
    path = Path(f"zerograd-bug-{problem.digest[7:15]}.json")
    click.echo(f"bug: no answer is given, because {error}", err=True)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    try:
        write_whole(path, text)
    except OSError:  # this folder cannot be written to
        click.echo(f"Please report it with what follows, which reproduces it.\n{text}", err=True, nl=False)
    else:
        click.echo(f"Please report it with {path}, which was written to reproduce it.", err=True)


def _check_place(path: Path, specs: Sequence[str]) -> None:
    """Refuse a file that can surely not be written, or that is one of the problems."""
    if any(Path(spec).is_file() and path.is_file() and path.samefile(spec) for spec in specs):
        _fail(f"{printable(str(path))}: is one of the problems: name another file for the results")
    if path.is_dir():
        _fail(f"{printable(str(path))}: is a directory: name a file inside it")
    if not path.parent.is_dir():
        _fail(f"{printable(str(path))}: there is no folder {printable(str(path.parent))}")


def _save(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        _fail(f"{printable(str(path))}: cannot be written: {error.strerror or error}")


def _width() -> int:
    import shutil

    return min(shutil.get_terminal_size((100, 24)).columns, 140) if sys.stdout.isatty() else 100


def _color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _fail(message: str) -> NoReturn:
    click.echo(message if "error:" in message else f"error: {message}", err=True)
    sys.exit(BAD_INPUT)


def _terminate(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)  # unwinds, so that solver processes are ended


def main() -> NoReturn:
    """The `zerograd` command."""
    signal.signal(signal.SIGTERM, _terminate)
    settle_streams()
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        with suppress(OSError):
            sys.stdout.flush()
        # Everything is closed by now. Not sys.exit: Python may still die of the signal itself then.
        os._exit(INTERRUPTED)
    except (_ReaderGoneError, BrokenPipeError):  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DECIDED)
    except OSError as error:  # a full disk, no more processes
        click.echo(f"error: {error.strerror or error}", err=True)
        sys.exit(BAD_INPUT)
    except Exception:  # not 1, Python's own code for this: that one says «refused»
        import traceback

        traceback.print_exc()
        click.echo("bug: no answer is given. Please report it with what stands above.", err=True)
        sys.exit(BUG)
    sys.exit(code if isinstance(code, int) else DECIDED)
