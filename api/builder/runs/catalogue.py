"""The document of each mart, published and stored with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.builder.runs.audit import TESTS, marts_of, table_of
from api.builder.runs.explanations import tested_model
from api.builder.runs.facts import DbtRun, Node, Nodes
from api.contract.dbt_models import version_name

Document = dict[str, Any]
# The kinds of nodes listed as a mart's upstream, by resource type.
UPSTREAM = {"model": "model", "snapshot": "snapshot", "source": "table"}


def documents_of(run: DbtRun, before: Mapping[str, Document]) -> dict[str, Document]:
    """The document of each mart of a run, by the name of its table.

    `before` are the published ones: a build after a load leaves the unit tests out, and
    their last results still hold.
    """
    return {
        table_of(mart): {
            "contract": contract_of(mart, run.nodes),
            "file": mart["original_file_path"],
            "sql": mart["raw_code"],
            "upstream": list(_upstream(mart, run.nodes)),
            "tests": _tests(mart, run, before.get(table_of(mart))),
        }
        for mart in marts_of(run)
    }


def endpoint_of(document: Document) -> str:
    """The name by which HTTP serves a mart."""
    contract = document["contract"]
    return str(contract["config"]["meta"].get("endpoint") or contract["name"])


def contract_of(mart: Node, nodes: Nodes) -> Document:
    """The contract of a mart, in the shape of its YAML.

    `name` is the name of the mart's table.
    """
    required = {
        test["column_name"]
        for test in _data_tests(mart, nodes)
        if (test.get("test_metadata") or {}).get("name") == "not_null"
        and test["config"]["severity"].lower() == "error"
    }
    return {
        "name": table_of(mart),
        "description": mart["description"],
        "columns": [
            {
                "name": column["name"],
                "data_type": column["data_type"],
                "description": column["description"],
                "data_tests": ["not_null"] if column["name"] in required else [],
                "config": {"meta": column["meta"]},
            }
            for column in mart["columns"].values()
        ],
        "config": {"meta": mart["config"]["meta"] | {"endpoint": _endpoint(mart)}},
    }


def _endpoint(mart: Node) -> str:
    """The endpoint in its YAML, else its name; earlier versions end in _vN."""
    name = str(mart["config"]["meta"].get("endpoint") or mart["name"])
    version, latest = mart.get("version"), mart.get("latest_version")
    return name if version == latest else version_name(name, str(version))


def _data_tests(mart: Node, nodes: Nodes) -> Iterator[Node]:
    for node in nodes.values():
        is_test = node["resource_type"] == "test"
        if is_test and node.get("attached_node") == mart["unique_id"]:
            yield node


def _upstream(mart: Node, nodes: Nodes) -> Iterator[Document]:
    """Every model, snapshot and upload table upstream of a mart, nearest first."""
    ahead = list(mart["depends_on"]["nodes"])
    seen = set()
    while ahead:
        id = ahead.pop(0)
        node = nodes.get(id)
        if id in seen or node is None:
            continue
        seen.add(id)
        kind = UPSTREAM.get(node["resource_type"])
        if kind:
            yield {
                "name": node["name"],
                "kind": kind,
                "description": node["description"],
            }
        if kind in ("model", "snapshot"):
            ahead += node["depends_on"]["nodes"]


def _tests(mart: Node, run: DbtRun, before: Document | None) -> list[Document]:
    tests, ran_unit_tests = [], False
    for result in run.results:
        node = run.nodes.get(result.unique_id)
        if node is None or node["resource_type"] not in TESTS:
            continue
        is_unit_test = node["resource_type"] == "unit_test"
        ran_unit_tests |= is_unit_test
        about = tested_model(node, run.nodes) if is_unit_test else None
        if mart["unique_id"] in (
            node.get("attached_node"),
            about and about["unique_id"],
        ):
            tests.append(
                {
                    "name": node["name"],
                    "kind": node["resource_type"],
                    "description": node.get("description") or "",
                    "status": result.status,
                }
            )
    if before and not ran_unit_tests:
        tests += [test for test in before["tests"] if test["kind"] == "unit_test"]
    return tests
