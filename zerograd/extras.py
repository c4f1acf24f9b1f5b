"""How an optional library is installed, from where the user is."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r'^name = "zerograd"$', re.MULTILINE)


def install(extra: str) -> str:
    """Return the command that installs an extra: ``pip install 'zerograd[plot]'``.

    Of a clone, the clone is installed: ``.`` in its folder, else its path.
    """
    clone = _clone(Path(__file__).resolve().parents[1])
    where = "." if clone == Path.cwd() else str(clone or "zerograd")
    return f"pip install '{where}[{extra}]'"


def _clone(folder: Path) -> Path | None:
    """Return the folder if it is a clone of the project: what an installation has beside it is not."""
    try:
        project = (folder / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return folder if _NAME.search(project) else None
