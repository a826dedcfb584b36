"""Random changes to network configurations, for `fuzz_cni.py`: the same seed makes the same mutants.

A change is a function of a generator of random numbers and a text; most take the text apart into keys, values and what is between, so that doubled
keys and odd numbers stay as they are written.
"""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mutant:
    """A changed configuration: its number, what it was made of (name, bytes, the plugin), and the changes with their seeds."""

    number: int
    name: str
    origin: bytes
    plugin: str
    changes: tuple[tuple[str, int], ...]
    text: bytes = b""

    def with_changes(self, changes: tuple[tuple[str, int], ...]) -> "Mutant":
        return replace(self, changes=changes, text=changed(self.origin, changes))


def mutants(good: list[tuple[str, bytes]], seed: int, count: int) -> Iterator[Mutant]:
    """`count` mutants of some good configurations (names and bytes); most have one to three changes."""
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        name, text = good[number % len(good)]
        steps = chance.choices((1, 2, 3, 5), (5, 3, 2, 1))[0]
        changes = tuple((chance.choices(*zip(*WEIGHTS.items()))[0], chance.getrandbits(32)) for _ in range(steps))
        mutant = Mutant(number, name, text, json.loads(text).get("type", "bridge"), ())
        yield mutant.with_changes(changes)


def changed(text: bytes, changes: tuple[tuple[str, int], ...]) -> bytes:
    """A text after some changes. Those of the tree come first, because they need one; those of bytes after them."""
    tree = taken_apart(text)
    for name, seed in changes:
        if name in TREE and tree:
            TREE[name](random.Random(seed), tree)
    text = written(tree[-1][1] if tree else "").encode("utf-8", "surrogatepass") + b"\n"
    for name, seed in changes:
        if name in BYTES:
            text = BYTES[name](random.Random(seed), text)
    return text


# ---- trees: an object is a list of [key, value] in `Object`, a scalar is the text that stands in the file ----


class Object(list):
    """The members of an object, each a list of the key as written (with its quotes) and the value."""


class Items(list):
    """The items of a list, each a list of nothing and the value."""


def taken_apart(text: bytes) -> Items:
    """The tree of a good configuration, as the only item of a list, so that it can be replaced too."""

    def build(value):
        if isinstance(value, Object):
            return Object([json.dumps(key), build(each)] for key, each in value)
        if isinstance(value, list):
            return Items([None, build(each)] for each in value)
        return json.dumps(value)

    return Items([[None, build(json.loads(text, object_pairs_hook=Object))]])


def written(node, depth: int = 0) -> str:
    """The text of a tree, a member a line."""
    if isinstance(node, str):
        return node
    inner = "  " * (depth + 1)
    lines = [f"{inner}{f'{key}: ' if key is not None else ''}{written(value, depth + 1)}" for key, value in node]
    left, right = "{}" if isinstance(node, Object) else "[]"
    return "\n".join([left, ",\n".join(lines), "  " * depth + right]) if lines else left + right


def entries(node) -> list[tuple[list, list]]:
    """Every member and item with the object or list that holds it."""
    found = []
    for entry in node:
        found.append((node, entry))
        if not isinstance(entry[1], str):
            found += entries(entry[1])
    return found


def members(tree: Items) -> list[tuple[list, list]]:
    return [(holder, entry) for holder, entry in entries(tree) if entry[0] is not None]


def objects(tree: Items) -> list[Object]:
    return [entry[1] for _, entry in entries(tree) if isinstance(entry[1], Object)]


# ---- what to write in the place of what stands there ----

ODD = ["null", "true", "false", '"true"', '"false"', "0", "1", "-1", "-0", "1460", '"1460"', "1e3", "1.0", "1460.0", "0.5", "1e400", "1E+2",
       "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" + "0" * 30, '""', '" "', '"0"', "[]", "{}", "[null]", "[[]]",
       "[{}]", '["x"]', '{"": 0}', '{"cni": {"mac": 5}}', '"\\u0000"', '"\\ud800"', '"é"']  # fmt: skip
