"""Rules for network configurations, each asked for one set of plugins: what a set makes of addresses, ranges, hops and routes.

`checks.cni` puts the answers of all sets together. What a rule knows of a set stands in `checks/facts/plugin-sets.json` and in the schema.

```python
from checks.network_rules import malformed
from checks.networks import read

conf = read('{"type": "bridge", "ipam": {"type": "host-local", "subnet": "10.022.0.0/16"}}')
print(list(malformed(conf, "1.1.1")))
#> [((60, 75), 'subnet is 10.022.0.0/16; leave the leading zeros out: write 10.22.0.0/16')]
print(list(malformed(conf, "0.9.0")))
#> []
```
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

from checks import plugin_sets, schemas
from checks.addresses import address, address_words, destination, is_ipv6, leading_zeros, network, network_words
from checks.documents import Member, Node, Span
from checks.networks import Conf, nulls

Faults = Iterator[tuple[Span, str]]


def misfits(conf: Conf, plugins: str) -> Faults:
    """What does not fit the schema; of a key that a later one hides, the type alone (which a null has not)."""
    for number, root in enumerate(conf.readings):
        no_type = set(nulls(root)) if number else ()
        for problem in schemas.problems(conf.schema(plugins), root):
            span = problem.start, problem.end
            if (problem.rule == "type" and span not in no_type) if number else problem.rule != "additionalProperties":
                yield span, problem.message
    for key in ("name", "ipam", "type"):
        given = conf.root.at(["delegate", key]) if conf.plugin == "flannel" else None
        if given and given.is_null:
            yield conf.root.key_span(["delegate", key]), f"{key} is null, which flannel refuses; delete it"
    name = conf.bridge.at(["bridge"]) if conf.bridge else None
    if name and isinstance(name.value, str) and (words := _interface_words(name.value)):
        yield (name.start, name.end), f"bridge is {schemas.shown(name.value)}; {words}"


def _interface_words(name: str) -> str:
    """What is wrong with the name of a network interface, or nothing.

    Linux counts bytes and takes 160 for a blank; a percent sign is a pattern to it (net/core/dev.c, dev_valid_name and __dev_alloc_name; lib/ctype.c).
    """
    data = name.encode()
    if not 1 <= len(data) <= 15 or data[0] == 0:
        return "the name of an interface has 1 to 15 bytes, and a character beyond ASCII takes more than one"
    name, data = name.split("\0")[0], data.split(b"\0")[0]  # to Linux a NUL is the end
    if name in (".", "..", "all", "default"):
        return "Linux keeps this name for itself; write another"
    if 160 in data:
        return "Linux takes a byte of one of its characters (160) for a blank; write another name"
    if set(data) & {*b"/:%", *range(9, 14), 32}:
        return "the name of an interface holds no blank, slash, colon or percent sign"
    return "every node has this interface, and it is no bridge; write another name" if name == "lo" else ""


def malformed(conf: Conf, plugins: str) -> Faults:
    """Addresses and networks that cannot be read, or have bits set behind the prefix."""
    for holder, member, counts in _members(conf, ("subnet", "gateway", "rangeStart", "rangeEnd"), ("dst", "gw")):
        key, value = member.key, member.node.value
        if value is None:
            words = "" if counts and key == "subnet" else "write an IPv4 address and a prefix length, such as 10.22.0.0/16"
        else:
            words = network_words(value) if key in ("subnet", "dst") else address_words(value)
        other_family = key == "gw" and is_ipv6(value) and not is_ipv6(_value(holder, "dst"))
        if words and (other_family or ((counts or not _is_read(value)) and _is_refused(key, value, plugins))):
            yield (member.node.start, member.node.end), f"{key} is {schemas.shown(value)}; {words}"


def _is_read(value: str | None) -> bool:
    """Whether a text is a network or an address to Go, be it one that is then of no use."""
    return is_ipv6(value) or (network(value, strict=False) is not None and not leading_zeros(value))


def _is_refused(key: str, value: str | None, plugins: str) -> bool:
    """Whether a set of plugins refuses an address or a network that is not well-formed."""
    if value and leading_zeros(value):
        return plugin_sets.fails("leading-zero", plugins)
    if key == "subnet" and network(value, strict=False):
        return plugin_sets.fails("host-bits", plugins)
    if key in ("dst", "gw") and is_ipv6(value):
        return plugin_sets.fails("route-of-ipv6", plugins)
    return not (key == "dst" and destination(value))


def range_faults(conf: Conf, plugins: str) -> Faults:
    """A subnet without room, and a range that leaves it, is turned round or holds no address for a pod."""
    if not (subnet := conf.subnet):
        return
    if subnet.prefixlen > 30:
        yield conf.span("ipam", "subnet"), f"{subnet} has no address for a pod; write a prefix length of 30 or less"
        return
    first, last = (address(conf.value("ipam", key)) for key in ("rangeStart", "rangeEnd"))
    outside = [(key, end) for key, end in (("rangeStart", first), ("rangeEnd", last)) if end and end not in subnet]
    for key, end in outside:
        yield conf.span("ipam", key), f"{key} {end} lies outside of the subnet {subnet}"
    if not outside:
        yield from _empty_range(conf, subnet, first, last, plugins)
    asked = conf.root.at(["args", "cni", "ips"]) if plugin_sets.fails("args-are-read", plugins) else None
    for node in asked.items if asked else ():
        if (wanted := address(node.value)) is None or wanted not in subnet or wanted == _gateway(conf):
            yield (node.start, node.end), f"{schemas.shown(node.value)} is no address for a pod in {subnet}; write another, or delete it"


def _empty_range(conf: Conf, subnet: IPv4Network, first: IPv4Address | None, last: IPv4Address | None, plugins: str) -> Faults:
    """A range that is turned round, or of which no address is left for a pod."""
    if first == subnet.broadcast_address:
        yield conf.span("ipam", "rangeStart"), f"rangeStart {first} is the broadcast address of {subnet}; write another address"
        return
    start, end = first or subnet[1], last or subnet[-2]
    key = "rangeEnd" if last else "rangeStart"
    if start > end and first and last:
        if plugin_sets.fails("range-order", plugins):
            yield conf.span("ipam", "rangeStart"), f"rangeStart {first} lies behind rangeEnd {last}; swap them"
    elif start > end or start == end == _gateway(conf):
        yield conf.span("ipam", key), f"{key} leaves no address for a pod beside the gateway {_gateway(conf)}; write another address"


def hop_faults(conf: Conf, _: str) -> Faults:
    """A gateway, or the next hop of a route, that pods do not reach."""
    subnet = conf.subnet
    if subnet and not any(_no_node(end) for end in (subnet[0], _gateway(conf)) if end):
        yield from (fault for _, member, counts in _members(conf, ("gateway",), ("gw",)) if counts for fault in _hop_fault(member, subnet))
    elif subnet:
        member = conf.ipam.member("gateway") if not _no_node(subnet[0]) and conf.value("ipam", "gateway") else conf.ipam.member("subnet")
        yield (
            (member.node.start, member.node.end),
            f"{member.key} is {schemas.shown(member.node.value)}; {_NO_NODE}",
        )


_NO_NODE = "0.0.0.0/8, 127.0.0.0/8 and 224.0.0.0/4 are for no network of pods; write another, such as 10.22.0.0/16 with 10.22.0.1"


def _no_node(end: IPv4Address) -> bool:
    """Whether an address is one of those that Linux gives to no network: 0.0.0.0/8, loopback, multicast."""
    return end.packed[0] == 0 or end.is_loopback or end.is_multicast


def _hop_fault(member: Member, subnet: IPv4Network) -> Faults:
    hop = address(member.node.value)
    if hop and hop not in subnet:
        what = f"lies outside of the subnet {subnet}"
    elif hop and hop == subnet.broadcast_address and subnet.prefixlen <= 30:
        what = f"is the broadcast address of {subnet}"
    else:
        return
    yield (member.node.start, member.node.end), f"{member.key} {hop} {what}; write another address, such as {subnet[0] + 1}"


def _gateway(conf: Conf) -> IPv4Address | None:
    """The address that the node holds for the pods of a network."""
    return address(conf.value("ipam", "gateway")) or (conf.subnet[0] + 1 if conf.subnet and conf.subnet.prefixlen < 32 else None)


@lru_cache(maxsize=8)
def _hops(conf: Conf) -> list[tuple[Node, IPv4Network, IPv4Address | None]]:
    """Each route of host-local's that can be read: where it stands, where it leads, and over which hop."""
    gateway = _gateway(conf)
    routes = [(route, destination(_value(route, "dst")), address(_value(route, "gw")) or gateway) for route in conf.routes]
    return [(route, to, hop) for route, to, hop in routes if to]


