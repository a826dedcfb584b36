"""Checks of network configurations (`snippets/cni/*.conf`) and of flannel's `subnet.env` (`snippets/env/*.env`).

A configuration has three outcomes: the plugin refuses it; the plugin takes it, but the pod cannot reach anything; it works.
These checks tell the first two from the third without the plugin. `tests/test_cni_acceptance.py` holds them
to what real plugins did.
"""

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from checks import plugin_sets, schemas
from checks.addresses import address, address_words, destination, is_ipv6, leading_zeros, network, network_words
from checks.documents import Broken, Member, Node, Span
from checks.findings import check
from checks.net_d import loaded
from checks.networks import Conf, read
from checks.tree import once

NETWORK = "rkt.kubernetes.io"

Faults = Iterator[tuple[Span, str]]


@check()
def cni_is_json(tree):
    """A network configuration is JSON, as strict as the plugins read it.

    rkt and the plugins read the file with Go's `encoding/json`: no comments, no comma before a closing bracket,
    double quotes only. One file in `/etc/rkt/net.d` that is not JSON ends the loading of all networks, so pods
    that do not use its network fail too.

    Mend what the message names; the other checks of the file wait for that.

    Source: RFC 8259; rkt v1.13.0 `networking/podenv.go`.
    """
    for file in tree.snippets("cni"):
        fault = read(file.text)
        if isinstance(fault, Broken):
            yield file.place(fault.start, fault.end), fault.message


@check()
def cni_fits_schema(tree):
    """Every key of a network configuration holds a value of the type and range that its plugin can read.

    The plugins refuse a configuration with a value of another type: `"true"` in quotes is no boolean, `"1460"` is
    no number, and one route is no list of routes. Ranges are those of the kernel: an `mtu` from 68 to 65535 (0 and
    less leave the choice to the kernel), a `bridge` name of 1 to 15 bytes without blank, slash, colon or percent sign. What a plugin needs has to be
    there: `name`, `ipam` with a `type`, for `host-local` a `subnet`, in each route a `dst`. In flannel's
    `delegate`, `name` and `ipam` are refused, because the flannel plugin writes them.

    Where the plugins that rkt brings, those of 0.9.0 and those of 1.1.1 differ, the finding says which of them fail, here as in the
    other checks of network configurations. `--plugins` names the one set that a configuration is for.

    Write what the message asks for.

    Source: `checks/schemas/cni.json`, made from the plugins' code (its head says which) and held to
    `checks/facts/cni-acceptance.json`, which says what three sets of real plugins did with 111 configurations.
    """
    yield from _by_set(tree, _misfits)


@check()
def cni_keys_are_known(tree):
    """Every key of a network configuration is one that its plugin reads, in that spelling, and stands once.

    This rule is stricter than the plugins, which ignore what they do not know: a misspelt key has no effect, and
    nobody says so. `addIf`, which old examples hold, was read by no release of the `bridge` plugin. The plugins
    also find a key in another case (`isgateway`), and of doubled keys they take the last; this guide relies on
    neither. Keys that belong to the program that calls the plugin are none of a file. A key that some of the plugins read and others ignore is named as such, unless `--plugins` says that it is meant for
    those that read it.

    Write the key as the message suggests, or delete it.

    Source: `checks/facts/cni.json`; `checks/facts/cni-acceptance.json` (cases b004, b015, b022).
    """
    for file, conf in _confs(tree):
        aimed = _aimed(tree, conf)
        found = [problem for name in aimed for problem in schemas.problems(conf.schema(name, effective=True), conf.raw)]
        for problem in dict.fromkeys(problem for problem in found if problem.rule == "additionalProperties"):
            yield file.place(problem.start, problem.end), problem.message
        for member in conf.raw.doubled():
            yield (
                file.place(member.start, member.end),
                f"{schemas.shown(member.key)} stands twice in one object; keep the one that is meant",
            )


