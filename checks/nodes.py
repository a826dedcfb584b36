"""What is on the node when a transcript starts: files that a reader has downloaded, and what the guide assumes of a node.

A transcript shows a moment of a node's life, and what came before stands on the page. This is that past, put together from the
snippets and the recordings, so that the real programs find what they ask for.

```python
from pathlib import Path

from checks.nodes import Node
from checks.tree import Tree

node = Node(Tree(Path(".")), "sudo install -D -m 0644 10-k8s-bridge.conf /etc/rkt/net.d/10-k8s-bridge.conf")
print(list(node.files))
#> ['/home/reader/10-k8s-bridge.conf']
```
"""

import re
import shlex
import sys
import sysconfig
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from checks import lab, programs, recordings
from checks.facts import load as facts
from checks.networks import Conf, read

JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
_JOURNAL = "/run/journal.export"
_PLUGINS = "/opt/cni/bin"
_SUBNET_ENV = "/run/flannel/subnet.env"
_MACHINE = "0123456789abcdef0123456789abcdef"

# A unit of an rkt pod with the section by which the kubelet knows it again (makePodServiceFileName and preparePod in
# pkg/kubelet/rkt/rkt.go, July 2016); the UUID is that of the recordings.
_UUID = "ff933b7d-7058-49f4-8d2c-88a56661b7cc"
_UNIT = f"/run/systemd/system/k8s_{_UUID}.service"
_UNIT_FILE = f"""[Unit]
Description=rkt pod {_UUID}

[Service]
ExecStart=/usr/bin/rkt run-prepared --net=rkt.kubernetes.io {_UUID}
KillMode=mixed

[X-Kubernetes]
PodUID=0c3f4e8e-51f3-11e6-9a41-42010af00002
PodName=nginx
PodNamespace=default
PodHostNetwork=false
"""

_LINE = re.compile(r"(?P<time>\w{3} [ \d]\d [\d:]{8}) (?P<host>\S+) (?P<name>[^\[]+)\[(?P<process>\d+)\]: (?P<message>.*)")


# The checker in a clone of the guide, as `make` sets it up, and the folder of the recorded node that rkt could not load.
CHECKER = ".venv/bin/python"
_CLONE = f"{lab.HOME}/guide"
_CALLS_CHECKER = re.compile(rf"{re.escape(CHECKER)} -m checks\b")
_BROKEN_FOLDER = "16-unrelated-broken-file"
_INTERPRETER = """#!/bin/sh
exec env LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/packages PYTHONDONTWRITEBYTECODE=1 /opt/python/bin/python3 "$@"
"""


