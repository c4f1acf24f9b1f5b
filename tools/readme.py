"""Run what the README shows, and compare what it prints with what the README says it prints.

    python tools/readme.py run NAME       run the one-line command of that name
    python tools/readme.py check          run every transcript and compare (exit 1 on a difference)
    python tools/readme.py compare FILE   compare FILE with the transcript of solving the first problem
    python tools/readme.py update         run every transcript and write its output into the README

A command is named by an HTML comment before its code block: ``<!-- command: install -->``. A
transcript is a ``console`` block: lines that begin with ``$ `` are run by bash, in the repository,
with the programs of the running Python first on PATH. Times and versions vary, and are masked.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"

COMMAND = re.compile(r"<!-- command: (?P<name>\w+) -->\n```(?:sh|bash)\n(?P<text>.*?)\n```", re.DOTALL)
TRANSCRIPT = re.compile(r"(?<=```console\n)(?P<text>.*?)(?=```)", re.DOTALL)
MASKS = [
    (re.compile(r"\b\d+(\.\d+)? (s|seconds)\b"), "# s"),
    (re.compile(r"\b\d+(\.\d+)?(e[-+]?\d+)?(?= largest deviation)|(?<=deviation )\S+?(?=[);,])"), "#"),
    (re.compile(r"\b(zerograd|z3|sympy|torch) \d+(\.\d+)+"), r"\1 #"),
]


def command(name: str) -> str:
    """The one-line command of this name. Exits with a message if the README has none."""
    for match in COMMAND.finditer(README.read_text(encoding="utf-8")):
        if match["name"] == name:
            return match["text"]
    sys.exit(f"README.md has no command named {name!r}")


def run(text: str) -> str:
    """The transcript with its commands run anew. Exits with a message if one fails oddly."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    shown = []
    for line in text.splitlines():
        if line.startswith("$ "):
            done = subprocess.run(
                ["bash", "-c", line[2:]],
                cwd=ROOT,
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


def check() -> int:
    """Compare every transcript with a fresh run."""
    failures = 0
    transcripts = TRANSCRIPT.findall(README.read_text(encoding="utf-8"))
    for text in transcripts:
        before, now = masked(text), masked(run(text))
        if before != now:
            failures += 1
            lines = before.splitlines(), now.splitlines()
            print("\n".join(difflib.unified_diff(*lines, "README.md", "printed", lineterm="")))
    good = len(transcripts) - failures
    print(f"README.md: {good} of {len(transcripts)} transcripts are what the program prints")
    return 1 if failures or not transcripts else 0


def compare(printed: str) -> int:
    """Compare what the install line printed with the transcript that solves the same problem."""
    last = command("solve").rpartition("&& ")[2].replace(".venv/bin/", "$ ")
    for text in TRANSCRIPT.findall(README.read_text(encoding="utf-8")):
        _, found, after = text.partition(f"{last}\n")
        if found:
            if masked(after).strip() == masked(printed).strip():
                print(f"README.md: {last} prints what it shows")
                return 0
            print(f"README.md shows for {last}:\n{after}\nprinted:\n{printed}")
            return 1
    sys.exit(f"README.md has no transcript of {last}")


def update() -> None:
    """Write fresh output into the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(TRANSCRIPT.sub(lambda match: run(match["text"]), text), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """See the module's docstring."""
    match arguments:
        case ["run", name]:
            return subprocess.run(["bash", "-c", command(name)], cwd=ROOT, check=False).returncode
        case ["check"]:
            return check()
        case ["compare", path]:
            return compare(Path(path).read_text(encoding="utf-8"))
        case ["update"]:
            update()
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
