"""Runs the commands of a transcript as a reader would: one shell, one command after the other, in a lab of their own.

```python
from pathlib import Path

from checks import lab
from checks.sessions import run
from checks.tree import Tree

tree = Tree(Path("."))
for step in [] if lab.unavailable() else run(tree, tree.snippet("shell/troubleshooting-journal-short.console").text).steps:
    print(step.status, step.output.strip())
    #> 0 -- No entries --
```
"""

import platform
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from checks import lab, programs
from checks.nodes import CHECKER, Node, bridge_of, name
from checks.shell import Command, commands, program, simple_commands

# What the lab cannot have: programs that no package brings any more, and what asks a cluster, another machine or one of these.
_ABSENT = {"rkt", "kubelet", "hyperkube", "kubectl", "minikube", "gcloud", "docker", "machinectl", "make", "curl", "wget", "ss"}
# Words of bash, and commands that are part of it.
_BASH = {"for", "done", "fi", "case", "esac", "}", "command", "cd", "echo", "export", "printf", "read", "set", "test", "[", "true", "false"}
# What tests/programs installs where it is missing; another command that is not found is a mistake.
_INSTALLED = ("ip", "iptables", "ping", "journalctl", "systemctl")

_HERE = "/run/transcript"


@dataclass(frozen=True)
class Step:
    """How a command ended, and what it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Session:
    """What came of a run: a step for each command that ended, and where it went no further, what came behind these.

    `stopped` says why the lab ended it or what it found still running; `left` is the status with which the shell itself ended
    before the last command, or None; `rest` is what was printed by the command that did not end.
    """

    steps: list[Step]
    stopped: str = ""
    left: int | None = None
    rest: str = ""


def calls(command: Command) -> Iterator[tuple[str, list[str]]]:
    """The programs that a command calls, each by its name or path, with its arguments; those of bash itself are left out."""
    for simple in simple_commands(command.text):
        words = [word.value for word in program(simple.words)]
        if any(word.value == "systemd-run" for word in simple.words):
            yield "systemd-run", []
        if words and words[0] not in _BASH:
            yield words[0], words[1:]


def absent(command: Command) -> set[str]:
    """The programs of a command that the lab cannot have, or not in such a way that they could answer."""
    return {PurePosixPath(each).name for each, arguments in calls(command) if not _served(each, arguments)}


def _served(name: str, arguments: list[str]) -> bool:
    """Whether the lab serves a program: it has no systemd that runs the machine, no rkt pod, and of the guide the checker alone."""
    if name == CHECKER:
        return bool(arguments[2:]) and not any(re.match(r"docs|snippets|--(site|online|record|update|shell)", each) for each in arguments)
    if "/" in name and not name.startswith("/"):
        return False
    base = PurePosixPath(name).name
    if base == "journalctl":
        return not any(each.startswith(("-M", "--machine")) for each in arguments)
    return "--version" in arguments if base == "systemctl" else base not in _ABSENT | {"systemd-run"}


@lru_cache(maxsize=8192)
def leading(text: str) -> list[Command]:
    """The commands of a transcript above the first one that cannot be run; none where they only set variables."""
    found = commands(text)
    found = found[: next((number for number, command in enumerate(found) if absent(command)), len(found))]
    simple = [program(each.words) for command in found for each in simple_commands(command.text)]
    return found if any(words and words[0].value != "export" for words in simple) else []


def can_run(text: str) -> bool:
    """Whether all commands of a transcript can be run, and do more than set variables."""
    return bool(found := leading(text)) and len(found) == len(commands(text))


def components(text: str) -> list[str]:
    """The programs that run a transcript, bash first, each with its version where it tells one."""
    names = dict.fromkeys(["bash", *(name for command in leading(text) for name, _ in calls(command))])
    versions = {name: platform.python_version() if name == CHECKER else programs.version_of(name) for name in names}
    return [f"{PurePosixPath(name).name} {version}".strip() for name, version in versions.items()]


def lacking(tree, text: str) -> str:
    """What this machine lacks to run a transcript, though `make test` installs it; or nothing."""
    found = leading(text)
    needed = dict.fromkeys(name for command in found for name, _ in calls(command) if name in _INSTALLED)
    return next((name for name in needed if not programs.version_of(name)), "") or _node(tree, found).lacks


def run(tree, text: str) -> Session:
    """Run what can be run of a transcript, and tell for each command what it printed and how it ended."""
    import secrets

    found, mark = leading(text), secrets.token_hex(8)
    driver = [f"lab_end() {{ local status=$?; printf '\\n%s %s\\n' {mark} $status; return $status; }}", "true"]
    driver += [f". {_HERE}/{number}\nlab_end" for number in range(len(found))]
    result = _lab(tree, found, ["bash", f"{_HERE}/driver"], driver)
    pieces = re.split(rf"\n{mark} (\d+)\n", result.output)
    steps = [Step(int(status), _as_typed(said)) for said, status in zip(pieces[::2], pieces[1::2])]
    left = result.status if len(steps) < len(found) and not result.stopped else None
    return Session(steps, result.stopped, left, _as_typed(pieces[-1]))


def to_look_at(file) -> str:
    """The transcript that leads to where a file can be looked at: its own, or one that puts a network configuration into place."""
    if file.kind not in ("cni", "failures"):
        return file.text if file.kind == "shell" and leading(file.text) else ""
    place, bridge = f"/etc/rkt/net.d/{name(file)}", bridge_of(file.text)
    look = f"ip -4 addr show {bridge}" if bridge else "ls -l /etc/rkt/net.d"
    return f"$ sudo install -D -m 0644 {shlex.quote(name(file))} {shlex.quote(place)}\n$ {look}\n"


def stay(tree, text: str) -> int:
    """Run what can be run of a transcript and stay in its shell, on the terminal; returns the status of that shell."""
    found = leading(text)
    typed = ["$ " + command.text.replace("\n", "\n> ") + "\n" for command in found]
    driver = [f"cat {_HERE}/{number}.typed; . {_HERE}/{number}" for number in range(len(found))] + [r"PS1='lab:\w\$ '"]
    more = {f"{_HERE}/{number}.typed": text for number, text in enumerate(typed)}
    return _lab(tree, found, ["bash", "--rcfile", f"{_HERE}/driver", "-i"], driver, more, interactive=True).status


def _node(tree, found: list[Command]) -> Node:
    return Node(tree, "\n".join(command.text for command in found))


def _lab(tree, found: list[Command], command: list[str], driver: list[str], more: dict | None = None, **options) -> lab.Result:
    """A lab with the node that the commands need, the commands as files, and the shell commands that call them."""
    node = _node(tree, found)
    files = {f"{_HERE}/{number}": command.text + "\n" for number, command in enumerate(found)} | (more or {})
    files |= {
        f"{_HERE}/node": node.script,
        f"{_HERE}/driver": "\n".join([f"bash -e {_HERE}/node >{_HERE}/log 2>&1 || cat {_HERE}/log", *driver]) + "\n",
    }
    return lab.run(command, files=node.files | files, bind=node.folders, **options)


def _as_typed(output: str) -> str:
    """An output with bash's own messages as they look at a terminal, where they name no file."""
    return re.sub(rf"^{_HERE}/\d+: line \d+: ", "bash: ", output, flags=re.M)
