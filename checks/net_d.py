"""rkt's rules for `/etc/rkt/net.d`: which network comes out of which file, and what fails all of them.

```python
from checks.net_d import loaded

folder = loaded({"10-good.conf": '{"name": "rkt.kubernetes.io", "type": "bridge"}', "99-other.conf": "{"})
print(folder.networks, folder.broken, folder.fault)
#> {} 99-other.conf the text ends before everything is closed; write } after this
```
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.documents import Broken, Node, Span
from checks.networks import Conf, read

# The keys that rkt itself reads of each file, whichever network a pod asks for, with the Go type that each has (NetConf in its
# networking/networking.go, and the one of CNI in it).
READ_BY_RKT = {
    ("name",): "string",
    ("type",): "string",
    ("ipMasq",): "bool",
    ("mtu",): "int",
    ("ipam",): "struct { Type string }",
    ("ipam", "type"): "string",
    ("dns",): "types.DNS",
    ("dns", "nameservers"): "[]string",
    ("dns", "domain"): "string",
    ("dns", "search"): "[]string",
    ("dns", "options"): "[]string",
}


@dataclass
class Folder:
    """What rkt has read: the file of each network, what it says of files that it passes over, and what it stumbled over, where in the file."""

    networks: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    broken: str = ""
    fault: str = ""
    span: Span = (0, 1)


def loaded(files: Mapping[str, str]) -> Folder:
    """What rkt makes of a folder, given as names (below the folder) with texts.

    Names that do not end in `.conf` and subfolders do not count. Files are read in the order of their names, byte by byte; the first
    with a `name` wins. One that cannot be read fails all.
    """
    folder = Folder()
    for name in sorted(files, key=os.fsencode):
        if not name.endswith(".conf") or "/" in name:
            continue
        conf = read(files[name])
        fault, span = (conf.message, (conf.start, conf.end)) if isinstance(conf, Broken) else _misfit(conf)
        if fault:
            return Folder(broken=name, fault=fault, span=span)
        network = conf.text("name")
        if network in folder.networks:
            folder.ignored.append(f'"{network}" network already defined, ignoring {name}')
        else:
            folder.networks[network] = name
    return folder


def _misfit(conf: Conf) -> tuple[str, Span]:
    """The words of rkt for the first value that it cannot read, or nothing, and where the value stands."""
    if conf.root.kind != "object":
        return "json: cannot unmarshal a value that is no object into Go value of type networking.NetConf", conf.span()
    for path, wanted in READ_BY_RKT.items():
        for node in filter(None, (root.at(path) for root in conf.readings)):
            if wrong := next((each for each in (node, *node.items) if not _fits(each, wanted if each is node else wanted[2:])), None):
                name = f"Go struct field NetConf.{'.'.join(path)} of type {wanted if wrong is node else wanted[2:]}"
                return f"json: cannot unmarshal {_kind(wrong)} into {name}", (wrong.start, wrong.end)
    return "", (0, 1)


def _fits(node: Node, wanted: str) -> bool:
    """Whether Go's decoder puts a value into a variable of a type. A null fits all; a whole number is one of 64 bits, without a point."""
    if node.is_null:
        return True
    if wanted == "int":
        return type(node.value) is int and -(2**63) <= node.value < 2**63
    return _kind(node) == ("array" if wanted.startswith("[]") else wanted if wanted in ("string", "bool") else "object")


def _kind(node: Node) -> str:
    """What Go's decoder calls a value."""
    if node.kind != "scalar":
        return {"list": "array"}.get(node.kind, node.kind)
    return "bool" if isinstance(node.value, bool) else "string" if isinstance(node.value, str) else "number"
