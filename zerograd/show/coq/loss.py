"""The loss in Coq: the mean or the sum of r² over M samples with K outputs each, and its adjoint 2/size · r.

Nothing else in this room knows which loss it is. Its size is how many squares it is the mean of: M·K, or 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from zerograd.core.model.losses import MeanOfSquares
from zerograd.core.question.problem import Problem
from zerograd.show.coq.activations import Definition, Sample
from zerograd.show.coq.props import Scale

FORWARD = "pre-activations z, activations a, residuals r; the loss"
"""What the definitions of the forward pass are."""

ANY_SCALE = Scale("h", "Above", Fraction(1))
"""Gradients are h = 2/size times what facts by moments are on."""

POSITIVE = r"""
Lemma mean (A : Type) (data : list A) (k : Z) :
  data <> nil -> (0 < k)%Z -> 0 < 2 / (INR (length data) * IZR k).
Proof.
  intros N K. apply Rdiv_lt_0_compat; [lra|]. apply Rmult_lt_0_compat; [|exact (IZR_lt 0 k K)].
  apply lt_0_INR. destruct data as [|p rest]; [destruct (N eq_refl)|simpl; lia].
Qed.
"""
"""The lemma that the factor of the gradients of a mean is above 0 for a dataset of any size."""

FACTOR = "(2 / size)"
"""The factor of the gradients, for a dataset of any size."""


def unfit(problem: Problem) -> str | None:
    """Why a problem's loss cannot be written; None if it can."""
    loss = problem.model.loss
    if isinstance(loss, MeanOfSquares) and loss.scale == 1:  # or what differs from it by its factor alone
        return None
    return f"proofs for Coq speak of squared errors only, not of the {loss.words}"


def words(problem: Problem) -> str:
    """The loss, and what it is in PyTorch."""
    loss = problem.model.loss
    return f"{loss.words}, as {loss.names.module}"


def above_zero(problem: Problem) -> str:
    """A term that proves 0 < 2/size for a dataset of any size."""
    if problem.model.loss.averages:
        return f"(Sums.mean sample data {problem.network.outputs} Nonempty eq_refl)"
    return "(Tools.ratio 2 1 eq_refl eq_refl)"


def scale_of(size: int) -> Scale:
    """The factor of the gradients: facts are on size/2 times the gradients."""
    return Scale(f"2 / {size}", f"Tools.ratio 2 {size} eq_refl eq_refl", Fraction(size, 2))


def error(sample: Sample, k: int) -> Definition:
    """The residual r = ŷ − y."""
    return Definition.of(sample.name("r", k), f"{sample.value('y_hat', k)} - {sample.value('y', k)}")


def adjoint(sample: Sample, k: int, size: str, factor: str) -> Definition:
    """∂L/∂ŷ; in the proof by this name for the factor."""
    r = sample.value("r", k)
    return Definition.of(sample.name("dL_dy_hat", k), f"2 / {size} * {r}", f"{factor} * {r}")


def loss(samples: Iterable[Sample], outputs: int, size: int) -> Definition:
    """The loss of a dataset of M samples."""
    squares = [f"{sample.name('r', k)} ^ 2" for sample in samples for k in range(outputs)]
    return Definition.of("loss", f"1 / {size} * ({' + '.join(squares)})")


def any_loss(problem: Problem) -> Iterator[str]:
    """The size and the loss of a dataset of any size, as Coq's definitions."""
    outputs = problem.network.outputs
    squares = " + ".join(f"r_{k} p ^ 2" for k in range(outputs))
    size = f"INR (length data) * {outputs}" if problem.model.loss.averages else "1"
    yield f"Definition size : R := {size}."
    yield f"Definition loss : R := 1 / size * total (fun p => {squares})."
