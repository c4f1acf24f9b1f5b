"""`zerograd sheet`: the same exercise with other numbers for each student."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from zerograd.cli.common import (
    UNKNOWN,
    Target,
    check_new_place,
    fail,
    force_option,
    load,
    memory_option,
    output_option,
    samples_option,
    seed_option,
    timeout_option,
)
from zerograd.streams import printable

ENDINGS = {"latex": (".tex",), "pdf": (".pdf",), "markdown": (".md", ".markdown"), "html": (".html", ".htm")}
"""What documents in each language are called; the first is the usual one."""


def language_of(output: str | None) -> str:
    """Return the language of a document, which the name of its file says; else it is LaTeX."""
    if output is None:
        return "latex"
    ending = Path(output).suffix.lower()
    languages = [language for language, endings in ENDINGS.items() if ending in endings]
    if not languages:
        usual = ", ".join(f"…{endings[0]}" for endings in ENDINGS.values())
        fail(f"{printable(output)}: name a file {usual}")
    return languages[0]


@click.command()
@click.argument("spec")
@click.option(
    "--count",
    type=click.IntRange(1, 200),
    default=8,
    show_default=True,
    metavar="N",
    help="How many networks.",
)
@output_option
@force_option
@click.option("--solutions/--no-solutions", default=True, help="Solutions on pages of their own, or none.")
@click.option(
    "--prefer",
    type=click.Choice(["any", "generic"]),
    help="generic: networks without zeros, units that are alike or samples on kinks, where they are "
    "found; any: those that are found first. In place of the file's own. [default: generic]",
)
@timeout_option("For all of them.")
@samples_option
@seed_option
@memory_option
def sheet(spec: str, output: str | None, **options: Any) -> None:
    """Write a sheet of exercises: N different networks that answer the problem in SPEC ('-': standard input).

    A page for each network asks for its outputs, its gradients, and why some of them vanish. FILE is LaTeX
    (.tex, also on standard output), PDF (.pdf), Markdown (.md) or HTML (.html).

    Exit codes: 0 written, 2 unusable input or no network, 3 fewer networks than asked for, which are written.
    """
    from zerograd.core.errors import ZerogradError
    from zerograd.search.process import SearchProcess

    language = language_of(output)
    check_new_place(output, [spec], force=options["force"])
    try:
        with SearchProcess(memory=options["memory"]) as process:
            problem = load(spec, options["samples"])
            from zerograd.sheets import different

            answers = different(
                problem,
                options["count"],
                prefer=options["prefer"] or problem.prefer or "generic",
                seed=options["seed"],
                timeout=options["timeout"],
                process=process,
            )
        content = _written(answers, language, solutions=options["solutions"])
    except ZerogradError as error:
        fail(str(error))
    Target(language, output).put(content)
    if len(answers) < options["count"]:
        found = len(answers)
        click.echo(
            f"found {found} different network{'s' if found > 1 else ''}, not {options['count']}: "
            "ask for fewer (--count), fix less, or allow more time (--timeout)",
            err=True,
        )
        sys.exit(UNKNOWN)


def _written(answers: Any, language: Any, *, solutions: bool) -> str | bytes:
    from zerograd.show.lecture.sheet import sheet as written

    if language != "pdf":
        return written(answers, language=language, solutions=solutions)
    from zerograd.typeset import pdf

    return pdf(written(answers, solutions=solutions))
