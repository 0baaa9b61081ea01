"""Hostile requests, a line each: what is sent, and what it has to be told.

Every request is the very bytes that go over the socket, since a client library would
mend or refuse most of them by itself.
"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any

METRIC = "/metrics/departments_above_average"
JSON = "Content-Type: application/json"
FORM = "Content-Type: multipart/form-data; boundary=b"
MEGABYTE = b"x" * (1 << 20)
# Refused by the HTTP library, before there is a request that could be answered.
NO_REQUEST = ""


@dataclass(frozen=True)
class Got:
    """An answer, as far as it goes."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        if self.headers.get("content-type") != "application/problem+json":
            return NO_REQUEST
        code: str = json.loads(self.body)["code"]
        return code


@dataclass(frozen=True)
class Hostile:
    """A request, the status and code that it gets, and how many rows it may load."""

    name: str
    request: Iterable[bytes]
    status: int
    code: str = NO_REQUEST
    loaded: int = 0
    # What may never come out again, in a header, a body or a log.
    never: tuple[bytes, ...] = field(default=())


def send(port: int, request: Iterable[bytes]) -> Got:
    """The answer to these bytes, which may come before the last of them is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        try:
            for part in request:
                connection.sendall(part)
        except OSError:
            pass  # refused before it was all sent
        answer = HTTPResponse(connection)
        try:
            answer.begin()
        except (HTTPException, OSError):
            return Got(0, {}, b"")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, headers, answer.read())


def get(target: str, *headers: str) -> list[bytes]:
    return [_head(f"GET {target}", *headers)]


def ask(**parameters: str) -> list[bytes]:
    """A question to the metric, its values put into the address as they are."""
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return get(f"{METRIC}?{query}")


def batch(body: str | bytes, *headers: str) -> list[bytes]:
    content = body if isinstance(body, bytes) else body.encode()
    length = f"Content-Length: {len(content)}"
    wanted = ("Prefer: respond-async", *headers)
    return [_head("POST /insert_batch", JSON, length, *wanted), content]


def jobs(rows: str) -> list[bytes]:
    return batch(f'{{"table_name": "jobs", "data": {rows}}}')


def upload(
    content: bytes | tuple[bytes, int], table: str = "jobs", name: str = "f.csv"
) -> Iterator[bytes]:
    """A file: its bytes, or a part of it and how often that part stands in it."""
    part, times = content if isinstance(content, tuple) else (content, 1)
    start = part_of("csv_file", b"", name)[:-2]
    end = b"\r\n" + part_of("table_name", table.encode()) + b"--b--\r\n"
    length = f"Content-Length: {len(start) + len(part) * times + len(end)}"
    yield _head("POST /upload_csv", FORM, length, "Prefer: respond-async") + start
    for _ in range(times):
        yield part
    yield end


def form(*parts: bytes, kind: str = FORM) -> list[bytes]:
    body = b"".join(parts) + b"--b--\r\n"
    return [_head("POST /upload_csv", kind, f"Content-Length: {len(body)}"), body]


def part_of(name: str, content: bytes, file_name: str | None = None) -> bytes:
    named = "" if file_name is None else f'; filename="{file_name}"'
    disposition = f'Content-Disposition: form-data; name="{name}"{named}'
    return f"--b\r\n{disposition}\r\n\r\n".encode() + content + b"\r\n"


def cursor(*content: Any) -> str:
    """A cursor of our own making, for the rows of all years in their usual order."""
    packed = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    return packed.rstrip("=")


def _head(line: str, *headers: str) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _gzip_bomb() -> bytes:
    """8 GiB in 8 MB: a member of 16 MiB, 512 times."""
    row = b"1," + b"x" * 1022 + b"\n"
    return gzip.compress(row * (1 << 14), mtime=0) * 512


def _gzip_of_nothing() -> bytes:
    """16 MB of members in which there is nothing."""
    return gzip.compress(b"1,a\n") + gzip.compress(b"", mtime=0) * 800_000


def _gzip_with_endless_name() -> bytes:
    head = b"\x1f\x8b\x08\x08" + struct.pack("<L", 0) + b"\x00\xff"
    return head + b"n" * (16 << 20)


def _deep(depth: int) -> str:
    return "[" * depth + "]" * depth


def _row_of(count: int) -> list[bytes]:
    """A batch of one row, with so many columns that the table does not have."""
    return jobs(json.dumps([{f"k{n}": 1 for n in range(count)}]))


def _many(name: str, count: int) -> str:
    return "&".join(f"{name}={n}" for n in range(count))


def files() -> list[Hostile]:
    return [
        Hostile("gzip bomb, 8 GiB in 8 MB", upload(_gzip_bomb()), 413, "too_large"),
        Hostile(
            "gzip of a million empty members",
            upload(_gzip_of_nothing()),
            400,
            "broken_gzip",
        ),
        Hostile(
            "gzip whose name never ends",
            upload(_gzip_with_endless_name()),
            400,
            "broken_gzip",
        ),
        Hostile(
            "gzip with garbage behind it",
            upload(gzip.compress(b"1,a\n") + b"<x>"),
            400,
            "broken_gzip",
        ),
        Hostile(
            "gzip cut short",
            upload(gzip.compress(b"1,a\n" * 999)[:-9]),
            400,
            "broken_gzip",
        ),
        Hostile(
            "gzip in gzip",
            upload(gzip.compress(gzip.compress(b"1,a\n"))),
            400,
            "binary_content",
        ),
        Hostile(
            "512 MB on a single line", upload((MEGABYTE, 512)), 400, "row_too_long"
        ),
        Hostile(
            "512 MB of a quote never closed",
            upload((b'1,"' + MEGABYTE[3:], 512)),
            400,
            "row_too_long",
        ),
        Hostile("quote never closed", upload(b'1,a\n2,"b\n3,c\n'), 202, loaded=2),
        Hostile(
            "50,000 lines with quotes never closed",
            upload(b"1,a\n" + b'2,"""b\n' * 50_000),
            202,
            loaded=1,
        ),
        Hostile(
            "more rows than are taken",
            upload(b"".join(b"%d,a\n" % n for n in range(300_000))),
            413,
            "too_many_rows",
        ),
        Hostile(
            "64 MiB of blank lines",
            upload((b"\n" * (1 << 20), 64)),
            413,
            "too_many_rows",
        ),
        Hostile(
            "100,000 columns in the header",
            upload(b"id," + b"c," * 100_000 + b"\n1,a\n"),
            422,
            "header_mismatch",
        ),
        Hostile(
            "100,000 columns of our own name",
            upload(b"id,job" + b",_line" * 100_000 + b"\n1,a\n"),
            422,
            "header_mismatch",
        ),
        Hostile(
            "100,000 columns in a row",
            upload(b"1,a\n" + b"x," * 100_000),
            202,
            loaded=1,
        ),
        Hostile(
            "50,000 rows, all bad", upload(b"1,a\n" + b"x\n" * 50_000), 202, loaded=1
        ),
        Hostile(
            "20 bad rows of a megabyte",
            upload((b"x," * 500_000 + b"\n", 20)),
            422,
            "no_usable_row",
        ),
        Hostile("NUL bytes", upload(b"1,a\0b\n"), 400, "binary_content"),
        Hostile("not UTF-8", upload(b"1,\xff\xfe\n"), 400, "not_utf8"),
        Hostile("a surrogate in UTF-8", upload(b"1,\xed\xa0\x80\n"), 400, "not_utf8"),
        Hostile(
            "a zip of nothing but zeros",
            upload(b"PK\x03\x04" + b"\0" * 99),
            400,
            "unreadable_file",
        ),
        Hostile(
            "a number of 100,000 digits",
            upload(b"9" * 100_000 + b",a\n"),
            422,
            "no_usable_row",
        ),
        Hostile(
            "100,000 zeros before a number",
            upload(b"0" * 100_000 + b"7,a\n"),
            202,
            loaded=1,
        ),
        Hostile(
            "digits of other scripts", upload("١٢,a\n".encode()), 422, "no_usable_row"
        ),
        Hostile(
            "formulas as cells",
            upload(b"11,=cmd|' /C calc'!A0\n12,@SUM(1)\n"),
            202,
            loaded=2,
        ),
        Hostile(
            "script as a cell", upload(b"13,<script>alert(1)</script>\n"), 202, loaded=1
        ),
        Hostile(
            "controls and bidi as a cell",
            upload("14,a\x1b[2J\u202eb\x07\n".encode()),
            202,
            loaded=1,
            never=(b"\x1b[2J",),
        ),
        Hostile(
            "file name with folders",
            upload(b"15,a\n", name="../../etc/passwd"),
            202,
            loaded=1,
            never=(b"etc/passwd",),
        ),
        Hostile(
            "file name with a terminal's controls",
            upload(b"16,a\n", name="\x1b[31m\u202e.csv"),
            202,
            loaded=1,
            never=(b"\x1b[31m",),
        ),
        Hostile(
            "file name of 100,000 characters",
            upload(b"17,a\n", name="n" * 100_000),
            202,
            loaded=1,
            never=(b"n" * 300,),
        ),
    ]


