"""What holds whatever somebody sends: asked by hypothesis, and by the fuzzer.

Each function takes what was sent and raises AssertionError when something does not
hold, or whatever else it should not have raised.
"""

from __future__ import annotations

import csv
import gzip
import io
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from api.contract import Column, Mart, Parameter, Table
from api.errors import Problem, RowTooLong, TooLarge, TooManyRows
from api.formats.rejects_csv import rejects_csv
from api.intake import Block, CsvFile, Limits, Reject, read_batch
from api.intake.containers import PACKED
from api.intake.json_text import json_value
from api.intake.options import Said
from api.metrics.cursor import cursor_text, position_of
from api.metrics.paging import page
from api.metrics.parameters import read_query
from api.metrics.query import Position, Query
from api.metrics.select import select
from api.wording import storable

TYPES = ("integer", "text", "real", "boolean", "date", "timestamp")
EVERYTHING = tuple(Column(f"a_{kind}", kind, "") for kind in TYPES)
TABLES = (
    Table("words", "", (Column("word", "text", ""),), ()),
    Table(
        "jobs",
        "",
        (Column("id", "integer", "", True), Column("job", "text", "", True)),
        ("id",),
    ),
    Table("everything", "", EVERYTHING, ("a_text", "a_integer")),
    Table(
        "choices",
        "",
        (
            Column("size", "text", "", True, ("S", "M", "07")),
            Column("amount", "real", "", False, ("1.5", "2")),
        ),
        (),
    ),
)
MART = Mart(
    "everything",
    "everything",
    "Everything",
    "",
    EVERYTHING,
    ("-a_integer", "a_text"),
    (Parameter("number", "a_integer", "1"), Parameter("day", "a_date")),
    tuple(column.name for column in EVERYTHING),
)
WHOLE = 1 << 20  # bytes; a block that holds all of what is sent here
LONGEST_MESSAGE = 3_000
# What depends on where a file is cut into blocks: a row may not be longer than two.
OF_BLOCKS = RowTooLong

Outcome = tuple[list[dict[str, Any]], list[Reject]] | Problem


def read(
    table: Table,
    content: bytes,
    block_size: int = WHOLE,
    limits: Limits | None = None,
    said: Said | None = None,
) -> Outcome:
    """Rows and rejects of a file, or the problem that it is."""
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    file = CsvFile(table, io.BytesIO(content), block_size, limits, said)
    try:
        for block in file:
            holds_of_a_block(block)
            rows += block.rows.to_pylist()
            rejects += block.rejects
    except Problem as problem:
        assert len(problem.detail) < LONGEST_MESSAGE
        return problem
    assert rows or rejects
    lines = [reject.line for reject in rejects]
    assert lines == sorted(set(lines))
    return rows, rejects


def holds_of_a_block(block: Block) -> None:
    assert block.received == block.rows.num_rows + len(block.rejects)
    block.rows.validate(full=True)
    for reject in block.rejects:
        assert reject.defects and storable(reject.raw)
        for defect in reject.defects:
            assert storable(defect.message) and storable(defect.column or "")
            assert len(defect.message) < LONGEST_MESSAGE


def holds_of_a_file(
    table: Table, content: bytes, block_size: int, said: Said | None = None
) -> None:
    """All that holds of any bytes that are sent as a CSV file."""
    whole = read(table, content, said=said)
    packed = read(table, gzip.compress(content), said=said)
    assert same(whole, packed) or content.startswith(PACKED)
    in_parts = read(table, content, block_size, said=said)
    assert same(whole, in_parts) or isinstance(in_parts, OF_BLOCKS)
    if isinstance(whole, Problem):
        return
    rows, rejects = whole
    limits = Limits(rows=len(rows) + len(rejects) - 1)
    assert isinstance(read(table, content, limits=limits, said=said), TooManyRows)
    if is_gzip(content):
        assert isinstance(read(table, content, limits=Limits(0), said=said), TooLarge)
    if rows:
        assert same((rows, []), read(table, written(table, rows)))
    header = header_of(table, content, said)
    for reject in rejects:
        holds_of_a_reject(table, reject, header, said)


def header_of(
    table: Table, content: bytes, said: Said | None = None
) -> tuple[str, ...] | None:
    """The columns that a file names itself."""
    file = CsvFile(table, io.BytesIO(content), said=said)
    list(file)
    return file.header


