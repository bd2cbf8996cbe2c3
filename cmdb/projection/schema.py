"""The published schema of a proposed state, made from the declared classes: JSON Schema 2020-12, for a file of it."""

from __future__ import annotations

from typing import Any

from cmdb.classes import Catalogue
from cmdb.imports.schema import attribute_schema
from cmdb.projection.overlay import MOST, NEW
from cmdb.words import CIClass

_CI = {"type": "string", "minLength": 1, "maxLength": 512}
_TAGS = {"description": "Its tags, such as env:prod.", "type": "array", "items": {"type": "string"}, "maxItems": 50}
_EXTRA = {"description": "Free attributes by name, in snake_case.", "type": "object", "maxProperties": 50}


def proposed_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of a whole proposed state."""
    kinds = {"oneOf": [{"const": r.name, "description": r.sentence} for r in catalogue.relations.values()]}
    ends = {
        "type": kinds, "from": {"description": "The id of the dependent.", **_CI},
        "to": {"description": "The id of the dependency.", **_CI},
    }  # fmt: skip
    onto = {"newTo": {"description": "The id of the dependency it would lead to.", **_CI}}
    classes = [cls for cls in catalogue.classes.values() if cls.name != "Endpoint"]
    steps = {
        "add": _steps("Dependencies that would be new.", _object(ends, tuple(ends))),
        "close": _steps("Dependencies that would be gone.", _object(ends, tuple(ends))),
        "repoint": _steps("Dependencies that would lead elsewhere.", _object(ends | onto, (*ends, *onto))),
        "retire": _steps("Ids of CIs that would be gone, with what is inside them.", _CI),
        "create": _steps("CIs that would be new.", {"oneOf": [{"$ref": f"#/$defs/{cls.name}"} for cls in classes]}),
        "set": _steps("Values that CIs would have.", _values()),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A proposed state of an Epicentre graph",
        "description": f"Steps on top of a moment, {MOST:,} at most in all; nothing of it is written.",
        **_object(steps, ()),
        "$defs": {cls.name: _made(cls) for cls in classes},
    }


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


def _steps(sentence: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"description": sentence, "type": "array", "maxItems": MOST, "items": one}


def _values() -> dict[str, Any]:
    attributes = {"description": "Values by attribute, `name` among them; null: that there is none.", "type": "object"}
    return _object({"ci": _CI, "attributes": attributes, "tags": _TAGS, "extra": _EXTRA}, ("ci",))


def _made(cls: CIClass) -> dict[str, Any]:
    attributes = _object(
        {a.name: attribute_schema(a) for a in cls.attributes}, tuple(a.name for a in cls.attributes if a.required)
    )
    fields = {
        "id": {"description": "What the other steps call it.", "type": "string", "pattern": f"^{NEW}.{{1,80}}$"},
        "class": {"const": cls.name},
        "name": {"description": "What people would call it.", **_CI},
        "attributes": attributes,
        "parent": {"description": "The id of the CI it would be inside of.", **_CI},
        "key": {"description": "Its key there; its name, if left out.", **_CI},
        "tags": _TAGS,
        "extra": _EXTRA,
    }
    needed = ("attributes",) if attributes["required"] else ()
    return {"description": cls.sentence, **_object(fields, ("id", "class", "name", *needed))}
