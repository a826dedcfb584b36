"""How each snippet is verified: the record that the site shows to readers, and the check that holds it to the snippets.

```python
from pathlib import Path

from checks.tree import Tree
from checks.verification import levels

record = levels(Tree(Path(".")))
print(next(entry["level"] for entry in record if entry["path"] == "snippets/pods/nginx.yaml"))
#> validated
```
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from checks import recordings
from checks.facts import load
from checks.findings import Place, check
from checks.sessions import absent, can_run
from checks.shell import commands
from checks.tree import File
from checks.tree import write as write_file

RECORD = "verification.json"
_WRITE = f"`python -m checks --record {RECORD}` writes the record of this run"

# Whose schema or facts the checks compare a snippet with, by its kind and the start of its name. What is not here is judged by no check.
_PLUGINS = ["CNI plugins 0.3.0", "CNI plugins 0.9.0", "CNI plugins 1.1.1"]
_RKT = ["rkt 1.13.0", "rkt 1.30.0"]
VALIDATED_WITH = {
    "cni/": _PLUGINS,
    "failures/flannel-": _PLUGINS[:2],
    "failures/": _PLUGINS,
    "env/": _PLUGINS[:2],  # the package of 1.1.1 has no flannel
    "pods/": ["Kubernetes 1.3", "Kubernetes 1.37"],
    "units/": ["systemd 219", "systemd 252", *_RKT],
    "flags/annotations.": ["kubelet 1.3"],
    "flags/cni-flannel.": _PLUGINS[:2],
    "flags/cni-": _PLUGINS,
    "flags/gce.": ["config-default.sh 2016-12"],
    "flags/kubelet.": ["kubelet 1.3", "kubelet 1.7"],
    "flags/local-up-cluster.": ["local-up-cluster.sh 2016-07"],
    "flags/rkt.": _RKT,
    "diagrams/": ["XML 1.0"],
}
# With whose flags the commands of a transcript are compared, by the program that they call, beside what reads all of them.
_FLAGS_OF = {"rkt": _RKT, "kubelet": ["kubelet 1.3"]}
_SHELL = ["bash", "shellcheck"]


def levels(tree) -> list[dict]:
    """The entry of each snippet, in the order of their paths.

    `path`, `sha256` of the bytes, `level` (`ran`, `recorded`, `validated`, `excused`; None where there is none), `with`
    (components, each with its version), `date` (`YYYY-MM-DD`: of the run or of the recording), `reason` (of an excuse, by
    language). `ran` is what the lab ran in this run and no other; every level is worth something when the checks have found nothing.
    """
    return [_entry(tree, snippet) for snippet in sorted(tree.snippets(), key=lambda each: each.path)]


def _entry(tree, snippet) -> dict:
    entry = {"path": snippet.path, "sha256": hashlib.sha256(snippet.text.encode("utf-8")).hexdigest()}
    entry |= {"level": None, "with": [], "date": None, "reason": None}
    if components := tree.ran.get(snippet.path):
        return entry | {"level": "ran", "with": list(components), "date": datetime.now(UTC).date().isoformat()}
    if reason := load("excused")["snippets"].get(snippet.path):
        return entry | {"level": "excused", "reason": reason}
    typed = commands(snippet.text) if snippet.kind == "shell" else []
    shown = [command for command in typed if command.output.strip()]
    if shown and ((recorded := _recorded(shown)) or not can_run(snippet.text)):
        return entry | recorded
    name = f"{snippet.kind}/{snippet.name.rsplit('/', 1)[-1]}"
    compared = next((names for start, names in VALIDATED_WITH.items() if name.startswith(start)), _compared(typed, snippet.text))
    return entry | {"level": "validated" if compared else None, "with": compared}


def _compared(typed: list, text: str) -> list[str]:
    """With what the commands of a transcript without output are compared; nothing where one of them is compared with nothing.

    One that can be run has its words read by shell and shellcheck, until the lab runs it.
    """
    cannot = {program for command in typed for program in absent(command)}
    if can_run(text):
        return _SHELL
    if cannot <= set(_FLAGS_OF):
        names = set(re.findall(r"^\$ export (\w+)=", text, re.M))
        tables = {each["table"] for each in load("env-vars")["variables"] if each["name"] in names}
        compared = [name for program in sorted(cannot) for name in _FLAGS_OF[program]]
        compared += [name for table in sorted(tables) for name in VALIDATED_WITH[f"flags/{table}."]]
        return [*_SHELL, *compared] if compared else []
    return []


def _recorded(shown: list) -> dict:
    """The level of commands with output: programs and day of their recordings; no level where one was never recorded."""
    found = [recordings.matching(command.text, command.output) for command in shown]
    if not all(found):
        return {}
    sources = [recordings.index()[each.file] for same in found for each in same]
    programs = {f"{name} {version}" for source in sources for name, version in source["programs"].items()}
    return {"level": "recorded", "with": sorted(programs), "date": max(source["day"] for source in sources)}


def write(tree, path: Path) -> None:
    """Write the record of a tree as JSON, all of it or nothing."""
    write_file(path, json.dumps(levels(tree), ensure_ascii=False, indent=1) + "\n")


@check(whole=True, of_runs=True)
def snippet_has_a_level(tree):
    """Every snippet has a level of verification: ran, recorded, validated, or excused with a reason.

    A snippet `ran` when the lab ran it in this run, it is `recorded` when all output in it was recorded from the
    real program, and `validated` when the checks of its kind compare it with a schema or with facts. What no check
    can judge is `excused` in `checks/facts/excused.json`, with a reason that readers see. A snippet with none of
    these would be shown as if somebody had looked at it. Correct its output, move it into the folder of its kind,
    write a check for its kind, or excuse it.
    """
    for snippet in tree.snippets():
        if _entry(tree, snippet)["level"] is None:
            yield snippet.place(0), f"has no level of verification: {_missing(snippet)}"


def _missing(snippet) -> str:
    """What a snippet without a level would need."""
    if snippet.kind != "shell":
        return "no check judges this kind of file"
    if any(command.output.strip() for command in commands(snippet.text)):
        return "an output in it was never recorded"
    return "it can neither be run nor compared with facts; say why in checks/facts/excused.json"


@check(whole=True, of_runs=True)
def record_is_up_to_date(tree):
    """The record of verification agrees with the snippets as they are, and with what this run did with them.

    The site shows the level of each snippet as `verification.json` has it, because the machine that publishes the
    site cannot run the lab. So the record names every snippet and no other, with the hash of its bytes, and says
    what this run says: level, components and reason. A level of `ran` is compared where the lab ran all that it
    should. Dates may differ, and so may the versions of what the lab runs, because machines differ in both.

    After a change of a snippet run `python -m checks --record verification.json` with the lab and commit the file.
    It is written only when nothing else is found, and never by hand.
    """
    now = {entry["path"]: (snippet, entry) for snippet in tree.snippets() for entry in [_entry(tree, snippet)]}
    file = tree.file(RECORD)
    recorded = _read(file)
    if recorded is None:
        yield (file.place(0) if file else Place(RECORD)), f"is {'no record' if file else 'missing'}; {_WRITE}"
        return
    unreadable = {place.path for place, _ in tree.unreadable}
    yield from _strangers(file, recorded, set(now) | unreadable)
    known = {entry["path"]: entry for entry in recorded}
    lab = tree.lab and not tree.not_run and not tree.partly
    for path, (snippet, entry) in now.items():
        proved = lab and (tree.wanted is None or path in tree.wanted)
        if problem := _difference(known.get(path), entry, proved):
            yield snippet.place(0), f"{problem}; {_WRITE}"


def _read(file: File | None) -> list[dict] | None:
    """The entries of the record; None where it is no list of entries."""
    try:
        entries = json.loads(file.text) if file else None
    except (ValueError, RecursionError):
        return None
    good = isinstance(entries, list) and all(isinstance(each, dict) and isinstance(each.get("path"), str) for each in entries)
    return entries if good else None


def _strangers(file: File, recorded: list[dict], paths: set[str]) -> Iterator[tuple[Place, str]]:
    """Entries of snippets that are not there, and second entries."""
    at, seen = 0, set()
    for entry in recorded:
        written = json.dumps(entry["path"], ensure_ascii=False)
        at = max(file.text.find(written, at), at)
        place = file.place(at, at + len(written))
        if entry["path"] in seen or entry["path"] not in paths:
            yield place, f"names {entry['path']}, {'twice' if entry['path'] in seen else 'which is not there'}; {_WRITE}"
        seen.add(entry["path"])
        at += len(written)


def _difference(recorded: dict | None, now: dict, proved: bool) -> str:
    """What the record says otherwise than this run; `proved` where the lab ran all that it should."""
    if recorded is None:
        return f"is not in {RECORD}"
    if recorded.get("sha256") != now["sha256"]:
        return f"has other bytes than {RECORD} vouches for"
    if "ran" in (recorded.get("level"), now["level"]) and not proved:
        return ""
    if _claim(recorded) != _claim(now):
        return f"is {_claim(recorded)} in {RECORD} and {_claim(now)} in this run"
    return f"has another reason in {RECORD} than in this run" if recorded.get("reason") != now["reason"] else ""


def _claim(entry: dict) -> str:
    """Level and components in words. Of what ran the versions are left out: they are the machine's."""
    components = entry.get("with")
    names = {str(each) for each in components} if isinstance(components, list) else {str(components)}
    if entry.get("level") == "ran":
        names = {re.sub(r" v?\d\S*$", "", name) for name in names}
    return f"`{entry.get('level')}`" + (f" with {', '.join(sorted(names))}" if names else "")
