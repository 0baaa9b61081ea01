"""What is fuzzed: a function of bytes each, with the seeds that it starts from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import get_args
from urllib.parse import parse_qs
from zipfile import ZIP_STORED

from support import properties as hold
from support.packed_files import ods, zipped
from support.tables import JOBS

from api.contract import Dates
from api.errors import Problem
from api.formats.rejects_csv import rejects_csv
from api.intake import Defect, Reject
from api.intake.options import Said
from api.metrics.parameters import read_query

# What chance would take long to spell.
WORDS = (
    *("id", "job", "word", "size", "amount", "_line", "_reasons"),
    *(f"a_{kind}" for kind in hold.TYPES),
    *("2021-11-07", "2021-11-07T02:48:42Z", "1.5e3", "true", "07", "XL"),
    *("number", "day", "sort", "select", "limit", "cursor", "position", "all"),
    *("__eq", "__ne", "__gte", "__contains", "__null", "&", "=", "%00"),
    *("13/04/2021", "3.4.2021", "sep=;", "';'", "\xff\xfe", ";'", "\t|"),
    *(',"', '",', '""', "\r\n", ",,", "\ufeff", "\u202e", "\x1f\x8b\x08", "NaN"),
    *("[1,", '{"', '":', "],[", "\\ud800", "\\u0000", "0" * 20, "9" * 20),
)
SAID = tuple(
    Said(encoding, delimiter, dates)
    for encoding in (None, "utf-8", "cp1252", "utf-16-le", "shift_jis")
    for delimiter in (None, ",", ";", "\t", "|")
    for dates in (None, *get_args(Dates))
)
BLOCK_SIZES = (16, 64, 300, 1 << 12)


@dataclass(frozen=True)
class Target:
    """A function that raises when something does not hold, and bytes to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def csv_file(data: bytes) -> None:
    """The first byte picks the table and the size of the blocks."""
    first, content = (data[:1] or b"\0")[0], data[1:]
    table = hold.TABLES[first % len(hold.TABLES)]
    block_size = BLOCK_SIZES[first // len(hold.TABLES) % len(BLOCK_SIZES)]
    hold.holds_of_a_file(table, content, block_size)


def said_file(data: bytes) -> None:
    """The first byte picks the table, the next what is said of the file."""
    first, second, content = (*data[:2], 0, 0)[0], (*data[:2], 0, 0)[1], data[2:]
    said = SAID[second % len(SAID)]
    hold.holds_of_a_file(hold.TABLES[first % len(hold.TABLES)], content, 300, said)


def packed_file(data: bytes) -> None:
    """A zip or a workbook of jobs, or what is left of one."""
    whole = hold.read(JOBS, data)
    in_parts = hold.read(JOBS, data, 64)
    assert hold.same(whole, in_parts) or isinstance(in_parts, hold.OF_BLOCKS)


def json_batch(data: bytes) -> None:
    first, content = (data[:1] or b"\0")[0], data[1:]
    hold.holds_of_a_batch(hold.TABLES[first % len(hold.TABLES)], content)


def question(data: bytes) -> None:
    """A query string; `position` is a cursor as JSON, brought into its form."""
    text = data.decode("utf-8", "replace")
    given = parse_qs(text, keep_blank_values=True)
    positions = given.pop("position", [])
    hold.holds_of_a_query(given)
    try:
        values = json.loads(positions[0])
        cursor = hold.cursor_of(read_query(hold.MART, given), values)
    except (Problem, ValueError, TypeError, LookupError, RecursionError):
        return
    hold.holds_of_a_query(given | {"cursor": [cursor]})


def rejects_file(data: bytes) -> None:
    """Any text as the raw row of a reject, of a file and of a batch."""
    first, raw = (data[:1] or b"\0")[0], data[1:].decode("utf-8", "ignore")
    if not hold.storable(raw):
        return
    table = hold.TABLES[first % len(hold.TABLES)]
    header = tuple(reversed(table.column_names)) if first & 64 else None
    reject = asdict(Reject(1, raw, (Defect(None, "wrong_width", "told"),)))
    for spreadsheet in (False, True):
        for batch in (False, True):
            parts = rejects_csv(
                table.column_names, [reject], header, batch, spreadsheet
            )
            content = "".join(parts).encode()
            outcome = hold.read(table, content)
            if not isinstance(outcome, Problem):
                rows, rejects = outcome
                assert len(rows) + len(rejects) == 1


TARGETS = {
    "csv_file": Target(
        csv_file,
        (
            b"\x01id,job\r\n1,Cook\r\n2,\r\n",
            b'\x01\xef\xbb\xbf1,"Co\nok"\n\n01,x\n1,2,3\n',
            b"\x02a_text,a_integer,a_real,a_boolean,a_date,a_timestamp\n"
            b"x,-9,1.5e3,TRUE,2020-02-29,2021-11-07T02:48:42.5+01:30\n",
            b"\x03M,2\nXL,1.50\n07,\n",
            b"\x01job;id\nCook;1\n",
            b'\x00 "x"\n',
            b"\x05_line,id,job,_reasons\n3,1,Cook,none\n",
            b"\x01" + gzip.compress(b"1,Cook\n", mtime=0) * 2,
            b"\x01sep=;\nid;job\n1;Sales, EMEA\n2;a|b\tc\n",
            b"\x01\xff\xfe" + "1\tCafé\r\n".encode("utf-16-le"),
            b"\x01\x00\x00\xfe\xff" + "job|id\nCafé|1\n".encode("utf-32-be"),
            b"\x02x;1;1.5;true;13/04/2021;03/04/2021 10:00\n",
            b"\x011,'Sales, EMEA'\n2,'t Hooft\n",
        ),
    ),
    "said_file": Target(
        said_file,
        (
            b"\x01\x00id;job\n1;Cook\n",
            b"\x01\x061;Cook, Chef\n",
            b"\x01\x1e1,Caf\xe9\n",
            b"\x01\x2d1\0,\0a\0\n\0",
            b"\x02\x01x,1,1.5,true,13/04/2021,03/04/2021 10:00\n",
            b"\x02\x02x,1,1.5,true,04/13/2021,03/04/2021\n",
        ),
    ),
    "packed_file": Target(
        packed_file,
        (
            zipped({"jobs.csv": b"id,job\n1,Cook\n"}),
            zipped({"a.csv": b"1,Cook\n", "b.csv": b"2,Smith\n"}, ZIP_STORED),
            zipped({"jobs.csv.gz": gzip.compress(b"1,Cook\n", mtime=0)}),
            ods([[">id", ">job"], [">1", ">Cook"]]),
        ),
    ),
    "json_batch": Target(
        json_batch,
        (
            b'\x01[[1, "Cook"], {"id": "2", "job": null, "odd": []}]',
            b'\x02[["a", 1, 1.5e300, true, "2020-02-29", "2021-11-07T02:48:42Z"]]',
            rb'\x01[{"id": 1e5, "job": "\ud800\u0000=1"}, 5, "x", [[[]]]]',
            b'\x03[{"size": "M", "size": "S"}, ["07", -Infinity]]',
        ),
    ),
    "question": Target(
        question,
        (
            b"number=all&a_text__ne=a&sort=-a_real,a_text&limit=2&select=a_date",
            b"number=1&number=-3&a_timestamp__gte=2021-11-07&a_boolean__null=true",
            b'limit=1&position=[1,1,"a",1.5,true,"2021-11-07","2021-11-07T02:48:42Z"]',
            b"a_real__lt=1e300&a_text__contains=%00&cursor=AAAA&day=2020-02-29",
        ),
    ),
    "rejects_file": Target(
        rejects_file,
        (
            b'\x011,"a\r""b"',
            b'\x42{"id": "=1", "job": " x"}',
            b"\x02[1, [2], null]",
            b"\x03+M,@1,\t-2\r",
        ),
    ),
}
