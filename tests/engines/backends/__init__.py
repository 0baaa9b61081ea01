"""An engine as the suite needs it: one module each, which holds only its quirks."""

from __future__ import annotations

from engines.backends.backend import Backend
from engines.backends.postgres import Postgres
from engines.backends.spark import Spark
from engines.backends.sqlite import Sqlite

BACKENDS: dict[str, type[Backend]] = {
    "sqlite": Sqlite,
    "postgres": Postgres,
    "spark": Spark,
}
__all__ = ["BACKENDS", "Backend", "Postgres", "Spark", "Sqlite"]
