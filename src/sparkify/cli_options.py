"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WarehouseOption = Annotated[
    str | None,
    typer.Option(
        "--warehouse",
        metavar="URL",
        help="duckdb:///FILE, duckdb:////DIR/FILE or redshift://USER@HOST/DATABASE  [env: SPARKIFY_WAREHOUSE]",
    ),
]
SongData = Annotated[
    str | None, typer.Option("--song-data", metavar="PLACE", help="Folder or s3://… of the song catalogue")
]
LogData = Annotated[
    str | None, typer.Option("--log-data", metavar="PLACE", help="Folder or s3://… of the activity logs")
]
Skip = Annotated[
    list[str] | None, typer.Option("--skip", metavar="GLOB", help="Pass over files of such names; may repeat")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output")]
FormatOption = Annotated[str, typer.Option("--format", "-f", help="table, csv, json or parquet")]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, or s3://…")]
Anonymous = Annotated[bool | None, typer.Option("--anonymous", help="Read a public bucket, without credentials")]
Concurrency = Annotated[int | None, typer.Option(metavar="N", help="Objects fetched at the same time (default 64)")]
SpoolDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="For what is fetched and unpacked (default: beside the warehouse)")
]
JsonPaths = Annotated[
    str | None,
    typer.Option("--jsonpaths", metavar="FILE", help="JSONPaths file, or s3://…, that maps log fields to columns"),
]
Staging = Annotated[
    str | None,
    typer.Option(metavar="s3://…", help="Redshift: where COPY reads and UNLOAD writes  [env: SPARKIFY_STAGING]"),
]
CopyRole = Annotated[
    str | None,
    typer.Option(
        metavar="ARN", help="Redshift: the role that reads S3 (default: the cluster's own)  [env: SPARKIFY_COPY_ROLE]"
    ),
]
