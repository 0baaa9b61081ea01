"""Every setting of the server and the commands: variable, type, default, help.

Read once, by `Settings.from_env`; everything else is handed the values.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent

KINDS = {
    int: "whole number",
    float: "number",
    bool: "yes or no (1 or 0)",
    str: "text",
    Path: "path",
}
ENGINES = ("sqlite", "postgres", "spark")
LOG_LEVELS = ("debug", "info", "warning", "error")
YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def setting(
    default: Any,
    help: str,
    least: float = 0,
    most: float = float("inf"),
    secret: bool = False,
) -> Any:
    """A field read from the environment variable of the same name in capitals.

    Numbers are from `least` to `most`; a tuple is written with commas. What is secret
    is not shown, and not passed on to processes that have no use for it.
    """
    metadata = {"help": help, "least": least, "most": most, "secret": secret}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The settings, each named after its environment variable."""

    warehouse_dir: Path = setting(
        Path("warehouse"), "Folder of the databases; created when missing."
    )
    dbt_target: str = setting(
        "sqlite", "The engine, of dbt and the API alike: sqlite, postgres or spark."
    )
    shared_storage: str = setting(
        "",
        "Where Spark and the API share rows: a folder, by default `shared` in that of"
        " the databases, or a URI such as s3://bucket/prefix.",
    )
    project_dir: Path = setting(CHECKOUT, "Folder that holds dbt_project.yml.")
    host: str = setting("127.0.0.1", "Address that `serve` listens on.")
    port: int = setting(5000, "Port that `serve` listens on.", 1, 65_535)
    workers: int = setting(1, "Processes that answer HTTP.", 1)
    threads: int = setting(64, "Requests that one process works on at a time.", 2)
    build_wait_seconds: float = setting(
        60.0, "How long a load waits for its build before it is answered 202."
    )
    cache_bytes: int = setting(
        64 << 20, "How much of rendered metrics one process keeps in memory."
    )
    max_upload_bytes: int = setting(
        4 << 30, "Largest request body that is read, and what a packed file may hold."
    )
    max_upload_rows: int = setting(100_000_000, "Rows that one file may hold.", 1)
    max_writes: int = setting(
        48, "Requests that write, at a time in one process; more are answered 503.", 1
    )
    upload_seconds: float = setting(
        600.0, "How long the body of a request may take to arrive; then 408.", 1
    )
    step_timeout_seconds: float = setting(
        600.0, "How long one model or test may take before its build is stopped.", 1
    )
    build_timeout_seconds: float = setting(
        3600.0, "How long a builder may be silent before it is started again.", 10
    )
    shutdown_seconds: float = setting(
        30.0, "How long requests under way may take when the server is stopped."
    )
    api_keys: tuple[str, ...] = setting(
        (),
        "Keys that may read and write: KEY or NAME:KEY, comma separated.",
        secret=True,
    )
    read_keys: tuple[str, ...] = setting(
        (), "Keys that may only read, written the same way.", secret=True
    )
    api_keys_file: str = setting(
        "", "File of hashed keys, a line each, as `python -m api key` prints them."
    )
    protect_metrics: bool = setting(False, "Ask for a key for metrics, too.")
    allowed_hosts: tuple[str, ...] = setting(
        (), "Names by which the server is called, beside localhost and addresses."
    )
    cors_origins: tuple[str, ...] = setting(
        (), "Origins whose pages may read and write, such as https://hr.example."
    )
    log_level: str = setting(
        "info", "Minimum level: `debug` logs every request, `warning` only problems."
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; raises ValueError naming a variable that cannot be."""
        given = {}
        for spec in fields(cls):
            text = environ.get(spec.name.upper())
            if text:
                given[spec.name] = _parsed(spec.name.upper(), text, type(spec.default))
        return cls(**given)

    def __post_init__(self) -> None:
        if self.dbt_target not in ENGINES:
            raise ValueError(
                f"DBT_TARGET={self.dbt_target!r} must be one of {', '.join(ENGINES)}"
            )
        # Relative to where the command was typed, like dbt's own reading of it.
        for name in ("warehouse_dir", "project_dir"):
            object.__setattr__(self, name, Path(getattr(self, name)).absolute())
        for spec in fields(self):
            _check_range(spec, getattr(self, spec.name))
        if self.max_writes >= self.threads:
            raise ValueError(
                f"MAX_WRITES={self.max_writes} must be below THREADS={self.threads}:"
                " the threads that are left answer readers"
            )
        if self.log_level.lower() not in LOG_LEVELS:
            raise ValueError(
                f"LOG_LEVEL={self.log_level!r} must be one of {', '.join(LOG_LEVELS)}"
            )

    @property
    def shared_place(self) -> str:
        """The place of the shared storage: an absolute path, or a URI."""
        if "://" in self.shared_storage:
            return self.shared_storage
        place = self.shared_storage or self.warehouse_dir / "shared"
        return str(Path(place).absolute())

    @property
    def lineage_page(self) -> Path:
        """dbt's docs of the published project, where the builder puts them."""
        return self.warehouse_dir / "lineage.html"

    @property
    def has_keys(self) -> bool:
        """Whether keys are asked for at all, however many the file holds just now."""
        return bool(self.api_keys or self.read_keys or self.api_keys_file)

    def to_env(self) -> dict[str, str]:
        """The environment that makes another process read these very settings."""
        return {
            spec.name.upper(): _written(getattr(self, spec.name))
            for spec in fields(self)
        }

    @classmethod
    def secrets(cls) -> set[str]:
        """The variables that nobody may see."""
        return {spec.name.upper() for spec in fields(cls) if spec.metadata["secret"]}


def _written(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _parsed(name: str, text: str, kind: type[Any]) -> Any:
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return YES_NO[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{name}={text!r} is not a {KINDS[kind]}") from error


def _check_range(spec: Field[Any], value: Any) -> None:
    least, most = spec.metadata["least"], spec.metadata["most"]
    if isinstance(value, (int, float)) and not least <= value <= most:
        wanted = f"at least {least}" if most == float("inf") else f"{least} to {most}"
        raise ValueError(f"{spec.name.upper()}={value} must be {wanted}")
