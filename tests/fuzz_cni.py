"""Random changes to good network configurations, judged by the static checks and by real plugins: `make fuzz`.

A mutant that fails in the lab (rkt cannot read it or finds no network or plugin in it, a plugin refuses it, the pod gets no way out or an answer
that rkt does not read) has to be refused by the static checks, aimed at the same plugins. One that works may be refused by the rules that are
stricter on purpose alone. Aimed at no set, the checks refuse what they refuse with any. All else is a disagreement, made small and shown.

Exit status: 0 none, 1 disagreements, 2 the work could not be done. `mutants.py`, beside this file, makes the changes.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mutants import Mutant, mutants

from checks import findings, lab, plugin_sets, programs
from checks.attachments import NETWORK, SUBNET_ENV
from checks.attempts import Attempt, attach_each
from checks.facts import load as facts
from checks.net_d import loaded
from checks.networks import Conf, read
from checks.tree import Tree

ROOT = Path(__file__).parents[1]
NAME = "10-net.conf"

# The rules that refuse what works, each with its reason in its docstring.
STRICTER = {"cni_keys_are_known", "file_is_readable_text"}

# Plugins that the static checks leave alone, because the node decides: macvlan asks for a device, dhcp for a server.
NOT_JUDGED = {"macvlan", "ipvlan", "vlan", "host-device", "dhcp", "static"}
BEYOND = "beyond the checks"
# What works in the lab, and of which the checks say that the plugins of rkt, which the lab has not, refuse it.
RKT_ALONE = "refused by the plugins of rkt alone"

NEIGHBOUR = IPv4Address("192.0.2.2")  # who is asked for an answer from outside (checks/attach.sh)

# Mutants tried in one lab, and labs at a time.
BATCH, LABS = 20, 2


@dataclass(frozen=True)
class Verdict:
    """What came of one mutant with one set of plugins: what the lab says, and what the checks find (check and message)."""

    plugins: str
    outcome: str
    words: str
    found: tuple[tuple[str, str], ...]

    @property
    def works(self) -> bool:
        return self.outcome == "works"

    @property
    def disagrees(self) -> bool:
        if self.outcome in (BEYOND, RKT_ALONE):
            return False
        checks = {check for check, _ in self.found}
        return bool(checks - STRICTER) if self.works else not checks

    @property
    def column(self) -> str:
        """The column of the summary that this verdict counts in."""
        checks = {check for check, _ in self.found}
        if self.outcome in (BEYOND, RKT_ALONE):
            return "not judged"
        if self.disagrees:
            return "DISAGREES"
        if self.works:
            return "stricter" if checks else "works, passes"
        return "fails, stricter rule alone" if checks <= STRICTER else "fails, refused"


@dataclass
class Summary:
    """What is counted and kept over all mutants."""

    counts: dict[str, Counter] = field(default_factory=dict)
    outcomes: Counter = field(default_factory=Counter)
    stricter: Counter = field(default_factory=Counter)
    disagreements: list[tuple[Mutant, list[Verdict]]] = field(default_factory=list)
    mutants: int = 0

    def add(self, mutant: Mutant, those: list[Verdict]) -> None:
        self.mutants += 1
        for verdict in those:
            self.counts.setdefault(verdict.plugins, Counter())[verdict.column] += 1
            self.outcomes[verdict.outcome] += 1
            if verdict.column == "stricter":
                self.stricter.update({check for check, _ in verdict.found})
        if any(verdict.disagrees for verdict in those):
            self.disagreements.append((mutant, those))


def good() -> list[tuple[str, bytes]]:
    """Configurations that work with every set of plugins that has their plugin, and in which the checks find nothing, with their names.

    Those of the guide, and of `cni-acceptance.json` what works; `addIf`, which most of these hold and no plugin reads, is taken out.
    """
    texts = {path.name: path.read_bytes() for path in sorted((ROOT / "snippets/cni").glob("*.conf"))}
    for case in facts("cni-acceptance")["cases"]:
        texts[case["case"]] = "".join(line for line in case["conf"].splitlines(True) if '"addIf"' not in line).encode() + b"\n"
    return [(name, text) for name, text in texts.items() if not static(text, "")]


def static(text: bytes, plugins: str) -> list[findings.Finding]:
    """What the checks find in a file from outside of the guide, aimed at a set of plugins."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, NAME)
        path.write_bytes(text)
        tree = Tree(Path(folder), [path], "cni")
        tree.plugins = plugins
        names = [name for name, each in findings.load().items() if each.function.__module__ in ("checks.cni", "checks.files")]
        return findings.run(tree, names)


