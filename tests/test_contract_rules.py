"""The finer rules of the contract: names that are taken, values that do not fit."""

from __future__ import annotations

import pytest
from support.contract import FILES, MART, SOURCES, complaints

from api.contract import read_project

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
    found = complaints(files)
    assert any(told in complaint for complaint in found), found


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
    found = complaints(FILES | {"staging/_sources.yml": SOURCES.replace(old, new, 1)})
    assert any(told in complaint for complaint in found), found


def test_a_table_may_be_declared_once() -> None:
    twice = SOURCES.replace("sources:", "version: 2\nsources:")
    (found,) = complaints(FILES | {"staging/again.yml": twice})
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
