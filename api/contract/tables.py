"""Parse an upload table, and check the rules for tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from api.contract.columns import columns_of, invalid_accepted_values, misspelt_tests
from api.contract.defects import duplicates, reserved_name, unknown_columns
from api.contract.shape import TableShape
from api.contract.values import DAYS, Column, Table
from api.errors import ContractError

# Tables of the ledger, in the same database as the uploaded rows.
RESERVED_NAMES = {
    "loads",
    "load_spans",
    "rejects",
    "build_requests",
    "idempotency_keys",
    "contracts",
    "readings",
}


def table_of(shape: TableShape) -> Table:
    """The table; raises ContractError with every defect."""
    place = f"table {shape.name}"
    columns = tuple(
        replace(
            column,
            aliases=tuple(declared.config.meta.aliases),
            missing_values=tuple(declared.config.meta.missing_values),
            dates=shape.config.meta.dates if column.data_type in DAYS else None,
        )
        for column, declared in zip(
            columns_of(shape.columns), shape.columns, strict=True
        )
    )
    names = [column.name for column in columns]
    key = tuple(shape.config.meta.primary_key)
    optional = {column.name for column in columns if not column.required}
    defects = [
        *reserved_name(place, shape.name, RESERVED_NAMES),
        *duplicates(f"{place}: column", names),
        *duplicates(f"{place}: header", _headers(columns)),
        *misspelt_tests(place, shape.columns),
        *invalid_accepted_values(place, shape.columns),
        *unknown_columns(f"{place}: primary_key", key, names),
        *(
            f"{place}: column {name} of the primary_key needs not_null"
            for name in key
            if name in optional
        ),
    ]
    if defects:
        raise ContractError(defects)
    return Table(shape.name, shape.description, columns, key)


def _headers(columns: Iterable[Column]) -> list[str]:
    """Every header that names a column, once per column."""
    return [
        text
        for column in columns
        for text in {name.casefold() for name in (column.name, *column.aliases)}
    ]
