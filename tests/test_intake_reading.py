"""How a file is read: its encoding, its delimiter, its days; said, proven or asked."""

from __future__ import annotations

import codecs
import gzip
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.tables import HEADER, HIRES, JOBS, WORDS

from api.contract.values import Column, Table
from api.errors import (
    AmbiguousReading,
    BadParameter,
    BinaryContent,
    HeaderMismatch,
    NotUtf8,
    Problem,
    UnknownHeader,
    UnreadableFile,
)
from api.intake import CsvFile, Reject
from api.intake.encodings import parse_encoding
from api.intake.options import Said

COOK = [{"id": 1, "job": "Cook"}, {"id": 2, "job": "Smith"}]
PLACES = Table(
    "places", "", (Column("city", "text", "", True), Column("land", "text", "")), ()
)
STAYS = Table(
    "stays", "", (Column("came", "date", "", True), Column("went", "date", "")), ()
)
BLOCK = 1 << 20


def read(
    table: Table, content: str | bytes, **said: Any
) -> tuple[list[dict[str, Any]], list[Reject]]:
    data = content.encode() if isinstance(content, str) else content
    blocks = list(CsvFile(table, io.BytesIO(data), said=Said(**said)))
    rows = [row for block in blocks for row in block.rows.to_pylist()]
    return rows, [reject for block in blocks for reject in block.rejects]


def days(*texts: str, **said: Any) -> list[str]:
    """The day of each as it is stored, all of them in one column of a file."""
    lines = (f"{n},Ann,{text},2,96\n" for n, text in enumerate(texts))
    rows, rejects = read(HIRES, "".join(lines), **said)
    assert rejects == []
    return [row["datetime"][:10] for row in rows]


# Delimiters


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", ["", "job,id\n", "sep={}\n", "Jobs\nid,job\n"])
def test_the_delimiter_is_the_one_under_which_the_rows_fit(
    delimiter: str, header: str
) -> None:
    rows = "Cook,1\nSmith,2\n" if header.startswith("job") else "1,Cook\n2,Smith\n"
    content = (header + rows).replace(",", delimiter).format(delimiter)
    assert read(JOBS, content) == (COOK, [])


def test_other_delimiters_in_texts_are_texts() -> None:
    rows, _ = read(JOBS, "1;Sales, EMEA\n2;a|b,c\td\n")
    assert [row["job"] for row in rows] == ["Sales, EMEA", "a|b,c\td"]
    rows, _ = read(JOBS, "1,Sales; EMEA\n2,a;b\n3;Legal;x\n")
    assert [row["job"] for row in rows] == ["Sales; EMEA", "a;b"]


def test_where_several_delimiters_fit_the_sender_is_asked() -> None:
    content = "Berlin, Mitte;Germany\n"
    with pytest.raises(AmbiguousReading) as caught:
        read(PLACES, content)
    assert "commas or semicolons" in caught.value.detail
    assert 'delimiter=";"' in caught.value.detail
    rows, _ = read(PLACES, content, delimiter=";")
    assert rows == [{"city": "Berlin, Mitte", "land": "Germany"}]
    rows, _ = read(PLACES, content, delimiter=",")
    assert rows == [{"city": "Berlin", "land": "Mitte;Germany"}]


def test_where_two_delimiters_fit_some_rows_each_the_sender_is_asked() -> None:
    with pytest.raises(AmbiguousReading, match="commas or semicolons"):
        read(JOBS, "1,Cook\n2;Smith\n")


def test_a_delimiter_that_the_rows_contradict_is_refused_row_by_row() -> None:
    rows, rejects = read(JOBS, "1;Cook\n2;Smith\n", delimiter=",")
    assert (rows, [r.defects[0].code for r in rejects]) == ([], ["wrong_width"] * 2)
    with pytest.raises(HeaderMismatch):
        read(JOBS, "sep=;\nid;job\n1;Cook\nid;2,job\n", delimiter=",")


def test_another_delimiter_below_the_first_rows_costs_its_rows() -> None:
    lines = "".join(f"{n};Cook, Chef\n" for n in range(600))
    rows, (reject,) = read(JOBS, lines + "600,Smith\n")
    assert len(rows) == 600
    assert (reject.line, reject.defects[0].code) == (601, "wrong_width")


