"""Which keys dbt knows where, by the JSON schemas that it ships of its own files.

dbt passes over a key that it does not know; here each is found. Values are for dbt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

# The newest has what is current; the one before also what dbt still takes in places
# that it would rather not, such as `meta` beside `config`.
PROPERTIES = ("resources/latest.json", "resources/0.0.110.json")
PROJECT = ("project/0.0.110.json",)

Step = int | str
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class UnknownKey:
    """A key that dbt does not know where it stands.

    `known` are those that it knows there; `belongs_under` is "config" for one that dbt
    knows as a configuration.
    """

    place: tuple[Step, ...]
    key: str
    known: Sequence[str]
    belongs_under: str | None = None


def unknown_keys(document: Any, schemas: Sequence[str]) -> Iterator[UnknownKey]:
    """Every key of a document that none of dbt's schemas has there."""
    return _unknown(document, [_root(name) for name in schemas], ())


def configurations(section: str) -> list[str]:
    """What dbt_project.yml may configure in one of its sections, each as `+name`."""
    place = _root(PROJECT[0]).under(section)
    return _names(place.alternatives) if place else []


class _Place:
    """A schema, and the document that its references lead into."""

    def __init__(self, schema: Any, root: Schema) -> None:
        self._root = root
        # `true` is the schema of anything.
        self.schema: Schema = schema if isinstance(schema, Mapping) else {}
        self._places: dict[str, _Place] = {}

    @cached_property
    def alternatives(self) -> list[_Place]:
        """What it comes to, references followed."""
        inner = [s for name in ("anyOf", "allOf") for s in self.schema.get(name, ())]
        if "$ref" in self.schema:
            name = self.schema["$ref"].rpartition("/")[2]
            inner.append(self._root["definitions"][name])
        places = [_Place(part, self._root) for part in inner]
        return [self, *(form for place in places for form in place.alternatives)]

    @property
    def is_open(self) -> bool:
        """Whether it says nothing of keys."""
        return not self.schema.keys() - {"description", "default"} or (
            self.schema.get("type") == "object"
            and not self.schema.keys() & {"properties", "additionalProperties"}
        )

    @property
    def names(self) -> Iterable[str]:
        properties: Schema = self.schema.get("properties", {})
        return properties.keys()

    def under(self, key: str) -> _Place | None:
        """The place of what stands under a key; None where there can be none."""
        if key not in self._places:
            known = self.schema.get("properties", {})
            # In dbt_project.yml any other name may be a folder's; these are none.
            others = not key.startswith("+") and self.schema.get("additionalProperties")
            # Hooks are written both ways.
            found = known.get(key) or known.get(key.replace("_", "-"))
            found = found or known.get(key.replace("-", "_")) or others
            if not found:
                return None
            self._places[key] = _Place(found, self._root)
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
