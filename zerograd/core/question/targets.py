"""What targets may be: labels of a kind, or numbers that the loss can take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from zerograd.core.errors import Issue, Path, short
from zerograd.core.model.losses import Loss
from zerograd.core.model.targets import Targets
from zerograd.core.numbers.arrays import Array, Index
from zerograd.core.numbers.real import Real, compare, sign
from zerograd.core.question.vocabulary import Rational

LABELS: Mapping[Targets, tuple[int, ...]] = {"binary": (0, 1), "sign": (-1, 1), "class": (0, 1)}
"""What an entry of y may be."""

_WORDS: Mapping[Targets, str] = {"binary": "0 or 1", "sign": "-1 or 1", "class": "0 or 1"}


def restricted(kind: Targets, loss: Loss) -> str | None:
    """Return what the entries of y are, if they are not just numbers."""
    if kind == "class":
        return "classes: 1 for one output of a sample, 0 for the others"
    if kind != "real":
        return f"labels: {_WORDS[kind]}"
    return {None: None, "each": "shares from 0 to 1", "row": "shares from 0 to 1 of sum 1"}[loss.shares]


def ill_matched(kind: Targets, loss: Loss, outputs: int) -> str | None:
    """Return why a loss cannot have targets of a kind."""
    if kind not in loss.targets_for:
        able = " or ".join(f"targets: {known}" for known in loss.targets_for)
        instead = "without it they are real" if kind == "real" else f"not {kind}"
        return f"the {loss.words} takes {able} ({instead})"
    if loss.shares == "row" and outputs == 1:  # the adjoint of a single class is 0
        return f"the {loss.words} is of several outputs, but the network has one: write loss: bce_with_logits"
    return None


def misfits(
    kind: Targets, loss: Loss, known: Mapping[Index, Real], outputs: int
) -> Iterator[tuple[Index, str, Real]]:
    """Yield (index, what is expected there, value) of targets that are not known to be right.

    The index (m,) stands for the sum of a sample's targets.

    Args:
        known: targets by (sample, output), perhaps not all.
        outputs: how many a sample has.
    """
    if restricted(kind, loss) is None:
        return
    rows: dict[int, list[Real]] = {}
    for index, value in known.items():
        if kind != "real":
            if all(compare(value, label) != 0 for label in LABELS[kind]):
                yield index, _WORDS[kind], value
                continue
        elif sign(value) not in (0, 1) or compare(value, 1) not in (-1, 0):
            yield index, "a number from 0 to 1", value
            continue
        rows.setdefault(index[0], []).append(value)
    if kind != "class" and not (kind == "real" and loss.shares == "row"):
        return
    for sample, row in rows.items():
        total: Any = sum(row)
        order = compare(total, 1)
        if order != 0 and (order != -1 or len(row) == outputs):
            yield (sample,), "1", total


def one_hot(labels: Array[Any], outputs: int, path: Path) -> tuple[dict[Index, Rational], list[Issue]]:
    """Return the rows of y for one class a sample, and what is wrong with the classes.

    Args:
        labels: of shape (M,) or (M, 1), None where free.
        path: of the labels.
    """
    rows: dict[Index, Rational] = {}
    issues = []
    for index, label in labels.items():
        if label is None:
            continue
        if not _whole(label) or not 0 <= label < outputs:
            shown = short(str(label))[1:-1]
            message = f"{shown} is no class: expected a whole number from 0 to {outputs - 1}"
            issues.append(Issue((*path, *index), message))
            continue
        rows |= {(index[0], k): int(k == label) for k in range(outputs)}
    return rows, issues


def _whole(label: object) -> bool:
    return isinstance(label, int | Fraction) and not isinstance(label, bool) and label == int(label)
