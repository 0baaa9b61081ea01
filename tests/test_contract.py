"""The contract reader: what it reads, and what it complains of in which words."""

from __future__ import annotations

import pytest
from support.contract import FILES, MART, SOURCES, defects

from api.config import CHECKOUT
from api.contract import read_project
from api.contract.files import Project


def test_tables_and_marts_are_read() -> None:
    contract = read_project(FILES)
    places = contract.tables["places"]
    assert places.primary_key == ("id",)
    assert [column.required for column in places.columns] == [True, False]
    assert places.columns[1].accepted_values == ("office", "depot")
    mart = contract.marts["places"]
    assert (mart.name, mart.order_by) == ("places_by_kind", ("-places", "kind"))
    assert mart.parameters[0].default == "office"


def test_the_endpoint_is_the_model_name_unless_said() -> None:
    files = FILES | {
        "marts/places_by_kind.yml": MART.replace("        endpoint: places\n", "")
    }
    assert list(read_project(files).marts) == ["places_by_kind"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("description: Places", "descripton: Places", "did you mean 'description'?"),
        ("endpoint:", "endpont:", "did you mean 'endpoint'?"),
        ("order_by:", "orderby:", "did you mean 'order_by'?"),
        ("column: kind", "colum: kind", "parameter kind: unknown key 'colum'"),
        ("        title: Places by kind\n", "", "the key 'title' is missing"),
        ("data_type: text", "data_type: txt", "did you mean 'text'?"),
        (
            "        description: How many.\n",
            "",
            "column places: the key 'description'",
        ),
        ("description: How many.", "description: ''", "column places: description"),
        ("[-places, kind]", "[-place, kind]", "no column (did you mean 'places'?"),
        ("column: kind", "column: king", "no column (did you mean 'kind'?"),
        ("models:", "modles:", "did you mean 'models'?"),
        ("models:", "models: [", "this is not YAML"),
        (
            "name: places_by_kind",
            "name: places_of_kind",
            "there is no places_of_kind.sql",
        ),
    ],
)
def test_a_mistake_in_a_mart_is_named(old: str, new: str, told: str) -> None:
    assert old in MART
    found = defects(FILES | {"marts/places_by_kind.yml": MART.replace(old, new, 1)})
    assert any(told in defect for defect in found), found
    assert all(defect.startswith("marts/places_by_kind") for defect in found)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("primary_key: [id]", "primary_key: [ids]", "no column (did you mean 'id'?"),
        ("primary_key: [id]", "primary_key: [kind]", "needs not_null"),
        ("primary_key: [id]", "primarykey: [id]", "did you mean 'primary_key'?"),
        ("data_type: integer", "data_type: int", "not one of 'integer'"),
        ("        description: Where people work.\n", "", "table places: the key"),
    ],
)
def test_a_mistake_in_an_upload_table_is_named(old: str, new: str, told: str) -> None:
    assert old in SOURCES
    found = defects(FILES | {"staging/_sources.yml": SOURCES.replace(old, new, 1)})
    assert any(told in defect for defect in found), found


def test_two_marts_may_not_claim_one_endpoint() -> None:
    twin = MART.replace("places_by_kind", "places_again")
    files = {"marts/places_again.yml": twin, "marts/places_again.sql": "select 1"}
    (found,) = defects(FILES | files)
    assert "places_again and places_by_kind both claim the endpoint 'places'" in found


def test_sql_without_yaml_is_named() -> None:
    (found,) = defects(FILES | {"marts/lonely.sql": "select 1"})
    assert found == "marts/lonely.sql: there is no lonely.yml that describes this model"


def test_every_mistake_is_told_at_once() -> None:
    broken = {
        "staging/_sources.yml": SOURCES.replace("data_type: text", "data_type: txt"),
        "marts/places_by_kind.yml": MART.replace("title:", "titel:"),
    }
    assert len(defects(FILES | broken)) >= 3


def test_the_project_keeps_its_own_contract() -> None:
    contract = Project(CHECKOUT).contract()
    assert list(contract.tables) == ["departments", "jobs", "hired_employees"]
    assert sorted(contract.marts) == [
        "departments_above_average",
        "employees_per_department",
    ]
