"""Run the audits: before each commit over what the batch touched, by `sparkify check` over everything."""

from __future__ import annotations

from sparkify import sql_queries
from sparkify.errors import Violation
from sparkify.warehouse import Warehouse


def violations(warehouse: Warehouse) -> list[Violation]:
    """What the audits find in the range of `load_range`, in the order of their names; empty when all is well."""
    found: list[Violation] = []
    for name in sql_queries.audits():
        [(count, example)] = warehouse.rows(name)
        if count:
            found.append(Violation(name.removeprefix("audit/"), int(str(count)), str(example)))
    return found


def whole_warehouse(warehouse: Warehouse) -> list[Violation]:
    """What the audits find in the warehouse as it stands, within a session."""
    warehouse.drop_temporary(["load_range"])
    warehouse.run("run/whole_range")
    return violations(warehouse)
