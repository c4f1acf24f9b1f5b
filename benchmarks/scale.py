"""Three parts of the benchmark: large questions, questions with everything given, and families that grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.contender import EARLIER, OURS, Contender
from benchmarks.memory import peak_of
from benchmarks.running import Run
from benchmarks.sizes import Sized, given_cases, given_in_full, growing_cases, large_cases

LARGE_CAP = 60.0
"""Seconds for a large question."""
GIVEN_CAP = 3.0
"""Seconds for a question with everything given."""
RUNS, LONG = 2, 0.5
"""Times that a question is asked, unless an answer took so many seconds; the best counts."""
GROWN = 1.0
"""Seconds above which a family of questions grows no further."""


def large_part(run: Run) -> None:
    """Large questions, each put to processes of its own, with the memory that these take."""
    section = run.data["large"] = []
    for case in large_cases():
        entry: dict[str, Any] = {**_entry(case), "results": {}}
        section.append(entry)
        document = case.problem.to_json()
        for _ in range(RUNS):
            for called in _builds(run):
                before = entry["results"].get(called)
                if before is None or (before["status"] == "sat" and before["seconds"] < LONG):
                    entry["results"][called] = _best(before, _measured(run, called, document))
                    run.say(f"large, {case.name}: {called} {shown(entry['results'][called])}")
            run.keep()


def given_part(run: Run) -> None:
    """Questions with everything given. The time to read them counts, too.

    An earlier build that is stopped at one is not asked others of the same network: each takes all its time.
    """
    section = run.data["given"] = []
    contenders = run.started(_builds(run))
    too_much: set[tuple[str, str]] = set()
    for case in given_cases():
        network = case.name.partition(" ")[0]
        entry: dict[str, Any] = {**_entry(case), "results": {}}
        section.append(entry)
        document = case.problem.to_json()
        for number in range(RUNS):
            for called, contender in contenders.items():
                before = entry["results"].get(called)
                if (called, network) in too_much:
                    continue
                if number and (before is None or before["status"] == "stopped" or before["seconds"] > 1):
                    continue
                _warm_up(contender)
                found = contender.ask(document, GIVEN_CAP).to_json()
                found["seconds"] += found["reading"]
                entry["results"][called] = _best(before, found)
                if called != OURS and found["status"] == "stopped":
                    too_much.add((called, network))
        for called, found in entry["results"].items():
            run.say(f"given, {case.name}: {called} {shown(found)}")
        run.keep()
    run.close()


def growth_part(run: Run) -> None:
    """Families of questions that grow: what a whole answer costs at each size."""
    section = run.data["growth"] = []
    for title, members in growing_cases().items():
        family: dict[str, Any] = {"title": title, "results": {called: [] for called in _builds(run)}}
        section.append(family)
        contenders = run.started(_builds(run))
        for contender in contenders.values():
            _warm_up(contender)
        for size, arguments in members:
            document = Sized("", arguments).problem.to_json()
            for called, contender in contenders.items():
                points = family["results"][called]
                if points and (points[-1][1] > GROWN or points[-1][0] != _before(members, size)):
                    continue
                found = [contender.ask(document, 10 * GROWN)]
                if found[0].seconds < GROWN / 4:
                    found.append(contender.ask(document, 10 * GROWN))
                if any(outcome.status != "sat" for outcome in found):
                    run.say(f"growth, {title.partition(chr(10))[0]} = {size}: {called} {found[-1].status}")
                    continue
                points.append([size, min(outcome.seconds for outcome in found)])
                run.say(f"growth, {title.partition(chr(10))[0]} = {size}: {called} {points[-1][1]:.3f} s")
            run.keep()
        run.close()


def _before(members: Sequence[tuple[int, Any]], size: int) -> int:
    """The next smaller size in a family."""
    sizes = [number for number, _ in members]
    return sizes[sizes.index(size) - 1]


def _builds(run: Run) -> list[str]:
    return [OURS, *([EARLIER[OURS]] if run.build else [])]


def _entry(case: Sized) -> dict[str, Any]:
    return {"name": case.name, "asked": case.asked, "seconds": case.seconds, "memory": case.memory}


def _warm_up(contender: Contender) -> None:
    """Have what such questions need loaded, as start-up is not what is measured."""
    for activation in ("relu", "tanh"):
        tiny = {**given_in_full((2, 2, 1), 1, activation), "nonzero": ["b2"]}
        contender.ask(Sized("", tiny).problem.to_json(), 60.0)


def _measured(run: Run, called: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome in a process of its own, and the most memory that was taken."""
    contender = run.started([called])[called]
    assert contender.pid is not None  # it has just been started
    with peak_of(contender.pid) as peak:
        found = contender.ask(document, LARGE_CAP).to_json()
    run.close()
    return found | {"memory": peak.bytes}


def _best(before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
    """The faster of two outcomes, with all seconds."""
    runs = [*(before["runs"] if before else []), now["seconds"]]
    best = now if before is None else min(before, now, key=lambda o: (o["status"] == "stopped", o["seconds"]))
    return best | {"runs": runs}


def shown(found: Mapping[str, Any]) -> str:
    """An outcome with its memory, in a line."""
    memory = found.get("memory")
    said = f"{found['status']} {found['seconds']:.3f} s"
    return said if memory is None else f"{said}, {memory / 2**20:.0f} MiB"
