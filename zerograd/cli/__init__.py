"""The command line. Here is what starts it, and imports next to nothing; `program` is the rest."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # see `zerograd`
if TYPE_CHECKING:
    from typing import NoReturn

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def main() -> NoReturn:
    """The `zerograd` command. Ctrl-C is heard while it is being imported, too, which takes a moment."""
    try:
        from zerograd.cli.early import start_early

        start_early(sys.argv[1:])
        gc.disable()  # what is imported stays
        from zerograd.cli.program import run

        gc.enable()
    except KeyboardInterrupt:
        end_interrupted()
    run()


def end_interrupted() -> NoReturn:
    """End the process in a line, without a traceback, once everything is closed."""
    from contextlib import suppress

    with suppress(OSError, AttributeError):  # nobody reads, or there is no such stream
        sys.stderr.write("interrupted\n")
        sys.stderr.flush()
    with suppress(OSError, AttributeError):
        sys.stdout.flush()
    # Not sys.exit: Python may still die of the signal itself then.
    os._exit(INTERRUPTED)
