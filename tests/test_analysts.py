"""What analysts do with dbt, beside a running server: each run has an outcome, and
nothing that one does takes another's numbers away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.checkout import AUTHOR, commit_all
from support.project import copy_project
from support.server import NO_UNIT_TESTS, Server, wait_until

from api.builder.monitor import ASKED, CHANGED

MART = """
models:
  - name: {name}
    description: One row.
    config: {{meta: {{{meta}}}}}
    columns:
      - {{name: one, data_type: integer, description: One.}}
"""
ASIDE = """
models:
  - name: aside
    description: Put into what reads it.
    columns:
      - {name: one, data_type: integer, description: One.}
exposures:
  - name: board
    type: dashboard
    owner: {name: HR}
    depends_on: [ref('quarterly_hires')]
"""


def write(project: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def mart(name: str, sql: str = "select 1 as one", meta: str = "") -> dict[str, str]:
    yaml = MART.format(name=name, meta=meta or f"title: {name}")
    return {f"{MARTS}/{name}.sql": sql, f"{MARTS}/{name}.yml": yaml}


MARTS = "dbt_project/models/marts"
ENDLESS = """
with recursive numbers (n) as (select 1 union all select n + 1 from numbers)
select max(n) as one from numbers
"""
PACKAGE = {
    "packages.yml": "packages:\n  - local: calendar\n",
    "calendar/dbt_project.yml": "name: calendar\nversion: '1.0'\n",
    "calendar/models/days.sql": "select 1 as day",
}


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server on a project that has an ephemeral model, an exposure and a package."""
    folder = tmp_path_factory.mktemp("analysts")
    project = copy_project(folder / "project")
    models = "dbt_project/models/intermediate"
    ephemeral = "{{ config(materialized='ephemeral') }} select 1 as one"
    write(project, {f"{models}/aside.sql": ephemeral, f"{models}/aside.yml": ASIDE})
    write(project, mart("asides", "select one from {{ ref('aside') }}") | PACKAGE)
    # As `dbt deps` leaves it.
    (project / "dbt_packages").mkdir()
    os.symlink(project / "calendar", project / "dbt_packages" / "calendar")
    commit_all(project)
    warehouse = shutil.copytree(sample_warehouse, folder / "warehouse")
    settings = {"STEP_TIMEOUT_SECONDS": "5"}
    log = folder / "log"
    server = Server(Path(warehouse), project, settings=settings, log=log).start()
    yield server
    server.stop()


def builds(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get("/builds").json()
    return found


def test_what_dbt_does_not_run_by_itself_is_not_asked_for(server: Server) -> None:
    """An ephemeral model, an exposure (`no-op`) and the model of a package."""
    wait_until(lambda: "asides" in builds(server)[0]["metrics"])
    assert server.rows("asides") == [{"one": 1}]
    days = server.get(f"/builds/{builds(server)[0]['build_id']}").json()["steps"]
    assert "days" in [step["name"] for step in days]


def test_a_change_in_a_package_is_seen_like_any(server: Server) -> None:
    before = builds(server)[0]["build_id"]
    write(server.project, {"calendar/models/days.sql": "select 2 as day"})
    wait_until(lambda: builds(server)[0]["build_id"] > before)
    assert builds(server)[0]["status"] == "published"


def test_a_build_tells_its_version_and_how_many_rows_its_marts_have(
    server: Server,
) -> None:
    wait_until(lambda: "asides" in builds(server)[0]["metrics"])
    build = builds(server)[0]
    assert build["project"]["author"] == AUTHOR
    assert build["rows"]["asides"] == 1
    assert set(build["rows"]) == set(build["metrics"])
    before = build["build_id"]
    write(server.project, mart("versioned"))
    wait_until(lambda: builds(server)[0]["build_id"] > before)
    changed = builds(server)[0]["project"]["changed_files"]
    assert f"{MARTS}/versioned.sql" in changed


def test_a_build_without_an_end_is_seen_stopped_and_gives_way(server: Server) -> None:
    """Stopped by who asks, by a file that is saved, and by its own length."""
    write(server.project, mart("endless", ENDLESS))
    at_work = wait_until_at(server, "endless")
    assert server.get("/status").json()["building"] == at_work
    waiting = server.batch("jobs", [[1, "Clerk"]], prefer="respond-async")
    assert server.delete("/builds/current").json() == at_work
    stopped = next_build(server, "failed")
    assert stopped["outcome"] == f"Not published. {ASKED}"
    assert [f["words"] for f in stopped["failures"]] == [
        f"endless was not finished. {ASKED}"
    ]
    # The load has all built again.
    wait_until_at(server, "endless")
    write(server.project, mart("endless", f"{ENDLESS} -- again"))
    wait_until_at(server, "endless")
    assert next_build(server, "not_published")["outcome"].endswith(CHANGED)
    load_id = waiting.json()["load_id"]
    assert server.get(f"/loads/{load_id}").json()["build"]["status"] == "pending"
    late = next_build(server, "failed")["failures"][0]["words"]
    assert late.startswith("endless was not finished. It was stopped after 5 s")
    for path in server.project.rglob("endless.*"):
        path.unlink()
    wait_until(lambda: builds(server)[0]["last_load_id"] == load_id)
    assert next_build(server, "published")["failures"] == []
    assert server.get("/builds/current").status_code == 404


def wait_until_at(server: Server, step: str) -> dict[str, Any]:
    """Wait until a build is at a step."""

    def is_at() -> bool:
        return bool(server.get("/builds/current").json().get("step") == step)

    wait_until(is_at)
    at_work: dict[str, Any] = server.get("/builds/current").json()
    return at_work


def next_build(server: Server, status: str) -> dict[str, Any]:
    """Wait until the newest build is of a status."""
    wait_until(lambda: builds(server)[0]["status"] == status)
    return builds(server)[0]


def test_the_contract_gates_what_a_terminal_publishes(server: Server) -> None:
    """A mart without a title whose YAML stands elsewhere, and an endpoint twice."""
    served = server.rows("employees_per_department")
    folder = "dbt_project/models"
    untitled = MART.format(name="untitled", meta="owner: me")
    write(
        server.project,
        {
            f"{folder}/marts/untitled.sql": "select 1 as one",
            f"{folder}/untitled.yml": untitled,
            **mart("twice", meta="title: Twice, endpoint: asides"),
        },
    )
    wait_until(lambda: builds(server)[0]["status"] == "failed")
    done = server.dbt("run", "--select", "untitled", "twice")
    assert done.returncode == 0, done.stdout
    done = server.dbt("build", *NO_UNIT_TESTS)
    assert "Not published: model untitled" in done.stdout
    build = builds(server)[0]
    assert (build["run_by"], build["status"]) == ("a terminal", "failed")
    words = " ".join(failure["words"] for failure in build["failures"])
    assert "'title' is missing" in words
    assert server.rows("employees_per_department") == served
    assert server.get("/openapi.json").status_code == 200
    assert server.get("/status").json()["last_build"]["outcome"] == build["outcome"]
