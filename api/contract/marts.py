"""Parse a mart, and check the rules for marts."""

from __future__ import annotations

from api.contract.charts import chart_of
from api.contract.columns import columns_of, invalid_accepted_values
from api.contract.data_types import DATA_TYPES
from api.contract.defects import duplicates, parse_shape, reserved_name, unknown_columns
from api.contract.shape import MartMeta, ModelShape, ParameterShape
from api.contract.values import DataType, Mart, Parameter
from api.errors import ContractError

# Tables of the published database that are not marts.
RESERVED_NAMES = {"at_work", "builds", "catalogue"}
# Query parameters that every metric has, see `api.metrics.query`.
RESERVED_PARAMETERS = (
    "select",
    "sort",
    "limit",
    "cursor",
    "format",
    "spreadsheet",
    "theme",
)
# The value of a parameter that does not filter.
ALL = "all"
# At most so many values of a parameter are listed to choose from.
MOST_VALUES = 200


def mart_of(shape: ModelShape) -> Mart:
    """The mart; raises ContractError with every defect."""
    place = f"model {shape.name}"
    try:
        meta = parse_shape(shape.config.meta, MartMeta)
    except ContractError as error:
        where = f"{place}, config, meta: "
        raise ContractError(where + text for text in error.defects) from error
    columns = columns_of(shape.columns)
    names = [column.name for column in columns]
    types = {column.name: column.data_type for column in columns}
    chart, chart_defects = chart_of(meta.chart, types) if meta.chart else (None, [])
    declared = [parameter.name for parameter in meta.parameters]
    pinned = [parameter.column for parameter in meta.parameters]
    sorted_by = [term.removeprefix("-") for term in meta.order_by]
    defects = [
        *reserved_name(place, shape.name, RESERVED_NAMES),
        *duplicates(f"{place}: column", names),
        *invalid_accepted_values(place, shape.columns),
        *(
            f"{place}: two underscores in {name!r} are for operators, as in hired__gte"
            for name in (*names, *declared)
            if "__" in name
        ),
        *unknown_columns(f"{place}: select", meta.select, names),
        *duplicates(f"{place}: select", meta.select),
        *unknown_columns(f"{place}: order_by", sorted_by, names),
        *unknown_columns(f"{place}: parameters", pinned, names),
        *duplicates(f"{place}: parameter", declared),
        *(
            defect
            for parameter in meta.parameters
            for defect in _parameter_defects(place, parameter, types)
        ),
        *(f"{place}: chart: {defect}" for defect in chart_defects),
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
    defects = reserved_name(f"{place}: parameters", name, RESERVED_PARAMETERS)
    if name in types and name != parameter.column:
        defects.append(
            f"{place}: parameter {name!r} is named like a column, but means"
            f" {parameter.column!r}; give it another name"
        )
    data_type = types.get(parameter.column)
    if data_type and default not in (None, ALL):
        kinds = DATA_TYPES[data_type].defaults
        # In Python, True is an int.
        fits = isinstance(default, kinds) and (
            bool in kinds or not isinstance(default, bool)
        )
        if not fits:
            defects.append(
                f"{place}: parameter {name}: the default {default!r} is not"
                f" {data_type}, as its column is"
            )
    return defects