ADDRESSES = ["10.22.0.0", "10.22.0.1", "10.22.0.2", "10.22.0.254", "10.22.0.255", "10.22.255.254", "10.22.255.255", "10.23.0.1", "10.22.1.1",
             "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "fd00::1", "::ffff:10.22.0.1", "::", "10.22.0.01", "010.22.0.1", "10.22.0.1/16",
             " 10.22.0.1", "10.22.0.1 ", "10.22.0", "10.22.0.1.1", "10.22.0.256", "0x0a.22.0.1", "１0.22.0.1", "169446401", "10.22.-0.1", ""]  # fmt: skip
NETWORKS = ["10.22.0.0/8", "10.22.0.0/16", "10.22.0.0/24", "10.22.0.0/29", "10.22.0.0/30", "10.22.0.0/31", "10.22.0.0/32", "10.22.0.0/33",
            "10.22.0.1/32", "10.22.0.4/30", "10.22.0.252/30", "10.0.0.0/8", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.22.0.1/16", "10.99.0.0/16",
            "10.22.0.0/-1", "10.22.0.0/016", "10.22.0.0/ 16", "10.22.0.0/1６", "10.22.0.0/+16", "10.22.0.0/255.255.0.0", "010.22.0.0/16", "fd00::/64",
            "::/0", "::ffff:10.22.0.0/112", "10.22.0.0/", "/16", "default", "10.22.0.0/16 ", "127.0.0.0/8", "224.0.0.0/4", "169.254.0.0/16",
            "255.255.255.0/24", "0.0.0.0/8", "10.1.2.3/0", "0.0.0.0/00", ""]  # fmt: skip
VALUES = {
    "mtu": ["67", "68", "69", "1279", "1280", "65535", "65536", "65521", "0", "-1", "1500.0", "2147483648", "4294967296", "-0", "576"],
    "bridge": ["a" * 15, "a" * 16, "a b", "a/b", "a:b", ".", "..", "é", "é" * 8, "网桥", "a\\tb", "a\\u0000", "%d", "br%d", "%s", "lo", "eth0",
               "", "all", "default", "-", "a\\\\b", "a\\u007f", "\\ud800", "br0@x", "veth0", "mybridge\\n", "ａ", "\\u00a0", "a\\u200b"],
    "name": ["rkt.kubernetes.io", "RKT.kubernetes.io", "rkt.kubernetes.io ", "rkt/kubernetes", "rkt.ku\\u0062ernetes.io", "", "-x", "é", "default"],
    "type": ["bridge", "ptp", "flannel", "macvlan", "ipvlan", "host-local", "loopback", "Bridge", "./bridge", "bridge ", "", "tuning", "dhcp", "static",
             "br\\u0069dge", "vlan"],
    "cniVersion": ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", "0.2", "", " 0.2.0", "v0.2.0"],
    "subnetFile": ["/run/flannel/subnet.env", "/nowhere", "", "/run/flannel/../flannel/subnet.env", "/run/flannel"],
    "dataDir": ["/var/lib/cni/networks", "/tmp/x", "", "/proc/x", "relative"],
    "resolvConf": ["/etc/resolv.conf", "/nowhere", ""],
}  # fmt: skip
NEW = ['"isGateway": true', '"isGateway": false', '"isDefaultGateway": true', '"isDefaultGateway": false', '"ipMasq": true', '"ipMasq": "true"',
       '"hairpinMode": true', '"promiscMode": true', '"forceAddress": true', '"vlan": 100', '"vlan": 4095', '"vlan": 0', '"mtu": 1400', '"mtu": 67',
       '"cniVersion": "0.3.1"', '"cniVersion": "0.2.0"', '"cniVersion": 2', '"dns": {"nameservers": ["10.0.0.1"]}', '"dns": {"nameservers": "10.0.0.1"}',
       '"dns": {"domain": 5}', '"dns": null', '"dns": {"search": [null]}', '"args": {"cni": {"ips": ["10.22.0.9"]}}', '"args": {"cni": {"mac": "02:00:00:00:00:05"}}',
       '"args": "x"', '"args": {"cni": {"mac": "x"}}', '"args": {"cni": {"ips": ["10.99.0.9"]}}', '"args": {"x": 1}', '"args": []', '"capabilities": {"ips": true}', '"capabilities": {"ips": 1}', '"runtimeConfig": {"mac": "02:00:00:00:00:05"}',
       '"runtimeConfig": {"ips": ["10.22.0.9"]}', '"runtimeConfig": 5', '"prevResult": {}', '"prevResult": {"ips": []}', '"prevResult": 5', '"gateway": "10.22.0.1"', '"gateway": "10.22.0.9"',
       '"rangeStart": "10.22.0.1"', '"rangeStart": "10.22.0.9"', '"rangeEnd": "10.22.0.20"', '"rangeEnd": "10.22.255.255"', '"rangeStart": "10.22.0.0"', '"rangeEnd": "10.22.0.1"',
       '"routes": [{"dst": "0.0.0.0/0"}]', '"routes": [{"dst": "10.99.0.0/16", "gw": "10.22.0.1"}, {"dst": "0.0.0.0/0", "gw": "10.22.0.1"}]', '"routes": null',
       '"ranges": [[{"subnet": "10.30.0.0/16"}]]', '"ranges": []', '"ranges": [[]]', '"dataDir": "/tmp/x"', '"resolvConf": "/etc/resolv.conf"', '"resolvConf": "/nowhere"', '"ipam": null', '"ipam": {}', '"ipam": {"type": "host-local"}',
       '"delegate": {"isDefaultGateway": true}', '"delegate": null', '"delegate": []', '"type": "bridge"', '"type": "ptp"', '"name": "x"', '"name": null', '"subnet": "10.22.0.0/24"',
       '"plugins": []', '"macspoofchk": false', '"enabledad": true', '"vlanTrunk": []', '"preserveDefaultVlan": false', '"": 1', '"fooBar": 1e400', '"NAME": 5', '"Name": "rkt.kubernetes.io"', '"gw": "10.22.0.1"',
       '"dst": "10.99.0.0/16"', '"addIf": "true"', '"disableCheck": true', '"keepMe": {"a": [1, {"b": null}]}']  # fmt: skip


