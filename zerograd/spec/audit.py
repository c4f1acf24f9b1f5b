"""Audit files: a problem in which everything is given, and what is claimed of it.

>>> from zerograd.spec.audit import loads
>>> given = "given: {x: 1, y: 0, w1: 1, b1: 0}"
>>> problem, claims = loads(f"{{network: [1, 1], samples: 1, {given}, claims: [loss == 1]}}")
>>> str(claims[0])
'loss == 1'
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path as Folder

from zerograd.core.auditing.claims import ROUNDED, Claim, ClaimError, read_claims
from zerograd.core.auditing.judging import misfits
from zerograd.core.question.given import incomplete
from zerograd.core.question.problem import Problem
from zerograd.core.question.vocabulary import RELATIONS
from zerograd.spec.errors import Diagnostic, SpecError
from zerograd.spec.files.beside import Say
from zerograd.spec.nodes import Document, Node, locate
from zerograd.spec.opening import document_in, opened, opened_from
from zerograd.spec.read import STDIN
from zerograd.spec.read import of_document as problem_of
from zerograd.spec.rounding import rounded_claim
from zerograd.spec.scalars import as_written
from zerograd.spec.wording import show

CLAIMS = "claims"

Audited = tuple[Problem, tuple[Claim, ...]]


def load(path: str | os.PathLike[str], say: Say = lambda _: None) -> Audited:
    """Return the problem in a file, and the claims about it.

    Args:
        say: as `zerograd.spec.read.load`.

    Raises:
        SpecError: with every mistake found, each with its line and column.
    """
    return of_document(*opened(path), say)


def load_from(spec: str, say: Say = lambda _: None) -> Audited:
    """Return those in a file, or on the standard input if its name is ``-``. Raises SpecError."""
    return of_document(*opened_from(spec), say)


def loads(
    text: str | bytes, name: str = STDIN, folder: Folder | None = None, say: Say = lambda _: None
) -> Audited:
    """Return those in a text. Arguments and errors are those of `zerograd.spec.read.loads`."""
    return of_document(document_in(text, name), name, folder, say)


def of_document(
    document: Document, name: str, folder: Folder | None = None, say: Say = lambda _: None
) -> Audited:
    """Return those in a tree. Arguments and errors are those of `loads`."""
    root = document.root
    entries = root.value
    if not isinstance(entries, Mapping):
        told = f"expected keys such as network, given and {CLAIMS}, found {show(root.plain())}"
        raise SpecError([Diagnostic(name, root.position, (), told)])
    if CLAIMS not in entries:
        told = f"{CLAIMS} is missing: write what is claimed, such as {CLAIMS}: ['loss == 1/3']"
        raise SpecError([Diagnostic(name, root.position, (), told)])
    claims: tuple[Claim, ...] = ()
    wrong: list[ClaimError] = []
    try:
        claims = read_claims(as_written(entries[CLAIMS].node.plain()))
    except ClaimError as error:
        wrong.append(error)
    rest = {key: entry for key, entry in entries.items() if key not in (CLAIMS, ROUNDED)}
    try:
        problem = problem_of(replace(document, root=replace(root, value=rest)), name, folder, say)
    except SpecError as error:
        told_of_claims = _diagnostics(name, root, wrong)
        raise SpecError(
            sorted([*error.diagnostics, *told_of_claims], key=lambda each: each.position or root.position)
        ) from None
    if incomplete(problem) is None and (asked := [key for key in (*RELATIONS, "where") if key in rest]):
        told = f"asks a question: write it among the {CLAIMS}, such as 'grad(w1) == 0' or 'loss > 0'"
        raise SpecError(
            Diagnostic(name, locate(root, (key,), on_key=True), (str(key),), told) for key in asked
        )
    wrong += misfits(problem, claims)
    if wrong:
        raise SpecError(_diagnostics(name, root, wrong))
    if ROUNDED in entries:
        known = as_written(entries["given"].node.plain()) if "given" in entries else {}
        try:
            claims = (*claims, rounded_claim(problem, entries[ROUNDED].node.plain(), known))
        except ClaimError as error:
            raise SpecError([Diagnostic(name, locate(root, (ROUNDED,)), (ROUNDED,), error.fault)]) from None
    return problem, claims


def _diagnostics(name: str, root: Node, wrong: Iterable[ClaimError]) -> list[Diagnostic]:
    return [
        Diagnostic(name, locate(root, (CLAIMS, *error.place)), (CLAIMS, *error.place), error.fault)
        for error in wrong
    ]
