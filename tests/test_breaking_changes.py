"""What an edit breaks for those who rely on a metric is told before it is merged.

Each case edits a copy of the project, and compares the OpenAPI documents of both.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openapi_spec_validator import validate
from support.project import Edit
from support.server import run_command

from api.commands import commands
from api.config import CHECKOUT

ABOVE = "departments_above_average"
HIRES = "quarterly_hires"
DEFAULT = "            column: year\n            default: 2021\n"
JOB = "description: The job's name.\n        data_type: text\n        data_tests:\n"
QUARTERS = "select: [year, id, department, hired]"
CHART = """        chart:
          mark: bar
          encoding:
            x: {field: hired, title: People hired}
            y: {field: department, sort: -x}
          reference: {field: mean, title: mean of all departments}
"""
MEAN = """      - name: mean
        description: The mean of what all departments hired in the year; answered when selected.
        data_type: real
        data_tests:
          - not_null
"""  # noqa: E501


def accepting(*values: str) -> str:
    listed = ", ".join(values)
    return f"{JOB}          - accepted_values: {{arguments: {{values: [{listed}]}}}}\n"


def openapi(project: Path, *arguments: str) -> Result:
    """The command in this process: there are many cases."""
    return CliRunner().invoke(
        commands, ["openapi", *arguments], env={"PROJECT_DIR": str(project)}
    )


def print_document(project: Path, folder: Path) -> Path:
    done = openapi(project)
    assert done.exit_code == 0, done.stderr
    path = folder / "old.json"
    path.write_text(done.stdout)
    return path


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document of the project as it is, which a copy has as well."""
    return print_document(CHECKOUT, tmp_path_factory.mktemp("before"))


def told_of(project: Path, old: Path) -> list[str]:
    """The lines that an edited project is refused with."""
    done = openapi(project, "--against", str(old))
    lines: list[str] = done.stderr.splitlines()
    assert done.exit_code == (1 if lines else 0), done.stderr
    assert bool(done.stdout) is not bool(lines)
    return lines


BREAKING = [
    (ABOVE, f"endpoint: {ABOVE}", "endpoint: above", "the metric is gone; serve"),
    (
        HIRES,
        "October to December.\n        data_type: integer",
        "October to December.\n        data_type: real",
        "column Q4 was integer (int64) and is number (double); keep it",
    ),
    (
        HIRES,
        f"{JOB}          - not_null\n",
        JOB.replace("data_tests:", "data_tests: []"),
        "column job may be null now; keep its not_null",
    ),
    (
        ABOVE,
        DEFAULT,
        DEFAULT.replace("2021", "2022"),
        "parameter year is 2022 unless given, and was 2021; keep its default",
    ),
    (
        ABOVE,
        DEFAULT,
        DEFAULT.replace("2021", "all"),
        "parameter year is all unless given, and was 2021; keep its default",
    ),
    (
        ABOVE,
        f"        parameters:\n          - name: year\n{DEFAULT}",
        "",
        "parameter year takes all no more; take it still",
    ),
    (
        ABOVE,
        "order_by: [year, -hired",
        "order_by: [year, hired",
        "sort is year,hired,department,id unless given, and was year,-hired,",
    ),
    (
        ABOVE,
        QUARTERS,
        QUARTERS.replace(", hired", ""),
        "select is year,id,department unless given, and was year,id,department,hired;",
    ),
    (
        ABOVE,
        DEFAULT,
        DEFAULT + "          - {name: of, column: id, default: 1}\n",
        "parameter of holds rows to 1; let it be all",
    ),
    (
        ABOVE,
        DEFAULT,
        DEFAULT + "          - {name: id, column: id, default: 1}\n",
        "parameter id is 1 unless given, and was nothing; keep its default",
    ),
    (ABOVE, CHART, "", "parameter format takes svg, vegalite no more; take it still"),
]


@pytest.mark.parametrize(
    ("model", "old", "new", "told"), BREAKING, ids=[told for *_, told in BREAKING]
)
def test_an_edit_that_breaks_a_metric_is_told(
    before: Path, project: Path, edit: Edit, model: str, old: str, new: str, told: str
) -> None:
    edit(f"{model}.yml", old, new)
    endpoint = {HIRES: "employees_per_department"}.get(model, model)
    lines = told_of(project, before)
    assert any(line.startswith(f"/metrics/{endpoint}: {told}") for line in lines), lines
    others = [line for line in lines if told not in line]
    assert all("parameter year is nothing" in line for line in others), "told once"


