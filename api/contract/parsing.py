"""Decode a project's files, and parse their YAML."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from typing import Any

import yaml

from api.errors import ContractError

SAVE = "save it as UTF-8, as editors offer it under Save As or Encoding"


def decode(content: str | bytes) -> str:
    """The text of a file; raises ContractError if it is not UTF-8."""
    if isinstance(content, str):
        return content
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise ContractError([f"this is stored in UTF-16; {SAVE}"])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"the byte 0x{content[error.start]:02X}"
        message = f"line {line}: {byte} is not UTF-8, but Latin-1 perhaps; {SAVE}"
        raise ContractError([message]) from error


def parse_yaml(text: str) -> Any:
    """The content of a YAML file; raises ContractError if it is not YAML."""
    try:
        return yaml.load(text, _UniqueKeyLoader) or {}
    except (yaml.YAMLError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}: " if where else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ContractError([f"{line}this is not YAML: {problem}"]) from error


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML in which a repeated key is an error; YAML itself would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if isinstance(key_node.value, str) and key_node.value in seen:
                message = f"the key {key_node.value!r} stands there twice"
                raise yaml.constructor.ConstructorError(
                    problem=message, problem_mark=key_node.start_mark
                )
            if isinstance(key_node, yaml.ScalarNode):
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)
