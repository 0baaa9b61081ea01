"""Parse columns, and what their data tests mean for uploaded rows.

Of the tests only the spelling and the accepted values are checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.contract.data_types import DATA_TYPES
from api.contract.shape import ColumnShape
from api.contract.values import Column, DataType
from api.wording import did_you_mean

# dbt's own data tests; a project may define more.
DBT_TESTS = ("not_null", "unique", "accepted_values", "relationships")
# How close to one of them a name is that must be a typing mistake.
MISTYPED = 0.82

DataTests = Sequence[str | Mapping[str, Any]]


def columns_of(shapes: Iterable[ColumnShape]) -> tuple[Column, ...]:
    """The columns, each with the rules that its cells have to meet."""
    return tuple(
        Column(
            name=shape.name,
            data_type=shape.data_type,
            description=shape.description,
            required="not_null" in _test_names(shape.data_tests),
            accepted_values=tuple(map(str, _accepted_values(shape.data_tests))),
            labels=shape.config.meta.labels,
        )
        for shape in shapes
    )


def misspelt_tests(place: str, shapes: Iterable[ColumnShape]) -> list[str]:
    """The tests whose names are nearly dbt's own.

    dbt would fail on them too, but only after intake has applied the columns, and
    without a hint. The names of other tests, such as a package's, are less close.
    """
    return [
        f"{place}, column {shape.name}: unknown data test {name!r}{hint}"
        for shape in shapes
        for name in _test_names(shape.data_tests)
        if name not in DBT_TESTS and (hint := did_you_mean(name, DBT_TESTS, MISTYPED))
    ]


def invalid_accepted_values(place: str, shapes: Iterable[ColumnShape]) -> list[str]:
    """The accepted values that no cell of the column can have."""
    return [
        f"{place}, column {shape.name}: accepted_values has {wrong}"
        for shape in shapes
        for value in _accepted_values(shape.data_tests)
        if (wrong := _invalid_value(shape.data_type, value))
    ]


def _invalid_value(data_type: DataType, value: Any) -> str | None:
    if data_type == "text" and isinstance(value, bool):
        return f"{value} where YAML reads yes, no, on or off so; put it in quotes"
    if not _is_valid(data_type, str(value)):
        return f"{str(value)!r}, which is not {data_type}"
    return None


def _is_valid(data_type: DataType, text: str) -> bool:
    try:
        DATA_TYPES[data_type].read(text)
    except (ValueError, KeyError):
        return False
    return bool(text.strip())


def _test_names(tests: DataTests) -> list[str]:
    return [
        name for test in tests for name in ([test] if isinstance(test, str) else test)
    ]


def _accepted_values(tests: DataTests) -> list[Any]:
    rules = (test.get("accepted_values") for test in tests if isinstance(test, Mapping))
    return [value for rule in rules if rule for value in _arguments(rule)["values"]]


def _arguments(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments of a data test, under `arguments` or directly."""
    return {"values": [], **rule.get("arguments", rule)}
