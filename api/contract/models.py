"""The models of a project: where their SQL stands, and which of them are served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from api.contract.complaints import unknown
from api.contract.dbt_keys import PROPERTIES
from api.contract.project_file import config_of
from api.contract.shape import ModelShape
from api.contract.sql import read_sql
from api.errors import ContractError
from api.suggestion import did_you_mean

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
        complaints = [*sql.complaints, *unknown(as_yaml, PROPERTIES)]
        if complaints:
            raise ContractError(complaints)

    def describe(self, path: str, shape: ModelShape) -> None:
        """Note that a file describes a model, each of its versions."""
        for names in _files_of(shape):
            name = next((name for name in names if name in self._paths), names[0])
            self._described.setdefault(name, []).append(path)

    def served(self, shape: ModelShape) -> ModelShape | None:
        """The model as it is served, or None; of its versions the latest.

        It is served by its name, from the table that its alias names. Raises
        ContractError where somebody seems to think that it is served.
        """
        newest = _files_of(shape)[-1]
        name = next((name for name in newest if name in self._paths), newest[0])
        paths = self._paths.get(name, [])
        config = self._config(name, shape)
        if not paths or not _is_built(config):
            return None
        if MARTS not in PurePosixPath(paths[0]).parts[:-1]:
            if "title" in config["meta"]:
                told = (
                    f"model {shape.name}: has a title, but what is served stands in a"
                    f" folder {MARTS}; move {paths[0]} there, or take the title away"
                )
                raise ContractError([told])
            return None
        if config.get("access") == "private":
            return None
        meta = {"endpoint": shape.name} | config["meta"]
        served = {
            "name": config.get("alias")
            or (newest[0] if shape.versions else shape.name),
            "config": shape.config.model_copy(update={"meta": meta}),
        }
        return shape.model_copy(update=served)

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


def _files_of(shape: ModelShape) -> list[Sequence[str]]:
    """The names that the SQL of each version may have, the latest version last."""
    if not shape.versions:
        return [[shape.name]]
    latest = shape.latest_version
    if latest is None:
        latest = max((version.v for version in shape.versions), key=_rank)
    ordered = sorted(shape.versions, key=lambda version: version.v == latest)
    return [
        [
            version.defined_in or f"{shape.name}_v{version.v}",
            *([shape.name] if version.v == latest else []),
        ]
        for version in ordered
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
