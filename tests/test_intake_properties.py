"""What holds of anything that is sent: files, batches, questions, cursors."""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import (
    EVERYTHING,
    MART,
    TABLES,
    cursor_of,
    holds_of_a_batch,
    holds_of_a_file,
    holds_of_a_query,
)

from api.contract import Table
from api.errors import Problem
from api.metrics.operators import OPERATORS
from api.metrics.parameters import read_query

PIECES = [
    *",,\"\n\r;01 -+='",
    *("\r\n", "\t", "é", "\ufeff", "\u202e", '""', '"a\nb"', ' "x"'),
    *("id", "job", "word", "a_text", "_line", "1,a\n", "=1+1", "@x"),
    *("2021-11-07", "2021-11-07T02:48:42.5+01:30", "1.5e3", "true"),
    *("0" * 5000, "9" * 5000),
]
FILES = st.lists(st.sampled_from(PIECES), max_size=60).map(
    lambda parts: "".join(parts).encode()
)
CELLS = st.one_of(
    st.sampled_from([*PIECES, "\ud800", "\0", True, None, [], {"a": 1}, 10**30]),
    st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
)
NAMES = st.sampled_from(["id", "job", "a_text", "a_real", "_line", "ID", "\ud800"])
ROWS = st.lists(
    st.lists(CELLS, max_size=7)
    | st.dictionaries(NAMES | st.text(max_size=3), CELLS, max_size=5)
    | CELLS,
    max_size=8,
)
COLUMNS = [column.name for column in EVERYTHING]
PARAMETERS = st.sampled_from(
    [
        *("number", "day", "sort", "select", "limit", "x"),
        *COLUMNS,
        *(f"{name}__{operator}" for name in COLUMNS for operator in OPERATORS),
    ]
)
VALUES = st.text(max_size=4) | st.sampled_from(
    [
        *("1", "0", "-1", "3", "all", "", "a", "1.5", "true", "\0", "9" * 5000),
        *("2021-11-07", "2021-11-07T02:48:42Z", "a_text,-a_real", "-a_boolean"),
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["a", "2021-11-07", "\ud800", 2**63, 10**400]),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
COUNTS = st.sampled_from([1, 2, 2**32, 2**62, 2**63 - 1])
POSITIONS = st.tuples(
    COUNTS, *[st.just(value) | JSON for value in (1, "a", 1.5, True, None, None)]
)


@given(
    content=st.binary(max_size=200) | FILES | FILES.map(gzip.compress),
    table=st.sampled_from(TABLES),
    block_size=st.sampled_from([16, 64, 300, 1000]),
)
@settings(max_examples=100, deadline=None)
def test_of_any_file(content: bytes, table: Table, block_size: int) -> None:
    holds_of_a_file(table, content, block_size)


@given(
    content=ROWS.map(lambda rows: json.dumps(rows).encode()) | st.binary(max_size=60),
    table=st.sampled_from(TABLES),
)
@settings(max_examples=100, deadline=None)
def test_of_any_batch(content: bytes, table: Table) -> None:
    holds_of_a_batch(table, content)


@given(st.dictionaries(PARAMETERS, st.lists(VALUES, min_size=1, max_size=3)))
@settings(max_examples=100, deadline=None)
def test_of_any_question(given: dict[str, list[str]]) -> None:
    holds_of_a_query(given)


@given(
    st.dictionaries(PARAMETERS, VALUES.map(lambda value: [value]), max_size=1),
    POSITIONS | st.lists(JSON, min_size=1, max_size=7),
)
@settings(max_examples=100, deadline=None)
def test_of_any_cursor(given: dict[str, list[str]], position: list[Any]) -> None:
    try:
        cursor = cursor_of(read_query(MART, given), position)
    except Problem:
        return
    holds_of_a_query({**given, "cursor": [cursor]})
