"""The finer rules of the contract: names that are taken, values that do not fit."""

from __future__ import annotations

import pytest
from support.contract import FILES, MART, SOURCES, defects

from api.contract import read_project
from api.errors import ContractError

KEYED = "meta:\n            primary_key: [id]"
TEXT = "data_type: text"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: places_by_kind", "name: builds", "the name 'builds' is taken"),
        (
            "name: kind\n            column",
            "name: sort\n            column",
            "'sort' is",
        ),
        (
            "name: kind\n            column",
            "name: places\n            column",
            "another",
        ),
        ("column: kind\n", "column: places\n", "default 'office' is not integer"),
        ("default: office", "default: true", "the default True is not text"),
        ("default: office", "default: [a]", "parameter kind"),
        ("order_by:", "select: [kind, plces]\n        order_by:", "mean 'places'?"),
        ("order_by:", "select: [kind, kind]\n        order_by:", "'kind' stands there"),
        ("- name: places\n        desc", "- name: KIND\n        desc", "'kind' stands"),
        ("description: How many.", "description: a\n        description: b", "twice"),
        ("endpoint: places", "endpoint: a/b", "endpoint"),
        (
            "name: places\n        desc",
            "name: kind__eq\n        desc",
            "two underscores",
        ),
    ],
)
def test_a_rule_of_marts_is_told(old: str, new: str, told: str) -> None:
    assert old in MART
    files = FILES | {"marts/places_by_kind.yml": MART.replace(old, new, 1)}
    files["marts/builds.sql"] = "select 1"
    found = defects(files)
    assert any(told in defect for defect in found), found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("- name: places", "- name: loads", "the name 'loads' is taken"),
        ("- name: kind", "- name: _reasons", "name"),
        ("- name: kind", "- name: ID", "column 'id' stands there 2 times"),
        ("[not_null]", "[not_nul]", "unknown data test 'not_nul' (did you mean"),
        ("- accepted_values:", "- accepted_value:", "did you mean 'accepted_values'?"),
        ("primary_key: [id]", "primary_key: []", "primary_key"),
        ("data_type: text", "data_type: integer", "has 'office', which is not integer"),
        ("[office, depot]", "[office, ' ']", "has ' ', which is not text"),
        (KEYED, KEYED.replace("meta:", "meta:\n            datess: x"), "dates"),
        (KEYED, f"{KEYED}\n            dates: year_first", "dates"),
        (TEXT, f"{TEXT}\n            config: {{meta: {{alias: [Art]}}}}", "alias"),
        (TEXT, f"{TEXT}\n            config: {{meta: {{missing_value: [x]}}}}", "miss"),
        (TEXT, f"{TEXT}\n            config: {{meta: {{aliases: Art}}}}", "aliases"),
        (
            TEXT,
            f"{TEXT}\n            config: {{meta: {{aliases: [Id]}}}}",
            "'id' stands",
        ),
    ],
)
def test_a_rule_of_upload_tables_is_told(old: str, new: str, told: str) -> None:
    assert old in SOURCES
    found = defects(FILES | {"staging/_sources.yml": SOURCES.replace(old, new, 1)})
    assert any(told in defect for defect in found), found


def test_a_table_may_be_declared_once() -> None:
    twice = SOURCES.replace("sources:", "version: 2\nsources:")
    (found,) = defects(FILES | {"staging/again.yml": twice})
    assert "upload table 'places' stands there 2 times" in found


@pytest.mark.parametrize("default", ["all", "office", "'2021'"])
def test_a_default_may_be_any_value_of_its_column(default: str) -> None:
    mart = MART.replace("default: office", f"default: {default}")
    contract = read_project(FILES | {"marts/places_by_kind.yml": mart})
    assert contract.marts["places"].parameters[0].default == default.strip("'")


def test_an_answer_has_all_columns_unless_some_are_selected() -> None:
    assert read_project(FILES).marts["places"].selected == ("kind", "places")
    mart = MART.replace("order_by:", "select: [places]\n        order_by:")
    contract = read_project(FILES | {"marts/places_by_kind.yml": mart})
    assert contract.marts["places"].selected == ("places",)


YAML, IN_SQL = "marts/places_by_kind.yml", "dbt_project/tests/some.sql"


def lost(test: str = "", sql: str = "", files: dict[str, str] = FILES) -> list[str]:
    """What is said of a data test of a mart, or of one that is SQL."""
    tested = f"data_type: text\n        data_tests: [{test}]"
    mart = MART.replace("data_type: text", tested, 1)
    snapshot = {
        "snapshots/a.sql": "{% snapshot jobs_seen %}\nselect 1\n{% endsnapshot %}"
    }
    try:
        read_project(files | {YAML: mart}, {IN_SQL: sql}, snapshot)
    except ContractError as error:
        return list(error.defects)
    return []


def test_a_data_test_of_what_is_not_there_is_told() -> None:
    """Else dbt would leave it out, and whoever relies on it hear nothing."""
    told = "there is no 'place_by_kind' to read (did you mean 'places_by_kind'?)"
    for given in (
        "relationships: {to: ref('place_by_kind'), field: kind}",
        "relationships: {arguments: {to: 'ref(\"place_by_kind\", v=2)'}}",
        "is_like: {arguments: {others: [{of: ref('place_by_kind')}]}}",
    ):
        assert lost(given) == [f"{YAML}: {told}"]
    sql = "{# {{ ref('a')\n}} #}\nselect * from {{- ref('place_by_kind') }}"
    assert lost(sql=sql) == [f"{IN_SQL}: line 3: {told}"]


@pytest.mark.parametrize(
    "given",
    [
        *("ref('places_by_kind')", "ref('places_by_kind', v=1)", "ref('jobs_seen')"),
        *("ref('codes')", "ref('described')"),
        # For dbt to say.
        *("ref('other', 'anything')", "source('raw', 'nothing')", "ref(var('a'))"),
    ],
)
def test_a_data_test_of_what_may_be_there_is_dbts(given: str) -> None:
    described = "seeds:\nsnapshots: [{name: described}]"
    files = FILES | {"seeds/codes.csv": "code", "snapshots/b.yml": described}
    assert not lost(f'relationships: {{to: "{given}"}}', files=files)
    assert not lost(sql=f"select * from {{{{ {given} }}}}", files=files)


def test_a_data_test_that_may_not_be_run_is_dbts() -> None:
    assert not lost("relationships: {to: ref('a'), config: {enabled: false}}")
    assert not lost(sql="{{ config(enabled=false) }} select * from {{ ref('a') }}")
    assert not lost(sql="{% if var('b') %} select * from {{ ref('a') }} {% endif %}")
    package = FILES | {"dbt_packages/b/dbt_project.yml": "name: b"}
    assert not lost("relationships: {to: ref('a')}", files=package)


@pytest.mark.parametrize("seeds", ["5", "[5]", "&a [*a]", "[{data_tests: &a [b: *a]}]"])
def test_what_dbt_has_to_refuse_is_no_data_test(seeds: str) -> None:
    assert not lost(files=FILES | {"seeds/codes.yml": f"seeds: {seeds}"})
