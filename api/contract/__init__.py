"""The contract: upload tables and marts as the dbt project's YAML declares them.

Pure apart from `files`: no database and no HTTP. `reader` parses YAML into `values`.
"""

from api.contract.dbt_models import version_name
from api.contract.reader import check_marts, read_mart, read_project
from api.contract.values import (
    Column,
    Contract,
    DataType,
    Dates,
    Mart,
    Parameter,
    Table,
)

__all__ = [
    "Column",
    "Contract",
    "DataType",
    "Dates",
    "Mart",
    "Parameter",
    "Table",
    "check_marts",
    "read_mart",
    "read_project",
    "version_name",
]