def odd_value(chance: random.Random, key: str | None, value) -> str:
    """Something to write in the place of a value: mostly of the sort that the key asks for."""
    name = json.loads(key) if key else ""
    if name in VALUES and chance.random() < 0.7:
        picked = chance.choice(VALUES[name])
        return picked if name == "mtu" else f'"{picked}"'
    if isinstance(value, str) and value.startswith('"') and re.search(r"\d\.\d|::", value) and chance.random() < 0.8:
        pool = NETWORKS if "/" in value else ADDRESSES
        return json.dumps(chance.choice(pool), ensure_ascii=False)
    return chance.choice(ODD)


# ---- changes of the tree ----


def delete(chance: random.Random, tree: Items) -> None:
    holder, entry = chance.choice(entries(tree)[1:] or entries(tree))
    holder[:] = [each for each in holder if each is not entry]


def double(chance: random.Random, tree: Items) -> None:
    """An item or a member again, the second mostly with another value or key."""
    holder, entry = chance.choice(entries(tree))
    key, value = entry
    if chance.random() < 0.5:
        value = odd_value(chance, key, value)
    if key is not None and chance.random() < 0.4:
        key = other_case(chance, key)
    holder.insert(chance.randrange(len(holder) + 1), [key, copy.deepcopy(value)])


def retype(chance: random.Random, tree: Items) -> None:
    _, entry = chance.choice(entries(tree))
    entry[1] = chance.choice(ODD)


def revalue(chance: random.Random, tree: Items) -> None:
    scalars = [entry for _, entry in entries(tree) if isinstance(entry[1], str)]
    if scalars:
        entry = chance.choice(scalars)
        entry[1] = odd_value(chance, entry[0], entry[1])


def misspell(chance: random.Random, tree: Items) -> None:
    if found := members(tree):
        _, entry = chance.choice(found)
        name = json.loads(entry[0])
        at = chance.randrange(len(name) + 1)
        name = chance.choice(
            [
                name[:at] + name[at + 1 :],
                name[:at] + "x" + name[at:],
                name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :],
                name + " ",
                "é" + name,
            ]
        )
        entry[0] = json.dumps(name, ensure_ascii=False)


