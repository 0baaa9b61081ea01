"""A small contract, and what is wrong with one."""

from __future__ import annotations

import pytest

from api.contract import read_project
from api.errors import ContractError

SOURCES = """
sources:
  - name: raw
    description: Uploads.
    schema: raw
    tables:
      - name: places
        description: Where people work.
        config:
          meta:
            primary_key: [id]
        columns:
          - name: id
            description: The place's number.
            data_type: integer
            data_tests: [not_null]
          - name: kind
            description: What kind of place.
            data_type: text
            data_tests:
              - accepted_values:
                  arguments:
                    values: [office, depot]
"""

MART = """
models:
  - name: places_by_kind
    description: Places counted by kind.
    config:
      meta:
        endpoint: places
        title: Places by kind
        order_by: [-places, kind]
        parameters:
          - name: kind
            column: kind
            default: office
    columns:
      - name: kind
        description: What kind of place.
        data_type: text
      - name: places
        description: How many.
        data_type: integer
"""

FILES = {
    "staging/_sources.yml": SOURCES,
    "marts/places_by_kind.yml": MART,
    "marts/places_by_kind.sql": "select 1",
}


def defects(files: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ContractError) as caught:
        read_project(files)
    return caught.value.defects
