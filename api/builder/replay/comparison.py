"""Compares two recordings of dbt and makes a script that can be replayed.

The script has the statements of both, with placeholders where they differ. The value
of a placeholder is known before the build (its id, the time) or comes from an earlier
answer. Any other difference makes no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.builder.replay.script import (
    GIVEN,
    SECONDS,
    Cell,
    Placeholder,
    Script,
    Step,
    Template,
    text_of,
    tokens_of,
)

# Queries whose answers may differ from build to build, and in which columns: our macros
# only write these into statements. Any other answer may decide what dbt does.
PASSED_ON = (
    (
        r" as last_load_id, .* as last_request_id\s*$",
        ("last_load_id", "last_request_id"),
    ),
    (r"select loaded_at from raw\.loads where load_id = \d+\s*$", ("loaded_at",)),
    (r"select version from \w+\.dbt_changes_read where ", ("version",)),
    (r"select \* from \w+\.dbt_runs where invocation_id = ", ("number",)),
    (
        r"select \* from \w+\.dbt_model_states\b",
        ("invocation_id", "last_load_id", "ledger"),
    ),
)
COMMENT = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)
TRANSACTION = re.compile(r"\s*(begin|commit)\s*;?\s*$", re.IGNORECASE)
# Statements that write nothing permanent.
READING = re.compile(
    r"(?:select|with|pragma|set|show|explain|create temp\w* (?:table|view)"
    r"|drop view temp\.)\b",
    re.IGNORECASE,
)
UNDOING = re.compile(r"(?:rollback|savepoint|release)\b", re.IGNORECASE)
# The ids of dbt's hooks at the start and the end of a run.
HOOK = "operation."
# dbt-postgres puts the time in the names of temporary tables.
TEMPORARY = re.compile(r"__dbt_tmp\d{6,}")
RESULTS = re.compile(r"insert into \w+\.dbt_results\b")
# dbt records the driver's message of a success, which nothing reports.
RESULT = re.compile(
    r"(\('[^']*', '([^']*)', '[^']*', )(null|'(?:[^']|'')*')(, (?:null|\d+), )"
    r"[\d.e+-]+(?=, ')"
)


@dataclass
class Statement:
    """A statement as dbt sent it, for a node of the project or a hook.

    `session` and `thread` are ids of the connection and of dbt's thread.
    `is_committed` is whether no transaction is open after it. `rows` are those fetched
    of the answer, at most `limit`; None if none were fetched.
    """

    sql: str
    node: str = ""
    session: int = 0
    thread: int = 0
    is_committed: bool = True
    has_values: bool = False
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Recording:
    """A successful build: the values known without a query, and what dbt sent."""

    given: dict[str, str]
    statements: Sequence[Statement]


def script_of(one: Recording, other: Recording) -> Script | None:
    """The script of two builds that were alike; None if they were not."""
    if not (_is_replayable(one) and _is_replayable(other)):
        return None
    sent, also_sent = list(_replayed(one)), list(_replayed(other))
    if len(sent) != len(also_sent):
        return None
    placeholders = Placeholders()
    for name in GIVEN:
        placeholders.add(one.given[name], other.given[name], name)
    steps = []
    for first, second in zip(sent, also_sent, strict=True):
        step = _step(first, second, placeholders)
        if step is None:
            return None
        steps.append(step)
    return Script(steps)


class Placeholders:
    """What differs between two recordings: a name for each pair of texts.

    Values that were equal in both recordings have to be equal in a replay, too.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def add(self, one: str, other: str, name: str = "") -> None:
        self._names.setdefault((one, other), name or f"answer {len(self._names)}")

    def template(self, one: str, other: str, may_add: bool = False) -> Template | None:
        """What two texts have in common; None if a difference has no known source."""
        parts, others = tokens_of(one), tokens_of(other)
        if len(parts) != len(others):
            return None
        template: list[str | Placeholder] = []
        for part, its_other in zip(parts, others, strict=True):
            pair = (part, its_other)
            if part.startswith("\0"):
                template.append(Placeholder(part.strip("\0")))
            elif part == its_other:
                template.append(part)
            elif pair in self._names:
                template.append(Placeholder(self._names[pair]))
            elif may_add and "0" not in pair:
                self.add(*pair)
                template.append(Placeholder(self._names[pair]))
            else:
                return None
        return tuple(template)


def _step(one: Statement, other: Statement, placeholders: Placeholders) -> Step | None:
    if (one.node, one.columns, one.limit) != (other.node, other.columns, other.limit):
        return None
    sql = placeholders.template(_normalized(one.sql), _normalized(other.sql))
    if sql is None:
        return None
    if one.rows is None or other.rows is None:
        is_read = one.rows is not other.rows
        return None if is_read else Step(sql, one.node, one.columns, None, one.limit)
    if len(one.rows) != len(other.rows):
        return None
    passed_on = _passed_on(one.sql)
    rows = []
    for row, its_other in zip(one.rows, other.rows, strict=True):
        cells = []
        for column, value, other_value in zip(one.columns, row, its_other, strict=True):
            may_add = column in passed_on
            text = placeholders.template(text_of(value), text_of(other_value), may_add)
            if text is None or type(value) is not type(other_value):
                return None
            cells.append(Cell(type(value), text, may_add))
        rows.append(tuple(cells))
    return Step(sql, one.node, one.columns, tuple(rows), one.limit)


def _replayed(recording: Recording) -> Iterator[Statement]:
    """The statements without transactions, and without dbt's queries of the catalog.

    The script is one transaction. If a table is missing or has changed, the statements
    on it fail.
    """
    for statement in recording.statements:
        if statement.node and not TRANSACTION.match(_without_comment(statement)):
            yield statement


def _is_replayable(recording: Recording) -> bool:
    """Whether one transaction has the same effect: all that it wrote was committed."""
    is_open: dict[tuple[str, int], bool] = {}
    threads = set()
    for statement in recording.statements:
        bare, place = _without_comment(statement), (statement.node, statement.session)
        if statement.has_values or UNDOING.match(bare):
            return False
        if _writes(bare, statement):
            if not statement.node:
                return False
            is_open[place] = True
        if statement.is_committed:
            is_open[place] = False
        if statement.node and not statement.node.startswith(HOOK):
            threads.add(statement.thread)
    # Several threads send statements in another order each time.
    return len(threads) <= 1 and not any(is_open.values())


def _writes(bare: str, statement: Statement) -> bool:
    if TRANSACTION.match(bare):
        return False
    is_insert = bare.lower().startswith("with") and not statement.columns
    return is_insert or not READING.match(bare)


def _passed_on(sql: str) -> set[str]:
    return {
        column
        for pattern, columns in PASSED_ON
        if re.search(pattern, sql, re.DOTALL)
        for column in columns
    }


def _result(found: re.Match[str]) -> str:
    start, node, message, failures = found.groups()
    message = "null" if start.endswith(" 'success', ") else message
    return f"{start}{message}{failures}\0{SECONDS}{node}\0"


def _without_comment(statement: Statement) -> str:
    return COMMENT.sub("", statement.sql).strip()


def _normalized(sql: str) -> str:
    sql = TEMPORARY.sub("__dbt_tmp0", sql)
    if RESULTS.search(sql):
        sql = RESULT.sub(_result, sql)
    return sql