def recase(chance: random.Random, tree: Items) -> None:
    if found := members(tree):
        _, entry = chance.choice(found)
        entry[0] = other_case(chance, entry[0])


def other_case(chance: random.Random, key: str) -> str:
    name = json.loads(key)
    if not name:
        return key
    at = chance.randrange(len(name))
    made = [
        name.upper(),
        name.lower(),
        name[:at] + name[at:].swapcase(),
        name.replace("s", "ſ"),
        name.replace("k", "K"),
        name.replace("i", "ı"),
        name.replace("st", "ﬆ"),
        name.title(),
    ]
    return json.dumps(chance.choice(made), ensure_ascii=chance.random() < 0.3)


def shift(chance: random.Random, tree: Items) -> None:
    """An octet, the prefix or the bits behind it of an address."""
    found = [entry for _, entry in entries(tree) if isinstance(entry[1], str) and re.fullmatch(r'"\d+\.\d+\.\d+\.\d+(/\d+)?"', entry[1])]
    if found:
        entry = chance.choice(found)
        numbers = re.split(r"([./])", entry[1].strip('"'))
        at = 2 * chance.randrange((len(numbers) + 1) // 2)
        numbers[at] = str(max(0, int(numbers[at]) + chance.choice([-1, 1, 1, 2, 7, 8, 13, 14, 15, 16, 200, 255])))
        entry[1] = f'"{"".join(numbers)}"'


def add(chance: random.Random, tree: Items) -> None:
    if found := objects(tree):
        key, value = re.fullmatch(r'("[^"]*"): (.*)', chance.choice(NEW)).groups()
        holder = chance.choice(found)
        holder.insert(chance.randrange(len(holder) + 1), [key, value])


def move(chance: random.Random, tree: Items) -> None:
    """A member into another object."""
    found, holders = members(tree), objects(tree)
    if found and holders:
        holder, entry = chance.choice(found)
        holder[:] = [each for each in holder if each is not entry]
        if not isinstance(entry[1], str) and any(each is entry[1] for each in holders):
            holders = [holder]  # never into itself
        chance.choice(holders).append(entry)


def combine(chance: random.Random, tree: Items) -> None:
    """Who holds the gateway and who gives the default route, in any combination."""
    tops = [entry[1] for entry in tree if isinstance(entry[1], Object)]
    for top in tops:
        inner = [entry[1] for entry in top if entry[0] == '"delegate"' and isinstance(entry[1], Object)] or [top]
        for key in ('"isGateway"', '"isDefaultGateway"', '"ipMasq"'):
            value = chance.choice(["", "true", "false", "null"])
            inner[0][:] = [each for each in inner[0] if each[0] != key] + ([[key, value]] if value else [])
        for ipam in [entry[1] for entry in top if entry[0] == '"ipam"' and isinstance(entry[1], Object)]:
            routes = chance.choice(["", "[]", '[{"dst": "0.0.0.0/0"}]', '[{"dst": "0.0.0.0/0", "gw": "10.22.0.1"}]', '[{"dst": "0.0.0.0/0", "gw": "10.22.0.7"}]',
                                    '[{"dst": "10.99.0.0/16"}, {"dst": "0.0.0.0/0"}]', '[{"dst": "0.0.0.0/0"}, {"dst": "0.0.0.0/0"}]', '[{"dst": "0.0.0.0/0"}, {"gw": "10.22.0.1"}]',
                                    '[{"dst": "10.99.0.0/16"}, {"dst": "10.99.0.0/16"}, {"dst": "0.0.0.0/0"}]', '[null, {"dst": "0.0.0.0/0"}]', '[{"dst": "0.0.0.0/0"}, {}]',
                                    '[{"dst": "fd00::/64"}, {"dst": "0.0.0.0/0"}]', '[{"dst": "10.22.0.0/16"}, {"dst": "0.0.0.0/0"}]', '[{"dst": "0.0.0.0/1"}, {"dst": "128.0.0.0/1"}]'])  # fmt: skip
            ipam[:] = [each for each in ipam if each[0] != '"routes"'] + ([['"routes"', routes]] if routes else [])


# ---- changes of the bytes ----


def byte(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    new = bytes([chance.choice([0, 9, 10, 13, 32, 34, 44, 58, 91, 93, 123, 125, 127, 128, 160, 194, 239, 255, 48, 92])])
    return chance.choice([text[:at] + text[at + 1 :], text[:at] + new + text[at:], text[:at] + new + text[at + 1 :]])


def cut(chance: random.Random, text: bytes) -> bytes:
    return text[: chance.randrange(len(text) + 1)]


def garbage(chance: random.Random, text: bytes) -> bytes:
    return text + chance.choice(
        [
            b"}",
            b"{}",
            b"EOF\n",
            b"\x00",
            b"\n\n\n",
            b" \t\r\n",
            b"null",
            b",",
            b"// end\n",
            b"# end\n",
            "\u00a0".encode(),
            "\ufeff".encode(),
        ]
    )


def encode(chance: random.Random, text: bytes) -> bytes:
    plain = text.decode("utf-8", "replace")
    return chance.choice([
        lambda: b"\xef\xbb\xbf" + text,
        lambda: plain.encode("utf-16"),
        lambda: plain.encode("utf-16-le"),
        lambda: plain.encode("utf-32"),
        lambda: text.replace(b"\n", b"\r\n"),
        lambda: text.replace(b"\n", b"\r"),
        lambda: text.replace(b" ", "\u00a0".encode(), 1),
        lambda: text.replace(b"  ", "\u3000".encode(), 1),
        lambda: text.replace(b'"', "\u201c".encode(), 1),
        lambda: text.replace(b'"', b"'"),
        lambda: text.replace(b"kubernetes", b"kubern\xe9tes"),
        lambda: text.replace(b'": "', b'": "\xff', 1),
        lambda: text.replace(b"\n", b"\n\x0b", 1),
        lambda: text.replace(b"\n", b"\n\x0c", 1),
        lambda: text.replace(b"\n", " \u2028".encode(), 1),
        lambda: text.replace(b"mybridge", b"br\xc3"),
        lambda: text.replace(b"i", b"\\u0069"),
        lambda: text.replace(b":", b": \t\r\n ", 1),
        lambda: b"\n\n \t" + text,
    ])()  # fmt: skip


def syntax(chance: random.Random, text: bytes) -> bytes:
    old, new = chance.choice([(b"}", b",}"), (b"]", b",]"), (b",", b""), (b",", b",,"), (b":", b"="), (b":", b""), (b"{", b""), (b"}", b""), (b"true", b"True"),
                              (b"true", b"yes"), (b"true", b"tru"), (b"1460", b"01460"), (b"1460", b"+1460"), (b"1460", b"0x5b4"), (b"1460", b"1_460"), (b"1460", b".5"),
                              (b"1460", b"1."), (b"1460", b"NaN"), (b"1460", b"Infinity"), (b'"', b""), (b'"', b'""'), (b",\n", b", // comment\n"), (b",\n", b", /* c */\n"), (b"\n", b"\n# c\n"),
                              (b"io", b"\\x69o"), (b"io", b"i\\o"), (b"io", b"io\\"), (b'"name"', b"name"), (b"{", b"[{"), (b" ", b"\x00"), (b"bridge", b"bri\ndge"), (b"bridge", b"bri\tdge")])  # fmt: skip
    places = [match.start() for match in re.finditer(re.escape(old), text)]
    if not places:
        return text
    at = chance.choice(places)
    return text[:at] + new + text[at + len(old) :]


TREE: dict[str, Callable] = {each.__name__: each for each in (delete, double, retype, revalue, misspell, recase, shift, add, move, combine)}
BYTES: dict[str, Callable] = {each.__name__: each for each in (byte, cut, garbage, encode, syntax)}
# How often each is drawn: what reaches the plugins more often than what the decoder refuses.
WEIGHTS = {"delete": 6, "double": 9, "retype": 6, "revalue": 14, "misspell": 3, "recase": 5, "shift": 10, "add": 14, "move": 3, "combine": 14,
           "byte": 3, "cut": 1, "garbage": 2, "encode": 4, "syntax": 3}  # fmt: skip
