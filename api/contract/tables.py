"""One upload table, from its shape; the rules that hold for tables stand here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from api.contract.columns import columns_of, misplaced_values, misspelt_tests
from api.contract.defects import repeated, reserved, strangers
from api.contract.shape import TableShape
from api.contract.values import DAYS, Column, Table
from api.errors import ContractError

# Tables that keep the ledger, in the same database as the uploaded rows.
TAKEN_NAMES = {
    "loads",
    "load_spans",
    "rejects",
    "build_requests",
    "idempotency_keys",
    "contracts",
    "readings",
}


def table_of(shape: TableShape) -> Table:
    """The table; raises ContractError with every complaint."""
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
        *reserved(place, shape.name, TAKEN_NAMES),
        *repeated(f"{place}: column", names),
        *repeated(f"{place}: header", _headers(columns)),
        *misspelt_tests(place, shape.columns),
        *misplaced_values(place, shape.columns),
        *strangers(f"{place}: primary_key", key, names),
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
    """Every header that a column is known by, once for each column."""
    return [
        text
        for column in columns
        for text in {name.casefold() for name in (column.name, *column.aliases)}
    ]