def _value(node: Node, key: str) -> object:
    found = node.at([key])
    return found.value if found else None


def same_routes(conf: Conf, plugins: str) -> Faults:
    """Routes to the same network over the same hop."""
    seen = set()
    for route, to, hop in _hops(conf):
        if (to, hop) in seen and plugin_sets.fails("two-default-routes", plugins):
            yield (route.start, route.end), f"a second route to {to} over {hop}; delete one of the two"
        seen.add((to, hop))


def gateway_faults(conf: Conf, plugins: str) -> Faults:
    """A bridge that does not hold the gateway, and a default route over an address that the node does not hold.

    Of several default routes the first counts, with 1.1.1 the last: it puts each before those that are there (RouteAddEcmp), the others pass over it.
    """
    defaults = [(route, hop) for route, to, hop in _hops(conf) if to == network("0.0.0.0/0")]
    route, hop = defaults[-1 if plugin_sets.fails("two-default-routes", plugins) else 0] if defaults else (None, None)
    if hop and conf.subnet and hop != _gateway(conf) and hop in conf.subnet:
        gw = route.at(["gw"])
        yield (gw.start, gw.end), f"gw {hop} is not the gateway {_gateway(conf)}, the one address that the node holds; delete gw"
    holder = conf.bridge
    given = [member for member in holder.unique() if member.key in ("isGateway", "isDefaultGateway")] if holder else []
    if not holder or any(member.node.value is True for member in given):
        return
    unset = [member for member in given if member.node.value is False or member.node.is_null]
    if unset:
        key, node = unset[0].key, unset[0].node
        words = f"{key} is {'null' if node.is_null else 'false'}; write true, so that the bridge holds the gateway"
        yield (node.start, node.end), words
    elif not given and holder is conf.root:
        yield conf.span("type"), 'a bridge without isGateway does not hold the gateway; add "isGateway": true'


