"""Who gets in: what each request needs, of whom, from where, and by which name."""

from __future__ import annotations

import hmac
import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from api.errors import ForeignHost, ForeignOrigin, Problem, UnknownKey
from api.middleware.access.hosts import Host, is_loopback
from api.middleware.access.keyring import LOOK_SECONDS, Keyring
from api.middleware.access.keys import digest_of, new_key
from api.middleware.access.origins import Origin
from api.middleware.access.policy import AccessPolicy
from api.middleware.access.rules import Need, need
from api.middleware.security_headers import DEFAULTS

WRITER, READER = "w" * 20, "r" * 20
KEYS: dict[str, Any] = {"api_keys": (f"hr:{WRITER}",), "read_keys": (READER,)}
METRIC = "/metrics/employees_per_department"
BATCH = {"table_name": "departments", "data": [[1, "Sales"]]}
PAGE = "https://hr.example"


@pytest.fixture(scope="module")
def keyed(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A server that asks for keys, and lets the pages of one other site in."""
    yield from _client(sample_warehouse, tmp_path_factory, cors_origins=(PAGE,), **KEYS)


@pytest.fixture(scope="module")
def protected(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    yield from _client(sample_warehouse, tmp_path_factory, protect_metrics=True, **KEYS)


@pytest.fixture(scope="module")
def keyless(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    yield from _client(sample_warehouse, tmp_path_factory, allowed_hosts=("*",))


def _client(
    sample: Path, folders: pytest.TempPathFactory, **options: Any
) -> Iterator[FlaskClient]:
    folder = shutil.copytree(sample, folders.mktemp("access") / "warehouse")
    app = create_app(
        Settings(warehouse_dir=Path(folder), build_wait_seconds=0, **options)
    )
    client = app.test_client()
    client.post("/insert_batch", json=BATCH, headers={"X-API-Key": WRITER})
    yield client
    app.extensions["context"].close()


def outcome(answer: TestResponse) -> tuple[int, str]:
    """The status, and the code if it is a problem."""
    is_problem = answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["code"] if is_problem else ""


# --- what a request needs ---------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "open_metrics", "protected_metrics"),
    [
        ("GET", "/", Need.NOTHING, Need.NOTHING),
        ("HEAD", "/", Need.NOTHING, Need.NOTHING),
        ("GET", METRIC, Need.NOTHING, Need.READ),
        ("OPTIONS", METRIC, Need.NOTHING, Need.READ),
        ("GET", "/metrics", Need.NOTHING, Need.READ),
        ("GET", "/tables", Need.NOTHING, Need.READ),
        ("GET", "/tables/jobs", Need.NOTHING, Need.READ),
        ("GET", "/tables/jobs/template", Need.NOTHING, Need.READ),
        ("GET", "/tables/a/jobs/template", Need.READ, Need.READ),
        ("GET", "/status", Need.NOTHING, Need.READ),
        ("GET", "/openapi.json", Need.NOTHING, Need.READ),
        ("GET", "/lineage", Need.NOTHING, Need.READ),
        ("GET", "/docs", Need.NOTHING, Need.NOTHING),
        ("GET", "/assets/docs.js", Need.NOTHING, Need.NOTHING),
        ("GET", "/health/live", Need.UNASKED, Need.UNASKED),
        ("GET", "/health/ready", Need.UNASKED, Need.UNASKED),
        ("GET", "/loads", Need.READ, Need.READ),
        ("HEAD", "/loads/1", Need.READ, Need.READ),
        ("GET", "/loads/1/rejects", Need.READ, Need.READ),
        ("GET", "/tables/jobs/backup", Need.READ, Need.READ),
        ("GET", "/builds", Need.READ, Need.READ),
        ("GET", "/builds/1", Need.READ, Need.READ),
        ("GET", "/prometheus", Need.READ, Need.READ),
        ("POST", "/upload_csv", Need.WRITE, Need.WRITE),
        ("POST", "/insert_batch", Need.WRITE, Need.WRITE),
        ("POST", "/builds", Need.WRITE, Need.WRITE),
        ("DELETE", "/loads/1", Need.WRITE, Need.WRITE),
        ("POST", "/tables/jobs/restore", Need.WRITE, Need.WRITE),
        ("PUT", METRIC, Need.WRITE, Need.WRITE),
        ("POST", "/health/live", Need.WRITE, Need.WRITE),
        # Whatever the framework may take for one of the above.
        ("get", METRIC, Need.WRITE, Need.WRITE),
        ("TRACE", "/", Need.WRITE, Need.WRITE),
        ("GET", "//loads", Need.READ, Need.READ),
        ("GET", "/metrics", Need.NOTHING, Need.READ),
        ("GET", "//metrics", Need.READ, Need.READ),
        ("GET", "/tables/a/b/c", Need.READ, Need.READ),
        ("GET", "", Need.READ, Need.READ),
        ("GET", "/added/later", Need.READ, Need.READ),
    ],
)
def test_what_a_request_needs(
    method: str, path: str, open_metrics: Need, protected_metrics: Need
) -> None:
    assert need(method, path) == open_metrics
    assert need(method, path, protect_metrics=True) == protected_metrics


def test_every_address_has_its_place_in_the_table(keyed: FlaskClient) -> None:
    rules = keyed.application.url_map.iter_rules()
    reads = {rule.rule for rule in rules if "GET" in (rule.methods or ())}
    personal = {path for path in reads if need("GET", path) is Need.READ}
    assert {"/loads", "/loads/<number:load_id>", "/builds"} <= personal
    assert not {path for path in personal if path.startswith(("/metrics", "/health"))}


OPEN, PERSONAL, WRITE, PROBE = METRIC, "/loads", "/insert_batch", "/health/live"


@pytest.mark.parametrize(
    ("method", "path", "key", "expected"),
    [
        ("GET", OPEN, None, (200, "")),
        ("GET", OPEN, READER, (200, "")),
        ("GET", OPEN, WRITER, (200, "")),
        ("GET", OPEN, "x" * 20, (401, "unknown_key")),
        ("GET", PERSONAL, None, (401, "key_required")),
        ("GET", PERSONAL, READER, (200, "")),
        ("GET", PERSONAL, WRITER, (200, "")),
        ("GET", PERSONAL, "x" * 20, (401, "unknown_key")),
        ("GET", PERSONAL, WRITER[:-1], (401, "unknown_key")),
        ("GET", PERSONAL, f"hr:{WRITER}", (401, "unknown_key")),
        ("GET", PERSONAL, f"{READER},{READER}", (401, "unknown_key")),
        ("GET", "/loads/1", None, (401, "key_required")),
        ("GET", "/loads/1/rejects", None, (401, "key_required")),
        ("GET", "/builds", None, (401, "key_required")),
        ("GET", "/nowhere", None, (401, "key_required")),
        ("GET", "/nowhere", READER, (404, "not_found")),
        ("POST", WRITE, None, (401, "key_required")),
        ("POST", WRITE, READER, (403, "read_only_key")),
        ("POST", WRITE, "x" * 20, (401, "unknown_key")),
        ("POST", WRITE, WRITER, (202, "")),
        ("POST", f"{WRITE}?dry_run=true", None, (401, "key_required")),
        ("POST", f"{WRITE}?dry_run=true", READER, (403, "read_only_key")),
        ("POST", f"{WRITE}?dry_run=true", WRITER, (200, "")),
        ("GET", PROBE, None, (200, "")),
        ("GET", PROBE, "x" * 20, (200, "")),
    ],
)
def test_keys_open_what_they_are_for(
    keyed: FlaskClient, method: str, path: str, key: str | None, expected: Any
) -> None:
    body = {"json": BATCH} if method == "POST" else {}
    for headers in _ways_to_send(key):
        answer = keyed.open(path, method=method, headers=headers, **body)
        assert outcome(answer) == expected
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def _ways_to_send(key: str | None) -> list[dict[str, str]]:
    if key is None:
        # A gateway's own credentials are no key, nor are they a wrong one.
        return [{}, {"Authorization": "Basic dTpw"}, {"X-API-Key": ""}]
    return [
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"bearer  {key}"},
        {"X-API-Key": key},
        {"X-API-Key": key, "Authorization": "Bearer of.the.gateway"},
    ]


@pytest.mark.parametrize(
    "path", ["//loads", "///loads", "loads", "/loads/", "/./loads"]
)
def test_another_way_to_write_an_address_needs_a_key_as_well(
    keyed: FlaskClient, path: str
) -> None:
    answer = keyed.get(METRIC, environ_overrides={"PATH_INFO": path})
    assert outcome(answer) == (401, "key_required")


@pytest.mark.parametrize(
    "path", [METRIC, "/metrics", "/tables", "/openapi.json", "/lineage"]
)
def test_protected_metrics_need_a_key(protected: FlaskClient, path: str) -> None:
    assert outcome(protected.get(path)) == (401, "key_required")
    allowed = protected.get(path, headers={"X-API-Key": READER})
    # The sample warehouse was never served, so its page may not be there.
    assert allowed.status_code in ((200, 503) if path == "/lineage" else (200,))
    assert outcome(protected.get(path)) == (401, "key_required"), "it was remembered"


def test_a_key_that_goes_with_a_request_is_known_by_name(
    sample_warehouse: Path,
) -> None:
    policy = AccessPolicy(Settings(warehouse_dir=sample_warehouse, **KEYS))

    def actor(**environ: str) -> str | None:
        asked = {"REQUEST_METHOD": "GET", "PATH_INFO": OPEN, **environ}
        return policy.actor(asked)

    assert actor() is None
    assert actor(HTTP_X_API_KEY=WRITER) == "hr"
    unnamed = actor(HTTP_AUTHORIZATION=f"Bearer {READER}")
    assert unnamed == "key-" + sha256(READER.encode()).hexdigest()[:6]


# --- without keys -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "host", "headers", "is_let_in"),
    [
        ("127.0.0.1", "localhost", {}, True),
        ("127.0.0.1", "127.0.0.1:5000", {}, True),
        ("::1", "[::1]:5000", {}, True),
        ("::ffff:127.0.0.1", "localhost", {}, True),
        ("127.8.8.8", "localhost", {}, True),
        ("", "localhost", {}, True),
        ("unix:/run/api.sock", "localhost", {}, True),
        ("10.0.0.7", "localhost", {}, False),
        ("::ffff:10.0.0.7", "localhost", {}, False),
        ("fe80::1%eth0", "localhost", {}, False),
        ("elsewhere", "localhost", {}, False),
        # A proxy on this machine, for somebody who is not.
        ("127.0.0.1", "hr.example", {}, False),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "10.0.0.7"}, False),
        ("127.0.0.1", "localhost", {"Forwarded": "for=10.0.0.7"}, False),
        ("127.0.0.1", "localhost", {"X-Real-IP": "127.0.0.1"}, False),
        ("127.0.0.1", "localhost", {"Via": "1.1 proxy"}, False),
    ],
)
def test_without_keys_only_this_machine_writes_and_reads_personal_rows(
    keyless: FlaskClient,
    peer: str,
    host: str,
    headers: dict[str, str],
    is_let_in: bool,
) -> None:
    sender = {"REMOTE_ADDR": peer, "HTTP_HOST": host}
    for path in ("/loads", "/loads/1/rejects", "/builds"):
        answer = keyless.get(path, headers=headers, environ_overrides=sender)
        assert outcome(answer) == ((200, "") if is_let_in else (401, "key_required"))
    answer = keyless.post(
        "/insert_batch?dry_run=true",
        json=BATCH,
        headers=headers,
        environ_overrides=sender,
    )
    assert outcome(answer) == ((200, "") if is_let_in else (401, "key_required"))
    if not is_let_in:
        assert "API_KEYS" in answer.json["detail"]
    for path in (METRIC, "/health/live", "/"):
        answer = keyless.get(path, headers=headers, environ_overrides=sender)
        assert answer.status_code == 200


def test_without_keys_a_key_that_is_sent_is_not_looked_at(keyless: FlaskClient) -> None:
    assert keyless.get("/loads", headers={"X-API-Key": "x"}).status_code == 200


# --- hosts ------------------------------------------------------------------------

OURS = Settings(host="box.lan", allowed_hosts=("hr.example", "Other.Example."))


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LocalHost:80", "localhost.", "localhost.:5000", "localhost:"),
        *("127.0.0.1", "127.0.0.1:5000", "192.168.1.9", "[::1]", "[::1]:5000"),
        *("[2001:DB8::1]:443", "[::ffff:127.0.0.1]", "0.0.0.0:5000"),
        *("hr.example", "HR.example:443", "hr.example.", "other.example", "box.lan"),
    ],
)
def test_a_host_of_ours_is_served(host: str) -> None:
    AccessPolicy(OURS).check_host({"HTTP_HOST": host})


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "hr.example.evil.com", "xhr.example", "a.hr.example"),
        *("localhost.evil.com", "a.localhost", "127.0.0.1.evil.com", "2130706433"),
        *("127.1", "0x7f.0.0.1", "127.0.0.01", "::1", "[::1", "[localhost]", "[]"),
        *("", " ", "localhost,evil.example", "localhost, localhost", "localhost:x"),
        *("localhost:0", "localhost:99999", "localhost:123456", "user@localhost"),
        *("http://localhost", "localhost/", "local host", "localhost\n", "localhost.."),
        *("lócalhost", "[fe80::1%25eth0]", ".", "*", "localhost\x00"),
    ],
)
def test_a_foreign_or_odd_host_is_refused(host: str) -> None:
    with pytest.raises(ForeignHost):
        AccessPolicy(OURS).check_host({"HTTP_HOST": host})


def test_a_request_without_a_host_is_refused() -> None:
    with pytest.raises(ForeignHost):
        AccessPolicy(OURS).check_host({})
    with pytest.raises(ForeignHost):
        AccessPolicy(replace(OURS, allowed_hosts=("*",))).check_host(
            {"HTTP_HOST": "a,b"}
        )


def test_any_host_is_served_where_that_is_wanted() -> None:
    policy = AccessPolicy(replace(OURS, allowed_hosts=("*",)))
    policy.check_host({"HTTP_HOST": "whatever.example:8080"})


def test_accepted_hosts_are_remembered_but_not_without_end() -> None:
    policy = AccessPolicy(OURS)
    for number in range(3_000):
        policy.check_host({"HTTP_HOST": f"10.0.{number // 250}.{number % 250}"})
    assert len(policy._hosts._accepted) <= 1_000


def test_a_foreign_name_gets_nothing_at_all(keyed: FlaskClient) -> None:
    for path in (METRIC, "/loads", "/", "/health/live", "/docs"):
        answer = keyed.get(path, headers={"Host": "evil.example", "X-API-Key": WRITER})
        assert outcome(answer) == (421, "foreign_host")
        assert "ALLOWED_HOSTS" in answer.json["detail"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A.Example.:80", Host("a.example", 80, False)),
        ("[0:0::1]", Host("[::1]", None, True)),
        ("10.0.0.1:1", Host("10.0.0.1", 1, True)),
    ],
)
def test_a_host_has_one_spelling(text: str, expected: Host) -> None:
    assert Host.of(text) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_this_machine(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


# --- origins ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "site", "host", "scheme", "is_let_in"),
    [
        # No browser.
        (None, None, "localhost", "http", True),
        # Our own page.
        ("http://localhost:5000", "same-origin", "localhost:5000", "http", True),
        ("http://localhost:5000", None, "localhost:5000", "http", True),
        ("HTTP://LocalHost:5000", None, "localhost:5000", "http", True),
        ("http://[::1]:5000", "same-origin", "[::1]:5000", "http", True),
        (None, "same-origin", "localhost", "http", True),
        (None, "none", "localhost", "http", True),
        # The same behind a proxy that takes off TLS, with the port named or not.
        ("https://box.lan", "same-origin", "box.lan", "http", True),
        ("https://box.lan", "same-origin", "box.lan:443", "http", True),
        ("https://box.lan:8443", "same-origin", "box.lan:8443", "http", True),
        ("https://box.lan", None, "box.lan", "https", True),
        # Another site, another port, another name of this machine.
        ("https://evil.example", "cross-site", "localhost", "http", False),
        ("https://evil.example", None, "localhost", "http", False),
        (None, "cross-site", "localhost", "http", False),
        (None, "same-site", "localhost", "http", False),
        (None, "nonsense", "localhost", "http", False),
        ("http://localhost:3000", "same-site", "localhost:5000", "http", False),
        ("http://localhost:3000", None, "localhost:5000", "http", False),
        ("http://127.0.0.1:5000", "cross-site", "localhost:5000", "http", False),
        ("http://localhost", "cross-site", "localhost", "http", False),
        ("http://box.lan", None, "box.lan", "https", False),
        ("http://a.box.lan", "same-site", "box.lan", "http", False),
        ("https://evil.example", "same-origin", "localhost", "http", False),
        # What is hidden: sandboxed frames, files, redirects.
        ("null", None, "localhost", "http", False),
        ("null", "cross-site", "localhost", "http", False),
        ("null", "same-origin", "localhost", "http", False),
        ("file://", None, "localhost", "http", False),
        ("", None, "localhost", "http", False),
        ("chrome-extension://abc", None, "localhost", "http", False),
        ("http://localhost, http://evil.example", None, "localhost", "http", False),
        ("http://localhost@evil.example", None, "localhost", "http", False),
        # Listed in CORS_ORIGINS.
        (PAGE, "cross-site", "localhost", "http", True),
        (PAGE, None, "localhost", "http", True),
        ("http://hr.example", "cross-site", "localhost", "http", False),
        (f"{PAGE}:8443", "cross-site", "localhost", "http", False),
        (f"{PAGE}.evil.com", "cross-site", "localhost", "http", False),
    ],
)
def test_a_page_of_another_site_may_not_write(
    origin: str | None, site: str | None, host: str, scheme: str, is_let_in: bool
) -> None:
    policy = AccessPolicy(Settings(cors_origins=(PAGE,), allowed_hosts=("box.lan",)))
    sent = {"HTTP_ORIGIN": origin, "HTTP_SEC_FETCH_SITE": site}
    environ = {k: v for k, v in sent.items() if v is not None}
    environ |= {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    for method in ("POST", "DELETE", "put"):
        if is_let_in:
            policy.check_origin(environ | {"REQUEST_METHOD": method})
        else:
            with pytest.raises(ForeignOrigin):
                policy.check_origin(environ | {"REQUEST_METHOD": method})
    for method in ("GET", "HEAD", "OPTIONS"):
        policy.check_origin(environ | {"REQUEST_METHOD": method})


def test_not_even_with_a_key(keyed: FlaskClient) -> None:
    foreign = {"Origin": "https://evil.example", "X-API-Key": WRITER}
    answer = keyed.post("/insert_batch", json=BATCH, headers=foreign)
    assert outcome(answer) == (403, "foreign_origin")
    assert "CORS_ORIGINS" in answer.json["detail"]


def test_a_listed_page_may_ask_what_it_may_send(keyed: FlaskClient) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    for path in ("/insert_batch", "/loads", METRIC, "/nowhere"):
        answer = keyed.options(path, headers=asked)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        for name in ("Authorization", "X-API-Key", "Idempotency-Key", "Prefer"):
            assert name in answer.headers["Access-Control-Allow-Headers"]
        assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    other = keyed.options("/loads", headers=asked | {"Origin": "https://evil.example"})
    assert not [name for name, _ in other.headers if name.startswith("Access-")]


def test_a_remembered_answer_tells_each_page_its_own(keyed: FlaskClient) -> None:
    pages = [None, PAGE, "https://evil.example", PAGE, None, "null"]
    for page in pages:
        answer = keyed.get(METRIC, headers={"Origin": page} if page else {})
        assert answer.status_code == 200
        expected = page if page == PAGE else None
        assert answer.headers.get("Access-Control-Allow-Origin") == expected
        assert {"Accept", "Origin"} <= set(answer.headers.getlist("Vary"))
        if expected:
            assert "Build-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_listed_page_can_read_why_it_was_refused(keyed: FlaskClient) -> None:
    answer = keyed.get("/loads", headers={"Origin": PAGE})
    assert outcome(answer) == (401, "key_required")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_without_a_list_nothing_is_said_of_origins(keyless: FlaskClient) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = keyless.open(METRIC, method=method, headers=asked)
        assert not [name for name, _ in answer.headers if name.startswith("Access-")]
        assert "Origin" not in answer.headers.getlist("Vary")


# --- headers ----------------------------------------------------------------------


def test_every_answer_tells_browsers_what_it_is_not(keyed: FlaskClient) -> None:
    key = {"X-API-Key": WRITER}
    answers = [
        keyed.get(path, headers=key)
        for path in ("/", METRIC, METRIC, "/loads", "/nowhere", "/docs", "/health/live")
    ]
    answers.append(keyed.get("/loads"))
    answers.append(keyed.get("/", headers={"Host": "evil.example"}))
    answers.append(keyed.post("/docs", headers=key))
    for answer in answers:
        for name in DEFAULTS:
            assert len(answer.headers.getlist(name)) == 1, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in answers[5].headers["Content-Security-Policy"]
    assert answers[1].headers["Cache-Control"] == "no-cache"
    assert answers[3].headers["Cache-Control"] == "no-store"


# --- keys as they are given -------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "place", "how"),
    [
        ({"api_keys": ("short",)}, "API_KEYS, entry 1", "python -m api key"),
        ({"api_keys": (WRITER, "hr:s3cret")}, "API_KEYS, entry 2", "6 characters"),
        ({"read_keys": ("hr:s3cret s3cret s3cret",)}, "READ_KEYS, entry 1", "letters"),
        ({"read_keys": ("s3cret s3cret:" + WRITER,)}, "READ_KEYS, entry 1", "name"),
        ({"api_keys": (f":{WRITER}",)}, "API_KEYS, entry 1", "name"),
        ({"api_keys": ("hr:",)}, "API_KEYS, entry 1", "0 characters"),
        ({"api_keys": (WRITER, f"b:{WRITER}")}, "API_KEYS", "given twice"),
        ({"api_keys": (WRITER,), "read_keys": (WRITER,)}, "API_KEYS", "given twice"),
        ({"allowed_hosts": ("https://hr.example",)}, "ALLOWED_HOSTS", "without"),
        ({"allowed_hosts": ("hr.example:443",)}, "ALLOWED_HOSTS", "port"),
        ({"cors_origins": ("*",)}, "CORS_ORIGINS", "https://hr.example"),
        ({"cors_origins": ("hr.example",)}, "CORS_ORIGINS", "scheme"),
        ({"cors_origins": ("https://hr.example/",)}, "CORS_ORIGINS", "nothing behind"),
        ({"cors_origins": ("null",)}, "CORS_ORIGINS", "not an origin"),
        ({"api_keys_file": "/nowhere/keys"}, "/nowhere/keys", "No such file"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_what_to_do(
    settings: dict[str, Any], place: str, how: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(place)) as error:
        AccessPolicy(Settings(**settings))
    assert how in str(error.value)
    assert "s3cret" not in str(error.value) and WRITER not in str(error.value)


GOOD = f"hr write sha256:{digest_of(WRITER).hex()}"


@pytest.mark.parametrize(
    ("content", "line", "how"),
    [
        ("", 0, "holds no key"),
        ("# nobody yet\n\n", 0, "holds no key"),
        (f"{GOOD}\n{GOOD[:-1]}", 2, "64 hexadecimal"),
        (f"# keys\n{GOOD}x", 2, "64 hexadecimal"),
        (f"hr write {WRITER}", 1, "64 hexadecimal"),
        (GOOD.replace("write", "admin"), 1, "write"),
        (GOOD.replace("hr", "h/r"), 1, "letters"),
        (f"{GOOD} more", 1, "4 parts"),
        (f"{GOOD}\n{GOOD.replace('hr', 'hr2')}", 0, "given twice"),
        ("\udcff", 0, "UTF-8"),
    ],
)
def test_a_broken_file_of_keys_is_refused_with_its_line(
    tmp_path: Path, content: str, line: int, how: str
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ValueError) as error:
        Keyring((), (), str(file))
    assert how in str(error.value)
    assert f"{file}, line {line}" in str(error.value) if line else True
    assert WRITER not in str(error.value)


def test_keys_are_rotated_by_their_file_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    (old, old_line), (new, new_line) = new_key("hr", "write"), new_key("hr", "read")
    file = tmp_path / "keys"

    def write(content: str) -> None:
        file.write_text(content)
        now[0] += LOOK_SECONDS

    write(f"# the first\n{old_line}\n")
    ring = Keyring((f"env:{WRITER}",), (), str(file))
    assert ring.find(old).scope == "write"
    write(f"{old_line}\n{new_line}\n")
    assert (ring.find(old).name, ring.find(new).scope) == ("hr", "read")
    for broken in ("", f"{new_line}\n{old_line}"[:-9], "# none\n", "\x00\x01"):
        write(broken)
        assert ring.find(old) and ring.find(new), "a broken file keeps the keys"
    file.unlink()
    now[0] += LOOK_SECONDS
    assert ring.find(old)
    write(f"{new_line}\n")
    assert ring.find(new)
    with pytest.raises(UnknownKey):
        ring.find(old)
    assert ring.find(WRITER).name == "env"
    assert f"{file}, line 2" in caplog.text and "stay" in caplog.text
    for secret in (old, new, WRITER, *(key.split(":")[1] for key in (str(old_line),))):
        assert secret not in caplog.text


def test_a_key_is_compared_with_all_there_are_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    really = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return really(a, b)

    ring = Keyring(tuple(f"{n}:{n}{WRITER}" for n in "abc"), (READER,), "")
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for sent in (f"a{WRITER}", f"c{WRITER}", READER, "wrong", "wröng", ""):
        compared.clear()
        try:
            ring.find(sent)
        except Problem as problem:
            assert sent not in problem.detail or not sent
        assert len(compared) == 4
        assert {len(part) for pair in compared for part in pair} == {32}


# --- settings ---------------------------------------------------------------------


def test_settings_pass_through_the_environment_and_hide_the_keys() -> None:
    settings = Settings(
        protect_metrics=True,
        allowed_hosts=("a.example", "b.example"),
        cors_origins=(PAGE,),
        api_keys_file="keys",
        **KEYS,
    )
    assert Settings.from_env(settings.to_env()) == settings
    assert Settings.from_env(Settings().to_env()) == Settings()
    assert WRITER not in repr(settings) and READER not in repr(settings)
    given = Settings.from_env({"API_KEYS": f" hr:{WRITER} , ,{READER},"})
    assert given.api_keys == (f"hr:{WRITER}", READER)


def test_an_origin_has_one_spelling() -> None:
    given = ("https://A.example:443", "https://a.example.", "https://a.example")
    assert {str(Origin.of(text)) for text in given} == {"https://a.example"}
    assert str(Origin.of("http://[0:0::1]:5000")) == "http://[::1]:5000"