@pytest.mark.parametrize("names", ["id,name,datetime,job_id,department_id", "a,b,c"])
def test_a_header_with_another_delimiter_than_the_rows_is_not_passed_over(
    names: str,
) -> None:
    content = f"{names}\n1;Ann;2021-11-07;96;2\n2;Bo;2021-11-07;96;2\n"
    try:
        rows, rejects = read(HIRES, content)
    except UnknownHeader as problem:
        assert "'a'" in problem.detail
    else:
        assert (rows, [reject.line for reject in rejects]) == ([], [2, 3])


@pytest.mark.parametrize("mark", [":", '"', "x", "é", "\\", "\0"])
def test_other_marks_in_a_directive_are_a_line_above_the_rows(mark: str) -> None:
    try:
        rows, _ = read(JOBS, f"sep={mark}\n1,Cook\n2,Smith\n")
    except Problem:
        assert mark in '"\0'
    else:
        assert rows == COOK


def test_cells_in_single_quotes_are_asked_about() -> None:
    for content in (
        "1,'Sales, EMEA'\n2,'Legal'\n",
        "'id','job'\n'1','Cook'\n",
        "id;job\n1;'a;b'\n2;c\n",
    ):
        with pytest.raises(AmbiguousReading, match="single quotes"):
            read(JOBS, content)


def test_single_quotes_belong_to_the_text() -> None:
    texts = ["'t Hooft", "'Sales'", "it's", "'", "''"]
    content = "".join(f"{n},{text}\n" for n, text in enumerate(texts))
    rows, _ = read(JOBS, content)
    assert [row["job"] for row in rows] == texts
    rows, rejects = read(JOBS, content + "9,'t Hooft, 's Gravesande\n")
    assert (len(rows), [reject.line for reject in rejects]) == (5, [6])


# Days


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["03/04/2021", "13/04/2021"], "2021-04-03"),
        (["03/04/2021", "04/13/2021"], "2021-03-04"),
        (["3.4.2021", "31.12.2021 23:59"], "2021-04-03"),
        (["03-04-2021T10:00:00", "2021-11-07", "12-31-2021"], "2021-03-04"),
        (["03/04/2021", *["01/02/2021"] * 498, "13/01/2021"], "2021-04-03"),
    ],
)
def test_one_day_above_twelve_proves_the_form_of_its_column(
    texts: list[str], first: str
) -> None:
    assert days(*texts)[0] == first


@pytest.mark.parametrize(
    "texts",
    [
        ["03/04/2021"],
        ["2021-11-07", "12.12.2021"],
        ["13/04/2021", "04/13/2021"],
        [*["01/02/2021"] * 500, "13/01/2021"],
    ],
)
def test_where_no_day_proves_the_form_the_sender_is_asked(texts: list[str]) -> None:
    with pytest.raises(AmbiguousReading) as caught:
        days(*texts)
    assert "dates=day_first or dates=month_first" in caught.value.detail


def test_the_question_names_the_column_and_the_line() -> None:
    with pytest.raises(AmbiguousReading, match=r"datetime .* '3/4/2021' on line 5\."):
        read(HIRES, f"\n\n{HEADER}1,Ann,2021-11-07,2,96\n2,Bo,3/4/2021,2,96\n")


def test_the_form_of_days_may_be_said() -> None:
    assert days("03/04/2021", dates="day_first") == ["2021-04-03"]
    assert days("03/04/2021", dates="month_first") == ["2021-03-04"]
    assert days("2021-03-04", dates="month_first") == ["2021-03-04"]


def test_a_form_that_a_day_contradicts_is_refused() -> None:
    with pytest.raises(AmbiguousReading, match="'04/13/2021' on line 2 proves"):
        days("03/04/2021", "04/13/2021", dates="day_first")
    columns = tuple(
        Column(c.name, c.data_type, "", dates="day_first") for c in STAYS.columns
    )
    declared = Table("stays", "", columns, ())
    assert read(declared, "03/04/2021,\n")[0][0]["came"] == "2021-04-03"
    with pytest.raises(AmbiguousReading, match="dates=month_first"):
        read(declared, "03/04/2021,04/13/2021\n")
    rows, _ = read(declared, "03/04/2021,04/13/2021\n", dates="month_first")
    assert rows == [{"came": "2021-03-04", "went": "2021-04-13"}]


