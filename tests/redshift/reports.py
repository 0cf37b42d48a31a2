"""What the system views show of a load."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.redshift import views

if TYPE_CHECKING:
    from tests.redshift.copying import Load
    from tests.redshift.proxy import Session
    from tests.redshift.standin import StandIn

USER_ID = 100


def report(standin: StandIn, session: Session, load: Load, status: str) -> None:
    """Add the rows of a load that is over. They stay, whatever becomes of its transaction."""
    log, database, pid = standin.log, session.database, session.backend.pid
    ended = views.now()
    log.add(
        "sys_load_history",
        database,
        [
            {
                "user_id": USER_ID, "query_id": load.query, "transaction_id": load.query + 1000, "session_id": pid,
                "database_name": database, "status": status, "table_name": load.order.name,
                "start_time": load.started, "end_time": ended,
                "duration": round((datetime.fromisoformat(ended) - datetime.fromisoformat(load.started)).total_seconds() * 1e6),
                "data_source": load.order.source, "file_format": "json",
                "loaded_rows": load.rows if status == "completed" else 0,
                "loaded_bytes": load.bytes if status == "completed" else 0,
                "source_file_count": len(load.files), "file_count_scanned": len(load.files),
                "error_count": len(load.errors), "copy_job_id": 0,
            }
        ],
    )  # fmt: skip
    log.add(
        "sys_load_detail",
        database,
        [
            {
                "user_id": USER_ID, "query_id": load.query, "file_name": file["url"], "bytes_scanned": file["bytes"],
                "lines_scanned": file["lines"], "record_time": ended, "start_time": load.started, "end_time": ended,
                "file_etag": file["etag"], "file_last_modified": load.started,
            }
            for file in load.files
        ],
    )  # fmt: skip
    log.add(
        "sys_load_error_detail",
        database,
        [
            {
                "user_id": USER_ID, "query_id": load.query, "transaction_id": load.query + 1000, "session_id": pid,
                "database_name": database, "table_id": load.table, "start_time": load.started,
                "file_name": error["file"], "line_number": error["line"], "column_name": error["column"],
                "column_type": error["type"], "column_length": error["length"], "position": 0,
                "error_code": error["code"], "error_message": error["reason"],
            }
            for error in load.errors
        ],
    )  # fmt: skip
    if standin.serverless:
        return
    log.add(
        "stl_load_errors",
        database,
        [
            {
                "userid": USER_ID, "slice": 0, "tbl": load.table, "starttime": load.started, "session": pid,
                "query": load.query, "filename": error["file"], "line_number": error["line"],
                "colname": error["column"], "type": error["type"], "col_length": error["length"], "position": 0,
                "raw_line": error["raw"].replace("\0", ""), "raw_field_value": error["value"].replace("\0", ""),
                "err_code": error["code"], "err_reason": error["reason"], "is_partial": 0, "start_offset": 0,
                "copy_job_id": 0,
            }
            for error in load.errors
        ],
    )  # fmt: skip
    log.add(
        "stl_load_commits",
        database,
        [
            {
                "userid": USER_ID, "query": load.query, "slice": 0, "name": file["url"], "filename": file["url"],
                "byte_offset": 0, "lines_scanned": file["lines"], "errors": -1, "curtime": ended, "status": 1,
                "file_format": "JSON", "is_partial": 0, "start_offset": 0, "copy_job_id": 0,
            }
            for file in load.files
        ],
    )  # fmt: skip
