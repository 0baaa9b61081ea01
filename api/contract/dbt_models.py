"""The models of a project: their SQL, their configs, and which of them are served."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from api.contract.dbt_keys import PROPERTIES
from api.contract.defects import unknown_key_defects
from api.contract.model_sql import read_sql
from api.contract.project_file import folder_config
from api.contract.shape import ModelShape
from api.errors import ContractError
from api.wording import did_you_mean

MARTS = "marts"
EPHEMERAL = "ephemeral"


class Models:
    """Collects models: first the SQL of all, then the YAML that describes them.

    `project` is the content of dbt_project.yml.
    """

    def __init__(self, project: Any) -> None:
        self._project = project
        self._paths: dict[str, list[str]] = {}
        self._configs: dict[str, Mapping[str, Any]] = {}
        self._described: dict[str, list[str]] = {}

    def add(self, path: str, text: str) -> None:
        """Add the SQL of a model; raises ContractError if it has defects."""
        name, sql = PurePosixPath(path).stem, read_sql(text)
        self._paths.setdefault(name, []).append(path)
        self._configs[name] = sql.config
        as_yaml = {"models": [{"name": name, "config": sql.config}]}
        defects = [*sql.defects, *unknown_key_defects(as_yaml, PROPERTIES)]
        if defects:
            raise ContractError(defects)

    def describe(self, path: str, shape: ModelShape) -> None:
        """Record that a YAML file describes a model and each of its versions."""
        for version in _versions_of(shape):
            name = version.file_among(self._paths)
            self._described.setdefault(name, []).append(path)

    def served(self, shape: ModelShape) -> list[ModelShape]:
        """The served versions of a model; none if it is not served.

        A model is served under its name, from the table that its alias names. Raises
        ContractError if it has a title but is not served.
        """
        served = []
        for version in _versions_of(shape):
            name = version.file_among(self._paths)
            config = self._config(name, shape)
            if name not in self._paths or not _is_built(config):
                continue
            path, is_private = self._paths[name][0], config.get("access") == "private"
            is_mart = MARTS in PurePosixPath(path).parts[:-1]
            if not is_mart and "title" in config["meta"]:
                message = (
                    f"model {shape.name}: has a title, but what is served stands in a"
                    f" folder {MARTS}; move {path} there, or take the title away"
                )
                raise ContractError([message])
            if is_mart and not is_private:
                endpoint = config["meta"].get("endpoint") or shape.name
                meta = config["meta"] | {"endpoint": version.endpoint(endpoint)}
                changes = {
                    "name": str(config.get("alias") or version.table),
                    "config": shape.config.model_copy(update={"meta": meta}),
                }
                served.append(shape.model_copy(update=changes))
        return served

    def unpaired(self) -> list[str]:
        """SQL and YAML come in pairs: the defects of those alone, or there twice."""
        return [
            *(
                f"{paths[0]}: there is no {name}.yml that describes this model"
                for name, paths in sorted(self._paths.items())
                if name not in self._described and self._is_enabled(name)
            ),
            *(
                f"{paths[0]}: model {name} is described, but there is no {name}.sql"
                f"{did_you_mean(name, self._paths)}"
                for name, paths in sorted(self._described.items())
                if name not in self._paths
            ),
            *_duplicate_defects(self._paths, "is a model's name, and that of"),
            *_duplicate_defects(self._described, "is described, and also in"),
        ]

    def _config(self, name: str, shape: ModelShape | None = None) -> dict[str, Any]:
        """The config as dbt merges it: the project's, the YAML's, the SQL's."""
        path = self._paths.get(name, [""])[0]
        parts = [folder_config(self._project, path), self._configs.get(name, {})]
        if shape is not None:
            parts.insert(1, shape.config.model_dump(exclude_unset=True))
        metas = [part.get("meta") for part in parts]
        config = {key: value for part in parts for key, value in part.items()}
        return config | {
            "meta": {
                key: value
                for meta in metas
                if isinstance(meta, Mapping)
                for key, value in meta.items()
            }
        }

    def _is_enabled(self, name: str) -> bool:
        return self._config(name).get("enabled") is not False


def _is_built(config: Mapping[str, Any]) -> bool:
    is_enabled = config.get("enabled") is not False
    return is_enabled and config.get("materialized") != EPHEMERAL


@dataclass(frozen=True)
class _Version:
    """A version of a model, or the model itself if it has no versions.

    `files` are the possible names of its SQL file, `table` is the table dbt builds.
    """

    files: Sequence[str]
    table: str
    number: int | float | str | None = None

    def file_among(self, names: Container[str]) -> str:
        return next((name for name in self.files if name in names), self.files[0])

    def endpoint(self, endpoint: str) -> str:
        """The endpoint of this version; the latest, without number, has the model's."""
        return endpoint if self.number is None else version_name(endpoint, self.number)


def version_name(name: str, version: float | str) -> str:
    """The name that dbt gives to one version of a model."""
    return f"{name}_v{version}".replace(".", "_")


def _versions_of(shape: ModelShape) -> list[_Version]:
    if not shape.versions:
        return [_Version([shape.name], shape.name)]
    latest = shape.latest_version
    if latest is None:
        latest = max((version.v for version in shape.versions), key=_rank)
    return [
        _Version(
            [
                version.defined_in or f"{shape.name}_v{version.v}",
                *([shape.name] if version.v == latest else []),
            ],
            version_name(shape.name, version.v),
            None if version.v == latest else version.v,
        )
        for version in shape.versions
    ]


def _rank(version: float | str) -> tuple[float, str]:
    """The sort key of a version: numbers by value, then names."""
    try:
        return float(version), ""
    except ValueError:
        return float("inf"), str(version)


def _duplicate_defects(files: Mapping[str, Sequence[str]], what: str) -> Iterator[str]:
    for name, (path, *others) in sorted(files.items()):
        for other in others:
            yield f"{path}: {name} {what} {other}; dbt takes one model of a name"