class Node:
    """The node on which some commands (`text`, one below the other) find what they speak of."""

    def __init__(self, tree, text: str):
        self.tree, self.text = tree, text

    @property
    def files(self) -> dict[str, str]:
        """The files of the node, by path. A snippet lies in the reader's folder where a command names it."""
        snippets = [file for kind in ("cni", "failures", "pods", "units", "env") for file in self.tree.snippets(kind)]
        files = {f"{lab.HOME}/{name(file)}": file.text for file in snippets if file in self._networks or name(file) in self._words}
        environment = self.tree.snippets("env")
        if environment and (_SUBNET_ENV in self.text or "flannel" in self._networks.values()):
            files[_SUBNET_ENV] = environment[0].text
        if "/run/systemd/system" in self.text:
            files[_UNIT] = _UNIT_FILE
        if self._checker:
            files[f"{_CLONE}/{CHECKER}"] = _INTERPRETER
            files |= {f"/etc/rkt/net.d/{name}": text for name, text in _broken_folder().items() if "/etc/rkt/net.d" in self.text}
        if "journalctl" in self.text:
            files |= {"/etc/machine-id": f"{_MACHINE}\n", _JOURNAL: journal()}
        return files

    @property
    def folders(self) -> dict[str, Path]:
        """The folders of this machine to be seen on the node: the plugins, where a network is needed; the checker with its Python."""
        folders = {_PLUGINS: self._plugins} if self._networks and self._plugins else {}
        if self._checker:
            folders |= {
                f"{_CLONE}/checks": Path(__file__).parent,
                "/opt/python": Path(sys.base_prefix),
                "/opt/packages": Path(sysconfig.get_path("purelib")),
            }
        return folders

    @property
    def script(self) -> str:
        """The shell commands that make of the files what cannot be handed over as files: a journal, a pod with a network."""
        lines = []
        if "journalctl" in self.text:
            folder = f"/var/log/journal/{_MACHINE}"
            lines = [f"mkdir {folder}", f"{JOURNAL_REMOTE} -o {folder}/system.journal {_JOURNAL}"]
        for file, plugin in self._networks.items():
            conf, netns = f"/etc/rkt/net.d/{name(file)}", f"pod-{plugin}"
            given = f"CNI_CONTAINERID={netns} CNI_NETNS=/run/netns/{netns} CNI_IFNAME=eth0 CNI_PATH={_PLUGINS}"
            lines += [f"install -D -m 0644 {shlex.quote(name(file))} {shlex.quote(conf)}", f"ip netns add {netns}"]
            lines.append(f"CNI_COMMAND=ADD {given} {_PLUGINS}/{plugin} <{shlex.quote(conf)}")
        return "".join(f"{line}\n" for line in lines)

    @property
    def lacks(self) -> str:
        """The program that this machine would need to make the node, and has not; or nothing."""
        if "journalctl" in self.text and not programs.version_of(JOURNAL_REMOTE):
            return "systemd-journal-remote"
        return "containernetworking-plugins" if self._networks and not self._plugins else ""

    @property
    def _checker(self) -> bool:
        return bool(_CALLS_CHECKER.search(self.text))

    @property
    def _words(self) -> set[str]:
        return set(re.split(r"[\s'\"=]+", self.text))

    @cached_property
    def _networks(self) -> dict:
        """The network configurations to which a pod has been attached, with their plugins: those whose bridge the commands speak of.

        Where several have the same bridge it is the one that the commands name, or else those that no page calls a failure.
        """
        known = {file: bridge_of(file.text) for kind in ("cni", "failures") for file in self.tree.snippets(kind)}
        found = [file for file, bridge in known.items() if bridge and re.search(rf"(?<![\w./-]){re.escape(bridge)}(?![\w./-])", self.text)]
        chosen = [file for file in found if name(file) in self._words] or [file for file in found if file.kind == "cni"]
        return {file: read(file.text).plugin for file in chosen}

    @property
    def _plugins(self) -> Path | None:
        """The first folder that holds all plugins that are needed."""
        found = programs.cni_plugins().values()
        return next((folder for folder in found if all((folder / plugin).is_file() for plugin in self._networks.values())), None)


def _broken_folder() -> dict[str, str]:
    """The files of the recorded folder in which one file keeps rkt from loading any."""
    return next(case["files"] for case in facts("net-d")["cases"] if case["case"] == _BROKEN_FOLDER)


def bridge_of(text: str) -> str:
    """The bridge that a network configuration names, or the one that it gets where it names none; empty where it wants no bridge."""
    conf = read(text)
    keys = conf.bridge if isinstance(conf, Conf) else None
    if not keys:
        return "cni0" if isinstance(conf, Conf) and conf.plugin == "flannel" else ""
    named = keys.at(["bridge"])
    return named.value if named and isinstance(named.value, str) else "cni0"


def name(file) -> str:
    """What a snippet is called in the reader's folder."""
    return file.path.rsplit("/", 1)[-1]


@cache
def journal() -> str:
    """The journal of the recorded node in journald's export format, put together again from the lines that it gave."""
    entries = []
    for each in recordings.all_recordings():
        unit = re.fullmatch(r"journalctl --no-pager -u (k8s_[\da-f-]{36})", each.command)
        for line in each.output.splitlines() if unit else []:
            if match := _LINE.fullmatch(line):
                entries.append(_entry(match, f"{unit[1]}.service", recordings.index()[each.file]["day"][:4], len(entries)))
    return "".join(entries)


def _entry(match: re.Match, unit: str, year: str, number: int) -> str:
    """One entry of the journal. What systemd says of a unit is no output of the unit, and names it in a field of its own."""
    at = datetime.strptime(f"{year} {match['time']}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    fields = {
        "__REALTIME_TIMESTAMP": int(at.timestamp()) * 1_000_000 + number,
        "__MONOTONIC_TIMESTAMP": 1_000_000 + number,
        "_BOOT_ID": _MACHINE,
        "_MACHINE_ID": _MACHINE,
        "_HOSTNAME": match["host"],
        "SYSLOG_IDENTIFIER": match["name"],
        "_PID": match["process"],
        "UNIT" if match["process"] == "1" else "_SYSTEMD_UNIT": unit,
        "MESSAGE": match["message"],
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()) + "\n"
