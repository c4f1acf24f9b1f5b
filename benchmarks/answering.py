"""Two parts of the benchmark: named cases, and random questions, put to builds of zerograd and to rivals."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from benchmarks import figures
from benchmarks.contender import Outcome
from benchmarks.questions import Case, named_cases, random_questions
from benchmarks.running import Run, turned

PASSES = 2
"""Times that a named case is asked, by processes that are new each time; the best counts."""
QUICK = 1.5
"""Seconds above which a case is asked once."""
AGAIN = 2
"""Further times for cases on which today's build seems slower than an earlier one."""


def random_part(run: Run) -> None:
    """Random questions: each is put once, to one process of each contender, which it keeps."""
    cap = run.options.random_cap
    section = {"seed": run.options.seed, "cap": cap, "questions": []}
    run.data["random"] = section
    contenders = run.started(run.everyone)
    for number, problem in enumerate(random_questions(run.options.random, run.options.seed)):
        order = [*turned(list(run.builds), number), *run.rivals]
        outcomes = run.ask({n: contenders[n] for n in order}, problem.to_json(), dict.fromkeys(order, cap))
        results = {name: outcomes[name].to_json() for name in run.everyone}
        section["questions"].append({"number": number, "digest": problem.digest, "results": results})
        run.say(f"random question {number}: {figures.shown_outcomes(results)}")
        run.keep()
    run.close()


def named_part(run: Run) -> None:
    """Named cases: several passes through them, each with processes of its own and in another order."""
    every = named_cases()
    groups = {case.group for case in every} & {*run.options.only}
    chosen = [case for case in every if not groups or case.group in groups]
    entries: list[dict[str, Any]] = [
        {"group": c.group, "name": c.name, "asked": c.asked, "digest": c.problem.digest, "results": {}}
        for c in chosen
    ]
    run.data["named"] = entries
    pairs = list(zip(chosen, entries, strict=True))
    for number in range(PASSES):
        _pass(run, number, pairs, run.everyone)
    if run.build is None:
        return
    for number in range(PASSES, PASSES + AGAIN):
        left = [pair for pair in pairs if figures.slower(pair[1]["results"])]
        if left:
            run.say(f"seem slower than with the earlier build: {len(left)}; asked again")
            _pass(run, number, left, list(run.builds), again=True)


def _pass(
    run: Run,
    number: int,
    pairs: Sequence[tuple[Case, dict[str, Any]]],
    names: Sequence[str],
    *,
    again: bool = False,
) -> None:
    """Put the cases to new processes: to those whose last answer was quick."""
    contenders = run.started(names)
    said: dict[str, dict[str, Outcome]] = {}
    for case, entry in random.Random(number).sample(pairs, len(pairs)):
        results = entry["results"]
        due = [n for n in names if again or n not in results or _quick(results[n])]
        order = sorted(due, key=turned(names, number).index)
        order = [n for n in order if n in run.builds] + [n for n in due if n in run.rivals]
        caps = {n: max(run.options.cap, case.asked) if n in run.builds else run.options.cap for n in order}
        if entry["digest"] not in said:  # no process is asked the same question twice
            said[entry["digest"]] = run.ask({n: contenders[n] for n in order}, case.problem.to_json(), caps)
        for name in names:
            if name in said[entry["digest"]]:
                results[name] = _better(results.get(name), said[entry["digest"]][name])
        shown = {name: results[name] for name in order if name in results}
        run.say(f"{case.group}, {case.name}: {figures.shown_outcomes(shown)}")
        run.keep()
    run.close()


def _quick(result: dict[str, Any]) -> bool:
    return result["status"] in ("sat", "unsat") and result["seconds"] < QUICK


def _better(before: dict[str, Any] | None, outcome: Outcome) -> dict[str, Any]:
    """The better of two outcomes, with the seconds and statuses of all."""
    now = outcome.to_json() | {"runs": [outcome.seconds], "said": [outcome.status]}
    if before is None:
        return now
    best = min(before, now, key=lambda o: (o["status"] not in ("sat", "unsat"), o["seconds"]))
    return best | {
        "runs": [*before["runs"], outcome.seconds],
        "said": sorted({*before["said"], outcome.status}),
    }