def forms() -> list[Hostile]:
    return [
        Hostile(
            "two files in one form",
            form(
                part_of("csv_file", b"1,a\n", "a"),
                part_of("csv_file", b"2,b\n", "b"),
                part_of("table_name", b"jobs"),
            ),
            400,
            "bad_parameter",
        ),
        Hostile(
            "two tables in one form",
            form(
                part_of("csv_file", b"1,a\n", "a"),
                part_of("table_name", b"jobs"),
                part_of("table_name", b"departments"),
            ),
            400,
            "bad_parameter",
        ),
        Hostile(
            "3,000 parts",
            form(*[part_of(f"f{n}", b"") for n in range(3000)]),
            413,
            "too_large",
        ),
        Hostile(
            "line ends in table_name",
            form(
                part_of("csv_file", b"1,a\n", "a"),
                part_of("table_name", b"jobs\r\nX-Evil: 1"),
            ),
            404,
            "unknown_table",
        ),
        Hostile(
            "SQL in table_name",
            form(
                part_of("csv_file", b"1,a\n", "a"),
                part_of("table_name", b'jobs"; drop table loads; --'),
            ),
            404,
            "unknown_table",
        ),
        Hostile(
            "no boundary",
            form(kind="Content-Type: multipart/form-data"),
            400,
            "malformed_request",
        ),
        Hostile(
            "a boundary of 10,000 characters",
            form(kind=f"Content-Type: multipart/form-data; boundary={'b' * 10_000}"),
            400,
            "malformed_request",
        ),
        Hostile(
            "a media type of 10,000 characters",
            form(kind=f"Content-Type: {'a' * 10_000}"),
            415,
            "unsupported_media_type",
        ),
    ]


