"""Create the tables of the warehouse, drop them, or bring an older warehouse up to date.

python -m sparkify.create_tables [--warehouse URL] [--drop --yes]
"""

from __future__ import annotations

import sys

from sparkify import ledger, sql_queries
from sparkify.errors import UsageError, WarehouseError
from sparkify.warehouse import Warehouse

SCHEMA_VERSION = 3
"""Of the tables that this program makes. 2 added what tells conflicting plays apart (R1), 3 the times in etl_plays."""

_FIRST_SETTINGS = {"schema_version": str(SCHEMA_VERSION), "match": "resolve", "songplay_floor": "0"}


def create(warehouse: Warehouse) -> list[str]:
    """Create every missing table, and migrate an older warehouse, in one transaction.

    Returns the names of the tables that were missing. Raises UsageError when the warehouse is newer than
    this program, or holds a table of one of our names that is not ours.
    """

    def work() -> list[str]:
        present = warehouse.tables()
        version = schema_version(warehouse, present)
        if version is not None:
            migrate(warehouse, version)
        missing = [table for table in sql_queries.TABLES if table not in present]
        for table in missing:
            warehouse.run(f"schema/{table}")
        if version is None:
            for name, value in _FIRST_SETTINGS.items():
                ledger.set_setting(warehouse, name, value)
        return missing

    return warehouse.transact(work)


def schema_version(warehouse: Warehouse, present: set[str]) -> int | None:
    """The version of the tables in the warehouse, None when there are none.

    Raises UsageError when it is newer than this program, and when a table or view of one of our names is there
    that is not ours.
    """
    value = None
    if "etl_settings" in present:
        try:
            value = ledger.setting(warehouse, "schema_version")
        except WarehouseError as error:  # somebody else's table of that name
            if error.passing or error.denied:
                raise
    foreign = sorted(present.intersection(sql_queries.TABLES))
    if value is None and foreign:
        raise UsageError(f"{warehouse.url}: has a table {foreign[0]} that Sparkify did not make; use another one")
    if value is None:
        return None
    if not value.isdecimal():
        raise UsageError(f"{warehouse.url}: its schema version is '{value}', which is none; use another one")
    version = int(value)
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"{warehouse.url}: has schema version {version}, this program knows up to {SCHEMA_VERSION}; "
            "upgrade sparkify"
        )
    return version


def migrate(warehouse: Warehouse, version: int) -> None:
    """Bring the tables of an older version up to date, within a transaction, one version after the other."""
    for target in range(version + 1, SCHEMA_VERSION + 1):
        for step in sql_queries.names("migrate"):
            if step.startswith(f"migrate/to_{target}_"):
                warehouse.run(step)
    if version < SCHEMA_VERSION:
        ledger.set_setting(warehouse, "schema_version", str(SCHEMA_VERSION))


def check_tables(warehouse: Warehouse) -> None:
    """Raise UsageError, naming the command to run, unless every table is there in this program's version."""
    present = warehouse.tables()
    version = schema_version(warehouse, present)
    missing = [table for table in sql_queries.TABLES if table not in present]
    if version is None or missing:
        what = "has no tables yet" if version is None else f"lacks the table {missing[0]}"
        raise UsageError(f"{warehouse.url}: {what}; run `sparkify create-tables` or `sparkify etl`")
    if version < SCHEMA_VERSION:
        raise UsageError(
            f"{warehouse.url}: has schema version {version}; run `sparkify create-tables` to bring it "
            f"to version {SCHEMA_VERSION}"
        )


def drop(warehouse: Warehouse) -> list[str]:
    """Drop every table of ours, in one transaction; returns their names."""

    def work() -> list[str]:
        present = warehouse.tables()
        schema_version(warehouse, present)
        ours = [table for table in reversed(sql_queries.TABLES) if table in present]
        for table in ours:
            warehouse.execute(f"drop table {table}")
        return ours

    return warehouse.transact(work)


if __name__ == "__main__":
    from sparkify.cli import door

    door(["create-tables", *sys.argv[1:]])
