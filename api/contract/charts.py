"""Parse a mart's chart, and check what may be drawn from which column."""

from __future__ import annotations

from collections.abc import Mapping

from api.contract.data_types import DATA_TYPES
from api.contract.defects import duplicates, unknown_columns
from api.contract.shape import ChannelShape, ChartShape
from api.contract.values import (
    Channel,
    Chart,
    DataType,
    Fold,
    Reference,
)

NUMBERS = ("integer", "real")


def chart_of(
    shape: ChartShape, types: Mapping[str, DataType]
) -> tuple[Chart, list[str]]:
    """The chart and all its defects; `types` are those of the mart's columns."""
    fields = dict(types)
    fold, reference = None, None
    defects: list[str] = []
    if shape.fold:
        fold = Fold(tuple(shape.fold.columns), shape.fold.name, shape.fold.value)
        defects += _fold_defects(fold, types)
        fields = {name: t for name, t in types.items() if name not in fold.columns}
        fields |= {fold.name: "text", fold.value: "real"}
    channels = {
        name: channel
        for name in ("x", "y", "color")
        if (channel := getattr(shape.encoding, name)) is not None
    }
    for name, channel in channels.items():
        defects += _channel_defects(name, channel, fields, channels)
    if shape.reference:
        reference = Reference(shape.reference.field, shape.reference.title)
        defects += unknown_columns("reference", [reference.field], list(fields))
        defects += _not_number("reference", reference.field, fields)
    encoding = {
        name: Channel(
            field=channel.field,
            type=channel.type or DATA_TYPES[fields.get(channel.field, "text")].measure,
            title=channel.title,
            aggregate=channel.aggregate,
            sort=channel.sort,
        )
        for name, channel in channels.items()
    }
    if not defects and "quantitative" not in (
        encoding["x"].type,
        encoding["y"].type,
    ):
        defects.append("neither x nor y is a quantity: there is nothing to measure")
    return Chart(shape.mark, encoding, fold, reference), defects


def _fold_defects(fold: Fold, types: Mapping[str, DataType]) -> list[str]:
    defects = unknown_columns("fold", fold.columns, list(types))
    defects += duplicates("fold", fold.columns)
    for name in fold.columns:
        defects += _not_number("fold", name, types)
    return defects + [
        f"fold makes a column {name!r}, but there is one of that name"
        for name in (fold.name, fold.value)
        if name in types
    ]


def _channel_defects(
    name: str,
    channel: ChannelShape,
    fields: Mapping[str, DataType],
    channels: Mapping[str, ChannelShape],
) -> list[str]:
    defects = unknown_columns(name, [channel.field], list(fields))
    if channel.type == "quantitative" or channel.aggregate not in (None, "count"):
        defects += _not_number(name, channel.field, fields)
    by = (channel.sort or "").removeprefix("-")
    if by in ("x", "y", "color") and by not in channels:
        defects.append(f"{name} is sorted by {by}, which the chart does not have")
    return defects


def _not_number(place: str, field: str, fields: Mapping[str, DataType]) -> list[str]:
    if fields.get(field, "integer") in NUMBERS:
        return []
    return [f"{place} needs a number, and {field!r} is {fields[field]}"]
