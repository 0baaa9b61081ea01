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
def with_roles(engine: Backend) -> dict[str, str]:
    """The variables of a warehouse in a database that the roles are all there is in."""
    if engine.name != "postgres":
        pytest.skip("PostgreSQL alone")
    engine.run_sql("create database with_roles")
    script = (CHECKOUT / "deploy" / "postgres-roles.sql").read_text()
    engine.run_script(script, "with_roles", **PASSWORDS)
    return engine.new_warehouse() | {
        "PGDATABASE": "with_roles",
        "PGUSER": "hiring",
        "PGPASSWORD": PASSWORDS["password"],
    }


def test_they_are_enough_to_serve_and_to_build(
    new_server: NewServer, with_roles: dict[str, str]
) -> None:
    server: Server = new_server(**with_roles).start()
    assert server.upload("departments", b"1,Sales\n").status_code == 201
    assert server.upload("departments", b"1,Selling\n").status_code == 201


def test_a_reader_sees_what_is_published_and_nothing_else(
    engine: Backend, with_roles: dict[str, str]
) -> None:
    def ask(sql: str) -> subprocess.CompletedProcess[str]:
        reader = {"PGUSER": "hiring_reader", "PGPASSWORD": PASSWORDS["reader_password"]}
        return engine.psql("-c", sql, **with_roles | reader)

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
