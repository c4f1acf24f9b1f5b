"""The atlas in docs/atlas: every pattern of vanishing gradients of the smallest networks, with its evidence.

    python tools/atlas.py update [--store FOLDER]   answer all rows, write data and page (some minutes)
    python tools/atlas.py check [--sample N]        verify all rows, answer N of them anew, compare the page

The questions are problems/sweeps/two-layers.yaml and three-layers.yaml. With ``--store``, finished rows are
kept in a folder, and ``update`` goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zerograd as zg
from zerograd.core.numbers.work import budget
from zerograd.core.question.documents import read_json
from zerograd.core.question.sweeps import Sweep, signs
from zerograd.core.verdict.answer import Sat
from zerograd.core.verdict.row import Row
from zerograd.core.verdict.sweep import check_sweep
from zerograd.spec.sweep import load

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "atlas"
PAGE = FOLDER / "index.md"
NAMES = ("two-layers", "three-layers")
TIMEOUT = 120.0
"""Seconds for a row."""
WORK = 10**10
"""What the check of a document may take; it takes less than a tenth."""

ABOUT = """\
# The atlas

Which gradients of a small ReLU network can vanish together, and how many samples does a dataset need for
it at least? Each pattern says of every parameter whether all entries of its gradient are zero or all are
nonzero. The networks have ReLU hidden layers and a linear output, the loss is the mean of squares, and
ReLU'(0) is 0 as in PyTorch (`torch`) or 1 (`right`).

A number is the fewest samples with which the pattern occurs: there is a witness with so many, and if that
is more than one, a certificate that fewer have none. *none* means that no dataset of any size shows the
pattern, which a certificate proves.

| data | rows | with a witness | impossible | on a solver's word |
|---|---:|---:|---:|---:|"""
HOW = """
Every row carries its witness and certificates ([format](../FORMATS.md#sweeps)). In a clone, all of it is
made by `python tools/atlas.py update` from the [sweeps](../how-to/sweep.md)
`problems/sweeps/two-layers.yaml` and `three-layers.yaml`, and checked again, without any solver, by

```sh
zerograd verify problems/sweeps/two-layers.yaml docs/atlas/two-layers.json
zerograd verify problems/sweeps/three-layers.yaml docs/atlas/three-layers.json
```

`python tools/atlas.py check` does so in continuous integration, and answers a sample of the rows anew. A
row is [cited](../how-to/cite.md) by the digest of its question, which its result has under `problem`."""


def asked(name: str) -> Sweep:
    """The sweep of this name."""
    return load(ROOT / "problems" / "sweeps" / f"{name}.yaml")


def checked(name: str) -> tuple[Row, ...]:
    """The rows in docs/atlas, every one accepted by the checker. Raises Refused."""
    with budget(WORK):
        return check_sweep(asked(name), read_json(FOLDER / f"{name}.json"))


def update(store: Path | None) -> int:
    """Answer all rows; write the data and the page."""
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        kept = None if store is None else store / f"{name}.sweep.sqlite"
        table = zg.sweep(asked(name), timeout=TIMEOUT, store=kept, progress=_progress)
        for ending in ("json", "parquet"):
            table.save(FOLDER / f"{name}.{ending}")
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def check(sample: int, seed: int) -> int:
    """Verify all rows, answer some anew, and compare the page and the Parquet files."""
    dice = random.Random(seed)
    for name in NAMES:
        rows = checked(name)
        unproved = sum(not row.proved for row in rows)
        print(f"{name}: {len(rows)} rows accepted, {unproved} of them not proved")
        if not _same_parquet(name):
            print(f"docs/atlas/{name}.parquet is not {name}.json")
            return 1
        for row in dice.sample(rows, min(sample, len(rows))):
            answer = zg.solve(row.problem, timeout=TIMEOUT, prefer="any")
            samples = answer.witness.samples if isinstance(answer, Sat) else None
            if (answer.status, samples) != (row.status, row.samples):
                print(f"{name}: {row.parameters}: {row.status} {row.samples}, now {answer.status} {samples}")
                return 1
    if PAGE.read_text(encoding="utf-8") != page():
        print("docs/atlas/index.md does not say what the data says: python tools/atlas.py update")
        return 1
    return 0


def _same_parquet(name: str) -> bool:
    from pyarrow import parquet

    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    rows = parquet.read_table(FOLDER / f"{name}.parquet").to_pylist()
    return len(rows) == len(document["rows"]) and all(
        _row_of(mine) == other for mine, other in zip(rows, document["rows"], strict=True)
    )


def _row_of(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a Parquet file as a row of the document."""
    parts = {**record, **{name: json.loads(record[name]) for name in ("network", "pattern", "result")}}
    return {"parameters": {name: parts.pop(name) for name in ("network", "kink", "pattern")}, **parts}


def page() -> str:
    """The page, made of the data."""
    return "\n".join([*_head(), *(line for name in NAMES for line in _section(name)), ""])


def _head() -> Iterator[str]:
    yield ABOUT
    for name in NAMES:
        rows = checked(name)
        found = sum(row.status == "sat" for row in rows)
        word = sum(not row.proved for row in rows)
        files = f"[{name}.json]({name}.json), [{name}.parquet]({name}.parquet)"
        yield f"| {files} | {len(rows)} | {found} | {sum(row.impossible for row in rows)} | {word} |"
    yield HOW


def _section(name: str) -> Iterator[str]:
    """A line for each pattern, a column for each network and convention."""
    rows = checked(name)
    columns = list(dict.fromkeys(_column(row) for row in rows))
    cells = {(_pattern(row), _column(row)): _cell(row) for row in rows}
    names = [each for each, _ in signs(rows[0].parameters["pattern"])]
    yield from ("", f"## {name.replace('-', ' ').capitalize()}", "")
    yield f"| {' | '.join([*(f'∂L/∂{each}' for each in names), *columns])} |"
    yield f"|{'|'.join(['---:'] * (len(names) + len(columns)))}|"
    for pattern in dict.fromkeys(_pattern(row) for row in rows):
        yield f"| {' | '.join([*pattern, *(cells[pattern, column] for column in columns)])} |"


def _column(row: Row) -> str:
    return f"{'-'.join(map(str, row.parameters['network']))} {row.parameters['kink']}"


def _pattern(row: Row) -> tuple[str, ...]:
    return tuple("0" if asked == "zero" else "≠0" for _, asked in signs(row.parameters["pattern"]))


def _cell(row: Row) -> str:
    if row.status == "unknown":
        return "?"
    text = str(row.samples) if row.status == "sat" else "none"
    return text if row.proved else f"{text}*"


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{line[:100]:100}")


def main() -> int:
    """Exit code 0: done, or all is as it should be; 1: something is not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    updating = commands.add_parser("update")
    updating.add_argument("--store", type=Path)
    checking = commands.add_parser("check")
    checking.add_argument("--sample", type=int, default=10)
    checking.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.command == "update":
        return update(options.store)
    return check(options.sample, options.seed)


if __name__ == "__main__":
    sys.exit(main())
