"""JSON batches: rows as arrays and objects, and the cells in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.contract.values import Column, Table
from api.intake import Block, read_batch

PEOPLE = Table(
    "people",
    "",
    (
        Column("id", "integer", "", required=True),
        Column("name", "text", "", required=True),
        Column("since", "timestamp", ""),
        Column("rate", "real", ""),
        Column("active", "boolean", ""),
        Column("born", "date", ""),
    ),
    ("id",),
)
GOOD = [1, "Ann", "2021-11-07T02:48:42Z", 1.5, True, "1990-01-31"]


def read(*rows: object) -> Block:
    return read_batch(PEOPLE, rows)


def told(block: Block) -> list[tuple[str | None, str]]:
    """Column and code of every defect of the one rejected row."""
    (reject,) = block.rejects
    return [(defect.column, defect.code) for defect in reject.defects]


def with_value(column: str, value: object) -> dict[str, object]:
    return {**dict(zip(PEOPLE.column_names, GOOD, strict=True)), column: value}


def test_array_and_object_mean_the_same() -> None:
    as_object = dict(zip(reversed(PEOPLE.column_names), reversed(GOOD), strict=True))
    expected = [*GOOD[:4], 1, GOOD[5]]
    for row in (GOOD, as_object):
        (values,) = read(row).rows.to_pylist()
        assert list(values.values()) == expected


def test_missing_keys_and_nulls_are_null_where_optional() -> None:
    block = read({"id": 1, "name": "Ann"}, [2, "Bob", None, None, None, ""])
    assert block.rejects == ()
    assert [row["since"] for row in block.rows.to_pylist()] == [None, None]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("id", "7", 7),
        ("id", " -7 ", -7),
        ("id", 2**63 - 1, 2**63 - 1),
        ("id", 10**30, "integer_out_of_range"),
        *(("id", value, "not_an_integer") for value in ("1.01", 1.5, True, False)),
        *(("id", value, "not_an_integer") for value in ([], [1], {}, "\0", "\ud800")),
        ("id", None, "missing_value"),
        ("name", " Ann ", "Ann"),
        ("name", ' "Ann"', '"Ann"'),
        ("name", "", "missing_value"),
        *(("name", value, "not_text") for value in (1, 1.5, True, [], {"a": 1})),
        *(("name", value, "not_text") for value in ("a\0b", "\ud800", "a\udfff")),
        ("since", "2021-11-07", "2021-11-07T00:00:00Z"),
        *(("since", value, "not_a_timestamp") for value in (2021, 1.5, True, [], "x")),
        ("rate", 1, 1.0),
        ("rate", 1e22, 1e22),
        ("rate", "1e3", 1000.0),
        ("rate", float("nan"), "not_a_number"),
        ("rate", float("inf"), "not_a_number"),
        *(("rate", value, "not_a_number") for value in (True, "nan", 10**400, [])),
        ("active", False, 0),
        ("active", 1, 1),
        ("active", "TRUE", 1),
        *(("active", value, "not_a_boolean") for value in (2, 1.0, "yes", [])),
        ("born", "2020-02-29", "2020-02-29"),
        *(("born", value, "not_a_date") for value in (20200230, "2021-02-29", {})),
    ],
)
def test_value(column: str, value: object, expected: object) -> None:
    block = read(with_value(column, value))
    if block.rejects:
        assert told(block) == [(column, expected)]
    else:
        assert block.rows.column(column)[0].as_py() == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        *((row, [(None, "not_a_row")]) for row in (None, 1, "1,Ann", True)),
        *((row, [(None, "wrong_width")]) for row in ([], [1], [*GOOD, 1])),
        ({}, [("id", "missing_value"), ("name", "missing_value")]),
        (
            {"shoe": 1, "born": 5, "name": 5, "id": "x"},
            [
                ("id", "not_an_integer"),
                ("name", "not_text"),
                ("born", "not_a_date"),
                ("shoe", "unknown_column"),
            ],
        ),
    ],
)
def test_all_defects_of_a_row_are_told_in_column_order(
    row: object, expected: list[tuple[str | None, str]]
) -> None:
    assert told(read(row)) == expected


def test_unknown_key_is_told_with_the_likely_name() -> None:
    (reject,) = read({**with_value("id", 1), "Nmae": 1}).rejects
    assert "did you mean 'name'?" in reject.defects[0].message


def test_keys_of_our_own_rejects_are_ignored() -> None:
    assert read({**with_value("id", 1), "_line": 3, "_reasons": "x"}).rejects == ()


def test_line_is_the_position_in_the_batch() -> None:
    block = read([1, "Ann"], [2, "Bob", None, None, None, None], 5)
    assert [reject.line for reject in block.rejects] == [1, 3]
    assert (block.received, block.rows.num_rows) == (3, 1)


def test_a_repeated_id_rejects_the_later_row() -> None:
    block = read(with_value("id", 1), with_value("id", "01"), with_value("id", -1))
    assert block.rows.column("id").to_pylist() == [1, -1]
    assert told(block) == [("id", "repeated_id")]


def test_a_rejected_row_uses_up_no_id() -> None:
    block = read([1], {"id": 1}, {**with_value("id", 1), "odd": 1}, GOOD)
    assert [reject.line for reject in block.rejects] == [1, 2, 3]
    assert block.rows.num_rows == 1


def test_composite_key_repeats_only_as_a_whole() -> None:
    columns = (Column("a", "text", ""), Column("b", "integer", ""))
    table = Table("pairs", "", columns, ("a", "b"))
    block = read_batch(table, [["x", 1], ["x", 2], ["x", 1], [None, 1], [None, 1]])
    assert [reject.line for reject in block.rejects] == [3]
    assert told(block) == [("a,b", "repeated_id")]


def test_an_empty_batch_is_an_empty_block() -> None:
    assert (read().received, read().rows.schema.names) == (0, [*PEOPLE.column_names])


def test_raw_is_the_row_as_json() -> None:
    (reject,) = read([1, "Zoë"]).rejects
    assert reject.raw == '[1, "Zoë"]'


@pytest.mark.parametrize("value", ["\ud800", float("nan"), "\0", {"\ud800": "\0"}])
def test_a_reject_can_always_be_stored(value: object) -> None:
    (reject,) = read({"id": "x", "\ud800": 1, "name": value}).rejects
    texts = [reject.raw]
    for defect in reject.defects:
        texts += [defect.column or "", defect.message]
    assert b"\0" not in "".join(texts).encode()


def test_deep_nesting_is_a_reject_like_any_other() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    (reject,) = read(with_value("name", deep)).rejects
    assert reject.defects[0].code == "not_text"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=20))
def test_any_json_is_judged_row_by_row(rows: list[Any]) -> None:
    block = read_batch(PEOPLE, json.loads(json.dumps(rows)))
    assert block.received == len(rows)


CELLS = st.one_of(
    st.integers(), st.text(max_size=8), st.booleans(), st.none(), st.floats()
)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 9), CELLS),
        st.one_of(st.text(max_size=5), CELLS),
        st.one_of(st.sampled_from(["2021-11-07T02:48:42Z", " 2021-11-07 "]), CELLS),
        *[st.one_of(st.sampled_from(["1", "0", "true"]), CELLS)] * 3,
    ),
    min_size=1,
    max_size=6,
)


@given(ROWS)
def test_columns_at_a_time_and_cells_at_a_time_say_the_same(
    rows: list[tuple[object, ...]],
) -> None:
    # A list may be read a column at a time, a tuple never is.
    fast, slow = read(*map(list, rows)), read(*rows)
    assert fast.rows.equals(slow.rows)
    assert [(r.line, r.defects) for r in fast.rejects] == [
        (r.line, r.defects) for r in slow.rejects
    ]


@given(st.lists(st.tuples(st.integers(), st.text(max_size=6)), min_size=1, max_size=6))
def test_plain_batches_are_read_like_any(rows: list[tuple[int, str]]) -> None:
    table = Table("t", "", PEOPLE.columns[:2], ("id",))
    fast = read_batch(table, [list(row) for row in rows])
    slow = read_batch(table, rows)
    assert fast.rows.equals(slow.rows)
    assert [reject.defects for reject in fast.rejects] == [
        reject.defects for reject in slow.rejects
    ]
