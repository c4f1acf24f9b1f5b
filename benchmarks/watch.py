"""What it costs to watch a training step: time and memory beside torch's own step in float64, in one run.

    python benchmarks/watch.py [--runs 20] [--case NAME …] [--curve] [--memory] [--json FILE]

A watched step is the whole of it: the float32 step under watch, every gradient entry classified, causes
found, the report made. torch has one thread. The two are measured in turn (A B A B …), and the ratio is that
of the fastest of each. ``--memory`` measures peaks, each in a process of its own; ``--curve`` repeats the
first case with larger batches and layers.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import zerograd as zg

Step = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A training step, and how many times torch's float64 step it may cost."""

    title: str
    make: Callable[[], tuple[nn.Module, Tensor, Tensor, Callable[[Tensor, Tensor], Tensor]]]
    optimizer: Callable[[Any], torch.optim.Optimizer]
    asked: int


def mlp(hidden: int = 128) -> nn.Module:
    """Return a network with one hidden layer."""
    return nn.Sequential(nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def _mlp_mse() -> Any:
    return mlp(), torch.rand(64, 784), torch.randn(64, 10), nn.functional.mse_loss


def _mlp_cross_entropy() -> Any:
    return mlp(), torch.rand(64, 784), torch.randint(0, 10, (64,)), nn.functional.cross_entropy


def _cnn() -> Any:
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 49, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    return network, torch.rand(32, 1, 28, 28), torch.randint(0, 10, (32,)), nn.functional.cross_entropy


def _transformer() -> Any:
    layer = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, activation="gelu", batch_first=True)
    return layer, torch.randn(8, 32, 64), torch.randn(8, 32, 64), nn.functional.mse_loss


def _sgd(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.01)


def _adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=0.001)


CASES = {
    "mlp": Case("784-128-10 ReLU, mse, batch 64, SGD", _mlp_mse, _sgd, 25),
    "mlp-adam": Case("the same, cross entropy, Adam", _mlp_cross_entropy, _adam, 60),
    "cnn": Case("2 conv, 2 linear, 28×28, batch 32, SGD", _cnn, _sgd, 60),
    "transformer": Case("transformer layer, width 64, 4 heads, 32 tokens, batch 8", _transformer, _sgd, 100),
}


def plain_step(case: Case) -> Step:
    """Return torch's own step in float64."""
    torch.manual_seed(0)
    network, x, y, loss = case.make()
    network, x, y = network.double(), x.double(), y.double() if y.is_floating_point() else y
    optimizer = case.optimizer(network.parameters())

    def step() -> None:
        optimizer.zero_grad()
        loss(network(x), y).backward()
        optimizer.step()

    return step


def watched_step(case: Case) -> Step:
    """Return the step in float32 under watch, and its report."""
    torch.manual_seed(0)
    network, x, y, loss = case.make()
    optimizer = case.optimizer(network.parameters())

    def step() -> Any:
        with zg.watch(network, optimizer) as watch:
            optimizer.zero_grad()
            loss(network(x), y).backward()
            optimizer.step()
        return watch.report()

    return step


STEPS = {"plain": plain_step, "watched": watched_step}


def measure(case: Case, runs: int) -> dict[str, Any]:
    """Return milliseconds of either step, and the ratio."""
    torch.set_num_threads(1)
    steps = {name: make(case) for name, make in STEPS.items()}
    steps["plain"]()
    report = steps["watched"]()
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(runs):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            best[name] = min(best[name], time.perf_counter() - start)
    rows = report.to_json()["parameters"].values()
    left = sum(row["entries"]["undecided"] + row["entries"]["observed"] for row in rows)
    return {
        "title": case.title,
        "plain_ms": round(1000 * best["plain"], 2),
        "watched_ms": round(1000 * best["watched"], 2),
        "ratio": round(best["watched"] / best["plain"], 1),
        "asked": case.asked,
        "left_open": left,
    }


def peak(name: str, which: str) -> int:
    """Return how many bytes a step takes at its peak, network and data included: in a process of its own."""
    command = [sys.executable, __file__, "--peak", name, which]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def print_peak(name: str, which: str) -> None:
    """Print by how much making and taking a step raises this process's memory (Linux).

    Importing takes more than a step, so the kernel's record of the peak is reset first.
    """
    torch.set_num_threads(1)
    small = Case(
        "", lambda: (mlp(8), torch.rand(2, 784), torch.randn(2, 10), nn.functional.mse_loss), _sgd, 0
    )
    for make in STEPS.values():
        make(small)()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    step = STEPS[which](CASES[name])
    for _ in range(3):
        step()
    print(_resident("VmHWM") - before)


def _resident(field: str) -> int:
    """Return a field of the kernel's record of this process's memory, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def curve(runs: int) -> list[dict[str, Any]]:
    """Return what the first case costs with larger batches and hidden layers."""
    rows = []
    for batch, hidden in ((16, 128), (64, 128), (256, 128), (1024, 128), (64, 512), (64, 2048)):

        def make(batch: int = batch, hidden: int = hidden) -> Any:
            return mlp(hidden=hidden), torch.rand(batch, 784), torch.randn(batch, 10), nn.functional.mse_loss

        rows.append(measure(Case(f"784-{hidden}-10, batch {batch}", make, _sgd, 25), runs))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print_peak(*options.peak)
        return
    rows = [measure(CASES[name], options.runs) for name in options.case or CASES]
    if options.curve:
        rows += curve(max(3, options.runs // 4))
    print(f"{'step':60}{'torch ms':>10}{'watched ms':>12}{'ratio':>8}{'asked':>8}{'open':>7}")
    for row in rows:
        print(
            f"{row['title']:60}{row['plain_ms']:10.2f}{row['watched_ms']:12.2f}{row['ratio']:8.1f}"
            f"{'≤ ' + str(row['asked']):>8}{row['left_open']:7}"
        )
    if options.memory:
        for name in options.case or CASES:
            plain, watched = peak(name, "plain"), peak(name, "watched")
            mebibytes = f"{plain / 2**20:6.1f} MiB{watched / 2**20:8.1f} MiB{watched / plain:8.1f}"
            print(f"{CASES[name].title:60}{mebibytes}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
