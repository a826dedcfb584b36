"""What broke in an attempt to attach a pod, in a sentence, with the key that is at fault.

```python
from checks.attempts import Attempt, Part
from checks.networks import read
from checks.troubles import trouble

conf = read('{"type": "bridge", "isGateway": "true"}')
said = "failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.isGateway of type bool"
attempt = Attempt({"add": Part(1, '{"code": 999, "msg": "' + said + '"}')})
span, words = trouble(attempt, conf, {})
print(span, words.split(";")[0])
#> (32, 38) no pod starts, because the plugin cannot read isGateway: it is text, and true or false is wanted
```
"""

import difflib
import re

from checks.addresses import address, network
from checks.attempts import Attempt, message
from checks.documents import Node, Span
from checks.networks import Conf

_KINDS = {"string": "text", "number": "a number", "bool": "true or false", "object": "an object", "array": "a list"}
_WANTED = {"bool": "true or false", "int": "a number", "string": "text", "[]": "a list"}

# What the plugins' words speak of, where they quote no value.
_SPEAKS_OF = {
    "CNI version": ["cniVersion"],
    "network name": ["name"],
    "no valid IP addresses": ["ipam"],
    "no plugin name": ["ipam"],
    "range set": ["ipam", "subnet"],
    "no IP addresses available": ["ipam", "subnet"],
    "hairpin": ["hairpinMode"],
}

Trouble = tuple[Span, str] | None


def variables(text: str) -> dict[str, str]:
    """The variables of a `subnet.env`."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def trouble(attempt: Attempt, conf: Conf, env: dict[str, str]) -> Trouble:
    """The first thing that went wrong, or None: what has to be edited, and the sentence.

    What comes first explains what comes after: without a default route nothing outside can answer.
    """
    if attempt.refused:
        return _refused(attempt.refused, conf)
    if not attempt.ok("add"):
        return conf.span("type"), f"the plugin ends with status {attempt.parts['add'].status} and says nothing"
    return _route(attempt, conf) or _values(attempt, conf, env) or _answers(attempt, conf) or _end(attempt, conf)


def _refused(words: str, conf: Conf) -> Trouble:
    """The plugin's refusal, explained as far as it is known."""
    said = f"; the plugin says: {words}"
    if match := re.search(r"cannot unmarshal (\w+) into Go struct field \w*\.(\S+) of type (\[\]|\w+)", words):
        kind, path, wanted = match.groups()
        inner = ["delegate", *path.split(".")]
        at = inner if conf.plugin == "flannel" and conf.root.at(inner) else path.split(".")
        span = conf.span(*at) if conf.root.at(at) else _place(conf, at)
        is_, wants = _KINDS.get(kind, kind), _WANTED.get(wanted, "an object")
        return span, f"no pod starts, because the plugin cannot read {path}: it is {is_}, and {wants} is wanted{said}"
    if match := re.search(r"failed to add route .* via (\S+) dev \w+': network is unreachable", words):
        hop, subnet = address(match[1]), conf.subnet
        member, scalar = _scalar(conf.root, match[1]) or ("gateway", conf.root.at(["ipam"]) or conf.root)
        where = f"lies outside of the subnet {subnet}" if subnet and hop and hop not in subnet else "is not reached directly"
        words = f"no pod starts, because its route would lead over {match[1]}, which {where}: {member} is wrong"
        return (scalar.start, scalar.end), words + said
    if re.search(r"failed to add route '\{0\.0\.0\.0 .*: file exists", words):
        both = "no pod starts, because it would get two default routes: isDefaultGateway gives one beside the one in routes"
        return _place(conf, ["isDefaultGateway"]), both + said
    if "/run/flannel/subnet.env" in words:
        return conf.span("type"), f"no pod starts, because flannel's subnet.env does not say what the plugin needs{said}"
    path = next((path for start, path in _SPEAKS_OF.items() if start in words), None)
    found = _value_in(conf.root, words) if path in (None, ["ipam", "subnet"]) else None
    if found:
        return (found[1].start, found[1].end), f"no pod starts, because the plugin refuses {found[0]} as it stands{said}"
    return _place(conf, path or ["type"]), f"no pod starts, because the plugin refuses {path[-1] if path else 'the configuration'}{said}"


def _route(attempt: Attempt, conf: Conf) -> Trouble:
    """The default route: there is one, and somebody holds the address that it points to."""
    bridge = _bridge(conf)
    if not attempt.address:
        return conf.span("type"), "the plugin is content, but the pod has no address on eth0"
    if not attempt.gateway:
        words = f"the pod has the address {attempt.address} but no default route, so it reaches nothing outside of its network"
        if conf.plugin == "flannel":
            return _place(conf, ["delegate", "isDefaultGateway"]), f"{words}: delegate with isDefaultGateway is missing"
        return _place(conf, ["ipam", "routes"]), f"{words}: routes has no 0.0.0.0/0"
    if not attempt.holds_gateway:
        path = ["isGateway"] if conf.plugin != "flannel" else ["delegate", "isGateway"]
        node = conf.root.at(path)
        why = "isGateway is missing" if node is None else "isGateway is not true"
        words = f"the pod's default route points to {attempt.gateway}, but {bridge} does not hold that address: {why}"
        return ((node.start, node.end) if node else _place(conf, path)), words
    return None


