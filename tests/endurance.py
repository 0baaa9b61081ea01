"""Long runs against a real server: killed at random moments, and read while it builds.

`python tests/endurance.py crashes 100`, `python tests/endurance.py reads 100000 200`.
What they show in length, test_crashes.py and test_reading.py of tests/engines show in
short.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import requests
from support.inspection import HEADERS, YEARS, Row
from support.recompute import departments_above_average, employees_per_department
from support.server import Server, build_once

METRICS = {
    "employees_per_department": employees_per_department,
    "departments_above_average": departments_above_average,
}
# Rows of each load as they are stored, those of no load, and rejects likewise.
STORED = """
import json, sqlite3, sys
raw = sqlite3.connect(sys.argv[1])
tables = ("departments", "jobs", "hired_employees")
rows = " union all ".join(f"select _load_id as load_id from {t}" for t in tables)
print(json.dumps(raw.execute(
    f"select load_id, count(*) from ({rows}) group by load_id").fetchall()))
print(json.dumps(raw.execute(
    "select load_id, loaded, mode, of_load from loads order by load_id").fetchall()))
print(json.dumps(raw.execute("pragma integrity_check").fetchall()))
"""


# Crashes


@dataclass
class Sent:
    """A request that changes something; `entry` is its entry once it is known."""

    key: str
    table: str
    rows: list[Row]
    mode: str = "append"
    undoes: int | None = None
    entry: int | None = None


@dataclass
class Crashes:
    """A server that is killed again and again under those who load and undo."""

    server: Server
    random: random.Random
    acknowledged: list[Sent] = field(default_factory=list)
    open: list[Sent] = field(default_factory=list)
    rounds: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _killed: threading.Event = field(default_factory=threading.Event)

    def run(self, rounds: int) -> None:
        self.server.start()
        self._basics()
        for _ in range(rounds):
            self._killed.clear()
            with ThreadPoolExecutor(4) as pool:
                clients = [pool.submit(self._client, n) for n in range(4)]
                time.sleep(self.random.uniform(0.05, 1.6))
                self.server.kill()
                self._killed.set()
            for client in clients:
                client.result()
            self._check_stored()
            self.server.start()
            # What was cut off is sent again under its key: it counts once.
            for sent in self.open:
                self._send(self.server, sent)
            self.open.clear()
            assert self.server.post("/builds").json()["status"] == "published"
            self._check_metrics()
            self.rounds += 1

    @property
    def rows(self) -> int:
        return sum(len(sent.rows) for sent in self.acknowledged)

    def _basics(self) -> None:
        for table, count in (("departments", 8), ("jobs", 5)):
            rows = [(n, f"{table} {n}") for n in range(1, count + 1)]
            self._send(self.server, Sent(str(uuid.uuid4()), table, rows))

    def _client(self, number: int) -> None:
        # Each a connection of its own, for the kill to cut.
        server = Server(self.server.warehouse, port=self.server.port)
        rng = random.Random(self.random.random())
        while not self._killed.is_set():
            sent = self._drawn(rng)
            with self._lock:
                self.open.append(sent)
            try:
                self._send(server, sent)
            except requests.RequestException:
                return
            with self._lock:
                self.open.remove(sent)

    def _drawn(self, rng: random.Random) -> Sent:
        chance, key = rng.random(), str(uuid.uuid4())
        with self._lock:
            known = [s for s in self.acknowledged if s.table == "hired_employees"]
        if chance < 0.15 and known:
            other = rng.choice(known)
            return Sent(key, other.table, [], undoes=other.entry)
        mode = "replace" if chance > 0.95 else "append"
        count = rng.choice([1, 30, 300, 3000]) if mode == "append" else 500
        rows: list[Row] = [
            (
                n,
                "Ann",
                f"{rng.choice(list(YEARS))}-{rng.randint(1, 12):02}-03",
                rng.randint(1, 8),
                rng.randint(1, 5),
            )
            for n in rng.sample(range(1, 6000), count)
        ]
        return Sent(key, "hired_employees", rows, mode)

    def _send(self, server: Server, sent: Sent) -> None:
        headers = {"Idempotency-Key": sent.key, "Prefer": "respond-async"}
        if sent.undoes is not None:
            answer = server.delete(f"/loads/{sent.undoes}", headers=headers)
        else:
            text = "".join(",".join(map(str, row)) + "\n" for row in sent.rows)
            form = {"table_name": sent.table, "mode": sent.mode}
            files = {"csv_file": ("rows.csv", text.encode())}
            url = "/upload_csv"
            answer = server.post(url, headers=headers, files=files, data=form)
        assert answer.status_code in (200, 201, 202), answer.text
        sent.entry = answer.json()["load_id"]
        with self._lock:
            self.acknowledged.append(sent)

    def _check_stored(self) -> None:
        """Every acknowledged entry is there, and every load that is there is whole."""
        told = subprocess.run(
            [sys.executable, "-c", STORED, str(self.server.warehouse / "raw.db")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        stored, ledger, integrity = map(json.loads, told)
        assert integrity == [["ok"]]
        assert dict(stored) == {n: loaded for n, loaded, *_ in ledger if loaded}
        entries = {entry for entry, *_ in ledger}
        assert {sent.entry for sent in self.acknowledged} <= entries

    def _check_metrics(self) -> None:
        tables = self._surviving()
        for year in YEARS:
            for metric, computed in METRICS.items():
                assert self.server.rows(metric, year=year) == computed(tables, year)

    def _surviving(self) -> dict[str, pd.DataFrame]:
        """What ought to count, worked out from what was sent and its order alone."""
        entries = {s.entry: s for s in self.acknowledged if s.entry is not None}
        undone: set[int] = set()
        # Of each undo and redo the load that it is about, and whether it took that out.
        turns: dict[int, tuple[int, bool]] = {}
        for number in sorted(entries):
            if (undoes := entries[number].undoes) is None:
                continue
            load, was_out = turns.get(undoes, (undoes, False))
            turns[number] = load, not was_out
            (undone.discard if was_out else undone.add)(load)
        newest: dict[str, dict[int, Row]] = {table: {} for table in HEADERS}
        for number in sorted(entries):
            sent = entries[number]
            if sent.undoes is not None or number in undone:
                continue
            if sent.mode == "replace":
                newest[sent.table] = {}
            newest[sent.table] |= {row[0]: row for row in sent.rows}
        return {
            table: pd.DataFrame(rows.values(), columns=HEADERS[table])
            for table, rows in newest.items()
        }


# Reads


@dataclass
class Reads:
    """Readers of both metrics beside a loader: no error, and no build mixed up."""

    server: Server
    reads: int = 0
    loads: int = 0
    builds: set[str] = field(default_factory=set)
    _hired_in: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, reads: int, loads: int) -> None:
        self.server.batch("departments", [[1, "Sales"], [2, "Nobody"]])
        self.server.batch("jobs", [[1, "Clerk"]])
        done = threading.Event()

        def enough() -> bool:
            return done.is_set() and self.reads >= reads

        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(self._read, enough) for _ in range(4)]
            try:
                for number in range(loads):
                    rows = [[number, "Ann", "2021-02-01", 1, 1]]
                    answer = self.server.batch("hired_employees", rows)
                    assert answer.status_code == 201, answer.text
                    self.loads += 1
            finally:
                done.set()
            for reader in readers:
                reader.result()

    def _read(self, enough: Callable[[], bool]) -> None:
        reader = Server(self.server.warehouse, port=self.server.port)
        newest = 0
        while not enough():
            for metric in METRICS:
                answer = reader.get(f"/metrics/{metric}")
                assert answer.status_code == 200, answer.text
                build = answer.headers["Build-Id"]
                assert int(build) >= newest
                newest = int(build)
                # Every hire is Sales': both metrics of a build tell the same total.
                hired = _hired(answer.json())
                with self._lock:
                    self.reads += 1
                    self.builds.add(build)
                    assert self._hired_in.setdefault(build, hired) == hired


def _hired(rows: list[dict[str, Any]]) -> int:
    counts = ("Q1", "Q2", "Q3", "Q4", "hired")
    return sum(value for row in rows for name, value in row.items() if name in counts)


def main(what: str, *numbers: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "warehouse"
        build_once(warehouse)
        began = time.monotonic()
        server = Server(warehouse)
        try:
            if what == "crashes":
                crashes = Crashes(server, random.Random(2021))
                crashes.run(int(numbers[0]))
                print(
                    f"{crashes.rounds} rounds, each ended by kill -9:"
                    f" {len(crashes.acknowledged)} entries acknowledged, {crashes.rows}"
                    " rows; none missing, none half there, metrics equal pandas"
                )
            else:
                reads = Reads(server.start())
                reads.run(int(numbers[0]), int(numbers[1]))
                print(
                    f"{reads.reads} reads beside {reads.loads} loads, of"
                    f" {len(reads.builds)} builds: no error, no mixture"
                )
        finally:
            server.stop()
        print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
