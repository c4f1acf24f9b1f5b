"""Where processes spend their time: their stacks are looked at every so often, and told apart by stage.

`watching` has every process that is started meanwhile look at itself. The time between two looks goes to what
the second finds: a call into a library ends before it can be looked at.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

FOLDER = "ZEROGRAD_SAMPLING"
"""The variable of the environment that says where processes put what they saw."""
EVERY = 0.001
"""Seconds between two looks."""
KEPT = 40
"""Looks after which what was seen is written down, as a process may be killed at any time."""
CUSTOMIZE = "from benchmarks import sampling\nsampling.begin()\n"
IDLE = "idle"
WAITS = ("selectors", "threading", "queue")
RECEIVING = ("zerograd.services.child", "receive")
IDLING = [("zerograd.services.serving", name) for name in ("_lines", "serve", "attempt")]
"""Functions that wait for a line, if they call no other: whatever is innermost then is written in C."""
WORKING = ("search", "proving", "solvers", "derive")


class Sampler:
    """Looks at this process. ``seen`` has seconds by stage."""

    def __init__(self, file: Path | None = None) -> None:
        self.seen: dict[str, float] = defaultdict(float)
        self.file = file
        self.looks = 0
        self.last = 0.0

    def start(self) -> None:
        """Begin to look."""
        self.last = time.perf_counter()
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
        atexit.register(self.stop)  # Python gives up its handlers before it ends

    def stop(self) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _: int, frame: FrameType | None) -> None:
        now = time.perf_counter()
        self.seen[stage(stack(frame))] += now - self.last
        self.last = now
        self.looks += 1
        if self.file is not None and self.looks % KEPT == 0:
            draft = self.file.with_suffix(".part")
            draft.write_text(json.dumps(self.seen), encoding="ascii")
            draft.replace(self.file)


def stack(frame: FrameType | None) -> list[tuple[str, str]]:
    """(module, function) of each frame, innermost first."""
    found = []
    while frame is not None:
        found.append((frame.f_globals.get("__name__", ""), frame.f_code.co_name))
        frame = frame.f_back
    return found


def stage(frames: list[tuple[str, str]]) -> str:
    """What a stack is at: the stage of an answer, or the module of a search."""
    own = [(module, name) for module, name in frames if module.startswith("zerograd.")]
    modules = [module for module, _ in own]
    if any(module.startswith("zerograd.evaluate") for module in modules):
        return "numeric re-check"
    if "zerograd.services.wire" in modules:
        return "messages"
    if not own:
        return "JSON" if any(module.startswith("json") for module, _ in frames) else "else"
    innermost = own[0][0]
    if frames[0] in IDLING:
        return IDLE
    if frames[0][0] in WAITS or frames[0] == RECEIVING:
        return "waiting"
    if innermost.startswith("zerograd.services"):
        return "messages"
    if any(name == "to_json" for _, name in own):
        return "JSON"
    for module in modules:
        room = module.split(".")[1]
        if room in WORKING:
            return ": ".join(module.split(".")[1:3])
    return "exact check" if any(module.startswith("zerograd.core") for module in modules) else "else"


def begin() -> None:
    """Look at this process until it ends, if it was started by one that is `watching`."""
    folder = os.environ.get(FOLDER)
    if folder:
        Sampler(Path(folder, f"{os.getpid()}.json")).start()


class Watch:
    """What the processes that were started meanwhile saw. Those in ``folder`` write it down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before: dict[str, float] = {}

    def forget(self) -> None:
        """Count from now on."""
        self.before = self._all()

    def seen(self) -> dict[str, float]:
        """Seconds by stage, of all of them together, without those in which they had nothing to do."""
        found = {name: seconds - self.before.get(name, 0.0) for name, seconds in self._all().items()}
        return {name: seconds for name, seconds in found.items() if name != IDLE and seconds > 0}

    def _all(self) -> dict[str, float]:
        total: dict[str, float] = defaultdict(float)
        for path in self.folder.glob("*.json"):
            for name, seconds in json.loads(path.read_text(encoding="ascii")).items():
                total[name] += seconds
        return total


@contextmanager
def watching(root: Path) -> Iterator[Watch]:
    """While the block runs, processes that are started look at themselves.

    Args:
        root: the folder that holds the package ``benchmarks``.
    """
    before = {name: os.environ.get(name) for name in (FOLDER, "PYTHONPATH")}
    with TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(CUSTOMIZE, encoding="ascii")
        seen = Path(folder, "seen")
        seen.mkdir()
        paths = [folder, str(root), *filter(None, [before["PYTHONPATH"]])]
        os.environ |= {FOLDER: str(seen), "PYTHONPATH": os.pathsep.join(paths)}
        try:
            yield Watch(seen)
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