@check()
def addresses_are_well_formed(tree):
    """Every address in a network configuration can be read as the address that it is meant to be.

    `subnet` and `dst` are IPv4 networks: an address, a slash, a prefix length, and no bits set behind the prefix
    (`10.22.0.0/16`). `gateway`, `rangeStart`, `rangeEnd` and `gw` are plain IPv4 addresses. A leading zero
    (`10.022.0.0`) is accepted by some plugins and refused by others. The plugins that rkt brings know IPv4
    only: to a `dst` of IPv6 they make no route.

    Write the address in the form that the message shows.

    Source: `checks/facts/cni-acceptance.json` (cases b051 to b05a, b062 to b064); `checks/facts/cni.json`.
    """
    yield from _by_set(tree, _malformed)


@check()
def range_is_inside_subnet(tree):
    """The addresses for pods lie in the subnet, in order, and there is at least one.

    A `subnet` with a prefix length of 31 or 32 leaves no address for a pod. `rangeStart` and `rangeEnd` narrow
    what `host-local` hands out: both lie in `subnet`, the first not behind the second. An address that `args` asks for is one of the subnet.

    Take a larger subnet, or mend the range.

    Source: `checks/facts/cni-acceptance.json` (cases b055, b056, b05c, b08b, b08c).
    """
    yield from _by_set(tree, _range_faults)


@check()
def gateway_is_inside_subnet(tree):
    """The gateway, and the next hop of every route, is an address in the pods' subnet.

    A pod reaches its gateway directly or not at all. The kernel refuses a route over an address outside of
    `subnet` (`network is unreachable`), and a route over the last address of `subnet`, which is the broadcast
    address. Without `gateway`, `host-local` takes the first address of the subnet.

    Write an address of the subnet, mostly the first.

    Source: `checks/facts/cni-acceptance.json` (cases b061, b066, b078).
    """
    yield from _by_set(tree, _hop_faults)


@check()
def pod_has_default_route(tree):
    """A pod in the network gets exactly one default route.

    Without one the plugin is content, the pod starts, and it reaches nothing outside of its networks. The route
    comes either from a route to `0.0.0.0/0` in `ipam` or, with the `bridge` plugin, from `isDefaultGateway`; both
    at once are refused by 1.1.1. With flannel, which writes `ipam` itself, it comes from
    `isDefaultGateway` in `delegate`; a `delegate` of another type than `bridge` gives none.

    Write what the message shows.

    Source: `checks/facts/cni-acceptance.json` (cases b070, b077, b0e1, f002, f008, f00c).
    """
    yield from _by_set(tree, _route_faults)


@check()
def routes_differ(tree):
    """No two routes in `ipam` lead to the same network over the same hop.

    The second of them changes nothing. The plugins that rkt brings and those of 0.9.0 pass over it; 1.1.1 refuses the configuration
    (`file exists`).

    Delete one of the two.

    Source: CNI plugins 0.9.0 and 1.1.1, which were run; `pkg/ipam/ipam_linux.go` of both; `checks/facts/cni-acceptance.json` (case b0e1).
    """
    yield from _by_set(tree, _same_routes)


@check()
def bridge_holds_gateway(tree):
    """The bridge holds the gateway's address, so that the pods' default route leads somewhere.

    Without `isGateway` (or `isDefaultGateway`, which implies it) the bridge gets no address. The plugin is content
    and the pod has its route, but nobody answers at the other end. The `flannel` plugin sets `isGateway` by itself
    where `delegate` lacks it. A default route over another address (`gw`) than the gateway leads to nobody either.

    Write `"isGateway": true`, and leave `gw` out of the default route.

    Source: `checks/facts/cni-acceptance.json` (cases b013, b014, b022).
    """
    yield from _by_set(tree, _gateway_faults)


