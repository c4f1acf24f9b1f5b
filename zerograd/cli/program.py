"""The command line: arguments, streams and exit codes. What is done is done by `zerograd.api`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Any, NoReturn

import click

from zerograd.cli import end_interrupted
from zerograd.cli.atlas import atlas
from zerograd.cli.auditing import audit
from zerograd.cli.common import BAD_INPUT, BUG, DECIDED, ReaderGoneError
from zerograd.cli.explaining import explain
from zerograd.cli.exporting import export, plot
from zerograd.cli.helping import VARIABLE, complete_files, completion, help_command, print_version
from zerograd.cli.levels import levels
from zerograd.cli.printing import gradients, init, problem
from zerograd.cli.proving import prove
from zerograd.cli.repairing import repair
from zerograd.cli.solving import solve
from zerograd.cli.sweep import sweep
from zerograd.cli.teaching import sheet
from zerograd.cli.verifying import verify
from zerograd.cli.watching import watch
from zerograd.core.near import nearest
from zerograd.streams import settle_streams

_HINT = """\
Exact answers to questions about vanishing gradients. Try:

  zerograd init             write a commented problem file, problem.yaml
  zerograd solve FILE       answer it
  zerograd help             pages of the documentation, here in the terminal
  zerograd --help           everything else
"""


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None


@click.group(
    cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the versions of the program and of what answers depend on.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Is there a network of this shape, and a dataset of this size, for which these gradients vanish?

    Problems are YAML files; `zerograd init` writes one to start from.
    """
    if context.invoked_subcommand is None:
        click.echo(_HINT, nl=False)


for command in (
    watch,
    explain,
    audit,
    repair,
    levels,
    solve,
    prove,
    sweep,
    atlas,
    verify,
    export,
    sheet,
    plot,
    gradients,
    problem,
    init,
):
    complete_files(command)
    cli.add_command(command)
for command in (help_command, completion):
    cli.add_command(command)


def _terminate(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)  # unwinds, so that solver processes are ended


def run() -> NoReturn:
    """Run the `zerograd` command."""
    # Of a service that has neither stream, the exit code is what is wanted; else an answer is.
    if sys.stdout is None and sys.stderr is not None:
        sys.stderr.write("error: standard output is closed: redirect it to a file, or to /dev/null\n")
        sys.exit(BAD_INPUT)
    before, collected = signal.signal(signal.SIGTERM, _terminate), gc.get_threshold()
    # Given numbers come by the hundred thousand, none of them in a cycle: not to be gone through each time.
    gc.set_threshold(200_000, 20, 100)
    unsettle = settle_streams()

    def restore() -> None:
        """Make the process what it was when it started, for programs that run in it."""
        signal.signal(signal.SIGTERM, before)
        gc.set_threshold(*collected)
        unsettle()

    try:
        code = cli.main(complete_var=VARIABLE, standalone_mode=False, obj=restore)
        sys.stdout.flush()
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption):  # click suggests what is far off, too
            near = nearest(error.option_name, error.possibilities or [])
            error = click.NoSuchOption(error.option_name, error.message, near, error.ctx)
        error.show()
        sys.exit(BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        end_interrupted()
    except (ReaderGoneError, BrokenPipeError):  # the reader of our output has seen enough
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
