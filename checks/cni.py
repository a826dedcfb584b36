"""Checks of network configurations (`snippets/cni/*.conf`) and of flannel's `subnet.env` (`snippets/env/*.env`).

A configuration has three outcomes: the plugin refuses it; the plugin takes it, but the pod cannot reach anything; it works.
These checks tell the first two from the third without the plugin. `tests/test_cni_acceptance.py` holds them
to what real plugins did.
"""

import itertools
import os
import posixpath
from collections import defaultdict

from checks import network_rules, plugin_sets, schemas
from checks.addresses import network
from checks.documents import Broken
from checks.findings import check
from checks.net_d import loaded
from checks.networks import Conf, read
from checks.tree import once

NETWORK = "rkt.kubernetes.io"


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
    yield from _by_set(tree, network_rules.misfits)


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
    yield from _by_set(tree, network_rules.malformed)


@check()
def range_is_inside_subnet(tree):
    """The addresses for pods lie in the subnet, in order, and there is at least one.

    A `subnet` with a prefix length of 31 or 32 leaves no address for a pod. `rangeStart` and `rangeEnd` narrow
    what `host-local` hands out: both lie in `subnet`, the first not behind the second. An address that `args` asks for is one of the subnet.

    Take a larger subnet, or mend the range.

    Source: `checks/facts/cni-acceptance.json` (cases b055, b056, b05c, b08b, b08c).
    """
    yield from _by_set(tree, network_rules.range_faults)


@check()
def gateway_is_inside_subnet(tree):
    """The gateway, and the next hop of every route, is an address in the pods' subnet.

    A pod reaches its gateway directly or not at all. The kernel refuses a route over an address outside of
    `subnet` (`network is unreachable`), and a route over the last address of `subnet`, which is the broadcast
    address. Without `gateway`, `host-local` takes the first address of the subnet.

    Write an address of the subnet, mostly the first.

    Source: `checks/facts/cni-acceptance.json` (cases b061, b066, b078).
    """
    yield from _by_set(tree, network_rules.hop_faults)


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
    yield from _by_set(tree, network_rules.route_faults)


@check()
def routes_differ(tree):
    """No two routes in `ipam` lead to the same network over the same hop.

    The second of them changes nothing. The plugins that rkt brings and those of 0.9.0 pass over it; 1.1.1 refuses the configuration
    (`file exists`).

    Delete one of the two.

    Source: CNI plugins 0.9.0 and 1.1.1, which were run; `pkg/ipam/ipam_linux.go` of both; `checks/facts/cni-acceptance.json` (case b0e1).
    """
    yield from _by_set(tree, network_rules.same_routes)


@check()
def bridge_holds_gateway(tree):
    """The bridge holds the gateway's address, so that the pods' default route leads somewhere.

    Without `isGateway` (or `isDefaultGateway`, which implies it) the bridge gets no address. The plugin is content
    and the pod has its route, but nobody answers at the other end. The `flannel` plugin sets `isGateway` by itself
    where `delegate` lacks it. A default route over another address (`gw`) than the gateway leads to nobody either.

    Write `"isGateway": true`, and leave `gw` out of the default route.

    Source: `checks/facts/cni-acceptance.json` (cases b013, b014, b022).
    """
    yield from _by_set(tree, network_rules.gateway_faults)


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


# Of the faults of one sort in one file so many are looked at; nobody reads more.
_MANY = 500


def _by_set(tree, rule):
    """What a rule finds under each set of plugins that is aimed at; each thing once, with the sets that fail where others work.

    A rule is called with a configuration and a set's name, and yields where and what.
    """
    for file, conf in _confs(tree):
        aimed = _aimed(tree, conf)
        found = defaultdict(list)
        for name in aimed:
            for fault in dict.fromkeys(itertools.islice(rule(conf, name), _MANY)):
                found[fault].append(name)
        for (span, words), failing in found.items():
            yield file.place(*span), words + plugin_sets.said(failing, aimed)


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
