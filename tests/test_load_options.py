"""Terms of a load: all or nothing, told briefly, only tried, or safe to repeat."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.sending import GOOD, batch, upload
from support.server import HANG_SECONDS, wait_until

from api.config import CHECKOUT, Settings
from api.errors import RequestInProgress
from api.warehouse.warehouse import open_warehouse

MIXED = b"1,Sales\nx,Legal\n3,\n"


def loads(client: FlaskClient) -> int:
    return len(client.get("/loads").json)


def contents(folder: Path) -> dict[str, str]:
    # By another process: this one may not open a database as a file.
    files = [str(path) for path in folder.rglob("*") if path.is_file()]
    done = subprocess.run(
        ["sha256sum", *files], capture_output=True, text=True, check=True
    )
    found = (line.split(maxsplit=1) for line in done.stdout.splitlines())
    return {Path(name).name: digest for digest, name in found}


def test_strict_refuses_a_file_for_one_bad_row(client: FlaskClient) -> None:
    answer = upload(client, MIXED, "handling=strict")
    assert (answer.status_code, answer.json["code"]) == (422, "rows_rejected")
    assert (answer.json["received"], answer.json["rejected"]) == (3, 2)
    assert [error["line"] for error in answer.json["errors"]] == [2, 3]
    assert loads(client) == 0
    assert upload(client, MIXED).json["loaded"] == 1, "the same file may come leniently"


def test_strict_refuses_a_batch_for_one_bad_row(client: FlaskClient) -> None:
    answer = batch(client, [[1, "Sales"], ["x", "Legal"]], "handling=strict")
    assert (answer.status_code, answer.json["code"]) == (422, "rows_rejected")
    assert loads(client) == 0


def test_strict_takes_a_file_without_a_bad_row(client: FlaskClient) -> None:
    answer = upload(client, GOOD, "handling=strict")
    assert (answer.status_code, answer.json["loaded"]) == (202, 2)
    assert answer.headers["Preference-Applied"] == "respond-async, handling=strict"


@pytest.mark.parametrize("prefer", ["handling=perhaps", "x=y"])
def test_other_preferences_change_nothing(client: FlaskClient, prefer: str) -> None:
    answer = upload(client, MIXED, prefer)
    assert (answer.json["loaded"], answer.json["rejected"]) == (1, 2)
    assert answer.headers["Preference-Applied"] == "respond-async"


def test_a_minimal_answer_has_only_the_counts(client: FlaskClient) -> None:
    answer = upload(client, MIXED, "return=minimal")
    assert answer.json == {"load_id": 1, "received": 3, "loaded": 1, "rejected": 2}
    assert answer.headers["Location"] == "/loads/1"
    assert "return=minimal" in answer.headers["Preference-Applied"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [("", {"dry_run": "true"}), ("?dry_run=true", {})],
)
def test_a_dry_run_tells_what_would_come_of_a_file(
    client: FlaskClient, query: str, fields: dict[str, str]
) -> None:
    answer = upload(client, b"department,id\nSales,1\nLegal,x\n", query=query, **fields)
    assert answer.status_code == 200
    body = answer.json
    assert body["dry_run"] is True and body["has_header"] is True
    assert (body["received"], body["loaded"], body["rejected"]) == (2, 1, 1)
    assert body["preview"] == [{"id": 1, "department": "Sales"}]
    assert body["rejects"][0]["code"] == "not_an_integer"
    assert loads(client) == 0


def test_a_dry_run_tells_what_would_come_of_a_batch(client: FlaskClient) -> None:
    answer = batch(client, [[1, "Sales"], [2]], dry_run=True)
    assert (answer.status_code, answer.json["rejected"]) == (200, 1)
    assert loads(client) == 0


def test_a_dry_run_that_is_asked_for_anywhere_is_one(client: FlaskClient) -> None:
    answer = upload(client, GOOD, query="?dry_run=true", dry_run="false")
    assert answer.json["dry_run"] is True
    body = {"table_name": "departments", "data": [[1, "Sales"]], "dry_run": False}
    assert client.post("/insert_batch?dry_run=true", json=body).json["dry_run"] is True
    for value in (0, 1, "yes", []):
        answer = client.post("/insert_batch", json=body | {"dry_run": value})
        assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")
    assert loads(client) == 0


@pytest.mark.parametrize("value", ["yes", "1", ""])
def test_a_dry_run_is_true_or_false(client: FlaskClient, value: str) -> None:
    answer = upload(client, GOOD, dry_run=value)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")
    assert upload(client, GOOD, dry_run="false").status_code == 202


def test_a_dry_run_refuses_what_a_load_would(client: FlaskClient) -> None:
    for content, code in ((b",Sales\n", "no_usable_row"), (b"", "empty_file")):
        assert upload(client, content, dry_run="true").json["code"] == code
    strict = upload(client, MIXED, "handling=strict", dry_run="true")
    assert (strict.status_code, strict.json["code"]) == (422, "rows_rejected")


def settled(warehouse: Path) -> Any:
    """The contents once the checkpoint that follows a load is over."""
    before = contents(warehouse)
    while True:
        time.sleep(0.3)
        now = contents(warehouse)
        if now == before:
            return now
        before = now


def test_a_dry_run_leaves_every_file_as_it_was(
    client: FlaskClient, warehouse: Path
) -> None:
    upload(client, MIXED)
    before = settled(warehouse)
    assert upload(client, GOOD * 1000, dry_run="true").status_code == 200
    assert batch(client, [[1, "Sales"], ["x"]], dry_run=True).status_code == 200
    assert upload(client, b",y\n", dry_run="true", key="k").status_code == 422
    assert contents(warehouse) == before


def test_a_repeated_request_is_told_what_the_first_was(client: FlaskClient) -> None:
    first = upload(client, MIXED, key="one")
    again = upload(client, MIXED, key="one")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert loads(client) == 1


def test_a_repeated_batch_is_one_load_and_without_a_key_it_is_two(
    client: FlaskClient,
) -> None:
    rows = [[1, "Sales"]]
    numbers = [batch(client, rows, key="b").json["load_id"] for _ in range(3)]
    assert numbers == [1, 1, 1]
    assert [batch(client, rows).json["load_id"] for _ in range(2)] == [2, 3]


def test_a_key_belongs_to_one_request(client: FlaskClient) -> None:
    upload(client, GOOD, key="k")
    others = [
        upload(client, GOOD + b"3,Other\n", key="k"),
        upload(client, GOOD, key="k", table="jobs"),
        upload(client, GOOD, "handling=strict", key="k"),
        batch(client, [[1, "Sales"]], key="k"),
    ]
    for answer in others:
        assert answer.status_code == 422
        assert answer.json["code"] == "idempotency_key_reused"
        assert "load 1" in answer.json["detail"]
    assert loads(client) == 1


def test_a_refused_request_uses_up_no_key(client: FlaskClient) -> None:
    assert upload(client, b"x,y\n", key="k").status_code == 422
    assert upload(client, GOOD, key="k").status_code == 202
    assert loads(client) == 1


def test_a_key_may_name_a_file_that_was_loaded_without_one(client: FlaskClient) -> None:
    upload(client, GOOD)
    first = upload(client, GOOD, key="k")
    again = upload(client, GOOD, key="k")
    assert first.json["already_loaded"] and again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["x" * 256, "ümlaut", "tab\tkey"])
def test_a_key_is_short_plain_text(client: FlaskClient, key: str) -> None:
    answer = upload(client, GOOD, key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")
    assert loads(client) == 0


def test_a_key_covers_every_byte_of_a_file(client: FlaskClient) -> None:
    rows = b"".join(b"%d,Department %d\n" % (n, n) for n in range(1, 20_000))
    first = upload(client, rows, key="big")
    assert first.json["loaded"] == 19_999
    assert upload(client, rows, key="big").json == first.json
    assert upload(client, gzip.compress(rows, mtime=0), key="big").status_code == 422


def test_a_request_that_is_still_at_work_is_told_to_wait(warehouse: Path) -> None:
    opened = open_warehouse(Settings(warehouse_dir=warehouse))
    with open_client(warehouse) as client:
        requests = client.application.extensions["context"].warehouse.raw.requests
        with requests.at_work("k"):
            answer = upload(client, GOOD, key="k")
            assert upload(client, GOOD, key="other").status_code == 202
        assert (answer.status_code, answer.json["code"]) == (409, "request_in_progress")
        assert int(answer.headers["Retry-After"]) > 0
        assert upload(client, GOOD + b"4,New\n", key="k").status_code == 202
    opened.close()


def test_threads_do_not_share_a_key(warehouse: Path) -> None:
    opened = open_warehouse(Settings(warehouse_dir=warehouse))
    taken: list[str] = []
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait()
        try:
            with opened.raw.requests.at_work("k"):
                taken.append("mine")
                gate.wait(HANG_SECONDS)
        except RequestInProgress:
            taken.append("wait")
            gate.wait(HANG_SECONDS)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.close()
    assert sorted(taken) == ["mine", *["wait"] * 7]


# Uploads a file under the key k, as another process that answers would.
UPLOAD = """
import sys
from pathlib import Path
from support.client import open_client
from support.sending import GOOD, upload
with open_client(Path(sys.argv[1])) as client:
    print(upload(client, GOOD, key="k").text)
