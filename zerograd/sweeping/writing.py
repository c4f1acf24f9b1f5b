"""A sweep's table in every form that it leaves the program in, written row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from zerograd.core.errors import ZerogradError
from zerograd.core.question.sweeps import COLUMNS, Sweep, documented
from zerograd.core.verdict.sweep import FORMAT, SweepRow
from zerograd.extras import install
from zerograd.show.plot import PICTURES, NothingToPlot, Picture
from zerograd.streams import written_whole
from zerograd.sweeping.table import SweepTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Writer: TypeAlias = Callable[[SweepTable, IO[bytes]], None]

_BATCH = 2000
"""Rows of a Parquet file that are held at once."""
_LARGEST = 2**63


class CannotWrite(ZerogradError):  # noqa: N818 - named for what happened
    """A form that there is not, or that needs a library."""


def json_lines(table: SweepTable) -> Iterator[str]:
    """Return the document in parts, a row a line."""
    sweep = table.sweep
    values = {name: documented(list(each)) for name, each in sweep.parameters.items()}
    head = {"format": FORMAT, "title": sweep.title, "sweep": values}
    yield f'{_json(head)[:-1]}, "rows": ['
    for number, (row, result) in enumerate(zip(table, table.results(), strict=True)):
        yield f"{',' if number else ''}\n{_json({**row.to_json(), 'result': result})}"
    yield "\n]}\n"


def write_json(table: SweepTable, stream: IO[bytes]) -> None:
    """Write the document."""
    for part in json_lines(table):
        stream.write(part.encode("utf-8", "surrogatepass"))


def write_csv(table: SweepTable, stream: IO[bytes]) -> None:
    """Write a line of names, then one for each row; lists and mappings as JSON, nothing as nothing."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    try:
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([*table.sweep.parameters, *COLUMNS[:-1]])  # all but the result
        for record in table.records():
            lines.writerow([_csv_cell(value) for value in record.values()])
    finally:
        text.detach()


def _csv_cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
    return _json(value)


def write_parquet(table: SweepTable, stream: IO[bytes]) -> None:
    """Write the rows with their results, as JSON. Raises CannotWrite without pyarrow."""
    _need("parquet")
    import pyarrow
    from pyarrow import parquet

    kinds = {name: _kind(values) for name, values in table.sweep.parameters.items()}
    types = {
        "int": pyarrow.int64(),
        "bool": pyarrow.bool_(),
        "text": pyarrow.string(),
        "json": pyarrow.string(),
    }
    schema = pyarrow.schema(
        [(name, types[kind]) for name, kind in kinds.items()]
        + [
            ("status", pyarrow.string()),
            ("samples", pyarrow.int64()),
            ("evidence", pyarrow.string()),
            ("decided", pyarrow.bool_()),
            ("proved", pyarrow.bool_()),
            ("result", pyarrow.string()),
        ],
        metadata={"zerograd": FORMAT},
    )
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        rows = _parquet_rows(table, kinds)
        while batch := list(islice(rows, _BATCH)):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))


def _parquet_rows(table: SweepTable, kinds: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for record, result in zip(table.records(), table.results(), strict=True):
        for name, kind in kinds.items():
            if kind == "json":
                record[name] = _json(record[name])
        yield {**record, "result": _json(result)}


def _kind(values: Sequence[Any]) -> str:
    """What the column of a parameter holds; ``json``: lists, mappings, or values of several kinds."""
    if isinstance(values, range):
        return "int"
    if all(isinstance(value, bool) for value in values):
        return "bool"
    if all(type(value) is int and abs(value) < _LARGEST for value in values):
        return "int"
    return "text" if all(isinstance(value, str) for value in values) else "json"


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def _markdown(table: SweepTable, stream: IO[bytes]) -> None:
    from zerograd.show.say.sweep import sweep_markdown

    stream.write(sweep_markdown(table.sweep, table).encode())


def _latex(table: SweepTable, stream: IO[bytes]) -> None:
    from zerograd.show.say.sweep import sweep_latex

    stream.write(sweep_latex(table.sweep, table).encode())


def heat_map(table: SweepTable) -> Figure:
    """Return the table as a picture. Raises NothingToPlot, and CannotWrite without matplotlib."""
    _need("svg")
    from zerograd.show.plot.heat import heat_map as drawn

    return drawn(table.sweep, table)


def picture(sweep: Sweep, rows: Iterable[SweepRow], form: Picture) -> bytes:
    """Return a heat map in a form. Raises NothingToPlot, and CannotWrite without matplotlib."""
    _need(form)
    from zerograd.show.plot.heat import picture as drawn

    return drawn(sweep, rows, form)


def _need(form: str) -> None:
    """Raise CannotWrite where the library is missing that a form is written by."""
    if form == "parquet" and find_spec("pyarrow") is None:
        raise CannotWrite(f"Parquet files need pyarrow, which is not installed: {install('parquet')}")
    if form in PICTURES and find_spec("matplotlib") is None:
        raise CannotWrite(f"pictures need matplotlib, which is not installed: {install('plot')}")


def _picture(form: Picture) -> Writer:
    def write(table: SweepTable, stream: IO[bytes]) -> None:
        stream.write(picture(table.sweep, table, form))

    return write


WRITERS: Mapping[str, Writer] = {
    "json": write_json,
    "csv": write_csv,
    "parquet": write_parquet,
    "markdown": _markdown,
    "latex": _latex,
    **{form: _picture(form) for form in PICTURES},
}
ENDINGS: Mapping[str, str] = {
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".md": "markdown",
    ".tex": "latex",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
}


def form_of(path: Path) -> str:
    """Return the form that the name of a file ends in. Raises CannotWrite."""
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise CannotWrite(f"{path}: name a file that ends in {', '.join(ENDINGS)}")
    return form


def look_ahead(path: Path, sweep: Sweep) -> None:
    """Raise what `save` would raise of any table of a sweep, before its rows are asked.

    Raises:
        CannotWrite: no such form, or a library is not installed.
        NothingToPlot: too many rows for a picture, or too many panels.
    """
    form = form_of(path)
    _need(form)
    if form in PICTURES:
        from zerograd.show.plot.heat import unfit

        if (reason := unfit(sweep)) is not None:
            raise NothingToPlot(reason)


def save(table: SweepTable, path: Path) -> None:
    """Write a file whole, in the form of its name. Raises CannotWrite and OSError."""
    write = WRITERS[form_of(path)]
    with written_whole(path) as stream:
        write(table, stream)
