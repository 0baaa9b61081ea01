"""The catalogue of the published build: its metrics, and the values in their columns.

The builder writes it with the marts, in one transaction; see `builder.runs.catalogue`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

import pyarrow as pa

from api.contract import Column, Mart
from api.contract.data_types import DATA_TYPES
from api.contract.marts import MOST_VALUES
from api.contract.reader import read_mart
from api.errors import ContractError, NotReady, UnknownMetric, UnreadableMetric
from api.metrics.select import distinct
from api.warehouse.builds import Build
from api.warehouse.engines import Connection, Row
from api.wording import did_you_mean

log = logging.getLogger("warehouse")

# By column; None for a column with more than MOST_VALUES.
Values = dict[str, list[str | int | float | bool] | None]


@dataclass(frozen=True)
class Metric:
    """A published mart and where its numbers come from.

    `table` is the name that its rows have in this build. `upstream` are the models and
    tables that it is built from, `tests` its tests with their results; both as dbt
    recorded them.
    """

    mart: Mart
    table: str
    file: str
    sql: str
    upstream: list[Row]
    tests: list[Row]


@dataclass(frozen=True)
class Served:
    """The build that is served, and its metrics by endpoint.

    `unreadable` has the metrics whose document this version cannot parse, and why.
    """

    build: Build
    metrics: dict[str, Metric]
    unreadable: dict[str, str]

    def metric(self, endpoint: str) -> Metric:
        """The metric; raises UnknownMetric and UnreadableMetric."""
        metric = self.metrics.get(endpoint)
        if metric is None and (why := self.unreadable.get(endpoint)):
            raise UnreadableMetric(
                f"What was published of the metric {endpoint!r} cannot be read: {why}."
                " The next build that passes its tests publishes it anew."
            )
        if metric is None:
            known = ", ".join(sorted(self.metrics))
            hint = did_you_mean(endpoint, self.metrics)
            raise UnknownMetric(
                f"There is no metric {endpoint[:60]!r}, only {known}{hint}"
            )
        return metric


@dataclass(frozen=True)
class Catalogue:
    """What is served, and by endpoint the values of the columns behind parameters."""

    served: Served
    values: dict[str, Values]


def read_served(connection: Connection, build: Build) -> Served:
    """The metrics of the published build; raises NotReady.

    A document that cannot be parsed removes its own metric and no other.
    """
    if not connection.has_table("catalogue"):
        raise NotReady(
            "What is published was made by an earlier version. The builder makes it"
            " anew when it starts: try again in a few seconds."
        )
    rows = connection.rows("select * from catalogue order by model")
    served = Served(build, {}, {})
    for row in rows:
        try:
            metric = _metric(json.loads(row["document"]))
            endpoint = metric.mart.endpoint
            if endpoint in served.metrics:
                other = served.metrics[endpoint].mart.name
                raise ContractError([f"{other} has the same endpoint"])
            served.metrics[endpoint] = metric
        except (ContractError, ValueError, LookupError, TypeError) as error:
            why = str(getattr(error, "detail", error))
            served.unreadable[_endpoint(row)] = why
            log.error("the document of %s cannot be read: %s", row["model"], why)
    return served


def _metric(document: Row) -> Metric:
    mart = read_mart(document["contract"])
    return Metric(
        mart=mart,
        table=document.get("table", mart.name),
        file=document["file"],
        sql=document["sql"],
        upstream=document["upstream"],
        tests=document["tests"],
    )


def _endpoint(row: Row) -> str:
    """The endpoint of a metric whose document cannot be parsed, if it names one."""
    try:
        meta = json.loads(row["document"])["contract"]["config"]["meta"]
        return str(meta.get("endpoint") or row["model"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return str(row["model"])


def parameter_values(connection: Connection, metric: Metric) -> Values:
    """The values of each column behind a parameter, ascending."""
    mart = metric.mart
    by_column: Values = {}
    for name in {parameter.column for parameter in mart.parameters}:
        rows = connection.table(*distinct(mart, metric.table, name, MOST_VALUES + 1))
        values = rows[name].cast(arrow_type(mart.column(name)))
        listable = len(values) <= MOST_VALUES
        by_column[name] = values.to_pylist() if listable else None
    return by_column


def cast_rows(rows: pa.Table, mart: Mart) -> pa.Table:
    """The rows in the contract's types; a column of nulls comes without one."""
    schema = pa.schema([(c.name, arrow_type(c)) for c in mart.columns])
    return rows.cast(schema)


def arrow_type(column: Column) -> pa.DataType:
    """The type of a mart's column as it is served."""
    return pa.type_for_alias(DATA_TYPES[column.data_type].served)
