"""The Dockerfile and the compose files, as values."""

from __future__ import annotations

import json
from typing import Any

import yaml
from image.dockerfile import instructions

from api.config import CHECKOUT

COMPOSE = {
    path.name: yaml.safe_load(path.read_text()) for path in CHECKOUT.glob("compose*")
}


def last_stage() -> list[tuple[str, str]]:
    found = list(instructions())
    start = max(i for i, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def image_environment() -> dict[str, str]:
    (line,) = (rest for name, rest in last_stage() if name == "ENV")
    return dict(pair.split("=", 1) for pair in line.split())


def exec_form(wanted: str) -> Any:
    (line,) = (rest for name, rest in last_stage() if name == wanted)
    return json.loads(line[line.index("[") :])
