"""When the script imports PyTorch: nothing is watched before, and nothing of PyTorch is imported for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Arrival:
    """A finder that finds nothing itself. It lets the others find torch, and calls when it has been imported.

    Torch is not imported ahead of the script: it reads the environment (the number of threads, devices) when
    it is, and scripts set that first.
    """

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived

    def wait(self) -> None:
        """Call when torch is imported; now, where it is already."""
        if "torch" in sys.modules:
            self._arrived()
        else:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Wait no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None but for torch: then what the other finders find, with a loader that calls."""
        if name != "torch":
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                return self._calling(spec)
        return None

    def _calling(self, spec: ModuleSpec) -> ModuleSpec:
        loader: Any = spec.loader
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            loader.exec_module = load
            load(module)
            if self in sys.meta_path:
                self.stop()
                self._arrived()

        loader.exec_module = exec_module
        return spec
