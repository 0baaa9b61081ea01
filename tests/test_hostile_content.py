"""Content made to do harm, at the door and where it comes out again; no server."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
import time

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from support.charts import BARS, drawn, words_of
from support.properties import MART, TABLES, cursor_of, read
from support.response_cache import Cached
from support.sending import batch, upload

from api.errors import (
    BadParameter,
    BadRequest,
    BrokenGzip,
    HeaderMismatch,
    Problem,
    RowTooLong,
    TooLarge,
    TooManyRows,
)
from api.formats.charts.printable import LONGEST
from api.intake import CsvFile, Limits, read_batch
from api.intake.json_text import json_value
from api.intake.keys import LONG_KEY, SeenKeys
from api.loading import RAW_SHOWN
from api.metrics.parameters import read_query
from api.middleware.response_cache import ENTRY_BYTES
from api.wording import file_label, quoted, without_formula

WORDS, JOBS, EVERYTHING, CHOICES = TABLES
ROW = b"%d,Cook\n"


# Files


def rows_of(count: int) -> bytes:
    return b"".join(ROW % number for number in range(count))


@pytest.mark.parametrize(
    ("content", "limits", "problem", "part"),
    [
        (gzip.compress(rows_of(99)), Limits(unpacked_bytes=500), TooLarge, "500 bytes"),
        (gzip.compress(b"1,a\n") * 99, Limits(200), TooLarge, "MAX_UPLOAD_BYTES"),
        (rows_of(11), Limits(rows=10), TooManyRows, "10 rows (MAX_UPLOAD_ROWS)"),
        (b"1,a\n" + b"x\n" * 10, Limits(rows=10), TooManyRows, "10 rows"),
        (b"1,a\n" + b"\n" * 11, Limits(rows=10), TooManyRows, "10 rows"),
        (b"\n" * 200_000 + b"1,a\n", Limits(rows=10), TooManyRows, "10 rows"),
    ],
)
def test_more_than_may_be_in_a_file(
    content: bytes, limits: Limits, problem: type[Problem], part: str
) -> None:
    outcome = read(JOBS, content, limits=limits)
    assert isinstance(outcome, problem) and part in outcome.detail


def test_as_much_as_may_be_in_a_file() -> None:
    packed = gzip.compress(rows_of(10))
    rows, _ = read(JOBS, packed, limits=Limits(len(rows_of(10)), 10))  # type: ignore[misc]
    assert len(rows) == 10


class Endless(io.RawIOBase):
    """A file that never ends, and counts what is read of it."""

    def __init__(self, start: bytes, again: bytes) -> None:
        self.taken = 0
        self._waiting, self._again = start, again

    def read(self, size: int = -1, /) -> bytes:
        while len(self._waiting) < size:
            self._waiting += self._again
        chunk, self._waiting = self._waiting[:size], self._waiting[size:]
        self.taken += size
        return chunk


ROWS_OF_A_KB = gzip.compress((b"1," + b"x" * 1021 + b"\n") * 4096, mtime=0)


@pytest.mark.parametrize(
    ("again", "problem", "most"),
    [
        (ROWS_OF_A_KB, TooLarge, 1 << 20),
        (gzip.compress(b"", mtime=0), BrokenGzip, 4 << 20),
        (b"\0" * 99, BrokenGzip, 4 << 20),
    ],
    ids=["bomb", "empty members", "padding"],
)
def test_gzip_that_never_ends_is_left_soon(
    again: bytes, problem: type[Problem], most: int
) -> None:
    stream = Endless(gzip.compress(b"1,a\n"), again)
    with pytest.raises(problem):
        list(CsvFile(JOBS, stream))  # type: ignore[arg-type]
    assert stream.taken < most


def test_file_that_packs_well_is_no_bomb() -> None:
    content = b"".join(b"%d,%s\n" % (n, b"Cook" * 30) for n in range(9000))
    rows, _ = read(JOBS, gzip.compress(content))  # type: ignore[misc]
    assert len(rows) == 9000


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("id" + ",c" * 50_000, ["it has 50,001 cells", "id, job"]),
        ("id" + ",c" * 900, ["column 'c'", "880 more are unknown", "'job'"]),
        ("id,job" + "," * 50_000, ["it has 50,002 cells"]),
        ("id" + "," * 900 + "job", ["column 2 has no name", "879 more"]),
        ("job,id" + ",_LINE" * 900, ["'_line' stands there 900 times"]),
        ("job" + ",id" * 900, ["'id' stands there 900 times"]),
    ],
)
def test_header_of_many_columns_is_told_briefly(header: str, parts: list[str]) -> None:
    outcome = read(JOBS, f"{header}\n1,a\n".encode())
    assert isinstance(outcome, HeaderMismatch)
    assert len(outcome.detail) < 2000
    for part in parts:
        assert part in outcome.detail


@pytest.mark.parametrize("text", ["0" * 99_999 + "7", "-" + "0" * 9999, "00"])
def test_zeros_before_a_number_do_not_count(text: str) -> None:
    rows, rejects = read(JOBS, f"{text},a\n".encode())  # type: ignore[misc]
    assert (rows[0]["id"], rejects) == (7 if text.endswith("7") else 0, [])


def test_refused_rows_are_handed_out_a_few_at_a_time() -> None:
    file = CsvFile(JOBS, io.BytesIO(b"1,a\n" + b"x\n" * 200_000 + b"2,b\n"))
    blocks = list(file)
    assert max(block.received for block in blocks) <= 20_000
    lines = [reject.line for block in blocks for reject in block.rejects]
    assert lines == list(range(2, 200_002))
    assert sum(block.rows.num_rows for block in blocks) == 2


def test_long_keys_are_known_by_their_digest() -> None:
    seen = SeenKeys(EVERYTHING)
    long = "k" * (LONG_KEY + 1)
    rows = [[text, 1, None, None, None, None] for text in (long, long + "a", long, "b")]
    rows = [[1, text, None, None, None, None] for text, *_ in rows]
    (reject,) = read_batch(EVERYTHING, rows).rejects
    assert (reject.line, reject.defects[0].code) == (3, "repeated_id")
    assert not seen.repeated(read_batch(EVERYTHING, rows[:1]).rows)
    assert max(len(str(part)) for key in seen._set for part in key) < 200


# JSON


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"a": 1, "b": 2, "a": 1}', "'a' twice"),
        ('[[{"deep": [{"x": 1, "x": null}]}]]', "'x' twice"),
        ("[NaN]", "no NaN"),
        ("[-Infinity]", "no -Infinity"),
        ("[1e400]", "'1e400'"),
        ("[" + "1" * 5000 + "]", "thousands of digits"),
        ("[0." + "1" * 5000 + "]", "5,002 characters"),
        ("[" * 99_999, "nested too deeply"),
        ('{"' + "k" * 9999 + '": 1, "' + "k" * 9999 + '": 2}', "'kkk"),
        ("{]", "not JSON"),
    ],
)
def test_json_that_is_not_taken(text: str, part: str) -> None:
    with pytest.raises(BadRequest) as caught:
        json_value(text)
    assert part in caught.value.detail
    assert len(caught.value.detail) < 300


def is_kept_by_floats(number: float) -> bool:
    return not 2**53 <= abs(number) < 2**64


def test_a_whole_number_keeps_its_digits_whatever_its_spelling() -> None:
    text = "[9007199254740993.0, 1e18, 9007199254740993.5]"
    exact = [9007199254740993, 10**18, 9007199254740994.0]
    assert list(map(repr, json_value(text))) == list(map(repr, exact))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False).filter(is_kept_by_floats)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_all_other_json_is_what_python_reads(value: object) -> None:
    assert json_value(json.dumps(value)) == value


def test_an_object_of_many_keys_is_read_fast() -> None:
    began = time.monotonic()
    text = json.dumps({f"k{n}": n for n in range(100_000)})
    with pytest.raises(BadRequest, match="'k99999' twice"):
        json_value(text[:-1] + ', "k99999": 1}')
    assert time.monotonic() - began < 5


def test_unknown_columns_of_a_row_are_told_up_to_a_number() -> None:
    row = {"id": 1, "job": "a"} | {f"k{n}": 1 for n in range(5000)}
    (reject,) = read_batch(JOBS, [row]).rejects
    assert 10 < len(reject.defects) < 50


@pytest.mark.parametrize(
    "row",
    [
        [1, "x" * (1 << 20)],
        [1, "x" * (2 << 20)],
        ["x" * (2 << 20), 1],
        # Of another width: no cell of it is looked at.
        [1, "a", "x" * (2 << 20)],
    ],
)
def test_row_of_a_batch_is_no_longer_than_one_of_a_file(row: list[object]) -> None:
    with pytest.raises(RowTooLong, match="Row 2 is longer than 1,048,576"):
        read_batch(JOBS, [[2, "a"], row])


# Questions


@pytest.mark.parametrize(
    "position",
    [
        [2**63 - 1, 1, "a", 1.5, True, None, None],
        [0, 1, "a", 1.5, True, None, None],
        [1, 1, "a", 10**400, True, None, None],
        [1, 1, "a", float("inf"), True, None, None],
        [1, 1, "a", 7, True, None, None],
        [1, 2**63, "a", 1.5, True, None, None],
        [1, 1, "\ud800", 1.5, True, None, None],
        [1, 1, "a"],
    ],
)
def test_cursor_that_we_did_not_give_out(position: list[object]) -> None:
    cursor = cursor_of(read_query(MART, {}), position)
    with pytest.raises(BadParameter, match="not one that was given out"):
        read_query(MART, {"cursor": [cursor]})


@pytest.mark.parametrize("name", ["number", "a_text", "a_text__ne", "a_timestamp"])
def test_values_of_a_parameter_are_limited(name: str) -> None:
    texts = [f"{2000 + n // 300}-01-01" for n in range(900)]
    if name != "a_timestamp":
        texts = [str(n) for n in range(501)]
        with pytest.raises(BadParameter, match="501 values"):
            read_query(MART, {name: texts})
    read_query(MART, {name: texts[:500] * 2})


@pytest.mark.parametrize(
    "query",
    [
        "/loads?limit=1&limit=2",
        "/loads?before=" + "0" * 20 + "1" * 5000,
        "/loads?" + "k" * 5000 + "=1",
        "/metrics/employees_per_department?format=csv&format=json",
        "/metrics/employees_per_department?spreadsheet=" + "t" * 5000,
        "/loads/1/rejects?spreadsheet=1",
    ],
)
def test_parameters_that_are_refused_are_told_briefly(
    client: FlaskClient, query: str
) -> None:
    upload(client, b"1,Sales\n")
    answer = client.get(query)
    assert answer.status_code == 400
    assert answer.json["code"] in ("bad_parameter", "undeclared_parameter")
    assert len(answer.data) < 1000


def test_header_of_any_length_is_not_read(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "a/b," * 5000})
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")
    assert "Accept" in answer.json["detail"]


def test_no_line_of_the_log_is_the_askers(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    client.application.view_functions["metrics.get_metric"] = lambda name: fails()
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.ERROR, "api"):
        answer = client.get("/metrics/x%0d%0a2026-01-01 all is well")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "\n" not in caplog.messages[0] and "\r" not in caplog.messages[0]


@pytest.mark.parametrize(
    "path", ["/", "/loads", "/loads/9", "/nowhere", "/openapi.json"]
)
def test_no_answer_is_taken_for_another_kind(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


# Texts where they come out again


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("jobs.csv", "jobs.csv"),
        ("Über uns 2026.csv", "Über uns 2026.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\jobs.csv", "jobs.csv"),
        ("a\r\nSet-Cookie: b.csv", "a\ufffd\ufffdSet-Cookie: b.csv"),
        ("\x1b[31m\u202e\ud800.csv", "\ufffd[31m\ufffd\ufffd.csv"),
        ("folder/", None),
        ("", None),
        (None, None),
    ],
)
def test_file_name_is_only_a_label(name: str | None, label: str | None) -> None:
    assert file_label(name) == label
    assert len(file_label("x" * 99_999) or "") == 255


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\u202eabc", "\ud800", "\0"])
def test_quoted_texts_are_one_printable_line(text: str) -> None:
    assert quoted(text).isprintable()
    assert len(quoted(text * 9999)) < 700


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        *(
            (text, f"'{text}")
            for text in ("=1+1", "+x", "-x", "@SUM(1)", "\tx", "\r=1")
        ),
        *(
            (text, f"'{text}")
            for text in (" =1", "\u00a0=1", "\ufeff@x", "\n-x", "＝1")
        ),
        *((text, f"'{text}") for text in ("-1+1", "-", "+1.5e", "--1")),
        *((text, text) for text in ("-5", "+1.5", "-1e3", "a=b", "", " ", "'=1")),
    ],
)
def test_what_a_spreadsheet_takes_for_a_formula(text: str, safe: str) -> None:
    assert without_formula(text) == safe


def test_rejects_for_a_spreadsheet_hold_no_formula(client: FlaskClient) -> None:
    upload(client, b'1,Sales\n=1+1,"@SUM(\n1)"\n-2,\n')
    told = client.get("/loads/1/rejects?format=csv&spreadsheet=true").data
    assert told.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(told.decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in rows] == ["'=1+1", "-2"]
    assert rows[0]["department"] == "'@SUM(\n1)"
    exact = client.get("/loads/1/rejects?format=csv").text
    assert "\n=1+1," in exact


def test_long_rows_are_cut_where_many_are_told_and_whole_in_the_file(
    client: FlaskClient,
) -> None:
    long = b"x" * 200_000
    answer = upload(client, b"1,Sales\n2," + long + b",3\nx," + long + b"\n").json
    listed = client.get("/loads/1/rejects").json
    for told in (answer["rejects"], listed["rejects"]):
        assert [len(reject["raw"]) for reject in told] == [RAW_SHOWN] * 2
        assert all(reject["raw"].endswith("…") for reject in told)
    rows = csv.reader(io.StringIO(client.get("/loads/1/rejects?format=csv").text))
    _, first, second = rows
    assert [len(first[1]), len(second[1])] == [200_002, 200_000]


def test_lone_carriage_return_survives_the_file_of_rejects(client: FlaskClient) -> None:
    upload(client, b'1,Sales\nx,"a\rb"\n')
    file = client.get("/loads/1/rejects?format=csv").data
    again = upload(client, file.replace(b"\nx,", b"\n2,")).json
    assert (again["loaded"], again["rejected"]) == (1, 0)


@pytest.mark.parametrize("value", ["\ud800", "a\0b", {"\ud800": ["\0"]}])
def test_any_refused_value_can_be_told_as_csv(
    client: FlaskClient, value: object
) -> None:
    assert batch(client, [[1, "Sales"], [2, value]]).status_code == 202
    file = client.get("/loads/1/rejects?format=csv").data
    assert b"\0" not in file and file.decode().count("\n") == 2


def test_long_texts_are_drawn_fast_and_stay_different() -> None:
    rows: list[dict[str, object]] = [
        {"team": "x" * 200_000 + end, "hires": 3, "year": 2020, "q1": 1, "q2": 2}
        for end in "ab"
    ]
    began = time.monotonic()
    found = words_of(drawn(BARS, rows, subtitle="s" * 99_999))
    assert time.monotonic() - began < 20
    assert sum(text.startswith("xxx") for text in found) == 2
    assert max(map(len, found)) < LONGEST + 20


def test_long_texts_are_cut_in_a_preview(client: FlaskClient) -> None:
    content = b"".join(b"%d,%s\n" % (n, b"x" * 20_000) for n in range(20))
    answer = upload(client, content, query="?dry_run=true")
    assert len(answer.json["preview"]) == 20
    assert len(answer.data) < 50_000


# Memory


def test_long_questions_take_their_room() -> None:
    told = Cached(most_bytes=ENTRY_BYTES + 3000)
    told.get(HTTP_IF_NONE_MATCH="a" * 2000)
    told.get(HTTP_IF_NONE_MATCH="b" * 2000)
    told.get(HTTP_IF_NONE_MATCH="a" * 2000)
    assert told.asked == 3


def test_small_answers_take_their_room() -> None:
    cached = Cached(most_bytes=100 * ENTRY_BYTES)
    for year in range(50):
        cached.get(QUERY_STRING=f"year={year + 1}")
    assert cached.cache._answers.currsize >= 50 * ENTRY_BYTES
