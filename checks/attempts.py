"""One attempt to attach pods to a network: the file is put into place as the guide says, and the real plugins do the rest.

```python
from pathlib import Path

from checks import lab, programs
from checks.attempts import attach

text = Path("snippets/cni/10-k8s-bridge.conf").read_text()
for plugins in [] if lab.unavailable() else programs.cni_plugins().values():
    assert attach("10-k8s-bridge.conf", text, plugins).works
```
"""

import base64
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from checks import lab
from checks.net_d import Folder, loaded
from checks.networks import Conf, read

NET_D = "/etc/rkt/net.d"
SUBNET_ENV = "/run/flannel/subnet.env"
_SCRIPT = Path(__file__).with_name("attach.sh")
_INSIDE = "/run/attach"
_PLUGINS = "/opt/cni/bin"

# What the plugins leave on a node by design, so that the next pod finds it: the bridge with its address and its route, and of
# host-local the address that it gave last, and its lock.
_STAYS = re.compile(r"file /var/lib/cni/networks/[^/]+/(?:lock|last_reserved_ip\.\d+)")


@dataclass(frozen=True)
class Part:
    """One part of the report: the exit status of what was run, and what it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Attempt:
    """What came of an attempt, in the parts that `attach.sh` reports; `stopped` says why it ended half-way, if it did."""

    parts: dict[str, Part]
    stopped: str = ""

    def _says(self, part: str, pattern: str) -> str:
        match = re.search(pattern, self._output(part))
        return match[1] if match else ""

    def _output(self, part: str) -> str:
        return self.parts[part].output if part in self.parts else ""

    def ok(self, part: str) -> bool:
        """Whether a part was run, and well."""
        return part in self.parts and self.parts[part].status == 0

    @property
    def folder(self) -> Folder:
        """What rkt makes of net.d as the installing command has left it."""
        fields = (line.split(" ", 1) for line in self._output("net.d").splitlines())
        return loaded({name: base64.b64decode(text).decode("utf-8", "replace") for text, name in fields})

    @property
    def refused(self) -> str:
        """The plugin's words where it refused the first pod."""
        return "" if self.ok("add") else message(self._output("add"))

    @property
    def form(self) -> str:
        """`ip4` where the plugin answers in the form that rkt reads, `ips` in the later one."""
        return self._says("add", r'"(ip4|ips)":')

    @property
    def address(self) -> str:
        """The first pod's address with its prefix length."""
        return self._says("address", r" inet (\S+)")

    @property
    def mtu(self) -> int | None:
        """The MTU of the first pod's interface."""
        found = self._says("link", r" mtu (\d+)")
        return int(found) if found else None

    @property
    def gateway(self) -> str:
        """Where the first pod's default route points to."""
        return self._says("route", r"(?m)^default via (\S+)")

    @property
    def holds_gateway(self) -> bool:
        """Whether the node holds the address that the plugin gave the pod as its gateway."""
        given = self.gateway or self._says("add", r'"gateway": "([^"]+)"')
        return any(line.split(" ")[-1].split("/")[0] == given for line in self._lines("node", "address "))

    @property
    def masquerades(self) -> bool:
        """Whether a rule masquerades what the pods send."""
        return any("MASQUERADE" in line for line in self._lines("node", "rule "))

    @property
    def works(self) -> bool:
        """Whether the first pod has a network and gets an answer from outside, by way of its gateway."""
        return self.ok("add") and self.ok("gateway") and self.ok("outside")

    @property
    def outcome(self) -> str:
        """`refused` by the plugin, `no way out` for the pod, or `works`."""
        return "works" if self.works else "no way out" if self.ok("add") else "refused"

    @property
    def left(self) -> list[str]:
        """What is left behind after both pods are gone: in their namespaces, and on the node beside what stays by design."""
        before, bridges = self._lines("before"), [line.removeprefix("bridge ") for line in self._lines("after", "bridge ")]
        pods = [f"link {line.split()[0].split('@')[0]} in the pod" for pod in ("pod", "pod2") for line in self._lines(pod)]
        return [line for line in self._lines("after") if line not in before and not _stays(line, bridges)] + [
            line for line in pods if line != "link lo in the pod"
        ]

    def _lines(self, part: str, start: str = "") -> list[str]:
        return [line for line in self._output(part).splitlines() if line.startswith(start)]


