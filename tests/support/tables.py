"""Tables for tests of the door, and files read as such."""

from __future__ import annotations

import io
from typing import Any

from api.contract.values import Column, Table
from api.intake import CsvFile, Reject

HIRES = Table(
    "hired_employees",
    "",
    (
        Column("id", "integer", "", required=True),
        Column("name", "text", "", required=True),
        Column("datetime", "timestamp", "", required=True),
        Column("department_id", "integer", "", required=True),
        Column("job_id", "integer", ""),
    ),
    ("id",),
)
JOBS = Table(
    "jobs",
    "",
    (Column("id", "integer", "", True), Column("job", "text", "", True)),
    ("id",),
)
WORDS = Table("words", "", (Column("word", "text", ""),), ())
ROW = "1,Ann,2021-11-07T02:48:42Z,2,96\n"
HEADER = "id,name,datetime,department_id,job_id\n"
SMALL = 300


def read(
    table: Table, content: str | bytes, block_size: int = 1 << 20
) -> tuple[list[dict[str, Any]], list[Reject]]:
    data = content.encode() if isinstance(content, str) else content
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    for block in CsvFile(table, io.BytesIO(data), block_size):
        assert block.received == block.rows.num_rows + len(block.rejects)
        rows += block.rows.to_pylist()
        rejects += block.rejects
    return rows, rejects


def codes(rejects: list[Reject]) -> list[tuple[int, str]]:
    return [
        (reject.line, defect.code) for reject in rejects for defect in reject.defects
    ]
