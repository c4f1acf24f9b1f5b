"""Commands with a file of finished rows that are killed, or meet a bug."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.stores import decided

if TYPE_CHECKING:
    from tests.cli.conftest import Program

BROKEN = """
from zerograd.cli import main
from zerograd.services.wire import ServiceFailed
from zerograd.sweeping import tasks

def broken(*_, **__):
    raise ServiceFailed("out of order")

tasks.solve = broken
main()
"""
"""The program, in which every row meets a bug."""


def killed_again_and_again(
    program: Program, command: str, name: str, store: Path, rows: int, kills: int, dice: random.Random
) -> None:
    """Kill a command (−9) so many times: when it has written something, or at any moment. Nothing is lost."""
    done = 0
    for _ in range(6 * kills):
        before = decided(store)
        if done == kills or len(before) == rows:
            break
        process = program.start(command, "--jobs", str(dice.choice((1, 2))), name)
        end = time.monotonic() + 60
        if dice.random() < 0.6:
            while len(decided(store)) == len(before) and process.poll() is None:
                assert time.monotonic() < end, "nothing is finished"
        else:
            time.sleep(dice.uniform(0.0, 3.0))
        done += process.poll() is None
        process.kill()
        process.communicate(timeout=10)
        assert decided(store).items() >= before.items()
    assert done >= kills // 2
