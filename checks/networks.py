"""Network configurations as rkt and the network plugins read them: which keys count, which plugin is meant.

```python
from checks.networks import read

conf = read('{"NAME": "rkt.kubernetes.io", "type": "bridge"}')
print(conf.plugin, conf.text("name"))
#> bridge rkt.kubernetes.io
```
"""

from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from ipaddress import IPv4Network

from checks import plugin_sets, schemas
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

    @cached_property
    def plugin(self) -> str:
        return self.text("type")

    @cached_property
    def bridge(self) -> Node | None:
        """The object that the bridge plugin reads its own keys from, or None where another plugin is at work."""
        by_flannel = self.plugin == "flannel" and self.text("delegate", "type") in ("", "bridge")
        node = self.root if self.plugin == "bridge" else self.root.at(["delegate"]) if by_flannel else None
        return node if node and node.kind == "object" else None

    @cached_property
    def ipam(self) -> Node | None:
        """`ipam`, where it speaks to host-local."""
        return self.root.at(["ipam"]) if self.plugin != "flannel" and self.text("ipam", "type") == "host-local" else None

    @cached_property
    def subnet(self) -> IPv4Network | None:
        """The subnet that host-local is given, where it is one of IPv4."""
        return network(self.value("ipam", "subnet"), strict=False) if self.ipam else None

    @cached_property
    def routes(self) -> list[Node]:
        node = self.root.at(["ipam", "routes"]) if self.ipam else None
        return node.items if node else []

    @cached_property
    def readings(self) -> list[Node]:
        """The tree, and where keys stand twice also the tree of what the later ones hide: Go looks at the types of both."""
        return [self.root, _turned(self.root)] if _hides(self.root) else [self.root]

    def schema(self, plugins: str, effective: bool = False) -> dict:
        """The schema of the plugin in a set of plugins; of any network where there is none for the plugin.

        `effective` leaves out the keys that are decoded and then ignored.
        """
        return _schema(self.plugin if self.plugin in ("bridge", "ptp", "flannel") else "network", plugins, effective)


@lru_cache(maxsize=64)
def read(text: str) -> Conf | Broken:
    """The configuration in a text, or why it is none."""
    try:
        return Conf(parse_json(text))
    except Broken as fault:
        return fault


@cache
def _schema(plugin: str, plugins: str, effective: bool) -> dict:
    return {**_bound(schemas.load("cni")["$defs"][plugin], plugins, effective), "x-title": "the configuration"}


