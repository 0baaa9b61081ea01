"""YAML text into contract values, or every complaint about it at once.

Pure: callers hand in the texts. Only facts are read; SQL is dbt's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from api.contract.complaints import complaints_of
from api.contract.model import Column, Contract, Mart, Parameter, Table
from api.contract.shape import (
    ColumnShape,
    FileShape,
    MartMeta,
    ModelShape,
    TableShape,
)
from api.errors import ContractError
from api.suggestion import did_you_mean

UPLOADS = "raw"
MARTS = "marts"
Shaped = TypeVar("Shaped", bound=BaseModel)


def read_project(files: Mapping[str, str | bytes]) -> Contract:
    """Read the contract of a whole project.

    `files` maps each path under the models folder to its text, `.sql` and `.yml` both.
    Raises ContractError with one complaint per mistake, each naming its file.
    """
    complaints: list[str] = []
    tables: list[Table] = []
    marts: list[Mart] = []
    documented: dict[str, str] = {}
    for path, text in sorted(files.items()):
        if not path.endswith((".yml", ".yaml")):
            continue
        try:
            shape = _shaped(_parsed(text), FileShape)
            documented |= {model.name: path for model in shape.models}
            tables += _tables(shape)
            marts += _marts(shape.models if MARTS in PurePosixPath(path).parts else [])
        except ContractError as error:
            complaints += [f"{path}: {complaint}" for complaint in error.complaints]
    # A file that cannot be read documents nothing; its models are not to blame.
    complaints = complaints or [*_unpaired(files, documented), *_repeated(marts)]
    if complaints:
        raise ContractError(complaints)
    return Contract(
        tables={table.name: table for table in tables},
        marts={mart.endpoint: mart for mart in marts},
    )


def read_marts(documents: Sequence[Mapping[str, Any]]) -> dict[str, Mart]:
    """Read marts, by endpoint, from the documents that a published build recorded."""
    marts = _marts([_shaped(document, ModelShape) for document in documents])
    return {mart.endpoint: mart for mart in marts}


def _parsed(text: str | bytes) -> Any:
    try:
        return yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}: " if where else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ContractError([f"{line}this is not YAML: {problem}"]) from error


def _shaped(document: Any, shape: type[Shaped]) -> Shaped:
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise ContractError(complaints_of(error, document, shape)) from error


def _tables(shape: FileShape) -> list[Table]:
    uploads = [source for source in shape.sources if source.name == UPLOADS]
    return [_table(table) for source in uploads for table in source.tables]


def _table(shape: TableShape) -> Table:
    columns = tuple(_column(column) for column in shape.columns)
    key = tuple(shape.config.meta.primary_key)
    required = {column.name for column in columns if column.required}
    complaints = [
        *_strangers(f"table {shape.name}: primary_key", key, _names(columns)),
        *(
            f"table {shape.name}: column {name} of the primary_key needs not_null"
            for name in key
            if name in _names(columns) and name not in required
        ),
    ]
    if complaints:
        raise ContractError(complaints)
    return Table(shape.name, shape.description, columns, key)


def _column(shape: ColumnShape) -> Column:
    accepted = [
        str(value)
        for test in shape.data_tests
        if isinstance(test, dict)
        for value in _accepted_values(test)
    ]
    required = "not_null" in {
        name
        for test in shape.data_tests
        for name in ([test] if isinstance(test, str) else test)
    }
    description = shape.description
    return Column(shape.name, shape.data_type, description, required, tuple(accepted))


def _accepted_values(test: Mapping[str, Any]) -> list[Any]:
    rule = test.get("accepted_values") or {}
    arguments = rule.get("arguments", rule)
    return list(arguments.get("values", []))


def _marts(models: Iterable[ModelShape]) -> list[Mart]:
    return [_mart(model) for model in models]


def _mart(shape: ModelShape) -> Mart:
    try:
        meta = _shaped(shape.config.meta, MartMeta)
    except ContractError as error:
        place = f"model {shape.name}, config, meta: "
        raise ContractError(place + text for text in error.complaints) from error
    columns = tuple(_column(column) for column in shape.columns)
    sorted_by = [term.removeprefix("-") for term in meta.order_by]
    pinned = [parameter.column for parameter in meta.parameters]
    complaints = [
        *_strangers(f"model {shape.name}: order_by", sorted_by, _names(columns)),
        *_strangers(f"model {shape.name}: parameters", pinned, _names(columns)),
    ]
    if complaints:
        raise ContractError(complaints)
    return Mart(
        name=shape.name,
        endpoint=meta.endpoint or shape.name,
        title=meta.title,
        description=shape.description,
        columns=columns,
        order_by=tuple(meta.order_by),
        parameters=tuple(
            Parameter(p.name, p.column, None if p.default is None else str(p.default))
            for p in meta.parameters
        ),
    )


def _names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def _strangers(place: str, named: Iterable[str], known: Sequence[str]) -> list[str]:
    return [
        f"{place} names {name!r}, which is no column{did_you_mean(name, known)}"
        for name in named
        if name not in known
    ]


def _unpaired(files: Iterable[str], documented: Mapping[str, str]) -> list[str]:
    """SQL and YAML are twins: complain of each that stands alone."""
    built = {PurePosixPath(path).stem: path for path in files if path.endswith(".sql")}
    return [
        *(
            f"{path}: there is no {name}.yml that describes this model"
            for name, path in sorted(built.items())
            if name not in documented
        ),
        *(
            f"{path}: model {name} is described, but there is no {name}.sql"
            f"{did_you_mean(name, built)}"
            for name, path in sorted(documented.items())
            if name not in built
        ),
    ]


def _repeated(marts: Sequence[Mart]) -> list[str]:
    first: dict[str, str] = {}
    return [
        f"models {first[mart.endpoint]} and {mart.name} both claim the endpoint "
        f"{mart.endpoint!r}"
        for mart in marts
        if first.setdefault(mart.endpoint, mart.name) != mart.name
    ]
