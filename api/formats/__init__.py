"""The formats of a metric: its rows as JSON, CSV, NDJSON or Parquet, and its chart as
SVG or as Vega-Lite.

Pure. The same rows always become the same bytes, on which strong ETags rely.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from api.contract import DataType, Mart
from api.formats import charts
from api.wording import FORMULA

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARQUET_TYPES: dict[DataType, pa.DataType] = {
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Options:
    """Options of rendering; each applies to some formats only.

    `spreadsheet` makes CSV safe for spreadsheets. `theme` is that of charts.
    """

    spreadsheet: bool = False
    theme: charts.Theme = charts.THEMES[0]


@dataclass(frozen=True)
class ResultSet:
    """The rows of an answer, and how to render them.

    `rows` has all columns of the mart in the contract's types, dates and timestamps as
    ISO 8601 text in UTC; `columns` are the requested ones. `subtitle` and `panel` are
    for the chart.
    """

    mart: Mart
    rows: pa.Table
    columns: tuple[str, ...]
    subtitle: str = ""
    panel: str | None = None
    options: Options = Options()


@dataclass(frozen=True)
class Format:
    """One format: its name, media type and description, and how it is rendered."""

    name: str
    media_type: str
    description: str
    render: Callable[[ResultSet], bytes]
    needs_chart: bool = False


def formats_of(mart: Mart) -> dict[str, Format]:
    """The formats of a mart, the default first; some need a chart."""
    return {
        name: format
        for name, format in FORMATS.items()
        if mart.chart is not None or not format.needs_chart
    }


def _json(result: ResultSet) -> bytes:
    return _json_bytes(_records(result)) + b"\n"


def _ndjson(result: ResultSet) -> bytes:
    return b"".join(_json_bytes(record) + b"\n" for record in _records(result))


def _csv(result: ResultSet) -> bytes:
    rows = result.rows.select(result.columns)
    if result.options.spreadsheet:
        rows = _escape_formulas(rows)
    buffer = io.BytesIO(BYTE_ORDER_MARK if result.options.spreadsheet else b"")
    buffer.seek(0, io.SEEK_END)
    header = ",".join(result.columns) + "\n"
    buffer.write(header.encode())
    plain = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    pa_csv.write_csv(rows, buffer, plain)
    return buffer.getvalue()


def _parquet(result: ResultSet) -> bytes:
    rows = result.rows.select(result.columns)
    fields, columns = [], []
    for name in result.columns:
        column = result.mart.column(name)
        values = rows[name]
        if column.data_type in PARQUET_TYPES:
            values = _to_timestamps(values, PARQUET_TYPES[column.data_type])
        about = {"description": column.description}
        fields.append(pa.field(name, values.type, metadata=about))
        columns.append(values)
    schema = pa.schema(fields, metadata={"title": result.mart.title})
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), buffer)
    return buffer.getvalue()


def _svg(result: ResultSet) -> bytes:
    return charts.draw(_chart(result))


def _vegalite(result: ResultSet) -> bytes:
    return _json_bytes(_chart(result)) + b"\n"


def _chart(result: ResultSet) -> charts.Spec:
    theme = result.options.theme
    return charts.vegalite(
        result.mart, result.rows, result.subtitle, result.panel, theme
    )


def _records(result: ResultSet) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = result.rows.select(result.columns).to_pylist()
    return rows


def _json_bytes(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _escape_formulas(rows: pa.Table) -> pa.Table:
    """An apostrophe before every text that a spreadsheet would take for a formula."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            values = rows.column(place)
            quoted = pc.binary_join_element_wise("'", values, "")
            risky = pc.match_substring_regex(values, FORMULA)
            rows = rows.set_column(place, field, pc.if_else(risky, quoted, values))
    return rows


def _to_timestamps(texts: pa.ChunkedArray, data_type: pa.DataType) -> pa.ChunkedArray:
    """ISO 8601 texts in UTC as dates or timestamps."""
    return pc.cast(pc.utf8_rtrim(texts, "Z"), pa.timestamp("us")).cast(data_type)


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("json", "application/json", "an array of objects", _json),
        Format("csv", "text/csv", "comma-separated, a header", _csv),
        Format("ndjson", "application/x-ndjson", "an object on each line", _ndjson),
        Format("parquet", "application/vnd.apache.parquet", "Apache Parquet", _parquet),
        Format("svg", "image/svg+xml", "the chart, drawn", _svg, needs_chart=True),
        Format(
            "vegalite",
            charts.MEDIA_TYPE,
            "the chart as a Vega-Lite specification with its data",
            _vegalite,
            needs_chart=True,
        ),
    )
}
