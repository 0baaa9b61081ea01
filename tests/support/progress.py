"""A pytest plugin: slow files begin first, and a line tells of each that is done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from support import fork_server

# The rest follows in the order of names. What takes longest must not begin last, when
# nothing is left for the other processes; and what needs nothing but its own process
# begins while those are made ready that others are forked from.
IN_PROCESS = ("test_intake_csv.py", "test_intake_header.py", "test_intake_batch.py")
SLOWEST = (
    "engines/test_same_answers.py",
    "test_analysts.py",
    "test_builder_start.py",
    "test_dbt_project.py",
    "engines/test_publishing_on_postgres.py",
    "test_broken_projects.py",
    "engines/test_commands.py",
    "test_snapshots.py",
    "engines/test_loads.py",
    "test_table_changes.py",
    "test_guide.py",
    "test_dbt_runs.py",
    "test_ordinary_dbt.py",
    "engines/test_ordinary_dbt.py",
    "engines/test_audit.py",
    "test_openapi.py",
    "test_undo.py",
    "engines/test_incremental.py",
    "engines/test_misfits.py",
    "test_failures.py",
    "engines/test_reading.py",
    "test_observing.py",
    "test_freshness.py",
    "test_charts.py",
    "test_loads.py",
    "test_replayed_builds.py",
    "test_metric_queries.py",
    "faults/test_builder.py",
    "faults/test_hostile_input.py",
    "faults/test_overload.py",
    "engines/test_crashes.py",
    "faults/test_storage.py",
    "browser/test_looks.py",
    "browser/test_upload.py",
    "browser/test_questions.py",
    "browser/test_live.py",
    "browser/test_overview.py",
)
# Of so many tests some need what is forked.
MANY = 1000


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = (*IN_PROCESS, *SLOWEST)
    places = {f"tests/{name}": place for place, name in enumerate(first)}
    items.sort(key=lambda item: places.get(_file(item.nodeid), len(places)))


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    # Only the process that reports, which is not one of those that run the tests.
    if not hasattr(config, "workerinput"):
        fork_server.prepare()
        config.pluginmanager.register(Progress(config))


class Progress:
    """Tells of each file once its last test is done, instead of a dot for each test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.monotonic()
        self._all: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()

    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        if not self._all and len(ids) > MANY:
            fork_server.begin()
        self._all = Counter(map(_file, ids))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items:
            self._all = Counter(_file(item.nodeid) for item in session.items)

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        if report.passed and report.when == "call":
            return "passed", "", "PASSED"
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = _file(report.nodeid)
        self._seconds[file] += report.duration
        if report.when != "teardown":
            return
        self._done[file] += 1
        if self._done[file] == self._all[file]:
            self._tell(file)

    def _tell(self, file: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        reporter.ensure_newline()
        reporter.write_line(
            f"{minutes:2}:{seconds:02}  {self._done.total():5} of {self._all.total()}"
            f"  {file}: {self._done[file]} in {self._seconds[file]:.0f} s"
        )


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
