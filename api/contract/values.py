"""The values of the contract: tables that can be uploaded, marts that are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DataType = Literal["integer", "text", "real", "boolean", "date", "timestamp"]
# The types of columns whose cells begin with a day.
DAYS = ("date", "timestamp")
# How days are written in files, where the year does not come first.
Dates = Literal["day_first", "month_first"]
Mark = Literal["bar", "line", "area", "point"]
MeasureType = Literal["quantitative", "ordinal", "nominal", "temporal"]
Aggregate = Literal["sum", "mean", "min", "max", "count"]


@dataclass(frozen=True)
class Column:
    """One column of an upload table or of a mart.

    `labels` are what the project's people say of it for themselves. The last three are
    about files that are uploaded: other headers of the column, texts that stand for
    nothing, and how its days are written.
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


@dataclass(frozen=True)
class Table:
    """A raw upload table: what a row must look like to be let in.

    `file` is where the project declares it; the same table may stand in another.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    file: str = field(default="", compare=False)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Parameter:
    """A query parameter that pins one column; `default` applies when it is absent."""

    name: str
    column: str
    default: str | None = None


@dataclass(frozen=True)
class Fold:
    """Wide columns as long ones: the column's name and its value, a row each."""

    columns: tuple[str, ...]
    name: str
    value: str


@dataclass(frozen=True)
class Channel:
    """One encoding of a chart: the field that a visual property shows, and how.

    `sort` is "ascending", "descending", or another channel of the chart, "-" before
    it for the largest first; None leaves the field in its own order.
    """

    field: str
    type: MeasureType
    title: str | None = None
    aggregate: Aggregate | None = None
    sort: str | None = None


@dataclass(frozen=True)
class Reference:
    """A column whose value is drawn as a line across the chart, and what it is called.

    The column is constant within the rows of one panel: the mean over all, say.
    """

    field: str
    title: str


@dataclass(frozen=True)
class Chart:
    """How a mart is drawn, a small subset of Vega-Lite; `encoding` by x, y, color."""

    mark: Mark
    encoding: dict[str, Channel]
    fold: Fold | None = None
    reference: Reference | None = None


@dataclass(frozen=True)
class Mart:
    """A served dbt model and how HTTP serves it.

    `selected` are the columns that an answer has unless the request selects others,
    `labels` what the project's people say of it for themselves.
    `is_daily` if its rows depend on the day, so that each day needs a build.
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

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Contract:
    """Every promise of one version of the project, by name."""

    tables: dict[str, Table]
    marts: dict[str, Mart]
