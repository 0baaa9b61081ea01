"""Two marts beside the project's own, with a column of every type; built once for all.

`everything` is what tests/test_metric_queries.py asks; `choices` has the parameters
that tests/test_catalogue.py looks at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.contract.marts import MOST_VALUES

EVERYTHING = {
    "id": "integer",
    "label": "text",
    "amount": "real",
    "open": "boolean",
    "due_on": "date",
    "seen_at": "timestamp",
}
LABELS = ["plain", "=1+1", 'a,b "c"\nd', "Ünï ☃", None, "plain", "Zoë", ""]
AMOUNTS = [1.5, -2.0, None, 0.1, 1e300]
DAYS = ["2021-12-31", "2022-01-01", None]
TIMES = ["2021-01-01T00:00:00Z", "2021-01-01T00:00:00.5Z", "0999-05-05T05:05:05Z", None]
# A few rows stand there several times, just alike.
ROWS = [
    {
        "id": number % 7,
        "label": LABELS[number % len(LABELS)],
        "amount": AMOUNTS[number % len(AMOUNTS)],
        "open": [True, False, None][number % 3],
        "due_on": DAYS[number % len(DAYS)],
        "seen_at": TIMES[number % len(TIMES)],
    }
    for number in [*range(40), 3, 3, 3, 5, 5]
]

CHOICES = {
    "many": "integer",
    "just_few_enough": "integer",
    "number": "integer",
    "label": "text",
    "share": "real",
    "open": "boolean",
    "due_on": "date",
    "seen_at": "timestamp",
    "never": "text",
}
CHOICES_SQL = f"""
with recursive numbers as (
    select 1 as n
    union all
    select n + 1 from numbers where n <= {MOST_VALUES}
)
select
    n as many,
    max(n, 2) as just_few_enough,
    case when n % 3 = 0 then null else 30 - n % 3 end as number,
    case n % 4 when 0 then 'Zoë' when 1 then '' when 2 then 'a "b"' end as label,
    case n % 4 when 2 then 0.5 when 3 then -2.0 end as share,
    n % 2 as open,
    case n % 2 when 0 then '2022-01-01' else '0999-12-31' end as due_on,
    case n % 3 when 0 then '2021-01-01T00:00:00Z' when 1 then '2021-01-01T00:00:00.5Z'
        else '2020-01-01T00:00:00Z' end as seen_at,
    cast(null as text) as never
from numbers
"""
CHOICES_YAML = """
models:
  - name: choices
    description: Rows with a column of every type, each held by a parameter.
    config:
      meta:
        title: Choices
        parameters:
"""
EVERYTHING_YAML = """
models:
  - name: everything
    description: Rows with a column of every type.
    config:
      meta:
        title: Everything
        order_by: [-id, label]
    columns:
"""


def add_marts(project: Path) -> None:
    """Put both into a copy of the project."""
    marts = project / "dbt_project/models/marts"
    rows = "\nunion all\n".join(f"select {_literals(row)}" for row in ROWS)
    marts.joinpath("everything.sql").write_text(rows)
    yaml = EVERYTHING_YAML + _columns(EVERYTHING)
    marts.joinpath("everything.yml").write_text(yaml)
    marts.joinpath("choices.sql").write_text(CHOICES_SQL)
    parameters = "".join(
        f"          - {{name: p_{name}, column: {name}}}\n" for name in CHOICES
    )
    yaml = f"{CHOICES_YAML}{parameters}    columns:\n{_columns(CHOICES)}"
    marts.joinpath("choices.yml").write_text(yaml)


def _columns(columns: dict[str, str]) -> str:
    return "".join(
        f"      - {{name: {name}, data_type: {kind}, description: A {kind}.}}\n"
        for name, kind in columns.items()
    )


def _literals(row: dict[str, Any]) -> str:
    return ", ".join(f"{_literal(value)} as {name}" for name, value in row.items())


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
