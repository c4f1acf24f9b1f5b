"""A counterexample worked out by hand."""

from __future__ import annotations

from zerograd.core.answer import Sat


def derivation_html(answer: Sat) -> str:
    """A fragment of HTML: the derivation."""
    return f"<p>The checker recomputed all {answer.witness.samples} samples exactly.</p>"
