"""What is reported of a failed build: plain words, the file and the line to look at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from support import fork_server
from support.client import open_client
from support.inspection import query
from support.project import copy_project
from support.server import environment

from api.builder.runs import messages
from api.config import CHECKOUT

# Breaks the project in one way after the other; what was recorded of each build.
SCRIPT = """
import json, sqlite3, sys
from pathlib import Path
from api.builder.heartbeat import Heart
from api.builder.loop import Builder
from api.warehouse.engines import open_builder_store
from api.config import Settings
settings = Settings.from_env()
builder = Builder(settings, open_builder_store(settings), Heart())
reported = {}
for name, files in json.loads(Path(sys.argv[1]).read_text()).items():
    paths = [settings.project_dir / file for file in files]
    before = [path.read_text() if path.exists() else None for path in paths]
    for path, text in zip(paths, files.values()):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert not builder.build_once(), name
    published = sqlite3.connect(settings.warehouse_dir / "published.db")
    newest = "select failures from builds order by build_id desc limit 1"
    reported[name] = json.loads(published.execute(newest).fetchone()[0])
    published.close()
    for path, text in zip(paths, before):
        path.unlink() if text is None else path.write_text(text)
print(json.dumps(reported))
"""
MODELS = "dbt_project/models"
HIRES = f"{MODELS}/marts/quarterly_hires"
ABOVE = f"{MODELS}/marts/departments_above_average"
COUNTED = f"{MODELS}/intermediate/int_hires_by_quarter"


def edited(file: str, old: str, new: str) -> dict[str, str]:
    text = (CHECKOUT / file).read_text()
    assert old in text
    return {file: text.replace(old, new, 1)}


def below(lines: int, files: dict[str, str]) -> dict[str, str]:
    return {file: "\n" * lines + text for file, text in files.items()}


def up_to(file: str, end: str) -> str:
    text, found, _ = (CHECKOUT / file).read_text().partition(end)
    assert found
    return text


# A mart that keeps none of its promises, and has no unit test that would say so first.
PROMISES = """
models:
  - name: promises
    description: None is kept.
    config: {meta: {title: Promises}}
    columns:
      - name: id
        description: Missing, and twice.
        data_type: integer
        data_tests: [not_null, unique]
      - name: kind
        description: Of no kind.
        data_type: text
        data_tests:
          - accepted_values: {arguments: {values: [a, b]}}
      - name: job_id
        description: A job that nobody has.
        data_type: integer
        data_tests:
          - relationships:
              arguments: {to: ref('stg_jobs'), field: job_id}
              config: {severity: warn}
      - name: hires
        description: Too few.
        data_type: integer
        data_tests:
          - more_than: {arguments: {least: 3}, description: Hires come in threes.}
          - more_than:
              name: weighed
              arguments: {least: 4}
              config: {fail_calc: sum(hires)}
"""
PROMISES_SQL = """
with recursive n (i) as (select 1 union all select i + 1 from n where i < 1200)
select
    case when i > 4 then null else (i + 1) / 2 end as id,
    case when i > 1 then 'a' else 'c' end as kind,
    case when i > 1 then null else 9999 end as job_id,
    1 as hires
from n
"""
MORE_THAN = """
{% test more_than(model, column_name, least) %}
select * from {{ model }} where not {{ column_name }} > {{ least }}
{% endtest %}
"""
SINGULAR = """
data_tests:
  - name: nobody_was_hired
    description: Nobody may be hired.
"""
# What SQLite says of each.
MISTAKES = {
    "a_column": (
        "-- hirez {# hirez #}\nselect\n    hirez\nfrom {}",
        "no such column: hirez",
    ),
    "a_function": (
        "select\n    'summ' || summ(hired)\nfrom {}",
        "no such function: summ",
    ),
    "a_table": ("select *\nfrom nowhere", "no such table: nowhere"),
    "a_name_of_two": (
        "select\n    year\nfrom {} as a\ncross join {} as b",
        "ambiguous column name: year",
    ),
    "an_aggregate": (
        "select *\nfrom {}\nwhere max(hired) > 1",
        "misuse of aggregate function max()",
    ),
    "a_keyword": ("selct 1\nfrom {}", 'near "1": syntax error'),
    "a_semicolon": ("select *\nfrom {};", 'near ";": syntax error'),
    "a_comma": ("select a.year\n    a.hired\nfrom {} as a", 'near ".": syntax error'),
    "a_parenthesis": ("select max(year)\nfrom {} where", 'near ")": syntax error'),
    "a_name_on_two_lines": ("select nope\nfrom {}\nwhere nope", "no such column: nope"),
}
LINES = {
    "a_column": 3,
    "a_function": 2,
    "a_table": 2,
    "a_name_of_two": 2,
    "a_keyword": 1,
    "a_semicolon": 2,
    "an_aggregate": 3,
}
SLIP = """
models:
  - name: {name}
    description: A row.
    config: {{meta: {{title: A row}}}}
    columns:
      - {{name: id, data_type: integer, description: A number.}}
      - {{name: open, data_type: boolean, description: Whether it is open.}}
