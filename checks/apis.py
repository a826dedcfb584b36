"""The API of Pods in the versions that a manifest is held to, made from the facts: schemas, fields, rules.

```python
from checks.apis import fields, rule

print("initContainers" in fields("PodSpec"), rule("enums", "ContainerPort.protocol", "1.3"))
#> True ['TCP', 'UDP']
```
"""

from collections.abc import Iterable
from functools import cache

from checks.documents import Node
from checks.facts import load as facts
from checks.schemas import nearest

# The versions of the API that a Pod is held to, as the facts and the messages call them.
VERSIONS = ("1.3", "1.37")

# Types of Kubernetes 1.3 that are called otherwise today.
_TODAY = {"Handler": "LifecycleHandler"}

_SCALARS = {
    "string": {"type": "string"},
    "time": {"type": "string"},
    "boolean": {"type": "boolean"},
    "int32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "intOrString": {"type": ["integer", "string"]},
    "Quantity": {"type": ["string", "integer", "number"]},
}


def fields(kind: str) -> set[str]:
    """The fields of a type, in 1.3 or today."""
    today = facts("pod-current")["$defs"].get(_TODAY.get(kind, kind), {}).get("properties", {})
    return {*facts("pod-1.3")["types"].get(kind, {}), *today}


def misspells(kind: str, node: Node, key: str) -> bool:
    """Whether an object of a type has a key that is none of its fields and looks like one of them, which another check names."""
    return any(member.key not in fields(kind) and nearest(member.key, (key,)) for member in node.unique())


def rule(table: str, key: str, version: str):
    """What the facts say in a table of rules for a key (`Type.field`) and a version of the API; None where they say nothing."""
    found = facts("pod-rules")[table].get(key)
    return found[version] if isinstance(found, dict) else found


@cache
def schema(version: str) -> dict:
    """The schema of a Pod in a version of the API, made from the facts: its fields and what is asked of their values."""
    if version == "1.3":
        definitions = {name: _object(name, fields) for name, fields in facts("pod-1.3")["types"].items()}
    else:
        definitions = {name: _asked_today(name, part) for name, part in facts("pod-current")["$defs"].items()}
    return {"$ref": "#/$defs/Pod", "$defs": definitions, "x-title": "the manifest"}


def _object(name: str, fields: dict[str, str]) -> dict:
    """The schema of a type of 1.3: its fields, what it requires, and what does not belong into it."""
    known = facts("pod-1.3")
    required = {*known["required"].get(name, []), *facts("pod-rules")["required"].get(name, [])}
    today = facts("pod-current")["$defs"].get(_TODAY.get(name, name), {})
    later = {field: "came after 1.3" for field in today.get("properties", {}) if field not in fields}
    later |= {key.split(".")[1]: words for key, words in known["newer"].items() if key.split(".")[0] == name}
    return {
        "type": "object",
        **_identified(name, fields),
        "required": sorted(required),
        "properties": {field: _asked(name, field, _field(kind), required, "1.3") for field, kind in fields.items()},
        "additionalProperties": False,
        "x-newer": {field: f"is no field of 1.3; it {words}" for field, words in later.items()},
    }


def _asked_today(today: str, part: dict) -> dict:
    """The schema of a type of today, with what is asked of the fields that it has had since 1.3."""
    name = next((old for old, new in _TODAY.items() if new == today), today)
    if name not in facts("pod-1.3")["types"]:
        return part
    required = {*part.get("required", []), *facts("pod-rules")["required"].get(name, [])}
    properties = {field: _asked(name, field, _bounded(each), required, "1.37") for field, each in part.get("properties", {}).items()}
    return part | {"required": sorted(required), "properties": properties, **_identified(name, properties)}


def _bounded(part: dict) -> dict:
    """The schema of a field of today, with the bounds that the format of a number means."""
    return part | {word: limit for word, limit in _SCALARS.get(part.get("format"), {}).items() if word != "type"}


def _identified(name: str, fields: Iterable[str]) -> dict:
    """What the messages call a type, where its misplaced fields belong, and that a Pod has a name of some kind."""
    elsewhere = {key.split(".")[1]: where for key, where in facts("pod-rules")["elsewhere"].items() if key.split(".")[0] == name}
    return {"x-name": "a Pod" if name == "Pod" else name, "x-others": elsewhere, **(_named(fields) if name == "ObjectMeta" else {})}


def _named(fields: Iterable[str]) -> dict:
    """What metadata has: a start of a name, or else a name."""
    filled = {"minLength": 1}
    return {
        "if": {"required": ["generateName"], "properties": {"generateName": filled}},
        "else": {"required": ["name"], "properties": {"name": filled}, "x-keys": list(fields)},
    }


def _asked(name: str, field: str, part: dict, required: set[str], version: str) -> dict:
    """The schema of a field with the rules of the facts: the values to choose from, ranges, and what may not be empty."""
    key, known = f"{name}.{field}", facts("pod-rules")
    if values := rule("enums", key, version):
        return part | {"enum": [*values, ""] if key in known["empty_is_unset"] else values}
    if limits := rule("ranges", key, version):
        limited = {word: limit for word, limit in zip(("minimum", "maximum"), limits) if limit is not None}
        return part | ({"items": part["items"] | limited} if "items" in part else limited)
    if least := rule("min_items", key, version):
        return part | {"minItems": least}
    of_status = name.startswith(("Pod", "Container")) and name.endswith(("Status", "Condition", "Terminated", "Running", "Waiting"))
    if field in required and "string" in part.get("type", "") and key not in known["may_be_empty"] and not of_status:
        return part | {"minLength": 1}
    return part


def _field(kind: str) -> dict:
    """The schema of a field by the name of its type: `[]string`, `map[string]Quantity`, `Container`."""
    if kind.startswith("[]"):
        return {"type": "array", "items": _field(kind[2:])}
    if kind.startswith("map[string]"):
        return {"type": "object", "additionalProperties": _field(kind.removeprefix("map[string]"))}
    return _SCALARS.get(kind) or {"$ref": f"#/$defs/{kind}"}