def _values(attempt: Attempt, conf: Conf, env: dict[str, str]) -> Trouble:
    """What the configuration says of MTU and masquerading is so."""
    path = ["delegate"] if conf.plugin == "flannel" else []
    mtu = conf.value(*path, "mtu") or env.get("FLANNEL_MTU" if path else "")
    if mtu and int(mtu) > 0 and attempt.mtu != int(mtu):
        return _place(conf, [*path, "mtu"]), f"the pod's MTU is {attempt.mtu}, where the configuration says {mtu}"
    wanted = conf.value(*path, "ipMasq")
    if wanted is None:
        wanted = bool(path) and env.get("FLANNEL_IPMASQ") == "false"
    if bool(wanted) != attempt.masquerades or bool(wanted) != attempt.ok("masqueraded"):
        seen = "there is a rule" if attempt.masquerades else "there is no rule"
        gets = "gets an answer" if attempt.ok("masqueraded") else "gets no answer"
        words = f"ipMasq is {str(bool(wanted)).lower()}, but {seen} that masquerades, and a pod {gets} from a host that knows no way to it"
        return _place(conf, [*path, "ipMasq"]), words
    if attempt.form == "ips":
        words = "the plugin answers in the form of CNI 0.3.0, in which rkt finds no address for the pod: cniVersion is too high"
        return _place(conf, ["cniVersion"]), words
    return None


def _answers(attempt: Attempt, conf: Conf) -> Trouble:
    """The gateway, a host outside, and another pod answer."""
    if not attempt.ok("gateway"):
        return _place(conf, ["ipam", "gateway"]), f"the pod's gateway {attempt.gateway} does not answer, though {_bridge(conf)} holds it"
    if not attempt.ok("outside"):
        return conf.span("type"), f"the pod reaches its gateway {attempt.gateway}, but nothing behind it: the node passes nothing on"
    if not attempt.ok("add2"):
        room = network(attempt.address, strict=False)
        words = f"the first pod has {attempt.address}, but a second one gets no address in {room}: the range is too small"
        return _place(conf, ["ipam", "subnet"]), words
    if not attempt.ok("second"):
        return conf.span("type"), f"a second pod does not reach the first one at {attempt.address}, though both are on {_bridge(conf)}"
    return None


def _end(attempt: Attempt, conf: Conf) -> Trouble:
    """Taking the pods off leaves nothing."""
    for part in ("del", "del2"):
        if not attempt.ok(part):
            return conf.span("type"), f"the plugin cannot take the pod off again; it says: {message(attempt.parts[part].output)}"
    if attempt.left:
        return conf.span("type"), f"after the pods are gone this is left behind: {'; '.join(attempt.left)}"
    return None


def _bridge(conf: Conf) -> str:
    """The device that should hold the gateway."""
    named = conf.text("bridge") if conf.plugin == "bridge" else conf.text("delegate", "bridge")
    return named or ("the node" if conf.bridge is None else "cni0")


def _place(conf: Conf, path: list[str]) -> Span:
    """Where to edit: the key at a path; else the key that may be a misspelling of a step; else what is around it."""
    for depth, step in enumerate(path):
        node = conf.root.at(path[:depth])
        if node is None or node.member(step):
            continue
        keys = {member.key.casefold().replace("_", ""): member for member in node.unique()}
        near = difflib.get_close_matches(step.casefold(), keys, 1, 0.8)
        if near:
            return keys[near[0]].start, keys[near[0]].end
        return conf.root.key_span(path[:depth]) if depth else conf.span("type")
    return conf.root.key_span(path)


def _scalars(node: Node, key: str = "") -> list[tuple[str, Node]]:
    """Every scalar with the key that it stands at."""
    if node.kind == "scalar":
        return [(key, node)]
    inner = [(member.key, member.node) for member in node.unique()] + [(key, item) for item in node.items]
    return [found for each_key, each in inner for found in _scalars(each, each_key)]


def _scalar(root: Node, value: str) -> tuple[str, Node] | None:
    """The first scalar of that value, and its key."""
    return next(((key, node) for key, node in _scalars(root) if node.value == value), None)


def _value_in(root: Node, words: str) -> tuple[str, Node] | None:
    """The first value of the configuration that the words quote, and its key."""
    quoted = [(key, node) for key, node in _scalars(root) if key not in ("name", "type") and node.value and str(node.value) in words]
    return min(quoted, key=lambda found: (words.index(str(found[1].value)), -len(str(found[1].value))), default=None)
