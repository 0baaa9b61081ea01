"""The pages as files: what they may do, what they consist of, who gets which."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.openapi import check
from support.project import Edit

from api import create_app
from api.config import CHECKOUT, Settings

PAGE = CHECKOUT / "api/pages/static/page"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MODULES = sorted(PAGE.glob("*.js"))


def test_browsers_get_the_page_and_programs_the_links(
    shared_client: FlaskClient,
) -> None:
    page = shared_client.get("/", headers=BROWSER)
    assert page.mimetype == "text/html" and page.headers["Vary"] == "Accept"
    for accept in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        links = shared_client.get("/", headers=accept)
        assert links.json["status"] == "/status"
    check(shared_client.get("/openapi.json").json, "get", "/", links)


def test_the_page_may_run_no_script_but_its_own(shared_client: FlaskClient) -> None:
    page = shared_client.get("/", headers=BROWSER)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "style-src 'self';" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "//" not in page.text.replace("<!doctype html>", "")
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", page.text)
    for address in re.findall(r'(?:src|href)="(assets/[^"]+)"', page.text):
        assert shared_client.get(f"/{address}").status_code == 200, address


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_makes_no_markup_of_texts_and_imports_what_there_is(
    path: Path, shared_client: FlaskClient
) -> None:
    text = path.read_text()
    assert text.startswith("// ") and len(text.splitlines()) <= 260
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|document\.write", text
    )
    for name in re.findall(r'from "\./([\w.-]+)"', text):
        assert shared_client.get(f"/assets/{name}").mimetype == "text/javascript"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_what_a_module_imports_it_uses_and_what_it_offers_is_used(path: Path) -> None:
    text = path.read_text()
    for names in re.findall(r"import \{ ([^}]+) \} from", text):
        for name in names.split(", "):
            assert len(re.findall(rf"\b{name}\b(?!:)", text)) > 1, f"{name} is not used"
    everything = "\n".join(other.read_text() for other in MODULES)
    for name in re.findall(
        r"^export (?:async )?(?:function|const|class) (\w+)", text, re.M
    ):
        assert len(re.findall(rf"\b{name}\b", everything)) > 1, f"{name} is not used"


def test_assets_are_packed_and_asked_for_again(shared_client: FlaskClient) -> None:
    plain = shared_client.get("/assets/page.css")
    assert plain.headers["Cache-Control"] == "no-cache"
    packed = shared_client.get("/assets/page.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert (
        gzip.decompress(packed.data) == plain.data
        and len(packed.data) < len(plain.data) / 2
    )
    again = shared_client.get(
        "/assets/page.css", headers={"If-None-Match": plain.headers["ETag"]}
    )
    assert again.status_code == 304 and again.data == b""


def test_vega_comes_out_of_its_package(shared_client: FlaskClient) -> None:
    script = shared_client.get("/assets/vega.js")
    assert script.mimetype == "text/javascript" and b"vegaEmbed" in script.data


def test_a_template_is_the_header_of_its_table(shared_client: FlaskClient) -> None:
    template = shared_client.get("/tables/jobs/template")
    assert template.data == b"id,job\r\n" and template.mimetype == "text/csv"
    assert 'filename="jobs.csv"' in template.headers["Content-Disposition"]
    assert shared_client.get("/tables/nothing/template").json["code"] == "unknown_table"


# --- the status ---------------------------------------------------------------------


def test_the_status_is_the_same_until_something_happens(
    shared_client: FlaskClient,
) -> None:
    first = shared_client.get("/status")
    check(shared_client.get("/openapi.json").json, "get", "/status", first)
    assert first.json["build"]["sample_data"] is True
    assert first.json["build"]["loads"] == first.json["newest_load_id"] == 0
    tag = {"If-None-Match": first.headers["ETag"]}
    assert shared_client.get("/status", headers=tag).status_code == 304


def test_the_status_tells_what_is_still_to_be_built(warehouse: Path) -> None:
    with open_client(warehouse) as client:
        client.post(
            "/insert_batch", json={"table_name": "jobs", "data": [[1, "Clerk"]]}
        )
    with open_client(warehouse) as client:
        told = client.get("/status").json
    assert told["newest_load_id"] == 1 and told["build"]["last_load_id"] == 0
    assert told["builder"] == "away"


def test_the_status_tells_complaints_about_the_project(
    warehouse: Path, project: Path, edit: Edit
) -> None:
    edit("quarterly_hires.yml", "title:", "tilte:")
    app = create_app(Settings(warehouse_dir=warehouse, project_dir=project))
    with app.test_client() as client:
        told = client.get("/status").json
    app.extensions["context"].close()
    assert "tilte" in json.dumps(told["complaints"])


def test_before_the_first_build_the_status_has_none(tmp_path: Path) -> None:
    with open_client(tmp_path / "new") as client:
        told = client.get("/status").json
    assert told["build"] is None and told["last_build"] is None
