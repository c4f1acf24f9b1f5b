"""Runs scripts one by one, where libraries have been imported and are warm: that takes seconds for each.

Each line of the input is the path of a script, each line of the output JSON: what it raised and wrote.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO


def settle() -> None:
    """Undo what scripts set: each has to set it itself."""
    if jax := sys.modules.get("jax"):
        jax.config.update("jax_enable_x64", False)
    if torch := sys.modules.get("torch"):
        torch.set_default_dtype(torch.float32)


def main() -> None:
    """Run what is asked until the input ends."""
    for line in sys.stdin:
        settle()
        out, raised = StringIO(), ""
        with redirect_stdout(out), redirect_stderr(out):
            try:
                runpy.run_path(line.rstrip("\n"), run_name="__main__")
            except BaseException:
                raised = traceback.format_exc()
        print(json.dumps({"raised": raised, "out": out.getvalue()}), flush=True)


if __name__ == "__main__":
    main()
