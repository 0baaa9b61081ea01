"""The models of a project: where their SQL stands, and which of them are served."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from api.contract.dbt_keys import PROPERTIES
from api.contract.defects import unknown
from api.contract.model_sql import read_sql
from api.contract.project_file import config_of
from api.contract.shape import ModelShape
from api.errors import ContractError
from api.wording import did_you_mean

MARTS = "marts"
EPHEMERAL = "ephemeral"


class Models:
    """Models as they are found, first their SQL, then what describes them.

    `project` is what dbt_project.yml says.
    """

    def __init__(self, project: Any) -> None:
        self._project = project
        self._paths: dict[str, list[str]] = {}
        self._configs: dict[str, Mapping[str, Any]] = {}
        self._described: dict[str, list[str]] = {}

    def add(self, path: str, text: str) -> None:
        """Take in the SQL of a model; raises ContractError where it is wrong."""
        name, sql = PurePosixPath(path).stem, read_sql(text)
        self._paths.setdefault(name, []).append(path)
        self._configs[name] = sql.config
        as_yaml = {"models": [{"name": name, "config": sql.config}]}
        defects = [*sql.defects, *unknown(as_yaml, PROPERTIES)]
        if defects:
            raise ContractError(defects)

    def describe(self, path: str, shape: ModelShape) -> None:
        """Note that a file describes a model, each of its versions."""
        for version in _versions_of(shape):
            name = version.file_among(self._paths)
            self._described.setdefault(name, []).append(path)

    def served(self, shape: ModelShape) -> list[ModelShape]:
        """The model as it is served, each of its versions; none if it is not.

        It is served by its name, from the table that its alias names. Raises
        ContractError where somebody seems to think that it is served.
        """
        found = []
        for version in _versions_of(shape):
            name = version.file_among(self._paths)
            config = self._config(name, shape)
            if name not in self._paths or not _is_built(config):
                continue
            path, is_private = self._paths[name][0], config.get("access") == "private"
            is_mart = MARTS in PurePosixPath(path).parts[:-1]
            if not is_mart and "title" in config["meta"]:
                told = (
                    f"model {shape.name}: has a title, but what is served stands in a"
                    f" folder {MARTS}; move {path} there, or take the title away"
                )
                raise ContractError([told])
            if is_mart and not is_private:
                endpoint = config["meta"].get("endpoint") or shape.name
                meta = config["meta"] | {"endpoint": version.of(endpoint)}
                changes = {
                    "name": str(config.get("alias") or version.table),
                    "config": shape.config.model_copy(update={"meta": meta}),
                }
                found.append(shape.model_copy(update=changes))
        return found

    def unpaired(self) -> list[str]:
        """SQL and YAML are twins: complain of each that stands alone, or twice."""
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
            *_twice(self._paths, "is a model's name, and that of"),
            *_twice(self._described, "is described, and also in"),
        ]

    def _config(self, name: str, shape: ModelShape | None = None) -> dict[str, Any]:
        """As dbt puts it together: the project's, the YAML's, the SQL's."""
        path = self._paths.get(name, [""])[0]
        parts = [config_of(self._project, path), self._configs.get(name, {})]
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
    """A version of a model, or the model where it has none.

    `files` are the names that its SQL may have, `table` what dbt builds it as.
    """

    files: Sequence[str]
    table: str
    number: int | float | str | None = None

    def file_among(self, names: Container[str]) -> str:
        return next((name for name in self.files if name in names), self.files[0])

    def of(self, endpoint: str) -> str:
        """Where it is served: the latest, which has no number, where it is said."""
        return endpoint if self.number is None else version_name(endpoint, self.number)


def version_name(name: str, version: float | str) -> str:
    """The name of one version of what has a name, as dbt makes it."""
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
    """Numbers by their size, and names after them."""
    try:
        return float(version), ""
    except ValueError:
        return float("inf"), str(version)


def _twice(found: Mapping[str, Sequence[str]], what: str) -> Iterator[str]:
    for name, (path, *others) in sorted(found.items()):
        for other in others:
            yield f"{path}: {name} {what} {other}; dbt takes one model of a name"
