"""A certificate for datasets of every size as a part of a Coq file."""

from __future__ import annotations

from dataclasses import replace

from zerograd.core.errors import Refused
from zerograd.core.model.references import entry
from zerograd.core.numbers.polynomial import Polynomial
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Part
from zerograd.core.refuting.facts import variables_in
from zerograd.core.refuting.laws import laws
from zerograd.core.refuting.refutation import Refutation, system_of
from zerograd.core.refuting.system import System, on_side
from zerograd.show.coq.every_bridge import EveryBridge
from zerograd.show.coq.every_statement import EveryStatement
from zerograd.show.coq.loss import FACTOR, FORWARD, any_loss
from zerograd.show.coq.props import prop_text
from zerograd.show.coq.statement import claim_lines
from zerograd.show.coq.text import NotExportable, conjunction_pattern, conjunction_term, wrapped
from zerograd.show.coq.tree import Tree

MAX_PATTERNS = 32
"""Activation patterns of one sample that are written: the proof looks at each of them beside each."""

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
    system = _of_statement(system, statement)
    try:
        Refutation(system).check(part.root)
    except Refused:
        raise NotExportable(
            f"the certificate uses a condition that cannot be written for every number of samples "
            f"({'; '.join(statement.left_out)}): {FIXED}"
        ) from None
    tree = Tree(system, part.root)
    root = tree.refutation()
    bridge = EveryBridge(statement, system, tree, root)
    lines = ["(* The proof for every M. *)", "", "Module Algebra.", "", *tree.written, bridge.lemmas()]
    lines += ["End Algebra.", "", "(* The claim for every M. *)", "", "Module Datasets.", ""]
    lines += [*_definitions(statement), "", "Theorem no_answer :"]
    asked = [(hypothesis.remark, hypothesis.text(named=False)) for hypothesis in statement.hypotheses]
    asked += [
        (e.remark, f"(forall p : sample, In p data -> {prop_text(e.prop, False)})") for e in statement.each
    ]
    lines += [*claim_lines("data <> nil -> ", asked), "Proof.", *_theorem_proof(statement, bridge), "Qed."]
    return "\n".join([*lines, "", "End Dataset.", "End Datasets.", ""]), statement.left_out


def _of_statement(system: System, statement: EveryStatement) -> System:
    """The system without what it knows of single samples and the statement does not say."""
    splits = dict(system.splits)
    sums, numbers = set[str](), set[str]()
    of_inputs = {law.label for law in laws(statement.problem) if law.label.startswith("sum of ")}
    for pattern in statement.patterns:
        absent, present = splits[pattern.split]
        labels = {each.facts[pattern.tag][0] for each in statement.each if each.facts}
        for (layer, unit), side in pattern.sides.items():
            tests = on_side(Polynomial.constant(0), side, entry(f"z{layer}", (unit,)))
            labels |= {pattern.at(label) for label, _ in tests}
        known = tuple((label, formula) for label, formula in present.facts if label in labels)
        values = {name: value for name, value in absent.values.items() if name != pattern.number}
        splits[pattern.split] = (replace(absent, values=values), replace(present, facts=known))
        sums.add(pattern.over(""))
        numbers.add(pattern.number)
    facts = {
        label: fact
        for label, fact in system.facts.items()
        if not variables_in(fact) & numbers and not label.endswith(tuple(sums)) and label not in of_inputs
    }
    return replace(system, facts=facts, splits=splits)


def _definitions(statement: EveryStatement) -> list[str]:
    network = statement.problem.network
    fields = [f"x_{d}" for d in range(network.inputs)] + [f"y_{k}" for k in range(network.outputs)]
    shares = [share for (name, _), share in statement.shares.items() if name in statement.mentioned]
    return [
        "(* A sample, its inputs and targets; sums over a dataset. *)",
        wrapped(f"Record sample : Set := Sample {{ {'; '.join(f'{name} : R' for name in fields)} }}."),
        "",
        "Fixpoint sum_over (f : sample -> R) (samples : list sample) : R :=",
        "  match samples with nil => 0 | cons p rest => f p + sum_over f rest end.",
        "",
        "Section Dataset.",
        "",
        "(* Parameters and the dataset. *)",
        *statement.input_lines(),
        "Variable data : list sample.",
        "Definition total (f : sample -> R) : R := sum_over f data.",
        "",
        f"(* Forward pass at a sample p: {FORWARD}. *)",
        *(definition.line(" (p : sample)") for definition in statement.forward),
        *any_loss(statement.problem),
        "",
        "(* Backward pass at a sample p: derivatives of the loss by the chain rule. *)",
        *(definition.line(" (p : sample)") for definition in statement.backward),
        "",
        "(* Derivatives of the loss by parameters. *)",
        *(f"Definition {share.name} : R := total (fun p => {share.shown})." for share in shares),
    ]


def _theorem_proof(statement: EveryStatement, bridge: EveryBridge) -> list[str]:
    """The tactics that prove the theorem, by induction on the dataset, then by the bridge."""
    asked = [f"Q{n}" for n in range(len(statement.hypotheses))]
    each = [f"F{n}" for n in range(len(statement.each))]
    sums = (s.over("samples") for s in bridge.sums)
    state = wrapped(" ".join(["Algebra.state", *statement.free, FACTOR, *sums]))
    induction, taken = "induction samples as [|p rest IH]", []
    if each:
        every = " /\\ ".join(prop_text(e.prop, False) for e in statement.each)
        state = f"(forall p, In p samples -> {every}) ->\n  {state}"
        induction += "; intros Each"
        names = conjunction_pattern([f"B{n}" for n in range(len(each))])
        tactic = "destruct" if len(each) > 1 else "pose proof"
        taken = [f"  {tactic} (Each p (or_introl eq_refl)) as {names}."]
    none = " ".join(["Algebra.none", *statement.free, FACTOR])
    return [
        f"intros Nonempty {conjunction_pattern([*asked, *each]) if asked or each else 'Q'}.",
        f"assert (State : forall samples : list sample,\n  {state}).",
        "{",
        f"  intros samples. {induction}.",
        wrapped(f"  {{ exact ({none}). }}"),
        *taken,
        wrapped(f"  exact {bridge.one().applied('Algebra')}."),
        "}",
        wrapped(f"exact {bridge.bridge().applied('Algebra', conjunction_term(asked or ['I']))}."),
    ]
