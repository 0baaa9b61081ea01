"""The roles that deploy/postgres-roles.sql makes: enough for the server, no more for
others than it says."""

from __future__ import annotations

import subprocess

import pytest
from support.server import Server

from api.config import CHECKOUT
from engines.backends import Backend
from engines.conftest import NewServer

PASSWORDS = {"password": "server's", "reader_password": "reader's"}


@pytest.fixture(scope="module")
def server(engine: Backend, new_server: NewServer) -> Server:
    """One that begins in a database that the roles are all there is in."""
    if engine.name != "postgres":
        pytest.skip("PostgreSQL alone")
    server = new_server(
        is_empty=True, PGUSER="hiring", PGPASSWORD=PASSWORDS["password"]
    )
    script = (CHECKOUT / "deploy" / "postgres-roles.sql").read_text()
    engine.run_script(script, server.settings["PGDATABASE"], **PASSWORDS)
    return server


def test_they_are_enough_to_serve_and_to_build(server: Server) -> None:
    server.start()
    assert server.upload("departments", b"1,Sales\n").status_code == 201
    assert server.upload("departments", b"1,Selling\n").status_code == 201


def test_a_reader_sees_what_is_published_and_nothing_else(
    engine: Backend, server: Server
) -> None:
    def ask(sql: str) -> subprocess.CompletedProcess[str]:
        reader = {"PGUSER": "hiring_reader", "PGPASSWORD": PASSWORDS["reader_password"]}
        return engine.psql("-c", sql, **server.settings | reader)

    for table in ("quarterly_hires", "builds"):
        answer = ask(f"select count(*) from published.{table}")
        assert answer.returncode == 0, answer.stderr
    for sql in (
        "select count(*) from raw.departments",
        "select count(*) from main.stg_departments",
        "delete from published.builds",
        "create table public.mine (id integer)",
    ):
        assert "permission denied" in ask(sql).stderr