@check()
def network_is_named_rkt_kubernetes_io(tree):
    """A network configuration names the network that the kubelet asks rkt for.

    With the contained network, the kubelet starts each pod with `--net=rkt.kubernetes.io`. The name is a constant.
    Without a network of that very name (case counts) rkt ends with `networks not found`. Of the files in one
    folder from outside of the guide, one has to hold the name.

    Write `"name": "rkt.kubernetes.io"`.

    Source: Kubernetes 1.3 `pkg/kubelet/rkt/rkt.go`; rkt v1.13.0 `networking/podenv.go`.
    """
    for folder, confs in _folders(tree).items():
        if folder != "snippets/cni" and any(conf.text("name") == NETWORK for _, conf in confs):
            continue
        for file, conf in confs:
            name = conf.text("name")
            if name and name != NETWORK:
                yield file.place(*conf.span("name")), f"the network is called {schemas.shown(name)}; the kubelet asks rkt for {NETWORK}"
            elif conf.value("name") in (None, "") and not any(plugin_sets.fails("no-name", each) for each in _aimed(tree, conf)):
                yield file.place(*conf.span("name")), f"the network has no name; the kubelet asks rkt for {NETWORK}"


@check()
def network_names_differ_in_one_folder(tree):
    """No two network configurations that lie in one folder together have the same name.

    rkt reads the files of `/etc/rkt/net.d` in the order of their names, compared as bytes. Of two with the same
    network name it takes the first, ignores the second and prints one line about it. The files in `snippets/cni`
    itself are alternatives, which do not lie on one node together; files in a folder below it, and files from
    outside of the guide, do.

    Delete one of the two, or rename its network.

    Source: rkt v1.13.0 `networking/podenv.go`.
    """
    for folder, confs in _folders(tree).items():
        first: dict[str, str] = {}
        read_by_rkt = [(file, conf) for file, conf in confs if file.path.endswith(".conf")]
        for base, file, conf in sorted(
            ((posixpath.basename(file.path), file, conf) for file, conf in read_by_rkt), key=lambda entry: os.fsencode(entry[0])
        ):
            name = conf.text("name")
            if name and first.setdefault(name, base) != base and folder != "snippets/cni":
                words = f"rkt ignores this file, because {first[name]} defines {schemas.shown(name)} before it"
                yield file.place(*conf.span("name")), words


@check()
def folder_is_loaded_by_rkt(tree):
    """No network configuration keeps rkt from loading those that lie in one folder with it.

    rkt reads all files of `/etc/rkt/net.d` before it looks for the network that a pod asks for. One file that is not JSON,
    or in which `name`, `type`, `ipMasq`, `mtu` or the `type` of `ipam` holds a value of another type, ends the reading: no
    pod gets any network, whichever it asks for. rkt names the file only with `--debug`.

    Mend the file, or move it out of the folder. The files in `snippets/cni` itself are alternatives and are not
    compared; files in a folder below it, and files from outside of the guide, are.

    Source: rkt v1.13.0 `networking/podenv.go`; `checks/facts/net-d.json`.
    """
    folders = defaultdict(dict)
    for file in tree.snippets("cni"):
        folders[posixpath.dirname(file.path)][posixpath.basename(file.path)] = file
    for path, files in folders.items():
        folder = loaded({name: file.text for name, file in files.items()})
        if folder.broken and path != "snippets/cni" and sum(name.endswith(".conf") for name in files) > 1:
            words = "rkt cannot read this and then loads no network of this folder at all; mend it, or move the file out of the folder"
            yield files[folder.broken].place(*folder.span), words


