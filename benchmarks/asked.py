"""What is asked of zerograd's speed, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks import figures
from benchmarks.contender import BUILDS, EARLIER, OURS, RIVALS, VERDICT
from benchmarks.figures import RIVAL_SETS, percent, short
from benchmarks.sizes import GIVEN_SECONDS
from benchmarks.startup import WITHOUT

FOUNDING_MS = 1.5
COLD_RATIO = 1.0
HARD_CASES = ("two samples, H=1 D=1 M=2", "two samples, H=2 D=1 M=2", "two samples, H=3 D=1 M=2",
              "two samples, H=4 D=1 M=2", "crossed, H=3 D=1 M=3")  # fmt: skip
"""Named cases, small and impossible, on which the rivals were far ahead."""
STRICT, ALL = RIVAL_SETS
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure that is asked for.

    Attributes:
        comparison: whether the measured value is to be at least or at most what is asked.
        measured: None where it was not measured.
        unit: what follows the figures.
        aside: of the same run, for comparison: with all rivals, and with the earlier build.
    """

    what: str
    comparison: Literal["≥", "≤"]
    asked: float
    measured: float | None
    unit: str = ""
    aside: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is met; None where it was not measured."""
        if self.measured is None:
            return None
        return self.measured >= self.asked if self.comparison == "≥" else self.measured <= self.asked

    def row(self) -> list[str]:
        """What, asked, measured, whether it is met, and what is beside."""
        measured = "—" if self.measured is None else f"{_figure(self.measured)}{self.unit}"
        said = {True: "yes", False: "**no**", None: ""}[self.met]
        return [self.what, f"{self.comparison} {self.asked:g}{self.unit}", measured, said, self.aside]


HEAD = ["what", "asked", "measured", "met", "beside, in the same run"]


def asked(data: Mapping[str, Any]) -> list[Asked]:
    """Everything that is asked and was measured."""
    return [*_random(data), *_named(data), *_founding(data), *_large(data), *_given(data)]


def _random(data: Mapping[str, Any]) -> Iterator[Asked]:
    found = figures.summary(data)
    if found is None:
        return
    count = found["questions"]
    for build, wanted, words in ((VERDICT, 3.0, "verdict alone"), (OURS, 1.2, "verdict and certificate")):
        means = found["means"][build]
        beside = [f"{short(means[ALL]['all'])} against {ALL}"]
        if EARLIER[build] in found["means"]:
            beside.append(f"earlier build {short(found['means'][EARLIER[build]][STRICT]['all'])}")
        yield Asked(
            f"{count} random questions, {words}: best of {STRICT} / zerograd, geometric mean",
            "≥", wanted, means[STRICT]["all"], aside="; ".join(beside),
        )  # fmt: skip
    for build, words in ((VERDICT, "verdict alone"), (OURS, "verdict and certificate")):
        others = [f"{name} {percent(n, count)}" for name, n in found["decided"].items() if name not in BUILDS]
        yield Asked(
            f"decided within {found['cap']:g} s, {words}", "≥", 99.5,
            100 * found["decided"][build] / count, " %", "; ".join(others),
        )  # fmt: skip
    open_here = [q for q in found["open"][VERDICT] if q["decided_by"]]
    numbers = ", ".join(str(q["number"]) for q in open_here)
    yield Asked(
        "left open, verdict alone, and decided by a rival", "≤", 0, len(open_here),
        aside=numbers and f"questions {numbers}",
    )  # fmt: skip
    much = found["much_faster"][VERDICT]
    beside = [f"{percent(len(much[ALL]), count)} with {ALL}"]
    if EARLIER[VERDICT] in found["much_faster"]:
        share = percent(len(found["much_faster"][EARLIER[VERDICT]][STRICT]), count)
        beside.append(f"earlier build {share}")
    yield Asked(
        f"one of {STRICT} more than 3 times faster, verdict alone", "≤", 3.0,
        100 * len(much[STRICT]) / count, " %", "; ".join(beside),
    )  # fmt: skip


def _named(data: Mapping[str, Any]) -> Iterator[Asked]:
    cases = {f"{case['group']}, {case['name']}": case["results"] for case in data.get("named", [])}
    cap = data["options"]["cap"]
    for name in HARD_CASES:
        if name in cases and figures.decided(cases[name], VERDICT):
            results = cases[name]
            beside = [f"{short(figures.ratio(results, cap, VERDICT, RIVALS))} against {ALL}"]
            if EARLIER[VERDICT] in results:
                before = figures.ratio(results, cap, EARLIER[VERDICT], RIVAL_SETS[STRICT])
                beside.append(f"earlier build {short(before)}")
            yield Asked(
                f"{name}: best of {STRICT} / zerograd, verdict alone", "≥", 1.0,
                figures.ratio(results, cap, VERDICT, RIVAL_SETS[STRICT]), aside="; ".join(beside),
            )  # fmt: skip
    if cases and data.get("earlier"):
        late = [name for name, results in cases.items() if figures.slower(results)]
        yield Asked(
            f"named cases (of {len(cases)}) that take over 10 % longer than with the earlier build",
            "≤", 0, len(late), aside="; ".join(late),
        )  # fmt: skip


def _founding(data: Mapping[str, Any]) -> Iterator[Asked]:
    measured = data.get("warm", {})
    if warm := measured.get(f"first witness{WITHOUT}"):
        beside = [f"earlier build {1000 * warm['earlier']['median']:.2f} ms"] if "earlier" in warm else []
        beside += [
            f"{title} {short(1000 * found['today']['median'])} ms"
            for title, found in measured.items()
            if title != f"first witness{WITHOUT}"
        ]
        yield Asked(
            "founding question, warm, first witness, whole answer, without torch", "≤", FOUNDING_MS,
            1000 * warm["today"]["median"], " ms", "; ".join(beside),
        )  # fmt: skip
    if cold := data.get("cold"):
        beside = [
            f"{name.partition('zerograd solve')[2].strip(' ,')} {row['ratio']:.2f}"
            for name, row in cold.items()
            if name.startswith("zerograd solve") and name != f"zerograd solve{WITHOUT}"
        ]
        yield Asked(
            "cold `zerograd solve` / cold `import sympy, z3`, without torch", "≤", COLD_RATIO,
            cold[f"zerograd solve{WITHOUT}"]["ratio"], aside="; ".join(beside),
        )  # fmt: skip


def _large(data: Mapping[str, Any]) -> Iterator[Asked]:
    for case in data.get("large", []):
        today, before = case["results"].get(OURS), case["results"].get(EARLIER[OURS])
        if today is None:
            continue
        seconds = today["seconds"] if today["status"] == "sat" else None
        beside = f"{short(today['seconds'])} s" if seconds else today["status"]
        if before is not None:
            beside += f"; earlier build {short(before['seconds'])} s"
        if case["asked"] is not None:
            times = before["seconds"] / seconds if before and seconds else None
            yield Asked(f"{case['name']}: earlier build / today", "≥", case["asked"], times, aside=beside)
        if case["seconds"] is not None:
            yield Asked(f"{case['name']}: whole answer", "≤", case["seconds"], seconds, " s", beside)
        if case["memory"] is not None and today["memory"] is not None:
            yield Asked(
                f"{case['name']}: memory of all processes", "≤", case["memory"], today["memory"] / GIB, " GiB"
            )


def _given(data: Mapping[str, Any]) -> Iterator[Asked]:
    cases = [case for case in data.get("given", []) if OURS in case["results"]]
    for title, group in _by_network(cases).items():
        slowest = max(group, key=lambda case: case["results"][OURS]["seconds"])
        open_here = [c["name"] for c in group if c["results"][OURS]["status"] not in ("sat", "unsat")]
        before = [c["results"][EARLIER[OURS]]["seconds"] for c in group if EARLIER[OURS] in c["results"]]
        beside = [f"open: {', '.join(open_here)}"] if open_here else []
        if before:
            beside.append(f"earlier build {short(max(before))} s")
        yield Asked(
            f"{title}, everything given: the slowest of {len(group)} answers", "≤", GIVEN_SECONDS,
            slowest["results"][OURS]["seconds"], " s", "; ".join(beside),
        )  # fmt: skip


def _by_network(cases: list[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for case in cases:
        network, _, rest = case["name"].partition(" ")
        samples = rest.partition("M=")[2].partition(",")[0]
        groups.setdefault(f"{network} M={samples}", []).append(case)
    return groups


def _figure(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value:.1f}" if 20 < value < 100 and value != int(value) else short(value)