"""
SLIPS = {
    "of_another_type": "select\n    1 as id,\n    'perhaps' as open",
    "twice": "select 1 as id, 1 as open, 2 as id",
    "without_comma": "with n as (select 1 as id, 1 as open)\n"
    "select\n    id\n    open\nfrom n",
}
# A build each: what does not get in each other's way is broken together.
BREAKAGES = {
    "SQL": below(2, edited(f"{HIRES}.sql", "quarter = 2", "quarterr = 2"))
    | edited(f"{ABOVE}.sql", "sum(hired) as hired,", "sum(hired) as hired"),
    # Of several unit tests of a model any may be the one that fails first.
    "rows": edited(f"{HIRES}.sql", "        jobs.job,\n", "")
    | edited(f"{ABOVE}.sql", ".hired,\n", ".hired + 1000 as hired,\n")
    | {f"{ABOVE}.yml": up_to(f"{ABOVE}.yml", "  - name: exactly_at_the_mean")},
    "no macro": edited(
        f"{MODELS}/staging/stg_hired_employees.sql", "utc_time", "utc_tim"
    ),
    "promises": edited(f"{HIRES}.sql", "jobs.job,", "jobs.job,\n        1 as extra,")
    | {
        f"{MODELS}/marts/promises.yml": PROMISES,
        f"{MODELS}/marts/promises.sql": PROMISES_SQL,
        "dbt_project/macros/more_than.sql": MORE_THAN,
        "dbt_project/tests/nobody_was_hired.yml": SINGULAR,
        "dbt_project/tests/nobody_was_hired.sql": "select * from {{ ref('promises') }}",
    }
    | {
        f"dbt_project/tests/{name}.sql": sql.replace(
            "{}", "{{ ref('departments_above_average') }}"
        )
        for name, (sql, _) in MISTAKES.items()
    },
    "slips": {
        f"{MODELS}/marts/{name}.{suffix}": text
        for name, sql in SLIPS.items()
        for suffix, text in {"sql": sql, "yml": SLIP.format(name=name)}.items()
    },
    "no model": edited(f"{HIRES}.sql", "ref('stg_jobs')", "ref('stg_job')"),
    "test of no model": edited(f"{COUNTED}.yml", "ref('stg_jobs')", "ref('stg_job')"),
    "test of no table": edited(
        f"{COUNTED}.yml", "ref('stg_jobs')", "source('raw', 'job')"
    ),
    "Jinja": below(3, edited(f"{HIRES}.sql", "('stg_jobs') }}", "('stg_jobs')")),
    "macro": edited("dbt_project/macros/utc_timestamp.sql", "return(", "return(("),
    "indentation": edited(
        f"{HIRES}.yml", "  description: The job", "description: The job"
    ),
    "key": edited(f"{HIRES}.yml", "  description: The job", "  descripton: The job"),
    "dbt_project": edited("dbt_project.yml", "    staging:", "    - staging:"),
    "profile": edited("dbt_project.yml", "profile: hiring", "profile: hirng"),
    "cycle": edited(
        f"{MODELS}/staging/stg_jobs.sql",
        "with",
        "-- {{ ref('quarterly_hires') }}\nwith",
    ),
}


Reported = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def reported(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Reported:
    """What one builder has recorded of every breakage."""
    folder = tmp_path_factory.mktemp("reported")
    warehouse = copytree(sample_warehouse, folder / "warehouse")
    project = copy_project(folder / "project")
    (folder / "script.py").write_text(SCRIPT)
    (folder / "breakages.json").write_text(json.dumps(BREAKAGES))
    command = [str(folder / "script.py"), str(folder / "breakages.json")]
    # For whoever types commands here, not for builders.
    variables = environment(warehouse, project) | {"DBT_WARN_ERROR": "1"}
    done = fork_server.run(command, CHECKOUT, variables)
    assert done.returncode == 0, done.stderr
    assert str(folder) not in done.stdout, "where this machine keeps its files"
    found: Reported = json.loads(done.stdout.splitlines()[-1])
    return found


def test_where_dbt_keeps_its_record_is_not_named() -> None:
    error = "Runtime Error in model a (a.sql)\n  no such table: main.dbt_model_states"
    assert "dbt_model_states" not in messages.summary(error)
    assert "on-run-start has to call start_run()" in messages.summary(error)


SQL_OF_HIRES = "The SQL of quarterly_hires is wrong"
OTHER_ROWS = (
    "departments_above_average answers other rows than its unit test NAME expects. Over"
    " all three departments the mean is 4; over the two that hired it would be 6."
)
NO_COLUMN = "quarterly_hires has no column job, which its unit test NAME expects."
UNDOCUMENTED = (
    "quarterly_hires cannot be built: quarterly_hires.sql and quarterly_hires.yml"
    " disagree about its columns. Built but not documented: extra."
)
ORPHAN = (
    "1 row of promises has a job_id that is no job_id of stg_jobs. This is a warning:"
    " it holds back no numbers."
)
NOT_YAML = (
    "this is not YAML: did not find expected '-' indicator. Most often it is an"
    " indentation, a colon or a quote, there or just above."
)
TYPO = (
    "quarterly_hires.yml is wrong near line 36: model quarterly_hires, column job:"
    " unknown key 'descripton' (did you mean 'description'?)."
)
PROMISES_YML = f"{MODELS}/marts/promises.yml"
WORDS = [
    (
        "SQL",
        f"{SQL_OF_HIRES} near line 23: no such column: hires.quarterr.",
        f"{HIRES}.sql",
        23,
    ),
    (
        "SQL",
        'The SQL of departments_above_average is wrong near line 39: near "count":'
        " syntax error.",
        f"{ABOVE}.sql",
        39,
    ),
    ("rows", NO_COLUMN, f"{HIRES}.yml", None),
    ("rows", OTHER_ROWS, f"{ABOVE}.yml", None),
    ("promises", UNDOCUMENTED, f"{HIRES}.sql", 20),
    (
        "no macro",
        "The SQL of stg_hired_employees is wrong near line 26: 'utc_timstamp' is"
        " undefined.",
        f"{MODELS}/staging/stg_hired_employees.sql",
        26,
    ),
    ("promises", "1,196 rows of promises have no id.", PROMISES_YML, None),
    (
        "promises",
        "2 values of id stand more than once in promises.",
        PROMISES_YML,
        None,
    ),
    (
        "promises",
        "1 value of kind in promises is none of a, b: 'c'.",
        PROMISES_YML,
        None,
    ),
    (
        "slips",
        "of_another_type cannot be built: its column open has a text in a row, and its"
        " YAML says boolean; cast it in the SQL, or change data_type.",
        f"{MODELS}/marts/of_another_type.sql",
        3,
    ),
    (
        "slips",
        "twice cannot be built: its SQL has two columns id; give one another name.",
        f"{MODELS}/marts/twice.sql",
        1,
    ),
    (
        "slips",
        "without_comma cannot be built: without_comma.sql and without_comma.yml"
        " disagree about its columns. Documented but not built: id. Is a comma missing"
        " after id?",
        f"{MODELS}/marts/without_comma.sql",
        3,
    ),
    ("promises", ORPHAN, PROMISES_YML, None),
    (
        "promises",
        "The test more_than of promises.hires complains of 1,200 rows. Hires come in"
        " threes.",
        PROMISES_YML,
        None,
    ),
    (
        "promises",
        "The test more_than of promises.hires does not pass.",
        PROMISES_YML,
        None,
    ),
    (
        "promises",
        "The test nobody_was_hired complains of 1,200 rows. Nobody may be hired.",
        "dbt_project/tests/nobody_was_hired.sql",
        None,
    ),
    (
        "no model",
        f"{SQL_OF_HIRES} near line 12: there is no 'stg_job' to read.",
        f"{HIRES}.sql",
        12,
    ),
    (
        "test of no model",
        "int_hires_by_quarter.yml is wrong near line 38: there is no 'stg_job' to"
        " read (did you mean 'stg_jobs'?).",
        f"{COUNTED}.yml",
        38,
    ),
    (
        "test of no table",
        "int_hires_by_quarter.yml is wrong: there is no 'raw.job' to read.",
        f"{COUNTED}.yml",
        None,
    ),
    ("Jinja", f"{SQL_OF_HIRES} near line 16: unexpected ')'.", f"{HIRES}.sql", 16),
    (
        "macro",
        "The SQL of utc_timestamp is wrong near line 3: unexpected '}', expected ')'.",
        "dbt_project/macros/utc_timestamp.sql",
        3,
    ),
    (
        "indentation",
        f"quarterly_hires.yml is wrong near line 36: {NOT_YAML}",
        f"{HIRES}.yml",
        36,
    ),
    ("key", TYPO, f"{HIRES}.yml", 36),
    (
        "key",
        "quarterly_hires.yml is wrong: model quarterly_hires, column job: the key"
        " 'description' is missing.",
        f"{HIRES}.yml",
        None,
    ),
    (
        "dbt_project",
        "dbt_project.yml is wrong near line 27: this is not YAML: did not find expected"
        " key. Most often it is an indentation, a colon or a quote, there or just"
        " above.",
        "dbt_project.yml",
        27,
    ),
    ("profile", "Could not find profile named 'hirng'.", None, None),
    ("cycle", "Found a cycle: quarterly_hires --> stg_jobs.", None, None),
]


@pytest.mark.parametrize(("breakage", "words", "file", "line"), WORDS)
def test_a_failure_says_in_words_what_is_wrong_and_where(
    reported: Reported, breakage: str, words: str, file: str | None, line: int | None
) -> None:
    found = [(in_words(f), f["file"], f["line"]) for f in reported[breakage]]
    assert (words, file, line) in found


def in_words(failure: dict[str, Any]) -> str:
    """Whichever of a model's unit tests dbt has run first."""
    words: str = failure["words"]
    is_unit_test = failure["kind"] == "unit_test"
    return words.replace(failure["name"], "NAME") if is_unit_test else words


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_sql_has_a_line_where_its_name_stands_on_one_alone(
    reported: Reported, name: str
) -> None:
    (failure,) = [f for f in reported["promises"] if f["name"] == name]
    line = LINES.get(name)
    near = f" near line {line}" if line else ""
    defect = MISTAKES[name][1]
    assert failure["words"] == f"The SQL of {name} is wrong{near}: {defect}."
    assert failure["line"] == line
    file = f"dbt_project/tests/{name}.sql"
    assert failure["message"] == f"Database Error in test {name} ({file})\n  {defect}"


