"""Charts of a small mart, drawn."""

from __future__ import annotations

from xml.etree import ElementTree

import pyarrow as pa

from api.contract import Column, Mart
from api.contract.values import Channel, Chart
from api.formats.charts import draw, vegalite

COLUMNS = (
    Column("year", "integer", "A year."),
    Column("team", "text", "A team."),
    Column("day", "date", "A day."),
    Column("hires", "integer", "How many."),
    Column("share", "real", "A part."),
    Column("q1", "integer", "First."),
    Column("q2", "integer", "Second."),
)

X = Channel("hires", "quantitative", title="People")

Y = Channel("team", "nominal", sort="-x")

BARS = Chart("bar", {"x": X, "y": Y})


def words_of(picture: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in picture.iter("{http://www.w3.org/2000/svg}text")]


def drawn(
    chart: Chart,
    rows: list[dict[str, object]],
    subtitle: str = "",
    panel: str | None = None,
) -> ElementTree.Element:
    spec = vegalite(mart_of(chart), table_of(rows), subtitle, panel)
    return ElementTree.fromstring(draw(spec))


def mart_of(chart: Chart) -> Mart:
    return Mart("m", "m", "The title", "Rows.", COLUMNS, (), (), chart=chart)


def table_of(rows: list[dict[str, object]]) -> pa.Table:
    types = {"integer": pa.int64(), "real": pa.float64()}
    fields = [(c.name, types.get(c.data_type, pa.string())) for c in COLUMNS]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))
