"""How much is taken at a time, and what is read of a body: in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from support.server import HANG_SECONDS, run_command

from api.config import Settings
from api.errors import IncompleteBody, Overloaded, TooLarge, TooManyRequests
from api.middleware.admission import Admission
from api.middleware.admission.body import Body
from api.middleware.admission.slots import Slots


def test_more_writes_than_threads_are_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="MAX_WRITES=48 must be below THREADS=48"):
        Settings(threads=48)
    monkeypatch.setenv("THREADS", "8")
    done = run_command(tmp_path, "serve")
    assert done.returncode == 2
    assert "MAX_WRITES=48 must be below THREADS=8" in done.stderr


def test_one_client_leaves_room_for_others_and_all_together_for_no_more() -> None:
    slots = Slots(8)
    held = [slots.one("a") for _ in range(6)]
    for slot in held:
        slot.__enter__()
    with pytest.raises(TooManyRequests, match="6 requests"):
        slots.one("a").__enter__()
    others = [slots.one("b"), slots.one("c")]
    for slot in others:
        slot.__enter__()
    with pytest.raises(Overloaded, match="8 requests"):
        slots.one("d").__enter__()
    others[0].__exit__(None, None, None)
    with slots.one("d"):
        pass


def test_a_body_that_ends_before_its_length_is_not_whole() -> None:
    body = Body(BytesIO(b"abc"), 5, 10, 60)
    with pytest.raises(IncompleteBody, match="after 3 of 5 bytes"):
        body.read()


@pytest.mark.parametrize("length", [None, 5])
def test_a_body_over_its_size_is_refused_when_it_gets_there(length: int | None) -> None:
    body = Body(BytesIO(b"abcde"), length, 4, 60)
    with pytest.raises(TooLarge):
        body.read()


def test_nothing_is_read_past_the_end_of_a_body() -> None:
    source = BytesIO(b'{"a": 1}POST /next')
    assert Body(source, 8, 100, 60).read() == b'{"a": 1}'
    assert source.read() == b"POST /next"


def test_readers_are_never_counted() -> None:
    entered = threading.Barrier(3)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            entered.wait(HANG_SECONDS)
            entered.wait(HANG_SECONDS)
        start("200 OK", [])
        return [b"read"]

    admission = Admission(app, Settings(max_writes=2, threads=4))

    def ask(method: str, address: str) -> str:
        told: list[str] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/", "wsgi.input": BytesIO()}
        admission(environ | {"REMOTE_ADDR": address}, lambda s, h: told.append(s))
        return told[0]

    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(ask, "POST", address) for address in ("a", "b")]
        entered.wait(HANG_SECONDS)
        assert ask("POST", "c") == "503 Service Unavailable"
        assert {ask("GET", "c") for _ in range(9)} == {"200 OK"}
        entered.wait(HANG_SECONDS)
        assert [each.result() for each in busy] == ["200 OK", "200 OK"]
