"""Parse a project's files into a contract, or report all their defects at once.

Pure: callers pass the contents of the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

from api.contract.columns import misspelt_tests
from api.contract.dbt_keys import PROPERTIES
from api.contract.dbt_models import Models
from api.contract.defects import duplicates, parse_shape, unknown_key_defects
from api.contract.hard_coded_names import UPLOADS, KnownTables, hard_coded_tables
from api.contract.marts import mart_of
from api.contract.missing_refs import (
    missing_refs_in_sql,
    missing_refs_in_yaml,
    referable_names,
)
from api.contract.parsing import decode, parse_yaml
from api.contract.project_file import project_file_defects
from api.contract.shape import FileShape, ModelShape, UploadsShape
from api.contract.tables import table_of
from api.contract.values import Contract, Mart, Table
from api.errors import ContractError

PROJECT_FILE = "dbt_project.yml"
YAML = (".yml", ".yaml")
Files = Mapping[str, str | bytes]
Shape = TypeVar("Shape")
Value = TypeVar("Value")


def read_project(
    files: Files, tests: Files | None = None, snapshots: Files | None = None
) -> Contract:
    """Read the contract of a whole project.

    `files` maps each path to its content: the SQL of models, all YAML, including the
    dbt_project.yml of packages, and of seeds at least the header; `tests` and
    `snapshots` are those in SQL. Raises ContractError with every defect and its file.
    """
    tests, defects = tests or {}, list[str]()
    project = _read_project_file(files, defects)
    models, resources = Models(project), _Resources()
    for path, content in sorted(files.items()):
        with _collecting(path, defects):
            if path.endswith(".sql"):
                models.add(path, decode(content))
            elif path.endswith(".csv") and not content.strip():
                message = "is empty; a seed begins with the names of its columns"
                raise ContractError([message])
    for path, content in sorted(files.items()):
        if path.endswith(YAML) and PurePosixPath(path).name != PROJECT_FILE:
            with _collecting(path, defects):
                document = parse_yaml(decode(content))
                unknown = unknown_key_defects(document, PROPERTIES)
                defects += [f"{path}: {defect}" for defect in unknown]
                resources.read(path, document, models)
    # A defective file describes no models, which must not be reported as well.
    defects = defects or [
        *models.unpaired(),
        *_repeated_endpoints(resources.marts),
        *duplicates("upload table", [table.name for table in resources.tables]),
        *_hard_coded_defects(files, tests, resources.tables),
        *_missing_ref_defects(files, tests, snapshots or {}, resources.documents),
    ]
    if defects:
        raise ContractError(defects)
    return Contract(
        tables={table.name: table for table in resources.tables},
        marts={mart.endpoint: mart for mart in resources.marts},
    )


def read_mart(document: Mapping[str, Any]) -> Mart:
    """Read a mart from the record of a build; raises ContractError."""
    return mart_of(parse_shape(document, ModelShape))


def check_marts(documents: Iterable[Mapping[str, Any]]) -> None:
    """Raise ContractError unless all of these can be served together."""
    marts = _parse_all(read_mart, documents)
    if defects := _repeated_endpoints(marts):
        raise ContractError(defects)


class _Resources:
    """The tables and marts of the YAML files read so far."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.marts: list[Mart] = []
        self.documents: dict[str, Any] = {}

    def read(self, path: str, document: Any, models: Models) -> None:
        """Read a YAML file; raises ContractError."""
        self.documents[path] = document
        shape = parse_shape(document, FileShape)
        for model in shape.models:
            models.describe(path, model)
            place = f"model {model.name}"
            if defects := misspelt_tests(place, model.columns):
                raise ContractError(defects)
        own = [source for source in shape.sources if source.get("name") == UPLOADS]
        uploads = parse_shape({"sources": own}, UploadsShape)
        declared = [table for source in uploads.sources for table in source.tables]
        self.tables += [replace(t, file=path) for t in _parse_all(table_of, declared)]
        served = [mart for model in shape.models for mart in models.served(model)]
        self.marts += _parse_all(mart_of, served)


@contextmanager
def _collecting(path: str, defects: list[str]) -> Iterator[None]:
    """Add the defects that the block raises, each with its file."""
    try:
        yield
    except ContractError as error:
        defects += [f"{path}: {defect}" for defect in error.defects]


def _read_project_file(files: Files, defects: list[str]) -> Any:
    """The content of dbt_project.yml; {} without one."""
    project: Any = {}
    with _collecting(PROJECT_FILE, defects):
        project = parse_yaml(decode(files.get(PROJECT_FILE, "")))
        packages = [
            parse_yaml(decode(content))
            for path, content in files.items()
            if path.endswith(f"/{PROJECT_FILE}")
        ]
        names = [str(p.get("name")) for p in packages if isinstance(p, Mapping)]
        if found := [*project_file_defects(project, files, names)]:
            raise ContractError(found)
    return project


def _parse_all(parse: Callable[[Shape], Value], shapes: Iterable[Shape]) -> list[Value]:
    """Parse every shape; raises one ContractError with the defects of all."""
    values: list[Value] = []
    defects: list[str] = []
    for shape in shapes:
        try:
            values.append(parse(shape))
        except ContractError as error:
            defects += error.defects
    if defects:
        raise ContractError(defects)
    return values


def _hard_coded_defects(
    models: Files,
    tests: Files,
    tables: Sequence[Table],
) -> Iterator[str]:
    """Tables that SQL reads by name instead of by `ref()`."""
    built = [PurePosixPath(path) for path in models if path.endswith(".sql")]
    known = KnownTables(
        uploads={table.name.lower() for table in tables},
        built={path.stem.lower() for path in built},
    )
    for path, text in sorted([*models.items(), *tests.items()]):
        if path.endswith(".sql"):
            for line, what in hard_coded_tables(_sql(text), known, path in models):
                yield f"{path}: line {line}: {what}"


def _missing_ref_defects(
    files: Files, tests: Files, snapshots: Files, documents: Mapping[str, Any]
) -> Iterator[str]:
    """Data tests of models that do not exist."""
    if any(path.endswith(f"/{PROJECT_FILE}") for path in files):
        return
    known = referable_names(files, documents.values(), map(_sql, snapshots.values()))
    for path, document in documents.items():
        for defect in missing_refs_in_yaml(document, known):
            yield f"{path}: {defect}"
    for path, text in tests.items():
        for defect in missing_refs_in_sql(_sql(text), known):
            yield f"{path}: {defect}"


def _sql(text: str | bytes) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _repeated_endpoints(marts: Sequence[Mart]) -> list[str]:
    first: dict[str, str] = {}
    return [
        f"models {first[mart.endpoint]} and {mart.name} both claim the endpoint "
        f"{mart.endpoint!r}"
        for mart in marts
        if first.setdefault(mart.endpoint, mart.name) != mart.name
    ]
