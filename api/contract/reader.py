"""A project's files into contract values, or every complaint about them at once.

Pure: callers hand in the texts. What they mean to dbt is dbt's business.
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
from api.contract.defects import repeated, shaped, unknown
from api.contract.hard_coded_names import UPLOADS, Known, tables_named
from api.contract.marts import mart_of
from api.contract.missing_refs import lost_in_sql, lost_in_yaml, names_to_ref
from api.contract.parsing import parsed, text_of
from api.contract.project_file import defects_of_change
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

    `files` maps each path to its text: the SQL of models, all YAML, those named
    dbt_project.yml of packages, too, and of seeds as much as shows that there is
    something; `tests` and `snapshots` have those that are SQL. Raises ContractError, a
    complaint with its file for each mistake.
    """
    tests, defects = tests or {}, list[str]()
    project = _project(files, defects)
    models, found = Models(project), _Found()
    for path, content in sorted(files.items()):
        with _about(path, defects):
            if path.endswith(".sql"):
                models.add(path, text_of(content))
            elif path.endswith(".csv") and not content.strip():
                told = "is empty; a seed begins with the names of its columns"
                raise ContractError([told])
    for path, content in sorted(files.items()):
        if path.endswith(YAML) and PurePosixPath(path).name != PROJECT_FILE:
            with _about(path, defects):
                document = parsed(text_of(content))
                defects += [f"{path}: {told}" for told in unknown(document, PROPERTIES)]
                found.read(path, document, models)
    # A file that cannot be read documents nothing; its models are not to blame.
    defects = defects or [
        *models.unpaired(),
        *_repeated_endpoints(found.marts),
        *repeated("upload table", [table.name for table in found.tables]),
        *_named(files, tests, found.tables),
        *_lost(files, tests, snapshots or {}, found.documents),
    ]
    if defects:
        raise ContractError(defects)
    return Contract(
        tables={table.name: table for table in found.tables},
        marts={mart.endpoint: mart for mart in found.marts},
    )


def read_mart(document: Mapping[str, Any]) -> Mart:
    """Read a mart from what is recorded of a build; raises ContractError."""
    return mart_of(shaped(document, ModelShape))


def check_marts(documents: Iterable[Mapping[str, Any]]) -> None:
    """Raise ContractError unless all of these can be served beside each other."""
    marts = _all(read_mart, documents)
    if defects := _repeated_endpoints(marts):
        raise ContractError(defects)


class _Found:
    """The tables and marts of the files that have been read."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.marts: list[Mart] = []
        self.documents: dict[str, Any] = {}

    def read(self, path: str, document: Any, models: Models) -> None:
        """Read a file of properties; raises ContractError."""
        self.documents[path] = document
        shape = shaped(document, FileShape)
        for model in shape.models:
            models.describe(path, model)
            place = f"model {model.name}"
            if defects := misspelt_tests(place, model.columns):
                raise ContractError(defects)
        own = [source for source in shape.sources if source.get("name") == UPLOADS]
        uploads = shaped({"sources": own}, UploadsShape)
        declared = [table for source in uploads.sources for table in source.tables]
        self.tables += [replace(t, file=path) for t in _all(table_of, declared)]
        served = [mart for model in shape.models for mart in models.served(model)]
        self.marts += _all(mart_of, served)


@contextmanager
def _about(path: str, defects: list[str]) -> Iterator[None]:
    """Keep what is complained of meanwhile, with the file that it is about."""
    try:
        yield
    except ContractError as error:
        defects += [f"{path}: {defect}" for defect in error.defects]


def _project(files: Files, defects: list[str]) -> Any:
    """What dbt_project.yml says; there may be none."""
    project: Any = {}
    with _about(PROJECT_FILE, defects):
        project = parsed(text_of(files.get(PROJECT_FILE, "")))
        packages = [
            parsed(text_of(content))
            for path, content in files.items()
            if path.endswith(f"/{PROJECT_FILE}")
        ]
        names = [str(p.get("name")) for p in packages if isinstance(p, Mapping)]
        if told := [*defects_of_change(project, files, names)]:
            raise ContractError(told)
    return project


def _all(make: Callable[[Shape], Value], shapes: Iterable[Shape]) -> list[Value]:
    """Everything that can be made; raises one ContractError for all that cannot."""
    made: list[Value] = []
    defects: list[str] = []
    for shape in shapes:
        try:
            made.append(make(shape))
        except ContractError as error:
            defects += error.defects
    if defects:
        raise ContractError(defects)
    return made


def _named(
    models: Files,
    tests: Files,
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
            for line, what in tables_named(_sql(text), known, path in models):
                yield f"{path}: line {line}: {what}"


def _lost(
    files: Files, tests: Files, snapshots: Files, documents: Mapping[str, Any]
) -> Iterator[str]:
    """Complain of data tests of what is not there."""
    if any(path.endswith(f"/{PROJECT_FILE}") for path in files):
        return
    known = names_to_ref(files, documents.values(), map(_sql, snapshots.values()))
    for path, document in documents.items():
        yield from (f"{path}: {told}" for told in lost_in_yaml(document, known))
    for path, text in tests.items():
        yield from (f"{path}: {told}" for told in lost_in_sql(_sql(text), known))


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
