"""Pod manifests as the API reads them: their objects by type, and quantities.

```python
from checks.manifests import pods

pod = pods('{"kind": "Pod", "spec": {"containers": [{"name": "web", "image": "nginx"}]}}')[0]
print([container.at(["name"]).value for container in pod.every("Container")])
#> ['web']
```
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from checks.documents import Broken, Node, parse_json, parse_yaml
from checks.embedded import embedded
from checks.facts import load as facts

# Where 1.3 reads the init containers of a Pod: JSON in an annotation.
INIT_CONTAINERS = "pod.alpha.kubernetes.io/init-containers"

_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITY = re.compile(r"([+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30}))(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")


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
