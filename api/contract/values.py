"""The values of the contract: tables that accept uploads, marts that are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DataType = Literal["integer", "text", "real", "boolean", "date", "timestamp"]
# The types whose cells begin with a calendar day.
DAYS = ("date", "timestamp")
# The order of day and month in files where the year does not come first.
Dates = Literal["day_first", "month_first"]
Mark = Literal["bar", "line", "area", "point"]
MeasureType = Literal["quantitative", "ordinal", "nominal", "temporal"]
Aggregate = Literal["sum", "mean", "min", "max", "count"]


@dataclass(frozen=True)
class Column:
    """One column of an upload table or of a mart.

    `labels` are the project's own metadata. The last three apply to uploaded files:
    other headers of the column, texts that mean no value, and the order of day and
    month.
    """

    name: str
    data_type: DataType
    description: str
    required: bool = False
    accepted_values: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    aliases: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ()
    dates: Dates | None = None


class _Columns:
    """What tables and marts have in common."""

    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Table(_Columns):
    """A raw upload table: what a row must look like to be accepted.

    `file` is the YAML file that declares it; tables are compared without it.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    file: str = field(default="", compare=False)


@dataclass(frozen=True)
class Parameter:
    """A query parameter that filters one column; `default` applies if it is absent."""

    name: str
    column: str
    default: str | None = None


@dataclass(frozen=True)
class Fold:
    """Wide columns made long: one row per column, with its name and its value."""

    columns: tuple[str, ...]
    name: str
    value: str


@dataclass(frozen=True)
class Channel:
    """One encoding of a chart: the field that a visual property shows, and how.

    `sort` is "ascending", "descending", or another channel of the chart, after a "-"
    if the largest comes first; None keeps the order of the rows.
    """

    field: str
    type: MeasureType
    title: str | None = None
    aggregate: Aggregate | None = None
    sort: str | None = None


@dataclass(frozen=True)
class Reference:
    """A column whose value is drawn as a line across the chart, and its title.

    The column is constant within the rows of one panel, such as the overall mean.
    """

    field: str
    title: str


@dataclass(frozen=True)
class Chart:
    """How a mart is drawn, in a small subset of Vega-Lite; encodings: x, y, color."""

    mark: Mark
    encoding: dict[str, Channel]
    fold: Fold | None = None
    reference: Reference | None = None


@dataclass(frozen=True)
class Mart(_Columns):
    """A served dbt model and how HTTP serves it.

    `selected` are the columns of an answer unless the request selects others, `labels`
    the project's own metadata. `is_daily` if the rows depend on the current day, so
    that each day needs a build.
    """

    name: str
    endpoint: str
    title: str
    description: str
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    selected: tuple[str, ...] = ()
    chart: Chart | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    is_daily: bool = False


@dataclass(frozen=True)
class Contract:
    """The tables by name and the marts by endpoint of one version of the project."""

    tables: dict[str, Table]
    marts: dict[str, Mart]
