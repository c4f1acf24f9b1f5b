"""`zerograd gradients`, `zerograd problem` and `zerograd init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from zerograd.cli.common import (
    check_place,
    fail,
    load,
    samples_option,
    save,
)
from zerograd.streams import printable, to_json_text


@click.command()
@click.argument("spec")
@click.option("--latex", is_flag=True, help="Print LaTeX (amsmath).")
def gradients(spec: str, latex: bool) -> None:
    """Print the symbolic loss and gradients of the problem in SPEC."""
    from zerograd.core.errors import ZerogradError
    from zerograd.core.question.fitness import chosen

    try:
        problem = load(spec, None)
        if reason := chosen(problem):
            raise ZerogradError(f"{reason}: formulas are of one derivative there, so name one, such as torch")
    except ZerogradError as error:
        fail(str(error))
    from zerograd.show.say.gradients import gradients_latex, gradients_text

    click.echo(gradients_latex(problem) if latex else gradients_text(problem), nl=False)


@click.command()
@click.argument("spec")
@samples_option
def problem(spec: str, samples: int | str | None) -> None:
    """Print the problem in SPEC as canonical JSON.

    It is a problem file too, and what `python -m zerograd.core.check` reads.
    """
    from zerograd.core.errors import ZerogradError

    try:
        loaded = load(spec, samples)
    except ZerogradError as error:
        fail(str(error))
    click.echo(to_json_text(loaded.to_json(), indent=2))


@click.command()
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
        fail(f"{printable(file)}: exists already: name another file, or overwrite it with --force")
    check_place(path, ())
    save(path, text)
    click.echo(f"wrote {printable(file)}; now run: zerograd solve {printable(shlex.quote(file))}")
