"""What the dbt project promises about upload tables and marts, as values.

Pure: no files, no database, no HTTP. `reader` turns YAML text into these values.
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
