"""Every rule that `make lint` has of its own is shown to go red once.

What checks them is installed by `make lint`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.project import Edit
from support.server import run_dbt

from api.config import CHECKOUT

BIN = Path(sys.executable).parent

pytestmark = pytest.mark.skipif(
    not all((BIN / name).exists() for name in ("sqlfluff", "dbt-bouncer", "oxlint")),
    reason="not installed: make lint",
)


def lint(name: str, *arguments: str, folder: Path = CHECKOUT) -> tuple[int, str]:
    done = subprocess.run(
        [str(BIN / name), *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


GOOD = """with

hires as (
    select * from {{ ref('int_hires_by_quarter') }}
),

jobs as (
    select * from {{ ref('stg_jobs') }}
),

final as (
    select
        hires.year,
        jobs.job,
        {{ some_macro('hires.hires') }} as hires
    from hires
    inner join jobs on hires.job_id = jobs.job_id
)

select * from final
"""


STYLES = [
    ("", "", ""),
    ("    select\n", "    SELECT\n", "CP01"),
    ("jobs.job,", "jobs.Job,", "CP02"),
    ("jobs.job,", "Upper(jobs.job) as job,", "CP03"),
    ("        jobs.job,", "      jobs.job,", "LT02"),
    ("jobs.job,\n        ", "jobs.job\n        , ", "LT04"),
    ("jobs.job,", f"jobs.job || '{'x' * 90}' as job,", "LT05"),
    ("as hires\n    from", "hires\n    from", "AL02"),
    ("join jobs on", "join jobs as others on", "AL07"),
    ("inner join", "join", "AM05"),
    ("jobs.job_id\n", "jobs.job_id\n    group by 1, 2\n", "AM06"),
    ("jobs.job,", "job,", "RF02"),
    ("jobs.job,", "job.job,", "RF01"),
    ("final as", "unread as (\n    select 1 as n\n),\n\nfinal as", "ST03"),
    ("from hires\n", "from hires,\n", "PRS"),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The rules that each model breaks, all looked at by one process."""
    folder = tmp_path_factory.mktemp("styles")
    (folder / ".sqlfluff").write_text((CHECKOUT / ".sqlfluff").read_text())
    names = [f"model_{number:02}.sql" for number in range(len(STYLES))]
    for name, (old, new, _) in zip(names, STYLES, strict=True):
        (folder / name).write_text(GOOD.replace(old, new, 1))
    _, told = lint("sqlfluff", "lint", "--format", "json", *names, folder=folder)
    found = {file["filepath"]: file["violations"] for file in json.loads(told)}
    return [[one["code"] for one in found[name]] for name in names]


@pytest.mark.parametrize("number", range(len(STYLES)), ids=[s[2] for s in STYLES])
def test_a_model_of_another_style_is_refused(
    refused: list[list[str]], number: int
) -> None:
    *_, rule = STYLES[number]
    assert rule in refused[number] if rule else refused[number] == []


# The names of models that keep no convention, and their SQL.
ASTRAY = {
    "marts/int_astray": """
        {{ config(materialized='view', contract={'enforced': false}) }}
        select * from {{ ref('quarterly_hires') }}, raw.jobs
        -- {{ source('raw', 'jobs') }} {{ ref('jobs') }}
    """
    + "-- long\n" * 80,
    "staging/astray": "{{ config(materialized='view') }} select * from"
    " {{ ref('quarterly_hires') }};",
    "intermediate/astray_too": "{{ config(materialized='incremental') }} select * from"
    " {{ ref('quarterly_hires') }}",
    "other/stg_other": "select 1 as n",
}
ASTRAY_YAML = """
  - name: int_astray
    description: Hires.
    columns:
      - {name: day, data_type: date, description: ""}
      - {name: on_at, description: When.}
      - {name: since, data_type: timestamp, description: Since when.}
"""
UNREAD = "      - {name: Unread, description: ''}\n"


def test_every_convention_is_missed_by_a_project_that_keeps_none(
    project: Path, edit: Edit
) -> None:
    for name, sql in ASTRAY.items():
        path = project / f"dbt_project/models/{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sql)
    edit("quarterly_hires.yml", "models:\n", f"models:\n{ASTRAY_YAML}")
    edit("_sources.yml", "    tables:\n", f"    tables:\n{UNREAD}")
    config = (CHECKOUT / ".dbt-bouncer.yml").read_text()
    (project / ".dbt-bouncer.yml").write_text(config.replace(".lint", "lint"))

    parsed = run_dbt(project / "lint", "--quiet", "parse", project=project)
    assert parsed.returncode == 0, parsed.stdout
    arguments = ("run", "--config-file", ".dbt-bouncer.yml", "--show-all-failures")
    code, told = lint("dbt-bouncer", *arguments, folder=project)
    assert code == 1, told
    rules = yaml.safe_load(config)["manifest_checks"]
    for number, rule in enumerate(rules):
        assert f"{rule['name']}:{number}:" in told, rule


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ('import { h } from "./dom.js";\nh("p");', ""),
        ('import { nothing } from "./dom.js";\nnothing();', "import(named)"),
        ("undeclared();", "no-undef"),
        ("const unread = 1;", "no-unused-vars"),
        ("let kept = 1;\nexport const read = kept;", "prefer-const"),
        ("export const same = (a, b) => a == b;", "eqeqeq"),
    ],
)
def test_a_script_with_a_mistake_is_refused(
    tmp_path: Path, script: str, rule: str
) -> None:
    (tmp_path / "dom.js").write_text("export function h() {}\n")
    (tmp_path / "part.js").write_text(script)
    config = str(CHECKOUT / ".oxlintrc.json")
    code, told = lint("oxlint", "-c", config, "--deny-warnings", str(tmp_path))
    assert (code != 0) is bool(rule), told
    assert rule in told
