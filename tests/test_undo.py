"""Undo, redo and replacement: what counts, in the ledger and in every metric."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from flask.testing import FlaskClient
from support.client import open_client
from support.inspection import (
    HEADERS,
    Row,
    built,
    by_pandas,
    dbt_succeeds,
    judge,
    published,
)
from support.ledger import counting, upload

# The ledger


def test_an_undo_is_an_entry_of_its_own_and_undoing_it_brings_the_load_back(
    client: FlaskClient,
) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    upload(client, "jobs", [(1, "Baker")])
    undone: Any = client.delete("/loads/2").json
    assert (undone["load_id"], undone["mode"], undone["of_load"]) == (3, "undo", 2)
    assert counting(client) == [1]
    told: Any = client.get("/loads/2").json
    assert (told["counts"], told["undone_by"]) == (False, 3)

    redone: Any = client.delete("/loads/3").json
    assert (redone["load_id"], redone["mode"], redone["of_load"]) == (4, "redo", 2)
    assert counting(client) == [1, 2]
    told = client.get("/loads/2").json
    assert (told["counts"], told["undone_by"]) == (True, None)
    assert client.delete("/loads/4").json["mode"] == "undo"
    assert counting(client) == [1]


def test_undoing_twice_is_undoing_once(client: FlaskClient) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    first: Any = client.delete("/loads/1")
    again: Any = client.delete("/loads/1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json["load_id"] == first.json["load_id"]
    assert (first.json["already_loaded"], again.json["already_loaded"]) == (False, True)
    assert len(client.get("/loads").json) == 2


def test_an_undo_of_no_load_is_a_404(client: FlaskClient) -> None:
    answer = client.delete("/loads/7")
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_load")
    assert client.get("/loads").json == []


def test_an_undone_file_can_be_loaded_again(client: FlaskClient) -> None:
    rows = [(1, "Clerk")]
    upload(client, "jobs", rows)
    assert upload(client, "jobs", rows)["already_loaded"]
    client.delete("/loads/1")
    again = upload(client, "jobs", rows)
    assert (again["already_loaded"], again["load_id"]) == (False, 3)


def test_a_replacement_is_all_that_counts_until_it_is_undone(
    client: FlaskClient,
) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    upload(client, "jobs", [(2, "Baker")])
    upload(client, "departments", [(1, "Sales")])
    replaced = upload(client, "jobs", [(3, "Cook")], mode="replace")
    assert replaced["mode"] == "replace"
    assert counting(client) == [3, 4]
    upload(client, "jobs", [(4, "Driver")])
    assert counting(client) == [3, 4, 5]
    client.delete("/loads/4")
    assert counting(client) == [1, 2, 3, 5]
    client.delete("/loads/2")
    client.delete("/loads/6")
    # What was undone meanwhile stays undone when the replacement goes again.
    assert counting(client) == [3, 4, 5]
    client.delete("/loads/4")
    assert counting(client) == [1, 3, 5]


def test_a_table_is_replaced_by_the_same_file_unless_that_is_all_there_is(
    client: FlaskClient,
) -> None:
    rows = [(1, "Clerk")]
    upload(client, "jobs", rows)
    assert upload(client, "jobs", rows, mode="replace")["already_loaded"]
    upload(client, "jobs", [(2, "Baker")])
    assert not upload(client, "jobs", rows, mode="replace")["already_loaded"]
    assert counting(client) == [3]


def test_tables_tell_how_much_counts(client: FlaskClient) -> None:
    upload(client, "jobs", [(1, "Clerk"), (2, "Baker")])
    upload(client, "jobs", [(3, "Cook")])
    client.delete("/loads/1")
    told: Any = client.get("/tables/jobs").json
    assert (told["loads"], told["rows_loaded"]) == (1, 1)


def test_a_mode_that_does_not_exist_is_told(client: FlaskClient) -> None:
    data = {"csv_file": (io.BytesIO(b"1,A"), "a.csv"), "table_name": "jobs"}
    answer = client.post("/upload_csv", data=data | {"mode": "overwrite"})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")
    assert "append, or replace" in answer.json["detail"]


def test_an_undo_with_an_idempotency_key_is_answered_again(client: FlaskClient) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    headers = {"Idempotency-Key": "take it out"}
    first = client.delete("/loads/1", headers=headers)
    client.delete("/loads/2")
    again = client.delete("/loads/1", headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert counting(client) == [1]


# The metrics


@dataclass
class History:
    """Random loads, replacements, undos and redos, and what ought to count of them."""

    client: FlaskClient
    random: random.Random
    rows: dict[int, tuple[str, str, list[Row]]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    turns: dict[int, int] = field(default_factory=dict)

    def step(self) -> None:
        chance = self.random.random()
        if not self.rows:
            self.load("append", range(1, 90))
        elif chance < 0.5 or len(self.rows) < 3:
            self.load("append")
        elif chance < 0.56:
            self.load("replace")
        elif chance < 0.85 or not self.turns:
            self.turn(self.random.choice(list(self.rows)))
        else:
            self.turn(self.random.choice(list(self.turns)))

    def load(self, mode: str, hires: Sequence[int] = ()) -> None:
        tables = [*HEADERS, *["hired_employees"] * 3]
        table = "hired_employees" if hires else self.random.choice(tables)
        most = 40 if mode == "replace" else 15
        hires = hires or self.random.sample(range(1, 90), self.random.randint(1, most))
        rows = self.drawn(table, hires)
        told = upload(self.client, table, rows, mode=mode)
        if not told["already_loaded"]:
            self.rows[told["load_id"]] = (table, mode, rows)

    def turn(self, entry: int) -> None:
        told: Any = self.client.delete(f"/loads/{entry}").json
        subject = told["of_load"]
        assert subject == self.turns.get(entry, entry)
        if told["mode"] == "undo":
            self.undone.add(subject)
        else:
            self.undone.discard(subject)
        if not told["already_loaded"]:
            self.turns[told["load_id"]] = subject

    def drawn(self, table: str, hires: Sequence[int]) -> list[Row]:
        rng = self.random
        if table != "hired_employees":
            ids = rng.sample(range(1, 8), rng.randint(3, 7))
            return [(n, f"Name {rng.randint(1, 5)}") for n in ids]
        return [
            (
                n,
                f"Ann {n}",
                f"{rng.choice([2020, 2021, 2021, 2022])}-{rng.randint(1, 12):02}-03",
                rng.randint(1, 8),
                rng.randint(1, 8),
            )
            for n in hires
        ]

    @property
    def surviving(self) -> list[tuple[str, list[Row]]]:
        """The loads that count, by table and rows, in their order."""
        live = {n: load for n, load in self.rows.items() if n not in self.undone}
        newest = {table: n for n, (table, mode, _) in live.items() if mode == "replace"}
        return [
            (table, rows)
            for n, (table, _, rows) in live.items()
            if n >= newest.get(table, 0)
        ]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        newest: dict[str, dict[int, Row]] = {table: {} for table in HEADERS}
        for table, rows in self.surviving:
            newest[table] |= {row[0]: row for row in rows}
        return {
            table: pd.DataFrame(rows.values(), columns=HEADERS[table])
            for table, rows in newest.items()
        }


SEED = 1
# Before each build one step, or some.
STEPS = (1, 2, 5, 1, 8, 9)
STAGED_HIRES = (
    "target/compiled/hiring/dbt_project/models/staging/stg_hired_employees.sql"
)


def test_metrics_of_a_random_history_equal_pandas_and_a_fresh_warehouse(
    warehouse: Path, tmp_path: Path
) -> None:
    ways = set()
    with open_client(warehouse) as client:
        history = History(client, random.Random(SEED))
        for steps in STEPS:
            for _ in range(steps):
                history.step()
            dbt_succeeds(warehouse, "run")
            assert built(warehouse) == by_pandas(history.tables)
            ways.add(way_of_staging(warehouse))
    assert ways == {"all rows", "new rows", "touched keys"}
    assert {mode for _, mode, _ in history.rows.values()} == {"append", "replace"}
    assert history.undone and len(history.turns) > len(history.undone)
    stepwise = built(warehouse)
    dbt_succeeds(warehouse, "run --full-refresh")
    assert built(warehouse) == stepwise

    fresh = tmp_path / "fresh"
    with open_client(fresh) as client:
        for table, rows in history.surviving:
            upload(client, table, rows)
    dbt_succeeds(fresh, "build --exclude-resource-type unit_test")
    judge(fresh)
    assert published(fresh).marts == stepwise


def way_of_staging(warehouse: Path) -> str:
    """Which rows the last build of the hires looked at."""
    sql = (warehouse / STAGED_HIRES).read_text()
    if "where id in (" in sql:
        return "touched keys"
    return "new rows" if "and load_id > " in sql else "all rows"
