"""Files as people have them, each with what it has to come to, over HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import fastavro
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FOLDER = Path(__file__).parent / "cases"
CASES = list(map(json.loads, (FOLDER / "cases.jsonl").read_text().splitlines()))
HEADERS = {"Prefer": "respond-async"}


def send(client: FlaskClient, case: dict[str, Any]) -> TestResponse:
    table = {"table_name": case["table"]}
    if "batch" in case["expect"]:
        body = table | {"data": case["expect"]["batch"]}
        return client.post("/insert_batch", json=body, headers=HEADERS)
    name, content = file_of(case)
    form = table | case["expect"].get("fields", {})
    form["csv_file"] = (io.BytesIO(content), name)
    return client.post("/upload_csv", data=form, headers=HEADERS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_case(case: dict[str, Any], shared_client: FlaskClient) -> None:
    """Each takes out again what it has loaded."""
    client = shared_client
    answer = send(client, case)
    told, rows = answer.json, []
    if "load_id" in told:
        rows = stored(client, case["table"])
        client.delete(f"/loads/{told['load_id']}", headers=HEADERS)
    expected = case["expect"]
    outcomes = expected.get("either", [expected])
    assert any(fits(outcome, answer, rows) for outcome in outcomes), answer.text
    if expected.get("no_row_vanishes"):
        lines = file_of(case)[1].splitlines()
        assert told["received"] == told["loaded"] + told["rejected"] == len(lines)


def file_of(case: dict[str, Any]) -> tuple[str, bytes]:
    """The name and the bytes of the case's file."""
    if "file" in case:
        return case["file"], (FOLDER / case["file"]).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in case["expect"]["zip"].items():
            file.writestr(name, text)
    return f"{case['id']}.zip", packed.getvalue()


def fits(
    expected: dict[str, Any], answer: TestResponse, rows: list[dict[str, Any]]
) -> bool:
    status = 201 if answer.status_code == 202 else answer.status_code
    told = {"loaded": 0, "rejected": 0} | answer.json | {"status": status}
    counts = {"status", "loaded", "rejected"} & expected.keys()
    if any(told[name] != expected[name] for name in counts):
        return False
    if not set(expected.get("has_ids", ())) <= {row["id"] for row in rows}:
        return False
    row = expected.get("row", {}).items()
    found = not row or any(row <= other.items() for other in rows)
    return found and expected.get("says", "") in answer.text


def stored(client: FlaskClient, table: str) -> list[dict[str, Any]]:
    """All rows of the table, as its backup has them."""
    with client.get(f"/tables/{table}/backup") as backup:
        rows: Any = fastavro.reader(io.BytesIO(backup.data))
        return list(rows)
