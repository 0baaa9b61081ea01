"""An analyst breaks the project while the server runs: the last good numbers stay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.project import copy_project
from support.server import Server, wait_until

ABOVE = "departments_above_average"
MARTS = "dbt_project/models/marts"


class Damage(NamedTuple):
    """A text of a file that is replaced; without one, the file is deleted."""

    file: str
    old: str = ""
    new: str = ""


BREAKAGES = {
    "YAML typo": Damage(f"{MARTS}/quarterly_hires.yml", "description:", "descripton:"),
    "a ref to nothing": Damage(
        f"{MARTS}/quarterly_hires.sql", "ref('stg_jobs')", "ref('stg_job')"
    ),
    "a deleted model": Damage(
        "dbt_project/models/intermediate/int_hires_by_quarter.sql"
    ),
    "SQL syntax": Damage(f"{MARTS}/{ABOVE}.sql", "select distinct", "selct distinct"),
    "a failing test": Damage(
        f"{MARTS}/{ABOVE}.sql",
        "department_years.department,\n        dep",
        "null as department,\n        dep",
    ),
    "an undescribed column": Damage(
        f"{MARTS}/quarterly_hires.sql",
        "        jobs.job,\n",
        "        jobs.job,\n        1 as extra,\n",
    ),
    "wrong numbers": Damage(
        f"{MARTS}/{ABOVE}.sql",
        "        department_years.hired,\n",
        "        department_years.hired + 1000 as hired,\n",
    ),
    "an unknown function": Damage(
        f"{MARTS}/quarterly_hires.sql", "sum(case", "summ(case"
    ),
}


@dataclass
class Analyst:
    """Works on the project of a server that runs: one damage at a time."""

    server: Server
    good: dict[Path, bytes] = field(init=False)

    def __post_init__(self) -> None:
        files = (p for p in self.server.project.rglob("*.*") if p.is_file())
        self.good = {path: path.read_bytes() for path in files}

    def newest(self) -> dict[str, Any]:
        build: dict[str, Any] = self.server.get("/builds?limit=1").json()[0]
        return build

    def damage(self, name: str) -> dict[str, Any]:
        """Save a project with this damage and no other; the build that fails of it."""
        damage = BREAKAGES[name]
        path = self.server.project / damage.file
        before = self.newest()["build_id"]
        self.mend(but=path)
        if damage.old:
            good = self.good[path].decode()
            assert damage.old in good
            self._save(path, good.replace(damage.old, damage.new, 1).encode())
        else:
            path.unlink()

        def has_failed() -> bool:
            # A slow machine may see the one file mended before the other is damaged.
            build = self.newest()
            return build["build_id"] > before and build["status"] == "failed"

        wait_until(has_failed)
        return self.newest()

    def mend(self, but: Path | None = None) -> None:
        for path, content in self.good.items():
            if path != but and not (path.exists() and path.read_bytes() == content):
                self._save(path, content)

    def _save(self, path: Path, content: bytes) -> None:
        """As a whole: nobody reads a half of it."""
        new = self.server.warehouse / "saved"
        new.write_bytes(content)
        os.replace(new, path)


@pytest.fixture(scope="module")
def analyst(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Analyst]:
    """Left with the damage of the test before: each test makes its own."""
    folder = tmp_path_factory.mktemp("broken")
    warehouse = Path(shutil.copytree(sample_warehouse, folder / "warehouse"))
    server = Server(warehouse, copy_project(folder / "project")).start()
    yield Analyst(server)
    server.stop()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("YAML typo", ["did you mean 'description'", "quarterly_hires.yml"]),
        ("a ref to nothing", ["stg_job"]),
        ("a deleted model", ["int_hires_by_quarter"]),
        ("SQL syntax", ["syntax error"]),
        ("a failing test", []),
        ("an undescribed column", ["Built but not documented: extra"]),
    ],
)
def test_each_way_to_break_the_project_is_told_and_the_good_numbers_stay(
    analyst: Analyst, name: str, told: list[str]
) -> None:
    good = analyst.server.rows(ABOVE)
    failed = analyst.damage(name)
    messages = "\n".join(f["message"] for f in failed["failures"])
    assert [text for text in told if text not in messages] == []
    assert analyst.server.rows(ABOVE) == good


def test_wrong_numbers_are_caught_by_the_unit_tests(analyst: Analyst) -> None:
    # Its unit tests know the right numbers: the wrong ones are never served.
    failed = analyst.damage("wrong numbers")
    assert {failure["kind"] for failure in failed["failures"]} == {"unit_test"}


def test_a_load_into_a_broken_project_is_safe_and_told_until_it_is_mended(
    analyst: Analyst,
) -> None:
    server = analyst.server
    analyst.damage("an unknown function")
    answer = server.batch("departments", [[1, "Sales"]])
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
    assert server.get(f"/metrics/{ABOVE}").headers["Sample-Data"] == "true"
    # Who asks for a build from a terminal is told the same.
    done = server.command("build")
    assert done.returncode == 1
    assert "failed" in done.stdout and "no such function: summ" in done.stderr
    analyst.mend()
    wait_until(lambda: analyst.newest()["status"] == "published")
    assert server.rows(ABOVE) == []
    load = server.get(f"/loads/{answer.json()['load_id']}").json()
    assert load["build"]["status"] == "published"
