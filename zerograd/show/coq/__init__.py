"""Certificates as proofs for Coq, which people can check who trust nothing of zerograd.

The file states the claim about real numbers: a network, a dataset, the gradients of the loss by the
chain rule, and that they are never as the problem asks. The certificate is its proof. Coq 8.16 and its
standard library compile it; no axioms are used but those of Coq's real numbers.
"""

from __future__ import annotations

from zerograd.core.model.activations import Activation
from zerograd.core.model.sides import sides
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate
from zerograd.core.refuting.refutation import check_certificate
from zerograd.show.coq import loss
from zerograd.show.coq.activations import activation_definitions, function_name
from zerograd.show.coq.dataset import dataset_part
from zerograd.show.coq.every import every_part
from zerograd.show.coq.text import NotExportable, comment
from zerograd.show.coq.tools import INTEGERS, SUMS, TOOLS

__all__ = ["NotExportable", "proof_coq", "unfit"]


def unfit(problem: Problem) -> str | None:
    """Why no proof about this problem can be written for Coq; None if it is no obstacle."""
    return loss.unfit(problem)


def proof_coq(problem: Problem, certificate: Certificate) -> str:
    """A Coq file that proves that the problem has no answer, for each part of the certificate.

    The theorems are ``Datasets.no_answer`` for every number of samples, ``Samples_2.no_answer_2`` and the
    like for fixed ones; ``coqc`` prints nothing but the axioms that they rest on.

    Raises:
        Refused: the certificate does not prove that the problem has no answer.
        NotExportable: a part says what cannot be written for Coq.
    """
    reason = unfit(problem)
    if reason is not None:
        raise NotExportable(reason)
    check_certificate(problem, certificate)
    parts = {part.samples: part for part in certificate.parts if part.samples is not None}
    # Of several parts that hold for every M one is enough.
    of_all, left_out = next(
        (every_part(problem, part) for part in certificate.parts if part.samples is None), ("", [])
    )
    integers = INTEGERS if problem.domain == "integer" else ""
    activations: dict[str, Activation] = {}
    for layer in problem.network.layers:
        if len(sides(layer.activation, problem.derivative_at_kink)) > 1:
            activations[function_name(layer.activation)] = layer.activation
    functions = [
        activation_definitions(activation, problem.derivative_at_kink) for activation in activations.values()
    ]
    sections = [
        _header(problem, sorted(parts), left_out if of_all else None),
        f"From Coq Require Import {'List ' if of_all else ''}Reals Lra Lia ZArith.",
        "Local Open Scope R_scope.\n",
        "(* Lemmas on real numbers. *)\n"
        + TOOLS
        + (f"\nModule Sums.\n{loss.POSITIVE}{SUMS}" if of_all else "")
        + integers,
        "(* Activations, with the derivative that is taken at a kink. *)\n\n" + "\n".join(functions),
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
        "forbid": "of no account, as no pre-activation is on one",
    }[problem.derivative_at_kink]
    lines = [
        comment(problem.title or "A question about gradients that vanish"),
        "",
        f"Network: {network.inputs} inputs, then {layers}.",
        f"Loss: {loss.WORDS}. Derivative at a kink: {kink}.",
        f"Samples asked for: {problem.samples}. Proved here, by cases and polynomial identities:",
    ]
    if left_out is not None:
        lines += _for_every(left_out)
    if numbers:
        lines += _for_fixed(numbers, left_out is None)
    lines += ["", f"Problem: {problem.digest}"]
    return "\n".join(["(*", *(f"   {line}".rstrip() for line in lines), "*)\n"])


def _for_every(left_out: list[str]) -> list[str]:
    lines = [
        "what the theorem asks holds of no parameters and no dataset, for every number M of its samples.",
    ]
    if left_out:
        lines += ["", "Left out, as the proof does not need it (so the theorem says more than was asked):"]
        lines += [f"- {comment(text)}" for text in left_out]
    return [
        *lines,
        "",
        "Indices count from 0: w1_0_1 is entry [0,1] of w1, z1_0 p the pre-activation of unit 0 of layer 1",
        "at a sample p, dL_dw1_0_1 the derivative of the loss by w1_0_1. The theorem stands in the module",
        "Datasets, and holds for all real numbers and lists of samples that are its variables. The modules",
        "Tools, Sums and Algebra are part of the proof, and not of what is proved.",
    ]


def _for_fixed(numbers: list[int], alone: bool) -> list[str]:
    proved = ", ".join(map(str, numbers))
    lines = [f"what the theorem asks holds of no parameters and no dataset of M samples, for M = {proved}."]
    return [
        *([] if alone else [""]),
        *lines,
        *(["Of other M nothing is proved here."] if alone else []),
        "",
        "Indices count from 0: w1_0_1 is entry [0,1] of w1, z1_2_0 the pre-activation of unit 0 of layer 1",
        "at sample 2, dL_dw1_0_1 the derivative of the loss by w1_0_1. Each theorem stands in a module",
        "Samples_M, and holds for all real numbers that are its variables. The modules Tools and Algebra_M",
        "are part of the proof, and not of what is proved.",
    ]
