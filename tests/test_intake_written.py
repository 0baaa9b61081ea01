"""Whatever Python's csv module writes is loaded as it was written, or refused."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import event, given, note, settings
from hypothesis import strategies as st
from support.tables import HIRES, JOBS, WORDS

from api.contract.values import Column, Table
from api.errors import Problem
from api.intake import CsvFile, Reject
from api.intake.blanks import bare
from api.intake.options import Said
from api.wording import storable

PLACES = Table(
    "places", "", (Column("city", "text", "", True), Column("land", "text", "")), ()
)
VISITS = Table(
    "visits",
    "",
    (
        Column("name", "text", "", True),
        Column("born", "date", ""),
        Column("seen", "timestamp", ""),
        Column("paid", "real", ""),
        Column("regular", "boolean", ""),
    ),
    (),
)
TABLES = (WORDS, PLACES, JOBS, HIRES, VISITS)
REFUSALS = {
    "ambiguous_reading",
    "header_mismatch",
    "unknown_header",
    "unreadable_file",
    "binary_content",
    "row_too_long",
    "empty_file",
}
# Byte order mark and name of each; cp1252 is said.
ENCODINGS = {
    "utf-8": "",
    "utf-8-sig": "",
    "utf-16": "",
    "utf-16-le": "\ufeff",
    "utf-16-be": "\ufeff",
    "utf-32": "",
    "cp1252": "",
}
PREAMBLES = ("", "\n", "Export\n", "sep={}\n", "# made, by hand; on\t1|1\n\n")
LIKE = (
    *("Sales, EMEA; Berlin", "a|b", "a\tb", "1;2", "1,5", "x;", ",x", "a;b,c|d"),
    *("13/04/2021", "03/04/2021", "2021-11-07", "'t Hooft", "'Sales'", "'a, b'", "7"),
    *("id", "job", "land;city", "city,land", "Zoë", "ÿ€", "it''s", "a 'b'", "NaN"),
    *('5" disk', 'the "best" of', "two\nlines", "a;\nb,c", "true", "<html>", "[[1]]"),
)
TEXTS = st.sampled_from(LIKE) | st.text(max_size=6) | st.text(",;|\t'ab\n ", max_size=6)
VALUES = {
    "text": TEXTS.map(lambda text: bare(text) or "x").filter(
        lambda text: storable(text) and text[:1] != '"'
    ),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.sampled_from([0, 1]),
    "date": st.dates(),
    "timestamp": st.datetimes(),
}


@st.composite
def rows(draw: Any, table: Table) -> list[dict[str, Any]]:
    columns = {
        column.name: VALUES[column.data_type]
        if column.required or len(table.columns) == 1
        else st.none() | VALUES[column.data_type]
        for column in table.columns
    }
    found = draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=8))
    for number, row in enumerate(found):
        if table.primary_key:
            row["id"] = number
    return list(found)


def spelled(value: Any, form: str) -> str:
    """As programs in the country of that form write it."""
    if value is None:
        return ""
    if hasattr(value, "year") and form:
        time = f" {value:%H:%M:%S.%f}" if hasattr(value, "hour") else ""
        days = {
            "day_first": f"{value.day:02}/{value.month:02}",
            "month_first": f"{value.month}/{value.day}",
        }
        return f"{days[form]}/{value.year:04}{time}"
    return str(value)


def loaded(value: Any) -> Any:
    """What the value is in a row that was read."""
    if hasattr(value, "hour"):
        moment = value.isoformat()
        return (moment.rstrip("0") if "." in moment else moment) + "Z"
    return value.isoformat() if hasattr(value, "year") else value


@given(
    data=st.data(),
    table=st.sampled_from(TABLES),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    preamble=st.sampled_from(PREAMBLES),
    header=st.booleans(),
    form=st.sampled_from(["", "", "day_first", "month_first"]),
    says=st.sets(st.sampled_from(["delimiter", "dates"])),
    block_size=st.sampled_from([300, 1000, 1 << 20]),
)
@settings(max_examples=75, deadline=None)
def test_what_is_loaded_is_what_was_written(
    data: Any,
    table: Table,
    delimiter: str,
    encoding: str,
    quoting: int,
    end: str,
    preamble: str,
    header: bool,
    form: Any,
    says: set[str],
    block_size: int,
) -> None:
    written = data.draw(rows(table))
    order = list(table.column_names)
    if header:
        order = data.draw(st.permutations(order))
    if not header or table is WORDS:
        # Nothing tells a title from a row.
        preamble = preamble if preamble.startswith(("\n", "sep")) else ""
    if table is WORDS and any("," in row["word"] for row in written):
        # A comma by itself is one cell or two, and nothing else is there to tell.
        quoting = csv.QUOTE_ALL
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n"
    )
    if header:
        writer.writerow(order)
    for row in written:
        values = [row[name] for name in order]
        writer.writerow(
            [
                value if isinstance(value, int) else spelled(value, form)
                for value in values
            ]
        )
    lines = text.getvalue().replace("\r\n", end)
    content = ENCODINGS[encoding] + preamble.format(delimiter).replace("\n", end)
    try:
        file = (content + lines).encode(encoding)
    except UnicodeEncodeError:
        return
    said = Said(
        "cp1252" if encoding == "cp1252" else None,
        delimiter if "delimiter" in says else None,
        form or None if "dates" in says else None,
    )
    note(f"{table.name} {said} {file!r}")
    found: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    try:
        for block in CsvFile(table, io.BytesIO(file), block_size, None, said):
            found += block.rows.to_pylist()
            rejects += block.rejects
    except Problem as problem:
        event(f"refused: {problem.code}")
        assert problem.code in REFUSALS, problem
        return
    event("loaded")
    expected = [{name: loaded(row[name]) for name in row} for row in written]
    assert rejects == []
    assert found == expected
