"""The formats of a metric: rows of a mart as bytes of JSON, CSV, NDJSON, Parquet, and
its chart as SVG or as the Vega-Lite that the SVG is drawn from.

Pure. The same rows always become the same bytes, which a strong ETag relies on.
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
    """How rows are rendered, whichever they are; each option is for some formats only.

    `spreadsheet` is for CSV: whether it has to be safe there. `theme` is for charts.
    """

    spreadsheet: bool = False
    theme: charts.Theme = charts.THEMES[0]


@dataclass(frozen=True)
class Sheet:
    """Rows to be rendered.

    `rows` has all columns of the mart in the contract's types, dates and timestamps as
    ISO 8601 text in UTC; `columns` are those that were asked for. `subtitle` and
    `panel` are for the chart.
    """

    mart: Mart
    rows: pa.Table
    columns: tuple[str, ...]
    subtitle: str = ""
    panel: str | None = None
    options: Options = Options()


@dataclass(frozen=True)
class Format:
    """One format: its name, its media type, what files of it end in, how it is made."""

    name: str
    media_type: str
    description: str
    render: Callable[[Sheet], bytes]
    needs_chart: bool = False


def formats_of(mart: Mart) -> dict[str, Format]:
    """The formats that a mart is served in, the default first; some need a chart."""
    return {
        name: format
        for name, format in FORMATS.items()
        if mart.chart is not None or not format.needs_chart
    }


def _json(sheet: Sheet) -> bytes:
    return _dumped(_records(sheet)) + b"\n"


def _ndjson(sheet: Sheet) -> bytes:
    return b"".join(_dumped(record) + b"\n" for record in _records(sheet))


def _csv(sheet: Sheet) -> bytes:
    rows = sheet.rows.select(sheet.columns)
    if sheet.options.spreadsheet:
        rows = _without_formulas(rows)
    buffer = io.BytesIO(BYTE_ORDER_MARK if sheet.options.spreadsheet else b"")
    buffer.seek(0, io.SEEK_END)
    header = ",".join(sheet.columns) + "\n"
    buffer.write(header.encode())
    plain = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    pa_csv.write_csv(rows, buffer, plain)
    return buffer.getvalue()


def _parquet(sheet: Sheet) -> bytes:
    rows = sheet.rows.select(sheet.columns)
    fields, columns = [], []
    for name in sheet.columns:
        column = sheet.mart.column(name)
        values = rows[name]
        if column.data_type in PARQUET_TYPES:
            values = _moments(values, PARQUET_TYPES[column.data_type])
        about = {"description": column.description}
        fields.append(pa.field(name, values.type, metadata=about))
        columns.append(values)
    schema = pa.schema(fields, metadata={"title": sheet.mart.title})
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), buffer)
    return buffer.getvalue()


def _svg(sheet: Sheet) -> bytes:
    return charts.draw(_chart(sheet))


def _vegalite(sheet: Sheet) -> bytes:
    return _dumped(_chart(sheet)) + b"\n"


def _chart(sheet: Sheet) -> charts.Spec:
    theme = sheet.options.theme
    return charts.vegalite(sheet.mart, sheet.rows, sheet.subtitle, sheet.panel, theme)


def _records(sheet: Sheet) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sheet.rows.select(sheet.columns).to_pylist()
    return rows


def _dumped(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _without_formulas(rows: pa.Table) -> pa.Table:
    """An apostrophe before every text that a spreadsheet would take for a formula."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            values = rows.column(place)
            quoted = pc.binary_join_element_wise("'", values, "")
            risky = pc.match_substring_regex(values, FORMULA)
            rows = rows.set_column(place, field, pc.if_else(risky, quoted, values))
    return rows


def _moments(texts: pa.ChunkedArray, data_type: pa.DataType) -> pa.ChunkedArray:
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