def _bound(schema: object, plugins: str, effective: bool) -> object:
    """A copy of a schema with the rules that bind one set of plugins, and the keys that it reads; what it refers to stands in its place.

    (To look up a reference again for each of many routes takes most of a validator's time.)
    """
    if isinstance(schema, list):
        return [_bound(each, plugins, effective) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        schema = schemas.load("cni")["$defs"][schema["$ref"].rsplit("/", 1)[-1]] | {
            key: part for key, part in schema.items() if key != "$ref"
        }
    if "x-differs" in schema and not plugin_sets.fails(schema["x-differs"], plugins):
        return True
    copy = {key: _bound(part, plugins, effective) for key, part in schema.items()}
    if "x-required" in schema:
        needed = [key for key, difference in schema["x-required"].items() if plugin_sets.fails(difference, plugins)]
        copy["required"] = [*needed, *schema.get("required", ())]
    if "properties" in schema:
        keys = {key: part for key, part in schema["properties"].items() if isinstance(part, dict)}
        newer = {key: part["x-read-by"] for key, part in keys.items() if "x-read-by" in part}
        unread = {key for key, by in newer.items() if plugins not in by} | {key for key in keys if effective and "x-ignored" in keys[key]}
        copy["properties"] = {key: part for key, part in copy["properties"].items() if key not in unread}
        copy["x-newer"] = {key: _newer_words(by) for key, by in newer.items()}
    return copy


def _newer_words(by: list[str]) -> str:
    """What is said of a key to those who aim at plugins that do not read it."""
    others = plugin_sets.called(name for name in plugin_sets.SETS if name not in by)
    return f"is read by {plugin_sets.called(by) or 'later plugins'} alone and ignored by {others}; delete it"


# ---- as Go's encoding/json reads (checked with Go 1.15 and 1.19, of which 0.9.0 and 1.1.1 are made) ----

# Case does not count to Go, for letters of ASCII and for two that look like them (fold.go).
_FOLDED = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ\u017f\u212a", "abcdefghijklmnopqrstuvwxyzsk")


def folded(key: str) -> str:
    """A key without what does not count to Go."""
    return key.translate(_FOLDED)


@cache
def _spellings() -> dict[str, str]:
    """Every known key by its form without case."""
    parts = schemas.load("cni")["$defs"].values()
    return {folded(name): name for part in parts for name in part.get("properties", {})}


def _as_go_reads(*nodes: Node) -> Node:
    """What the values of one key come to, one after the other: keys as the plugins' code spells them, and what counts behind what does not.

    Of scalars and lists the last counts; objects are merged; a null changes no scalar, and takes objects and lists away.
    """
    node = nodes[-1]
    if node.kind == "list":
        return Node(node.kind, node.start, node.end, items=[_as_go_reads(item) for item in node.items])
    if node.kind == "scalar":
        return node
    values: dict[str, list[Member]] = {}
    for member in (member for each in nodes if each.kind == "object" for member in each.members):
        values.setdefault(_spellings().get(folded(member.key), member.key), []).append(member)
    members = [member for key, same in values.items() for member in _ordered(key, same)]
    return Node(node.kind, node.start, node.end, members=members)


def _ordered(key: str, same: list[Member]) -> list[Member]:
    """The members of one key, with what counts at the end."""
    scalars = [member for member in same if member.node.kind == "scalar" and not member.node.is_null]
    counts = scalars[-1] if same[-1].node.is_null and scalars else same[-1]
    merged = [member for member in same if member.node.kind == counts.node.kind == "object"] or [counts]
    if key == "delegate" and counts.node.kind == "object":
        hidden = [member for member in same if member.node.kind != "object"]
        return [m._replace(key=key) for m in [*hidden, counts._replace(node=_as_flannel_hands_on([member.node for member in merged]))]]
    hidden = [member for member in same if member is not counts and not member.node.kind == counts.node.kind == "object"]
    counts = counts._replace(node=_as_go_reads(*(member.node for member in merged)))
    return [member._replace(key=key) for member in [*hidden, counts]]


def _as_flannel_hands_on(nodes: list[Node]) -> Node:
    """`delegate` as the plugin gets it to which flannel hands it on.

    flannel has it as a map, to which case counts, and in which the last of doubled keys takes the others' place, null or not. It adds what
    lacks, and writes the map down again, ordered by key (cmdAdd in plugins/meta/flannel/flannel.go; encoding/json).
    """
    members = {member.key: member._replace(node=_written_again(member.node)) for node in nodes for member in node.members}
    members = {key: each for key, each in members.items() if key == "name" or folded(key) != "name" or not isinstance(each.node.value, str)}
    for key, value in _ADDED_BY_FLANNEL.items():
        alike = [member for member in members.values() if folded(member.key) == folded(key)]
        if alike and key not in members:
            at = alike[-1].node
            members[key] = alike[-1]._replace(key=key, node=Node("scalar", at.start, at.end, value))
    ordered = sorted(members.values(), key=lambda member: member.key.encode())
    return _as_go_reads(Node("object", nodes[-1].start, nodes[-1].end, members=ordered))


def _written_again(node: Node) -> Node:
    """A number as Go writes it that has read it as a float64: without point and exponent, where it is whole and below 1e21."""
    if isinstance(node.value, float) and node.value.is_integer() and abs(node.value) < 1e21:
        return Node(node.kind, node.start, node.end, int(node.value))
    return node


# What flannel adds to `delegate`, if only in the place of a key that differs in case.
_ADDED_BY_FLANNEL = {"isGateway": True, "ipMasq": True, "type": "bridge", "mtu": 1450}


def _hides(node: Node) -> bool:
    """Whether keys stand twice anywhere."""
    inner = node.items + [member.node for member in node.members]
    return len(node.members) != len({member.key for member in node.members}) or any(_hides(each) for each in inner)


def nulls(node: Node) -> Iterator[Span]:
    """Where a null stands, at any depth."""
    if node.is_null:
        yield node.start, node.end
    for each in node.items + [member.node for member in node.members]:
        yield from nulls(each)


def _turned(node: Node) -> Node:
    """The tree in which the first of doubled keys counts."""
    members = [member._replace(node=_turned(member.node)) for member in reversed(node.members)]
    return Node(node.kind, node.start, node.end, node.value, members, [_turned(item) for item in node.items])