def judged(mutant: Mutant, plugins: str, attempt: Attempt | None) -> Verdict:
    """The verdict on a mutant: rkt reads the file first, and a plugin has the word only then."""
    outcome, words = _before_the_plugin(mutant.text, plugins)
    if attempt and attempt.stopped:
        outcome, words = "came to no end", attempt.stopped
    elif attempt and attempt.works and outcome == "not read by rkt" and not words.startswith("json: cannot unmarshal"):
        outcome, words = "works", f"though rkt is said not to read it: {words}"
    elif not outcome:
        outcome = attempt.outcome if attempt.outcome != "works" or attempt.form == "ip4" else "answer not read by rkt"
        words = attempt.refused
    found = tuple((each.check, f"{each.place.line}:{each.place.column}: {each.message}") for each in static(mutant.text, plugins))
    return Verdict(plugins, outcome, words, found)


def _before_the_plugin(text: bytes, plugins: str) -> tuple[str, str]:
    """What keeps rkt from calling a plugin, and why; two empty strings where it calls one."""
    folder = loaded({NAME: text.decode("utf-8", "replace")})
    if folder.broken:
        return "not read by rkt", folder.fault
    if NETWORK not in folder.networks:
        return "no such network", f"it is called {next(iter(folder.networks))!r}"
    conf = read(text.decode("utf-8", "replace"))
    if conf.plugin not in plugin_sets.plugins(plugins):
        return "no such plugin", repr(conf.plugin)
    called = {conf.plugin, conf.text("delegate", "type") if conf.plugin == "flannel" else conf.text("ipam", "type")}
    if conf.subnet and NEIGHBOUR in conf.subnet:
        return BEYOND, "the subnet holds the lab's own neighbour"
    if conf.text("ipam", "resolvConf") or conf.text("ipam", "dataDir") or conf.text("subnetFile"):
        return BEYOND, "it names a file of the node"
    if any(conf.value(*path, "vlan") for path in ((), ("delegate",))):
        return BEYOND, "the lab's kernel may know no VLANs"
    return (BEYOND, f"what {' or '.join(called & NOT_JUDGED)} does hangs on the node") if called & NOT_JUDGED else ("", "")


def _plugin(text: bytes) -> str:
    """The plugin that rkt calls."""
    conf = read(text.decode("utf-8", "replace"))
    return conf.plugin if isinstance(conf, Conf) else ""


def tried(batch: list[Mutant], plugins: str, folder: Path) -> list[Attempt | None]:
    """What a set of plugins makes of some mutants; None where rkt would call none of them.

    What rkt cannot read is tried all the same, with the plugin of the configuration that it was: a plugin has to refuse it as well.
    """
    calls = {}
    for number, mutant in enumerate(batch):
        before, _ = _before_the_plugin(mutant.text, plugins)
        plugin = mutant.plugin if before == "not read by rkt" else "" if before else _plugin(mutant.text)
        if plugin in plugin_sets.plugins(plugins):
            calls[number] = (mutant.text, plugin)
    attempts = dict(zip(calls, attach_each(list(calls.values()), folder, SUBNET_ENV) if calls else []))
    for number in [number for number, attempt in attempts.items() if attempt.stopped]:  # one may have ended the lab of all
        attempts[number] = attach_each([calls[number]], folder, SUBNET_ENV)[0]
    return [attempts.get(number) for number in range(len(batch))]


def verdicts(batch: list[Mutant]) -> list[list[Verdict]]:
    """The verdicts on some mutants, with every set of plugins that this machine has and that has the plugin of the good configuration."""
    found: list[list[Verdict]] = [[] for _ in batch]
    for plugins, folder in programs.cni_plugins().items():
        those = [(place, mutant) for place, mutant in zip(found, batch) if mutant.plugin in plugin_sets.plugins(plugins)]
        for (place, mutant), attempt in zip(those, tried([mutant for _, mutant in those], plugins, folder)):
            place.append(judged(mutant, plugins, attempt))
    for place, mutant in zip(found, batch):
        place.append(_aimed_at_none(mutant, place))
    return found


def _aimed_at_none(mutant: Mutant, those: list[Verdict]) -> Verdict:
    """The verdict of the checks aimed at no set: of the lab's sets the worst counts, and what the plugins of rkt refuse is refused."""
    by_rkt = {(each.check, each.place) for each in static(mutant.text, "rkt")}
    here = static(mutant.text, "")
    worst = next((each for each in those if not each.works), those[0])
    by_rkt_alone = not any(each.found for each in those) and by_rkt
    if bool(here) != (bool(by_rkt) or any(each.found for each in those)):
        return Verdict("all", "differs", "aimed at no set, the checks refuse something else than with each set", ())
    found = tuple((each.check, f"{each.place.line}:{each.place.column}: {each.message}") for each in here)
    spoken = [each for each in found if not (worst.works and _fails_elsewhere(each[1]))]
    return Verdict("all", RKT_ALONE if worst.works and by_rkt_alone else worst.outcome, worst.words, tuple(spoken))


