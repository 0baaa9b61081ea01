"""Which record of a file is its header: what has one is never read by position."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tables import HIRES, JOBS, ROW, WORDS, codes, read

from api.contract.values import Column, Table
from api.errors import HeaderMismatch, UnknownHeader
from api.intake import CsvFile, read_batch
from api.intake.blanks import BLANK, bare
from api.wording import storable

NAMES = HIRES.column_names
PAIRS = Table(
    "pairs", "", (Column("a_b", "integer", ""), Column("ab", "integer", "")), ()
)
SWAPPED = "id,name,datetime,job_id,department_id\n1,Ann,2021-11-07,96,2\n"
SWAPPED_ROW = {
    "id": 1,
    "name": "Ann",
    "datetime": "2021-11-07T00:00:00Z",
    "department_id": 2,
    "job_id": 96,
}
PREAMBLES = (
    "",
    "\n \n",
    "Hires 2021 (export)\n\n",
    "sep=,\n",
    '"sep=,"\n',
    "# made by hand\n",
    '#TYPE "System".Data\n',
    "Report:,Hires,,,\nDate:,2021-12-01,,,\n",
    '"a title\non two lines",,,\n',
    '"a quote too many" here\n',
    "Department\n",
)


@pytest.mark.parametrize("preamble", PREAMBLES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_header_may_stand_below_other_lines(preamble: str, end: str) -> None:
    content = f"{preamble}{SWAPPED}x,Bo,2021-11-07,1,1\n".replace("\n", end)
    rows, rejects = read(HIRES, content)
    assert rows == [SWAPPED_ROW]
    assert codes(rejects) == [(preamble.count("\n") + 3, "not_an_integer")]


def test_a_row_above_a_header_is_a_row() -> None:
    rows, rejects = read(JOBS, "1,Cook\nx,Smith\njob,id\nBaker,2\n")
    assert rows == [{"id": 1, "job": "Cook"}, {"id": 2, "job": "Baker"}]
    assert codes(rejects) == [(2, "not_an_integer")]


def test_a_bad_row_above_a_header_is_a_reject() -> None:
    _, rejects = read(JOBS, "1,\njob,id\nBaker,2\n")
    assert codes(rejects) == [(1, "missing_value")]
    _, (reject,) = read(HIRES, f"x,Ann,2021-11-07,2,3\n{SWAPPED}")
    assert reject.line == 1


@pytest.mark.parametrize(
    "spelling",
    [
        "`{}`",
        "[{}]",
        "'{}'",
        " {} ",
        "\u200b{}\ufeff",
        "{}*",
    ],
)
def test_a_name_may_be_wrapped(spelling: str) -> None:
    header, rest = SWAPPED.split("\n", 1)
    header = ",".join(map(spelling.format, header.split(",")))
    assert read(HIRES, f"{header}\n{rest}") == ([SWAPPED_ROW], [])


@pytest.mark.parametrize("name", ["Job ID", "jobId", "JOB-ID", "job.id", "JobID"])
def test_a_name_may_be_written_as_other_programs_do(name: str) -> None:
    content = SWAPPED.replace("job_id", name)
    assert read(HIRES, content) == ([SWAPPED_ROW], [])


def test_names_that_differ_by_a_hyphen_only_are_kept_apart() -> None:
    assert read(PAIRS, "ab,a_b\n1,2\n")[0] == [{"a_b": 2, "ab": 1}]
    with pytest.raises(HeaderMismatch, match="unknown column 'A B'"):
        read(PAIRS, "ab,A B\n1,2\n")


@pytest.mark.parametrize(
    "first",
    [
        "Nr,Mitarbeiter/in,Eintritt,Stelle,Abteilung",
        "编号,姓名,日期,职位,部门",
        "number,employee,hired at,dept,role",
        "a,b,,d,e",
        "a,b,c,d",
        "é,b,c,d,e",
        "Nr,Name 1,Datum,Stelle,Abteilung,,",
        "Export of today\nNr,Mitarbeiter/in,Eintritt,Stelle,Abteilung",
        'Nr,"Mitarbeiter" in,Eintritt,Stelle,Abteilung',
    ],
)
def test_a_header_in_other_words_is_asked_about(first: str) -> None:
    with pytest.raises(UnknownHeader) as caught:
        read(HIRES, f"{first}\n{ROW}")
    line = first.count("\n") + 1
    assert f"Line {line} is neither a row of hired_employees" in caught.value.detail
    assert "id, name, datetime, department_id, job_id" in caught.value.detail


def test_a_header_in_other_words_is_told_the_nearest_names() -> None:
    with pytest.raises(UnknownHeader, match=r"did you mean 'job_id'\?"):
        read(HIRES, f"Nr,Person,Eintritt,Jobs ID,Abt\n{ROW}")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("id,name,datetime,Job Code,department_id", "'Job Code'"),
        ('id,name,datetime,job_id,"department_id', "line 1 does not close its cell"),
        ("Title\nid,name,datetime,job code,department_id", "'job code'"),
    ],
)
def test_a_header_that_is_understood_in_part_is_refused(header: str, part: str) -> None:
    with pytest.raises(HeaderMismatch) as caught:
        read(HIRES, f"{header}\n{ROW}")
    assert part in caught.value.detail


def test_a_header_in_the_middle_turns_the_columns() -> None:
    content = f"{','.join(NAMES)}\n{ROW}{SWAPPED.replace('1,Ann', '2,Ann')}x,,,,5\n"
    rows, (reject,) = read(HIRES, content)
    assert [row["job_id"] for row in rows] == [96, 96]
    # Its cells stand in the order of the first header, as those of all rejects do.
    assert (reject.line, reject.raw) == (5, "x,,,5,")


@pytest.mark.parametrize("names", ["id,name,datetime,department_id", "id,name,,,"])
def test_other_columns_in_the_middle_are_refused(names: str) -> None:
    content = f"{','.join(NAMES)}\n{ROW}{names}\n2,Bo,2021-11-07,5\n"
    if names.endswith(","):
        assert codes(read(HIRES, content)[1])[0][0] == 3
        return
    with pytest.raises(HeaderMismatch, match="header on line 3"):
        read(HIRES, content)


def test_the_name_of_a_column_may_be_a_text() -> None:
    rows, _ = read(WORDS, "hello\nword\n")
    assert rows == [{"word": "hello"}, {"word": "word"}]


def test_our_own_columns_alone_are_no_header() -> None:
    with pytest.raises(UnknownHeader, match="'_line', '_reasons'"):
        read(PAIRS, "_line,_reasons\n1,2\n")


def test_an_index_and_empty_columns_at_the_end_have_no_name() -> None:
    for content in (
        ",id,job,,\n0,1,Cook,,\n1,2,Smith\n",
        "1,Cook,,\n2,Smith,\n",
        "1,Cook\n2,Smith,,,,\n",
    ):
        rows, rejects = read(JOBS, content)
        assert [tuple(row.values()) for row in rows] == [(1, "Cook"), (2, "Smith")]
        assert rejects == []


def test_what_stands_in_a_column_without_a_name_is_not_passed_over() -> None:
    rows, (reject,) = read(JOBS, "id,job,\n1,Cook,\n2,Smith,EMEA\n")
    assert (len(rows), reject.line, reject.raw) == (1, 3, "2,Smith,EMEA")
    assert reject.defects[0].message == "2 fields expected (id, job), 3 found"


@pytest.mark.parametrize(
    "rows",
    [
        [["id", "name", "datetime", "job_id", "department_id"], [1, "A", "x", 1, 2]],
        [[1, "A", "2021-11-07", 1, 2], list(NAMES)],
        [["Nr", "Name", "Datum", "Stelle", "Abt"], ["1", "A", "2021-11-07", "1", "2"]],
    ],
)
def test_a_batch_of_arrays_has_no_header(rows: list[Any]) -> None:
    with pytest.raises(UnknownHeader, match="is a header, not a row"):
        read_batch(HIRES, rows)


TEXTS = st.text(max_size=8).filter(
    lambda text: storable(text) and bare(text) and text.strip(BLANK)[0] != '"'
)
IDS = st.integers(-(2**63), 2**63 - 1)
RECORDS = st.lists(
    st.tuples(IDS, TEXTS, st.datetimes().map(str), IDS, IDS),
    min_size=1,
    max_size=12,
    unique_by=lambda record: record[0],
)


@given(
    records=RECORDS,
    orders=st.lists(st.permutations(range(5)), min_size=1, max_size=3),
    preamble=st.sampled_from(PREAMBLES),
    style=st.sampled_from(["{}", "`{}`", "[{}]", " {}"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quotes_all=st.booleans(),
    index=st.booleans(),
    commas=st.integers(0, 2),
    block_size=st.sampled_from([300, 1000, 1 << 20]),
)
@settings(max_examples=75, deadline=None)
def test_what_is_loaded_is_what_was_written(
    records: list[tuple[Any, ...]],
    orders: list[list[int]],
    preamble: str,
    style: str,
    end: str,
    quotes_all: bool,
    index: bool,
    commas: int,
    block_size: int,
) -> None:
    """Each part of a file that was joined from several has its own header."""

    def line(cells: Sequence[object]) -> str:
        found = [*[""] * index, *map(str, cells), *[""] * commas]
        return ",".join(quoted(cell, quotes_all) for cell in found) + end

    parts = [records[start :: len(orders)] for start in range(len(orders))]
    content = preamble.replace("\n", end)
    for order, part in zip(orders, parts, strict=True):
        content += line([style.format(NAMES[place]) for place in order])
        content += "".join(line([row[place] for place in order]) for row in part)
    file = CsvFile(HIRES, io.BytesIO(content.encode()), block_size)
    loaded: list[tuple[Any, ...]] = []
    for block in file:
        assert block.rejects == ()
        loaded += [tuple(row.values()) for row in block.rows.to_pylist()]
    written = [(row[0], bare(row[1]), *row[3:]) for part in parts for row in part]
    assert [(row[0], *row[1:2], *row[3:]) for row in loaded] == written


def quoted(cell: str, always: bool) -> str:
    if always or set(cell) & set(',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
