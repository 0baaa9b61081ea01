"""What is wrong on our side."""

from __future__ import annotations

from collections.abc import Iterable

from api.errors.problem import Problem


class NotReady(Problem):
    status, code, title = 503, "not_ready", "No build has been published yet"
    retry_after = 2


class NotThere(NotReady):
    title = "What is served has not been made yet"


class UnreadableMetric(NotReady):
    code, title = "unreadable_metric", "What was published of a metric cannot be read"
    retry_after = 30


class Overloaded(NotReady):
    code, title = "overloaded", "As much is at work as can be"


class WarehouseBusy(NotReady):
    code, title = "warehouse_busy", "The warehouse is locked by another writer"


class WarehouseReadOnly(NotReady):
    code, title = "warehouse_read_only", "The warehouse cannot be written to"
    retry_after = 30


class WarehouseDamaged(NotReady):
    code, title = "warehouse_damaged", "A database file of the warehouse is corrupt"
    retry_after = 30


class WarehouseUnreachable(NotReady):
    code, title = "warehouse_unreachable", "The warehouse's server cannot be reached"
    retry_after = 5


class StorageFull(Problem):
    status, code, title = 507, "storage_full", "There is no room left on the disk"
    retry_after = 30


class ContractError(Problem):
    """The project's YAML breaks the rules of the contract; tells every place."""

    status, code, title = 500, "contract_error", "The dbt project breaks its contract"

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints), errors=list(self.complaints))
