"""Values that are not of the types that a mart's YAML promises are never served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.server import Server, wait_until

from engines.backends import Backend
from engines.conftest import NewServer

DAYS = ["2021-12-31", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"]
NO_DAYS = [
    *("yesterday", "now", "31/12/2021", "2021-02-29", "1900-02-29", "2021-04-31"),
    *("2021-1-1", "2021-12-31 ", "0000-01-01", "2021-12-31T00:00:00Z", "20211231", ""),
]
TIMES = [
    *("2021-01-01T10:00:00Z", "2021-01-01T10:00:00.5Z", "9999-12-31T23:59:59.999999Z"),
    "2024-02-29T00:00:00.000001Z",
]
NO_TIMES = [
    *("2021-01-01 10:00", "2021-01-01T10:00:00", "2021-01-01 10:00:00Z", "now"),
    *("2021-02-29T10:00:00Z", "2021-01-01T24:00:00Z", "2021-01-01T10:00:60Z"),
    *("2021-01-01T10:00:00.50Z", "2021-01-01T10:00:00.Z", "2021-01-01T10:00:00.5"),
    *("2021-01-01T10:00:00.1234567Z", "2021-01-01T10:00:00.5x5Z", "2021-01-01"),
    *("2021-01-01T10:00:00+00:00", "0000-01-01T00:00:00Z"),
]
INFINITY = (
    "{{ '9e999' if target.type == 'sqlite'"
    " else \"cast('Infinity' as double precision)\" if target.type == 'postgres'"
    " else \"cast('Infinity' as double)\" }}"
)
YAML = """
models:
  - name: kept
    description: Values of several types.
    config: {meta: {title: Kept}}
    columns:
      - {name: id, data_type: integer, description: A number.}
      - {name: day, data_type: date, description: A day.}
      - {name: time, data_type: timestamp, description: A time.}
      - {name: share, data_type: real, description: A part.}
"""
ANY_OF_TWO = "(select n - count(*) from (select 0 as n union all select 0) as two)"
Row = tuple[str | None, str | None, str]


@pytest.fixture(scope="module")
def server(new_server: NewServer, own_project: Path) -> Server:
    """Serves a mart that holds every form of what it promises, and no values."""
    keep(own_project, *good())
    return new_server(own_project).start()


def good() -> list[Row]:
    days = [(day, None, "0.5") for day in DAYS]
    return [*days, *((None, time, "-1e300") for time in TIMES), (None, None, "null")]


def keep(project: Path, *rows: Row) -> None:
    """Save the mart with these rows."""
    selects = [
        f"select {number} as id, {literal(day)} as day, {literal(time)} as"
        f' "time", {share} as share'
        for number, (day, time, share) in enumerate(rows)
    ]
    marts = project / "dbt_project/models/marts"
    sql = "\nunion all\n".join(selects).replace('"time"', "{{ adapter.quote('time') }}")
    (marts / "kept.yml").write_text(YAML)
    (marts / "kept.sql").write_text(sql)


def literal(text: str | None) -> str:
    value = "null" if text is None else f"'{text}'"
    return f"cast({value} as {{{{ storage_type('text') }}}})"


def next_build(server: Server, project: Path, *rows: Row) -> dict[str, Any]:
    """The build of the mart with these rows."""

    def newest() -> dict[str, Any]:
        build: dict[str, Any] = server.get("/builds", params={"limit": 1}).json()[0]
        return build

    before = newest()["build_id"]
    keep(project, *rows)
    wait_until(lambda: newest()["build_id"] > before)
    return newest()


def served(server: Server) -> list[dict[str, Any]]:
    return server.rows("kept", sort="id")


def test_every_form_of_a_type_is_served(server: Server) -> None:
    wait_until(lambda: server.get("/metrics/kept").status_code == 200)
    days = [row["day"] for row in served(server)]
    assert days[: len(DAYS)] == DAYS
    assert [row["time"] for row in served(server)][len(DAYS) : -1] == TIMES


def test_other_values_are_told_by_row_and_nothing_is_published(
    server: Server, own_project: Path
) -> None:
    before = served(server)
    rows: list[Row] = [
        *good(),
        *((day, None, "1.0") for day in NO_DAYS),
        *((None, time, "1.0") for time in NO_TIMES),
        (None, "2021-01-01T10:00:00Z", INFINITY),
    ]
    build = next_build(server, own_project, *rows)
    assert build["status"] == "failed", build
    found = {failure["rows"]: failure for failure in build["failures"]}
    assert set(found) == {len(NO_DAYS), len(NO_TIMES), 1}
    first = len(good())
    assert found[len(NO_DAYS)]["words"] == (
        "day of kept has to be a date such as 2021-11-07; it is 'yesterday' where id is"
        f" {first} and time is missing and share is 1.0. {len(NO_DAYS)} rows have such"
        " a value."
    )
    sample = found[len(NO_DAYS)]["sample"]
    assert [row["day"] for row in sample] == NO_DAYS[:5]
    assert build["outcome"] == f"Not published: {build['failures'][0]['words']}"
    assert "'2021-01-01 10:00' where" in found[len(NO_TIMES)]["words"]
    assert "; it is inf where" in found[1]["words"]
    assert found[1]["file"] == "dbt_project/models/marts/kept.sql"
    assert served(server) == before


def test_with_the_values_mended_all_is_published_again(
    engine: Backend, server: Server, own_project: Path
) -> None:
    """What comes by chance, is cut, or is any of several is of its type, and is told
    all the same."""
    share = "random() * (1 / 2)"
    words = ["kept calls random(): its numbers are others"]
    if engine.name != "spark":
        words.append("kept divides whole numbers for its column share, `1 / 2`: ")
    if engine.name == "sqlite":
        share += f" + {ANY_OF_TWO}"
        words.append("kept selects n beside an aggregate and has no `group by`: ")
    build = next_build(server, own_project, (None, None, share))
    assert build["status"] == "published"
    told = build["failures"]
    assert [
        f["words"][: len(said)] for f, said in zip(told, words, strict=True)
    ] == words
    assert {(warning["name"], warning["status"]) for warning in told} == {
        ("kept", "warn")
    }
    lines = [warning["line"] for warning in told]
    assert lines == [None, 1, 1][: len(words)], lines
    ending = "This is a warning: it holds back no numbers."
    assert all(warning["words"].endswith(ending) for warning in told)
    assert [row["id"] for row in served(server)] == [0]
