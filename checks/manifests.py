"""Pod manifests as the API reads them: their objects by type, the schemas of 1.3 and of today, quantities.

```python
from checks.manifests import pods

pod = pods('{"kind": "Pod", "spec": {"containers": [{"name": "web", "image": "nginx"}]}}')[0]
print([container.at(["name"]).value for container in pod.every("Container")])
#> ['web']
```
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from checks.documents import Broken, Member, Node, parse_json, parse_yaml
from checks.facts import load as facts
from checks.schemas import nearest

# The versions of the API that a Pod is held to, as the facts and the messages call them.
VERSIONS = ("1.3", "1.37")

# Where 1.3 reads the init containers of a Pod: JSON in an annotation.
INIT_CONTAINERS = "pod.alpha.kubernetes.io/init-containers"

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

_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITY = re.compile(r"([+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30}))(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")


_BLANK = (" ", "\t", "\r", "\n")
# The pieces of a quoted string of YAML that mean one character each.
_PIECES = {"'": r"(?s)''|.", '"': r"(?s)\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|."}


class Pod(NamedTuple):
    """A document that is a Pod, or at least nothing else: its root, and each object in it with its type, from the outside in.

    `parts` also holds what the annotation of 1.3 says of init containers; `init` is that annotation's value, as nodes that know their
    places in the file (None without one), or why it cannot be read.
    """

    root: Node
    parts: list[tuple[str, Node]]
    init: Node | Broken | None

    def every(self, *types: str) -> list[Node]:
        """The objects of some types of the API (`Container`, `Volume` …). Init containers are `Container` too."""
        return [node for kind, node in self.parts if kind in types]

    def containers(self) -> list[Node]:
        """The containers of `spec.containers`, without init containers."""
        return objects(self.root.at(["spec", "containers"]))

    def init_containers(self) -> list[Node]:
        """The init containers: those of the annotation of 1.3, and those of the field that came with 1.6."""
        return objects(self.init if isinstance(self.init, Node) else None) + objects(self.root.at(["spec", "initContainers"]))


@lru_cache(maxsize=64)
def read(text: str) -> list[Node] | Broken:
    """The documents in a manifest, or why there are none. What starts with a brace is JSON, as Kubernetes reads it."""
    try:
        if text.lstrip().startswith("{"):
            return [parse_json(text)]
        return [root for root in parse_yaml(text) if not root.is_null]  # between two lines `---` nothing may stand
    except Broken as fault:
        return fault


@lru_cache(maxsize=64)
def pods(text: str) -> list[Pod]:
    """The documents of a manifest that are Pods or do not say what they are; none of a text that is not YAML."""
    roots = read(text)
    found = []
    for root in roots if isinstance(roots, list) else ():
        if string(root, "kind") in ("", "Pod"):
            init = _init(text, root)
            inits = [part for node in objects(init if isinstance(init, Node) else None) for part in _parts("Container", node)]
            found.append(Pod(root, [*_parts("Pod", root), *inits], init))
    return found


def objects(node: Node | None) -> list[Node]:
    """The items of a list that are objects."""
    return [item for item in node.items if item.kind == "object"] if node else []


def items(node: Node | None, key: str) -> list[Node]:
    """What stands in the list of a key; nothing where there is no such list."""
    member = node.member(key) if node else None
    return member.node.items if member else []


def named(node: Node | None, key: str) -> list[str] | None:
    """The names of the objects in the list of a key; None where something in it has no form in which it can be read."""
    member = node.member(key) if node else None
    if member is None or member.node.is_null:
        return []
    names = [string(item, "name") for item in member.node.items]
    return names if member.node.kind == "list" and all(names) else None


def fields(kind: str) -> set[str]:
    """The fields of a type, in 1.3 or today."""
    today = facts("pod-current")["$defs"].get(_TODAY.get(kind, kind), {}).get("properties", {})
    return {*facts("pod-1.3")["types"].get(kind, {}), *today}


def misspells(kind: str, node: Node, key: str) -> bool:
    """Whether an object of a type has a key that is none of its fields and looks like one of them, which another check names."""
    return any(member.key not in fields(kind) and nearest(member.key, (key,)) for member in node.unique())


def string(node: Node | None, *path: str) -> str:
    """What the keys lead to, if it is text; else nothing."""
    found = node.at(path) if node else None
    return found.value if found and isinstance(found.value, str) else ""


def whole(node: Node | None, key: str) -> int | None:
    """The whole number of a key, or None."""
    found = node.at([key]) if node else None
    return found.value if found and type(found.value) is int else None


def _init(text: str, root: Node) -> Node | Broken | None:
    annotation = root.at(["metadata", "annotations", INIT_CONTAINERS])
    return embedded(text, annotation) if annotation and isinstance(annotation.value, str) else None


def _parts(kind: str, node: Node) -> Iterator[tuple[str, Node]]:
    """A node of a type and everything in it, each with its type. What has a type that 1.3 does not know is left out."""
    if node.kind != "object":
        return
    yield kind, node
    fields = facts("pod-1.3")["types"].get(kind, {})
    for member in node.unique():
        field = "[]Container" if (kind, member.key) == ("PodSpec", "initContainers") else fields.get(member.key, "")
        if field.removeprefix("[]") in facts("pod-1.3")["types"]:
            for inner in member.node.items if field.startswith("[]") else [member.node]:
                yield from _parts(field.removeprefix("[]"), inner)


def embedded(text: str, node: Node) -> Node | Broken:
    """The JSON in a string of a manifest, as nodes that know their places in the file, or what is wrong with it, there."""
    at = _places(text, node)
    try:
        root = parse_json(node.value)
    except Broken as fault:
        end = fault.end if fault.end is not None else fault.start + 1
        if not at or not node.value:
            return Broken(fault.message, node.start, node.end)
        start = min(fault.start, len(at) - 1)
        return Broken(fault.message, at[start], at[min(max(end, start + 1), len(at)) - 1] + 1)
    return _moved(root, at, node)


def _moved(node: Node, at: list[int], holder: Node) -> Node:
    """A copy of a tree with each place replaced by the one it has in the file; all of the string where that is not known."""
    start, end = (at[node.start], at[node.end - 1] + 1) if at else (holder.start, holder.end)
    copy = Node(node.kind, start, end, node.value)
    copy.items = [_moved(item, at, holder) for item in node.items]
    for member in node.members:
        place = (at[member.start], at[member.end - 1] + 1) if at else (holder.start, holder.end)
        copy.members.append(Member(member.key, *place, _moved(member.node, at, holder)))
    return copy


def _places(text: str, node: Node) -> list[int]:
    """Where each character of a YAML string stands in the file; empty where that is unclear.

    Blanks and line ends may be written otherwise in the file than they are read (folded, indented), so the other characters are matched, and a
    blank is where the one before it is.
    """
    raw = text[node.start : node.end]
    if raw[:1] in ("|", ">"):
        pieces = re.finditer(r"(?s).", raw[raw.find("\n") :])
        first = node.start + raw.find("\n")
    else:
        pieces = re.finditer(_PIECES.get(raw[:1], r"(?s)."), raw[1:-1] if raw[:1] in _PIECES else raw)
        first = node.start + (raw[:1] in _PIECES)
    written = [(said, first + piece.start()) for piece in pieces if (said := _said(piece[0], raw[:1])) not in _BLANK]
    if [char for char, _ in written] != [char for char in node.value if char not in _BLANK]:
        return []
    places, at, number = [], node.start, 0
    for char in node.value:
        if char not in _BLANK:
            at = written[number][1]
            number += 1
        places.append(at)
    return places


def _said(piece: str, quote: str) -> str:
    """The character that a piece of a quoted YAML string means; a blank for a line end."""
    if quote == "'":
        return piece[0]
    if quote != '"' or piece[0] != "\\":
        return piece
    return chr(int(piece[2:], 16)) if piece[1] in "xuU" else piece[1] if piece[1] in '"\\/' else " "


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
    named = {"if": {"required": ["generateName"]}, "else": {"required": ["name"], "x-keys": list(fields)}} if name == "ObjectMeta" else {}
    return {"x-name": "a Pod" if name == "Pod" else name, "x-others": elsewhere, **named}


def _asked(name: str, field: str, part: dict, required: set[str], version: str) -> dict:
    """The schema of a field with the rules of the facts: the values to choose from, ranges, and what may not be empty."""
    key, known = f"{name}.{field}", facts("pod-rules")
    if values := rule("enums", key, version):
        return part | {"enum": [*values, ""] if key in known["empty_is_unset"] else values}
    if limits := rule("ranges", key, version):
        limited = {word: limit for word, limit in zip(("minimum", "maximum"), limits) if limit is not None}
        return part | ({"items": part["items"] | limited} if "items" in part else limited)
    if least := known["min_items"].get(key):
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
