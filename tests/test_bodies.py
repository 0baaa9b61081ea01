"""Bodies that are no form, or no whole one: each is told so, and none loads part."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.sending import batch, upload
from werkzeug.test import TestResponse

MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"
TABLE = b'Content-Disposition: form-data; name="table_name"\r\n\r\ndepartments'
FILE = b'Content-Disposition: form-data; name="csv_file"; filename="d.csv"\r\n\r\n'
DATA = b'Content-Disposition: form-data; name="data"\r\n'
ROWS = b"1,Sales\r\n2,Legal\r\n3,Garden\r\n"
BATCH = {"table_name": "departments", "data": [[1, "Sales"]]}


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


WHOLE = form(TABLE, FILE + ROWS)


def send(
    client: FlaskClient,
    body: bytes,
    kind: str | None = MULTIPART,
    path: str = "/upload_csv",
    length: int | None = None,
    coding: str | None = None,
) -> TestResponse:
    headers = {"Content-Encoding": coding} if coding else {}
    return client.post(
        path,
        input_stream=BytesIO(body),
        content_type=kind,
        headers=headers,
        environ_overrides={"CONTENT_LENGTH": str(length or len(body))},
    )


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def loads(client: FlaskClient) -> list[Any]:
    found: list[Any] = client.get("/loads").json
    return found


def test_a_whole_form_is_loaded(client: FlaskClient) -> None:
    assert send(client, WHOLE).json["loaded"] == 3


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (WHOLE, "multipart/form-data", "names no boundary"),
        (WHOLE, "multipart/form-data; boundary=", "names no boundary"),
        (WHOLE, "multipart/form-data; boundary=c", "begins with '--b'"),
        (WHOLE * 10_000, "multipart/form-data; boundary=c", "begins with '--b'"),
        (WHOLE, f"multipart/form-data; boundary={'c' * 9999}", "begins with '--b'"),
        (form(TABLE, FILE + ROWS, end=b""), MULTIPART, "in its field 'csv_file'"),
        (WHOLE[: WHOLE.index(b"2,Legal")], MULTIPART, "in its field 'csv_file'"),
        (WHOLE[: WHOLE.index(b"name")], MULTIPART, "in its first field"),
        (WHOLE[:-6], MULTIPART, "in its field 'csv_file'"),
        (form(TABLE, b"Content-Type: text/csv\r\n\r\n1,a"), MULTIPART, "Disposition"),
        (form(TABLE, FILE.replace(b'name="csv_file"; ', b"")), MULTIPART, "no name"),
        (
            form(FILE + ROWS + b"--b--\r\n4,Kitchen", TABLE),
            MULTIPART,
            "something behind",
        ),
        (form(TABLE).replace(b"--b\r\n", b"-b\r\n", 1) + WHOLE, MULTIPART, "before"),
    ],
)
def test_a_form_that_cannot_be_read_whole_is_refused(
    shared_client: FlaskClient, body: bytes, kind: str, words: str
) -> None:
    answer = send(shared_client, body, kind)
    assert told(answer) == (400, "malformed_request")
    assert words in answer.json["detail"]
    assert loads(shared_client) == []


def test_a_form_cut_short_anywhere_loads_nothing(shared_client: FlaskClient) -> None:
    # The line end behind the last boundary is not missed.
    for length in range(len(WHOLE) - 2):
        answer = send(shared_client, WHOLE[:length])
        assert answer.status_code == 400, WHOLE[:length]
    assert loads(shared_client) == []


def test_a_body_shorter_than_it_says_is_refused(shared_client: FlaskClient) -> None:
    answer = send(shared_client, WHOLE, length=len(WHOLE) + 10)
    assert told(answer) == (400, "incomplete_body")
    assert loads(shared_client) == []


@pytest.mark.parametrize("path", ["/upload_csv", "/insert_batch", "/restore"])
def test_a_content_encoding_is_told(shared_client: FlaskClient, path: str) -> None:
    kinds = {"/upload_csv": MULTIPART, "/insert_batch": "application/json"}
    kind = kinds.get(path, "application/octet-stream")
    address = path if path in kinds else "/tables/jobs/restore"
    answer = send(shared_client, b"\x1f\x8b", kind, address, coding="gzip")
    assert told(answer) == (415, "unsupported_media_type")
    assert "Content-Encoding 'gzip'" in answer.json["detail"]


def test_content_as_it_is_may_say_so(client: FlaskClient) -> None:
    assert send(client, WHOLE, coding="identity").json["loaded"] == 3


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (b'filename="Geh\xe4lter.csv"', "Gehälter.csv"),
        ('filename="Gehälter.csv"'.encode(), "Gehälter.csv"),
        (b'filename="\xc3\xe8\x81.csv"', "Ãè\ufffd.csv"),
        (b"filename*=UTF-8''Geh%C3%A4lter.csv", "Gehälter.csv"),
        (b"filename=\"x.csv\"; filename*=UTF-8''Geh%C3%A4lter.csv", "Gehälter.csv"),
    ],
)
def test_the_name_of_a_file_may_be_in_any_letters(
    client: FlaskClient, named: bytes, shown: str
) -> None:
    part = FILE.replace(b'filename="d.csv"', named)
    answer = send(client, form(part + ROWS, TABLE))
    assert answer.json["loaded"] == 3, answer.text
    assert loads(client)[0]["file_name"] == shown


@pytest.mark.parametrize(
    "body",
    [
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"Content-Disposition", b"CONTENT-disposition"),
        form(b"Content-Type: text/plain\r\n" + TABLE, b"X-Other: 1\r\n" + FILE + ROWS),
        form(TABLE, FILE.replace(b"\r\n", b"\r\n\t;x=1\r\n", 1) + ROWS),
        b"\r\n" + WHOLE + b"\r\n\r\n",
    ],
)
def test_a_form_may_be_written_in_other_ways(client: FlaskClient, body: bytes) -> None:
    assert send(client, body).json["loaded"] == 3


@pytest.mark.parametrize("coding", [b"base64", b"quoted-printable"])
def test_a_coded_part_is_refused(shared_client: FlaskClient, coding: bytes) -> None:
    part = b"Content-Transfer-Encoding: " + coding + b"\r\n" + FILE + ROWS
    answer = send(shared_client, form(TABLE, part))
    assert told(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(TABLE, DATA + b'\r\n[[1,"\xe4"]]'), MULTIPART),
        (b'table_name=departments&data=[[1,"%E4"]]', URLENCODED),
        (b'table_name=departments&data=[[1,"\xe4"]]', URLENCODED),
    ],
)
def test_fields_that_are_not_utf8_are_refused(
    shared_client: FlaskClient, body: bytes, kind: str
) -> None:
    answer = send(shared_client, body, kind, "/insert_batch")
    assert told(answer) == (400, "malformed_request")
    assert "not UTF-8" in answer.json["detail"]


def test_a_field_may_say_that_it_is_latin(client: FlaskClient) -> None:
    data = DATA + b'Content-Type: text/plain; charset=ISO-8859-1\r\n\r\n[[1,"\xe4"]]'
    answer = send(client, form(TABLE, data), path="/insert_batch")
    assert answer.json["loaded"] == 1


@pytest.mark.parametrize("kind", ["text/csv", "application/octet-stream", URLENCODED])
def test_a_file_sent_as_the_body_is_told_how_to_send_it(
    shared_client: FlaskClient, kind: str
) -> None:
    answer = send(shared_client, ROWS, kind)
    assert told(answer) == (415, "unsupported_media_type")
    assert "curl -F csv_file=@FILE.csv -F table_name=" in answer.json["detail"]


@pytest.mark.parametrize("kind", [MULTIPART, URLENCODED, "text/csv", None])
def test_an_upload_of_nothing_is_told(
    shared_client: FlaskClient, kind: str | None
) -> None:
    answer = send(shared_client, b"", kind)
    assert told(answer) == (400, "missing_field")
    assert "no body" in answer.json["detail"]


def test_a_file_in_another_field_is_told(shared_client: FlaskClient) -> None:
    part = FILE.replace(b"csv_file", b"file") + ROWS
    answer = send(shared_client, form(TABLE, part))
    assert answer.status_code == 400
    assert "the field 'file'" in answer.json["detail"]
    assert "csv_file=@" in answer.json["detail"]


def test_a_file_sent_as_a_text_is_told(shared_client: FlaskClient) -> None:
    part = b'Content-Disposition: form-data; name="csv_file"\r\n\r\n' + ROWS
    answer = send(shared_client, form(TABLE, part))
    assert told(answer) == (400, "missing_field")
    assert "Put @ before" in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "query", "written"),
    [
        ("/upload_csv", "table_name=departments", "-F table_name=TABLE"),
        ("/upload_csv", "mode=replace", "curl -F"),
        ("/insert_batch", "table_name=departments", '"table_name": "TABLE"'),
    ],
)
def test_a_field_in_the_address_is_told(
    shared_client: FlaskClient, path: str, query: str, written: str
) -> None:
    answer = send(shared_client, WHOLE, path=f"{path}?{query}")
    assert told(answer) == (400, "undeclared_parameter")
    assert "a field of the body" in answer.json["detail"]
    assert written in answer.json["detail"]


@pytest.mark.parametrize("kind", ["application/json", URLENCODED, None])
def test_a_batch_is_known_by_what_it_is(client: FlaskClient, kind: str | None) -> None:
    body = json.dumps(BATCH).encode()
    assert send(client, body, kind, "/insert_batch").json["loaded"] == 1


@pytest.mark.parametrize("kind", ["application/json", URLENCODED, "text/csv", None])
def test_a_file_sent_as_a_batch_is_told_where_files_go(
    shared_client: FlaskClient, kind: str | None
) -> None:
    answer = send(shared_client, ROWS, kind, "/insert_batch")
    assert answer.status_code == (415 if kind == "text/csv" else 400)
    assert "curl -F csv_file=@FILE.csv -F table_name=" in answer.json["detail"]


@pytest.mark.parametrize("kind", ["application/json", URLENCODED, MULTIPART, None])
def test_a_batch_of_nothing_is_told(
    shared_client: FlaskClient, kind: str | None
) -> None:
    answer = send(shared_client, b"", kind, "/insert_batch")
    assert answer.status_code == 400
    assert "no body" in answer.json["detail"]


def test_a_batch_takes_no_file(shared_client: FlaskClient) -> None:
    answer = send(shared_client, WHOLE, path="/insert_batch")
    assert "/upload_csv" in answer.json["detail"]
    part = FILE.replace(b"csv_file", b"data") + b"[]"
    answer = send(shared_client, form(TABLE, part), path="/insert_batch")
    assert "-F 'data=<FILE'" in answer.json["detail"]


def test_one_row_is_told_in_the_singular(shared_client: FlaskClient) -> None:
    detail = upload(shared_client, b"x\n").json["detail"]
    assert detail.startswith("1 row was rejected, so nothing was stored.")
    detail = upload(shared_client, b"x\ny\n").json["detail"]
    assert detail.startswith("All 2 rows were rejected, so nothing was stored.")
    rows = [[1, "Sales"], [2, None]]
    detail = batch(shared_client, rows, "handling=strict").json["detail"]
    assert detail.startswith("1 of 2 rows was rejected, and all or nothing")
