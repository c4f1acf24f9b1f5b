"""A witness in sections: parameters, one row for each sample, and what vanishes and what does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from zerograd.core.model.activations import Activation
from zerograd.core.model.places import on_kink, word
from zerograd.core.model.references import Reference, resolve, short_entry
from zerograd.core.model.slopes import Ranges, ranges_at
from zerograd.core.numbers.arrays import Index
from zerograd.core.numbers.real import Real, compare, sign
from zerograd.core.question.vocabulary import Relation
from zerograd.core.verdict.witness import Witness
from zerograd.document.layout import Layout, shortened
from zerograd.document.numbers import equation, exact_text, vector_text
from zerograd.document.table import INDENT, Column, flow, table
from zerograd.explaining.exact.units import Flat, flat_units
from zerograd.show.explanation.phrases import names_text
from zerograd.show.samples import MAX_ROWS, sample_columns
from zerograd.show.why import Why, units_text
from zerograd.show.words import count, kink_line

FEW_ROWS = 8
"""Samples that are shown of a network so wide that columns are stacked."""
MANY_ENTRIES = 16
"""Entries of a vector from which on that is so."""
MAX_COLUMNS = 12
_FEWEST = 3
"""Columns of a matrix that is shown in part, at least: two numbers, and what is left out between them."""
MAX_SIDE = 12
"""Rows and columns of the largest matrix that is shown in full."""
INACTIVE, SATURATED, ON_KINK = "°", "^", "*"
_MARKS = (INACTIVE, SATURATED, ON_KINK)


def parameter_lines(witness: Witness, layout: Layout) -> Iterator[str]:
    """Every parameter as a small matrix."""
    blocks = []
    partial = []
    for name, array in witness.parameters.items():
        rows = array.rows() if len(array.shape) == 2 else [array.entries]
        block, whole = _fitting(name, rows, layout.width)
        if not whole or max(len(rows), len(rows[0])) > MAX_SIDE:
            partial.append(f"{name} ({' × '.join(map(str, array.shape))})")
        blocks.append(block)
    yield from flow(blocks, width=layout.width)
    if partial:
        yield from layout.wrapped(f"shown in part: {', '.join(partial)}; --json has all", indent=2)


def _fitting(name: str, rows: Sequence[Sequence[Real]], width: int) -> tuple[list[str], bool]:
    """A matrix with as many columns as there is room for, and whether these are all."""
    for side in range(MAX_SIDE, _FEWEST - 1, -1):
        block = _matrix(name, rows, side)
        if max(map(len, block)) + INDENT <= width:
            break
    return block, side >= len(rows[0])


def _matrix(name: str, rows: Sequence[Sequence[Real]], side: int) -> list[str]:
    """A small matrix, of at most so many columns."""
    if len(rows) == 1:
        return [equation(name, vector_text(rows[0], longest=side))]
    columns = min(len(rows[0]), side)
    shown = shortened(rows, MAX_SIDE, ["⋮"] * columns)
    grid = [
        [
            v if isinstance(v, str) else exact_text(v)
            for v in (row if row[0] == "⋮" else shortened(row, side, "…"))
        ]
        for row in shown
    ]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    lines = []
    for number, cells in enumerate(grid):
        left, right = "⎡⎤" if number == 0 else "⎣⎦" if number == len(grid) - 1 else "⎢⎥"
        equals = f"{name} = " if number == (len(grid) - 1) // 2 else " " * (len(name) + 3)
        inner = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{equals}{left} {inner} {right}")
    return lines


def sample_lines(witness: Witness, layout: Layout) -> Iterator[str]:
    """One row for each sample: x, z1, a1, …, ŷ, y and the residual; then what the marks mean."""
    is_wide = max(witness.problem.network.widths) > MANY_ENTRIES  # no row fits a line: columns are stacked
    shown = min(witness.samples, FEW_ROWS if is_wide else MAX_ROWS)
    columns = _columns(witness, shown)
    left_out = _least_telling(columns)
    lines = table([column for column in columns if column.heading not in left_out], width=layout.width)
    yield from lines
    if left_out:
        yield from layout.wrapped(f"{_named(columns, left_out)} left out; --json has all", indent=2)
    if shown < witness.samples:
        yield from layout.wrapped(
            f"{count(witness.samples - shown, 'more row')} left out; --json has all samples", indent=2
        )
    marks = "".join(lines)
    if "…" in marks:
        yield "  …: entries left out; --json has all"
    if INACTIVE in marks:
        yield f"  {INACTIVE} inactive: slope 0"
    if SATURATED in marks:
        yield f"  {SATURATED} saturated: slope 0"
    if ON_KINK in marks:
        layers = witness.problem.network.layers
        bent = [
            layer.activation
            for layer, z in zip(layers, witness.forward.z, strict=True)
            if any(on_kink(layer.activation, value) for row in z.rows()[:shown] for value in row)
        ]
        convention = kink_line(bent, witness.problem.derivative_at_kink)
        yield from layout.wrapped(f"{ON_KINK} on a kink, where {convention}", indent=2, hanging=2)
    if witness.slopes:
        taken = [f"{place}: {exact_text(slope)}" for place, slope in witness.slopes.items()]
        yield from layout.wrapped(f"slopes taken: {', '.join(shortened(taken, MAX_ROWS, '…'))}", indent=2)
    yield from _dead_units(witness, layout)


def _least_telling(columns: Sequence[Column]) -> list[str]:
    """Which columns a wide table leaves out: those in the middle where every unit lets gradients back."""
    if len(columns) <= MAX_COLUMNS:
        return []
    middle = MAX_COLUMNS - 5
    return [
        column.heading
        for column in columns[2 + (middle + 1) // 2 : -3 - middle // 2]
        if not any(mark in cell for mark in _MARKS for cell in column.cells)
    ]


def _named(columns: Sequence[Column], headings: Sequence[str]) -> str:
    """``columns z3 to z6``, ``columns a2 and z4``: by their ends where nothing between is shown."""
    every, names = [column.heading for column in columns], [heading.strip() for heading in headings]
    first = every.index(headings[0])
    if len(names) > 2 and every[first : first + len(names)] == [*headings]:
        return f"columns {names[0]} to {names[-1]}"
    return f"column{'s' * (len(names) > 1)} {names_text(names)}"


def _columns(witness: Witness, shown: int) -> list[Column]:
    columns = [Column("sample", [str(m) for m in range(shown)])]
    for heading, array, activation in sample_columns(witness, "residual"):
        marks = [[_mark(activation, z) for z in row] for row in array.rows()[:shown]]
        cells = [vector_text(row, mark) for row, mark in zip(array.rows(), marks, strict=False)]
        marked = any(cell.endswith(_MARKS) for cell in cells)
        if marked:  # numbers stay in line, whether they are marked or not
            cells = [cell if cell.endswith(_MARKS) else f"{cell} " for cell in cells]
        columns.append(Column(f"{heading} " if marked else heading, cells))
    return columns


def _mark(activation: Activation | None, z: Real) -> str:
    """What stands behind a pre-activation where a unit is inactive, saturated or on a kink."""
    if activation is None:
        return ""
    if on_kink(activation, z):
        return ON_KINK
    return {"inactive": INACTIVE, "saturated": SATURATED}.get(word(activation, z), "")


def _dead_units(witness: Witness, layout: Layout) -> Iterator[str]:
    """What is so of the units that let nothing back on any sample."""
    groups: dict[tuple[int, Flat], list[int]] = {}
    for layer, unit, flat in flat_units(witness.point) if witness.samples > 1 else ():
        groups.setdefault((layer, flat), []).append(unit)
    for (layer, flat), units in sorted(groups.items()):
        are = "is" if len(units) == 1 else "are"
        why = {
            Flat.DEAD: f"{are} dead: slope 0 on every sample",
            Flat.SATURATED: f"{are} saturated on every sample",
            Flat.MIXED: f"{'has' if len(units) == 1 else 'have'} slope 0 on every sample",
        }[flat]
        yield from layout.wrapped(f"{units_text(units)} of layer {layer} {why}", indent=2)


def gradient_lines(witness: Witness, layout: Layout) -> Iterator[str]:
    """One row for each entry, or for each array where there are many: its value, and what was asked."""
    problem = witness.problem
    names = problem.gradient_names
    entries = [(name, index) for name in names for index, _ in witness.gradients[name].items()]
    if len(entries) > MAX_ROWS:
        yield from _by_array(witness, names, layout)
        yield from layout.wrapped(
            f"one row for each array, of {len(entries)} entries in all; --json has every one", indent=2
        )
        return
    asked = problem.relations_asked(witness.samples)
    varying = ranges_at(witness.point)
    values = [_value(witness, varying, name, index) for name, index in entries]
    labels = [f"∂L/∂{short_entry(name, index, witness.gradients[name].shape)}" for name, index in entries]
    notes = [
        ", ".join(
            _noted(relation, sign(witness.gradients[name][index]))
            for relation in sorted(asked.get((name, index), ()), key=lambda relation: relation.some)
        )
        for name, index in entries
    ]
    columns = [Column("gradient", labels, left=True), Column("value", values)]
    if any(notes):
        columns.append(Column("asked", notes, left=True))
    yield from table(columns, width=layout.width)


def _value(witness: Witness, varying: Ranges | None, name: str, index: Index) -> str:
    if varying is not None:
        low, high = varying.of(name)[index]
        if compare(low, high) != 0:
            return f"{exact_text(low)} to {exact_text(high)}"
    return exact_text(witness.gradients[name][index])


def _noted(relation: Relation, of_entry: int | None) -> str:
    """What was asked of an entry with this sign, ticked where it holds; in parentheses where another does."""
    held = of_entry in relation.signs
    return f"({relation.words})" if relation.some and not held else f"{relation.words} {_tick(held)}"


def _tick(held: bool) -> str:
    return "✓" if held else "✗"


def _by_array(witness: Witness, names: Sequence[str], layout: Layout) -> list[str]:
    signs = {name: [sign(value) for value in witness.gradients[name].entries] for name in names}
    asked = []
    for name in names:
        relations = [
            f"{relation.words}{_of(reference)} {_tick(relation.holds(_signs(witness, reference, signs)))}"
            for relation, references in witness.problem.query.items()
            if not relation.joint
            for reference in references
            if reference.name == name
        ]
        relations += [
            f"{relation.words} {_tick(relation.holds(_signs_of_all(witness, references, signs)))}"
            for relation, references in witness.problem.groups()
            if relation.joint and name in {reference.name for reference in references}
        ]
        asked.append(", ".join(shortened(relations, 4, "…")))
    columns = [
        Column("gradient", [f"∂L/∂{name}" for name in names], left=True),
        Column("entries", [str(len(signs[name])) for name in names]),
        *(
            Column(heading, [str(signs[name].count(value)) for name in names])
            for heading, value in (("zero", 0), ("positive", 1), ("negative", -1), ("not known", None))
            if value is not None or any(None in known for known in signs.values())
        ),
        Column("asked", asked, left=True),
    ]
    return table(columns, width=layout.width)


def _of(reference: Reference) -> str:
    return "" if reference.index is None else f": {reference}"


def _signs_of_all(
    witness: Witness, references: Iterable[Reference], signs: Mapping[str, Sequence[int | None]]
) -> list[int]:
    return [known for reference in references for known in _signs(witness, reference, signs)]


def _signs(witness: Witness, reference: Reference, signs: Mapping[str, Sequence[int | None]]) -> list[int]:
    """Those that are known.

    Args:
        signs: of all entries of each array.
    """
    found = signs[reference.name]
    if reference.index is not None:
        gradient = witness.gradients[reference.name]
        found = [sign(gradient[index]) for index in resolve(reference, gradient.shape)]
    return [known for known in found if known is not None]


def why_lines(witness: Witness, layout: Layout) -> Iterator[str]:
    """Why entries are zero that are asked to be. Of all choices of slopes at kinks there is no one reason."""
    if ranges_at(witness.point) is not None:
        return
    sentences = Why(witness).asked()
    for sentence in sentences[:MAX_ROWS]:
        yield from layout.wrapped(sentence, indent=2, hanging=4)
    if len(sentences) > MAX_ROWS:
        yield from layout.wrapped(f"{count(len(sentences) - MAX_ROWS, 'more cause')} left out", indent=2)
