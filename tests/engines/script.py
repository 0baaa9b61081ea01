"""One history with a bit of everything, as steps to be played to any server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from support.server import Server

from engines.history import Row, csv_of, published_load


@dataclass(frozen=True)
class Load:
    """Rows that are good, and some that are not."""

    table: str
    rows: list[Row]
    bad: bytes = b""
    mode: str = "append"
    header: bytes = b""
    as_batch: bool = False


@dataclass(frozen=True)
class Undo:
    """A step of before taken out, or brought back where that step is an undo itself.

    `of` counts from 1, like the entries of the ledger.
    """

    of: int


Step = Load | Undo

# Names that engines order, fold, quote, trim or escape each in a way of their own.
NAMES = [
    "Zürich",
    "zürich",
    "Zu\u0308rich",
    "Ärzte",
    "apple",
    "Banana",
    "日本",
    "\uff5e",
    "😀 Ops",
    "_",
    "100%",
    'He said "no"',
    "a,b",
    "two\nlines",
    "back\\slash",
    "\\n",
    "\\.",
    "Null",
    "null",
    "nan",
    "true",
    "=1+1",
    "'; drop table jobs; --",
    "{{ ref('stg_jobs') }}",
    "tab\there",
    "-",
    "1e3",
    "İstanbul",
    "ß",
    "ss",
    "\u200bnothing to see",
]
TIMES = [
    "2021-01-01T00:00:00Z",
    "2020-12-31T23:59:59.999999Z",
    "2021-12-31T23:59:59.999Z",
    "2021-12-31T23:30:00-01:00",
    "2022-01-01T00:30:00+01:00",
    "2021-03-31T23:59:59.5+00:00",
    "2021-04-01T05:29:59+05:30",
    "2021-06-30",
    "2021-07-01 00:00:00",
    "2022-02-28T12:00",
    "2020-02-29T00:00:00.000001+14:00",
    "1999-12-31T23:59:59Z",
    "2023-10-01T00:00:00-00:01",
    "2021-09-30T23:59:59Z",
]


def departments() -> list[Row]:
    """Each name once, two ids of one name, and some that hire nobody."""
    rows: list[Row] = [(n, name) for n, name in enumerate(NAMES, start=1)]
    return [*rows, (90, "Twins"), (91, "Twins"), (92, "Hires nobody"), (-1, "Minus")]


def jobs() -> list[Row]:
    rows = [(n, f"Job {n % 4} {name}") for n, name in enumerate(reversed(NAMES[:9]), 1)]
    # In a file these stand for nothing; in a batch they are texts.
    return [*rows, (20, "NULL"), (21, "NaN"), (22, "\\N")]


def hires(first: int, count: int, turn: int = 1) -> list[Row]:
    """Hires with ties between departments, every time, and orphans here and there."""
    ids = [row[0] for row in departments() if row[1] != "Hires nobody"]
    return [
        (
            n,
            f"{NAMES[n * turn % len(NAMES)]} {n}",
            TIMES[n * turn % len(TIMES)],
            4711 if n % 97 == 0 else ids[n * turn * turn % len(ids)],
            4711 if n % 89 == 0 else n % 9 + 1,
        )
        for n in range(first, first + count)
    ]


# After each stage everything that is built is asked for.
STAGES: list[list[Step]] = [
    [
        Load(
            "departments",
            departments(),
            b'x,Not a number\n77\n78,\n1,Again\n79,"Two, three",4\n',
            header=b"id,department\n",
        ),
        Load("jobs", jobs(), b'[[10], {"id": 11, "jbo": "?"}, null]', as_batch=True),
        Load(
            "hired_employees",
            hires(1, 600),
            b"x,,yesterday,y,z\n9001,Eve,2021-02-29,1,1\n9002,Eve,2021-02-28T24:01,1,1\n"
            b"9223372036854775808,Eve,2021-02-28,1,1\n\n9004,\xc3\x89ve,2021-02-28,1\n",
        ),
    ],
    [
        Load("hired_employees", hires(400, 300, turn=3)),
        Load(
            "hired_employees",
            [(2**63 - 1, "Max", TIMES[0], 1, 1), (-(2**63), "Min", TIMES[0], 1, 1)],
            as_batch=True,
        ),
        Load("departments", [(1, "Genève"), (5, "Banana")], as_batch=True),
        Undo(4),
    ],
    [
        Undo(7),
        Load("hired_employees", hires(200, 350, turn=5), mode="replace"),
        Load("hired_employees", hires(2000, 50)),
        Load("jobs", [(3, "Job 3, corrected"), (12, "Ärztin")]),
    ],
    [
        Undo(9),
        Undo(1),
        Load("departments", [(n, f"New {n % 3}") for n in range(1, 9)]),
    ],
    [
        Undo(13),
        Load("departments", [*departments()[3:], (93, "Last")], mode="replace"),
    ],
]


def play(server: Server, step: Step, wait: bool = True) -> None:
    """Do a step; with `wait`, until the build that holds it is published."""
    headers = {} if wait else {"Prefer": "respond-async"}
    if isinstance(step, Undo):
        answer = server.delete(f"/loads/{step.of}", headers=headers)
    elif step.as_batch:
        rows = [*step.rows, *json.loads(step.bad or b"[]")]
        body = {"table_name": step.table, "data": rows}
        answer = server.post("/insert_batch", json=body, headers=headers)
    else:
        content = step.header + csv_of(step.rows) + step.bad
        form = {"table_name": step.table, "mode": step.mode}
        files = {"csv_file": (f"{step.table}.csv", content)}
        answer = server.post("/upload_csv", files=files, data=form, headers=headers)
    told: dict[str, Any] = answer.json()
    assert answer.status_code == (201 if wait else 202), told
    assert not wait or told["build"]["status"] == "published", told
    if isinstance(step, Load):
        assert (told["loaded"], told["rejected"] > 0) == (
            len(step.rows),
            bool(step.bad),
        )


def newest_is_built(server: Server) -> bool:
    return published_load(server, server.get("/loads?limit=1").json()[0]["load_id"])
