"""What files come in: gzip, zips, and the workbooks of Excel and OpenDocument."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, BinaryIO, cast

import openpyxl
import pytest
from support.packed_files import bomb, deflated, forged, ods, saved, xls, xlsx, zipped
from support.tables import HIRES, JOBS, WORDS

from api.contract.values import Column, Table
from api.errors import (
    AmbiguousReading,
    BadParameter,
    BinaryContent,
    EmptyFile,
    Problem,
    TooLarge,
    UnreadableFile,
)
from api.intake import CsvFile, Limits, Reject
from api.intake.containers import Container, open_content
from api.intake.options import Said
from api.intake.workbooks.sheet import Sheet
from api.loading.read_ahead import read_ahead

COOKS = [["id", "job"], [1, "Cook"], [2, "Smith"]]
CSV = b"id,job\n1,Cook\n2,Smith\n"
READ = [{"id": 1, "job": "Cook"}, {"id": 2, "job": "Smith"}]
HEADER = ["id", "name", "datetime", "department_id", "job_id"]
ANN = [1, "Ann", datetime(2021, 7, 27, 16, 2, 8), 2, 96]
DAYS = Table("days", "", (Column("day", "date", ""), Column("note", "text", "")), ())


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen]]:
    """The processes that were started; none outlives its test."""
    started: list[subprocess.Popen] = []

    class Recorded(subprocess.Popen):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    yield started
    assert all(child.returncode is not None for child in started)


def read(
    table: Table, content: bytes, sheet: str | None = None, limits: Limits | None = None
) -> tuple[list[dict[str, Any]], list[Reject]]:
    rows: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    file = io.BytesIO(content)
    for block in CsvFile(table, file, limits=limits, said=Said(sheet=sheet)):
        rows += block.rows.to_pylist()
        rejects += block.rejects
    return rows, rejects


def container(content: bytes, sheet: str | None = None) -> Container:
    stream, found = open_content(io.BytesIO(content), Limits(), sheet)
    stream.close()
    return found


def text_of(content: bytes) -> str:
    with closing(open_content(io.BytesIO(content), Limits())[0]) as stream:
        return stream.read(10_000).decode()


def workbook(**cells: Any) -> bytes:
    """An .xlsx with these cells, by their names."""
    book = openpyxl.Workbook()
    for name, value in cells.items():
        book.active[name] = value
    return saved(book)


# What it is


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (CSV, Container("plain")),
        (gzip.compress(CSV), Container("gzip")),
        (zipped({"jobs.csv": CSV}), Container("zip", "jobs.csv")),
        (zipped({"jobs.csv": CSV}, zipfile.ZIP_STORED), Container("zip", "jobs.csv")),
        (zipped({"in/jobs": gzip.compress(CSV)}), Container("zip", "in/jobs")),
        (xlsx(COOKS), Container("xlsx", "Sheet1")),
        (zipped({"jobs.xlsx": xlsx(COOKS)}), Container("xlsx", "Sheet1")),
        (xls(COOKS), Container("xls", "Sheet1")),
        (zipped({"jobs.xls": xls(COOKS)}), Container("xls", "Sheet1")),
        (
            ods([[">id", ">job"], [">1", ">Cook"], [">2", ">Smith"]]),
            Container("ods", "Sheet1"),
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Container) else "file",
)
def test_the_same_table_in_every_container(content: bytes, expected: Container) -> None:
    assert container(content) == expected
    assert read(JOBS, content) == (READ, [])


def test_what_is_of_no_file_of_people_is_passed_over() -> None:
    litter = ["__MACOSX/._jobs.csv", ".DS_Store", "in/Thumbs.db", "in/", ".hidden/x"]
    content = zipped(dict.fromkeys(litter, b"") | {"in/jobs.csv": CSV})
    assert read(JOBS, content) == (READ, [])


def test_a_file_on_disk_is_read_where_it_is(tmp_path) -> None:
    path = tmp_path / "named.csv"
    path.write_bytes(xlsx(COOKS))
    with path.open("rb") as stream:
        (block,) = CsvFile(JOBS, stream)
    assert block.rows.to_pylist() == READ


@pytest.mark.parametrize("in_memory", [100, 1_000_000])
def test_an_upload_is_read_in_memory_and_on_disk(in_memory: int) -> None:
    content = xlsx(COOKS)
    with tempfile.SpooledTemporaryFile(in_memory) as stream:
        stream.write(content)
        stream.seek(0)
        (block,) = CsvFile(JOBS, cast(BinaryIO, stream))
        assert block.rows.to_pylist() == READ
        stream.seek(0)
        assert stream.read() == content


def test_what_is_said_of_a_text_is_not_said_of_cells() -> None:
    content = xlsx([["id", "job"], [1, "Café"]])
    (block,) = CsvFile(JOBS, io.BytesIO(content), said=Said(encoding="cp1252"))
    assert block.rows.to_pylist() == [{"id": 1, "job": "Café"}]


def test_the_digest_is_of_what_was_read() -> None:
    def digest(content: bytes) -> str:
        file = CsvFile(JOBS, io.BytesIO(content))
        list(file)
        return file.sha256

    assert digest(zipped({"a": CSV})) == digest(CSV) == hashlib.sha256(CSV).hexdigest()
    text = CSV.replace(b"\n", b"\r\n")
    assert digest(xlsx(COOKS)) == digest(xls(COOKS)) == hashlib.sha256(text).hexdigest()


# Which one


@pytest.mark.parametrize(
    ("content", "sheet", "problem", "parts"),
    [
        (zipped({}), None, EmptyFile, ["holds no file"]),
        (zipped({".DS_Store": b"x"}), None, EmptyFile, ["holds no file"]),
        (zipped({"a.csv": b""}), None, EmptyFile, ["holds no rows"]),
        (
            zipped({"jobs.csv": CSV, "b.csv": CSV}),
            None,
            AmbiguousReading,
            ["2 files: 'jobs.csv', 'b.csv'.", "sheet='jobs.csv'"],
        ),
        (
            zipped({f"{n}.csv": CSV for n in range(50)}),
            None,
            AmbiguousReading,
            ["50 files", "'19.csv' and 30 more"],
        ),
        (
            zipped({"jobs.csv": CSV, "b.csv": CSV}),
            "job.csv",
            BadParameter,
            ["no file 'job.csv'", "did you mean 'jobs.csv'?"],
        ),
        (zipped({"jobs.csv": CSV}), "b", BadParameter, ["It holds 'jobs.csv'."]),
        (xlsx(COOKS, COOKS), None, AmbiguousReading, ["'Sheet1', 'Sheet2'", "sheet="]),
        (xlsx(COOKS), "Shet1", BadParameter, ["did you mean 'Sheet1'?"]),
        (xlsx(COOKS), "x\0" + "y" * 10**6, BadParameter, ["It holds 'Sheet1'"]),
        (xlsx(COOKS, []), "Sheet2", EmptyFile, ["holds no rows"]),
        (xlsx([], [["  "]]), None, EmptyFile, ["holds no rows"]),
        (xls([]), None, EmptyFile, ["holds no rows"]),
        (
            zipped({"a.xlsx": xlsx(COOKS, COOKS), "b.csv": CSV}),
            "a.xlsx",
            AmbiguousReading,
            ["sheet='a.xlsx/Sheet1'"],
        ),
    ],
)
def test_what_is_to_be_read_is_asked_where_it_is_not_plain(
    content: bytes, sheet: str | None, problem: type[Problem], parts: list[str]
) -> None:
    with pytest.raises(problem) as caught:
        read(JOBS, content, sheet)
    assert all(part in caught.value.detail for part in parts), caught.value.detail


@pytest.mark.parametrize(
    ("content", "sheet"),
    [
        (zipped({"a.csv": b"1,Baker\n", "b.csv": CSV}), "b.csv"),
        (xlsx([["no"], ["table"]], COOKS), "Sheet2"),
        (zipped({"a.xlsx": xlsx([["no"]], COOKS)}), "Sheet2"),
        (zipped({"a.xlsx": xlsx([["no"]], COOKS), "b": CSV}), "a.xlsx/Sheet2"),
        (xlsx([], COOKS, [[None, " "]]), None),
    ],
)
def test_the_one_that_is_meant_is_read(content: bytes, sheet: str | None) -> None:
    assert read(JOBS, content, sheet) == (READ, [])


def test_a_hidden_sheet_that_holds_something_is_named_too() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(COOKS, COOKS)))
    book["Sheet2"].sheet_state = "veryHidden"
    book.create_chartsheet("Chart")
    with pytest.raises(AmbiguousReading, match="2 sheets: 'Sheet1', 'Sheet2'"):
        read(JOBS, saved(book))


# Cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('Ann, "B"\n=1+1;é', 'Ann, "B"\n=1+1;é'),
        ("007", "007"),
        (8.0, "8"),
        (1e15, "1000000000000000"),
        (-2.0, "-2"),
        (1.25, "1.25"),
        (1e20, "1e+20"),
        (True, "true"),
        (False, "false"),
        (date(2021, 7, 27), "2021-07-27"),
        (datetime(2021, 7, 27, 16, 2, 8), "2021-07-27T16:02:08"),
        (datetime(2021, 7, 27, 16, 2, 8, 250_000), "2021-07-27T16:02:08.250000"),
        (clock(16, 2, 8), "16:02:08"),
        (timedelta(hours=30, seconds=1.5), "PT30H0M1.5S"),
        ("#N/A", "#N/A"),
        ("#DIV/0!", "#DIV/0!"),
    ],
)
def test_a_cell_of_excel_as_text(cell: object, text: str) -> None:
    written = text_of(workbook(A1="x", B2=cell, C1="y"))
    assert written == f"x,,y\r\n,{_quoted(text)},\r\n"


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if '"' in text else text


def test_an_error_keeps_its_place_wherever_it_stands() -> None:
    text = text_of(workbook(C3="x", D4="#REF!", B6="#NUM!", E7="y"))
    assert text.split("\r\n")[2:] == [",x,,", ",,#REF!,", ",,,", "#NUM!,,,", ",,,y", ""]


@pytest.mark.parametrize("make", [xlsx, xls])
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2021, 7, 27, 16, 2, 8),
        datetime(2021, 12, 31, 23, 59, 59),
        datetime(1999, 2, 28, 0, 0, 1),
        datetime(2021, 7, 27),
    ],
)
def test_a_native_moment_is_the_one_that_excel_shows(make, moment: datetime) -> None:
    rows, rejects = read(HIRES, make([HEADER, [*ANN[:2], moment, *ANN[3:]]]))
    shown = datetime.fromisoformat(rows[0]["datetime"])
    assert not rejects and shown == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize("make", [xlsx, xls])
def test_a_native_day_is_a_day(make) -> None:
    rows, rejects = read(DAYS, make([["day", "note"], [datetime(2021, 7, 27), "x"]]))
    assert rows == [{"day": "2021-07-27", "note": "x"}] and not rejects


def test_moments_before_and_after_the_noise_of_serial_numbers() -> None:
    """Every second of some minutes, as the float that stands for it."""
    start = datetime(2021, 7, 27, 16, 1)
    moments = [start + timedelta(seconds=n) for n in range(200)]
    content = xlsx([HEADER, *([n, "A", m, 2, 9] for n, m in enumerate(moments))])
    rows, rejects = read(HIRES, content)
    assert [row["datetime"] for row in rows] == [f"{m.isoformat()}Z" for m in moments]
    assert not rejects


def test_days_that_count_from_1904() -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["day", "note"])
    book.active.append([datetime(2021, 7, 27), "x"])
    assert read(DAYS, saved(book))[0] == [{"day": "2021-07-27", "note": "x"}]


def test_cells_of_opendocument() -> None:
    kind = 'office:value-type="{0}" office:{1}-value="{2}"'
    cells = [
        kind.format("date", "date", "2021-07-27T16:02:08"),
        kind.format("date", "date", "2021-07-27"),
        'office:value-type="float" office:value="8"',
        'office:value-type="boolean" office:boolean-value="true"',
        'office:value-type="string" >a b',
    ]
    written = text_of(ods([[], cells])).splitlines()[-1]
    assert written == "2021-07-27T16:02:08,2021-07-27,8,true,a b"


# Lines


def test_a_line_is_the_row_that_excel_shows() -> None:
    content = workbook(
        B3="id",
        C3="job",
        B4=1,
        C4="a\nb",
        B6="x",
        C6="Cook",
        B9=2,
        C9="c\nd",
        B10="y",
    )
    rows, rejects = read(JOBS, content)
    assert rows == [{"id": 1, "job": "a\nb"}, {"id": 2, "job": "c\nd"}]
    assert [reject.line for reject in rejects] == [6, 10]


def test_a_header_of_several_lines_is_one_row() -> None:
    content = workbook(
        A1="Jobs\n2021", A2="id\n", B2="job", A3="x", B3="Cook", A4=1, B4="C"
    )
    rows, rejects = read(JOBS, content)
    assert rows == [{"id": 1, "job": "C"}]
    assert [reject.line for reject in rejects] == [3]


# What cannot be read

OLE = b"\xd0\xcf\x11\xe0"


def renamed(content: bytes, name: str) -> bytes:
    """An .xls whose one stream is called so."""
    old, new = (text.encode("utf-16-le") for text in ("Workbook", name))
    place = content.index(old)
    entry = new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little")
    return content[:place] + entry + content[place + len(entry) :]


def with_password(content: bytes) -> bytes:
    """An .xls with the record that tells of one, in place of one that matters less."""
    place = content.index(b"\xe1\0\2\0\xb0\4\xc1\0\2\0")
    return content[:place] + b"\x2f\0\6\0\1\0\1\0\1\0" + content[place + 10 :]


@pytest.mark.parametrize(
    ("content", "problem", "part"),
    [
        (
            zipped({"a.csv": CSV * 99})[:-9],
            UnreadableFile,
            "cannot be unpacked",
        ),
        (
            zipped({"a.csv": CSV * 99})[:99],
            UnreadableFile,
            "cannot be unpacked",
        ),
        (forged({"a": deflated(CSV)}, len(CSV), 7), UnreadableFile, "CRC"),
        (
            forged({"a": deflated(CSV)[:-9]}, len(CSV)),
            UnreadableFile,
            "cannot be unpacked",
        ),
        (forged({"a": b"\xff" * 9}, 9), UnreadableFile, "cannot be unpacked"),
        (forged({"a": CSV}, len(CSV), method=0, flags=1), UnreadableFile, "password"),
        (zipped({"a": CSV}, zipfile.ZIP_LZMA), UnreadableFile, "Deflate"),
        (zipped({"a": zipped({"b": CSV})}), BinaryContent, "holds another one"),
        (gzip.compress(xlsx(COOKS)), BinaryContent, "packed twice"),
        (zipped({"a": b"<html><body>"}), BinaryContent, "an HTML page"),
        (
            zipped({"[Content_Types].xml": "", "word/document.xml": ""}),
            BinaryContent,
            "an Office file without a sheet",
        ),
        (
            zipped({"mimetype": "application/vnd.oasis.opendocument.text"}),
            BinaryContent,
            "a document without a sheet",
        ),
        (zipped({"META-INF/MANIFEST.MF": "", "A.class": ""}), BinaryContent, "a Java"),
        (zipped({"Index/Document.iwa": ""}), BinaryContent, "Apple Numbers"),
        (
            zipped({"[Content_Types].xml": "<x", "xl/workbook.xml": "<x"}),
            UnreadableFile,
            "The workbook cannot be read",
        ),
        (xlsx(COOKS)[:-9], UnreadableFile, "cannot be unpacked"),
        (OLE + b"\0" * 999, UnreadableFile, "The workbook cannot be read"),
        (xls(COOKS)[:3000], UnreadableFile, "The workbook cannot be read"),
        (renamed(xls(COOKS), "WordDocument"), UnreadableFile, "holds no sheet"),
        (renamed(xls(COOKS), "EncryptedPackage"), UnreadableFile, "password"),
        (with_password(xls(COOKS)), UnreadableFile, "password"),
        (
            zipped(
                {
                    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                    "content.xml": b"\x93" * 99,
                    "META-INF/manifest.xml": "<x><manifest:encryption-data/></x>",
                }
            ),
            UnreadableFile,
            "password",
        ),
    ],
)
def test_a_container_that_cannot_be_read(
    content: bytes, problem: type[Problem], part: str
) -> None:
    with pytest.raises(problem) as caught:
        read(JOBS, content)
    assert type(caught.value) is problem and part in caught.value.detail


def test_a_pipe_cannot_be_read_twice() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(UnreadableFile, match="pipe"):
        list(CsvFile(JOBS, Pipe(xlsx(COOKS))))
    assert next(iter(CsvFile(JOBS, Pipe(gzip.compress(CSV))))).rows.num_rows == 2


# Bombs


def inflated(**strings: bytes) -> bytes:
    """An .xlsx with files of its own, packed already, in place of some."""
    with zipfile.ZipFile(io.BytesIO(xlsx(COOKS))) as archive:
        files = {name: deflated(archive.read(name)) for name in archive.namelist()}
    return forged({f"xl/{name}.xml": text for name, text in strings.items()} | files, 9)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (forged({"a.csv": bomb()}, 1 << 30), "200 times"),
        (forged({"a.csv": bomb()}, 9), "200 times"),
        (zipped({"a.xlsx": inflated(sharedStrings=bomb())}), "200 times"),
        (inflated(sharedStrings=bomb()), "200 times"),
        (workbook(A1="word", XFD1048576=1), "more memory"),
    ],
    ids=["a zip", "a zip that lies", "packed twice", "shared strings", "a far corner"],
)
def test_a_bomb_is_left_soon(content: bytes, part: str) -> None:
    started = time.monotonic()
    with pytest.raises(TooLarge, match=part):
        read(WORDS, content)
    assert time.monotonic() - started < 5


def test_many_files_on_the_same_bytes_count_each() -> None:
    content = forged({"a": deflated(CSV)}, len(CSV), zlib.crc32(CSV))
    assert read(JOBS, content, limits=Limits(len(CSV)))[0] == READ
    with pytest.raises(TooLarge, match="MAX_UPLOAD_BYTES"):
        read(JOBS, content, limits=Limits(len(CSV) - 1))


def test_a_directory_of_any_length_is_not_read() -> None:
    content = zipped({f"{n}" * 9000: b"" for n in range(500)}, zipfile.ZIP_STORED)
    with pytest.raises(TooLarge, match="directory"):
        read(JOBS, content)


def test_a_workbook_may_hold_as_much_as_any_file() -> None:
    content = xlsx([["id", "job"], *([n, "Cook"] for n in range(500))])
    most = sum(f.file_size for f in zipfile.ZipFile(io.BytesIO(content)).infolist())
    assert len(read(JOBS, content, limits=Limits(most))[0]) == 500
    with pytest.raises(TooLarge, match="MAX_UPLOAD_BYTES"):
        read(JOBS, content, limits=Limits(most - 1))


# The process


@pytest.fixture(scope="module")
def many() -> bytes:
    return xlsx([["id", "job"], *([n, "Cook" * 20] for n in range(20_000))])


def test_no_process_outlives_a_reader_that_is_left(
    children: list[subprocess.Popen], many: bytes
) -> None:
    blocks = iter(CsvFile(JOBS, io.BytesIO(many), 1 << 16))
    next(blocks)
    assert children[0].poll() is None
    blocks.close()
    assert children[0].returncode


def test_no_process_outlives_one_that_reads_ahead(
    children: list[subprocess.Popen], many: bytes
) -> None:
    blocks = read_ahead(CsvFile(JOBS, io.BytesIO(many), 1 << 16), 1)
    next(blocks)
    blocks.close()
    assert children[0].returncode


def test_a_process_that_is_killed_is_told(
    children: list[subprocess.Popen], many: bytes
) -> None:
    # It waits for room in the pipe, with most of the rows still to come.
    with closing(Sheet(io.BytesIO(many), None)) as sheet:
        sheet.read(1)
        children[0].kill()
        with pytest.raises(TooLarge, match="more memory or time"):
            sheet.read(len(many) * 100)