@check()
def conf_is_read_by_rkt(tree):
    """A network configuration is a file that rkt reads, for plugins that rkt brings, in a version whose answer rkt understands.

    rkt reads files that end in `.conf` and skips all others without a word, so also `.json` and `.conflist`, and
    everything in folders below `net.d`. Such a file holds one network, not a list of plugins. `type`, and the `type` of `ipam` and of `delegate`, name
    plugins that rkt brings, each of the sort that is called there: `bridge` makes a network, `host-local` hands out addresses. With a `cniVersion` from 0.3.0 on, later plugins answer in a form in which rkt finds
    no address; the plugins that rkt brings ignore the key.

    Rename or move the file, write one object, correct the plugin's name, or leave `cniVersion` out.

    Source: rkt v1.13.0 and v1.30.0 `networking/podenv.go` and `networking/net_plugin.go`.
    """
    plugins_set, brings = tree.plugins or "rkt", f"{tree.plugins} has" if tree.plugins not in ("", "rkt") else "rkt brings"
    for file, conf in _confs(tree):
        if not file.path.endswith(".conf"):
            yield file.place(0), "rkt reads files that end in .conf and skips this one; rename it"
        elif "/net.d/" in f"/{posixpath.dirname(file.path)}":
            yield file.place(0), "rkt looks into no folder below net.d and skips this file; move it up"
        plugins, named = conf.root.member("plugins"), conf.root.member("type")
        if plugins and not named:
            yield file.place(plugins.start, plugins.end), "rkt reads no list of plugins; write the keys of the network itself"
        elif conf.root.kind == "object" and (not named or named.node.is_null):
            place = conf.root.key_span(["type"]) if named else conf.span()
            yield file.place(*place), 'no type, so rkt finds no plugin; add one, such as "type": "bridge"'
        for path, role, what in _PLUGINS:
            name, known = conf.text(*path), plugin_sets.with_role(plugins_set, role)
            if name and name not in known:
                help_ = schemas.nearest(name, known) or f"; it {brings.split()[-1]} {', '.join(known)}"
                kind = f" that {what}" if name in plugin_sets.plugins(plugins_set) else ""
                yield file.place(*conf.span(*path)), f"{brings} no plugin {schemas.shown(name)}{kind}{help_}"
        later = [each for each in _aimed(tree, conf) if plugin_sets.fails("later-answer", each)]
        if later and (version := conf.text("cniVersion")) in ("0.3.0", "0.3.1", "0.4.0", "1.0.0"):
            words = f"cniVersion is {version}; rkt reads answers of 0.1.0 and 0.2.0 alone, so leave the key out"
            yield file.place(*conf.span("cniVersion")), words + plugin_sets.said(later, _aimed(tree, conf))


@check()
def flannel_env_is_complete(tree):
    """flannel's `subnet.env` has the four variables that the flannel plugin reads, each in its form.

    `FLANNEL_NETWORK` and `FLANNEL_SUBNET` are an address with a prefix length, the second inside of the first;
    `FLANNEL_MTU` is a number; `FLANNEL_IPMASQ` is `true` or `false`. flanneld writes the file. A line is
    a name, an equals sign and a value, without quotes and without `export`. Where a variable is missing, the plugin refuses to work.

    Write what the message asks for.

    Source: `checks/facts/cni.json` (`subnet_env_required`); `checks/facts/cni-acceptance.json` (cases f000, f001,
    f041, f044).
    """
    for file in tree.snippets("env"):
        values: dict[str, tuple[str, int]] = {}
        at = 0
        for line in file.text.split("\n"):
            name, equals, value = line.partition("=")
            start = at + len(name) + len(equals)
            if line and (words := _env_name_words(name, equals, values)):
                yield file.place(at, at + len(name)), words
            elif line and (words := _env_value_words(name, value)):
                yield file.place(start, start + len(value)), words
            values.setdefault(name, (value, start))
            at += len(line) + 1
        if missing := [name for name in _ENV if name not in values]:
            yield file.place(0), f"lacks {', '.join(missing)}; add what is missing"
        whole, part = (network(values.get(name, ("", 0))[0], strict=False) for name in _ENV[:2])
        if whole and part and not part.subnet_of(whole):
            value, start = values["FLANNEL_SUBNET"]
            yield file.place(start, start + len(value)), f"the subnet {value} lies outside of the network {whole}"