def holds_of_a_reject(
    table: Table,
    reject: Reject,
    header: tuple[str, ...] | None,
    said: Said | None = None,
) -> None:
    """The file of a reject, sent again unmended, is refused for the same reasons."""
    text = "".join(rejects_csv(table.column_names, [asdict(reject)], header))
    reasons = [(d.column, d.code, d.message) for d in reject.defects]
    # A row of another width is brought to the table's, a key alone is not repeated, and
    # where a quote was wrong all of the row stands in one cell, properly quoted.
    unlike = {"wrong_width", "repeated_id"} | (
        {"stray_quote"} if not reject.defects[0].column else set()
    )
    if {code for _, code, _ in reasons} & unlike:
        return
    again = read(table, text.encode(), said=Said(dates=said.dates if said else None))
    assert not isinstance(again, Problem), again
    assert again[0] == []
    (found,) = again[1]
    assert [(d.column, d.code, d.message) for d in found.defects] == reasons


def holds_of_a_batch(table: Table, content: bytes) -> None:
    """All that holds of any bytes that are sent as a JSON batch."""
    try:
        rows = json_value(content)
        if not isinstance(rows, list):
            return
        block = read_batch(table, rows)
    except Problem as problem:
        assert len(problem.detail) < LONGEST_MESSAGE
        return
    assert block.received == len(rows)
    holds_of_a_block(block)
    for reject in block.rejects:
        for spreadsheet in (False, True):
            file = "".join(
                rejects_csv(
                    table.column_names, [asdict(reject)], None, True, spreadsheet
                )
            )
            header, row, *_ = csv.reader(io.StringIO(file, newline=""))
            assert len(header) == len(row) and storable(file)
            assert not spreadsheet or not any(is_formula(cell) for cell in row)


def holds_of_a_query(given: Mapping[str, Sequence[str]]) -> None:
    """All that holds of any parameters that are sent to a metric."""
    try:
        query = read_query(MART, given)
    except Problem as problem:
        assert len(problem.detail) < LONGEST_MESSAGE
        return
    assert isinstance(query.digest, str)
    rows, end = page(query, answer(query))
    if end is not None:
        text = cursor_text(query, end)
        assert position_of(MART, query, text) == end


def answer(query: Query) -> pa.Table:
    """The rows of a query from a small table, in which no query is an error."""
    columns = ", ".join(f'"{name}"' for name in MART.column_names)
    connection = sqlite3.connect(":memory:")
    connection.execute(f'create table "{MART.name}" ({columns})')
    marks = ", ".join("?" * len(EVERYTHING))
    connection.executemany(f'insert into "{MART.name}" values ({marks})', ROWS)
    sql, values = select(MART, MART.name, query, "instr")
    # As the driver of the warehouse would bind them.
    found = connection.execute(sql, [pa.scalar(v).as_py() for v in values]).fetchall()
    connection.close()
    return pa.Table.from_pylist(
        [dict(zip(MART.column_names, row, strict=True)) for row in found],
        pa.schema([(column.name, ARROW[column.data_type]) for column in EVERYTHING]),
    )


ARROW = {
    "integer": pa.int64(),
    "boolean": pa.int64(),
    "real": pa.float64(),
    "text": pa.string(),
    "date": pa.string(),
    "timestamp": pa.string(),
}
ROWS = [
    (1, "a", 1.5, 1, "2021-11-07", "2021-11-07T02:48:42Z"),
    (1, "a", 1.5, 1, "2021-11-07", "2021-11-07T02:48:42Z"),
    (1, "=1+1", None, 0, None, "2021-11-07T02:48:42.5Z"),
    (-3, None, 1e300, None, "2020-02-29", None),
]


def cursor_of(query: Query, values: Sequence[Any]) -> str:
    """A cursor for the query, however odd the values in it."""
    return cursor_text(query, Position(tuple(values[1:]), values[0]))


def written(table: Table, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as a CSV file with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.column_names)
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def same(one: Outcome, other: Outcome) -> bool:
    if isinstance(one, Problem) or isinstance(other, Problem):
        return type(one) is type(other)
    return one == other


def is_gzip(content: bytes) -> bool:
    return content.startswith(b"\x1f\x8b")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute it; a plain number is computed by nobody."""
    try:
        float(cell)
        return False
    except ValueError:
        return cell.strip()[:1] in ("=", "+", "-", "@")
