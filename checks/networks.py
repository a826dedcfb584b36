"""Network configurations as rkt and the network plugins read them: which keys count, which plugin is meant.

```python
from checks.networks import read

conf = read('{"NAME": "rkt.kubernetes.io", "type": "bridge"}')
print(conf.plugin, conf.text("name"))
#> bridge rkt.kubernetes.io
```
"""

from functools import lru_cache
from ipaddress import IPv4Network

from checks import schemas
from checks.addresses import network
from checks.documents import Broken, Member, Node, Span, parse_json


class Conf:
    """One configuration: `raw` is its tree as written, `root` the same tree as Go's decoder sees it."""

    def __init__(self, raw: Node):
        self.raw, self.root = raw, _as_go_reads(raw)

    def value(self, *path: str) -> object:
        """What the keys lead to, if it is a scalar; else None."""
        node = self.root.at(path)
        return node.value if node else None

    def text(self, *path: str) -> str:
        """What the keys lead to, if it is text; else nothing."""
        value = self.value(*path)
        return value if isinstance(value, str) else ""

    def span(self, *path: str) -> Span:
        return self.root.span(path)

    @property
    def plugin(self) -> str:
        return self.text("type")

    @property
    def bridge(self) -> Node | None:
        """The object that the bridge plugin reads its own keys from, or None where another plugin is at work."""
        by_flannel = self.plugin == "flannel" and self.text("delegate", "type") in ("", "bridge")
        node = self.root if self.plugin == "bridge" else self.root.at(["delegate"]) if by_flannel else None
        return node if node and node.kind == "object" else None

    @property
    def ipam(self) -> Node | None:
        """`ipam`, where it speaks to host-local."""
        return self.root.at(["ipam"]) if self.plugin != "flannel" and self.text("ipam", "type") == "host-local" else None

    @property
    def subnet(self) -> IPv4Network | None:
        """The subnet that host-local is given, where it is well-formed."""
        return network(self.value("ipam", "subnet")) if self.ipam else None

    @property
    def routes(self) -> list[Node]:
        node = self.root.at(["ipam", "routes"]) if self.ipam else None
        return node.items if node else []

    @property
    def schema(self) -> dict:
        """The schema of the plugin; of any network where there is none for the plugin."""
        definitions = schemas.load("cni")["$defs"]
        name = self.plugin if self.plugin in ("bridge", "ptp", "flannel") else "network"
        return {"$ref": f"#/$defs/{name}", "$defs": definitions, "x-title": "the configuration"}


@lru_cache(maxsize=64)
def read(text: str) -> Conf | Broken:
    """The configuration in a text, or why it is none."""
    try:
        return Conf(parse_json(text))
    except Broken as fault:
        return fault


def without_later_keys(schema: object) -> object:
    """A copy of a schema in which keys that only later plugins read (`x-since`) are unknown, and named as such."""
    if isinstance(schema, list):
        return [without_later_keys(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {key: without_later_keys(part) for key, part in schema.items()}
    keys = schema["properties"] if isinstance(schema.get("properties"), dict) else {}
    since = {key: part["x-since"] for key, part in keys.items() if isinstance(part, dict) and "x-since" in part}
    if since:
        copy["properties"] = {key: part for key, part in copy["properties"].items() if key not in since}
        words = "is read by {} alone and ignored by the plugins that rkt brings; delete it"
        copy["x-newer"] = {key: words.format(what) for key, what in since.items()}
    return copy


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Every known key by its form without case."""
    parts = schemas.load("cni")["$defs"].values()
    return {name.casefold(): name for part in parts for name in part.get("properties", {})}


def _as_go_reads(node: Node) -> Node:
    """The tree with keys as the plugins' code spells them, since case does not count to Go; of doubled keys the last, unless it is null."""
    if node.kind == "scalar":
        return node
    members: dict[str, Member] = {}
    for member in node.members:
        key = _spellings().get(member.key.casefold(), member.key)
        if key not in members or not member.node.is_null:
            members[key] = member._replace(key=key, node=_as_go_reads(member.node))
    items = [_as_go_reads(item) for item in node.items]
    return Node(node.kind, node.start, node.end, members=list(members.values()), items=items)
