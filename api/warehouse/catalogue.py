"""The catalogue of the published build: its metrics, and what is found in their rows.

dbt writes it with the marts, in one transaction; see dbt_project/macros/audit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa

from api.contract import DataType, Mart, read_marts
from api.contract.marts import MOST_VALUES
from api.engines import Connection, Row
from api.errors import NotReady, UnknownMetric
from api.suggestion import did_you_mean
from api.warehouse.builds import Build
from api.warehouse.select import distinct

ARROW: dict[DataType, pa.DataType] = {
    "integer": pa.int64(),
    "real": pa.float64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "date": pa.string(),
    "timestamp": pa.string(),
}
# By column; None where there are more than MOST_VALUES.
Values = dict[str, list[str | int | float | bool] | None]


@dataclass(frozen=True)
class Metric:
    """A published mart and where its numbers come from.

    `table` is what its rows are published as, in this build and perhaps no other.
    `upstream` are the models and tables that it is built from, `tests` what was tested
    and with what result; both as dbt recorded them when it published.
    """

    mart: Mart
    table: str
    file: str
    sql: str
    upstream: list[Row]
    tests: list[Row]


@dataclass(frozen=True)
class Served:
    """The build that is served, and its metrics by endpoint."""

    build: Build
    metrics: dict[str, Metric]

    def metric(self, endpoint: str) -> Metric:
        """The metric; raises UnknownMetric."""
        found = self.metrics.get(endpoint)
        if found is None:
            known = ", ".join(sorted(self.metrics))
            hint = did_you_mean(endpoint, self.metrics)
            raise UnknownMetric(
                f"There is no metric {endpoint[:60]!r}, only {known}{hint}"
            )
        return found


@dataclass(frozen=True)
class Listed:
    """What is served, with the values of what its parameters hold, by endpoint."""

    served: Served
    values: dict[str, Values]


def metrics_of(connection: Connection) -> dict[str, Metric]:
    """The metrics of the published build by endpoint; raises NotReady."""
    if not connection.has_table("catalogue"):
        raise NotReady(
            "What is published was made by an earlier version. The builder makes it"
            " anew when it starts: try again in a few seconds."
        )
    rows = connection.rows("select * from catalogue order by model")
    documents = [json.loads(row["document"]) for row in rows]
    marts = {m.name: m for m in read_marts([d["contract"] for d in documents]).values()}
    metrics = [
        Metric(
            mart=marts[document["contract"]["name"]],
            table=document.get("table", document["contract"]["name"]),
            file=document["file"],
            sql=document["sql"],
            upstream=document["upstream"],
            tests=document["tests"],
        )
        for document in documents
    ]
    return {metric.mart.endpoint: metric for metric in metrics}


def values_of(connection: Connection, metric: Metric) -> Values:
    """The values of each column that a parameter holds, ascending."""
    mart = metric.mart
    found: Values = {}
    for name in {parameter.column for parameter in mart.parameters}:
        rows = connection.table(*distinct(mart, metric.table, name, MOST_VALUES + 1))
        values = rows[name].cast(ARROW[mart.column(name).data_type])
        listable = len(values) <= MOST_VALUES
        found[name] = values.to_pylist() if listable else None
    return found


def typed(rows: pa.Table, mart: Mart) -> pa.Table:
    """The rows in the contract's types; a column without any value has none yet."""
    schema = pa.schema([(c.name, ARROW[c.data_type]) for c in mart.columns])
    return rows.cast(schema)
