"""docs/FORMATS.md shows what the program prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zerograd.core.question.problem import Problem
from zerograd.core.verdict.checking import check_result
from zerograd.core.verdict.witness import Witness
from zerograd.spec import load

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def witness_in(problem: Problem, data: object) -> Witness:
    """The witness in a result that the checker accepts."""
    found = check_result(problem, data)
    assert isinstance(found, Witness)
    return found


ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "FORMATS.md").read_text(encoding="utf-8")
VARYING = ("checks", "strategy", "tried", "seconds", "versions")


def _example(title: str) -> str:
    """The code block below ``<!-- title -->``."""
    match = re.search(rf"<!-- {re.escape(title)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None, f"no example {title!r}"
    return match[1]


def _run(program: Program, command: str) -> str:
    """What a command prints in the repository."""
    _, *arguments, name = command.split()
    return program(*arguments, ROOT / name).out


def test_problem_example(program: Program) -> None:
    """The canonical problem is what `problem` prints, in its order."""
    command = "zerograd problem problems/textbook-m2-right.yaml"
    shown, printed = _example(command), _run(program, command)
    assert json.dumps(json.loads(shown)) == json.dumps(json.loads(printed))


@pytest.mark.parametrize("name", ["textbook-given", "textbook-m2"])
def test_result_examples(program: Program, name: str) -> None:
    """Same keys in the same order, same content but for times, versions and rounding."""
    command = f"zerograd solve --json problems/{name}.yaml"
    shown, printed = json.loads(_example(command)), json.loads(_run(program, command))
    assert list(shown) == list(printed)
    assert list(shown.get("checks", {})) == list(printed.get("checks", {}))
    assert list(shown["versions"]) == list(printed["versions"])
    assert _lasting(shown) == _lasting(printed)


def _lasting(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in VARYING}


def test_witness_example() -> None:
    """The irrational witness answers its problem."""
    witness = json.loads(_example("witness of problems/irrational.yaml"))
    assert witness_in(load(ROOT / "problems/irrational.yaml"), witness).field is not None


def test_digest_example(program: Program, canonical: str) -> None:
    """Those few lines of Python compute the digest that the program computes."""
    program.file("problem.json", canonical)
    program.file("digest.py", _example("digest"))
    printed = program.process(run=("digest.py",)).out.strip()
    program.file("p.yaml", canonical)
    assert printed == load(program.folder / "p.yaml").digest


def test_problem_file_examples(program: Program) -> None:
    """The YAML shown is YAML that is read."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    whole = [block for block in blocks if "network" in block]
    lines = [line for block in blocks if block not in whole for line in block.splitlines()]
    assert len(whole) == 2 and len(lines) == 6
    for block in (*whole, *(f"network: [1, 1, 1]\n{line}\n" for line in lines)):
        name = program.file("p.yaml", block if "samples:" in block else block + "samples: 3\n")
        assert load(program.folder / name).network.outputs == 1


def test_links_lead_somewhere() -> None:
    """Every link within the page has its heading."""
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = set(re.findall(r'<a id="([^"]+)">', PAGE))
    anchors |= {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    targets = re.findall(r"\]\(#([^)]+)\)", PAGE)
    assert targets
    assert set(targets) <= anchors
