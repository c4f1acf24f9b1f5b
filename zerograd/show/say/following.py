"""Which printed numbers of an example went wrong first, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from zerograd.core.auditing.findings import Audit, Grade
from zerograd.core.question.given import incomplete
from zerograd.core.repairing.worked import Work, sheet_of
from zerograd.document.blocks import Block, Code, Paragraph, prose

LARGEST = 20_000
"""Products of a forward pass, up to which an example is worked out number by number."""
NAMED = 3
"""Numbers that are named."""


def following(audit: Audit) -> Iterator[Block]:
    """Say which printed numbers do not follow from those before, where others that are off do."""
    if not any(finding.grade is Grade.WRONG for finding in audit.findings) or incomplete(audit.problem):
        return
    shapes = audit.problem.network.shapes.values()
    if audit.problem.samples.least * sum(map(prod, shapes)) > LARGEST:
        return
    sheet = sheet_of(audit.problem, audit.claims)
    try:
        off = Work(sheet, follow_printed=False).done().unfollowed
        first = Work(sheet).done().unfollowed
    except ArithmeticError:
        return
    if not 0 < len(first) < len(off):
        return
    names = [part for number in first[:NAMED] for part in (", ", Code(str(number)))][1:]
    more = f" and {len(first) - NAMED} more" if len(first) > NAMED else ""
    yield Paragraph(
        prose(
            f"Of {len(off)} printed numbers that are off, {len(off) - len(first)} follow from what is "
            "printed before them; these do not: ",
            tuple(names),
            f"{more}. ",
            Code("zerograd repair"),
            " tells more.",
        )
    )