def _stays(line: str, bridges: list[str]) -> bool:
    """Whether a line of the node's state speaks of what the plugins leave by design."""
    kind, _, rest = line.partition(" ")
    if kind == "route":
        return any(f" dev {bridge} " in f"{line} " for bridge in bridges)
    return _STAYS.fullmatch(line) is not None or (kind in ("bridge", "link", "address") and rest.split(" ")[0] in bridges)


def attach(
    name: str, text: str, plugins: Path, *, plugin: str = "", install: str = "", target: str = "", environment: str | None = None
) -> Attempt:
    """Attach two pods to the network of a configuration, one after the other, look at what they have, and take them off.

    `install` are the commands, as printed in the guide, that put the file `name` from the reader's folder to `target`; without them it
    is copied into net.d. `plugins` is the folder of the plugins; `plugin` is the one to call, where it is not the one that the
    configuration names. `environment` is the text of flannel's `subnet.env` (None: there is none).
    """
    conf = read(text)
    plugin = plugin or (conf.plugin if isinstance(conf, Conf) else "")
    target = target or f"{NET_D}/{name}"
    install = install or f"install -D -m 0644 {shlex.quote(name)} {shlex.quote(target)}"
    files = {f"{lab.HOME}/{name}": text, _INSIDE: _SCRIPT.read_text("utf-8")}
    if environment is not None:
        files[SUBNET_ENV] = environment
    import secrets

    mark = secrets.token_hex(8)
    command = ["env", f"CNI_PATH={_PLUGINS}", _INSIDE, mark, install, target, plugin]
    result = lab.run(command, files=files, bind={_PLUGINS: plugins})
    parts = _parts(mark, result.output)
    if "after" in parts:
        return Attempt(parts)
    said = re.sub(rf"^{mark} .*\n", "", result.output, flags=re.M).strip().split("\n")[-1]
    return Attempt(parts, result.stopped or f"the attempt ended half-way with status {result.status}: {said}")


# Runs as the lab's root, for many configurations one after the other: each gets a node of its own, with no network and no lease of another.
_EACH = f"""
mkdir -p /run/netns /etc/rkt
mark=$1
shift
for plugin; do
  number=$((number + 1))
  timeout -k 1 20 unshare --net --mount bash -c '
    mount -t tmpfs node /run/netns && mount -t tmpfs node /var/lib/cni && mount -t tmpfs node /etc/rkt && ip link set lo up || exit
    exec {_INSIDE} "$1-$2" "install -D -m 0644 /run/confs/$2 {NET_D}/10-net.conf" {NET_D}/10-net.conf "$3" first
  ' node "$mark" $number "$plugin"
  echo "$mark-$number end $?"
done
"""


def attach_each(confs: list[tuple[bytes, str]], plugins: Path, environment: str) -> list[Attempt]:
    """Attach a pod to each of some networks, in one lab, on a node each; what came of it up to the answer from outside.

    `confs` are the bytes of the configurations, each with the plugin to call; `plugins` and `environment` are as for `attach`.
    """
    import secrets

    files: dict[str, bytes | str] = {f"/run/confs/{number}": text for number, (text, _) in enumerate(confs, 1)}
    files |= {_INSIDE: _SCRIPT.read_text("utf-8"), SUBNET_ENV: environment}
    mark = secrets.token_hex(8)
    command = ["env", f"CNI_PATH={_PLUGINS}", "bash", "-c", _EACH, "each", mark, *(plugin for _, plugin in confs)]
    result = lab.run(command, files=files, bind={_PLUGINS: plugins}, seconds=20 + 5 * len(confs))
    attempts = []
    for number in range(1, len(confs) + 1):
        parts = _parts(f"{mark}-{number}", result.output)
        ended = parts.pop("end", Part(-1, ""))
        stopped = result.stopped or f"the attempt ended half-way with status {ended.status}"
        attempts.append(Attempt(parts, "" if "route" in parts and ended.status in (0, 1) else stopped))
    return attempts


def _parts(mark: str, report: str) -> dict[str, Part]:
    """The parts of a report, by name."""
    pieces = re.split(rf"^{mark} (\S+) (\d+)\n", report, flags=re.M)[1:]
    return {name: Part(int(status), output.strip("\n")) for name, status, output in zip(pieces[::3], pieces[1::3], pieces[2::3])}


def message(output: str) -> str:
    """What a plugin says, on one line: the `msg` of its answer, or all that it printed where it gave none."""
    at = output.find("{")
    try:
        return str(json.JSONDecoder().raw_decode(output[at:])[0]["msg"])
    except (ValueError, KeyError, TypeError):
        return " ".join(output.split())
