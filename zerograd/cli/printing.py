"""`zerograd gradients`, `zerograd problem` and `zerograd init`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from zerograd.cli.common import (
    Target,
    check_new_place,
    check_place,
    fail,
    force_option,
    load,
    output_option,
    samples_option,
    save,
)
from zerograd.streams import printable


@click.command()
@click.argument("spec")
@click.option("--latex", is_flag=True, help="Print LaTeX (amsmath).")
@output_option
@force_option
def gradients(spec: str, latex: bool, output: str | None, force: bool) -> None:
    """Print the symbolic loss and gradients of the problem in SPEC."""
    from zerograd.core.errors import ZerogradError
    from zerograd.core.question.fitness import chosen

    check_new_place(output, [spec], force=force)
    try:
        problem = load(spec, None)
        if reason := chosen(problem):
            raise ZerogradError(f"{reason}: formulas are of one derivative there, so name one, such as torch")
    except ZerogradError as error:
        fail(str(error))
    from zerograd.show.say.gradients import gradients_latex, gradients_text

    Target("latex" if latex else "text", output).put(
        gradients_latex(problem) if latex else gradients_text(problem)
    )


@click.command()
@click.argument("spec")
@samples_option
@output_option
@force_option
def problem(spec: str, samples: int | str | None, output: str | None, force: bool) -> None:
    """Print the problem in SPEC as canonical JSON.

    It is a problem file too, and what `python -m zerograd.core.check` reads.
    """
    from zerograd.core.errors import ZerogradError

    check_new_place(output, [spec], force=force)
    try:
        loaded = load(spec, samples)
    except ZerogradError as error:
        fail(str(error))
    Target("json", output).put(json.dumps(loaded.to_json(), indent=2, ensure_ascii=False) + "\n")


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
