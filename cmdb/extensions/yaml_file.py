"""Declarations in a YAML file, read with the line of everything that is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from cmdb.errors import DeclarationError
from cmdb.extensions.found import Declared, Found
from cmdb.words import (
    LOCAL_KEY,
    Attribute,
    Cardinality,
    CIClass,
    Failure,
    IdentityRule,
    Lease,
    Lifecycle,
    Needs,
    RelationType,
)
from cmdb.words.extension import MoreAttributes, MoreEnds

_LOADER = yaml.SafeLoader("")


def read(path: Path, found: Found) -> None:
    """Take what the file declares; every entry that is wrong is an error at its line, the others are taken."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found.errors.append(f"{path}:{mark.line + 1 if mark else 1}: {error.problem or error.context}")
        return
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        found.errors.append(f"{path}:1: {error}")
        return
    except RecursionError:
        found.errors.append(f"{path}:1: it is nested too deeply")
        return
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        found.errors.append(f"{path}:{_at(root)}: expected {', '.join(_MAKE)}")
        return
    for key, value in root.value:
        if not isinstance(key, yaml.ScalarNode) or key.value not in _MAKE or not isinstance(value, yaml.SequenceNode):
            found.errors.append(f"{path}:{_at(key)}: expected one of {', '.join(_MAKE)} with a list")
            continue
        for node in value.value:
            _entry(path, node, _MAKE[key.value], found)


