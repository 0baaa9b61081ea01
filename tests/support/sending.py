"""Files and batches, sent to the application in this process."""

from __future__ import annotations

import io
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

GOOD = b"1,Sales\n2,Legal\n"


def upload(
    client: FlaskClient,
    content: bytes,
    prefer: str = "",
    table: str = "departments",
    query: str = "",
    key: str = "",
    **fields: str,
) -> TestResponse:
    file = (io.BytesIO(content), "rows.csv")
    form = {"csv_file": file, "table_name": table, **fields}
    headers = {"Prefer": f"respond-async, {prefer}" if prefer else "respond-async"}
    headers |= {"Idempotency-Key": key} if key else {}
    return client.post(f"/upload_csv{query}", data=form, headers=headers)


def batch(
    client: FlaskClient, rows: Any, prefer: str = "", key: str = "", **members: Any
) -> TestResponse:
    body = {"table_name": "departments", "data": rows, **members}
    headers = {"Prefer": f"respond-async, {prefer}" if prefer else "respond-async"}
    headers |= {"Idempotency-Key": key} if key else {}
    return client.post("/insert_batch", json=body, headers=headers)
