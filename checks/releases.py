"""Which flags and commands the kubelet and rkt have, in which release, and which release a text speaks of.

```python
from checks.releases import kubelet_flags, release_of, whose

release = release_of("# for Kubernetes 1.6")
print(kubelet_flags(release)["config"]["missing"], "|", whose("etcd-servers"))
#> it was removed in 1.6 | ('kube-apiserver',)
```
"""

import re
from functools import cache, lru_cache

from checks.facts import load as facts

# The release of Kubernetes that is meant where nothing else is said, and the last one whose flags the facts hold.
RELEASE = "1.3"
LAST_READ = "1.7"
_RELEASE = re.compile(
    r"(?:\bKubernetes v?|KUBELET_(?:VERSION|IMAGE_TAG)=v?|(?:hyperkube|kubelet)[\w.-]*:v?)(?P<release>1\.[0-9]+)(?![0-9])"
)
_RKT = re.compile(r"\brkt(?: Version:)?[ -]v?1\.(?P<minor>[0-9]+)(?![0-9])")


@lru_cache(maxsize=64)
def release_of(text: str) -> str:
    """The release of Kubernetes that a text names first, 1.3 where it names none.

    It is named as `Kubernetes 1.6`, as what `kubelet --version` prints, by the tag of a hyperkube image, or by the variable from which the
    wrapper of CoreOS takes that tag.
    """
    match = _RELEASE.search(text)
    return match["release"] if match else RELEASE


def tags_of(text: str) -> list[tuple[str, ...]]:
    """The tags of rkt by which a command is judged, once for each release of rkt that a text names; by both where it names none.

    A release between the two is judged by both, and `between` says that one of them is enough.
    """
    tags = tuple(facts("rkt-cli")["tags"])
    minors = sorted({int(match["minor"]) for match in _RKT.finditer(text)})
    return [tags[:1] if minor <= 13 else tags[1:] if minor >= 30 else ("between", *tags) for minor in minors] or [tags]


@cache
def kubelet_flags(release: str) -> dict[str, dict]:
    """All flags of the kubelet that the facts know, each with type and values of a release; `missing` says why it is not there, or nothing."""
    known, lists = facts("kubelet-flags"), facts("kubelet-flags")["values"]["flags"]
    found = {}
    for flag in known["flags"]:
        changes = [change for since, change in flag.get("changes", {}).items() if number(since) <= number(release)]
        types = [flag["type"], *(change["type"] for change in changes if "type" in change)]
        found[flag["name"]] = flag | {"type": types[-1], "missing": _missing(flag, release), **_list(lists.get(flag["name"]), release)}
    return found


def number(release: str) -> tuple[int, ...]:
    """A release as numbers, so that 1.10 comes after 1.9; `1.6-dev` counts as 1.6."""
    return tuple(map(int, release.removesuffix("-dev").split(".")))


def _list(known: dict | None, release: str = RELEASE) -> dict:
    """The list of the values that a flag takes, as it was at a release."""
    if not known:
        return {}
    lists = [known["values"], *(later for since, later in known.get("changes", {}).items() if number(since) <= number(release))]
    chosen = list(facts("rkt-cli")["stage1"]["images"]) if lists[-1] == "stage1 images" else lists[-1]
    return {"values": chosen, "open": known.get("open", False)}


def _missing(flag: dict, release: str) -> str:
    """Why a release does not have a flag, as far as the facts know; nothing where it has it, or may have it."""
    since, until = flag["from"], flag["removed_in"]
    if since == "unknown":  # the first release that surely has it; the one before may have it already
        first = flag["versions"][0].removesuffix("-dev")
        return f"it came after 1.3, and 1.{int(first[2:])} has it" if release == RELEASE else ""
    if number(release) < number(since):
        return f"it came with {since}"
    if until not in (None, "unknown") and number(release) >= number(until):
        return f"it was removed in {until}"
    return ""


@cache
def rkt_flags(command: str) -> dict[str, dict]:
    """The flags that rkt takes at a command (`list`; empty: at every command), with `tags`, those that have it."""
    lists, found = facts("rkt-cli")["values"]["flags"], {}
    for tag, known in facts("rkt-cli")["tags"].items():
        own = known["commands"].get(command, {}).get("flags", [])
        for flag in known["global_flags"] + own if command else known["global_flags"]:
            tags = (*found.get(flag["name"], {}).get("tags", ()), tag)
            found[flag["name"]] = flag | {"tags": tags, **_list(lists.get(flag["name"]))}
    return found


@cache
def rkt_commands() -> dict[str, tuple[str, ...]]:
    """The commands of rkt, each with the tags that have it."""
    found: dict[str, tuple[str, ...]] = {}
    for tag, known in facts("rkt-cli")["tags"].items():
        for name in known["commands"]:
            found[name] = (*found.get(name, ()), tag)
    return found


def whose(name: str) -> tuple[str, ...]:
    """The programs that have a flag: the kubelet, commands of rkt, other programs of the facts."""
    return all_flags().get(name, ())


@cache
def all_flags() -> dict[str, tuple[str, ...]]:
    """Every flag that the facts know, with the programs that have it."""
    found: dict[str, tuple[str, ...]] = {flag["name"]: ("the kubelet",) for flag in facts("kubelet-flags")["flags"]}
    for command in ("", *rkt_commands()):
        for name in rkt_flags(command):
            if not command or name not in rkt_flags(""):
                found[name] = (*found.get(name, ()), f"rkt {command}".strip())
    for program, each in facts("other-names")["flags"].items():
        for name in each["flags"]:
            found[name] = (*found.get(name, ()), program)
    return found
