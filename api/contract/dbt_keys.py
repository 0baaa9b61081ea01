"""Keys that dbt does not know, by the JSON schemas that dbt ships for its files.

dbt silently ignores them. Values are left to dbt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

# The newest schema has the current keys, the older one those that are deprecated but
# still accepted, such as `meta` beside `config`.
PROPERTIES = ("resources/latest.json", "resources/0.0.110.json")
PROJECT = ("project/0.0.110.json",)

Step = int | str
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class UnknownKey:
    """A key that dbt does not know at its place.

    `known` are the keys that dbt knows there; `belongs_under` is "config" for a key
    that dbt knows as a configuration.
    """

    place: tuple[Step, ...]
    key: str
    known: Sequence[str]
    belongs_under: str | None = None


def unknown_keys(document: Any, schemas: Sequence[str]) -> Iterator[UnknownKey]:
    """Every key of a document that none of the schemas has at its place."""
    return _unknown(document, [_root(name) for name in schemas], ())


def configurations(section: str) -> list[str]:
    """What a section of dbt_project.yml may configure, each as `+name`."""
    place = _root(PROJECT[0]).under(section)
    return _names(place.alternatives) if place else []


class _Place:
    """A schema, and the document that its references point into."""

    def __init__(self, schema: Any, root: Schema) -> None:
        self._root = root
        # The schema `true` allows anything.
        self.schema: Schema = schema if isinstance(schema, Mapping) else {}
        self._places: dict[str, _Place] = {}

    @cached_property
    def alternatives(self) -> list[_Place]:
        """This place and all that its references and alternatives resolve to."""
        inner = [s for name in ("anyOf", "allOf") for s in self.schema.get(name, ())]
        if "$ref" in self.schema:
            name = self.schema["$ref"].rpartition("/")[2]
            inner.append(self._root["definitions"][name])
        places = [_Place(part, self._root) for part in inner]
        return [self, *(form for place in places for form in place.alternatives)]

    @property
    def is_open(self) -> bool:
        """Whether the schema does not restrict keys."""
        return not self.schema.keys() - {"description", "default"} or (
            self.schema.get("type") == "object"
            and not self.schema.keys() & {"properties", "additionalProperties"}
        )

    @property
    def names(self) -> Iterable[str]:
        properties: Schema = self.schema.get("properties", {})
        return properties.keys()

    def under(self, key: str) -> _Place | None:
        """The place under a key; None if the schema allows no such key."""
        if key not in self._places:
            known = self.schema.get("properties", {})
            # In dbt_project.yml any other name may be a folder, but not with a plus.
            others = not key.startswith("+") and self.schema.get("additionalProperties")
            # Hooks are written with underscores or with hyphens.
            schema = known.get(key) or known.get(key.replace("_", "-"))
            schema = schema or known.get(key.replace("-", "_")) or others
            if not schema:
                return None
            self._places[key] = _Place(schema, self._root)
        return self._places[key]

    @cached_property
    def items(self) -> _Place:
        return _Place(self.schema.get("items"), self._root)


def _unknown(
    value: Any, places: Iterable[_Place], at: tuple[Step, ...]
) -> Iterator[UnknownKey]:
    forms = [form for place in places for form in place.alternatives]
    if all(form.is_open for form in forms):
        return
    if isinstance(value, list):
        items = [form.items for form in forms if "items" in form.schema]
        for number, item in enumerate(value):
            yield from _unknown(item, items, (*at, number))
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        under = [place for form in forms if (place := form.under(str(key)))]
        if not any(key in form.names for form in forms):
            under += [form for form in forms if form.is_open]
        if under:
            yield from _unknown(inner, under, (*at, key))
        else:
            yield UnknownKey(at, str(key), _names(forms), _belongs(str(key), forms))


def _names(forms: Iterable[_Place]) -> list[str]:
    return [name for form in forms for name in form.names]


def _belongs(key: str, forms: Iterable[_Place]) -> str | None:
    configs = [place for form in forms if (place := form.under("config"))]
    alternatives = [form for place in configs for form in place.alternatives]
    return "config" if key in _names(alternatives) else None


@cache
def _root(name: str) -> _Place:
    content = files("dbt.jsonschemas").joinpath(name).read_bytes()
    schema: Schema = json.loads(content)
    return _Place(schema, schema)
