"""The shape of the project's YAML files: which keys exist where, and what they hold.

dbt ignores a key it does not know; here it is a complaint. Nothing is read or judged.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.contract.model import Aggregate, DataType, Dates, Mark, MeasureType

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Sort = Literal["ascending", "descending", "x", "-x", "y", "-y", "color", "-color"]
Opaque = list[dict[str, Any]]


class Shape(BaseModel):
    """A mapping that refuses keys it does not declare."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnConfig(Shape):
    tags: list[str] | str = []
    meta: dict[str, Any] = {}


class ColumnShape(Shape):
    name: Name
    description: Text
    data_type: DataType
    data_tests: list[str | dict[str, Any]] = []
    quote: bool | None = None
    config: ColumnConfig = ColumnConfig()


class UploadMeta(Shape):
    aliases: list[Text] = []
    # What databases and programs write for nothing.
    missing_values: list[str] = ["NULL", r"\N", "NaN", "<NA>", "#N/A"]


class UploadConfig(Shape):
    tags: list[str] | str = []
    meta: UploadMeta = UploadMeta()


class UploadColumnShape(ColumnShape):
    config: UploadConfig = UploadConfig()  # type: ignore[assignment]


class TableMeta(Shape):
    primary_key: list[str] = Field(min_length=1)
    dates: Dates | None = None


class TableConfig(Shape):
    enabled: bool = True
    tags: list[str] | str = []
    meta: TableMeta


class TableShape(Shape):
    name: Name
    description: Text
    config: TableConfig
    columns: list[UploadColumnShape] = Field(min_length=1)
    data_tests: list[str | dict[str, Any]] = []


class SourceShape(Shape):
    name: str
    description: Text
    schema_: str = Field(alias="schema")
    tables: list[TableShape] = []


class ParameterShape(Shape):
    name: Name
    column: str
    default: bool | int | float | str | date | datetime | None = None


class FoldShape(Shape):
    columns: list[str] = Field(min_length=2)
    name: Name
    value: Name


class ChannelShape(Shape):
    field: str
    type: MeasureType | None = None
    title: Text | None = None
    aggregate: Aggregate | None = None
    sort: Sort | None = None


class EncodingShape(Shape):
    x: ChannelShape
    y: ChannelShape
    color: ChannelShape | None = None


class ReferenceShape(Shape):
    field: str
    title: Text


class ChartShape(Shape):
    mark: Mark
    encoding: EncodingShape
    fold: FoldShape | None = None
    reference: ReferenceShape | None = None


class MartMeta(Shape):
    endpoint: Name | None = None
    title: Text
    select: list[str] = []
    order_by: list[str] = []
    parameters: list[ParameterShape] = []
    chart: ChartShape | None = None
    refresh: Literal["daily"] | None = None


class ModelConfig(Shape):
    """The dbt configurations in use; meta is read where it means a mart."""

    access: str | None = None
    contract: dict[str, bool] | None = None
    enabled: bool = True
    full_refresh: bool | None = None
    group: str | None = None
    materialized: str | None = None
    meta: dict[str, Any] = {}
    on_schema_change: str | None = None
    post_hook: Any = None
    pre_hook: Any = None
    tags: list[str] | str = []
    unique_key: str | list[str] | None = None


class ModelShape(Shape):
    name: Name
    description: Text
    columns: list[ColumnShape] = Field(min_length=1)
    config: ModelConfig = ModelConfig()
    data_tests: list[str | dict[str, Any]] = []


class FileShape(Shape):
    """One properties file. What only dbt reads is left to dbt."""

    version: int = 2
    sources: list[SourceShape] = []
    models: list[ModelShape] = []
    unit_tests: Opaque = []
    seeds: Opaque = []
    snapshots: Opaque = []
    macros: Opaque = []
    exposures: Opaque = []
    groups: Opaque = []
    data_tests: Opaque = []
