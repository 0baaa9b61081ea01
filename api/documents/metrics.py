"""The catalogue of metrics."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.contract import DataType
from api.contract.marts import MOST_VALUES

Labels = Annotated[
    dict[str, str],
    Field(
        description="What the project says of it for people: `labels` in its `meta`.",
        examples=[{"owner": "HR"}],
    ),
]


@with_config(extra="forbid")
class MetricColumn(TypedDict):
    """A column of a metric."""

    name: Annotated[str, Field(description="The column's name.", examples=["Q1"])]
    data_type: Annotated[DataType, Field(description="The type of its values.")]
    description: Annotated[str, Field(description="What the column tells.")]
    required: Annotated[bool, Field(description="Whether every row has a value.")]
    operators: Annotated[
        list[str], Field(description="Operators that filter by it: `column__OP=value`.")
    ]
    labels: Labels


@with_config(extra="forbid")
class MetricParameter(TypedDict):
    """A parameter that holds a column to one value."""

    name: Annotated[str, Field(description="The name in the query.", examples=["year"])]
    column: Annotated[str, Field(description="The column that it holds.")]
    default: Annotated[
        str | None, Field(description="Its value when the request has none.")
    ]
    values: Annotated[
        list[str | int | float | bool] | None,
        Field(
            description="The values that the column has in this build, ascending; null"
            f" when there are more than {MOST_VALUES}.",
            examples=[[2020, 2021, 2022], None],
        ),
    ]


@with_config(extra="forbid")
class Upstream(TypedDict):
    """A model, a snapshot or an upload table that a metric is built from."""

    name: Annotated[str, Field(examples=["stg_departments"])]
    kind: Annotated[
        str,
        Field(description="`model`, `snapshot` or `table`.", examples=["model"]),
    ]
    description: str


@with_config(extra="forbid")
class MetricTest(TypedDict):
    """A test of the model, with its result."""

    name: str
    kind: Annotated[str, Field(description="`test` of the data, or `unit_test`.")]
    description: str
    status: Annotated[str, Field(description="dbt's word.", examples=["pass"])]


@with_config(extra="forbid")
class MetricBuild(TypedDict):
    """The build that is served."""

    build_id: int
    finished_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    last_load_id: Annotated[
        int, Field(description="The newest load in it; 0 before the first.")
    ]
    sample_data: Annotated[
        bool, Field(description="Whether it shows the sample for want of any load.")
    ]


@with_config(extra="forbid")
class MetricEntry(TypedDict):
    """All that there is to know about a metric but its rows."""

    name: Annotated[str, Field(description="Its name in the address.")]
    title: str
    description: Annotated[str, Field(description="What a row is, and what is in it.")]
    url: Annotated[str, Field(description="Where its rows are.")]
    formats: Annotated[list[str], Field(description="What `format` may be.")]
    columns: list[MetricColumn]
    select: Annotated[
        list[str], Field(description="The columns of an answer unless it selects.")
    ]
    order_by: Annotated[
        list[str], Field(description="The order of the rows; `-` for a falling one.")
    ]
    parameters: list[MetricParameter]
    model: Annotated[str, Field(description="The dbt model that is served.")]
    file: Annotated[str, Field(description="Where its SQL stands in the project.")]
    sql: Annotated[str, Field(description="Its SQL as the project has it.")]
    upstream: Annotated[list[Upstream], Field(description="The nearest first.")]
    tests: list[MetricTest]
    build: MetricBuild
    labels: Labels


Catalogue = list[MetricEntry]
