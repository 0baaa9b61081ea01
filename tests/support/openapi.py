"""Answers held against the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
from werkzeug.test import TestResponse

Node = dict[str, Any]


def operation(document: Node, method: str, path: str) -> Node:
    """The operation that a path belongs to."""
    for template, item in document["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method in item:
            found: Node = item[method]
            return found
    raise AssertionError(f"{method} {path} is not documented")


def check(document: Node, method: str, path: str, answer: TestResponse) -> None:
    """The answer is one that the document promises for this address."""
    responses = operation(document, method, path)["responses"]
    assert str(answer.status_code) in responses, answer.text
    promised = responses[str(answer.status_code)]
    for name, header in promised.get("headers", {}).items():
        assert not header.get("required") or name in answer.headers, name
    if not answer.data:
        assert "content" not in promised
        return
    assert answer.mimetype in promised["content"], answer.mimetype
    if answer.is_json:
        schema = promised["content"][answer.mimetype]["schema"]
        whole = schema | {"components": document["components"]}
        jsonschema.validate(answer.json, whole, jsonschema.Draft202012Validator)
