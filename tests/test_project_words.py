"""What slips in the project's files are called, before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.contract import FILES, MART, SOURCES, defects
from support.project import copy_project

from api.contract import read_project
from api.contract.files import Project
from api.errors import ContractError

PATH = "marts/places_by_kind.yml"
PROJECT = """
name: places
model-paths: ["."]
models:
  places:
    marts:
      +materialized: table
"""
# What dbt 1.11 takes, and means nothing here.
TAKEN = """
version: 2
models:
  - name: places_by_kind
    description: Places counted by kind.
    access: protected
    docs: {show: false}
    deprecation_date: 2030-01-01
    constraints: [{type: not_null, columns: [kind]}]
    meta: {title: Places by kind}
    config: {tags: [daily], group: people, post-hook: [], freshness: {build_after: {}}}
    tests: [positive: {column: places}]
    columns:
      - name: kind
        description: What kind of place.
        data_type: text
        tags: [open]
        constraints: [{type: not_null}]
        tests: [not_null: {config: {severity: warn}}]
      - {name: places, description: How many., data_type: integer, quote: true}
sources:
  - name: elsewhere
    schema: other
    loaded_at_field: seen_at
    freshness: {warn_after: {count: 1, period: day}}
    tables: [{name: anything, tags: [x], freshness: null}]