# Where a configuration names a plugin, the plugin's role there, and what it does.
_PLUGINS = (
    (("type",), "network", "makes a network"),
    (("ipam", "type"), "addresses", "hands out addresses"),
    (("delegate", "type"), "network", "makes a network"),
)


def _confs(tree):
    """Each file with a network configuration that is JSON."""
    for file in tree.snippets("cni"):
        conf = _conf(file)
        if isinstance(conf, Conf):
            yield file, conf


@once
def _conf(file) -> Conf | Broken:
    return read(file.text)


def _folders(tree) -> dict[str, list]:
    """The network configurations by folder."""
    folders = defaultdict(list)
    for file, conf in _confs(tree):
        folders[posixpath.dirname(file.path)].append((file, conf))
    return folders


def _aimed(tree, conf: Conf) -> tuple[str, ...]:
    """The sets of plugins that a configuration is aimed at."""
    return plugin_sets.aimed(tree.plugins, conf.plugin)


def _by_set(tree, rule):
    """What a rule finds under each set of plugins that is aimed at; each thing once, with the sets that fail where others work.

    A rule is called with a configuration and a set's name, and yields where and what.
    """
    for file, conf in _confs(tree):
        aimed = _aimed(tree, conf)
        found = defaultdict(list)
        for name in aimed:
            for fault in dict.fromkeys(rule(conf, name)):
                found[fault].append(name)
        for (span, words), failing in found.items():
            yield file.place(*span), words + plugin_sets.said(failing, aimed)


def _misfits(conf: Conf, plugins: str) -> Faults:
    """What does not fit the schema; of a key that a later one hides, the type alone."""
    for number, root in enumerate(conf.readings):
        for problem in schemas.problems(conf.schema(plugins), root):
            if problem.rule == "type" if number else problem.rule != "additionalProperties":
                yield (problem.start, problem.end), problem.message
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
    if not 1 <= len(data) <= 15:
        return "the name of an interface has 1 to 15 bytes, and a character beyond ASCII takes more than one"
    if name in (".", "..", "all", "default"):
        return "Linux keeps this name for itself; write another"
    if 160 in data:
        return "Linux takes a byte of one of its characters (160) for a blank; write another name"
    if set(data) & {*b"\0/:%", *range(9, 14), 32}:
        return "the name of an interface holds no blank, slash, colon or percent sign"
    return "every node has this interface, and it is no bridge; write another name" if name == "lo" else ""


def _malformed(conf: Conf, plugins: str) -> Faults:
    """Addresses and networks that cannot be read, or have bits set behind the prefix."""
    for member, counts in _members(conf, ("subnet", "gateway", "rangeStart", "rangeEnd"), ("dst", "gw")):
        key, value = member.key, member.node.value
        if value is None:
            words = "" if counts and key == "subnet" else "write an IPv4 address and a prefix length, such as 10.22.0.0/16"
        else:
            words = network_words(value) if key in ("subnet", "dst") else address_words(value)
        other_family = key == "gw" and is_ipv6(value) and not is_ipv6(_value(_route_of(conf, member), "dst"))
        if words and (other_family or ((counts or not is_ipv6(value)) and _is_refused(key, value, plugins))):
            yield (member.node.start, member.node.end), f"{key} is {schemas.shown(value)}; {words}"


def _route_of(conf: Conf, member: Member) -> Node:
    """The route that a member stands in."""
    return next(route for route in conf.routes if any(each is member for each in route.members))


def _is_refused(key: str, value: str | None, plugins: str) -> bool:
    """Whether a set of plugins refuses an address or a network that is not well-formed."""
    if value and leading_zeros(value):
        return plugin_sets.fails("leading-zero", plugins)
    if key == "subnet" and network(value, strict=False):
        return plugin_sets.fails("host-bits", plugins)
    if key in ("dst", "gw") and is_ipv6(value):
        return plugin_sets.fails("route-of-ipv6", plugins)
    return not (key == "dst" and destination(value))


