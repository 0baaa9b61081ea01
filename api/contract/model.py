"""The values of the contract: tables that can be uploaded, marts that are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DataType = Literal["integer", "text", "real", "boolean", "date", "timestamp"]


@dataclass(frozen=True)
class Column:
    """One column of an upload table or of a mart."""

    name: str
    data_type: DataType
    description: str
    required: bool = False
    accepted_values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A raw upload table: what a row must look like to be let in."""

    name: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Parameter:
    """A query parameter that pins one column; `default` applies when it is absent."""

    name: str
    column: str
    default: str | None = None


@dataclass(frozen=True)
class Mart:
    """A served dbt model and how HTTP serves it."""

    name: str
    endpoint: str
    title: str
    description: str
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Contract:
    """Every promise of one version of the project, by name."""

    tables: dict[str, Table]
    marts: dict[str, Mart]
