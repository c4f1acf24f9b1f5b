"""What all commands share: options, exit codes, files in and out, progress."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

from zerograd._version import __version__
from zerograd.core.numbers.work import DEFAULT as DEFAULT_WORK
from zerograd.streams import printable, printable_json, write_whole

if TYPE_CHECKING:
    from zerograd.core.question.problem import Problem
    from zerograd.search.verdict import Progress

    FloatType = click.ParamType[float]
    IntType = click.ParamType[int]
    SamplesType = click.ParamType[int | str]
else:  # older versions of click (8.1, 8.2, …) know no such arguments when they run
    FloatType = IntType = SamplesType = click.ParamType

Command: TypeAlias = Callable[..., None]

DECIDED, NOT_AS_EXPECTED, BAD_INPUT, UNKNOWN, BUG = 0, 1, 2, 3, 70
SEVERITY = (DECIDED, UNKNOWN, NOT_AS_EXPECTED, BAD_INPUT, BUG)
"""The exit code for several files is the one of theirs that comes last here."""

_NO_WRAP, _WRAP, _CLEAR = "\x1b[?7l", "\x1b[?7h", "\x1b[K"
_TIME = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_SIZE = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


class Duration(FloatType):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|)\s*", str(value))
        seconds = float(match[1]) * _TIME[match[2]] if match else 0.0
        if not seconds:
            self.fail(f"{value!r} is not a time above 0: write 500ms, 60s, 5m or 1h", param, ctx)
        return seconds


class Memory(IntType):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"\s*(\d+)\s*([kmg]?)(?:i?b)?\s*", str(value), re.IGNORECASE)
        size = int(match[1]) * _SIZE[match[2].lower()] if match else 0
        if not 2**28 <= size < 2**63:
            self.fail(f"{value!r} is not a size of at least 256M: write 512M or 4G", param, ctx)
        return size


class Samples(SamplesType):
    name = "samples"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value in ("fewest", "any"):
            return str(value)
        if not re.fullmatch(r"[0-9]{1,9}", str(value)):
            self.fail(f"{value!r} is not a number of samples: write 3, fewest or any", param, ctx)
        return int(value)


samples_option = click.option(
    "--samples", type=Samples(), metavar="N|fewest|any", help="In place of the file's own number of samples."
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed gives the same answer."
)
memory_option = click.option(
    "--memory", type=Memory(), default="4G", show_default=True, help="Cap for a solver process."
)
work_option = click.option(
    "--work",
    type=click.IntRange(min=1),
    metavar="N",
    default=DEFAULT_WORK,
    show_default=True,
    help="Refuse what takes more exact work than this to read and check, in units of about a microsecond.",
)
output_option = click.option("-o", "--output", metavar="FILE", help="Write to FILE, and say so.")
force_option = click.option("--force", is_flag=True, help="Overwrite FILE, whatever it holds.")


def beside_option(what: str) -> Callable[[Command], Command]:
    """``-o`` of a command that prints for people, and whose documents go to a file besides."""
    return click.option(
        "-o", "--output", metavar="FILE", help=f"Write {what} to FILE too, as JSON, and say so."
    )


_OURS = re.compile(rb'\s*\{\s*"format"\s*:\s*"zerograd\.')
"""How documents begin that this program writes."""
_FOOTER = 2**16
"""Bytes at the end of a Parquet file in which its schema and its metadata are looked for."""


def timeout_option(of: str | None = None, default: str = "60s") -> Callable[[Command], Command]:
    return click.option("--timeout", type=Duration(), default=default, show_default=True, help=of)


@dataclass(frozen=True)
class Target:
    """In which form something is written, and where: standard output, or the file that ``-o`` names."""

    form: str
    output: str | None

    def put(self, content: str | bytes, *lines: str) -> None:
        """Write it. To a file: then say so, below these lines."""
        if self.output is None:
            if self.form == "json" and isinstance(content, str):
                content = printable_json(content)
            click.echo(content, nl=False)
            return
        save(Path(self.output), content)
        for line in lines:
            click.echo(line)
        say_wrote(self.output)


def target_options(forms: Sequence[str], how: str) -> Callable[[Command], Command]:
    """Add ``--to``, ``--json``, ``-o`` and ``--force``, which the command gets as its ``target``."""

    def add(command: Command) -> Command:
        @wraps(command)
        def targeted(*, form: str, as_json: bool, output: str | None, force: bool, **others: Any) -> None:
            if as_json and form not in ("text", "json"):
                fail(f"--json and --to {form} contradict each other: give one of them")
            check_new_place(output, [others["spec"]], force=force)
            command(target=Target("json" if as_json else form, output), **others)

        options = (
            click.option(
                "--to", "form", type=click.Choice(forms), default="text", show_default=True, help=how
            ),
            click.option("--json", "as_json", is_flag=True, help="The same as --to json."),
            output_option,
            force_option,
        )
        for option in reversed(options):
            targeted = option(targeted)
        return targeted

    return add


def load(spec: str, samples: int | str | None) -> Problem:
    if spec == "-":
        from zerograd.spec.read import load_stdin

        loaded = load_stdin()
    else:
        from zerograd.spec.read import load as read

        loaded = read(spec, lambda line: click.echo(f"{printable(spec)}: {printable(line)}", err=True))
    if samples is None:
        return loaded
    from zerograd.core.errors import ProblemError, ZerogradError

    try:
        return loaded.with_samples(samples)
    except ProblemError as error:
        lines = (f"{printable(spec)}: error: --samples {samples}: {issue}" for issue in error.issues)
        raise ZerogradError("\n".join(lines)) from None


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """Say on a terminal, in a line that is written over, what the search has turned to; nothing elsewhere."""
    terminal = sys.stderr
    if quiet or not terminal.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return

    def say(line: str) -> None:
        # A line that is too long for the terminal is cut, whatever its width is by then: it does not wrap.
        terminal.write(f"\r{_NO_WRAP}{line}{_CLEAR}{_WRAP}")
        terminal.flush()

    try:
        yield say
    finally:
        terminal.write(f"\r{_CLEAR}")
        terminal.flush()


def report_bug(problem: Problem, error: Exception, seed: int) -> None:
    """Say that an answer was caught before it was given, and leave a file to reproduce it."""
    from zerograd.answering import CertificateRefused, SolversDisagree, WitnessRefused
    from zerograd.evaluate.recheck import Disagreement

    document: dict[str, Any] = {
        "error": str(error),
        "seed": seed,
        "version": __version__,
        "problem": problem.to_json(),
    }
    if isinstance(error, WitnessRefused | Disagreement):
        document["witness"] = error.witness.to_json()
    if isinstance(error, CertificateRefused):
        document["certificate"] = error.certificate.to_json()
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


class ReaderGoneError(Exception):
    """Nobody reads what we print. Not an OSError: of that click would make exit code 1, which is taken."""


@contextmanager
def one_of(specs: Sequence[str], spec: str) -> Iterator[list[Exception]]:
    """Inside, one of several problems is answered: a bug met there does not silence the others.

    Yields:
        A list that holds the error afterwards, if there was one.
    """
    failed: list[Exception] = []
    try:
        yield failed
    except (OSError, click.ClickException, click.Abort, ReaderGoneError):
        raise
    except Exception as error:
        if len(specs) == 1:
            raise
        import traceback

        traceback.print_exc()
        click.echo(
            f"bug: no answer is given to {printable(spec)}. Please report it with what stands above.",
            err=True,
        )
        failed.append(error)


def check_place(path: Path, specs: Sequence[str], results: Sequence[str] = ()) -> None:
    """Refuse a file that can surely not be written, or that is a problem or a result that is read."""
    if any(_is(path, spec) for spec in specs):
        fail(f"{printable(str(path))}: is one of the problems: name another file for the results")
    if any(_is(path, result) for result in results):
        fail(f"{printable(str(path))}: is the result that is read: name another file to write to")
    if path.is_dir():
        fail(f"{printable(str(path))}: is a directory: name a file inside it")
    if not path.parent.is_dir():
        fail(f"{printable(str(path))}: there is no folder {printable(str(path.parent))}")


def _is(path: Path, name: str) -> bool:
    """Whether a file also goes by this name on the command line, where ``-`` is no file."""
    return name != "-" and Path(name).is_file() and path.is_file() and path.samefile(name)


def check_new_place(
    output: str | None, specs: Sequence[str], results: Sequence[str] = (), *, force: bool
) -> None:
    """End the program if the file that ``-o`` names cannot be written, or holds what is not to be lost.

    Documents and tables that this program writes, and empty files, are replaced, others if that is forced.
    """
    if output is None:
        return
    if output == "-":
        fail("-o -: names a file; without -o, or with --json, standard output is written to")
    place = Path(output)
    check_place(place, specs, results)
    if not force and place.is_file() and not _is_ours(place):
        fail(f"{printable(output)}: exists already: name another file, or overwrite it with --force")


def check_two_places(output: str | None, html: str | None) -> None:
    """End the program if the document and the page would be written to the same file."""
    if output is not None and html is not None and Path(output).resolve() == Path(html).resolve():
        fail(f"{printable(html)}: is the file of -o as well: name another one for --html")


def _is_ours(path: Path) -> bool:
    """Whether a file is empty, or this program's: JSON, or the table of a sweep as CSV or Parquet."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
            if start.startswith(b"PAR1"):  # what it is stands at its end
                stream.seek(max(0, path.stat().st_size - _FOOTER))
                return b"zerograd.sweep/" in stream.read()
    except OSError:  # not to be read, so perhaps not ours
        return False
    return not start or _OURS.match(start) is not None or _is_table(start.partition(b"\n")[0])


