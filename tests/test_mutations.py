"""Every flag, variable and rkt command of the guide is broken at every place where it stands, in each way that makes sense there.

The places are found with plain patterns, not with the code under test, so that what no check looks at shows up as well. Each
mutation has to be found at exactly the characters that it changed. What survives is named in `SURVIVORS`, with the reason.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from conftest import ROOT

from checks.facts import load as facts
from checks.findings import load
from checks.tree import File, Page, Tree

CHECKS = load()
GUIDE = Tree(ROOT)
# The checks whose findings count: what others say of the same characters would not tell the author what is wrong.
FAMILY = (
    "name_is_in_the_facts", "later_flag_names_its_release", "deprecated_flag_is_called_so", "boolean_flag_is_joined_with_its_value",
    "shown_value_is_accepted", "exported_variable_is_read_by_its_script", "kubelet_in_pod_has_flags_of_1_3", "rkt_command_agrees_with_facts",
    "kubelet_command_agrees_with_facts", "flag_table_agrees_with_facts", "variable_table_agrees_with_facts", "rkt_table_agrees_with_facts",
)  # fmt: skip

KUBELET = {flag["name"]: flag for flag in facts("kubelet-flags")["flags"]}
RKT = {flag["name"]: flag for tag in facts("rkt-cli")["tags"].values() for command in tag["commands"].values() for flag in command["flags"]}
RKT |= {flag["name"]: flag for tag in facts("rkt-cli")["tags"].values() for flag in tag["global_flags"]}
COMMANDS = {name for tag in facts("rkt-cli")["tags"].values() for name in tag["commands"]}
VARIABLES = {each["name"]: each for each in facts("env-vars")["variables"]}

FLAG = re.compile(r"(?<![\w-])--(?P<name>[a-z][\w-]*)(?:=(?P<value>[\w./:-]*\w))?")
VARIABLE = re.compile(r"(?<![\w/.$-])(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w-])(?:=(?P<value>[\w./-]+))?")
COMMAND = re.compile(r"(?<![\w./-])rkt (?P<name>(?:image |app )?[a-z][a-z-]+)(?=[ `<]|$)", re.M)
# A transcript's commands are its lines with a prompt; of a page, what stands between backticks.
SEEN = {
    "shell": r"^[$>] .*$",
    "units": r"^Exec.*$",
    "pods": r"^ *- .*$",
    "diagrams": r">[^<>]+<",
    "page": r"`[^`\n]+`",
    "flags": r"`[^`\n]+`",
}


ITEM = "\n        - "  # between two arguments of a Pod of the guide


class Mutation(NamedTuple):
    """A broken file, where it is broken, and how: the fault, and the name that was right."""

    file: File
    fault: str
    name: str
    start: int
    end: int


def spans(file: File) -> list[tuple[int, int]]:
    """The parts of a file in which names are meant as such."""
    text = file.prose if isinstance(file, Page) else file.text
    return [match.span() for match in re.finditer(SEEN.get(file.kind, r"(?!)"), text, re.M)]


def found(pattern: re.Pattern, file: File) -> Iterator[tuple[re.Match, str]]:
    """The matches of a pattern in those parts, each with the part up to it."""
    for start, end in spans(file):
        for match in pattern.finditer(file.text, start, end):
            yield match, file.text[start : match.start()]


def broken(file: File, match: re.Match, fault: str, old: tuple[int, int], new: str, *, at: tuple[int, int] | None = None) -> Mutation:
    """The file with the span `old` replaced; the mutation stands at all of `new`, or at the part `at` of it."""
    text = file.text[: old[0]] + new + file.text[old[1] :]
    other = Page(file.path, text, file.lang) if isinstance(file, Page) else File(file.path, file.kind, text)
    start, end = at or (0, len(new))
    return Mutation(other, fault, match["name"], old[0] + start, old[0] + end)


def misspelt(name: str) -> str:
    """The name with two letters of its middle swapped; with the last one doubled where that is not possible."""
    at = next((at for at in range(len(name) // 2, len(name) - 1) if name[at] != name[at + 1]), None)
    if at is None:
        return name + name[-1]
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def wrong(flag: dict) -> str:
    """A value that a flag does not take; nothing where it takes any text."""
    kind = flag["type"]
    closed = ("container-runtime", "hairpin-mode", "insecure-options")
    return "zz" if re.match(r"bool|u?int|float|duration|ip\b|enum|optionList", kind) or flag["name"] in closed else ""


def mutations_of_flags(file: File) -> Iterator[Mutation]:
    for match, before in found(FLAG, file):
        name, whole = match["name"], (match.start(), match.start() + 2 + len(match["name"]))
        flag = KUBELET.get(name) or RKT.get(name)
        yield broken(file, match, "misspelt flag", whole, f"--{misspelt(name)}")
        if "-" in name:
            yield broken(file, match, "underscore", whole, "--" + name.replace("-", "_", 1))
        if flag is None:
            continue
        if len(name) > 2:
            yield broken(file, match, "single dash", whole, f"-{name}")
        owner = re.search(r"\b(kubelet|rkt)\b[^|;&]*$", before)
        if owner or file.kind == "pods":
            foreign = "stage1-name" if name in KUBELET and name not in RKT else "container-runtime"
            yield broken(file, match, "flag of another program", whole, f"--{foreign}")
        if match["value"] and wrong(flag):
            yield broken(file, match, "wrong value", match.span("value"), "zz")
        if flag["type"] == "bool":
            between = f'{ITEM}"' if file.kind == "pods" else " "
            start = len(name) + 2 + len(between)
            yield broken(
                file,
                match,
                "boolean with a blank",
                match.span(),
                f"--{name}{between}false" + '"' * (file.kind == "pods"),
                at=(start, start + 5),
            )
        if file.kind == "pods" or (owner and file.kind in ("shell", "units")):
            yield from mutations_of_commands(file, match, flag, whole)
        elif (
            name in KUBELET
            and name != "rkt-stage1-image"
            and file.kind in ("page", "flags")
            and not file.text.endswith("\n| `", 0, match.start())
        ):
            yield broken(file, match, "deprecated", whole, "--babysit-daemons")
            if "cni" not in name:
                yield broken(file, match, "not yet there", whole, "--eviction-minimum-reclaim")
        elif name in RKT and file.kind == "page" and not owner:
            yield broken(file, match, "of one release", whole, "--pull-policy")


def mutations_of_commands(file: File, match: re.Match, flag: dict, whole: tuple[int, int]) -> Iterator[Mutation]:
    """Those that only make sense where a command is run."""
    name = match["name"]
    separator = ITEM if file.kind == "pods" else " "
    if match["value"] and flag["type"] != "bool" and "no_value_default" not in flag:
        yield broken(file, match, "no value", match.span(), f"--{name}" + ("" if file.kind == "pods" else " --v=2" if name in KUBELET else " --debug"),
                     at=(0, len(name) + 2))  # fmt: skip
    if flag["type"] not in ("stringSlice", "mapStringString") and flag["default"] is not None:
        both = match[0] + separator + match[0]
        yield broken(
            file, match, "given twice", match.span(), both, at=(len(match[0] + separator), len(match[0] + separator) + len(name) + 2)
        )
    if name in KUBELET:
        yield broken(file, match, "later flag in a command", whole, "--cni-conf-dir" if match["value"] else "--cni-conf-dir=/x", at=(0, 14))


def mutations_of_rkt(file: File) -> Iterator[Mutation]:
    for match, before in found(COMMAND, file):
        if match["name"] in COMMANDS and not re.search(r"bin/$|name in $", before):
            words = match["name"].split(" ")
            last = match.end("name") - len(words[-1]), match.end("name")
            text = file.kind in ("page", "flags", "diagrams")  # there the whole name of the command is the place
            new = misspelt(words[-1])
            yield broken(file, match, "misspelt command", last, new, at=(-len(match[0]) + len(words[-1]), len(new)) if text else None)
            if not text:
                yield broken(file, match, "command of one release", match.span("name"), "app list")
                yield broken(file, match, "flag before its command", match.span("name"), f"--no-legend {match['name']}", at=(0, 11))


def mutations_of_variables(file: File) -> Iterator[Mutation]:
    for match, before in found(VARIABLE, file):
        name = match["name"]
        if name not in VARIABLES:
            continue
        yield broken(file, match, "misspelt variable", match.span("name"), misspelt(name))
        values = VARIABLES[name]["values"]
        if match["value"] and (isinstance(values, list) or values.split(" ")[0] in ("integer", "port", "IP", "rkt")):
            yield broken(file, match, "wrong value of a variable", match.span("value"), "zz")
        if before.endswith("export ") and name in ("CONTAINER_RUNTIME", "KUBE_CONTAINER_RUNTIME") and ".sh" in file.text:
            other = "KUBE_CONTAINER_RUNTIME" if name == "CONTAINER_RUNTIME" else "CONTAINER_RUNTIME"
            yield broken(file, match, "variable of the other script", match.span("name"), other)


def mutations() -> list[Mutation]:
    makers = (mutations_of_flags, mutations_of_rkt, mutations_of_variables)
    return [each for file in GUIDE.files() for maker in makers for each in maker(file)]


def survives(mutation: Mutation) -> bool:
    """Whether no check of the family has a finding at exactly the characters that a mutation has changed."""
    place = mutation.file.place(mutation.start, mutation.end)
    tree = alone(mutation.file)
    return not any((at, at.width) == (place, place.width) for name in FAMILY for at, _ in CHECKS[name].function(tree))


def alone(file: File) -> Tree:
    """The guide with one file only."""
    tree = Tree(ROOT, [])
    tree.whole, tree._files = True, [file]
    return tree


def paragraph(mutation: Mutation) -> str:
    """The row, item or paragraph that a mutation stands in."""
    text = mutation.file.text
    breaks = [match.end() for match in re.finditer(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*|]|[0-9]+\.)[ \t])", text)]
    start = max((at for at in breaks if at <= mutation.start), default=0)
    return text[start : min((at for at in breaks if at > mutation.start), default=len(text))]


# What no check sees, and why that is so.
SURVIVORS = {
    "the facts hold the flags of the kubelet, of rkt and of the checks in full, of other programs only those that pages name": lambda each: (
        each.file.kind == "shell" and each.name in ("cluster", "include", "no-pager", "pipe", "plain", "server", "version", "wait")
    ),
    "the paragraph says deprecated of another flag, and no program can tell of which": lambda each: (
        each.fault == "deprecated" and re.search("deprecated|弃用", paragraph(each), re.I)
    ),
    "the paragraph names the release for another flag": lambda each: (
        each.fault in ("not yet there", "of one release") and re.search(r"(?<![\d.])1\.(4|13|30)(?!\d)", paragraph(each))
    ),
    "the transcript says rkt 1.30.0, which has the command": lambda each: (
        each.fault == "command of one release" and "rkt Version: 1.30.0" in each.file.text
    ),
    "a sentence of a diagram does not say whose flag it is": lambda each: each.fault == "flag of another program" and each.file.kind == "diagrams",
    "a flag with one dash inside of the words of an error is not told from a word with a dash before it": lambda each: (
        each.fault == "single dash" and re.search("passed!|unknown flag:", paragraph(each))
    ),
}  # fmt: skip


MUTATIONS = mutations()


def test_each_mutation_is_found_where_it_stands():
    left = [each for each in MUTATIONS if survives(each)]
    unknown = [
        f"{each.fault}: {each.name} at {each.file.place(each.start)}"
        for each in left
        if not any(is_meant(each) for is_meant in SURVIVORS.values())
    ]
    assert not unknown, "\n".join(unknown)
    for reason, is_meant in SURVIVORS.items():
        assert any(is_meant(each) for each in left), f"nothing survives because {reason}"


def test_mutations_cover_every_fault_and_kind_in_both_languages():
    faults = Counter(each.fault for each in MUTATIONS)
    assert len(faults) == 18, sorted(faults)
    assert {each.file.kind for each in MUTATIONS} == {"page", "flags", "shell", "pods", "diagrams"}
    for lang in ("en", "zh"):
        assert sum(each.file.path.startswith(f"docs/{lang}/") for each in MUTATIONS) > 500


@pytest.mark.parametrize(
    ("release", "names"),
    [("1.3", ""), ("1.5", ""), ("1.6", "config"), ("1.7", "config"), ("1.8", "api-servers config"), ("1.10", "api-servers config")],
)
def test_the_release_that_a_pod_names_decides(release, names):
    """Of each release between the first and the last with rktnetes, the guide's kubelet in a Pod has the flags that were gone by then."""
    file = GUIDE.snippet("pods/kubelet-fly.yaml")
    text = file.text.replace("hyperkube:v1.3.0-beta.2", f"hyperkube:v{release}.0")
    assert f":v{release}." in text or release == "1.3"
    found = CHECKS["kubelet_in_pod_has_flags_of_1_3"].function(alone(File(file.path, "pods", text)))
    assert [message.split(" ")[0].removeprefix("--") for _, message in found] == names.split()
