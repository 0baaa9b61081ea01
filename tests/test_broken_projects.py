"""An analyst breaks the project while the server runs: the last good numbers stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.project import Edit
from support.server import Server, wait_until


@pytest.fixture
def live(warehouse: Path, project: Path) -> Iterator[Server]:
    server = Server(warehouse, project).start()
    yield server
    server.stop()


def newest(server: Server) -> dict:
    return server.get("/builds").json()[0]


def next_build(server: Server, after: int) -> dict:
    wait_until(lambda: newest(server)["build_id"] > after)
    return newest(server)


def test_each_way_to_break_the_project_is_told_and_mended(
    live: Server, project: Path, edit: Edit
) -> None:
    good = live.rows("departments_above_average")
    marts = project / "dbt_project/models/marts"
    above, sources = (
        marts / "departments_above_average.sql",
        marts / "quarterly_hires.sql",
    )
    breakages = {
        "SQL syntax": lambda: edit(above.name, "select distinct", "selct distinct"),
        "a failing test": lambda: edit(
            above.name,
            "department_years.department,\n        dep",
            "null as department,\n        dep",
        ),
        "YAML typo": lambda: edit("quarterly_hires.yml", "description:", "descripton:"),
        "a ref to nothing": lambda: edit(
            sources.name, "ref('stg_jobs')", "ref('stg_job')"
        ),
        "a deleted model": lambda: (
            project / "dbt_project/models/intermediate/int_hires_by_quarter.sql"
        ).unlink(),
        "an undescribed column": lambda: edit(
            sources.name,
            "        jobs.job,\n",
            "        jobs.job,\n        1 as extra,\n",
        ),
    }
    told = {}
    for name, damage in breakages.items():
        before = {p: p.read_bytes() for p in project.rglob("*.*") if p.is_file()}
        build_id = newest(live)["build_id"]
        damage()
        failed = next_build(live, build_id)
        assert failed["status"] == "failed", name
        told[name] = "\n".join(f["message"] for f in failed["failures"])
        assert live.rows("departments_above_average") == good, name

        for path, content in before.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
        wait_until(lambda: newest(live)["status"] == "published")
        assert live.rows("departments_above_average") == good, name

    assert "did you mean 'description'" in told["YAML typo"]
    assert "quarterly_hires.yml" in told["YAML typo"]
    assert "stg_job" in told["a ref to nothing"]
    assert "int_hires_by_quarter" in told["a deleted model"]
    assert "Built but not documented: extra" in told["an undescribed column"]
    assert "syntax error" in told["SQL syntax"]


def test_a_load_into_a_broken_project_is_safe_and_told(
    live: Server, project: Path, edit: Edit
) -> None:
    edit("quarterly_hires.sql", "sum(case", "summ(case")
    wait_until(lambda: newest(live)["status"] == "failed")
    answer = live.batch("departments", [[1, "Sales"]])
    assert answer.status_code == 201
    build = answer.json()["build"]
    assert build["status"] == "failed"
    failure = build["failures"][0]
    assert failure["words"] == (
        "The SQL of quarterly_hires is wrong near line 20: no such function: summ."
    )
    assert failure["file"] == "dbt_project/models/marts/quarterly_hires.sql"
    assert failure["line"] == 20
    assert "summ" in failure["message"]
    # The sample is still what is served: nothing unaudited, nothing mixed.
    assert (
        live.get("/metrics/departments_above_average").headers["Sample-Data"] == "true"
    )
    edit("quarterly_hires.sql", "summ(case", "sum(case")
    wait_until(lambda: newest(live)["status"] == "published")
    assert live.rows("departments_above_average") == []
    load = live.get(f"/loads/{answer.json()['load_id']}").json()
    assert load["build"]["status"] == "published"


def test_wrong_numbers_are_caught_by_the_unit_tests(live: Server, edit: Edit) -> None:
    build_id = newest(live)["build_id"]
    edit(
        "departments_above_average.sql",
        "        department_years.hired,\n",
        "        department_years.hired + 1000 as hired,\n",
    )
    # Its unit tests know the right numbers: the wrong ones are never served.
    failed = next_build(live, build_id)
    assert failed["status"] == "failed"
    assert {failure["kind"] for failure in failed["failures"]} == {"unit_test"}
