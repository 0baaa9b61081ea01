"""CSV uploads: bytes, headers, line numbers, blocks; and whatever bytes may come."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tables import HEADER, HIRES, JOBS, ROW, SMALL, WORDS, codes, read

from api.contract.values import Column, Table
from api.errors import (
    BinaryContent,
    BrokenGzip,
    EmptyFile,
    HeaderMismatch,
    NotUtf8,
    Problem,
    RowTooLong,
    UnknownHeader,
    UnreadableFile,
)
from api.intake import CsvFile


def jobs(content: str | bytes) -> list[tuple[int, str]]:
    rows, rejects = read(JOBS, content)
    assert rejects == []
    return [(row["id"], row["job"]) for row in rows]


# Bytes


@pytest.mark.parametrize(
    "content",
    [
        b"1,Cook\n2,Smith\n",
        b"1,Cook\n2,Smith",
        b"1,Cook\r\n2,Smith\r\n",
        b"1,Cook\r2,Smith\r",
        b"\xef\xbb\xbf1,Cook\n2,Smith\n",
        b'"1","Cook"\n"2","Smith"',
        b" 1 , Cook \n2,\tSmith\n",
        b"\n\n1,Cook\n,\n  \n , \n2,Smith\n\n\n",
        b"id,job\n1,Cook\n2,Smith\n",
        b'\xef\xbb\xbf"id","job"\r\n1,Cook\r\n2,Smith',
        b" ID , Job \n1,Cook\n2,Smith\n",
        b"\n,\njob,id\nCook,1\nSmith,2\n",
        b"_line,id,job,_REASONS\n9,1,Cook,bad\n9,2,Smith,\n",
        gzip.compress(b"1,Cook\n2,Smith\n", mtime=0),
        gzip.compress(b"1,Cook\n2,", mtime=0) + gzip.compress(b"Smith\n", mtime=0),
        gzip.compress(b"\xef\xbb\xbfid,job\n1,Cook\n2,Smith\n", mtime=0),
    ],
)
def test_the_same_table_in_many_spellings(content: bytes) -> None:
    assert jobs(content) == [(1, "Cook"), (2, "Smith")]


@pytest.mark.parametrize(
    ("content", "error", "parts"),
    [
        (b"1,Ca\xf1a\n", NotUtf8, ["Byte 4 ", "0xf1", "line 1", "'1,Caña'"]),
        (b"\xef\xbb\xbfid,job\n1,\xff\n", NotUtf8, ["Byte 12 ", "line 2"]),
        (b"1,Cook\n2,\xe2\x82", NotUtf8, ["Byte 9 ", "line 2"]),
        (b"1,Co\0ok\n", BinaryContent, ["Byte 4, on line 1,"]),
        (b"PK\x03\x04\x14\0", UnreadableFile, ["cannot be unpacked"]),
        ("1,Cook\n".encode("utf-16-le"), BinaryContent, ["UTF-16", "utf-16-le"]),
        (b"\x1f\x8bnonsense", BrokenGzip, []),
        (gzip.compress(b"1,Cook\n" * 99, mtime=0)[:-9], BrokenGzip, []),
        (gzip.compress(b"1,Cook\n", mtime=0)[:-8] + b"\1" * 8, BrokenGzip, []),
        (gzip.compress(b"1,Cook\n", mtime=0) + b"more", BrokenGzip, []),
        (gzip.compress(b"1,Ca\xf1a\n", mtime=0), NotUtf8, ["Byte 4 "]),
        (b"", EmptyFile, ["empty"]),
        (b"\xef\xbb\xbf", EmptyFile, ["empty"]),
        (b"\n \n,\n\n", EmptyFile, ["empty"]),
        (gzip.compress(b"", mtime=0), EmptyFile, ["empty"]),
        (b"id,job\n", EmptyFile, ["header"]),
        (b"id,job\n\n,\n", EmptyFile, ["header"]),
    ],
)
def test_unreadable_file(
    content: bytes, error: type[Problem], parts: list[str]
) -> None:
    with pytest.raises(error) as caught:
        read(JOBS, content)
    for part in parts:
        assert part in caught.value.detail


def test_place_of_a_bad_byte_is_right_far_into_the_file() -> None:
    content = b"1,Caf\xc3\xa9\n" * 40_000
    with pytest.raises(NotUtf8) as caught:
        read(JOBS, content + b"1,\xc3\n")
    assert f"Byte {len(content) + 2:,} " in caught.value.detail
    assert "line 40,001" in caught.value.detail


@pytest.mark.parametrize("block_size", [64, 65, 66, 67])
def test_characters_and_line_ends_may_straddle_blocks(block_size: int) -> None:
    content = "".join(f"{n},Café €🎉\r\n" for n in range(3000))
    rows, rejects = read(JOBS, content, block_size)
    assert (len(rows), rejects) == (3000, [])


def test_line_ends_in_cells_survive_the_ends_of_blocks() -> None:
    cells = ["x" * (1 + number % 7) + "\r\n\r\n" for number in range(9000)]
    content = "".join(f'{n},"{cell}y"\r\n' for n, cell in enumerate(cells))
    rows, rejects = read(JOBS, content, SMALL)
    assert [row["job"] for row in rows] == [f"{cell}y" for cell in cells]
    assert rejects == []


def test_row_longer_than_a_block_is_refused_with_its_line() -> None:
    content = "1,Cook\n2," + "x" * 200_000 + "\n"
    with pytest.raises(RowTooLong, match="line 2 "):
        read(JOBS, content, SMALL)


def test_quote_left_open_in_a_long_file_costs_its_row() -> None:
    content = '1,Cook\n2,3,4\n\n5,"x\n' + "6,Smith\n" * 20_000
    rows, rejects = read(JOBS, content, SMALL)
    assert [row["id"] for row in rows] == [1, 6]
    expected = [(2, "wrong_width"), (4, "stray_quote")]
    assert codes(rejects) == expected + [
        (line, "repeated_id") for line in range(6, 20_005)
    ]


@pytest.mark.parametrize("table", [WORDS, JOBS, HIRES])
def test_sha256_is_of_the_unzipped_bytes(table: Table) -> None:
    rows = {"words": "x\n", "jobs": "1,x\n", "hired_employees": ROW}
    content = b"\xef\xbb\xbf" + rows[table.name].encode()
    for data in (content, gzip.compress(content, mtime=0)):
        file = CsvFile(table, io.BytesIO(data))
        assert sum(block.received for block in file) == 1
        assert file.sha256 == hashlib.sha256(content).hexdigest()


class Trickle(io.BytesIO):
    """A stream that hands out a few bytes at a time, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(7, size) if size and size > 0 else 7)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_stream_may_hand_out_less_than_asked_for(pack: Any) -> None:
    content = "".join(f"{n},Cook\n" for n in range(20_000)).encode()
    file = CsvFile(JOBS, Trickle(pack(content)), SMALL)
    assert sum(block.rows.num_rows for block in file) == 20_000


