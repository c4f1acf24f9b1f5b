"""docs/reference/watched.md lists what has a rule, and what is observed only."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("torch")

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "watched.md"
BEGIN, END = "<!-- listed -->", "<!-- /listed -->"


def listing() -> str:
    """The tables of the page, from the rules themselves."""
    pytest.importorskip("torch")
    from zerograd.explaining.shadow.rules import DECIDED, RULES
    from zerograd.explaining.shadow.rules.unsupported import OBSERVED_ONLY

    rooms: dict[str, list[str]] = defaultdict(list)
    for operation, rule in RULES.items():
        if re.sub("_backward(_data)?$", "", operation) in RULES and "_backward" in operation:
            continue
        rooms[rule.__module__].append(operation)
    lines = ["| rules | operations |", "|---|---|"]
    for module in sorted(rooms):
        title = module.rpartition(".")[2].replace("_", " ")
        lines.append(f"| {title} | {_names(rooms[module])} |")
    decisions = {name for name in DECIDED if not name.endswith("_")}
    lines += ["", "Decisions, whose results are those of the run: " + _names(decisions) + "."]
    lines += [
        "",
        "Observed only:",
        "",
        "| operation | where it is met, and what it would need |",
        "|---|---|",
    ]
    lines += [f"| `{operation}` | {reason} |" for operation, reason in OBSERVED_ONLY]
    return "\n".join(lines)


def _names(operations: set[str] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(operations, key=lambda name: (name.strip("_"), name)))


def test_the_page_lists_the_rules(update_golden: bool) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    fresh = f"{before}{BEGIN}\n{listing()}\n{END}{after}"
    if update_golden:
        PAGE.write_text(fresh, encoding="utf-8")
        page = fresh
    assert page == fresh, (
        "update it with: pytest tests/explaining/shadow/rules/test_watched_page.py --update-golden"
    )
