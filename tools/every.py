"""The founding question for every activation and every loss: a witness with the fewest samples, or a proof.

    python tools/every.py update [ACTIVATION …]   answer anew, write the pages, the results and the table
    python tools/every.py check [ACTIVATION …]    the same, and exit 1 if a cell of the table would change
    python tools/every.py write                   write pages and table anew, from the results that are kept

Each activation has a page in docs/every, NAME.md, and its results in NAME.json, a result document for each
loss. The table is in docs/theory/every-activation.md. Times, versions and re-checks in floating point are
left out. All of it takes a minute or two.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from zerograd.api import solve  # noqa: E402 - the path is needed first
from zerograd.core.question.problem import Problem  # noqa: E402
from zerograd.core.verdict.answer import Answer, Sat, Unsat  # noqa: E402
from zerograd.core.verdict.enclosed import EnclosedWitness  # noqa: E402
from zerograd.core.verdict.results import answer_from_json  # noqa: E402
from zerograd.exports import NothingToExport, export  # noqa: E402
from zerograd.show.text import answer_text  # noqa: E402
from zerograd.spec.read import loads  # noqa: E402

FOLDER = ROOT / "docs" / "every"
THEORY = ROOT / "docs" / "theory" / "every-activation.md"
TIMEOUT = 60.0

ACTIVATIONS = (
    "linear", "relu", "leaky_relu", "abs", "relu6", "hardtanh", "hardsigmoid", "sigmoid", "tanh", "softplus",
    "elu", "celu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softsign", "hardswish", "relu_squared",
    "exp", "sin", "square",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A loss of the table: its heading, and its lines in a problem file."""

    heading: str
    lines: str
    outputs: int = 1


COLUMNS: Mapping[str, Column] = {
    "mse": Column("mse", "loss: mse"),
    "mae": Column("mae", "loss: mae"),
    "huber": Column("huber", "loss: huber"),
    "bce-hard": Column("bce_with_logits, labels", "loss: bce_with_logits\ntargets: binary"),
    "bce-soft": Column("bce_with_logits, soft", "loss: bce_with_logits"),
    "cross-entropy": Column("cross_entropy, 2 classes", "loss: cross_entropy\ntargets: class", 2),
    "hinge": Column("hinge", "loss: hinge\ntargets: sign"),
    "inverse": Column("1/mse", 'loss: {of_mean: "1 / mse"}'),
}

_TABLE = re.compile(r"(?<=<!-- table: python tools/every\.py update -->\n).*?(?=<!-- end -->)", re.DOTALL)
_SECONDS = re.compile(r"(?<=\w), \d+\.\d+ s$", re.MULTILINE)


def question(activation: str, column: Column) -> str:
    """The problem file of a cell."""
    last = f"{{units: {column.outputs}, activation: linear}}"
    return (
        f"network: {{inputs: 1, layers: [{{units: 1, activation: {activation}}}, {last}]}}\n"
        f"samples: fewest\nzero: [w2, b2]\nnonzero: [w1, b1]\n{column.lines}\n"
    )


def problem_of(activation: str, column: Column) -> Problem:
    return loads(question(activation, column), f"{activation}.yaml")


def answered(activation: str) -> tuple[str, dict[str, Answer], float]:
    """The answers of a row, and the seconds of the slowest."""
    answers, slowest = {}, 0.0
    for name, column in COLUMNS.items():
        began = time.monotonic()
        answer = solve(problem_of(activation, column), timeout=TIMEOUT)
        slowest = max(slowest, time.monotonic() - began)
        answers[name] = answer.updated(checks={}) if isinstance(answer, Sat) else answer
    return activation, answers, slowest


def cell(activation: str, name: str, answer: Answer) -> str:
    """What the table says of an answer."""
    match answer:
        case Sat():
            kind = "" if not isinstance(answer.witness, EnclosedWitness) else " ≈"
            text = f"{answer.witness.samples}{kind}"
            if answer.witness.samples > answer.problem.samples.least and answer.fewer is None:
                text = f"≤ {text}"
        case Unsat(evidence="certificate"):
            text = "never" if answer.run.every_samples else "open"
        case _:
            text = "open"
    return f"[{text}](../every/{activation}.md#{name})"


