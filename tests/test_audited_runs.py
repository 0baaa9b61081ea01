"""Which run of dbt has built the models that another has tested."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from api.builder.runs.audit import audited_run, why_incomplete
from api.builder.runs.facts import DbtRun

MODELS = ("hires", "departments")


def run(command: str, builder: str) -> DbtRun:
    """The run `own`, which has found the models as the run `builder` left them."""
    nodes: dict[str, Any] = {
        name: {"resource_type": "model", "config": {}, "alias": name} for name in MODELS
    }
    return DbtRun(
        invocation_id="own",
        owner="a terminal",
        command=command,
        is_empty=False,
        started_at="",
        finished_at="",
        last_load_id=1,
        last_request_id=0,
        states=dict.fromkeys(MODELS, (builder, 1)),
        nodes=nodes,
        results=(),
    )


@pytest.mark.parametrize(
    ("command", "found", "now", "audited"),
    [
        ("build", "before", ("own", "own"), "own"),
        ("build", "before", ("own", "other"), None),
        ("build", "before", ("other", "other"), None),
        ("test", "before", ("before", "before"), "before"),
        ("test", "before", ("other", "before"), None),
        ("test", "before", ("other", "other"), None),
    ],
)
def test_nothing_is_audited_that_another_run_has_built_since(
    command: str, found: str, now: tuple[str, str], audited: str | None
) -> None:
    states = {name: (builder, 1) for name, builder in zip(MODELS, now, strict=True)}
    assert audited_run(run(command, found), states) == audited


def test_a_test_that_dbt_has_left_out_by_itself_holds_a_run_back() -> None:
    """As dbt leaves one that reads a model that is not there, or is disabled."""
    test = {"resource_type": "test", "name": "orphans", "config": {"enabled": False}}
    tested = run("test", "before")
    assert why_incomplete(tested) is None
    nodes = {**tested.nodes, "test.orphans": test}
    why = why_incomplete(replace(tested, nodes=nodes))
    assert why == "dbt leaves out orphans: what it reads is not there, or disabled."
