"""The shape of what the server reads of the project's YAML. Nothing is judged.

Which other keys dbt knows is for `dbt_keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.contract.values import Aggregate, DataType, Dates, Mark, MeasureType

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Sort = Literal["ascending", "descending", "x", "-x", "y", "-y", "color", "-color"]
# Where nothing stands behind these, that is a mistake to tell.
REQUIRED = ("name", "description", "data_type")
# What dbt moves under `config` by itself, as far as it is read here.
MOVED = ("access", "meta")


def _as_text(given: Any) -> Any:
    """A number, a day or a truth as YAML writes it; anything else as it is."""
    if isinstance(given, bool):
        return str(given).lower()
    return str(given) if isinstance(given, int | float | date) else given


Label = Annotated[str, BeforeValidator(_as_text)]


class Shape(BaseModel):
    """A mapping of ours, under meta, that refuses keys it does not declare."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DbtShape(BaseModel):
    """A mapping of dbt's: what is not declared here is dbt's alone.

    What dbt takes under another name, or beside `config`, is found as if it stood where
    dbt puts it; what is empty is as if it were not there.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _as_dbt_reads_it(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        found = {
            key: value
            for key, value in given.items()
            if value is not None or key in REQUIRED
        }
        if "tests" in found:
            found.setdefault("data_tests", found.pop("tests"))
        config = found.get("config", {})
        if "config" in cls.model_fields and isinstance(config, Mapping):
            moved = {key: found.pop(key) for key in MOVED if key in found}
            found["config"] = moved | dict(config)
        return found


class OwnMeta(Shape):
    """What is somebody's own, of which only the catalogue makes use."""

    labels: dict[str, Label] = {}


class ColumnConfig(DbtShape):
    meta: OwnMeta = OwnMeta()


class ColumnShape(DbtShape):
    name: Name
    description: Text
    data_type: DataType
    data_tests: list[str | dict[str, Any]] = []
    config: ColumnConfig = ColumnConfig()


class UploadMeta(OwnMeta):
    aliases: list[Text] = []
    # What databases and programs write for nothing.
    missing_values: list[str] = ["NULL", r"\N", "NaN", "<NA>", "#N/A"]


class UploadConfig(DbtShape):
    meta: UploadMeta = UploadMeta()


class UploadColumnShape(ColumnShape):
    config: UploadConfig = UploadConfig()  # type: ignore[assignment]


class TableMeta(OwnMeta):
    primary_key: list[str] = Field(min_length=1)
    dates: Dates | None = None


class TableConfig(DbtShape):
    meta: TableMeta


class TableShape(DbtShape):
    name: Name
    description: Text
    config: TableConfig
    columns: list[UploadColumnShape] = Field(min_length=1)
    data_tests: list[str | dict[str, Any]] = []


class SourceConfig(DbtShape):
    meta: OwnMeta = OwnMeta()


class SourceShape(DbtShape):
    """The source of the uploads; others are dbt's."""

    name: str
    description: Text
    config: SourceConfig = SourceConfig()
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


class MartMeta(OwnMeta):
    endpoint: Name | None = None
    title: Text
    select: list[str] = []
    order_by: list[str] = []
    parameters: list[ParameterShape] = []
    chart: ChartShape | None = None
    refresh: Literal["daily"] | None = None


class ModelConfig(DbtShape):
    """Of a model's configuration what decides whether, and how, it is served."""

    access: str | None = None
    alias: str | None = None
    enabled: bool | str = True
    materialized: str | None = None
    meta: dict[str, Any] = {}


class VersionShape(DbtShape):
    """One version of a model; its file is NAME_vV unless said otherwise."""

    v: int | float | str
    defined_in: str | None = None


class ModelShape(DbtShape):
    name: Name
    description: Text
    columns: list[ColumnShape] = Field(min_length=1)
    config: ModelConfig = ModelConfig()
    data_tests: list[str | dict[str, Any]] = []
    latest_version: int | float | str | None = None
    versions: list[VersionShape] = []


class FileShape(DbtShape):
    """One properties file. What only dbt reads is left to dbt."""

    sources: list[dict[str, Any]] = []
    models: list[ModelShape] = []


class UploadsShape(DbtShape):
    """A file's sources of uploads."""

    sources: list[SourceShape] = []
