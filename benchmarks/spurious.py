"""The smallest spurious local minima of networks with one input, one hidden layer and one output.

    python benchmarks/spurious.py [--units 1 2 3] [--timeout 60] [--json FILE]

Three questions for each number H of hidden ReLU units: any spurious minimum; one in which every unit is
active on some sample and has an outgoing weight that is not 0; one in which every unit is off at another
sample besides. The fewest samples are the first number with an answer: all smaller ones have none, with a
certificate each. Then the smallest numbers are looked for (docs/theory/smallest.md has the measure), and
copies of the unit of H = 1 are tried. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

import zerograd as zg  # noqa: E402  # found now
from zerograd.core.verdict.answer import Smallest  # noqa: E402
from zerograd.core.verdict.size import size_of  # noqa: E402

MOST_SAMPLES = 5
FAMILIES = {"any": "", "active": "units active", "bent": "units active and off"}


def conditions(family: str, units: int, samples: int) -> Iterator[str]:
    """What is asked of each unit, for so many samples."""
    if family == "any":
        return
    yield "w2 != 0"
    if units == 1:  # in words in which all samples are alike
        yield "any(z1 > 0)"
        if family == "bent":
            yield "any(z1 < 0)"
        return
    for unit in range(units):
        values = ", ".join(f"z1[{m},{unit}]" for m in range(samples))
        yield f"max({values}) > 0"
        if family == "bent":
            yield f"min({values}) < 0"


def asked(family: str, units: int, samples: int) -> zg.Problem:
    """The question."""
    where = [*conditions(family, units, samples)]
    return zg.Problem(network=[1, units, 1], samples=samples, spurious=True, where=where)


def copies(problem: zg.Problem, units: int, one: dict[str, Any] | None) -> Iterator[zg.Sat]:
    """Answers in which all units are that of H = 1, with outgoing weights of the same sum."""
    if one is None or units == 1 or len(one["x"]) != problem.samples.fixed:
        return
    parameters = one["parameters"]
    total = Fraction(parameters["w2"][0][0])
    for weights in product((-2, -1, 1, 2), repeat=units):
        if sum(weights) == total:
            given = {
                **{name: parameters[name] * units for name in ("w1", "b1")},
                "w2": [[*weights]],
                "b2": parameters["b2"],
                "x": one["x"],
                "y": one["y"],
            }
            where = [*map(str, problem.where)]
            answer = zg.solve(
                zg.Problem(
                    network=problem.network, samples=problem.samples, spurious=True, where=where, given=given
                )
            )
            if isinstance(answer, zg.Sat):
                witness = answer.witness.answering(problem)
                yield answer.updated(problem=problem, witness=witness)


def row(family: str, units: int, timeout: float, one: dict[str, Any] | None = None) -> dict[str, Any]:
    """The fewest samples, and the smallest numbers with these.

    Args:
        one: the witness of a single unit.
    """
    start = time.monotonic()
    fewer = True
    for samples in range(1, MOST_SAMPLES + 1):
        problem = asked(family, units, samples)
        answer = zg.solve(problem, timeout=timeout, prefer="any")
        if answer.status == "sat":
            break
        fewer &= isinstance(answer, zg.Unsat) and answer.certificate is not None
    if not isinstance(answer, zg.Sat):
        return {"units": units, "family": family, "samples": None}
    small = zg.smallest(problem, timeout=timeout)
    if not isinstance(small, zg.Sat) or small.smallest is None or small.lower is None:
        raise SystemExit(f"no small answer: {small}")
    for copied in copies(problem, units, one):
        size = size_of(copied.witness)
        if size is not None and size < small.smallest.size:
            small = copied.updated(smallest=Smallest(size, small.smallest.exhausted))
    document = small.to_json()
    return {
        "units": units,
        "family": family,
        "samples": samples,
        "fewer": fewer,
        "seconds": round(time.monotonic() - start, 1),
        **{key: document[key] for key in ("witness", "loss", "lower", "kind", "smallest")},
    }


def line(found: dict[str, Any]) -> str:
    """A line of the table."""
    if found["samples"] is None:
        return f"| {found['units']} | {FAMILIES[found['family']] or 'any'} | none found | | | | | |"
    data = " ".join(
        f"({x[0]}, {y[0]})" for x, y in zip(found["witness"]["x"], found["witness"]["y"], strict=True)
    )
    size = found["smallest"]
    smallest = f"height {size['height']}, sum {size['total']}"
    if not size["proved"]:
        smallest += " (found" + (f"; none of height {size['exhausted']})" if size["exhausted"] else ")")
    cells = [
        found["units"],
        FAMILIES[found["family"]] or "any",
        f"{found['samples']}{'' if found['fewer'] else ' (fewer: open)'}",
        data,
        _parameters(found["witness"]["parameters"]),
        f"{found['loss']} → {found['lower']['loss']}",
        smallest,
        f"{found['seconds']} s",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _parameters(arrays: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {_flat(array)}" for name, array in arrays.items())


def _flat(array: Any) -> str:
    text = json.dumps(array).replace('"', "").replace("[", "").replace("]", "")
    return f"({text})" if "," in text else text


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--family", nargs="+", choices=[*FAMILIES], default=[*FAMILIES])
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for each search")
    parser.add_argument("--json", type=Path, help="a file for all that was found")
    options = parser.parse_args()
    print("| H | asked besides | samples | data (x, y) | parameters | loss | smallest numbers | time |")
    print("|---|---|---|---|---|---|---|---|")
    rows: list[dict[str, Any]] = []
    ones: dict[str, Any] = {}
    for units in options.units:
        for family in options.family:
            rows.append(row(family, units, options.timeout, ones.get(family)))
            if units == 1:
                ones[family] = rows[-1].get("witness")
            print(line(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
