"""The page on model files shows what its commands print; the reference lists the operators and losses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOW_TO = ROOT / "docs" / "how-to" / "models.md"
REFERENCE = ROOT / "docs" / "reference" / "operators.md"
UPDATE = "update it with: pytest tests/explaining/models/test_pages.py --update-golden"
CODE = re.compile(r"```py\n(.*?)```", re.DOTALL)
PRINTED = re.compile(
    r"```sh\nzerograd (?P<arguments>.*?)\n```\n\n<!-- printed -->\n```text\n(?P<text>.*?)```", re.DOTALL
)


def held(path: Path, fresh: str, update: bool) -> None:
    if update:
        path.write_text(fresh, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == fresh, UPDATE


@pytest.mark.slow
@pytest.mark.needs("torch", "onnx", "onnxscript")
def test_the_page_shows_what_is_printed(update_golden: bool, tmp_path: Path) -> None:
    page = HOW_TO.read_text(encoding="utf-8")
    (code,) = CODE.findall(page)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)

    def run(match: re.Match[str]) -> str:
        command = [sys.executable, "-m", "zerograd", *match["arguments"].split()]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return match[0].replace(f"```text\n{match['text']}```", f"```text\n{done.stdout.rstrip()}\n```")

    assert len(PRINTED.findall(page)) == page.count("```sh\n")
    held(HOW_TO, PRINTED.sub(run, page), update_golden)


@pytest.mark.needs("torch", "onnx")
def test_the_reference_lists_operators_and_losses(update_golden: bool) -> None:
    pytest.importorskip("torch")
    from zerograd.explaining.models.losses import LOSSES
    from zerograd.explaining.models.operators import kinds

    tables = {
        "operators": [
            "| operator | computed by |",
            "|---|---|",
            *(f"| `{kind}` | {operator.words} |" for kind, operator in kinds().items()),
        ],
        "losses": [
            "| loss | PyTorch | target |",
            "|---|---|---|",
            *(f"| `{loss.name}` | {loss.words} | {loss.target} |" for loss in LOSSES.values()),
        ],
    }
    page = REFERENCE.read_text(encoding="utf-8")
    for name, lines in tables.items():
        before, _, rest = page.partition(f"<!-- {name} -->")
        after = rest.partition(f"<!-- /{name} -->")[2]
        page = "\n".join([f"{before}<!-- {name} -->", *lines, f"<!-- /{name} -->{after}"])
    held(REFERENCE, page, update_golden)
