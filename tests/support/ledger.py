"""Rows sent as files, and the loads that count."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask.testing import FlaskClient

from support.inspection import (
    Row,
)


def upload(client: FlaskClient, table: str, rows: list[Row], **form: str) -> Any:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    file = (io.BytesIO(buffer.getvalue().encode()), f"{table}.csv")
    data = {"csv_file": file, "table_name": table, **form}
    answer = client.post("/upload_csv", data=data)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json


def counting(client: FlaskClient) -> list[int]:
    loads: Any = client.get("/loads").json
    return sorted(load["load_id"] for load in loads if load["counts"])