def test_error_of_the_stream_reaches_the_caller_as_it_is() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        list(CsvFile(JOBS, Broken()))


# Headers


def test_columns_stand_in_any_order_and_optional_ones_may_be_absent() -> None:
    content = "datetime,NAME,id,Department_ID\n2021-11-07,Ann,1,2\n"
    file = CsvFile(HIRES, io.BytesIO(content.encode()))
    (block,) = file
    assert file.header
    assert list(block.rows.to_pylist()[0].items()) == [
        ("id", 1),
        ("name", "Ann"),
        ("datetime", "2021-11-07T00:00:00Z"),
        ("department_id", 2),
        ("job_id", None),
    ]


@pytest.mark.parametrize(
    ("first", "parts"),
    [
        ("id,name,datetime,departmnt_id", ["did you mean 'department_id'?", "missing"]),
        ("id,name,datetime,department_id,id", ["'id' stands there 2 times"]),
        ("id,name,,,datetime,department_id", ["column 3 has no name", "column 4"]),
        ("id,colour", ["'colour'", "'name' is missing", "'datetime' is missing"]),
        ("id;name;datetime", ["'department_id' is missing"]),
        ("id\tname\tdatetime", ["'department_id' is missing"]),
    ],
)
def test_header_that_does_not_fit(first: str, parts: list[str]) -> None:
    with pytest.raises(HeaderMismatch) as caught:
        read(HIRES, f"{first}\n{ROW}")
    for part in [*parts, "id, name, datetime, department_id, job_id"]:
        assert part in caught.value.detail


