"""The contract: upload tables and marts as the dbt project's YAML declares them.

Pure apart from `files`: no database and no HTTP. `reader` parses YAML into `values`.
"""

from api.contract.reader import read_project
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
    "read_project",
]
