"""`python -m bench.door`: DuckDB's `read_csv` and ours on the files of tests/cases.

DuckDB reads each file twice: as its sniffer finds it, by the names of its columns
where it finds all of ours; and with our columns and their types given to it. What the
sender says of a file is said to both. Both are judged by what the case has to come to.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from api.contract import Table
from api.contract.files import Project
from api.errors import Problem
from api.intake import CsvFile, read_batch
from api.intake.encodings import parse_encoding
from api.intake.options import Said
from bench.processes import CHECKOUT

CASES = CHECKOUT / "tests" / "cases"
TYPES = {"integer": "BIGINT", "text": "VARCHAR", "timestamp": "TIMESTAMPTZ"}
FORMS = {"day_first": "%d/%m/%Y", "month_first": "%m/%d/%Y"}
# Those of windows-1252 come with an extension; in these files both are the same.
ENCODINGS = {"windows-1252": "latin-1"}


@dataclass
class Outcome:
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: int = 0
    refusal: str = ""

    def __str__(self) -> str:
        if self.refusal:
            return f"refused: {self.refusal}"
        also = f", {self.rejected} rejected" if self.rejected else ""
        return f"{len(self.rows)} loaded{also}"


def ours(table: Table, case: dict[str, Any], path: Path) -> Outcome:
    fields = dict(case["expect"].get("fields", {}))
    if "encoding" in fields:
        fields["encoding"] = parse_encoding(fields["encoding"])
    found = Outcome()
    try:
        if "batch" in case["expect"]:
            blocks = [read_batch(table, case["expect"]["batch"])]
        else:
            with path.open("rb") as file:
                blocks = list(CsvFile(table, file, said=Said(**fields)))
    except Problem as problem:
        return Outcome(refusal=f"`{problem.code}`")
    for block in blocks:
        found.rows += block.rows.to_pylist()
        found.rejected += len(block.rejects)
    return found if found.rows else Outcome(refusal="`no_usable_row`")


def sniffed(table: Table, case: dict[str, Any], path: Path) -> Outcome:
    return _read_by_duckdb(table, path, _said(case))


def typed(table: Table, case: dict[str, Any], path: Path) -> Outcome:
    columns = {c.name: TYPES[c.data_type] for c in table.columns}
    return _read_by_duckdb(
        table, path, _said(case) | {"columns": columns, "store_rejects": True}
    )


def _said(case: dict[str, Any]) -> dict[str, Any]:
    fields = case["expect"].get("fields", {})
    options = {}
    if "encoding" in fields:
        options["encoding"] = ENCODINGS[fields["encoding"]]
    if "dates" in fields:
        options["dateformat"] = options["timestampformat"] = FORMS[fields["dates"]]
    return options


def _read_by_duckdb(table: Table, path: Path, options: dict[str, Any]) -> Outcome:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f"{c.name} {TYPES[c.data_type]}" for c in table.columns)
    connection.execute(f"CREATE TABLE loaded ({columns})")
    said = "".join(f", {name} = {value!r}" for name, value in options.items())
    file = f"read_csv('{path}'{said})"
    try:
        names = [
            row[0] for row in connection.execute(f"DESCRIBE FROM {file}").fetchall()
        ]
        by_name = {*table.column_names} <= {*names}
        how = "BY NAME" if by_name else ""
        what = ", ".join(table.column_names) if by_name else "*"
        connection.execute(f"INSERT INTO loaded {how} SELECT {what} FROM {file}")
        rows = connection.execute("FROM loaded").fetchall()
        rejected = 0
        if "store_rejects" in options:
            lines = "SELECT DISTINCT line FROM reject_errors"
            rejected = len(connection.execute(lines).fetchall())
    except duckdb.Error as error:
        return Outcome(refusal=type(error).__name__.removesuffix("Exception"))
    found = [dict(zip(table.column_names, row, strict=True)) for row in rows]
    return Outcome(found, rejected)


def verdict(case: dict[str, Any], path: Path, found: Outcome) -> str:
    """Whether that is what the case has to come to, its words apart."""
    expected = case["expect"]
    outcomes = expected.get("either", [expected])
    right = any(_fits(outcome, found) for outcome in outcomes)
    if expected.get("no_row_vanishes") and not found.refusal:
        lines = len(path.read_bytes().splitlines())
        right = right and len(found.rows) + found.rejected == lines
    if right:
        return "right"
    return "not read" if found.refusal else "**wrong**"


def _fits(expected: dict[str, Any], found: Outcome) -> bool:
    if expected.get("status", 201) >= 400:
        return bool(found.refusal)
    if found.refusal:
        return False
    counts = {"loaded": len(found.rows), "rejected": found.rejected}
    if any(expected.get(name, count) != count for name, count in counts.items()):
        return False
    if not {*expected.get("has_ids", ())} <= {row["id"] for row in found.rows}:
        return False
    row = expected.get("row", {}).items()
    return not row or any(row <= other.items() for other in found.rows)


def wanted(expected: dict[str, Any]) -> str:
    if "either" in expected:
        return " or ".join(map(wanted, expected["either"]))
    if expected.get("status", 201) >= 400:
        return "refused"
    counts = [f"{expected[n]} {n}" for n in ("loaded", "rejected") if expected.get(n)]
    row = json.dumps(expected["row"], ensure_ascii=False) if "row" in expected else ""
    ids = f"ids {expected['has_ids']}" if "has_ids" in expected else ""
    return ", ".join(filter(None, [*counts, ids, row]))


def main() -> None:
    tables = Project(CHECKOUT).contract().tables
    readers: dict[str, Callable[[Table, dict[str, Any], Path], Outcome]] = {
        f"DuckDB {duckdb.__version__}, sniffer": sniffed,
        "DuckDB, types given": typed,
        "ours": ours,
    }
    print("| case | must come to |", " | ".join(readers), "|")
    print("| --- " * (2 + len(readers)) + "|")
    right = dict.fromkeys(readers, 0)
    cases = files = 0
    for line in (CASES / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        cases += 1
        files += "batch" not in case["expect"]
        told = []
        for name, reader in readers.items():
            if "batch" in case["expect"] and reader is not ours:
                told.append("no file")
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = _file(case, Path(folder))
                found = reader(tables[case["table"]], case, path)
                judged = verdict(case, path, found)
            right[name] += judged == "right"
            told.append(f"{judged}: {found}")
        print(f"| {case['id']} | {wanted(case['expect'])} |", " | ".join(told), "|")
    counts = (
        f"{count} of {cases if readers[name] is ours else files}"
        for name, count in right.items()
    )
    print("| **right** | |", " | ".join(counts), "|")


def _file(case: dict[str, Any], folder: Path) -> Path:
    if "zip" not in case["expect"]:
        return CASES / str(case.get("file", ""))
    path = folder / f"{case['id']}.zip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, text in case["expect"]["zip"].items():
            file.writestr(name, text)
    path.write_bytes(packed.getvalue())
    return path


if __name__ == "__main__":
    main()