def test_a_metric_that_was_deleted_is_told(before: Path, project: Path) -> None:
    for path in project.rglob(f"{HIRES}.*"):
        path.unlink()
    (line,) = told_of(project, before)
    assert line.startswith("/metrics/employees_per_department: the metric is gone")


def test_a_renamed_column_is_told_once(before: Path, project: Path, edit: Edit) -> None:
    edit(f"{HIRES}.yml", "Q3, Q4]", "Q3]")
    edit(f"{HIRES}.yml", "- name: Q4", "- name: fourth")
    (line,) = told_of(project, before)
    assert line.startswith("/metrics/employees_per_department: column Q4 is gone; keep")


def test_a_renamed_parameter_is_told(tmp_path: Path, project: Path, edit: Edit) -> None:
    edit(
        f"{ABOVE}.yml",
        "- name: year\n            column",
        "- name: of\n            column",
    )
    before = print_document(project, tmp_path)
    edit(f"{ABOVE}.yml", "- name: of\n", "- name: in\n")
    gone, new = told_of(project, before)
    assert gone == (
        f"/metrics/{ABOVE}: parameter of is gone; declare it still, whatever it pins"
    )
    assert new == f"/metrics/{ABOVE}: parameter in holds rows to 2021; let it be all"


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (("Clerk",), ("Clerk", "Baker"), "may be Baker now, which no reader knows"),
        (("Clerk",), ("Baker",), "may be Baker now"),
        (("Clerk",), (), "may be any value now, not only Clerk"),
        (("Clerk", "Baker"), ("Clerk",), ""),
        ((), ("Clerk",), ""),
    ],
)
def test_values_that_no_reader_knows_are_told(
    tmp_path: Path,
    project: Path,
    edit: Edit,
    was: tuple[str, ...],
    now: tuple[str, ...],
    told: str,
) -> None:
    start = accepting(*was) if was else JOB
    edit(f"{HIRES}.yml", JOB, start)
    before = print_document(project, tmp_path)
    edit(f"{HIRES}.yml", start, accepting(*now) if now else JOB)
    lines = told_of(project, before)
    assert len(lines) == bool(told)
    assert all(f"employees_per_department: column job {told}" in x for x in lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Departments that", "title: Those that"),
        ("description: The department's name.", "description: Its name."),
        (MEAN, f"{MEAN}      - {{name: x, data_type: text, description: An x.}}\n"),
        ("department, id]", "department, id, mean]"),
        (QUARTERS, QUARTERS.replace("hired]", "hired, mean]")),
        (QUARTERS, ""),
        (CHART, CHART.replace("mark: bar", "mark: line")),
        (f"endpoint: {ABOVE}", ""),
        ("parameters:\n", "parameters:\n          - {name: of, column: id}\n"),
        (DEFAULT, f"{DEFAULT}          - {{name: of, column: id, default: all}}\n"),
        (DEFAULT, f"{DEFAULT}          - {{name: id, column: id, default: all}}\n"),
    ],
)
def test_what_a_metric_gains_breaks_nothing(
    before: Path, project: Path, edit: Edit, old: str, new: str
) -> None:
    edit(f"{ABOVE}.yml", old, new)
    assert told_of(project, before) == []


def test_a_new_metric_breaks_nothing(before: Path, project: Path) -> None:
    marts = project / "dbt_project/models/marts"
    for suffix in ("sql", "yml"):
        text = (marts / f"{HIRES}.{suffix}").read_text()
        text = text.replace(HIRES, "more").replace("employees_per_department", "more")
        (marts / f"more.{suffix}").write_text(text)
    assert told_of(project, before) == []


def test_the_document_of_the_files_is_valid_and_needs_no_warehouse(
    tmp_path: Path, project: Path
) -> None:
    done = run_command(tmp_path / "warehouse", "openapi", project=project)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    validate(document)
    for endpoint in ("employees_per_department", ABOVE):
        assert f"/metrics/{endpoint}" in document["paths"]
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"paths": {"/metrics/%s": {}}}'])
def test_a_file_that_is_no_such_document_is_refused(
    tmp_path: Path, project: Path, text: str
) -> None:
    path = tmp_path / "old.json"
    path.write_text(text.replace("%s", ABOVE))
    done = openapi(project, "--against", str(path))
    assert done.exit_code == 2
    assert "is not what `python -m api openapi` prints" in done.stderr


def test_a_project_that_cannot_be_read_has_no_document(
    project: Path, edit: Edit
) -> None:
    edit(f"{HIRES}.yml", "endpoint:", "endpont:")
    done = openapi(project)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "mean 'endpoint'" in done.stderr
