"""Run what the README and the pages in docs/ show, and compare what it prints with what they say it prints.

    python tools/readme.py run NAME         run the one-line command of that name
    python tools/readme.py check [PAGE…]    run every transcript and compare (exit 1 on a difference)
    python tools/readme.py compare FILE     compare FILE with the transcript of solving the first problem
    python tools/readme.py update [PAGE…]   run every transcript and write its output into the page

A command is named by an HTML comment before its code block: ``<!-- command: install -->``. A
transcript is a ``console`` block: lines that begin with ``$ `` are run by bash, with the programs of
the running Python first on PATH. Times and versions vary, and are masked.

PAGE is a Markdown file or a folder of them, by default the README. Its transcripts are run in a folder of
the page's own, which holds the problems and is thrown away. There

- a code block after ``<!-- file: NAME -->`` is written into that file first;
- a transcript after ``<!-- needs: NAME -->`` is left alone: it needs that library, and a test runs it where
  that is installed;
- ``python`` blocks are run in the order of the page, in one process,
  once the transcripts have been: plain ones as they stand, and those with ``>>>`` as doctests.

docs/FORMATS.md is not among the pages of a folder (tests hold it to the program), nor is docs/gallery/
(a tool writes it).
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
ELSEWHERE = {ROOT / "docs" / "FORMATS.md", ROOT / "docs" / "gallery"}
"""Pages, or folders of pages, that are held to the program by other means."""

COMMAND = re.compile(r"<!-- command: (?P<name>\w+) -->\n```(?:sh|bash)\n(?P<text>.*?)\n```", re.DOTALL)
FILE = re.compile(r"<!-- file: (?P<name>[\w.-]+) -->\n```\w*\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
TRANSCRIPT = re.compile(
    r"(?P<before>(?:<!-- needs: (?P<needs>\w+) -->\n)?```console\n)(?P<text>.*?)(?=```)", re.DOTALL
)
MASKS = [
    (re.compile(r"\b\d+(\.\d+)? (s|seconds)\b"), "# s"),
    (re.compile(r"\b\d+(\.\d+)?(e[-+]?\d+)?(?= largest deviation)|(?<=deviation )\S+?(?=[);,])"), "#"),
    (re.compile(r"\b(zerograd|z3|sympy|torch) \d+(\.\d+)+"), r"\1 #"),
]
ROUNDED = re.compile(r"\d+(?:\.\d+)?e[-−+]?\d+|\d+\.\d+")
"""A number that rounding may have had a part in: what PyTorch sums up depends on processor and threads."""
NEAR, NOISE = 0.02, 1e-6
"""How far such numbers may be apart, relatively; below the second they are nothing but rounding."""
CHECKED = re.compile(r"^checked +exactly;.*?(?=^\S)", re.DOTALL | re.MULTILINE)
"""What an answer says of its checks, which depends on what is installed: pages may be checked with torch."""


def command(name: str) -> str:
    """The one-line command of this name. Exits with a message if the README has none."""
    for match in COMMAND.finditer(README.read_text(encoding="utf-8")):
        if match["name"] == name:
            return match["text"]
    sys.exit(f"README.md has no command named {name!r}")


def run(text: str, where: Path = ROOT) -> str:
    """The transcript with its commands run anew. Exits with a message if one fails oddly."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    shown = []
    for line in text.splitlines():
        if line.startswith("$ "):
            done = subprocess.run(
                ["bash", "-c", line[2:]],
                cwd=where,
                env={**os.environ, "PATH": path, "PYTHONUTF8": "1"},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if "Traceback" in done.stderr:
                sys.exit(f"{line}\n{done.stderr}")
            shown.append(f"{line}\n{done.stdout}{done.stderr}")
    return "".join(shown)


def masked(text: str) -> str:
    """The text without what varies from run to run, and without trailing blanks."""
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def same(before: str, now: str, number: re.Pattern[str], *, near: float = 0.0, noise: float = 0.0) -> bool:
    """Whether texts differ in numbers alone, and these by no more than a share or an amount of them."""
    if number.sub("#", before) != number.sub("#", now):
        return False
    pairs = zip(number.findall(before), number.findall(now), strict=True)
    return all(a == b or isclose(_float(a), _float(b), rel_tol=near, abs_tol=noise) for a, b in pairs)


def _float(number: str) -> float:
    return float(number.replace("−", "-"))


def same_but_for_rounding(before: str, now: str) -> bool:
    """Whether texts differ in no more than what rounding makes of numbers on another machine."""
    return same(before, now, ROUNDED, near=NEAR, noise=NOISE)


def pages(names: Sequence[str]) -> list[Path]:
    """The pages of these names, and those in folders of these names."""
    found: list[Path] = []
    for name in names:
        path = Path(name).resolve()
        if path.is_dir():
            inside = sorted(path.rglob("*.md"))
            found += [page for page in inside if ELSEWHERE.isdisjoint({page, *page.parents})]
        elif path.is_file():
            found.append(path)
        else:
            sys.exit(f"there is no page {name}")
    return found


@contextmanager
def scratch(page: Path) -> Iterator[Path]:
    """Where the commands of a page are run, with the files that it shows."""
    with TemporaryDirectory() as folder:
        where = Path(folder)
        shutil.copytree(ROOT / "problems", where / "problems")
        for match in FILE.finditer(page.read_text(encoding="utf-8")):
            where.joinpath(match["name"]).write_text(match["text"], encoding="utf-8")
        yield where


def transcripts(text: str, needs: str | None = None) -> list[str]:
    """The transcripts of a page that need a library, or those that need none."""
    return [match["text"] for match in TRANSCRIPT.finditer(text) if match["needs"] == needs]


def check(page: Path, needs: str | None = None) -> tuple[int, str]:
    """Compare every transcript with a fresh run, and run what is written in Python.

    Args:
        needs: a library: the transcripts that need it are compared, and nothing else.

    Returns:
        How many differ, and what there is to say about it.
    """
    failures = 0
    said = []
    text = page.read_text(encoding="utf-8")
    shown = transcripts(text, needs)
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else str(page)
    blocks = [] if needs else PYTHON.findall(text)
    with scratch(page) as where:
        for transcript in shown:
            before, now = masked(transcript), masked(run(transcript, where))
            if page != README:
                before, now = (CHECKED.sub("checked #\n", text) for text in (before, now))
            if before != now and not (needs and same_but_for_rounding(before, now)):
                failures += 1
                lines = before.splitlines(), now.splitlines()
                said.append("\n".join(difflib.unified_diff(*lines, name, "printed", lineterm="")))
        good = len(shown) - failures
        if shown or page == README:
            said.append(f"{name}: {good} of {len(shown)} transcripts are what the program prints")
        if blocks:
            wrong = run_python(blocks, where)
            failures += bool(wrong)
            said += [wrong] if wrong else []
            said.append(f"{name}: {'not all' if wrong else 'all'} of {len(blocks)} blocks of Python pass")
    return failures if shown or page != README else 1, "\n".join(said)


def check_all(found: Sequence[Path]) -> int:
    """Check pages, as many at once as there are cores. 1 if any is not as it should be."""
    failed = False
    with ThreadPoolExecutor(min(len(found), os.cpu_count() or 1)) as crew:
        for failures, said in crew.map(check, found):
            print(said, end="\n" if said else "", flush=True)
            failed = failed or failures > 0
    return int(failed)


def run_python(blocks: Sequence[str], where: Path) -> str:
    """Run blocks of Python one after another, in one process. What went wrong; nothing, if nothing did."""
    lines = ["import doctest", "names = {'__name__': '__main__'}", "failed = 0"]
    for block in blocks:
        if block.lstrip().startswith(">>>"):
            lines += [
                f"test = doctest.DocTestParser().get_doctest({block!r}, names, 'block', 'page', 0)",
                "runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)",
                "failed += runner.run(test, clear_globs=False).failed",
                "names.update(test.globs)",
            ]
        else:
            lines.append(f"exec(compile({block!r}, 'page', 'exec'), names)")
    lines.append("raise SystemExit(bool(failed))")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=where,
        env={**os.environ, "PYTHONUTF8": "1", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr + f"exit code {done.returncode}" if done.returncode else ""


def compare(printed: str) -> int:
    """Compare what the install line printed with the transcript that solves the same problem."""
    last = command("solve").rpartition("&& ")[2].replace(".venv/bin/", "$ ")
    for text in transcripts(README.read_text(encoding="utf-8")):
        _, found, after = text.partition(f"{last}\n")
        if found:
            if masked(after).strip() == masked(printed).strip():
                print(f"README.md: {last} prints what it shows")
                return 0
            print(f"README.md shows for {last}:\n{after}\nprinted:\n{printed}")
            return 1
    sys.exit(f"README.md has no transcript of {last}")


def update(page: Path, needs: str | None = None) -> None:
    """Write fresh output into a page, of the transcripts that need this library."""
    text = page.read_text(encoding="utf-8")

    def fresh_of(match: re.Match[str]) -> str:
        return match["before"] + run(match["text"], where) if match["needs"] == needs else match[0]

    with scratch(page) as where:
        fresh = TRANSCRIPT.sub(fresh_of, text)
    page.write_text(fresh, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """See the module's docstring."""
    match arguments:
        case ["run", name]:
            return subprocess.run(["bash", "-c", command(name)], cwd=ROOT, check=False).returncode
        case ["check", *names]:
            return check_all(pages(names or [str(README)]))
        case ["compare", path]:
            return compare(Path(path).read_text(encoding="utf-8"))
        case ["update", *names]:
            for page in pages(names or [str(README)]):
                update(page)
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