def _members(conf: Conf, of_ipam: tuple, of_routes: tuple) -> list[tuple[Node, Member, bool]]:
    """The members of host-local's `ipam` and of its routes that have one of the keys and hold text (a network also: null).

    Each with what it is a member of and whether it counts: one that a later one of the same key hides does not, but is read. An empty
    gateway counts as none, as in Go.
    """
    if not conf.ipam:
        return []
    found = []
    for holder, keys in [(conf.ipam, of_ipam), *((route, of_routes) for route in conf.routes)]:
        last = {member.key: member for member in holder.members}
        found += [(holder, member, last[member.key] is member) for member in holder.members if member.key in keys]
    return [each for each in found if _is_text(each[1].node) or (each[1].key in ("subnet", "dst") and each[1].node.value in ("", None))]


def _is_text(node: Node) -> bool:
    return isinstance(node.value, str) and node.value != ""


def route_faults(conf: Conf, plugins: str) -> Faults:
    """What is wrong with the pods' default route."""
    if conf.plugin == "flannel":
        yield from _flannel_route(conf, plugins)
    elif conf.plugin and conf.ipam:
        yield from _ipam_route(conf, plugins)


def _ipam_route(conf: Conf, plugins: str) -> Faults:
    """What is wrong with the default route that `ipam` or the bridge gives."""
    routes = conf.root.at(["ipam", "routes"])
    if routes and routes.kind != "list" and not routes.is_null:
        return
    everywhere = network("0.0.0.0/0")
    given = [route for route in conf.routes if everywhere in (destination(to := _value(route, "dst")), network(to, strict=False))]
    by_bridge = conf.plugin == "bridge" and conf.value("isDefaultGateway") is True
    if given and by_bridge and not any(_value(route, "gw") for route in given) and plugin_sets.fails("two-default-routes", plugins):
        dst = given[0].at(["dst"])
        yield (dst.start, dst.end), "a second default route beside isDefaultGateway; delete one of the two"
    elif not given and not by_bridge:
        place = conf.root.key_span(["ipam", "routes"] if routes else ["ipam"])
        yield place, 'no default route, so the pod reaches nothing outside; write "routes": [{ "dst": "0.0.0.0/0" }]'


def _flannel_route(conf: Conf, plugins: str) -> Faults:
    """What is wrong with the default route that flannel's delegate gives, or flannel's own `ipam` where that is handed on."""
    own = conf.root.at(["ipam", "routes"])
    to = [destination(_value(route, "dst")) for route in own.items] if own else []
    if network("0.0.0.0/0") in to and not plugin_sets.fails("ipam-of-flannel", plugins):
        return
    delegate = conf.root.at(["delegate"])
    given = conf.root.at(["delegate", "isDefaultGateway"])
    lacking = "no default route, so the pod reaches nothing outside; write"
    if conf.text("delegate", "type") not in ("", "bridge"):
        yield conf.span("delegate", "type"), "no default route, which flannel gives through a bridge alone; delete type"
    elif given and (given.value is False or given.is_null):
        yield (given.start, given.end), f"{lacking} true"
    elif not given and (delegate is None or delegate.kind == "object" or delegate.is_null):
        place = conf.root.key_span(["delegate"]) if delegate else conf.span("type")
        yield place, f'{lacking} "delegate": {{ "isDefaultGateway": true }}'
