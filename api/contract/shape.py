"""The shapes of the YAML that the server reads, as pydantic models.

`dbt_keys` checks the other keys, which only dbt reads.
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
# Keys whose empty value is a defect. Other empty keys are ignored, as dbt ignores them.
REQUIRED = ("name", "description", "data_type")
# Keys that dbt itself moves under `config`, as far as they are read here.
MOVED = ("access", "meta")


def _as_text(given: Any) -> Any:
    """The YAML text of a number, date or boolean; any other value unchanged."""
    if isinstance(given, bool):
        return str(given).lower()
    return str(given) if isinstance(given, int | float | date) else given


Label = Annotated[str, BeforeValidator(_as_text)]


class Shape(BaseModel):
    """A mapping under `meta`, which is ours: an undeclared key is a defect."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DbtShape(BaseModel):
    """A mapping of dbt's: undeclared keys are ignored.

    A key that dbt accepts under another name, or beside `config`, is read as if it were
    where dbt moves it. Empty keys are ignored.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _as_dbt_reads_it(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        keys = {
            key: value
            for key, value in given.items()
            if value is not None or key in REQUIRED
        }
        if "tests" in keys:
            keys.setdefault("data_tests", keys.pop("tests"))
        config = keys.get("config", {})
        if "config" in cls.model_fields and isinstance(config, Mapping):
            moved = {key: keys.pop(key) for key in MOVED if key in keys}
            keys["config"] = moved | dict(config)
        return keys


class OwnMeta(Shape):
    """Metadata of the project's own, which only the catalogue shows."""

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
    # What databases and programs write for no value.
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
    """The source of uploads; dbt alone reads the others."""

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
    """The part of a model's config that decides whether and how it is served."""

    access: str | None = None
    alias: str | None = None
    enabled: bool | str = True
    materialized: str | None = None
    meta: dict[str, Any] = {}


class VersionShape(DbtShape):
    """One version of a model; its file is NAME_vV unless `defined_in` names another."""

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
    """One YAML file of properties."""

    sources: list[dict[str, Any]] = []
    models: list[ModelShape] = []


class UploadsShape(DbtShape):
    """The sources of uploads in one YAML file."""

    sources: list[SourceShape] = []
