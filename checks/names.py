"""Flags, variables, annotations and rkt commands, wherever the guide names them, and what the facts know of them.

```python
from pathlib import Path

from checks.names import in_pages
from checks.tree import Tree

flags = {name.name for name in in_pages(Tree(Path("."))) if name.owner == "rkt list"}
print("--full" in flags)
#> True
```
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from checks import markdown, releases
from checks.calls import of_file
from checks.documents import Node
from checks.facts import load
from checks.manifests import pods
from checks.tree import File, once

_WORD = re.compile(r"[^\s\"'()\[\]{},]+")
_FLAG = re.compile(r"--(?P<name>[A-Za-z][\w.-]*)(?:=(?P<value>\S*))?")
_ONE_DASH = re.compile(r"-(?P<name>[a-z][\w-]{2,})(?:=(?P<value>\S*))?")
_IN_DIAGRAM = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>[\w./:@-]*[\w/]))?")
_BETWEEN_TAGS = re.compile(r">(?P<text>[^<>]+)<")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*|.*(?:…|\.\.\.|[<$]).*|")
_VARIABLE = re.compile(r"(?<![\w/.-])(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w-])")
_ASSIGNED = re.compile(r"(?:(?<=\$)|(?<=\$\{)|(?<=export )|\A)(?P<name>[A-Z][A-Z0-9]+)(?![\w-])")
_ANNOTATION = re.compile(r"(?<![\w/.:-])(?P<name>(?:(?:[a-z0-9-]+\.)+kubernetes\.io|appc\.io)/[\w./-]*\w)(?![\w/])")
_KEY = re.compile(r"""^\s*["']?(?P<key>[\w./-]+)["']?:(?:\s|$)""", re.M)
# A word as commands of rkt are made of, and the commands that only hold others.
_PLAIN = re.compile(r"[a-z][a-z-]+")
_GROUPS = ("rkt image", "rkt app")
# The programs of which the facts hold every flag.
_COMPLETE = ("kubelet", "rkt", "checks")


@dataclass(frozen=True)
class Name:
    """A name and where it stands.

    `kind` is flag, variable, annotation or command (of rkt); `owner` the program that stands before a flag (`kubelet`,
    `rkt list`, empty without one); `after` the word behind it, which ends at `after_end`; `value` what stands behind an equals sign, None
    without one or where it is a placeholder (`N`, `…`).
    """

    file: File
    start: int
    end: int
    kind: str
    name: str
    owner: str = ""
    after: str = ""
    after_end: int = 0
    value: str | None = None
    value_start: int = 0

    @property
    def place(self):
        return self.file.place(self.start, self.end)


def in_pages(tree) -> list[Name]:
    """The names in the inline code of pages."""
    return [name for page in tree.pages() for name in in_codes(page)]


def in_tables(tree) -> list[Name]:
    """The names in the inline code of the tables in `snippets/flags/`."""
    return [name for file in tree.snippets("flags") for name in in_codes(file)]


@once
def in_codes(file: File) -> list[Name]:
    """The names in the inline code of a page or of a table."""
    return [name for code in file.codes for name in _in_code(file, code)]


def in_diagrams(tree) -> list[Name]:
    """The names in the words of diagrams: flags, variables, and commands of rkt where a piece of text starts with one."""
    return [name for file in tree.snippets("diagrams") for name in _in_drawing(file)]


@once
def _in_drawing(file: File) -> list[Name]:
    return [name for match in _BETWEEN_TAGS.finditer(file.text) for name in _in_diagram(file, match)]


def _in_diagram(file, match: re.Match) -> Iterator[Name]:
    start, text = match.start("text"), match["text"]
    if re.match(r"(?:rkt|kubelet) [a-z-]+(?: [a-z-]+)?$", text):
        yield from _in_words(file, [(start + word.start(), word[0]) for word in _WORD.finditer(text)])
        return
    for found in _IN_DIAGRAM.finditer(text):
        if found[0].startswith("--") or releases.whose(found["name"]):
            yield _flag(file, start + found.start(), found)
    for found in _VARIABLE.finditer(text):
        yield Name(file, start + found.start(), start + found.end(), "variable", found["name"], **_assigned(text, start, found))


def in_texts(tree) -> list[Name]:
    """The names in what people read: the inline code of pages and tables, and the words of diagrams."""
    return in_pages(tree) + in_tables(tree) + in_diagrams(tree)


def _in_code(file, code: markdown.Code) -> Iterator[Name]:
    text = file.text[code.start : code.end].replace("`", " ")
    yield from _in_words(file, [(code.start + match.start(), match[0]) for match in _WORD.finditer(text)])
    for pattern, kind in ((_VARIABLE, "variable"), (_ANNOTATION, "annotation")):
        for match in pattern.finditer(text):
            yield Name(
                file, code.start + match.start(), code.start + match.end(), kind, match["name"], **_assigned(text, code.start, match)
            )
    at = file.text.index(code.text, code.start)
    for match in _ASSIGNED.finditer(code.text):
        # A single word in capitals may be anything; `$X`, `export X` and `X=…` are variables, and so are known names.
        if match.start() or code.text.startswith("=", match.end()) or match["name"] in variables():
            start = at + match.start()
            value = _assigned(code.text, start - match.start(), match)
            yield Name(file, start, start + len(match["name"]), "variable", match["name"], **value)


def _assigned(text: str, base: int, match: re.Match) -> dict:
    """The value behind the equals sign that follows a match, if it is one."""
    behind = re.compile(r"=(?P<value>[^\s\"'()\[\]{},，；;]*)").match(text, match.end("name"))
    if not behind or _PLACEHOLDER.fullmatch(behind["value"]):
        return {}
    return {"value": behind["value"], "value_start": base + behind.start("value")}


def _flag(file, at: int, match: re.Match, owner: str = "", after: str = "", after_end: int = 0) -> Name:
    """A flag that a pattern has found, `at` being where its dashes start."""
    value = match["value"] if match["value"] is not None and not _PLACEHOLDER.fullmatch(match["value"]) else None
    end = at + match.end("name") - match.start()
    name = file.text[at:end]
    return Name(file, at, end, "flag", name, owner, after, after_end, value, end + 1)


def _in_words(file, words: list[tuple[int, str]]) -> Iterator[Name]:
    """Flags, each with the program that stands before it, and commands of rkt."""
    owner, start = "", 0
    for number, (at, word) in enumerate(words):
        then, after = words[number + 1] if number + 1 < len(words) else (0, "")
        called = word.rsplit("/", 1)[-1] if "bin/" in word else word
        if match := _FLAG.fullmatch(word):
            yield _flag(file, at, match, owner, after, then + len(after))
        elif (match := _ONE_DASH.fullmatch(word)) and (number == 0 or owner) and releases.whose(match["name"]):
            yield _flag(file, at, match, owner)
        elif called in ("kubelet", "rkt", *load("other-names")["flags"]):
            owner, start = called, at
        elif word in ("|", "||", "&&", ";"):
            owner = ""
        elif owner in ("rkt", *_GROUPS) and f"{owner} {word}" in rkt_commands():
            owner = f"{owner} {word}"
            if f"{owner} {after}" not in rkt_commands() and not (owner in _GROUPS and _PLAIN.fullmatch(after)):
                yield Name(file, start, at + len(word), "command", owner)
        elif (
            owner in ("rkt", *_GROUPS)
            and _PLAIN.fullmatch(word)
            and number < 4  # nothing but the owner stands before it, and perhaps sudo
            and " ".join(each for _, each in words[:number]) in (owner, f"sudo {owner}")
        ):
            yield Name(file, start, at + len(word), "command", f"{owner} {word}")


def in_snippets(tree) -> list[Name]:
    """What commands of the kubelet and of rkt name in transcripts, units and pods; exported variables; annotations."""
    return [name for kind in ("shell", "units", "pods") for file in tree.snippets(kind) for name in _in_snippet(file)]


@once
def _in_snippet(file: File) -> list[Name]:
    found: list[Name] = []
    for call in of_file(file):
        found += _called(file, [(word.start, word.value) for word in call.words])
        for word in call.words[1:] if call.words[0].value == "export" else ():
            name = word.value.split("=")[0]
            found.append(Name(file, word.start, word.start + len(name), "variable", name))
    if file.kind == "pods":
        found += [name for pod in pods(file.text) for name in _annotations_of(file, pod.root)]
    return found


def _annotations_of(file: File, pod: Node) -> Iterator[Name]:
    """The annotations of a Pod that are rkt's, and those that look like one which the facts know; others are anybody's."""
    node = pod.at(["metadata", "annotations"])
    for member in node.unique() if node else ():
        domain = member.key.partition("/")[0].split(".")
        known = [*annotations(), *load("other-names")["annotations"]]
        close = difflib.get_close_matches(member.key[:100], known, 1, 0.9)
        misspelled = member.key not in known and ({"rkt", "appc"} & {*domain} or close)
        if member.key in annotations() or (misspelled and _ANNOTATION.fullmatch(member.key)):
            quoted = file.text[member.start : member.start + 1] in ("'", '"')
            yield Name(file, member.start + quoted, member.end - quoted, "annotation", member.key)


def _called(file, words: list[tuple[int, str]]) -> list[Name]:
    """The flags and commands of a command line that belong to the kubelet, to rkt or to these checks."""
    return [name for name in _in_words(file, words) if name.kind == "command" or name.owner.split(" ")[0] in _COMPLETE]


@cache
def kubelet_flags() -> dict[str, dict]:
    """The facts of each kubelet flag, by its name with dashes."""
    return {f"--{flag['name']}": flag for flag in load("kubelet-flags")["flags"]}


@cache
def rkt_commands() -> dict[str, dict[str, dict]]:
    """The flags of each rkt command (`rkt` itself: those of every command) in 1.13.0 or 1.30.0, by their names."""
    found = {"rkt": {f"--{name}": flag for name, flag in releases.rkt_flags("").items()}}
    for command in releases.rkt_commands():
        own = releases.rkt_flags(command).items()
        found[f"rkt {command}"] = {f"--{name}": flag for name, flag in own if name not in releases.rkt_flags("")}
    return found


def lists_of(flag: dict) -> dict:
    """The list of the values that a flag of the kubelet takes in 1.3, as `values`; nothing where there is none."""
    known = releases.kubelet_flags(releases.RELEASE).get(flag["name"], {}) if "tags" not in flag else flag
    return {key: known[key] for key in ("values", "open") if key in known}


@cache
def variables() -> dict[str, list[str]]:
    """The tables that hold each variable; none for one that no table holds."""
    found: dict[str, list[str]] = {}
    for variable in load("env-vars")["variables"]:
        found.setdefault(variable["name"], []).extend([variable["table"]] if variable["table"] else [])
    flannel = load("cni")["plugins"]["flannel"]["delegate_expansion"]["subnet_env_required"]
    return found | {name: [] for name in (*flannel, *load("other-names")["variables"])}


@cache
def annotations() -> tuple[str, ...]:
    """The keys of all annotations."""
    return tuple(each["key"] for each in load("annotations")["annotations"])


@cache
def rkt_flags(owner: str) -> dict[str, dict]:
    """The flags that may stand behind an rkt command, those of every command included; all flags without an owner."""
    wanted = [owner, "rkt"] if owner else rkt_commands()
    return {name: flag for command in wanted for name, flag in rkt_commands().get(command, {}).items()}


def rows_of(name: Name) -> dict[str, set[tuple[str, ...]]]:
    """The rows that may hold a name, by table; empty for a name that no table has to hold. Shared by all callers, so nobody changes it."""
    return _rows_of(name.kind, name.name, name.owner)


@lru_cache(maxsize=4096)
def _rows_of(kind: str, name: str, owner: str) -> dict[str, set[tuple[str, ...]]]:
    if kind == "variable":
        return {table: {(name,)} for table in variables().get(name, ())}
    if kind == "annotation":
        return {"annotations": {(name,)}} if name in annotations() else {}
    if kind == "command":
        return {"rkt": {(name,)}} if name in rkt_commands() else {}
    rows = {}
    if owner in ("", "kubelet") and name in kubelet_flags():
        rows["kubelet"] = {(name,)}
    if (not owner or owner.startswith("rkt")) and name in rkt_flags(owner):
        owners = [command for command in rkt_commands() if owner in ("", command) or command == "rkt"]
        rows["rkt"] = {(command, name) for command in owners if name in rkt_commands()[command]}
    return rows
