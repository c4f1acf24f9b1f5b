"""Run a training script with a tool put into it, as the tool's own documentation says to.

    python insert.py TOOL SCRIPT

Lines go before the first loop, after its ``backward()``, and behind the loop. Nothing else changes.
This file needs no zerograd.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lines:
    """What is put into a script.

    Attributes:
        top: before its first line.
        before: before the loop.
        after_backward: in the loop, after ``backward()``.
        behind: after the loop.
    """

    top: str = ""
    before: str = ""
    after_backward: str = ""
    behind: str = ""


TOOLS = {
    # the snippet that forums give for "are my gradients vanishing?"
    "norms": Lines(
        after_backward="""
if step == 199:
    for name, parameter in model.named_parameters():
        print(name, "grad:", None if parameter.grad is None else parameter.grad.norm().item())
""",
    ),
    # https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
    "anomaly": Lines(top="import torch\ntorch.autograd.set_detect_anomaly(True)"),
    # its README: register the optimiser, then add checks, right before the loop
    "torcheck": Lines(
        before="""
import torcheck
torcheck.register(optimizer)
torcheck.add_module_changing_check(model, module_name="model")
torcheck.add_module_nan_check(model, module_name="model")
torcheck.add_module_inf_check(model, module_name="model")
""",
    ),
    # its README: watch, log after backward, report at the end
    "gradsnitch": Lines(
        before="import gradsnitch\nmonitor = gradsnitch.watch(model, optimizer, check_every=50)",
        after_backward="monitor.log(step, loss.item())",
        behind="monitor.report()",
    ),
}


def with_lines(source: str, lines: Lines) -> str:
    """Return a script with a tool's lines in it."""
    loop = next(node for node in ast.parse(source).body if isinstance(node, ast.For))
    backward = next(
        node for node in ast.walk(loop) if isinstance(node, ast.Expr) and _is_backward(node.value)
    )
    text = source.splitlines()
    indent = " " * backward.col_offset
    places = [
        (loop.end_lineno or 0, lines.behind, ""),
        (backward.end_lineno or 0, lines.after_backward, indent),
        (loop.lineno - 1, lines.before, ""),
        (0, lines.top, ""),
    ]
    for place, added, margin in places:  # from the last to the first, so that numbers of lines hold
        text[place:place] = [margin + line for line in added.strip().splitlines()]
    return "\n".join(text) + "\n"


def _is_backward(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "backward"
    )


def main() -> None:
    """See the module's docstring."""
    tool, script = sys.argv[1:]
    source = with_lines(Path(script).read_text(encoding="utf-8"), TOOLS[tool])
    exec(compile(source, Path(script).name, "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