def test_line_of_foreign_names_is_neither_row_nor_header() -> None:
    with pytest.raises(UnknownHeader) as caught:
        read(HIRES, f"number,employee,hired at,dept,role\n{ROW}")
    assert "'hired at'" in caught.value.detail
    assert "neither a row" in caught.value.detail


@pytest.mark.parametrize(
    "first",
    ["x,Ann,soon,2,3", "x1,Ann,2021-11-07,a,b", "2 x,b,c,d", "a", "１,b,c,d,e"],
)
def test_bad_first_row_is_a_reject_and_no_header(first: str) -> None:
    rows, rejects = read(HIRES, f"{first}\n{ROW}")
    assert (len(rows), [reject.line for reject in rejects]) == (1, [1])


def test_valid_row_that_holds_a_column_name_is_a_row() -> None:
    assert jobs("1,job\n2,Cook\n") == [(1, "job"), (2, "Cook")]


def test_header_of_a_table_of_texts_is_no_row() -> None:
    rows, _ = read(WORDS, "WORD\nhello\n")
    assert rows == [{"word": "hello"}]


def test_cell_too_long_for_a_header_is_a_row() -> None:
    rows, _ = read(WORDS, '"' + "x" * 200_000 + '"\n')
    assert len(rows[0]["word"]) == 200_000


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_many_blank_lines_may_stand_before_the_header(start: str, end: str) -> None:
    content = start + end * 100_000 + end.join(["job,id", "Cook,1", "Cook,x"])
    rows, rejects = read(JOBS, content, SMALL)
    assert (len(rows), codes(rejects)) == (1, [(100_003, "not_an_integer")])


def test_first_row_may_stand_across_the_end_of_the_first_look() -> None:
    for blanks in range((1 << 16) - 12, (1 << 16) + 3):
        content = "\n" * blanks + "job,id\r\nCook,1\r\nCook,x\r\n"
        rows, rejects = read(JOBS, content, SMALL)
        assert (len(rows), codes(rejects)) == (1, [(blanks + 3, "not_an_integer")])


def test_blank_quoted_cell_may_be_longer_than_the_first_look() -> None:
    rows, rejects = read(WORDS, '"' + "\n" * 100_000 + '"\nhello,you\nCook\n')
    assert (rows, codes(rejects)) == ([{"word": "Cook"}], [(100_002, "wrong_width")])


# Rows


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1,a\n2,b,c\n3\n", [(2, "wrong_width"), (3, "wrong_width")]),
        ("id,job\nx,a\n2,b\n,\ny,c\n", [(2, "not_an_integer"), (5, "not_an_integer")]),
        ('1,"a\nb\r\nc\rd"\nx,e\n', [(5, "not_an_integer")]),
        ('1,"a\nb",c\nx,e\n', [(1, "wrong_width"), (3, "not_an_integer")]),
        ('"id\n",job\n1,a\nx,b\n', [(4, "not_an_integer")]),
        ("1,a\r\rx,b\r", [(3, "not_an_integer")]),
        ("x,\n", [(1, "not_an_integer"), (1, "missing_value")]),
        ("1,a\n1,b\n01,c\n", [(2, "repeated_id"), (3, "repeated_id")]),
        ("1,\n1,b\n1,c\n", [(1, "missing_value"), (3, "repeated_id")]),
        ("-1,a\n1,b\n-1,c\n", [(3, "repeated_id")]),
        ('1, "Ann"\n2,a\n', [(1, "stray_quote")]),
    ],
)
def test_rejects_with_their_lines(
    content: str, expected: list[tuple[int, str]]
) -> None:
    assert codes(read(JOBS, content)[1]) == expected


def test_short_row_is_rejected_with_its_line_number() -> None:
    _, (reject,) = read(HIRES, f'{HEADER}{ROW}2,"An\nn",soon,3\n')
    assert (reject.line, reject.raw) == (3, '2,"An\nn",soon,3')
    assert reject.defects[0].column is None
    assert reject.defects[0].message == (
        "5 fields expected (id, name, datetime, department_id, job_id), 4 found"
    )