def _at(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _entry(path: Path, node: yaml.Node, make: Callable[[yaml.MappingNode, list[str]], Declared], found: Found) -> None:
    inner: list[str] = []
    try:
        made = make(_mapping(node), inner)
    except _At as error:
        inner.append(f"{error.line}: {error.message}")
    except DeclarationError as error:
        inner.append(f"{_at(node)}: {error.message}")
    else:
        if not inner:
            found.declared.append((made, f"{path}:{_at(node)}"))
    if inner:
        found.errors += [f"{path}:{line}" for line in inner]
        found.left_out |= _names(node)


def _names(node: yaml.Node) -> set[str]:
    """What an entry is called, if that much can be read."""
    entries = node.value if isinstance(node, yaml.MappingNode) else ()
    return {str(value.value) for key, value in entries if key.value == "name"}


class _At(DeclarationError):
    """A mistake with its line."""

    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line = _at(node)


def _mapping(node: yaml.Node) -> yaml.MappingNode:
    if not isinstance(node, yaml.MappingNode):
        raise _At(node, "expected a mapping of names to values")
    return node


def _plain(node: yaml.Node) -> Any:
    try:
        return _LOADER.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:  # what looks like a date or a number need not be one
        raise _At(node, "this value is not understood") from error


_KINDS: dict[str, type | tuple[type, ...]] = {
    "search": bool, "index": bool, "required": bool, "volatile": bool, "domain": bool, "retention_days": int,
    "sources": list, "targets": list, "precedence": list, "lifecycle": list, "lease": dict,
}  # fmt: skip


def _fields(node: yaml.MappingNode, needed: tuple[str, ...], allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value not in needed + allowed:
            named = repr(key.value) if isinstance(key, yaml.ScalarNode) else "such key"
            raise _At(key, f"there is no {named} here; known are {', '.join(needed + allowed)}")
        if key.value in found:  # YAML would take the last and lose what was said before
            raise _At(key, f"{key.value} is said twice")
        found[key.value] = value
    for name in needed:
        if name not in found:
            raise _At(node, f"{name} is missing")
    return found


def _values(fields: dict[str, yaml.Node], *but: str) -> dict[str, Any]:
    made = {}
    for name, node in fields.items():
        if name in but:
            continue
        value, kind = _plain(node), _KINDS.get(name, str)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise _At(node, f"{name} must be a {getattr(kind, '__name__', kind)}, not {value!r}")
        if isinstance(value, list):
            if wrong := [v for v in value if not isinstance(v, str)]:
                raise _At(node, f"{name} must list names, not {wrong[0]!r}")
            value = tuple(value)
        made[name] = value
    return made


def _attribute(node: yaml.Node) -> Attribute:
    optional = ("unit", "search", "index", "required", "volatile", "precedence", "domain")
    try:
        return Attribute(**_values(_fields(_mapping(node), ("name", "type", "sentence"), optional)))
    except _At:
        raise
    except DeclarationError as error:
        raise _At(node, error.message) from error


def _attributes(node: yaml.Node | None, errors: list[str]) -> tuple[Attribute, ...]:
    """All attributes that are right; each that is not is an error of its own."""
    made: list[Attribute] = []
    for one in _list(node):
        try:
            made.append(_attribute(one))
        except _At as error:
            errors.append(f"{error.line}: {error.message}")
    return tuple(made)


def _list(node: yaml.Node | None) -> list[yaml.Node]:
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        raise _At(node, "expected a list")
    return list(node.value)


def _rule(node: yaml.Node) -> IdentityRule:
    keys = _plain(node)
    if keys == "local":
        return LOCAL_KEY
    if not isinstance(keys, list) or not keys or not all(isinstance(k, str) for k in keys):
        raise _At(node, "an identity rule is a list of attributes that match together, or the word local")
    return IdentityRule(" and ".join(key.replace("_", " ") for key in keys), tuple(keys))


def _class(node: yaml.MappingNode, errors: list[str]) -> CIClass:
    optional = ("attributes", "identity", "kind_of", "contained_by", "owner", "lease", "lifecycle", "retention_days")
    fields = _fields(node, ("name", "plural", "sentence"), optional)
    given = _values(fields, "attributes", "identity", "lease", "lifecycle")
    if "lease" in fields:
        lease = _plain(fields["lease"])
        if not isinstance(lease, dict) or set(lease) != {"stale_days", "retire_days"} or not _ints(lease.values()):
            raise _At(fields["lease"], "a lease is stale_days and retire_days, both whole numbers")
        given["lease"] = Lease(**lease)
    if "lifecycle" in fields:
        given["lifecycle"] = Lifecycle(_values({"lifecycle": fields["lifecycle"]})["lifecycle"])
    attributes = _attributes(fields.get("attributes"), errors)
    if errors:
        raise _At(node, f"class {given['name']} is left out until its attributes are right")
    return CIClass(**given, attributes=attributes, identity=tuple(_rule(r) for r in _list(fields.get("identity"))))


def _ints(values: Any) -> bool:
    return all(type(value) is int for value in values)


def _relation(node: yaml.MappingNode, _: list[str]) -> RelationType:
    fields = _fields(node, ("name", "sentence", "sources", "targets", "failure"), ("cardinality", "needs"))
    given = _values(fields)
    for name, kind in (("failure", Failure), ("cardinality", Cardinality), ("needs", Needs)):
        if name in given:
            known = [one.value for one in kind]
            if given[name] not in known:
                raise _At(fields[name], f"there is no {name} {given[name]!r}; known are {', '.join(known)}")
            given[name] = kind(given[name])
    return RelationType(**given)


def _extend(node: yaml.MappingNode, errors: list[str]) -> Declared:
    fields = _fields(node, (), ("class", "attributes", "relation", "sources", "targets"))
    if "class" in fields and set(fields) == {"class", "attributes"}:
        return MoreAttributes(_values(fields, "attributes")["class"], _attributes(fields["attributes"], errors))
    if "relation" in fields and not {"class", "attributes"} & set(fields):
        return MoreEnds(**_values(fields))
    raise _At(node, "an extension names a class and attributes, or a relation and sources or targets")


_MAKE: dict[str, Callable[[yaml.MappingNode, list[str]], Declared]] = {
    "classes": _class, "relations": _relation, "extend": _extend,
}  # fmt: skip