def _is_table(line: bytes) -> bool:
    """Whether a line is that of the names in a sweep's table."""
    from zerograd.core.question.sweeps import COLUMNS

    return line.endswith(f",{','.join(COLUMNS[:-1])}".encode())


def say_wrote(output: str, *, aside: bool = False) -> None:
    """Say that a file was written, as all commands do.

    Args:
        aside: on standard error, because standard output has JSON.
    """
    click.echo(f"wrote {printable(output)}", err=aside)


def save(path: Path, content: str | bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        fail(f"{printable(str(path))}: cannot be written: {error.strerror or error}")


def put(document: dict[str, Any], shown: str, *, as_json: bool, output: str | None) -> None:
    """Print a document, or what there is to show of it; and write it where that was asked for."""
    click.echo(printable_json(json.dumps(document, ensure_ascii=False)) if as_json else shown.rstrip("\n"))
    if output is not None:
        save(Path(output), json.dumps(document, ensure_ascii=False) + "\n")
        say_wrote(output, aside=as_json)


def fail_at(spec: str, error: Exception) -> NoReturn:
    """End with a message that says which file it is about."""
    message = str(error)
    name = "<stdin>" if spec == "-" else printable(spec)
    fail(message if "error:" in message else f"{name}: {message}")


def width() -> int:
    import shutil

    return min(shutil.get_terminal_size((100, 24)).columns, 140) if sys.stdout.isatty() else 100


def color() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def fail(message: str) -> NoReturn:
    click.echo(message if "error:" in message else f"error: {message}", err=True)
    sys.exit(BAD_INPUT)
