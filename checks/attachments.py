"""Checks that attach pods to networks, with real plugins in a lab: what the guide recommends works, what it warns of fails.

What `checks.cni` says of a configuration without a plugin is proved here with one.
"""

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from checks import lab, plugin_sets, programs
from checks.attempts import NET_D, Attempt, attach
from checks.documents import Span
from checks.facts import load as facts
from checks.findings import CHECKS, Place, check
from checks.networks import Conf, read
from checks.shell import commands, program, simple_commands
from checks.tree import File, Tree
from checks.troubles import trouble, variables

Words = tuple[Place, str]

NETWORK = "rkt.kubernetes.io"
# What flanneld could have written, for a tree that shows no subnet.env.
SUBNET_ENV = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"


@check(needs="lab")
def network_attaches(tree):
    """A network configuration attaches pods when the real plugins run it, and leaves nothing behind.

    The reader's own path is followed, in a lab that vanishes afterwards. The transcript that puts the file in place
    runs as printed, up to the command that does it; then rkt's rules for `/etc/rkt/net.d` have to find the network in that file; then
    each set of plugins that has the plugin attaches two pods. The first must have an address, a default route and
    the MTU that the configuration says, its gateway and a host behind the node must answer, and a masquerade rule
    must stand, and do its work, where `ipMasq` says so and only there. The second pod must reach the first. When
    both are taken off, links, addresses, routes, firewall rules and leases must be what they were. By design of the
    plugins these stay for the next pod: the bridge with its address and route, and of `host-local` the lock and the
    address that it gave last.

    Mend the key that the message names. For a configuration that no command of the guide puts into
    `/etc/rkt/net.d`, add a transcript that does.

    Source: CNI plugins 0.9.0 and 1.1.1, which run; rkt v1.13.0 and v1.30.0 `networking/podenv.go` for the rules.
    """
    jobs = [job for file in tree.to_run("cni") for job in _jobs(tree, file)]
    for job in jobs:
        if tree.whole and not job.commands:
            words = f"no transcript puts this file into {NET_D}; add one with `sudo install -D -m 0644 {job.name} {NET_D}/{job.name}`"
            yield job.file.place(0), words
    yield from _said(tree, {job: _words(job, attempt) for job, attempt in _run(tree, jobs).items()})


@check()
def failure_is_explained(tree):
    """A configuration in `snippets/failures/` is in the facts, a static check finds its mistake, and its message stands beside it.

    The guide shows configurations that do not work, so that a reader recognises what an error, or the lack of one, comes
    from. Each holds one mistake, and `checks/facts/failures.json` says what happens with it and which check finds it without
    a plugin. Where a plugin refuses it, the message stands as inline code in the section that shows the file.

    Add the missing entry or message, or delete the file.

    Source: `checks/facts/failures.json`.
    """
    known = facts("failures")["failures"]
    for file in tree.snippets("failures"):
        name = PurePosixPath(file.path).name
        if name not in known:
            yield file.place(0), f"checks/facts/failures.json does not say what happens with {name}; add it"
            continue
        found = _found_in(tree, file)
        if known[name]["found_by"] not in found:
            others = f"; what finds something is {', '.join(sorted(found))}" if found else ""
            yield file.place(0), f"the check {known[name]['found_by']} finds nothing here, though the facts say so{others}"
        message = known[name]["message"]
        for page, shown in tree.shown(file) if message else ():
            section = page.section(shown.start)
            if message not in [code.text for code in page.codes if page.section(code.start) == section]:
                yield page.place(shown.start, shown.end), f"the section does not give the message that this file leads to: {message}"


@check(needs="lab")
def failure_is_what_happens(tree):
    """A configuration in `snippets/failures/` fails with the real plugins in the way that the guide says.

    Each set of plugins that has the plugin tries it, as for `network_attaches`. The outcome has to be the one in
    `checks/facts/failures.json`: `refused`, with that message to the letter, or `no way out`: the plugin is content,
    but nothing outside answers the pod.

    Correct the configuration, so that it makes this one mistake, or the facts and the page.

    Source: CNI plugins 0.9.0 and 1.1.1, which run.
    """
    known = facts("failures")["failures"]
    jobs = [job for file in tree.to_run("failures") for job in _jobs(tree, file) if job.name in known]
    yield from _said(tree, {job: _differs(job, attempt, known[job.name]) for job, attempt in _run(tree, jobs).items()})


@dataclass(frozen=True, eq=False)
class _Job:
    """One configuration to try with one set of plugins; `commands` (of `transcript`, up to `at`) put it to `target`."""

    file: File
    conf: Conf
    version: str
    folder: Path
    environment: str | None
    transcript: File | None
    at: Span
    commands: str
    target: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.file.path).name

    @property
    def plugins(self) -> str:
        return f"CNI {self.conf.plugin} {self.version}"


