"""A certificate for datasets of every size as a part of a Coq file."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from zerograd.core.errors import Refused
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Part
from zerograd.core.refuting.refutation import Refutation, system_of
from zerograd.core.refuting.system import Case, System
from zerograd.show.coq.every_bridge import EveryBridge
from zerograd.show.coq.every_statement import EveryStatement
from zerograd.show.coq.text import NotExportable, comment, conjunction_pattern, number_text, wrapped
from zerograd.show.coq.tree import Tree

MAX_PATTERNS = 32
"""Of one sample, that are written: the proof looks at each of them beside each."""

FIXED = "prove the question for a fixed number of samples, e.g. --samples 3 --fixed"


def every_part(problem: Problem, part: Part) -> tuple[str, list[str]]:
    """The module ``Datasets`` with its proof, and what the problem asks that its theorem leaves out.

    Raises:
        NotExportable: what the certificate uses cannot be written.
    """
    system = system_of(problem, part.kind, part.samples)
    if len(system.splits) > MAX_PATTERNS:
        raise NotExportable(f"{len(system.splits)} activation patterns are too many to be written: {FIXED}")
    statement = EveryStatement(problem, part.kind)
    said = {each.key for each in statement.each if each.key is not None}
    system = _without(system, said)
    try:
        Refutation(system).check(part.root)
    except Refused:
        conditions = "; ".join(text for text in statement.left_out if text.startswith("where: "))
        raise NotExportable(
            f"the certificate uses a condition that cannot be written for every number of samples "
            f"({conditions}): {FIXED}"
        ) from None
    tree = Tree(system, part.root)
    root = tree.refutation()
    bridge = EveryBridge(statement, system, tree, root)
    lemmas = bridge.lemmas()
    start = ["(* The proof for every M. *)", "", "Module Algebra.", ""]
    proof = [*start, *tree.written, lemmas, "End Algebra.", ""]
    shown = [
        "(* The claim for every M. *)", "", "Module Datasets.", "", *_definitions(statement),
        "Theorem no_answer :", *_claim(statement), "Proof.", *_theorem_proof(statement, bridge), "Qed.", "",
        "End Dataset.", "End Datasets.", "",
    ]  # fmt: skip
    return "\n".join([*proof, *shown]), statement.left_out


def _without(system: System, said: set[str]) -> System:
    """The system without what it knows of single samples and the statement does not say."""

    def kept(label: str) -> bool:
        if label.startswith("where["):
            return label.partition(" at ")[0] in said
        return not label.startswith("T")

    splits = {
        name: tuple(
            Case(case.name, case.values, tuple(fact for fact in case.facts if kept(fact[0])))
            for case in cases
        )
        for name, cases in system.splits.items()
    }
    return replace(system, splits=splits)


def _definitions(statement: EveryStatement) -> list[str]:
    network = statement.problem.network
    fields = [f"x_{d}" for d in range(network.inputs)] + [f"y_{k}" for k in range(network.outputs)]
    lines = [
        "(* A sample, its inputs and targets; sums over a dataset. *)",
        wrapped(f"Record sample : Set := Sample {{ {'; '.join(f'{name} : R' for name in fields)} }}."),
        "",
        "Fixpoint sum_over (f : sample -> R) (samples : list sample) : R :=",
        "  match samples with nil => 0 | cons p rest => f p + sum_over f rest end.",
        "",
        "Section Dataset.",
        "",
        "(* Parameters and the dataset. *)",
    ]
    free = statement.free
    lines += [wrapped(f"Variables {' '.join(free)} : R.")] if free else []
    lines += [f"Definition {n} : R := {number_text(v)}." for n, v in statement.inputs if v is not None]
    lines += [
        "Variable data : list sample.",
        "Definition total (f : sample -> R) : R := sum_over f data.",
        "",
        "(* Forward pass at a sample p: pre-activations z, activations a, residuals r; the loss. *)",
    ]
    backward = False
    for definition in statement.of_sample:
        if definition.name.startswith("dL_") and not backward:
            backward = True
            squares = " + ".join(f"r_{k} p ^ 2" for k in range(network.outputs))
            lines += [
                f"Definition size : R := INR (length data) * {network.outputs}.",
                f"Definition loss : R := 1 / size * total (fun p => {squares}).",
                "",
                "(* Backward pass at a sample p: derivatives of the loss by the chain rule. *)",
            ]
        lines.append(f"Definition {definition.name} (p : sample) : R := {definition.shown}.")
    lines += ["", "(* Derivatives of the loss by parameters. *)"]
    lines += [
        f"Definition {share.name} : R := total (fun p => {share.shown})."
        for (name, _), share in statement.gradients.items()
        if name in statement.mentioned
    ]
    return [*lines, ""]


def _claim(statement: EveryStatement) -> list[str]:
    said = [(h.remark, h.text) for h in statement.hypotheses]
    said += [(each.remark, f"(forall p : sample, In p data -> {each.text})") for each in statement.each]
    if not said:
        return ["  data <> nil -> ~ True."]
    lines = ["  data <> nil -> ~ ("]
    left = len(said)
    for remark, group in groupby(said, key=lambda pair: pair[0]):
        lines.append(f"    (* {comment(remark)} *)")
        for _, text in group:
            left -= 1
            lines.append(f"    {text}{' /' + chr(92) if left else ''}")
    return [*lines, "  )."]


def _theorem_proof(statement: EveryStatement, bridge: EveryBridge) -> list[str]:
    """By induction on the dataset, then by the bridge."""
    asked = [f"Q{n}" for n in range(len(statement.hypotheses))]
    each = [f"F{n}" for n in range(len(statement.each))]
    said = " /\\ ".join(e.text for e in statement.each)
    state = wrapped(" ".join(["Algebra.state", *statement.free, "(2 / size)", *(
        f"(sum_over (fun p => {s.share.shown}) samples)" for s in bridge.sums
    )]))  # fmt: skip
    on_each = f"(forall p, In p samples -> {said}) ->\n  " if each else ""
    arguments = [name for name, _ in statement.inputs] + ["(2 / size)"]
    arguments += [f"(sum_over (fun p => {s.share.shown}) rest)" for s in bridge.sums]
    arguments += [term for _, term in bridge.sample_arguments()]
    given = ["eq_refl" for _, value in statement.inputs if value is not None]
    before = "(IH (fun q I => Each q (or_intror I)))" if each else "IH"
    arguments += [*given, before, *(proof for _, _, proof in bridge.sample_premises())]
    numbers = [f"B{n}" for n in range(len(each))]
    taken = f"  destruct (Each p (or_introl eq_refl)) as {conjunction_pattern(numbers)}."
    taken = taken if len(each) > 1 else "  pose proof (Each p (or_introl eq_refl)) as B0."
    final = [term for _, term in bridge.bridge_arguments()]
    final += ["eq_refl" for _ in statement.algebra.occurrences] + given
    of_each = f" (fun p I => {_conjunction([f'({f} p I)' for f in each])})" if each else ""
    final.append(f"(State data{of_each})")
    final += [f"(Sums.mean sample data {statement.problem.network.outputs} Nonempty eq_refl)"]
    final += [_conjunction(asked) if asked else "I"]
    pattern = conjunction_pattern([*asked, *each]) if asked or each else "Q"
    return [
        f"intros Nonempty {pattern}.",
        f"assert (State : forall samples : list sample,\n  {on_each}{state}).",
        "{",
        f"  intros samples. induction samples as [|p rest IH]{'; intros Each' if each else ''}.",
        wrapped(f"  {{ exact ({' '.join(['Algebra.none', *statement.free, '(2 / size)'])}). }}"),
        *([taken] if each else []),
        wrapped(f"  exact (Algebra.one {' '.join(arguments)})."),
        "}",
        wrapped(f"exact (Algebra.bridge {' '.join(final)})."),
    ]


def _conjunction(terms: list[str]) -> str:
    text = terms[-1]
    for term in reversed(terms[:-1]):
        text = f"(conj {term} {text})"
    return text
