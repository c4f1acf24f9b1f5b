"""zerograd beside what people use today, on training scripts with one planted fault each.

    python benchmarks/peers/run.py [--only NAME …] [--tool NAME …]    run, keep outputs, write the table
    python benchmarks/peers/run.py --judge                            only judge the outputs that are kept

Each script runs in a process of its own, unchanged for zerograd, and with the lines that a tool's
documentation asks for otherwise (`insert.py`). Packages are installed into folders of their own, beside the
PyTorch that is here.
What was printed is kept in `outputs/`; `judging.py` says what counts.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run as a script, only this folder is there
    sys.path.insert(0, str(ROOT))

from benchmarks.peers.judging import FAULTS, HEALTHY, STATEMENTS, Judgement, judged  # noqa: E402  # found now

HERE = Path(__file__).resolve().parent
OUTPUTS = HERE / "outputs"
PAGE = ROOT / "docs" / "reference" / "peers.md"
PACKAGES = {"torcheck": ["torcheck==1.0.1"], "gradsnitch": ["gradsnitch==0.1.0", "pandas==3.1.1"]}
TITLES = {
    "zerograd": "`zerograd watch`",
    "norms": "norms of gradients",
    "anomaly": "`set_detect_anomaly`",
    "torcheck": "torcheck 1.0.1",
    "gradsnitch": "gradsnitch 0.1.0",
}
_TABLE = re.compile(r"(?<=<!-- judged -->\n).*?(?=<!-- end -->)", re.DOTALL)
_SECONDS = 300


def installed(tool: str, folder: Path) -> Path | None:
    """Return the folder with a tool's packages, or nothing if it needs none."""
    if tool not in PACKAGES:
        return None
    where = folder / tool
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(where)]
    subprocess.run([*command, "--no-deps", PACKAGES[tool][0]], check=True)
    if PACKAGES[tool][1:]:
        subprocess.run([*command, *PACKAGES[tool][1:]], check=True)
    return where


def output_of(tool: str, fault: str, packages: Path | None) -> str:
    """Return what a script with a tool prints, errors included, without the machine's own paths."""
    script = f"{fault}.py"
    command = (
        [sys.executable, "-m", "zerograd", "watch", script, "--steps", "3"]
        if tool == "zerograd"
        else [sys.executable, str(HERE / "insert.py"), tool, script]
    )
    paths = [str(path) for path in (packages, ROOT) if path is not None]
    done = subprocess.run(
        command,
        cwd=HERE / "faults",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    text = done.stdout
    for place in filter(None, (str(packages or ""), f"{HERE}/", str(ROOT), sys.prefix, sys.base_prefix)):
        text = text.replace(place, "…" if not place.endswith("/") else "")
    return text


def table(outputs: Path = OUTPUTS) -> str:
    """Return the table of what each tool said of each fault, with sums."""
    rows = [["fault", *TITLES.values()], ["---"] * (1 + len(TITLES))]
    counts = dict.fromkeys(TITLES, 0)
    for fault in (*FAULTS, HEALTHY):
        cells = []
        for tool in TITLES:
            said = judged(tool, fault, (outputs / tool / f"{fault}.txt").read_text(encoding="utf-8"))
            counts[tool] += said is Judgement.NAMED
            cells.append("**named**" if said is Judgement.NAMED else str(said))
        title = "none (a control)" if fault == HEALTHY else FAULTS[fault].title
        rows.append([f"{title} (`{fault}.py`)", *cells])
    rows.append(["*named, of " + f"{len(FAULTS)}*", *(str(count) for count in counts.values())])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", choices=(*FAULTS, HEALTHY), default=[])
    parser.add_argument("--tool", nargs="*", choices=STATEMENTS, default=[])
    parser.add_argument("--judge", action="store_true")
    options = parser.parse_args()
    if not options.judge:
        with TemporaryDirectory() as folder:
            for tool in options.tool or TITLES:
                packages = installed(tool, Path(folder))
                (OUTPUTS / tool).mkdir(parents=True, exist_ok=True)
                for fault in options.only or (*FAULTS, HEALTHY):
                    print(tool, fault, flush=True)
                    text = output_of(tool, fault, packages)
                    (OUTPUTS / tool / f"{fault}.txt").write_text(text, encoding="utf-8")
    fresh = table()
    print(fresh)
    if PAGE.exists():
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_TABLE.sub(lambda _: fresh, page), encoding="utf-8")


if __name__ == "__main__":
    main()