def _jobs(tree, file: File) -> list[_Job]:
    """A job for each set of plugins that has the plugin. What is not JSON, or names a plugin that rkt does not bring, is left to `checks.cni`."""
    conf = read(file.text)
    if not isinstance(conf, Conf) or conf.plugin not in facts("rkt-cli")["net_d"]["bundled_plugins"]:
        return []
    sets = {version: folder for version, folder in programs.cni_plugins().items() if (folder / conf.plugin).is_file()}
    if tree.plugins:
        sets = {version: folder for version, folder in sets.items() if version == tree.plugins}
    if not sets and tree.plugins:
        tree.not_run.append(f"attaching pods to {file.name}: {plugin_sets.called([tree.plugins])} with {conf.plugin} cannot be run here")
    elif not sets:
        programs.missing(tree, f"the plugin {conf.plugin}", f"attaching pods to {file.name}")
    environment = next((env.text for env in tree.snippets("env")), SUBNET_ENV) if conf.plugin == "flannel" else None
    transcript, at, typed, target = _installing(tree, PurePosixPath(file.path).name)
    return [_Job(file, conf, version, folder, environment, transcript, at, typed, target) for version, folder in sets.items()]


def _installing(tree, name: str) -> tuple[File | None, Span, str, str]:
    """The transcript that puts a file of that name into net.d: where in it, its commands up to there, and the target."""
    for transcript in tree.snippets("shell"):
        typed = commands(transcript.text)
        for number, command in enumerate(typed, 1):
            for words in (program(simple.words) for simple in simple_commands(command.text)):
                values = [word.value for word in words]
                if values[:1] in (["install"], ["cp"]) and name in values[1:-1] and f"{values[-1]}/".startswith(f"{NET_D}/"):
                    target = values[-1] + (f"/{name}" if values[-1].rstrip("/") == NET_D else "")
                    at = command.start, command.start + len(command.text)
                    return transcript, at, "\n".join(each.text for each in typed[:number]), target
    return None, (0, 0), "", ""


def _run(tree, jobs: list[_Job]) -> dict[_Job, Attempt]:
    """The attempts, side by side; none, with a word on why, where there is no lab or a program is missing."""
    if not jobs:
        return {}
    if reason := lab.unavailable():
        if (sentence := f"attaching pods to networks: {reason}") not in tree.not_run:
            tree.not_run.append(sentence)
        return {}
    for needed in ("iptables", "ping"):
        if not programs.version_of(needed):
            programs.missing(tree, needed, "attaching pods to networks")
            return {}
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(jobs, pool.map(_attempt, jobs)))


def _attempt(job: _Job) -> Attempt:
    return attach(job.name, job.file.text, job.folder, install=job.commands, target=job.target, environment=job.environment)


def _words(job: _Job, attempt: Attempt) -> Words | None:
    """The place and the words of what went wrong, or None."""
    if attempt.stopped:
        return job.file.place(0), f"the attempt came to no end: {attempt.stopped}"
    if not attempt.ok("install"):
        said = " ".join(attempt.parts["install"].output.split())
        return (job.transcript or job.file).place(*job.at), f"this command, which puts {job.name} into place, fails: {said}"
    folder, installed = attempt.folder, posixpath.relpath(job.target, NET_D) if job.target else job.name
    if folder.broken:
        return job.file.place(0), f"rkt cannot read {folder.broken}, so no pod starts: {folder.fault}"
    if folder.networks.get(NETWORK) != installed:
        words = f"no pod starts, because rkt finds no network {NETWORK} in {NET_D}:"
        if installed in folder.networks.values():
            return job.file.place(*job.conf.span("name")), f"{words} this file gives another name"
        place = job.transcript.place(*job.at) if job.transcript and job.name.endswith(".conf") else job.file.place(0)
        return place, f"{words} it reads names that end in .conf, in no subfolder, and skips {installed}"
    found = trouble(attempt, job.conf, variables(job.environment or ""))
    return (job.file.place(*found[0]), found[1]) if found else None


def _differs(job: _Job, attempt: Attempt, expected: dict) -> Words | None:
    """The place and the words where the outcome is another one than the facts say, or None."""
    if attempt.stopped:
        return job.file.place(0), f"the attempt came to no end: {attempt.stopped}"
    seen, wanted = (attempt.outcome, attempt.refused), (expected["outcome"], expected["message"])
    if seen == wanted:
        return None
    shown = [f"`{outcome}`{f' with the message: {message}' if message else ''}" for outcome, message in (seen, wanted)]
    return job.file.place(0), f"the outcome is {shown[0]}; checks/facts/failures.json says {shown[1]}"


def _said(tree, words: dict[_Job, Words | None]) -> Iterator[Words]:
    """Each fault once, with the plugins that show it where others do not; what has none is noted as run."""
    for file in dict.fromkeys(job.file for job in words):
        tried = {job.plugins: found for job, found in words.items() if job.file is file}
        if not any(tried.values()):
            _note(tree, file, list(tried))
        for found in dict.fromkeys(filter(None, tried.values())):
            by = [plugins for plugins, each in tried.items() if each == found]
            yield found[0], found[1] + ("" if len(by) == len(tried) else f" (with {' and '.join(by)} alone)")


def _note(tree, file: File, plugins: list[str]) -> None:
    """Note that a configuration ran with the plugins, and with it the `subnet.env` that flannel's plugin has read."""
    names = [file.path] + [env.path for env in tree.snippets("env")[:1] if any(each.startswith("CNI flannel ") for each in plugins)]
    for name in names:
        tree.ran[name] = sorted({*tree.ran.get(name, ()), *plugins})


def _found_in(tree, file: File) -> set[str]:
    """The static checks of network configurations that find something in a file of another kind."""
    alone = Tree(tree.root, [tree.root / file.path], "cni")
    static = [each for each in CHECKS.values() if each.function.__module__ == "checks.cni"]
    return {each.name for each in static if any(True for _ in each.function(alone))}