def _range_faults(conf: Conf, plugins: str) -> Faults:
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


def _hop_faults(conf: Conf, _: str) -> Faults:
    """A gateway, or the next hop of a route, that pods do not reach."""
    subnet = conf.subnet
    if subnet and not any(_no_node(end) for end in (subnet[0], _gateway(conf)) if end):
        yield from (fault for member, counts in _members(conf, ("gateway",), ("gw",)) if counts for fault in _hop_fault(member, subnet))
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


def _hops(conf: Conf) -> list[tuple[Node, IPv4Network, IPv4Address | None]]:
    """Each route of host-local's that can be read: where it stands, where it leads, and over which hop."""
    routes = [(route, destination(_value(route, "dst")), address(_value(route, "gw")) or _gateway(conf)) for route in conf.routes]
    return [(route, to, hop) for route, to, hop in routes if to]


def _value(node: Node, key: str) -> object:
    found = node.at([key])
    return found.value if found else None


def _same_routes(conf: Conf, plugins: str) -> Faults:
    """Routes to the same network over the same hop."""
    seen = set()
    for route, to, hop in _hops(conf):
        if (to, hop) in seen and plugin_sets.fails("two-default-routes", plugins):
            yield (route.start, route.end), f"a second route to {to} over {hop}; delete one of the two"
        seen.add((to, hop))


def _gateway_faults(conf: Conf, plugins: str) -> Faults:
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


def _members(conf: Conf, of_ipam: tuple, of_routes: tuple) -> list[tuple[Member, bool]]:
    """The members of host-local's `ipam` and of its routes that have one of the keys and hold text (a network also: null), each with whether it counts.

    One that a later one of the same key hides does not count, but is read. An empty gateway counts as none, as in Go.
    """
    if not conf.ipam:
        return []
    holders = [(conf.ipam, of_ipam), *((route, of_routes) for route in conf.routes)]
    members = [(member, holder.member(member.key) is member) for holder, keys in holders for member in holder.members if member.key in keys]
    return [each for each in members if _is_text(each[0].node) or (each[0].key in ("subnet", "dst") and each[0].node.value in ("", None))]


def _is_text(node: Node) -> bool:
    return isinstance(node.value, str) and node.value != ""


def _route_faults(conf: Conf, plugins: str) -> Faults:
    """What is wrong with the pods' default route."""
    if conf.plugin == "flannel":
        yield from _flannel_route(conf)
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


def _flannel_route(conf: Conf) -> Faults:
    """What is wrong with the default route that flannel's delegate gives."""
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


_ENV = ("FLANNEL_NETWORK", "FLANNEL_SUBNET", "FLANNEL_MTU", "FLANNEL_IPMASQ")


def _env_name_words(name: str, equals: str, before: dict) -> str:
    """What is wrong with the name that a line of subnet.env sets, or nothing."""
    if name not in _ENV:
        near = schemas.nearest(name.removeprefix("export "), _ENV) or "; delete it"
        return f"{schemas.shown(name)} is no variable of flannel's{near}"
    if not equals:
        return f"no value; write {name}= and the value"
    return f"{name} stands twice; keep one" if name in before else ""


def _env_value_words(name: str, value: str) -> str:
    """What is wrong with a value in subnet.env, or nothing."""
    if name in _ENV[:2] and not network(value, strict=False):
        return f"{name} is {schemas.shown(value)}; write an IPv4 address and a prefix length, such as 10.244.0.0/16"
    if name == "FLANNEL_MTU" and not (value.isascii() and value.isdigit() and 68 <= int(value[:9]) <= 65535):
        return f"{name} is {schemas.shown(value)}; write a number from 68 to 65535"
    if name == "FLANNEL_IPMASQ" and value not in ("true", "false"):
        return f"{name} is {schemas.shown(value)}; write true or false"
    return ""
