"""What was loaded into a server, and what of it ought to count by pandas alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import requests
from support import recompute
from support.server import Server, wait_until

Row = tuple[Any, ...]
COLUMNS = {
    "departments": ("id", "department"),
    "jobs": ("id", "job"),
    "hired_employees": ("id", "name", "datetime", "department_id", "job_id"),
}
METRICS = {
    "employees_per_department": recompute.employees_per_department,
    "departments_above_average": recompute.departments_above_average,
}
YEARS = range(2019, 2025)
ACCEPTED = (200, 201, 202)


def csv_of(rows: list[Row]) -> bytes:
    """A file without a header."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def published_load(server: Server, load_id: int) -> bool:
    """Whether a build that holds the load is published."""
    build = server.get(f"/loads/{load_id}").json()["build"]
    return bool(build["status"] == "published")


@dataclass
class Entry:
    """An entry of the ledger as it was asked for."""

    table: str
    mode: str
    rows: list[Row]


@dataclass
class History:
    """Loads, replacements and undos of one server, in their order."""

    server: Server
    entries: dict[int, Entry] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    # Of each undo and redo, the load that it is about.
    turns: dict[int, int] = field(default_factory=dict)

    def upload(
        self,
        table: str,
        rows: list[Row],
        bad: bytes = b"",
        mode: str = "append",
        **headers: str,
    ) -> dict[str, Any]:
        """Rows that are good, then lines that are not, as one file."""
        answer = self.server.post(
            "/upload_csv",
            files={"csv_file": (f"{table}.csv", csv_of(rows) + bad)},
            data={"table_name": table, "mode": mode},
            headers=headers,
        )
        return self.noted(answer, table, rows, mode)

    def batch(
        self, table: str, rows: list[Row], bad: list[Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        """The same as a batch of JSON rows."""
        body = {"table_name": table, "data": [*rows, *(bad or [])]}
        answer = self.server.post("/insert_batch", json=body, headers=headers)
        return self.noted(answer, table, rows)

    def restore(self, table: str, content: bytes, rows: list[Row]) -> dict[str, Any]:
        answer = self.server.post(
            f"/tables/{table}/restore",
            data=content,
            headers={"Content-Type": "application/avro"},
        )
        return self.noted(answer, table, rows, "replace")

    def undo(self, entry: int, **headers: str) -> dict[str, Any]:
        """Take a load out; of an undo, bring it back."""
        answer = self.server.delete(f"/loads/{entry}", headers=headers)
        told: dict[str, Any] = answer.json()
        is_waited_for = "respond-async" not in headers.values()
        done = 200 if told["already_loaded"] else 201
        # What is known may be built already.
        accepted = {done} if is_waited_for else {202, done} - {201}
        assert answer.status_code in accepted, answer.text
        subject = self.turns.get(entry, entry)
        assert told["of_load"] == subject
        change = {"undo": self.undone.add, "redo": self.undone.discard}[told["mode"]]
        change(subject)
        self.turns[told["load_id"]] = subject
        return told

    def noted(
        self,
        answer: requests.Response,
        table: str,
        rows: list[Row],
        mode: str = "append",
    ) -> dict[str, Any]:
        """The receipt of a load; the entry is in the history from now on."""
        assert answer.status_code in ACCEPTED, answer.text
        told: dict[str, Any] = answer.json()
        assert told["received"] == told["loaded"] + told["rejected"]
        assert told["loaded"] == len(rows)
        if told["load_id"] not in self.entries:
            self.entries[told["load_id"]] = Entry(table, mode, rows)
        return told

    @property
    def counting(self) -> list[int]:
        """The loads that count, in their order."""
        live = [n for n in sorted(self.entries) if n not in self.undone]
        newest = {
            self.entries[n].table: n for n in live if self.entries[n].mode == "replace"
        }
        return [n for n in live if n >= newest.get(self.entries[n].table, 0)]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Of each table the newest row of each id."""
        newest: dict[str, dict[int, Row]] = {table: {} for table in COLUMNS}
        for number in self.counting:
            entry = self.entries[number]
            newest[entry.table] |= {row[0]: row for row in entry.rows}
        return {
            table: pd.DataFrame(rows.values(), columns=COLUMNS[table])
            for table, rows in newest.items()
        }

    def assert_served(self, years: Iterable[int] = YEARS) -> None:
        """Both metrics are what pandas makes of it, and the ledger says the same."""
        tables = self.tables
        for metric, computed in METRICS.items():
            for year in years:
                assert self.server.rows(metric, year=year) == computed(tables, year)
        told = self.ledger()
        entries = sorted([*self.entries, *self.turns])
        assert [load["load_id"] for load in reversed(told)] == entries
        assert sorted(n["load_id"] for n in told if n["counts"]) == self.counting

    def ledger(self) -> list[dict[str, Any]]:
        """All that the server tells of its loads, newest first."""
        told: list[dict[str, Any]] = []
        before: dict[str, int] = {}
        while page := self.server.get("/loads", params={"limit": 500} | before).json():
            told += page
            before = {"before": page[-1]["load_id"]}
        return told

    def wait_until_built(self) -> None:
        """Until the newest entry is in what is served."""
        newest = max([*self.entries, *self.turns])
        wait_until(lambda: published_load(self.server, newest))
