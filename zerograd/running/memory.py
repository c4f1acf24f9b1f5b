"""Whether memory runs short: watching keeps every value of a step, and must not be what ends the script."""

from __future__ import annotations

from pathlib import Path

_SHARE, _LEAST = 0.05, 2**28
"""Memory is short when less than this share of it is left, or less than this many bytes."""

_GROUP = Path("/sys/fs/cgroup")


def is_short() -> bool:
    """Whether little memory is left, on the machine or in this process's control group (Linux)."""
    return any(left < max(_SHARE * whole, min(_LEAST, whole / 4)) for left, whole in (_machine(), _group()))


def _machine() -> tuple[float, float]:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = {
            name: 1024 * int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)
        }
        return sizes["MemAvailable"], sizes["MemTotal"]
    except (OSError, ValueError, KeyError, IndexError):
        return 1.0, 0.0


def _group() -> tuple[float, float]:
    """Return what is left of the control group's limit, and the limit; pages of files can be let go."""
    try:
        whole = int((_GROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_GROUP / "memory.current").read_text(encoding="ascii"))
        stat = (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines()
        files = next((int(line.split()[1]) for line in stat if line.startswith("inactive_file ")), 0)
        return whole - used + files, whole
    except (OSError, ValueError):  # no limit, another system
        return 1.0, 0.0
