"""What a load would send to Redshift, in words: for `--dry-run`. Nothing is sent, and nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sparkify import sql_queries
from sparkify.models import models
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.parts import Part, Source
from sparkify.warehouse import redshift_staging as staging
from sparkify.warehouse.redshift_loading import Loading
from sparkify.warehouse.redshift_staging import Copy

_TABLES = {"log": "staging_events", "song": "batch_songs"}


def plan(loading: Loading, files: Sequence[SourceFile], paths: JsonPaths | None, *, in_place: bool) -> list[str]:
    """The manifests and statements of one batch, in the order in which they are sent."""
    direct = [file for file in files if in_place and loading.reads(file, paths)]
    others = [file for file in files if file not in direct]
    area, lines = _Paper(loading), ["begin;", "lock sparkify_work.batch_lock;", "delete from staging_events;"]
    lines.append(f"{staging.create_batch_songs()};")
    for kind in ("log", "song"):
        if any(file.kind == kind for file in others):
            columns = staging.part_columns(kind)
            sent = Copy(
                _TABLES[kind], columns, f"{area.url}/{kind}.manifest", f"{area.url}/{kind}.jsonpaths", "gzip",
                "epochmillisecs" if kind == "log" else "auto",
            )  # fmt: skip
            lines.append(f"{area.sql(sent)};")
    if direct:
        parts = [Part(Path(), "log", paths.names or () if paths else (), by_name=paths is None) for _ in direct]
        for part, file in zip(parts, direct, strict=True):
            part.in_place, part.sources = True, [Source(file, Path())]
        lines.append(f"{staging.create_raw()};")
        for group in loading.in_place(parts, area):
            lines += [*area.written.pop(group.copy.manifest), f"{area.sql(group.copy)};"]
        lines += [f"{staging.count_doubtful()};", f"{staging.type_raw()};"]
    return lines


def statements() -> list[str]:
    """What every batch sends after its files are staged: transform, ledger and audits, in their order."""
    names = ("ledger/load_files", "ledger/forget_older", "ledger/drop_old_files", "ledger/add_files",
             "ledger/add_batch", "ledger/sum_run", *sql_queries.audits())  # fmt: skip
    sent = [statement for model in models() for statement in model.statements("redshift")]
    sent += [sql_queries.statement(name, "redshift") for name in names]
    return [*(f"{statement};" for statement in sent), "commit;"]


class _Paper:
    """A room in the staging prefix in which nothing is written."""

    def __init__(self, loading: Loading) -> None:
        self._loading = loading
        self.url = f"{loading.area.url}/0000"
        self.written: dict[str, list[str]] = {}

    def write(self, name: str, data: bytes | Path) -> str:
        """Note what would be written; its address."""
        url = f"{self.url}/{name}"
        assert isinstance(data, bytes)
        self.written[url] = [f"-- {url}", *(f"--   {line}" for line in data.decode().splitlines())]
        return url

    def sql(self, copy: Copy) -> str:
        """A COPY statement."""
        return self._loading.statement(copy)
