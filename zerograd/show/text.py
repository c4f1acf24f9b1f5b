"""An answer as text, for `zerograd solve`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from zerograd.core.question.given import incomplete
from zerograd.core.question.problem import Problem
from zerograd.core.verdict.answer import Answer, Reason, Sat, Unknown, Unsat
from zerograd.core.verdict.enclosed import EnclosedWitness
from zerograd.document.escape import clean, clean_lines
from zerograd.document.layout import Layout
from zerograd.document.numbers import alpha_text, exact_text, field_text
from zerograd.document.table import LONG
from zerograd.show.elsewhere import elsewhere_sentences, not_compared
from zerograd.show.enclosed import existence_text, method, proof_lines, unknown_lines
from zerograd.show.kinds import kind_of_answer
from zerograd.show.lower import lower_text
from zerograd.show.question import attempts_text, question_lines, setting_line, where_lines, word_of
from zerograd.show.smallest import generic_text, smallest_text
from zerograd.show.witness import gradient_lines, parameter_lines, sample_lines, why_lines
from zerograd.show.words import count

_LONG_NUMBER = re.compile(r"≈[-\d]|\b[wb]\d+ ≈ ")
_LONG = "too long to write out; --json has it exactly"
_SECOND = ("z3", "cvc5", "yices")
_CHECKS = {"float64": "float64", "finite_differences": "finite differences", "torch": "torch"}


def answer_text(answer: Answer, *, width: int = 100, color: bool = False, verbose: bool = False) -> str:
    """What a person wants to read of an answer.

    The first line is ``sat``, ``unsat`` or ``unknown (reason)``. Where everything is given and something is
    not as asked, it says what: ``unsat: ∂L/∂w1[1] is 45, not 15``.

    Args:
        width: columns that are kept to where that is possible.
        color: whether to use escape codes; nothing from the problem file contains any.
        verbose: adds notes, references, the problem's digest and versions.
    """
    layout = Layout(width, color)
    verdict = f"unknown ({answer.reason})" if isinstance(answer, Unknown) else answer.status
    lines = [layout.verdict(answer.status, verdict)]
    if isinstance(answer, Unsat) and answer.instead:
        from zerograd.show.instead import refuted_line  # formulas: not before they are needed

        first, *rest = layout.wrapped(f"{verdict}: {refuted_line(answer.problem, answer.instead)}")
        lines = [layout.verdict(answer.status, first), *rest]
    if answer.problem.title:
        lines += layout.wrapped(clean(answer.problem.title))
    lines.append("")
    match answer:
        case Sat():
            lines += _sat(answer, layout)
        case Unsat():
            lines += _unsat(answer, layout)
        case Unknown():
            lines += _unknown(answer, layout)
    lines += _cross_check(answer, layout)
    lines += _strategy(answer, layout, verbose=verbose)
    lines += _told(answer, layout)
    if verbose:
        lines += _verbose(answer, layout)
    return "\n".join(lines) + "\n"


def _problem(problem: Problem, layout: Layout) -> list[str]:
    return layout.labelled("network", setting_line(problem))


def _sat(answer: Sat, layout: Layout) -> Iterator[str]:
    witness = answer.witness
    yield from _problem(answer.problem, layout)
    yield from layout.labelled("samples", _samples_found(answer))
    enclosed = witness if isinstance(witness, EnclosedWitness) else None
    if enclosed:
        yield from layout.labelled("witness", existence_text(enclosed))
    if witness.field is not None:
        alpha, root = alpha_text(witness.field), field_text(witness.field)
        yield from layout.labelled("α", f"≈ {alpha}, the root of {root}")
    sections = [
        *(
            [*layout.heading("unknowns"), *unknown_lines(enclosed, layout)]
            if enclosed and enclosed.unknowns
            else ()
        ),
        *layout.heading("parameters"),
        *parameter_lines(witness, layout),
    ]
    tables = [
        *layout.heading("samples"),
        *sample_lines(witness, layout),
        *layout.heading("gradients"),
        *gradient_lines(witness, layout),
    ]
    why = list(proof_lines(enclosed, layout) if enclosed else why_lines(witness, layout))
    why = [*layout.heading("why gradients are zero"), *why] if why else []
    sections += [*why, *tables] if len(tables) > LONG else [*tables, *why]
    sections += ["", *layout.labelled("loss", exact_text(witness.loss))]
    yield from sections
    if any(map(_LONG_NUMBER.search, sections)):
        is_what = "that is enclosed, or too long to write out; --json has more digits" if enclosed else _LONG
        yield from layout.labelled("≈…", f"a number {is_what}")
    how = method(enclosed) if enclosed else "exactly"
    yield from layout.labelled("checked", "; ".join([how, *_checks(answer.checks)]))
    if kind := kind_of_answer(answer):
        yield from layout.labelled("kind", kind)
    if answer.lower is not None:
        yield from layout.labelled("lower", lower_text(witness.point, answer.lower))
    if size := smallest_text(answer):
        yield from layout.labelled("size", size)
    if other := elsewhere_sentences(answer) or not_compared(answer):
        yield from layout.labelled("elsewhere", other)
    if generic := generic_text(answer):
        yield from layout.labelled("generic", generic)
    if answer.fewer is not None:
        yield from layout.labelled("fewer", "impossible: certificate, accepted by the checker")
    if answer.problem.where:
        yield from layout.labelled("where", where_lines(answer.problem, " ✓"))


def _samples_found(answer: Sat) -> str:
    """M; where it was searched for, what is known of smaller ones."""
    samples, asked = answer.witness.samples, answer.problem.samples
    if asked.fixed is not None:
        return str(samples)
    tried = {attempt.samples: attempt.status for attempt in answer.run.attempts}
    smaller = range(asked.least, samples)
    text = str(samples)
    if not smaller:
        text += ", the fewest possible" if asked.least == 1 else f", the fewest allowed (asked: {asked})"
    elif answer.fewer is not None:
        return f"{text}, the fewest: fewer ruled out by a certificate"
    elif all(tried.get(m) == "unsat" for m in smaller):
        text += ", the fewest, by the record of its search" if answer.run.told else ", the fewest"
    elif any(tried.get(m) == "unknown" for m in smaller):
        text += ", perhaps not the fewest"
    attempts = attempts_text(answer.run.attempts, answer.run)
    return f"{text}: {attempts}" if attempts else text


def _checks(checks: Mapping[str, Any]) -> Iterator[str]:
    for name, result in checks.items():
        shown = _CHECKS.get(name) or clean(name)
        if not isinstance(result, Mapping):
            yield f"{shown}: {clean(str(result))}"
            continue
        details = []
        if "compared" in result:
            details.append(f"{result['compared']} of {result.get('entries', '?')} entries")
        if "largest_deviation" in result:
            details.append(f"largest deviation {_deviation(result['largest_deviation'])}")
        yield f"{shown} ({', '.join(details)})" if details else shown


def _deviation(value: float) -> str:
    return f"{value:.0e}" if value else "0"


def _unsat(answer: Unsat, layout: Layout) -> Iterator[str]:
    problem = answer.problem
    yield from _problem(problem, layout)
    yield from layout.labelled("samples", _range_text(answer))
    yield from layout.labelled("asked", question_lines(problem))
    if answer.instead:
        from zerograd.show.instead import instead_lines

        yield from layout.labelled("found", instead_lines(problem, answer.instead))
        proof = "a calculation: its certificate is accepted by the checker (zerograd prove shows it)"
        yield from layout.labelled("evidence", proof)
        return
    if answer.certificate is not None and answer.certificate.point is not None:
        from zerograd.show.kinds import given_kind_text

        yield from layout.labelled("found", given_kind_text(problem, answer.certificate))
        proof = "what shows it is accepted by the checker (zerograd prove shows it)"
        yield from layout.labelled("evidence", proof)
        return
    yield from layout.labelled("shown", _impossible(answer))
    if answer.evidence == "solver":
        whose = "the document's word that a solver says so" if answer.run.told else word_of(answer.run)
        evidence = f"solver: {whose}; it cannot be re-checked independently"
    else:
        evidence = "certificate, accepted by the checker (zerograd prove shows the proof)"
    yield from layout.labelled("evidence", evidence)
    if answer.open:
        yield from layout.labelled("open", [clean(line) for line in answer.open])


def _impossible(answer: Unsat) -> str:
    if answer.run.told and answer.certificate is None:
        return f"nothing; a result document says: {_claim(answer)}"
    return _claim(answer)


def _claim(answer: Unsat) -> str:
    samples = answer.problem.samples
    if answer.run.every_samples and answer.certificate is None:
        return f"no parameters and no dataset of any size satisfy the question: {_every(answer)}"
    if answer.run.every_samples:
        return "no parameters and no dataset of any size satisfy the question"
    if samples.fixed is not None:
        return f"no parameters and no dataset of {count(samples.fixed, 'sample')} satisfy the question"
    if samples.most is not None:
        return (
            f"no parameters and no dataset of {samples.least} to {samples.most} samples satisfy the question"
        )
    enough = answer.run.sufficient_samples
    why = f": if any number of samples would do, {enough} would" if enough is not None else ""
    return f"no parameters and no dataset of any size satisfy the question{why}"


def _every(answer: Unsat) -> str:
    enough = answer.run.sufficient_samples
    if answer.run.strategy != "identities" and enough is not None:
        return (
            "even without the conditions that link samples or restrict targets, if any number of samples"
            f" would do, {enough} would"
        )
    return (
        "what it says of parameters and their gradients contradicts itself, where of each homogeneous unit"
        " Σ w ∂w + b ∂b over what comes in is Σ w ∂w over what goes out"
    )


def _range_text(answer: Unsat | Unknown) -> str:
    samples = answer.problem.samples
    proved = isinstance(answer, Unsat) and answer.certificate is not None
    attempts = "" if proved or samples.fixed is not None else attempts_text(answer.run.attempts, answer.run)
    return f"{samples}: {attempts}" if attempts else str(samples)


def _unknown(answer: Unknown, layout: Layout) -> Iterator[str]:
    problem = answer.problem
    yield from _problem(problem, layout)
    yield from layout.labelled("samples", _range_text(answer))
    yield from layout.labelled("asked", question_lines(problem))
    yield from layout.labelled(
        "reason", f"{answer.reason}: {clean(answer.detail)}" if answer.detail else answer.reason
    )
    if answer.run.sufficient_samples is not None:
        bound = count(answer.run.sufficient_samples, "sample")
        yield from layout.labelled("bound", f"if any number of samples will do, {bound} will")
    yield from layout.labelled("try", f"{_advice(problem, answer.reason)}; see zerograd help unknown")


def _advice(problem: Problem, reason: Reason) -> str:
    """What may help. Where everything is given no values are left to fix, and no numbers of samples."""
    given = problem.given.get("x") or problem.given.get("y")
    fixed = incomplete(problem) is None
    ways = {
        "timeout": ["give it longer (--timeout 10m)"],
        "memory": ["allow more (--memory 8G)"],
        "unsupported": ["leave out what is not supported"],
        "incomplete": ["try another --strategy or --seed"],
    }[reason]
    if reason == "incomplete" and fixed:
        ways = ["ask about fewer of these entries at once: some lie so near to 0 that no sign is known"]
    which = {"timeout": "another number of samples", "memory": "fewer samples"}.get(reason, "")
    if reason == "incomplete" and problem.samples.fixed is None:
        which = "one number of samples"
    if which and not given:
        ways.append(f"ask about {which} (--samples N)")
    if not fixed:
        smaller = "ask it of a smaller network"
        ways.append(smaller if reason == "unsupported" else "fix some values (given, bounds)")
    return ", or ".join([", ".join(ways[:-1]), ways[-1]]) if len(ways) > 1 else ways[0]


def _cross_check(answer: Answer, layout: Layout) -> list[str]:
    """What a second solver says, if it was asked."""
    second = answer.run.cross_check
    if second is None:
        return []
    parts = []
    if second.agrees:
        parts.append(f"agrees for M = {', '.join(map(str, second.agrees))}")
    parts += [f"undecided for M = {samples} ({clean(reason)})" for samples, reason in second.undecided]
    nothing = "nothing was decided that it could be compared with"
    name = clean(second.solver)
    label, solver = (name, "") if name in _SECOND else ("compared", f"{name}: ")  # no label of a file's own
    return layout.labelled(label, f"cross-check: {solver}{'; '.join(parts) or nothing}")


def _strategy(answer: Answer, layout: Layout, *, verbose: bool) -> list[str]:
    seconds = f"{answer.run.seconds:.2f} s"
    if answer.run.beyond:
        seconds += f"; checking it took {answer.run.beyond:.1f} s beyond the time limit"
    none = "none decided it" if answer.status == "unknown" else "not recorded"
    lines = layout.labelled("strategy", f"{clean(answer.run.strategy or none)}, {seconds}")
    if answer.run.tried and (verbose or answer.status == "unknown"):
        lines += layout.labelled("tried", ", ".join(map(clean, answer.run.tried)))
    return lines


def _told(answer: Answer, layout: Layout) -> list[str]:
    """Whose word all of this is, of an answer that was read from a file."""
    if not answer.run.told:
        return []
    match answer:
        case Sat():
            checked, rest = "the witness was checked again", "the search, and of floating point,"
        case Unsat(evidence="certificate"):
            checked, rest = "the certificate was checked again", "the search"
        case _:
            checked, rest = "it has nothing that could be checked again", "the search"
    return layout.labelled("read", f"from a result document: {checked}; what is said of {rest} is its word")


def _verbose(answer: Answer, layout: Layout) -> Iterator[str]:
    problem = answer.problem
    if problem.notes:
        yield from layout.heading("notes")
        for line in clean_lines(problem.notes):
            yield from layout.wrapped(line, indent=2) or [""]
    if problem.references:
        yield from layout.heading("references")
        for reference in problem.references:
            yield from layout.wrapped(clean(reference), indent=2, hanging=2)
    yield ""
    yield from layout.labelled("problem", problem.digest)
    versions = ", ".join(clean(f"{name} {version}") for name, version in answer.run.versions.items())
    yield from layout.labelled("versions", versions or "not recorded")