"""


def test_another_process_is_told_to_wait_and_a_dead_one_holds_nothing(
    client: FlaskClient, warehouse: Path
) -> None:
    """Two processes that answer; one dies by kill -9 while it is to store a file."""
    store = client.application.extensions["context"].warehouse.raw

    def is_at_work() -> bool:
        assert process.poll() is None, "it waits to write for longer than this takes"
        try:
            with store.requests.at_work("k"):
                return False
        except RequestInProgress:
            return True

    # It cannot write meanwhile, so it is at work until it is killed.
    with store._database.writing():
        process = subprocess.Popen(
            [sys.executable, "-c", UPLOAD, str(warehouse)],
            env=os.environ | {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'tests'}"},
            stdout=subprocess.PIPE,
        )
        try:
            wait_until(is_at_work)
            answer = upload(client, GOOD, key="k")
            assert answer.status_code == 409, answer.text
            assert answer.json["code"] == "request_in_progress"
        finally:
            process.kill()
            told, _ = process.communicate()
    assert told == b"", "killed before its answer"
    first = upload(client, GOOD, key="k")
    assert first.status_code == 202
    assert upload(client, GOOD, key="k").json == first.json, "the same answer again"
    assert loads(client) == 1


def test_a_load_whose_answer_was_lost_is_answered_when_asked_again(
    client: FlaskClient, warehouse: Path
) -> None:
    first = upload(client, MIXED, key="k")
    store = client.application.extensions["context"].warehouse.raw
    with store._database.writing() as connection:
        connection.rows("update idempotency_keys set status = null, answer = null")
    again = upload(client, MIXED, key="k")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert loads(client) == 1


@pytest.mark.parametrize(
    ("address", "kind"),
    [("/insert_batch", "text/plain"), ("/upload_csv", "text/csv")],
)
def test_a_body_of_another_kind_is_told_which_would_do(
    client: FlaskClient, address: str, kind: str
) -> None:
    body = json.dumps({"table_name": "departments", "data": [[1, "x"]]})
    answer = client.post(address, data=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
    assert "multipart" in answer.json["detail"] or "json" in answer.json["detail"]
