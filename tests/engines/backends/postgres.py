"""PostgreSQL: a cluster of the session's own, the warehouse is a database in it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from support.server import wait_until

from engines.backends.backend import Backend

ROLE = "app"
DATABASE = "warehouse"
# A warehouse that can be copied, and the same as a script.
SAMPLE, DUMP = "sample", "sample.sql"
# dbt parses the whole project again where host, port, user or database are others than
# those that it has parsed it for. So they are the same for every warehouse of a run;
# PGHOSTADDR, which dbt does not look at, says whose cluster is meant.
HOST, PORT = "127.0.0.1", 25432


class Postgres(Backend):
    """A private cluster on a loopback address, one warehouse at a time in it, a role
    that may no more than it has to."""

    name = "postgres"
    slow_rows = 8
    can_copy = True

    def __init__(self, folder: Path) -> None:
        # Not in the session's folder: that is its user's alone, and a socket's path may
        # not be long.
        super().__init__(Path(tempfile.mkdtemp(prefix="pg-")))
        self._bin = binaries()
        self._user = unprivileged()
        self._password = secrets.token_hex(16)
        self._address = free_address()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._make_cluster()

    @property
    def variables(self) -> dict[str, str]:
        return {
            "DBT_TARGET": "postgres",
            "PGHOST": HOST,
            "PGHOSTADDR": self._address,
            "PGPORT": str(PORT),
            "PGDATABASE": DATABASE,
            "PGUSER": ROLE,
            "PGPASSWORD": self._password,
        }

    def new_warehouse(self, sample: Path | None = None) -> dict[str, str]:
        """The one before is dropped: its server has to be stopped."""
        template = self._restored(sample) if sample else "template1"
        self.run_sql(f"drop database if exists {DATABASE} with (force)")
        self.run_sql(f"create database {DATABASE} owner {ROLE} template {template}")
        return self.variables

    def keep(self, folder: Path) -> None:
        dump = subprocess.run(
            [self._bin / "pg_dump", DATABASE],
            env=self._superuser,
            capture_output=True,
            text=True,
            **self._as_user,
        )
        (folder / DUMP).write_text(self._output(dump))

    def start(self) -> None:
        fsync = "on" if self.durable else "off"
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-c", f"fsync={fsync}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        wait_until(self._answers)
        if not (self.folder / "has_role").exists():
            self.run_sql(f"create role {ROLE} login password '{self._password}'")
            (self.folder / "has_role").touch()

    def stop(self) -> None:
        """Without a word to its clients and without a checkpoint: a crash."""
        self._end(signal.SIGQUIT)

    def tables(self, warehouse: Path) -> set[str]:
        sql = "select tablename from pg_tables where schemaname = 'main'"
        return set(self.run_sql(sql, DATABASE).splitlines())

    def add_table(self, warehouse: Path, name: str) -> None:
        """The builder may drop it."""
        create = f"create table main.{name} (n integer)"
        self.run_sql(f"set role {ROLE}; {create}", DATABASE)

    def bytes_stored(self, warehouse: Path) -> int:
        database = self.run_sql(f"select pg_database_size('{DATABASE}')")
        return super().bytes_stored(warehouse) + int(database)

    def close(self) -> None:
        if self._process is not None:
            self._end(signal.SIGINT)
        shutil.rmtree(self.folder)

    def run_sql(self, sql: str, database: str = "postgres") -> str:
        """What a superuser is told, a row a line, columns apart by `|`."""
        return self._output(self.psql("-c", sql, PGDATABASE=database)).strip()

    def run_script(self, script: str, database: str, **variables: str) -> None:
        """Run a script of psql's as a superuser, with psql's variables."""
        given = [f"--set={name}={value}" for name, value in variables.items()]
        self._output(self.psql(*given, script=script, PGDATABASE=database))

    def psql(
        self, *arguments: str, script: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """psql with PG* variables; by the socket, as a superuser, without them."""
        return subprocess.run(
            [self._bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *arguments],
            env=self._superuser | variables,
            input=script,
            capture_output=True,
            text=True,
            **self._as_user,
        )

    def _restored(self, sample: Path) -> str:
        """The database with the kept warehouse, made where it is not there yet."""
        there = f"select 1 from pg_database where datname = '{SAMPLE}'"
        if not self.run_sql(there):
            self.run_sql(f"create database {SAMPLE} owner {ROLE}")
            self.run_script((sample / DUMP).read_text(), SAMPLE)
        return SAMPLE

    @staticmethod
    def _output(done: subprocess.CompletedProcess[str]) -> str:
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def _superuser(self) -> dict[str, str]:
        folder = str(self.folder)
        return {"PGHOST": folder, "PGPORT": str(PORT), "PGUSER": "postgres"}

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _as_user(self) -> dict[str, Any]:
        """PostgreSQL refuses root: then its own user runs it."""
        where: dict[str, Any] = {"cwd": self.folder}
        if self._user is None:
            return where
        ids = {"user": self._user.pw_uid, "group": self._user.pw_gid}
        return where | ids | {"extra_groups": []}

    def _make_cluster(self) -> None:
        # By the socket comes only who may enter its folder; others need a password.
        done = subprocess.run(
            [
                *(self._bin / "initdb", "-D", self._data, "-U", "postgres"),
                *("--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"),
                *("--auth-local=trust", "--auth-host=scram-sha-256"),
            ],
            capture_output=True,
            text=True,
            **self._as_user,
        )
        assert done.returncode == 0, done.stderr
        os.chmod(self.folder, 0o700)
        settings = {
            "listen_addresses": f"'{self._address}'",
            "port": str(PORT),
            "unix_socket_directories": f"'{self.folder}'",
            "max_connections": "300",
        }
        with open(self._data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        ready = subprocess.run(
            [self._bin / "pg_isready", "-q", "-h", self._address, "-p", str(PORT)],
            **self._as_user,
        )
        return ready.returncode == 0

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)
        self._process = None


def binaries() -> Path:
    """Where initdb is: where pg_config says, or where Debian puts the newest."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2])
    )
    if shutil.which("pg_config"):
        told = subprocess.run(
            ["pg_config", "--bindir"], check=True, capture_output=True, text=True
        )
        found.append(Path(told.stdout.strip()))
    whole = [path for path in found if (path / "initdb").exists()]
    assert whole, "PostgreSQL is not installed: apt install postgresql"
    return whole[-1]


def free_address() -> str:
    """An address of this machine alone on which nobody listens at the port."""
    for _ in range(100):
        address = ".".join(["127", *(str(secrets.randbelow(254) + 1) for _ in "bcd")])
        with socket.socket() as probe, suppress(OSError):
            probe.bind((address, PORT))
            return address
    raise AssertionError(f"port {PORT} is taken on every address of this machine")


def unprivileged() -> pwd.struct_passwd | None:
    """The user that PostgreSQL runs as where this is root; None where it is not."""
    return None if os.geteuid() else pwd.getpwnam("postgres")