def test_a_day_that_contradicts_what_was_proven_above_is_a_reject() -> None:
    rows, (reject,) = read(
        STAYS, "13/01/2021,\n" + "02/01/2021,\n" * 600 + "01/13/2021,\n"
    )
    assert {row["came"] for row in rows} == {"2021-01-13", "2021-01-02"}
    assert (reject.line, reject.defects[0].code) == (602, "not_a_date")


def test_days_below_the_first_rows_that_need_a_form_are_rejects() -> None:
    rows, (reject,) = read(STAYS, "2021-11-07,13/01/2021\n" * 600 + "01/02/2021,\n")
    assert (len(rows), reject.line, reject.defects[0].column) == (600, 601, "came")


def test_each_column_proves_its_own_form() -> None:
    with pytest.raises(AmbiguousReading, match="day of went"):
        read(STAYS, "13/01/2021,03/04/2021\n")
    assert read(STAYS, "13/01/2021,14/04/2021\n")[0][0]["went"] == "2021-04-14"
    with pytest.raises(AmbiguousReading, match="went are dates=month_first"):
        read(STAYS, "13/01/2021,04/14/2021\n")


# Encodings

TABLE = "id,job\n1,Café €\n2,日本\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block_size", [300, BLOCK])
def test_a_byte_order_mark_tells_the_encoding(
    mark: bytes, encoding: str, end: str, block_size: int
) -> None:
    text = TABLE + "".join(f"{n},Ä{n:040}\n" for n in range(3, 2000))
    content = mark + text.replace("\n", end).encode(encoding)
    file = CsvFile(JOBS, io.BytesIO(content), block_size)
    rows = [row for block in file for row in block.rows.to_pylist()]
    assert [row["job"] for row in rows[:2]] == ["Café €", "日本"]
    assert [row["id"] for row in rows] == list(range(1, 2000))


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("windows-1252", "cp1252"),
        ("latin-1", "cp1252"),
        ("ISO-8859-1", "cp1252"),
        ("ISO-8859-15", "iso8859-15"),
        ("UTF-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("us-ascii", "utf-8"),
        ("UTF-16LE", "utf-16-le"),
        ("Shift_JIS", "shift_jis"),
        ("GB18030", "gb18030"),
        ("mac-roman", "mac-roman"),
    ],
)
def test_an_encoding_has_many_names(label: str, encoding: str) -> None:
    assert parse_encoding(label) == encoding


@pytest.mark.parametrize(
    "label", ["", "klingon", "rot13", "base64", "zlib", "idna", "utf-7", "\0", "é"]
)
def test_what_is_no_encoding_of_files_is_refused(label: str) -> None:
    with pytest.raises(BadParameter, match="windows-1252"):
        parse_encoding(label)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Café €"),
        ("iso8859-15", "Café €"),
        ("cp850", "Café"),
        ("mac-roman", "Café €"),
        ("koi8-r", "Повар"),
        ("shift_jis", "日本"),
        ("gbk", "联通"),
        ("gb18030", "日本 €"),
        ("utf-16-le", "日本"),
        ("utf-16-be", "日本"),
        ("utf-8", "日本"),
    ],
)
def test_an_encoding_that_is_said_is_taken(encoding: str, text: str) -> None:
    content = f"1,{text}\n".encode(encoding)
    assert read(JOBS, content, encoding=encoding) == ([{"id": 1, "job": text}], [])


@pytest.mark.parametrize(
    ("content", "encoding", "part"),
    [
        (b"\xef\xbb\xbf1,a\n", "cp1252", "byte order mark of utf-8"),
        ("\ufeff1,a\n".encode("utf-16-le"), "utf-16-be", "mark of utf-16-le"),
        ("1,a\n".encode("utf-16-be"), "utf-16", "encoding=utf-16-le"),
        ("1,é\n".encode("cp1252"), "utf-8", "Byte 2 (0xe9, on line 1) is not utf-8"),
        (b"1,a\n2,\x81\n", "cp1252", "on line 2) is not cp1252"),
        ("1,a\n2,Café\n".encode(), "cp1252", "reads '2,Café', and not '2,CafÃ©'"),
        (b"1,a\n", "utf-16-le", ""),
    ],
)
def test_an_encoding_that_the_bytes_contradict_is_refused(
    content: bytes, encoding: str, part: str
) -> None:
    try:
        rows, _ = read(JOBS, content, encoding=encoding)
    except UnreadableFile as problem:
        assert part in problem.detail
    else:
        assert (rows, part) == ([], "")


