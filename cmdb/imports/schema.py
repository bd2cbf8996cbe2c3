"""The published schema of import rows, made from the declared classes: JSON Schema 2020-12, for one line of a file."""

from __future__ import annotations

from typing import Any

from cmdb.classes import Catalogue
from cmdb.imports.rows import EDGE, NODE
from cmdb.words import Attribute, CIClass

_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string", "maxLength": 8192},
    "datetime": {"type": "string", "format": "date-time"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "boolean": {"type": "boolean"},
    "strings": {"type": "array", "items": {"type": "string"}, "maxItems": 1000},
}
_NAME = {"type": "string", "minLength": 1, "maxLength": 512}
_EVIDENCE = {
    "description": "Why an edge is believed; of a CI: that it is inside its parent. null: no edge leads there.",
    "type": ["object", "null"],
    "required": ["kind", "detail", "confidence"],
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "maxLength": 40},
        "detail": {"type": "string", "maxLength": 400},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "first_seen": {"type": ["string", "null"], "format": "date-time"},
        "last_seen": {"type": ["string", "null"], "format": "date-time"},
    },
}
_FIELDS: dict[str, Any] = {
    "name": {"description": "What people call it; needed for what is new.", **_NAME},
    "key": {"description": "Its key inside its parent; its name, if left out.", **_NAME},
    "parent": {"description": "The ref or id of the CI it is inside of.", **_NAME},
    "ref": {"description": "What this source calls it: other rows name it so, also in later files.", **_NAME},
    "id": {"description": "Our id of a known CI: it is meant, whatever else the row says.", **_NAME},
    "rev": {
        "description": "The revision this was decided on; another one is a conflict.",
        "type": "integer",
        "minimum": 1,
    },
    "tags": {"description": "Tags of this source.", "type": "array", "items": {"type": "string"}, "maxItems": 50},
    "extra": {
        "description": "Free attributes by name: text, number or boolean.",
        "type": "object",
        "maxProperties": 50,
    },
    "lifecycle": {"description": "Its state in its class's lifecycle.", "type": "string"},
    "expires_at": {"description": "When it is to be retired by itself.", "type": "string", "format": "date-time"},
    "evidence": _EVIDENCE,
    "from": {"description": "The ref or id of the dependent.", **_NAME},
    "to": {"description": "The ref or id of the dependency.", **_NAME},
    "endpoint": {"description": "The address it was seen at, such as tcp://10.0.0.5:5432.", "type": "string"},
}


def row_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of a row: a CI of some class, or an edge of some type."""
    classes = catalogue.classes.values()
    edge = {name: {"$ref": f"#/$defs/field_{name}"} for name in EDGE if name in _FIELDS}
    kinds = [{"const": r.name, "description": r.sentence} for r in catalogue.relations.values()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A row of an Epicentre import or export",
        "description": "One line of a JSON Lines file. An export's first and last line are no rows but say what it is.",
        "oneOf": [
            *({"$ref": f"#/$defs/{cls.name}"} for cls in classes),
            {"$ref": "#/$defs/edge"},
            {"$ref": "#/$defs/frame"},
        ],
        "$defs": {
            **{cls.name: _node(cls) for cls in classes},
            **{f"field_{name}": field for name, field in _FIELDS.items()},
            "edge": {
                "type": "object",
                "required": ["type", "from", "to"],
                "additionalProperties": False,
                "properties": {"type": {"oneOf": kinds}, **edge},
            },
            "frame": {
                "type": "object",
                "oneOf": [{"required": ["epicentre_export"]}, {"required": ["epicentre_end"]}],
            },
        },
    }


def _node(cls: CIClass) -> dict[str, Any]:
    fields = {name: {"$ref": f"#/$defs/field_{name}"} for name in NODE if name in _FIELDS}
    return {
        "description": cls.sentence,
        "type": "object",
        "required": ["class"],
        "additionalProperties": False,
        "properties": {
            "class": {"const": cls.name},
            **fields,
            "attributes": {
                "type": "object",
                "additionalProperties": False,
                "properties": {a.name: attribute_schema(a) for a in cls.attributes},
            },
        },
    }


def attribute_schema(attribute: Attribute) -> dict[str, Any]:
    """The schema of one value; null takes back what was said before."""
    unit = f" Unit: {attribute.unit}." if attribute.unit else ""
    needed = " Required of what is new." if attribute.required else ""
    kind = _TYPES[attribute.type]
    return {**kind, "type": [kind["type"], "null"], "description": f"{attribute.sentence}{unit}{needed}"}
