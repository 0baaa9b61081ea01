"""Parse how a file is to be read, from the fields of a form or a command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from api.contract import Dates
from api.errors import BadParameter
from api.intake import Said
from api.intake.encodings import form_label, parse_encoding
from api.wording import quoted

_NAMED = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def parse_said(
    encoding: str | None = None,
    delimiter: str | None = None,
    dates: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    sheet: str | None = None,
) -> Said:
    """The fields, checked as far as possible without the file; raises BadParameter."""
    return Said(
        encoding=parse_encoding(encoding) if encoding else None,
        delimiter=_delimiter(delimiter) if delimiter else None,
        dates=_dates(dates) if dates else None,
        columns=tuple((name, column or "") for name, column in (columns or {}).items()),
        sheet=sheet or None,
    )


def form_fields(said: Said) -> dict[str, Any]:
    """The form fields of these options."""
    fields = {
        "encoding": said.encoding and form_label(said.encoding),
        "delimiter": said.delimiter,
        "dates": said.dates,
        "columns": {header: name or None for header, name in said.columns},
        "sheet": said.sheet,
    }
    return {name: value for name, value in fields.items() if value}


def _delimiter(text: str) -> str:
    mark = _NAMED.get(text, text)
    if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in '"\r\n\0':
        raise BadParameter(
            f"delimiter must be one sign such as ; or the word tab, not {quoted(text)}"
        )
    return mark


def _dates(text: str) -> Dates:
    known: dict[str, Dates] = {name: name for name in get_args(Dates)}
    if text not in known:
        raise BadParameter(f"dates must be {' or '.join(known)}, not {quoted(text)}")
    return known[text]
