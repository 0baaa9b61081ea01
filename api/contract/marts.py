"""One mart, from its shape; the rules that hold for marts stand here."""

from __future__ import annotations

from api.contract.charts import chart_of
from api.contract.columns import columns_of, misplaced_values
from api.contract.data_types import DATA_TYPES
from api.contract.defects import repeated, reserved, shaped, strangers
from api.contract.shape import MartMeta, ModelShape, ParameterShape
from api.contract.values import DataType, Mart, Parameter
from api.errors import ContractError

# Tables that the published database keeps for itself.
TAKEN_NAMES = {"at_work", "builds", "catalogue"}
# Query parameters that every metric has, see `api.metrics.query`.
TAKEN_PARAMETERS = (
    "select",
    "sort",
    "limit",
    "cursor",
    "format",
    "spreadsheet",
    "theme",
)
# The value of any parameter that pins nothing.
ALL = "all"
# Values of a parameter that are told to choose from; more are no list.
MOST_VALUES = 200


def mart_of(shape: ModelShape) -> Mart:
    """The mart; raises ContractError with every complaint."""
    place = f"model {shape.name}"
    try:
        meta = shaped(shape.config.meta, MartMeta)
    except ContractError as error:
        where = f"{place}, config, meta: "
        raise ContractError(where + text for text in error.defects) from error
    columns = columns_of(shape.columns)
    names = [column.name for column in columns]
    types = {column.name: column.data_type for column in columns}
    chart, wrong = chart_of(meta.chart, types) if meta.chart else (None, [])
    declared = [parameter.name for parameter in meta.parameters]
    pinned = [parameter.column for parameter in meta.parameters]
    sorted_by = [term.removeprefix("-") for term in meta.order_by]
    defects = [
        *reserved(place, shape.name, TAKEN_NAMES),
        *repeated(f"{place}: column", names),
        *misplaced_values(place, shape.columns),
        *(
            f"{place}: two underscores in {name!r} are for operators, as in hired__gte"
            for name in (*names, *declared)
            if "__" in name
        ),
        *strangers(f"{place}: select", meta.select, names),
        *repeated(f"{place}: select", meta.select),
        *strangers(f"{place}: order_by", sorted_by, names),
        *strangers(f"{place}: parameters", pinned, names),
        *repeated(f"{place}: parameter", declared),
        *(
            defect
            for parameter in meta.parameters
            for defect in _parameter_defects(place, parameter, types)
        ),
        *(f"{place}: chart: {defect}" for defect in wrong),
    ]
    if defects:
        raise ContractError(defects)
    return Mart(
        name=shape.name,
        endpoint=meta.endpoint or shape.name,
        title=meta.title,
        description=shape.description,
        columns=columns,
        order_by=tuple(meta.order_by),
        parameters=tuple(
            Parameter(p.name, p.column, None if p.default is None else str(p.default))
            for p in meta.parameters
        ),
        selected=tuple(meta.select or names),
        chart=chart,
        labels=meta.labels,
        is_daily=meta.refresh == "daily",
    )


def _parameter_defects(
    place: str, parameter: ParameterShape, types: dict[str, DataType]
) -> list[str]:
    name, default = parameter.name, parameter.default
    defects = reserved(f"{place}: parameters", name, TAKEN_PARAMETERS)
    if name in types and name != parameter.column:
        defects.append(
            f"{place}: parameter {name!r} is named like a column, but means"
            f" {parameter.column!r}; give it another name"
        )
    data_type = types.get(parameter.column)
    if data_type and default not in (None, ALL):
        kinds = DATA_TYPES[data_type].defaults
        # True is an int to Python, and to nobody else.
        fits = isinstance(default, kinds) and (
            bool in kinds or not isinstance(default, bool)
        )
        if not fits:
            defects.append(
                f"{place}: parameter {name}: the default {default!r} is not"
                f" {data_type}, as its column is"
            )
    return defects
