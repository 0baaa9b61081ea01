"""What Spark says of an error, as it is text: without Java's stacks and class names."""

from __future__ import annotations

import pytest

from api.builder.runs import messages

SYNTAX = """\
Runtime Error in model stg_jobs (dbt_project/models/staging/stg_jobs.sql)
  Database Error
    org.apache.hive.service.cli.HiveSQLException: Error running query: \
[PARSE_SYNTAX_ERROR] org.apache.spark.sql.catalyst.parser.ParseException:\x20
    [PARSE_SYNTAX_ERROR] Syntax error at or near 'on'. SQLSTATE: 42601 (line 4, pos 12)

    \tat org.apache.spark.sql.Errors$.runningQueryError(Errors.scala:43)
    \tat java.base/java.lang.Thread.run(Thread.java:840)
    Caused by: org.apache.spark.sql.catalyst.parser.ParseException:\x20
    [PARSE_SYNTAX_ERROR] Syntax error at or near 'on'. SQLSTATE: 42601 (line 4, pos 12)

    \tat org.apache.spark.sql.catalyst.parser.Listener$.syntaxError(parsers.scala:161)
    \t... 22 more
"""
COLUMN = """\
Database Error
  org.apache.hive.service.cli.HiveSQLException: Error running query: \
[UNRESOLVED_COLUMN.WITH_SUGGESTION] org.apache.spark.sql.AnalysisException: \
[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `nope` cannot be resolved. \
Did you mean one of the following? [`a`]. SQLSTATE: 42703; line 1 pos 8;
  'Project ['nope]
  +- SubqueryAlias spark_catalog.raw.t
"""
AWAY = """\
Runtime Error
  Runtime Error
    Database Error
      failed to connect: TTransportException: Could not connect to any of [('h', 1)]
"""


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        (SYNTAX, "[PARSE_SYNTAX_ERROR] Syntax error at or near 'on'."),
        (
            COLUMN,
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `nope` cannot be"
            " resolved. Did you mean one of the following? [`a`].",
        ),
        (AWAY, "Spark cannot be reached: Could not connect to any of [('h', 1)]"),
    ],
    ids=["syntax", "column", "away"],
)
def test_an_error_of_spark_comes_down_to_one_sentence(
    message: str, summary: str
) -> None:
    text = messages.cleaned(message)
    assert "\tat " not in text and "Caused by" not in text
    assert messages.summary(text) == summary
