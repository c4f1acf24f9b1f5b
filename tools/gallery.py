"""The gallery: every problem of problems/ with its answer, worked out and drawn.

    python tools/gallery.py update [NAME …]   answer the problems anew, write what has changed
    python tools/gallery.py check [NAME …]    the same, and exit 1 if anything would be written

NAME is that of a problem without its ending; without any, all are answered, and files in docs/gallery that
belong to no problem are removed. Each problem has three files: NAME.md, NAME.svg where there is something to
draw, and NAME.json, the result document, from which the documentation makes the interactive page. Of the
founding question there is also docs/assets/founding.svg, the README's picture.

What the last bits of a float decide does not count as a change. The same versions of Z3, SymPy and
matplotlib are wanted for the same gallery: `.ci/constraints.txt` names them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from tools import readme  # noqa: E402 - the path is needed first
from zerograd.api import load  # noqa: E402 - the path is needed first
from zerograd.core.verdict.answer import Answer, Sat  # noqa: E402
from zerograd.document.escape import clean  # noqa: E402
from zerograd.exports import NothingToExport, export  # noqa: E402
from zerograd.preferring import SHRINK_EFFORT, Preference  # noqa: E402
from zerograd.show.plot import picture, unfit  # noqa: E402
from zerograd.show.question import question_lines  # noqa: E402
from zerograd.show.text import answer_text  # noqa: E402
from zerograd.solving import smallest_first  # noqa: E402

PROBLEMS = ROOT / "problems"
GALLERY = ROOT / "docs" / "gallery"
FOUNDING = "../assets/founding.svg"
TIMEOUT = 120.0

_PROSE = re.compile(r"^(?:title|notes|references):.*\n(?:(?:[ \t]+.*|[ \t]*)\n)*|^#.*\n", re.MULTILINE)
_SECONDS = re.compile(r"(?<=\w), \d+\.\d+ s$", re.MULTILINE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_HASHED = re.compile(r"\b[a-z][0-9a-f]{10}\b")
"""Names that matplotlib makes of what they name, down to the last bit."""
_DRAWN = "the function with its data, what each sample adds, the network"
_NEAR = 0.01
"""Points in a picture; less than can be seen."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What the gallery has of one problem.

    Attributes:
        row: its line in the table of contents.
        files: contents by name.
    """

    row: str
    files: dict[str, str]


def exhibit(name: str) -> Exhibit:
    """Answer a problem of problems/, and write about it."""
    path = PROBLEMS / f"{name}.yaml"
    problem = load(path)
    found = smallest_first(problem, 1, timeout=TIMEOUT, preferred=Preference(TIMEOUT, SHRINK_EFFORT))[0]
    # What floating point says depends on the machine, and on whether torch is there.
    answer = found.updated(checks={}) if isinstance(found, Sat) else found
    files = {f"{name}.md": page(name, path.read_text(encoding="utf-8"), answer)}
    document = {key: value for key, value in answer.to_json().items() if key != "seconds"}
    files[f"{name}.json"] = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if unfit(answer) is None:
        files[f"{name}.svg"] = picture(answer, "svg").decode()
    if name == "textbook-m3" and isinstance(answer, Sat):
        files[FOUNDING] = founding(answer)
    return Exhibit(row(name, answer), files)


def founding(answer: Answer) -> str:
    """The README's picture of an answer: the function with its data, and what each sample adds."""
    return picture(answer, "svg", kind=("function", "contributions"), width=25, title=False).decode()