def batches() -> list[Hostile]:
    return [
        Hostile(
            "JSON nested 100,000 deep", batch("[" * 100_000), 400, "malformed_request"
        ),
        Hostile(
            "a cell nested 900 deep",
            jobs(f'[[21, "a"], [22, {_deep(900)}]]'),
            202,
            loaded=1,
        ),
        Hostile(
            "a key twice in the body",
            batch('{"table_name": "jobs", "data": [[1, "a"]], "data": [[2, "b"]]}'),
            400,
            "malformed_request",
        ),
        Hostile(
            "a key twice in a row",
            jobs('[{"id": 1, "id": 2, "job": "a"}]'),
            400,
            "malformed_request",
        ),
        Hostile("NaN", jobs('[[NaN, "a"]]'), 400, "malformed_request"),
        Hostile("Infinity", jobs('[[-Infinity, "a"]]'), 400, "malformed_request"),
        Hostile("1e999", jobs('[[1e999, "a"]]'), 400, "malformed_request"),
        Hostile(
            "a JSON number of 100,000 digits",
            jobs(f'[[{"9" * 100_000}, "a"]]'),
            400,
            "malformed_request",
        ),
        Hostile(
            "a number of 20 digits", jobs(f'[[{"9" * 20}, "a"]]'), 422, "no_usable_row"
        ),
        Hostile("a lone surrogate", jobs(r'[[23, "\ud800"]]'), 422, "no_usable_row"),
        Hostile("NUL in a text", jobs(r'[[24, "a\u0000b"]]'), 422, "no_usable_row"),
        Hostile(
            "a text of two megabytes",
            jobs(f'[[25, "{"x" * (2 << 20)}"]]'),
            400,
            "row_too_long",
        ),
        Hostile("100,000 unknown columns", _row_of(100_000), 400, "row_too_long"),
        Hostile("10,000 unknown columns", _row_of(10_000), 422, "no_usable_row"),
        Hostile(
            "SQL as values", jobs('[[26, "\'); drop table jobs; --"]]'), 202, loaded=1
        ),
        Hostile(
            "not UTF-8 in JSON",
            batch(b'{"table_name": "\xff"}'),
            400,
            "malformed_request",
        ),
        Hostile(
            "an Idempotency-Key of 10,000",
            batch("{}", "Idempotency-Key: " + "k" * 10_000),
            400,
            "missing_field",
        ),
        Hostile(
            "a Prefer that waits for ever",
            batch(
                '{"table_name": "jobs", "data": [[27, "a"]]}',
                f"Prefer: wait={'9' * 400}",
            ),
            202,
            loaded=1,
        ),
    ]