def _fails_elsewhere(message: str) -> bool:
    """Whether a message says that the plugins of rkt fail, which the lab has not."""
    return "(fails with the plugins of rkt, not" in message


def shrunk(mutant: Mutant, those: list[Verdict]) -> tuple[Mutant, list[Verdict]]:
    """The mutant with as few of its changes as still disagree in the same way, and the verdicts on it."""
    way = {(each.plugins, each.works) for each in those if each.disagrees}
    for fewer in range(1, len(mutant.changes)):
        smaller = [mutant.with_changes(changes) for changes in itertools.combinations(mutant.changes, fewer)]
        for each, found in zip(smaller, verdicts(smaller)):
            if way & {(verdict.plugins, verdict.works) for verdict in found if verdict.disagrees}:
                return each, found
    return mutant, those


def fuzz(seed: int, count: int, report=lambda done: None) -> Summary:
    """Judge `count` mutants; `report` is called with the number of those done."""
    summary = Summary()
    each = iter(mutants(good(), seed, count))
    batches = list(iter(lambda: list(itertools.islice(each, BATCH)), []))
    pool = ThreadPoolExecutor(LABS)
    try:
        for batch, those in zip(batches, pool.map(verdicts, batches)):
            for mutant, found in zip(batch, those):
                summary.add(mutant, found)
            report(summary.mutants)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return summary


COLUMNS = ("not judged", "works, passes", "fails, refused", "fails, stricter rule alone", "stricter", "DISAGREES")


def table(summary: Summary) -> Iterator[str]:
    """The lines of the summary."""
    yield f"{'plugins':10}" + "".join(f"{column:>{len(column) + 3}}" for column in COLUMNS)
    for plugins, counter in sorted(summary.counts.items()):
        yield f"{plugins:10}" + "".join(f"{counter[column]:>{len(column) + 3}}" for column in COLUMNS)
    yield "in the lab: " + ", ".join(f"{count} {outcome}" for outcome, count in summary.outcomes.most_common())
    yield "stricter rules: " + (", ".join(f"{count} {rule}" for rule, count in summary.stricter.most_common()) or "none needed")


def shown(mutant: Mutant, those: list[Verdict]) -> Iterator[str]:
    """The lines that show a disagreement."""
    yield f"--- mutant {mutant.number} of {mutant.name}: {', '.join(change for change, _ in mutant.changes)}"
    for verdict in those:
        yield f"{verdict.plugins}: {verdict.outcome} {verdict.words} {'(DISAGREES)' if verdict.disagrees else ''}".rstrip()
        yield from (f"  {place} [{check}]" for check, place in verdict.found)
    yield mutant.text.decode("utf-8", "backslashreplace").rstrip("\n")


def main(argv: list[str] | None = None) -> int:
    """Fuzz, and print the summary and every disagreement."""
    parser = argparse.ArgumentParser("fuzz_cni.py", description="Hold the static checks of network configurations to real plugins.")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same mutants (%(default)s)")
    parser.add_argument("--count", type=int, default=2000, help="how many mutants (%(default)s)")
    options = parser.parse_args(argv)
    if why := lab.unavailable():
        print(f"fuzz: {why}", file=sys.stderr)
        return 2
    if missing := {"0.9.0", "1.1.1"} - set(programs.cni_plugins()):
        print(f"fuzz: the plugins {' and '.join(sorted(missing))} are not here; `make test` gets them", file=sys.stderr)
        return 2
    begun = time.monotonic()

    def report(done: int) -> None:
        print(f"\r{done} of {options.count} mutants, {time.monotonic() - begun:.0f} s ", end="", file=sys.stderr, flush=True)

    summary = fuzz(options.seed, options.count, report)
    print(file=sys.stderr)
    print(f"seed {options.seed}: {summary.mutants} mutants, {time.monotonic() - begun:.0f} s")
    print("\n".join(table(summary)))
    for mutant, those in summary.disagreements[:20]:
        print("\n".join(shown(*shrunk(mutant, those))))
    if more := summary.disagreements[20:]:
        print(f"and {len(more)} more")
    return 1 if summary.disagreements else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nfuzz: interrupted; nothing was proved", file=sys.stderr)
        sys.stderr.flush()
        os._exit(2)  # without waiting for the labs at work: they end with this process
