"""How `sparkify status` looks."""

from __future__ import annotations

import json
import sys

from sparkify.progress import megabytes, plural
from sparkify.status import Status
from sparkify.terminal import printable

PENDING_SHOWN = 5


def show(status: Status, *, as_json: bool) -> None:
    """Print a status for people, or as one JSON object."""
    if as_json:
        sys.stdout.write(json.dumps(as_dict(status), default=str) + "\n")
        return
    for line in lines(status):
        sys.stdout.write(printable(line) + "\n")


def as_dict(status: Status) -> dict[str, object]:
    """The same facts for programs."""
    names = (
        "run_id",
        "started_at",
        "finished_at",
        "status",
        "files",
        "rows",
        "rejected",
        "plays_new",
        "message",
    )
    pending = status.pending
    return {
        "warehouse": status.url,
        "health": status.health,
        "schema_version": status.schema_version,
        "match": status.match,
        "tables": status.tables,
        "plays": {"first": status.first_play, "last": status.last_play, "resolution": status.matches},
        "runs": [dict(zip(names, run, strict=True)) for run in status.runs],
        "loaded": {
            str(kind): {
                "files": files,
                "bytes": int(str(size)),
                "rows": int(str(rows)),
                "rejected": int(str(rejected)),
            }
            for kind, files, size, rows, rejected, _ in status.files
        },
        "pending_problem": status.pending_problem,
        "pending": None
        if pending is None
        else {
            "new": pending.new,
            "changed": pending.changed,
            "skipped": pending.skipped,
            "files": status.pending_files,
        },
    }


def lines(status: Status) -> list[str]:
    """The status as text."""
    text = [
        f"warehouse  {status.url} (schema version {status.schema_version})",
        f"health     {status.health}",
    ]
    for kind, files, size, rows, rejected, newest in status.files:
        text.append(
            f"{'songs' if kind == 'song' else 'logs':9}  {int(str(files)):,} {plural('file', int(str(files)))}, "
            f"{megabytes(int(str(size)))}, {int(str(rows)):,} records, {int(str(rejected)):,} rejected, "
            f"newest file of {str(newest)[:19]}"
        )
    text += [f"{name:14} {rows:12,} rows" for name, rows in status.tables.items()]
    if status.first_play is not None:
        text.append(f"plays      from {str(status.first_play)[:23]} to {str(status.last_play)[:23]} UTC")
    total = sum(status.matches.values())
    if total:
        shares = ", ".join(f"{name} {plays:,} ({plays / total:.1%})" for name, plays in status.matches.items())
        text.append(f"matches    {shares}; match is set to '{status.match}'")
    text += _pending(status)
    for run_id, started, _finished, state, files, rows, rejected, plays, message in status.runs:
        text.append(
            f"run        {run_id} {str(started)[:19]} {state}: {files} files, {rows} records, {plays} plays added, "
            f"{rejected} rejected" + (f"; {message}" if message else "")
        )
    return text


def _pending(status: Status) -> list[str]:
    if status.pending_problem is not None:
        return [f"pending    {status.pending_problem}"]
    if status.pending is None:
        return ["pending    unknown; give --song-data and --log-data, or set them in sparkify.toml"]
    waiting = status.pending.pending
    skipped = f", {status.pending.skipped:,} skipped" if status.pending.skipped else ""
    if not waiting:
        return [f"pending    nothing{skipped}"]
    size = megabytes(status.pending.bytes)
    text = [f"pending    {status.pending.new:,} new and {status.pending.changed:,} changed files, {size}{skipped}"]
    text += [f"           {url}" for url in status.pending_files[:PENDING_SHOWN]]
    if waiting > PENDING_SHOWN:
        text.append(f"           … and {waiting - PENDING_SHOWN:,} more")
    return text