def questions() -> list[Hostile]:
    return [
        Hostile("SQL as a column's value", ask(department="x'%20or%201=1%20--"), 200),
        Hostile(
            "SQL as a parameter",
            ask(**{"hired)%20or%20(1": "1"}),
            400,
            "undeclared_parameter",
        ),
        Hostile(
            "SQL in sort", ask(sort="hired;drop%20table%20builds"), 400, "bad_parameter"
        ),
        Hostile(
            "SQL in select",
            ask(select="(select%20sql%20from%20sqlite_master)"),
            400,
            "bad_parameter",
        ),
        Hostile(
            "SQL as a metric",
            get('/metrics/x"%20union%20select%201'),
            404,
            "unknown_metric",
        ),
        Hostile(
            "a cursor that is no base64", ask(cursor="%2e%2e/%00"), 400, "bad_parameter"
        ),
        Hostile(
            "a cursor of another query",
            ask(cursor=cursor("0" * 16, 1, 1, "a")),
            400,
            "bad_parameter",
        ),
        Hostile(
            "a cursor nested deep",
            ask(cursor=base64.urlsafe_b64encode(b"[" * 20_000).decode()),
            400,
            "bad_parameter",
        ),
        Hostile(
            "5,000 values of a column",
            get(f"{METRIC}?{_many('hired', 5000)}"),
            400,
            "bad_parameter",
        ),
        Hostile("500 values of a column", get(f"{METRIC}?{_many('hired', 500)}"), 200),
        Hostile("100,000 parameters", get(f"{METRIC}?{_many('x', 100_000)}"), 431),
        Hostile("a parameter twice", ask(limit="1&limit=2"), 400, "bad_parameter"),
        Hostile("a format twice", ask(format="csv&format=json"), 400, "bad_parameter"),
        Hostile(
            "a number of 6,000 digits",
            get(f"/loads?before={'0' * 20}{'1' * 6000}"),
            400,
            "bad_parameter",
        ),
        Hostile("NUL as a value", ask(department="%00"), 200),
        Hostile(
            "line ends as a value",
            ask(year="all", limit="1", department__ne="%0d%0aX-Evil:1"),
            200,
            never=(b"\r\nX-Evil", b"\nX-Evil"),
        ),
        Hostile(
            "script as a value, drawn",
            ask(
                format="svg",
                year="all",
                department__ne="%3Cscript%3Ealert(1)%3C/script%3E",
            ),
            200,
            never=(b"<script",),
        ),
        Hostile(
            "line ends in the address",
            get("/x%0d%0aX-Evil:1"),
            404,
            "not_found",
            never=(b"\r\nX-Evil",),
        ),
        Hostile(
            "folders in the address", get("/%2e%2e/%2e%2e/etc/passwd"), 404, "not_found"
        ),
        Hostile(
            "folders in an asset",
            get("/assets/..%2f..%2f__init__.py"),
            404,
            "not_found",
        ),
        Hostile("a slash at the end", get(f"{METRIC}/"), 404, "not_found"),
        Hostile(
            "digits of other scripts in the address",
            get("/loads/%D9%A1"),
            404,
            "not_found",
        ),
        Hostile(
            "a load of 5,000 digits", get(f"/loads/{'1' * 5000}"), 404, "not_found"
        ),
        Hostile(
            "an Accept of 300 kB",
            get(METRIC, f"Accept: {'a/b,' * 75_000}"),
            400,
            "malformed_request",
        ),
        Hostile(
            "an If-None-Match of 300 kB",
            get(METRIC, f'If-None-Match: "{"e" * 300_000}"'),
            400,
            "malformed_request",
        ),
        Hostile(
            "an If-None-Match of 1 MB",
            get(METRIC, f'If-None-Match: "{"e" * (1 << 20)}"'),
            431,
        ),
        Hostile(
            "an Accept of nonsense",
            get(METRIC, "Accept: ;;q=x,,\xff/\xfe;q=1e9"),
            200,
        ),
        Hostile("TRACE", [_head(f"TRACE {METRIC}")], 405, "method_not_allowed"),
        Hostile(
            "a method of our own making",
            [_head(f"{'A' * 300} {METRIC}")],
            405,
            "method_not_allowed",
        ),
        Hostile(
            "NUL in the request line", [b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"], 400
        ),
        Hostile(
            "no HTTP at all",
            [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
            400,
        ),
    ]


def every_request() -> list[Hostile]:
    return [*files(), *forms(), *batches(), *questions()]
