"""Pod manifests as the API reads them: the schemas of 1.3 and of today, containers, quantities.

```python
from checks.manifests import read

pod = read("{kind: Pod, spec: {containers: [{name: web, image: nginx}]}}")[0]
print([container.at(["name"]).value for container in pod.at(["spec", "containers"]).items])
#> ['web']
```
"""

import re
from decimal import Decimal
from functools import cache, lru_cache

from checks.documents import Broken, Node, parse_yaml
from checks.facts import load as facts

# Types of Kubernetes 1.3 that are called otherwise today.
_TODAY = {"Handler": "LifecycleHandler"}

_SCALARS = {
    "string": {"type": "string"},
    "time": {"type": "string"},
    "boolean": {"type": "boolean"},
    "int32": {"type": "integer"},
    "int64": {"type": "integer"},
    "intOrString": {"type": ["integer", "string"]},
    "Quantity": {"type": ["string", "integer", "number"]},
}

_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITY = re.compile(r"([+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30}))(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")


@lru_cache(maxsize=64)
def read(text: str) -> list[Node] | Broken:
    """The documents in a manifest, or why there are none."""
    try:
        return parse_yaml(text)
    except Broken as fault:
        return fault


def containers(pod: Node) -> list[Node]:
    """The containers of a Pod that are objects."""
    node = pod.at(["spec", "containers"])
    return [item for item in node.items if item.kind == "object"] if node else []


def text(node: Node | None, *path: str) -> str:
    """What the keys lead to, if it is text; else nothing."""
    found = node.at(path) if node else None
    return found.value if found and isinstance(found.value, str) else ""


def quantity(value: object) -> Decimal | None:
    """How much a quantity is (`100m`, `64Mi`, `1.5`, `1e3`), or None where it is no quantity."""
    match = _QUANTITY.fullmatch(str(value)) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None
    if not match:
        return None
    number = Decimal(match[1])
    if match[2]:
        return number.scaleb(int(match[2]))
    suffix = match[3] or ""
    return number * 2 ** _BINARY[suffix] if suffix in _BINARY else number.scaleb(_SUFFIXES[suffix])


@cache
def schema_1_3() -> dict:
    """The schema of a Pod in Kubernetes 1.3, made from the facts, with the names of later fields."""
    known = facts("pod-1.3")
    definitions = {name: _object(name, fields, known) for name, fields in known["types"].items()}
    return {"$ref": "#/$defs/Pod", "$defs": definitions, "x-title": "the manifest"}


@cache
def schema_current() -> dict:
    """The schema of a Pod in a current release."""
    definitions = {name: part | {"x-others": _elsewhere(name)} for name, part in facts("pod-current")["$defs"].items()}
    definitions["Pod"] = definitions["Pod"] | {"x-name": "a Pod"}
    return {"$ref": "#/$defs/Pod", "$defs": definitions, "x-title": "the manifest"}


def _object(name: str, fields: dict[str, str], known: dict) -> dict:
    """The schema of one type: its fields, what it requires, and what does not belong into it."""
    checked = known["validation"]
    schema = {
        "type": "object",
        "x-name": "a Pod" if name == "Pod" else name,
        "required": sorted({*known["required"].get(name, []), *checked["required"].get(name, [])}),
        "properties": {field: _field(f"{name}.{field}", kind, known) for field, kind in fields.items()},
        "additionalProperties": False,
        "x-newer": {},
        "x-others": _elsewhere(name),
    }
    today = facts("pod-current")["$defs"].get(_TODAY.get(name, name), {})
    later = {field: "came after 1.3" for field in today.get("properties", {}) if field not in fields}
    later |= {key.split(".")[1]: words for key, words in known["newer"].items() if key.split(".")[0] == name}
    schema["x-newer"] = {field: f"is no field of 1.3; it {words}" for field, words in later.items()}
    return schema


def _elsewhere(name: str) -> dict[str, str]:
    words = facts("pod-1.3")["validation"]["elsewhere"]
    return {key.split(".")[1]: where for key, where in words.items() if key.split(".")[0] == name}


def _field(key: str, kind: str, known: dict) -> dict:
    """The schema of one field, by the name of its type: `[]string`, `map[string]Quantity`, `Container`."""
    if kind.startswith("[]"):
        least = {"minItems": 1} if key in known["validation"]["min_items"] else {}
        return {"type": "array", "items": _field("", kind[2:], known), **least}
    if kind.startswith("map[string]"):
        return {"type": "object", "additionalProperties": _field("", kind.removeprefix("map[string]"), known)}
    choices = {"Pod.apiVersion": ["v1"], "Pod.kind": ["Pod"], **known["enums"]}
    if key in choices:
        return {"type": "string", "enum": choices[key]}
    return _SCALARS.get(kind) or {"$ref": f"#/$defs/{kind}"}