def test_raw_is_the_row_as_it_stood_in_the_file() -> None:
    _, (reject,) = read(JOBS, 'job,id\n" a, ""b""\nc", x \n')
    assert reject.raw == '" a, ""b""\nc", x '


def test_repeated_text_key_is_found_across_blocks() -> None:
    table = Table("words", "", WORDS.columns, ("word",))
    content = "".join(f"word {n}\n" for n in range(9000)) + "word 3\n"
    rows, rejects = read(table, content, SMALL)
    assert (len(rows), codes(rejects)) == (9000, [(9001, "repeated_id")])


def test_repeated_integer_key_is_found_across_blocks() -> None:
    content = "".join(f"{n},x\n" for n in range(-4000, 4000)) + "-4000,x\n3999,x\n"
    rows, rejects = read(JOBS, content, SMALL)
    assert len(rows) == 8000
    assert codes(rejects) == [(8001, "repeated_id"), (8002, "repeated_id")]


def test_rows_of_wrong_width_are_handed_out_block_by_block() -> None:
    content = b"1,2,3\n" * 20_000 + b"1,Cook\n"
    most = max(
        len(block.rejects) for block in CsvFile(JOBS, io.BytesIO(content), SMALL)
    )
    assert most < SMALL


# Any file at all

BREAK = re.compile("\r\n|\r|\n")
CELLS = st.text(alphabet='ab ,"\n\r\u00a0é€', max_size=6)
BLOCK_SIZES = st.sampled_from([SMALL, SMALL + 1, 1000, 1 << 20])


def text_table(width: int) -> Table:
    columns = tuple(Column(f"column {n}", "text", "") for n in range(width))
    return Table("texts", "", columns, ())


def written(records: list[list[str]], end: str) -> Iterator[tuple[int, str]]:
    """Each record as text, with the line it starts on."""
    line = 1
    for cells in records:
        text = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
        if not any(set(cell) & set(',"\r\n') for cell in cells):
            text = ",".join(cells)
        yield line, text + end
        line += 1 + len(BREAK.findall(text))


@given(
    width=st.integers(1, 4),
    records=st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=40),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    block_size=BLOCK_SIZES,
)
@settings(max_examples=150, deadline=None)
def test_agrees_with_pythons_csv(
    width: int, records: list[list[str]], end: str, block_size: int
) -> None:
    lines, texts = zip(*written(records, end), strict=True)
    content = "".join(texts)
    rows: list[list[str | None]] = []
    rejects: list[int] = []
    reader = csv.reader(io.StringIO(content, newline=""))
    for line, cells in zip(lines, reader, strict=True):
        stray = any(c[:1].isspace() and c.strip()[:1] == '"' for c in cells)
        if not "".join(cells).strip():
            continue
        if "".join(cells[width:]).strip() or len(cells) < width or stray:
            rejects.append(line)
        else:
            rows.append([cell.strip() or None for cell in cells[:width]])
    if not rows and not rejects:
        with pytest.raises(EmptyFile):
            read(text_table(width), content, block_size)
        return
    found, refused = read(text_table(width), content, block_size)
    assert [list(row.values()) for row in found] == rows
    assert [reject.line for reject in refused] == rejects


CSV_LIKE = st.lists(
    st.sampled_from(
        [*',,"\n\r\n;01 -', "\r\n", "id", "job", "1,a\n", '"a\nb"', "\t", "é", "2021"]
    ),
    max_size=80,
).map(lambda parts: "".join(parts).encode())


@given(
    content=st.binary(max_size=300) | CSV_LIKE | CSV_LIKE.map(gzip.compress),
    table=st.sampled_from([HIRES, JOBS, WORDS]),
    block_size=BLOCK_SIZES | st.integers(16, 80),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_blocks_or_a_problem(
    content: bytes, table: Table, block_size: int
) -> None:
    try:
        rows, rejects = read(table, content, block_size)
    except Problem:
        return
    assert rows or rejects
    lines = [reject.line for reject in rejects]
    assert lines == sorted(set(lines))
