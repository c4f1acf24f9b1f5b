"""Certificates as proofs for Coq, which people can check who trust nothing of zerograd.

The file states the claim about real numbers: a network, a dataset, the gradients of the loss by the
chain rule, and that they are never as the problem asks. The certificate is its proof. Coq 8.16 and its
standard library compile it; no axioms are used but those of Coq's real numbers.
"""

from __future__ import annotations

from zerograd.core.question.fitness import chosen
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, Split, nodes
from zerograd.core.refuting.loss_values import LOSS
from zerograd.core.refuting.refutation import check_certificate
from zerograd.show.coq import activations, loss
from zerograd.show.coq.activations import Sample
from zerograd.show.coq.dataset import dataset_part
from zerograd.show.coq.every import every_part
from zerograd.show.coq.passes import units_of
from zerograd.show.coq.text import NotExportable, comment
from zerograd.show.coq.tools import INTEGERS, SUMS, TOOLS

__all__ = ["NotExportable", "proof_coq", "unfit"]


_READING_EVERY = """
Indices count from 0: w1_0_1 is entry [0,1] of w1, z1_0 p the pre-activation of unit 0 of layer 1
at a sample p, dL_dw1_0_1 the derivative of the loss by w1_0_1. The theorem stands in the module
Datasets, and holds for all real numbers and lists of samples that are its variables. The modules
Tools, Sums and Algebra are part of the proof, and not of what is proved."""

_READING_FIXED = """
Indices count from 0: w1_0_1 is entry [0,1] of w1, z1_2_0 the pre-activation of unit 0 of layer 1
at sample 2, dL_dw1_0_1 the derivative of the loss by w1_0_1. Each theorem stands in a module
Samples_M, and holds for all real numbers that are its variables. The modules Tools and Algebra_M
are part of the proof, and not of what is proved."""


def unfit(problem: Problem) -> str | None:
    """Why no proof about this problem can be written for Coq; None if nothing stands against it."""
    of_choice = chosen(problem)
    reasons = [
        "what holds of every spurious minimum has no proof for Coq" if problem.spurious else None,
        of_choice and f"{of_choice}: write latex or markdown, or ask it under one convention, such as torch",
        loss.unfit(problem),
        *(activations.unfit(layer.activation) for layer in problem.network.layers),
    ]
    return next((reason for reason in reasons if reason is not None), None)


def proof_coq(problem: Problem, certificate: Certificate) -> str:
    """A Coq file that proves that the problem has no answer, for each part of the certificate.

    The theorems are ``Datasets.no_answer`` for every number of samples, ``Samples_2.no_answer_2`` and the
    like for fixed ones; ``coqc`` prints nothing but the axioms that they rest on.

    Raises:
        Refused: the certificate does not prove that the problem has no answer.
        NotExportable: a part uses what cannot be written for Coq; the message says what.
    """
    reason = unfit(problem)
    if reason is not None:
        raise NotExportable(reason)
    if certificate.point is not None or certificate.better is not None:
        raise NotExportable("it is about minima: write latex or markdown")
    if any(part.kind == "calculation" for part in certificate.parts):
        raise NotExportable(
            "it is a calculation with given numbers: of a small network, zerograd prove finds a proof for Coq"
        )
    if any(isinstance(n, Split) and n.split == LOSS for part in certificate.parts for n in nodes(part.root)):
        raise NotExportable("it rests on what a loss of 0 says of gradients: look for another by --fixed")
    check_certificate(problem, certificate)
    parts = {part.samples: part for part in certificate.parts if part.samples is not None}
    # Of several parts that hold for every M one is enough.
    of_all, left_out = next(
        (every_part(problem, part) for part in certificate.parts if part.samples is None), ("", [])
    )
    sums = f"\nModule Sums.\n{loss.POSITIVE}{SUMS}" if of_all else ""
    functions = {
        activations.function_name(unit.activation): activations.activation_definitions(unit)
        for unit in units_of(problem, [Sample()])
    }
    sections = [
        _header(problem, sorted(parts), left_out if of_all else None),
        f"From Coq Require Import {'List ' if of_all else ''}Reals Lra Lia ZArith.",
        "Local Open Scope R_scope.\n",
        f"(* Lemmas on real numbers. *)\n{TOOLS}{sums}{INTEGERS if problem.domain == 'integer' else ''}",
        "(* Activations, with the derivative that is taken at a kink. *)\n\n" + "\n".join(functions.values()),
        of_all,
        *(dataset_part(problem, part, number) for number, part in parts.items()),
        "Print Assumptions Datasets.no_answer.\n" if of_all else "",
        *(f"Print Assumptions Samples_{number}.no_answer_{number}.\n" for number in parts),
    ]
    return "\n".join(section for section in sections if section)


def _header(problem: Problem, numbers: list[int], left_out: list[str] | None) -> str:
    """What the file is about; ``left_out`` of the theorem for every M, if there is one."""
    network = problem.network
    layers = ", ".join(
        f"{layer.units} {layer.activation}{'' if layer.bias else ' without bias'}" for layer in network.layers
    )
    kink = {
        "torch": "as PyTorch has it",
        "left": "that on its left",
        "right": "that on its right",
        "mean": "half of that on its left and that on its right",
        "forbid": "of no account, as no pre-activation is on one",
    }.get(problem.derivative_at_kink, problem.derivative_at_kink)
    lines = [
        comment(problem.title or "A question about gradients that vanish"),
        "",
        f"Network: {network.inputs} inputs, then {layers}.",
        f"Loss: {loss.words(problem)}. Derivative at a kink: {kink}.",
        f"Samples asked for: {problem.samples}. Proved here, by cases and polynomial identities:",
    ]
    claim = "what the theorem asks holds of no parameters and no dataset"
    if left_out is not None:
        lines.append(f"{claim}, for every number M of its samples.")
        if left_out:
            lines += [
                "",
                "Left out, as the proof does not need it (so the theorem says more than was asked):",
            ]
            lines += [f"- {comment(text)}" for text in left_out]
        lines += _READING_EVERY.splitlines()
    if numbers:
        lines += [""] if left_out is not None else []
        lines.append(f"{claim} of M samples, for M = {', '.join(map(str, numbers))}.")
        lines += ["Of other M nothing is proved here."] if left_out is None else []
        lines += _READING_FIXED.splitlines()
    lines += ["", f"Problem: {problem.digest}"]
    return "\n".join(["(*", *(f"   {line}".rstrip() for line in lines), "*)\n"])
