"""Whether a run covered the whole project: every model built, every test run."""

from __future__ import annotations

from collections.abc import Collection

from api.builder.runs.facts import DbtRun, Node, States

TESTS = ("test", "unit_test")
# dbt inlines these models into their readers and never builds them.
EPHEMERAL = "ephemeral"


def is_built(node: Node) -> bool:
    """Whether dbt builds a table for this model."""
    materialized = node["config"].get("materialized")
    return bool(node["resource_type"] == "model" and materialized != EPHEMERAL)


def is_snapshotted(node: Node) -> bool:
    """Whether it is a snapshot, which a run of the whole project builds, too."""
    return bool(node["resource_type"] == "snapshot")


def is_mart(node: Node) -> bool:
    """Whether HTTP serves it: a model in a folder named marts that is not private."""
    is_private = node["config"].get("access") == "private"
    return is_built(node) and "marts" in node["fqn"][:-1] and not is_private


def table_of(node: Node) -> str:
    """The name of a model's table: its alias, most often its name."""
    return str(node["alias"])


def marts_of(run: DbtRun) -> list[Node]:
    """The models that HTTP serves, sorted by table name."""
    marts = [node for node in run.nodes.values() if is_mart(node)]
    return sorted(marts, key=table_of)


def why_incomplete(run: DbtRun, known_to_pass: Collection[str] = ()) -> str | None:
    """Why the run does not cover the whole project; None if it does.

    `known_to_pass` are the ids of tests that the run may leave out.
    """
    if run.is_empty:
        return "--empty builds the models without their rows."
    if run.command == "run":
        return "models were built but not tested; `dbt test` tests and publishes them."
    done = {result.unique_id for result in run.results} | set(known_to_pass)
    builds = run.command == "build"
    left_out = [
        node
        for id, node in run.nodes.items()
        if id not in done
        and (
            node["resource_type"] in TESTS
            or builds
            and (is_built(node) or is_snapshotted(node))
        )
    ]
    for node in left_out:
        if not node["config"].get("enabled", True):
            name = node["name"]
            return f"dbt leaves out {name}: what it reads is not there, or disabled."
    if left_out:
        return (
            f"this run left out {len(left_out)} of the project's models and tests,"
            f" {left_out[0]['name']} first; a run without a selection publishes."
        )
    return None


def builder_of(run: DbtRun, states: States) -> str | None:
    """The run that built all the models; None if several did."""
    built = {table_of(node) for node in run.nodes.values() if is_built(node)}
    builders = {states[name][0] if name in states else None for name in built}
    return builders.pop() if len(builders) == 1 else None


def audited_run(run: DbtRun, states: States) -> str | None:
    """The run that built the models as they are now, if this run audited them.

    `states` are the models' current ones. None where another run has rebuilt one since.
    """
    builder = builder_of(run, states)
    own = run.invocation_id if run.command == "build" else builder_of(run, run.states)
    return builder if builder == own else None


def removed_models(run: DbtRun, states: States) -> dict[str, str]:
    """Models no longer in the project, with the run that built each last.

    Names that another node of the project has taken since are not among them.
    """
    taken = {
        str(node.get("alias") or node["name"]).lower()
        for node in run.nodes.values()
        if node["config"].get("materialized") != EPHEMERAL
    }
    return {
        model: invocation_id
        for model, (invocation_id, _) in states.items()
        if model.lower() not in taken
    }


def audited_load_id(run: DbtRun, states: States) -> int:
    """The newest load in the models that a run has audited."""
    if run.command == "build":
        return run.last_load_id
    return min((entry for _, entry in states.values()), default=run.last_load_id)