def test_a_single_byte_encoding_is_asked_with_its_line() -> None:
    content = "id,job\n1,Cook\n2,Café (“Mitte”)\n".encode("cp1252")
    with pytest.raises(NotUtf8) as caught:
        read(JOBS, content)
    assert "on line 3" in caught.value.detail
    assert "reads '2,Café (“Mitte”)'" in caught.value.detail
    assert "encoding=windows-1252" in caught.value.detail


def test_utf16_without_a_byte_order_mark_is_told_as_that() -> None:
    with pytest.raises(BinaryContent, match="encoding=utf-16-le"):
        read(JOBS, "1,Cook\n".encode("utf-16-le"))


@pytest.mark.parametrize("said", [{}, {"encoding": "cp1252"}])
def test_a_bad_byte_late_in_a_file_stores_nothing(
    said: dict[str, str], shared_client: FlaskClient
) -> None:
    bad = b"9,\x81\n" if said else "9,Café\n".encode("cp1252")
    lines = "".join(f"{n},Job {n}\n" for n in range(90_001, 190_000)).encode()
    assert len(lines) > BLOCK
    with pytest.raises(UnreadableFile):
        read(JOBS, lines + bad, **said)
    file = io.BytesIO(gzip.compress(lines + bad))
    form = {"table_name": "jobs", "csv_file": (file, "jobs.csv.gz")}
    before = shared_client.get("/tables/jobs").json
    assert shared_client.post("/upload_csv", data=form).status_code == 400
    assert shared_client.get("/tables/jobs").json == before


# Texts that are no CSV


@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("<!DOCTYPE html><p>1,a", "an HTML page"),
        ("\ufeff\r\n <HTML>", "an HTML page"),
        ("<table border=1>", "an HTML page"),
        ("<?xml version='1.0'?>", "XML"),
        ('{"id": 1}\n', "JSON"),
        ('[\n  {"id": 1}]', "JSON"),
        ("[[1, 2]]", "JSON"),
        ("PAR1\x15\x04", "Parquet"),
    ],
)
def test_a_text_that_is_no_csv_is_told_as_what_it_is(start: str, name: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(BinaryContent, match=f"The file is {name}, not CSV"):
            read(JOBS, start.encode(encoding))


@pytest.mark.parametrize("text", ["Par1s", "PAR1", "<b>", "{x}", "[x]", "<headline"])
def test_a_text_that_begins_alike_is_a_text(text: str) -> None:
    assert read(WORDS, text)[0] == [{"word": text}]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["1,Cook\n", "1,Café\n2,Cook\n", "\n"])
def test_utf16_without_a_mark_is_asked_about(text: str, encoding: str) -> None:
    with pytest.raises(BinaryContent) as caught:
        list(CsvFile(JOBS, io.BytesIO(text.encode(encoding))))
    (choice,) = caught.value.extra["question"]["choices"]
    assert choice == {"value": encoding, "sample": text.partition("\n")[0]}


def test_a_comma_that_may_be_a_decimal_point_is_asked_about() -> None:
    with pytest.raises(AmbiguousReading, match="decimal points"):
        list(CsvFile(JOBS, io.BytesIO(b"1,0;Cook\n2,0;Smith\n")))
    said = Said(delimiter=",")
    (block,) = CsvFile(JOBS, io.BytesIO(b"1,0;Cook\n"), said=said)
    assert block.rows.to_pylist() == [{"id": 1, "job": "0;Cook"}]
    (block,) = CsvFile(JOBS, io.BytesIO(b"1;Cook, Chef\n2;Smith, A\n"))
    assert block.rows.to_pylist()[0] == {"id": 1, "job": "Cook, Chef"}


def test_days_that_prove_both_forms_are_told_so() -> None:
    content = b"1,Ann,27/07/2021,1,2\n2,Bo,07/27/2021,1,2\n"
    with pytest.raises(AmbiguousReading, match="Some days of datetime"):
        list(CsvFile(HIRES, io.BytesIO(content)))
    (block,) = CsvFile(HIRES, io.BytesIO(content), said=Said(dates="day_first"))
    assert (block.rows.num_rows, len(block.rejects)) == (1, 1)