seeds: [{name: codes, config: {column_types: {code: text}}}]
snapshots: [{name: as_it_was, relation: ref('codes'), config: {strategy: check}}]
exposures: [{name: board, type: dashboard, owner: {name: HR}, tags: [x]}]
groups: [{name: people, owner: {name: HR}}]
semantic_models: [{name: places, model: ref('places_by_kind'), entities: []}]
metrics: [{name: places, label: P, type: simple, type_params: {measure: places}}]
saved_queries: [{name: all, query_params: {metrics: [places]}}]
unit_tests: [{name: u, model: places_by_kind, given: [], expect: {rows: [{a: 1}]}}]
anchors: [{owner: &owner HR}]
"""


def test_what_dbt_takes_is_taken() -> None:
    mart = read_project(FILES | {PATH: TAKEN}).marts["places_by_kind"]
    assert mart.title == "Places by kind"
    assert [column.required for column in mart.columns] == [True, False]


def test_models_may_share_a_file() -> None:
    second = MART.replace("places", "sites").removeprefix("\nmodels:")
    files = FILES | {PATH: MART + second, "marts/sites_by_kind.sql": "select 1"}
    assert list(read_project(files).marts) == ["places", "sites"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "    config:",
            "    tags: [x]\n    config:",
            "'tags' belongs under config; mov",
        ),
        (
            "    config:",
            "    materialized: view\n    config:",
            "model places_by_kind: 'materialized' belongs under config",
        ),
        (
            "      meta:",
            "      materialised: view\n      meta:",
            "model places_by_kind, config: unknown key 'materialised' (did you mean"
            " 'materialized'?)",
        ),
        (
            "data_type: integer",
            "data_type: integer\n        data_tests: [accepted_range, not_nul]",
            "column places: unknown data test 'not_nul' (did you mean 'not_null'?)",
        ),
        (
            "data_type: integer",
            "data_type: integer\n        data_tests: [unique: {config: {severty: x}}]",
            "did you mean 'severity'?",
        ),
        ("title:", "owner: HR\n        title:", "'owner'; put keys of your own under"),
        (
            "data_type: integer",
            "data_type: integer\n        config: {meta: {tier: 1}}",
            "column places, config, meta: unknown key 'tier'; put keys of your own",
        ),
        (
            "name: places_by_kind",
            "name: Größen-Klassen",
            "name 'Größen-Klassen' should be of letters a to z, digits and underscores,"
            " a letter first (perhaps 'Grossen_Klassen')",
        ),
        ("- name: kind\n    ", "- name: on\n    ", "name is True to YAML and no text"),
        (
            "description: How many.",
            "description:",
            "column places: description is empty; fill it in",
        ),
        (
            "data_type: text",
            "data_type: text\n        data_tests:\n          - accepted_values:"
            " {arguments: {values: [yes, no]}}",
            "accepted_values has True where YAML reads yes, no, on or off so",
        ),
        (
            "models:",
            "exposures:\n  - {name: board, typ: dashboard, owner: {name: HR}}\nmodels:",
            "exposure board: unknown key 'typ' (did you mean 'type'?)",
        ),
        (
            "models:",
            "seeds: [{name: codes, config: {quote_column: true}}]\nmodels:",
            "seed codes, config: unknown key 'quote_column' (did you mean",
        ),
        (
            "models:",
            "unit_tests:\n  - {name: u, model: m, given: [{input: x, row: []}],"
            " expect: {}}\nmodels:",
            "unit_test u, given 1: unknown key 'row' (did you mean 'rows'?)",
        ),
    ],
)
def test_a_slip_in_yaml_is_told(old: str, new: str, told: str) -> None:
    assert old in MART
    found = defects(FILES | {PATH: MART.replace(old, new, 1)})
    assert any(told in defect for defect in found), found
    assert all(defect.startswith(PATH) for defect in found)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {PATH: MART.replace("kind.", "Größe.").encode("latin-1")},
            "line 4: the byte 0x",
        ),
        ({PATH: MART.encode("utf-16")}, "this is stored in UTF-16; save it as UTF-8"),
        (
            {"marts/places_by_kind.sql": "select 'Größe' as kind".encode("latin-1")},
            "line 1: the byte 0xF6 is not UTF-8, but Latin-1 perhaps; save it as UTF-8",
        ),
        (
            {"marts/places_by_kind.sql": "select 1\n; -- the end;\n"},
            "line 2: a model ends without a semicolon; take it away",
        ),
        (
            {"marts/places_by_kind.sql": "select 1\nfrom {{ ref(other) }}"},
            "line 2: ref() takes a name in quotes: 'other' in place of other",
        ),
        (
            {"marts/places_by_kind.sql": "{{ config(materialised='view') }} select 1"},
            "unknown key 'materialised' (did you mean 'materialized'?)",
        ),
        (
            {"marts/places_by_kind.sql": " \n"},
            "places_by_kind.sql: is empty; dbt would",
        ),
        ({"seeds/codes.csv": "\n"}, "seeds/codes.csv: is empty; a seed begins with"),
        (
            {"staging/places_by_kind.sql": "select 1"},
            "places_by_kind is a model's name, and that of staging/places_by_kind.sql",
        ),
        (
            {"staging/again.yml": MART.replace("places\n", "p\n", 1)},
            "places_by_kind is described, and also in staging/again.yml",
        ),
        (
            {"dbt_project.yml": PROJECT.replace("marts", "mart")},
            "did you mean 'marts'?",
        ),
        (
            {"dbt_project.yml": PROJECT.replace("+materialized", "+materialised")},
            "unknown key '+materialised' (did you mean '+materialized'?)",
        ),
        (
            {"dbt_project.yml": PROJECT.replace("  places:", "  place:")},
            "dbt_project.yml: models: 'place' is no file or folder there (did you mean",
        ),
        (
            {"dbt_project.yml": PROJECT.replace("+materialized", "materialised")},
            "models, places, marts: 'materialised' is no file or folder there (did you",
        ),
        (
            {"dbt_project.yml": f"{PROJECT}on-run-ends: []\n"},
            "unknown key 'on-run-ends' (did you mean 'on-run-end'?)",
        ),
    ],
)
def test_a_slip_in_a_file_is_told(files: dict[str, str | bytes], told: str) -> None:
    found = defects(FILES | files)  # type: ignore[arg-type]
    assert any(told in defect for defect in found), found


def test_a_folder_that_has_lost_its_last_file_is_no_slip() -> None:
    configured = PROJECT.replace("    marts:", "    intermediate: {}\n    marts:")
    assert configured != PROJECT
    assert read_project(FILES | {"dbt_project.yml": configured}).marts


@pytest.mark.parametrize(
    ("yaml", "sql"),
    [
        ("access: private", ""),
        ("enabled: false", ""),
        ("materialized: ephemeral", ""),
        ("", "{{ config(enabled=false) }}"),
        ("", "{{ config(access='private') }}"),
    ],
)
def test_what_is_private_or_not_built_is_not_served(yaml: str, sql: str) -> None:
    mart = MART.replace("    config:", f"    config:\n      {yaml}")
    mart = mart.replace("        title: Places by kind\n", "")
    files = FILES | {PATH: mart, "marts/places_by_kind.sql": f"{sql} select 1"}
    assert not read_project(files).marts


def test_a_folder_may_be_private() -> None:
    project = PROJECT.replace("+materialized: table", "+access: private")
    assert not read_project(FILES | {"dbt_project.yml": project}).marts


def test_a_title_outside_of_marts_is_told() -> None:
    files = {**FILES, "staging/places_by_kind.sql": "select 1"}
    del files["marts/places_by_kind.sql"]
    (found,) = defects(files)
    assert "what is served stands in a folder marts; move staging/places_by" in found


def test_a_mart_is_served_from_the_table_that_its_alias_names() -> None:
    mart = MART.replace("    config:", "    config:\n      alias: other")
    found = read_project(FILES | {PATH: mart}).marts["places"]
    assert (found.name, found.endpoint) == ("other", "places")


def test_each_version_is_served_the_latest_by_the_plain_name() -> None:
    versions = "    versions: [{v: 1}, {v: 2, defined_in: newer}]\n    columns:"
    files = FILES | {
        PATH: MART.replace("    columns:", versions),
        "marts/places_by_kind_v1.sql": "select 1",
        "marts/newer.sql": "select 1",
    }
    del files["marts/places_by_kind.sql"]
    marts = read_project(files).marts
    assert {endpoint: mart.name for endpoint, mart in marts.items()} == {
        "places_v1": "places_by_kind_v1",
        "places": "places_by_kind_v2",
    }


def test_labels_are_free() -> None:
    labels = "labels: {owner: HR, tier: 1, since: 2024-01-01, 'wiki page': https://w}"
    mart = MART.replace("title:", f"{labels}\n        title:")
    column = "data_type: integer\n        config: {meta: {labels: {unit: sites}}}"
    mart = mart.replace("data_type: integer", column)
    sources = SOURCES.replace("primary_key:", f"{labels}\n            primary_key:")
    found = read_project(FILES | {PATH: mart, "staging/_sources.yml": sources})
    labels_read = found.marts["places"].labels
    assert labels_read["since"] == "2024-01-01"
    assert labels_read["tier"] == "1"
    assert found.marts["places"].columns[1].labels == {"unit": "sites"}


def test_what_dbt_passes_over_is_passed_over(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    marts = project / "dbt_project" / "models" / "marts"
    before = Project(project).fingerprint()
    for name in ("._x.sql", "._x.yml", "~x.sql", "#x.sql"):
        (marts / name).write_bytes(b"\x00\xff")
    assert Project(project).fingerprint() == before
    (marts / "drafts").mkdir()
    (marts / "drafts" / "x.sql").write_text("select 1")
    with pytest.raises(ContractError):
        Project(project).contract()
    (project / ".dbtignore").write_text("# mine\ndrafts/\n")
    assert Project(project).contract()
    assert Project(project).texts().keys() & {".dbtignore"}