def table(rows: Mapping[str, Mapping[str, Answer]]) -> str:
    """The table of all answers."""
    head = ["activation", *(column.heading for column in COLUMNS.values())]
    lines = [f"| {' | '.join(head)} |", f"|{' :--- |' * len(head)}"]
    for activation, answers in rows.items():
        cells = [cell(activation, name, answer) for name, answer in answers.items()]
        lines.append(f"| `{activation}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(activation: str, answers: Mapping[str, Answer]) -> str:
    """The page of an activation: each loss with its question and answer, and the proof where there is one."""
    back = "[Every activation, every loss](../theory/every-activation.md) has the table and the theorem."
    parts = [f"# The founding question with {activation}", back]
    for name, answer in answers.items():
        column = COLUMNS[name]
        parts.append(f"## {column.heading} {{#{name}}}")
        parts.append(f"```yaml\n{question(activation, column).strip()}\n```")
        text = _SECONDS.sub("", answer_text(answer, width=84)).rstrip()
        parts.append(f"```text\n{text}\n```")
        parts += _proof(answer)
    return "\n\n".join(parts) + "\n"


def _proof(answer: Answer) -> Iterator[str]:
    if isinstance(answer, Unsat):
        try:
            yield re.sub(r"\A## .*\n", "", export(answer, "markdown")).strip()
        except NothingToExport as nothing:
            yield f"There is no proof to show: {nothing.why}."


def documents(answers: Mapping[str, Answer]) -> str:
    """The results of a row as one JSON object."""
    dropped = ("seconds", "versions")
    kept = {
        name: {key: value for key, value in answer.to_json().items() if key not in dropped}
        for name, answer in answers.items()
    }
    return json.dumps(kept, ensure_ascii=False, indent=1) + "\n"


def kept(activation: str) -> dict[str, Answer]:
    """The answers that are kept of an activation, each checked for the question of today."""
    path = FOLDER / f"{activation}.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    answers = {
        name: answer_from_json(results[name], problem_of(activation, column))
        for name, column in COLUMNS.items()
    }
    # Read from a file, an answer says what was only told; pages show it as it was found.
    return {name: replace(answer, run=replace(answer.run, told=False)) for name, answer in answers.items()}


def main(arguments: Sequence[str]) -> int:
    """See the module's docstring."""
    match arguments:
        case ["write"]:
            _write()
            return 0
        case ["update" | "check" as action, *names]:
            pass
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    if unknown := sorted(set(names) - set(ACTIVATIONS)):
        print(f"no such activation: {', '.join(unknown)}", file=sys.stderr)
        return 2
    changed = 0
    with ProcessPoolExecutor(2) as pool:
        for activation, answers, slowest in pool.map(answered, names or ACTIVATIONS):
            said = [cell(activation, name, answer) for name, answer in answers.items()]
            texts = [text.partition("]")[0][1:] for text in said]
            print(f"{activation:12} {'  '.join(texts):50} slowest {slowest:.1f} s", flush=True)
            if action == "update":
                FOLDER.mkdir(exist_ok=True)
                (FOLDER / f"{activation}.json").write_text(documents(answers), encoding="utf-8")
            elif said != [cell(activation, name, answer) for name, answer in kept(activation).items()]:
                print(f"{activation}: not what the table says")
                changed += 1
    if action == "update":
        _write()
    return int(changed > 0)


def _write() -> None:
    """Write the pages and the table of what is kept."""
    rows = {activation: kept(activation) for activation in ACTIVATIONS if _is_kept(activation)}
    for activation, answers in rows.items():
        (FOLDER / f"{activation}.md").write_text(page(activation, answers), encoding="utf-8")
    text = _TABLE.sub(lambda _: table(rows), THEORY.read_text(encoding="utf-8"))
    THEORY.write_text(text, encoding="utf-8")


def _is_kept(activation: str) -> bool:
    return (FOLDER / f"{activation}.json").is_file()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
