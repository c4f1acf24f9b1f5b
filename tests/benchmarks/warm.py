"""Runs commands of the program, each in a process that is forked where PyTorch is loaded: that takes seconds.

Each line of the input is JSON: arguments, a folder, and a file for what is printed. When the command has
ended, a line is printed.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

LOADED = (
    "torch._dynamo",  # which optimisers load: it takes longer than PyTorch itself
    "zerograd.cli.program",
    "zerograd.running.session",
    "zerograd.explaining.training.watch",
)


def main() -> None:
    """Run what is asked until the input ends."""
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        arguments, folder, printed = json.loads(line)
        if child := os.fork():
            os.waitpid(child, 0)
            print("ended", flush=True)
            continue
        os.chdir(folder)
        written = os.open(printed, os.O_WRONLY | os.O_CREAT)
        for stream, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), written, written)):
            os.dup2(descriptor, stream)
        sys.argv = ["zerograd", *arguments]
        from zerograd.cli import main

        main()


if __name__ == "__main__":
    main()
