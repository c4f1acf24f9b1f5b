"""A proof that a question has no answer: for people, for documents, and for other checkers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zerograd.core.numbers.work import DEFAULT, budget
from zerograd.core.question.problem import Problem
from zerograd.core.refuting.certificate import Certificate, certificate_from_json
from zerograd.core.refuting.refutation import check_certificate, every_samples


@dataclass(frozen=True)
class Proof:
    """Proof that no parameters and no dataset do what ``problem`` asks.

    A `Proof` cannot be made of a certificate that the checker refuses: making one checks it.

    Raises:
        Refused: the certificate does not prove it.
    """

    problem: Problem
    certificate: Certificate

    def __post_init__(self) -> None:
        self.check()

    @classmethod
    def from_json(cls, problem: Problem, data: object, *, work: int = DEFAULT) -> Proof:
        """Make one of a certificate's document, for so much work. Raises FormatError or Refused."""
        with budget(work):
            return cls(problem, certificate_from_json(data))

    def check(self) -> None:
        """Check the certificate once more, with the core alone. Raises Refused."""
        check_certificate(self.problem, self.certificate)

    @property
    def every_samples(self) -> bool:
        """Whether it holds for every number of samples, whichever was asked for."""
        return every_samples(self.problem, self.certificate)

    @property
    def statement(self) -> str:
        """Return what is proved, in a sentence or two."""
        from zerograd.show.say.proof import statement

        return statement(self.problem, self.certificate)

    def __str__(self) -> str:
        from zerograd.show.say.proof import proof_text

        return proof_text(self.problem, self.certificate)

    def _repr_html_(self) -> str:
        from zerograd.show.jupyter import literal
        from zerograd.show.say.proof import proof_html

        return literal(proof_html(self.problem, self.certificate))

    def _repr_latex_(self) -> str:
        return self.to_latex(document=False)

    def to_markdown(self) -> str:
        """Return the proof as one reads it in a textbook, formulas as TeX between dollar signs."""
        from zerograd.show.say.proof import proof_markdown

        return proof_markdown(self.problem, self.certificate)

    def to_latex(self, *, document: bool = True) -> str:
        """Return the same as LaTeX (amsmath): a document, or a fragment of one."""
        from zerograd.show.say.proof import proof_latex

        return proof_latex(self.problem, self.certificate, document=document)

    def to_coq(self) -> str:
        """Return the claim and its proof for Rocq (Coq 8.16), by no axioms but those of its real numbers.

        A proof for every number of samples has the theorem ``Datasets.no_answer``, about a list of samples;
        one for M = 2 has ``Samples_2.no_answer_2``.

        Raises:
            NotExportable: the proof uses what cannot be written for Coq, such as ``abs(x) < 1`` of every
                sample of a dataset of any size. More can be written for a fixed number of samples
                (`prove` with ``fixed`` finds such proofs).
        """
        from zerograd.show.coq import proof_coq

        return proof_coq(self.problem, self.certificate)

    def to_json(self) -> dict[str, Any]:
        """Return the certificate's document (docs/FORMATS.md)."""
        return self.certificate.to_json()