def page(name: str, source: str, answer: Answer) -> str:
    """The page of one problem, in Markdown."""
    title = clean(problem_title(name, answer))
    parts = [f"# {title}", (answer.problem.notes or "").strip()]
    parts += [f"*{reference}*" for reference in answer.problem.references]
    parts += ["## The question", f"```yaml\n{_PROSE.sub('', source).strip()}\n```"]
    text = _SECONDS.sub("", answer_text(answer, width=84)).rstrip()
    parts += ["## The answer", f"```console\n$ zerograd solve problems/{name}.yaml\n{text}\n```"]
    if unfit(answer) is None:
        drawn = _DRAWN if isinstance(answer, Sat) else "the cases of the proof, and why each is impossible"
        parts.append(f"[![{title}: {drawn}]({name}.svg)]({name}.svg)")
    try:
        worked = export(answer, "markdown")
    except NothingToExport as nothing:
        parts.append(f"There is nothing to work out: {nothing.why}.")
    else:
        heading = "Worked out by hand" if isinstance(answer, Sat) else "The proof"
        parts += [f"## {heading}", re.sub(r"\A## .*\n", "", worked).strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def problem_title(name: str, answer: Answer) -> str:
    return answer.problem.title or name


def row(name: str, answer: Answer) -> str:
    """A line of the table of contents."""
    said = {"sat": "a witness", "unsat": "impossible", "unknown": "unknown"}[answer.status]
    if isinstance(answer, Sat):
        said += f", M = {answer.witness.samples}"
    asked = "<br>".join(f"`{line}`" for line in _first(question_lines(answer.problem)))
    shape = str(answer.problem.network)
    return f"| [{problem_title(name, answer)}]({name}.md) | {shape} | {asked} | {said} |"


def _first(lines: Iterator[str], most: int = 3) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == most:
            yield "…"
            return
        yield line.replace("|", "∣")


def contents(rows: Sequence[str]) -> str:
    """The page that lists them all."""
    head = """\
# Gallery

Every file of `problems/` with its answer, worked out by hand and drawn. Made by
`python tools/gallery.py update`, and compared with a fresh run before each change lands. What depends on the
machine is left out: times, and the re-checks in floating point.

| question | network | asked | answer |
| :--- | :--- | :--- | :--- |
"""
    return head + "\n".join(rows) + "\n"


def same(name: str, before: str, now: str) -> bool:
    """Whether nothing has changed that a reader would call a change."""
    if name.endswith(".json"):
        return _lasting(json.loads(before)) == _lasting(json.loads(now))
    if name.endswith(".svg"):
        return _same_picture(before, now)
    return before == now


def _lasting(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "versions"}


def _same_picture(before: str, now: str) -> bool:
    old, new = _HASHED.sub("#", before), _HASHED.sub("#", now)
    return readme.same(old, new, _NUMBER, noise=_NEAR)


def main(arguments: Sequence[str]) -> int:
    """See the module's docstring."""
    match arguments:
        case ["update" | "check" as action, *names]:
            pass
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    every = sorted(path.stem for path in PROBLEMS.glob("*.yaml"))
    if unknown := sorted(set(names) - set(every)):
        print(f"no such problem: {', '.join(unknown)}", file=sys.stderr)
        return 2
    chosen = [name for name in every if not names or name in names]
    with ProcessPoolExecutor(2) as pool:
        exhibits = list(pool.map(exhibit, chosen))
    files = {name: text for one in exhibits for name, text in one.files.items()}
    stale = set[str]()
    if not names:
        files["index.md"] = contents([one.row for one in exhibits])
        stale = {path.name for path in GALLERY.glob("*")} - set(files)
    changed = [name for name, text in sorted(files.items()) if not _stands(name, text)]
    if action == "update":
        GALLERY.mkdir(exist_ok=True)
        for name in changed:
            (GALLERY / name).write_text(files[name], encoding="utf-8")
        for name in stale:
            (GALLERY / name).unlink()
    for name in [*changed, *sorted(stale)]:
        place = (GALLERY / name).resolve().relative_to(ROOT)
        print(f"{place}: {'removed' if name in stale else 'changed'}")
    print(f"{len(chosen)} problems, {len(files)} files, {len(changed) + len(stale)} changed")
    return 1 if action == "check" and (changed or stale) else 0


def _stands(name: str, text: str) -> bool:
    path = GALLERY / name
    return path.is_file() and same(name, path.read_text(encoding="utf-8"), text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
