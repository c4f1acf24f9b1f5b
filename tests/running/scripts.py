"""Scripts in a folder, run by Python and under watch, as processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parents[2]

TRAINING = """\
import torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(16, 4), torch.randn(16, 2)


def step():
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


"""
"""A training that scripts go on with."""

FINE = "Nothing stands still: every parameter has a gradient that is not zero, and moved."
_NO_TORCH = re.compile("^PyTorch was not imported in this process.\nno optimiser stepped\n", re.MULTILINE)


class Run(NamedTuple):
    """What became of a process."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Folder:
    """A folder of scripts."""

    path: Path

    def write(self, text: str, name: str = "script.py") -> str:
        """Write a script; return its name."""
        (self.path / name).write_text(dedent(text), encoding="utf-8")
        return name

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start Python in the folder."""
        kept = {name: it for name, it in os.environ.items() if name not in ("NO_COLOR", "PYTHONUNBUFFERED")}
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.path,
            env=kept | {"PYTHONPATH": str(PACKAGE), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def watch(self, *arguments: str, **environment: str) -> Run:
        """Run ``zerograd watch``."""
        return finished(self.start("-m", "zerograd", "watch", *arguments, **environment))

    def training(self, text: str, *options: str, **environment: str) -> Run:
        """Run a script that trains, under watch."""
        return self.watch(self.write(TRAINING + dedent(text)), *options, **environment)

    def both(self, script: str, *arguments: str, **environment: str) -> tuple[Run, Run]:
        """Run a script by Python and under watch, both at once; of the latter leave out the report."""
        plain = self.start(script, *arguments, **environment)
        watched = self.start("-m", "zerograd", "watch", script, "--", *arguments, **environment)
        first, second = finished(plain), finished(watched)
        return first, second._replace(out=_NO_TORCH.sub("", second.out))


def finished(process: subprocess.Popen[bytes], text: bytes = b"a line\nmore\n") -> Run:
    """Wait for a process, and kill it if it does not end."""
    try:
        out, err = process.communicate(text, timeout=100)
    finally:
        process.kill()
    return Run(process.returncode, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"))
