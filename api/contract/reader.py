"""YAML text into contract values, or every complaint about it at once.

Pure: callers hand in the texts. Only facts are read; SQL is dbt's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

import yaml

from api.contract.complaints import repeated, shaped
from api.contract.marts import mart_of
from api.contract.model import Contract, Mart, Table
from api.contract.shape import FileShape, ModelShape
from api.contract.sql_names import UPLOADS, Known, tables_named
from api.contract.tables import table_of
from api.errors import ContractError
from api.suggestion import did_you_mean

MARTS = "marts"
Shape = TypeVar("Shape")
Value = TypeVar("Value")


def read_project(
    files: Mapping[str, str | bytes], tests: Mapping[str, str | bytes] | None = None
) -> Contract:
    """Read the contract of a whole project.

    `files` maps each path under the models folder to its text, `.sql` and `.yml` both,
    `tests` those of tests written in SQL.
    Raises ContractError with one complaint per mistake, each naming its file.
    """
    complaints: list[str] = []
    # dbt serves what stands in marts, wherever that is described.
    served = {
        PurePosixPath(path).stem
        for path in files
        if path.endswith(".sql") and MARTS in PurePosixPath(path).parts[:-1]
    }
    tables: list[Table] = []
    marts: list[Mart] = []
    documented: dict[str, str] = {}
    for path, text in sorted(files.items()):
        if not path.endswith((".yml", ".yaml")):
            continue
        try:
            shape = shaped(_parsed(text), FileShape)
            documented |= {model.name: path for model in shape.models}
            uploads = [source for source in shape.sources if source.name == UPLOADS]
            declared = [table for source in uploads for table in source.tables]
            tables += [replace(t, file=path) for t in _all(table_of, declared)]
            marts += _all(mart_of, [m for m in shape.models if m.name in served])
        except ContractError as error:
            complaints += [f"{path}: {complaint}" for complaint in error.complaints]
    # A file that cannot be read documents nothing; its models are not to blame.
    complaints = complaints or [
        *_unpaired(files, documented),
        *_repeated_endpoints(marts),
        *repeated("upload table", [table.name for table in tables]),
        *_named(files, tests or {}, tables),
    ]
    if complaints:
        raise ContractError(complaints)
    return Contract(
        tables={table.name: table for table in tables},
        marts={mart.endpoint: mart for mart in marts},
    )


def read_mart(document: Mapping[str, Any]) -> Mart:
    """Read a mart from what is recorded of a build; raises ContractError."""
    return mart_of(shaped(document, ModelShape))


def check_marts(documents: Iterable[Mapping[str, Any]]) -> None:
    """Raise ContractError unless all of these can be served beside each other."""
    marts = _all(read_mart, documents)
    if complaints := _repeated_endpoints(marts):
        raise ContractError(complaints)


class _OneOfEach(yaml.SafeLoader):
    """YAML in which a key may stand only once; of two, YAML would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if isinstance(key_node.value, str) and key_node.value in seen:
                told = f"the key {key_node.value!r} stands there twice"
                raise yaml.constructor.ConstructorError(
                    problem=told, problem_mark=key_node.start_mark
                )
            if isinstance(key_node, yaml.ScalarNode):
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def _parsed(text: str | bytes) -> Any:
    try:
        return yaml.load(text, _OneOfEach) or {}
    except (yaml.YAMLError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}: " if where else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ContractError([f"{line}this is not YAML: {problem}"]) from error


def _all(make: Callable[[Shape], Value], shapes: Iterable[Shape]) -> list[Value]:
    """Everything that can be made; raises one ContractError for all that cannot."""
    made: list[Value] = []
    complaints: list[str] = []
    for shape in shapes:
        try:
            made.append(make(shape))
        except ContractError as error:
            complaints += error.complaints
    if complaints:
        raise ContractError(complaints)
    return made


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


def _named(
    models: Mapping[str, str | bytes],
    tests: Mapping[str, str | bytes],
    tables: Sequence[Table],
) -> Iterator[str]:
    """Complain of tables that SQL reads by their names."""
    built = [PurePosixPath(path) for path in models if path.endswith(".sql")]
    known = Known(
        uploads={table.name.lower() for table in tables},
        built={path.stem.lower() for path in built},
    )
    for path, text in sorted([*models.items(), *tests.items()]):
        if path.endswith(".sql"):
            sql = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            for line, what in tables_named(sql, known, path in models):
                yield f"{path}: line {line}: {what}"


def _repeated_endpoints(marts: Sequence[Mart]) -> list[str]:
    first: dict[str, str] = {}
    return [
        f"models {first[mart.endpoint]} and {mart.name} both claim the endpoint "
        f"{mart.endpoint!r}"
        for mart in marts
        if first.setdefault(mart.endpoint, mart.name) != mart.name
    ]
