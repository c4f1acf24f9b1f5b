"""Measure which zeros floating point makes of gradients: the tables of docs/reference/float-zeros.md.

    python tools/float_zeros.py [print|update|check] [TABLE …] [--kinks-of PYTHON …]

    print      the tables, in Markdown (the default)
    update     write them into the page
    check      exit with 1 where the page says something else
    TABLE      only these; all together take about ten minutes, half of which is `inner`
    PYTHON     the program of an environment with another version of torch, for the table `kinks`

Everything is found by looking, number by number where the type has 16 bits, and nothing by formula. Columns
of other versions of torch in the table of kinks stay as the page has them.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from tools.zeros import kinks  # noqa: E402  # found now

PAGE = ROOT / "docs" / "reference" / "float-zeros.md"
_MEASURED = re.compile(r"<!-- measured: (?P<name>\w+) -->\n(?P<table>.*?)<!-- end -->", re.DOTALL)


def versions() -> str:
    """Return what was measured: libraries, and the processor's instructions, on which vector code depends."""
    import torch

    parts = [f"torch {torch.__version__.partition('+')[0]}"]
    try:
        import jax
    except ImportError:
        pass
    else:
        parts.append(f"JAX {jax.__version__}")
    capability = torch.backends.cpu.get_cpu_capability()
    return f"Measured with {' and '.join(parts)} on a CPU ({platform.machine()}, {capability})."


def measure_kinks(old: str, others: Sequence[str] = ()) -> str:
    """Return the table of kinks, with the columns of other environments."""
    elsewhere = [
        json.loads(subprocess.run(
            [python, __file__, "columns"], check=True, capture_output=True, text=True
        ).stdout)
        for python in others
    ]  # fmt: skip
    here = kinks.merged({}, [kinks.torch_columns(), *elsewhere, kinks.jax_columns()])
    columns = kinks.merged(kinks.read(old) if "|" in old else {}, [here])
    return kinks.table(columns)


def tables() -> dict[str, Callable[[], str]]:
    """Return what measures each table, by its name."""
    from tools.zeros import rounding
    from tools.zeros import tables as zeros

    return {
        "versions": versions,
        "torch": zeros.torch_ends,
        "jax": zeros.jax_ends,
        "inner": zeros.inner,
        "noise": rounding.noise,
        "steps": rounding.steps,
        "means": rounding.means,
        "subnormal": rounding.subnormal,
    }


def on_page(page: str) -> dict[str, str]:
    """Return the tables that a page has, by their names."""
    return {match["name"]: match["table"].strip() for match in _MEASURED.finditer(page)}


def measured(names: Sequence[str], page: str, others: Sequence[str] = ()) -> dict[str, str]:
    """Return the tables of these names, measured now."""
    ways = tables()
    known = [*ways, "kinks"]
    if wrong := set(names) - set(known):
        raise SystemExit(f"no such table: {', '.join(sorted(wrong))}; there are {', '.join(known)}")
    return {
        name: measure_kinks(on_page(page).get(name, ""), others) if name == "kinks" else ways[name]()
        for name in names or known
    }


def written(page: str, fresh: dict[str, str]) -> str:
    """Return a page with these tables."""

    def table(match: re.Match[str]) -> str:
        text = f"{fresh[match['name']]}\n" if match["name"] in fresh else match["table"]
        return f"<!-- measured: {match['name']} -->\n{text}<!-- end -->"

    return _MEASURED.sub(table, page)


def main() -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", nargs="?", choices=("print", "update", "check", "columns"), default="print")
    parser.add_argument("table", nargs="*")
    parser.add_argument("--kinks-of", action="append", default=[], metavar="PYTHON")
    options = parser.parse_args()
    if options.action == "columns":
        print(json.dumps(kinks.torch_columns()))
        return 0
    import torch

    torch.set_num_threads(1)
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    fresh = measured(options.table, page, options.kinks_of)
    if options.action == "update":
        PAGE.write_text(written(page, fresh), encoding="utf-8")
    elif options.action == "check":
        return 0 if written(page, fresh) == page else 1
    else:
        print("\n\n".join(f"{name}\n{table}" for name, table in fresh.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