def test_a_unit_test_shows_the_rows_that_differ(reported: Reported) -> None:
    (failure,) = [f for f in reported["rows"] if f["status"] == "fail"]
    message = failure["message"]
    assert message.startswith(
        "actual differs from expected:\n\n@@,year,id,department,hired"
    )
    assert re.search(r"\n→ ,2021,1 ,Sales     ,(\d+)→1\d+", message)
    assert "\x1b" not in message and "\r" not in message


def test_nothing_of_this_machine_or_its_colours_is_told() -> None:
    message = (
        "\x1b[31mDatabase Error\x1b[0m in x\n  no\n  compiled code at /srv/x.sql\n"
    )
    assert messages.cleaned(message) == "Database Error in x\n  no"


@pytest.mark.parametrize(
    ("name", "code", "line"),
    [
        ("a", "b\na", 2),
        ("a", "b\nab", None),
        ("a", "a\na", None),
        ("a", "a + a", 1),
        ("a", "-- a\na", 2),
        ("a", "/* a\n */ a", 2),
        ("a", "{# a\n #}\na", 3),
        ("a", "'b a'\na", 2),
        ("a", "'--' + a", 1),
        ("a", "{{ adapter.quote('a') }}", 1),
        ("b.a", "a\nb.a", 2),
        ("b.a", "b\na", 2),
        (";", "a\na;", 2),
        ("", "a", None),
    ],
)
def test_a_name_has_a_line_where_it_stands_on_one_alone(
    name: str, code: str, line: int | None
) -> None:
    assert messages.line_of(name, code) == line


def test_a_failure_of_an_earlier_version_has_dbts_words_and_no_line(
    warehouse: Path,
) -> None:
    recorded = {
        "name": "stg_jobs",
        "kind": "model",
        "file": None,
        "status": "error",
        "rows": None,
        "message": "Database Error",
        "sample": [],
    }
    sql = f"update builds set failures = '[{json.dumps(recorded)}]'"
    query(warehouse / "published.db", sql)
    with open_client(warehouse) as client:
        (build,) = client.get("/builds").get_json()
    assert build["failures"] == [recorded | {"words": "Database Error", "line": None}]
