"""The judge of command lines: what is wrong with the arguments of a kubelet or of rkt, as the program itself would read them.

Both programs read flags with pflag: `--name=value` or `--name value`, a boolean without a value or with `=true`; a single dash is for names of one
letter. The kubelet also takes an underscore for a dash.

```python
from checks.arguments import faults
from checks.shell import simple_commands

line = "kubelet --allow-privileged --registr-node=true"
words = simple_commands(line)[0].words
print(list(faults(line, words)))
#> [(27, 41, 'the kubelet has no flag --registr-node (did you mean --register-node?)')]
```
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from checks import literals, schemas
from checks.facts import load as facts
from checks.releases import LAST_READ, RELEASE, all_flags, kubelet_flags, number, rkt_commands, rkt_flags, tags_of, whose

KUBELETS = ("kubelet", "kubelet-wrapper")  # the wrapper of CoreOS hands its arguments on
# After these, the first word that is no flag ends rkt's own part: the rest belongs to a program in a pod.
_ENDS_AT_ARGUMENT = ("enter", "app exec")
_REPEATED = ("stringSlice", "mapStringString")


class Given(NamedTuple):
    """A flag on a command line (`name` without dashes, its value and the word that holds it), or an argument (no name)."""

    word: object
    dashes: str = ""
    name: str = ""
    value: str | None = None
    holder: object = None


def faults(
    text: str, words: Sequence, release: str = RELEASE, tags: tuple[str, ...] = (), *, guide: bool = True
) -> Iterator[tuple[int, int, str]]:
    """What is wrong with a command line of the kubelet, of hyperkube or of rkt, as (start, end, message).

    `text` is that of the file, `words` are those of the command line from the program on, with `start` and `end` in the text and the `value` that the
    program gets. A value that a shell has yet to fill in is not judged. `release` is that of Kubernetes; `tags` those of rkt (see `tags_of`): the
    command has to be right in each of them. With `guide`, names are also written as the guide writes them: in full, with dashes. Programs of
    other names are not judged.
    """
    name = PurePosixPath(str(words[0].value)).name if words else ""
    if name in KUBELETS:
        yield from _kubelet(text, words[1:], release, guide)
    elif name == "hyperkube" and len(words) > 1:
        yield from _hyperkube(text, words[1:], release, guide)
    elif name == "rkt":
        yield from _rkt(text, words[1:], tags or tags_of("")[0], guide)


def span(text: str, word, part: str, *, last: bool = False) -> tuple[int, int]:
    """Where a part of a word stands, or the whole word where quotes or escapes hide it."""
    raw = text[word.start : word.end]
    at = raw.rfind(part) if last else raw.find(part)
    return (word.start + at, word.start + at + len(part)) if at >= 0 and part else (word.start, word.end)


def _hyperkube(text: str, words: Sequence, release: str, guide: bool) -> Iterator:
    servers = facts("other-names")["hyperkube"]["servers"]
    server = str(words[0].value)
    if server == "kubelet":
        yield from _kubelet(text, words[1:], release, guide)
    elif server not in servers and not server.startswith("-") and "$" not in server:
        yield *span(text, words[0], server), f"hyperkube has no server {schemas.shown(server)}{schemas.nearest(server, servers)}"


def _read(words: Sequence, known: dict[str, dict]) -> tuple[list[Given], str]:
    """A command line as pflag reads it, up to `--`, and the name of a flag that lacks its value."""
    found, at, lacking = [], 0, ""
    while at < len(words):
        word, at = words[at], at + 1
        if word.value == "--":
            break
        if not isinstance(word.value, str):
            continue  # a number or the like in YAML, which is a fault of the Pod
        dashes, name, equals, value = re.fullmatch(r"(-*)([^=]*)(=?)(.*)", word.value, re.S).groups()
        if not dashes or not name:
            found.append(Given(word))
            continue
        short = re.fullmatch(r"([a-z])([0-9]+)", name) if dashes == "-" and not equals else None
        if short and short[1] in known:  # -v4
            name, equals, value = short[1], "=", short[2]
        flag = known.get(name) or known.get(name.replace("_", "-"))
        if equals:
            found.append(Given(word, dashes, name, value, word))
        elif flag and bare(flag):
            found.append(Given(word, dashes, name))
        elif at < len(words) and isinstance(words[at].value, str) and not _is_flag(words[at].value, known):
            found.append(Given(word, dashes, name, words[at].value, words[at]))
            at += 1
        else:
            found.append(Given(word, dashes, name))
            lacking = lacking or (name if flag else "")
    return found, lacking


def _is_flag(argument: str, known: dict[str, dict]) -> bool:
    """Whether a word is a flag rather than the value of the flag before it. pflag would take it for the value, which nobody means."""
    return re.match(r"--[a-z]", argument) is not None or (argument.startswith("-") and argument[1:] in known)


def bare(flag: dict) -> bool:
    """Whether a flag may stand without a value."""
    return flag["type"] in ("bool", "custom:version") or "no_value_default" in flag


def _kubelet(text: str, words: Sequence, release: str, guide: bool) -> Iterator:
    known = kubelet_flags(release)
    present = {name for name, flag in known.items() if not flag["missing"]}
    given, lacking = _read(words, known)
    seen: dict[str, Given] = {}
    for before, each in zip([None, *given], given):
        if not each.name:
            yield from _stray(text, before, each, known)
            continue
        name = each.name.replace("_", "-")
        if message := _kubelet_name(each if guide else each._replace(name=name), known, present, release):
            yield *span(text, each.word, each.dashes + each.name), message
        if name in present:
            yield from _value(text, each, known[name])
            yield from _twice(text, each, seen, known[name], "the kubelet")
    yield from _lacking(text, given, lacking)


def _kubelet_name(each: Given, known: dict, present: set, release: str) -> str:
    """What is wrong with the name of a kubelet's flag, or nothing."""
    flag, name = each.dashes + each.name, each.name.replace("_", "-")
    if name in ("help", "h") or "$" in flag:
        return ""
    first, blank, value = name.partition(" ")
    if blank and first in known:
        return f"--{first} and its value stand in one argument, with a blank between them; write --{first}={schemas.shown(value.strip())}"
    if name not in known:
        if number(release) > number(LAST_READ):
            return ""  # it may have come later
        return unknown(name, "the kubelet", present)
    if known[name]["missing"]:
        return f"--{name} is no flag of the kubelet of {release}; {known[name]['missing']}"
    if flag != f"--{name}" and not (each.dashes == "-" and len(name) == 1):
        return f"{schemas.shown(flag)} is written --{name}"
    return ""


def _stray(text: str, before: Given | None, each: Given, known: dict) -> Iterator:
    """A word that belongs to no flag. The kubelet takes no arguments."""
    value = str(each.word.value)
    flag = known.get(before.name) if before and before.name and before.holder is None else None
    if "$" in value:
        return
    if flag and flag["type"] == "bool" and not literals.wanted(value, "bool"):
        yield *span(text, each.word, value), _blank(before.name, value)
    elif re.fullmatch(r"[|&]{1,2}|[0-9]?[<>]{1,2}(&[0-9])?", value):
        yield *span(text, each.word, value), f"{value} is an argument here, because no shell runs this; write /bin/sh -c '…' around it"
    else:
        said = f"{schemas.shown(value)} is no flag and no flag's value; a flag starts with two dashes"
        yield *span(text, each.word, value), said


def _blank(name: str, value: str) -> str:
    """The words for a boolean whose value stands behind a blank."""
    return f"{value} is an argument of its own, and --{name} alone is true; write --{name}={value}"


def _rkt(text: str, words: Sequence, tags: tuple[str, ...], guide: bool) -> Iterator:
    at = _first_argument(words)
    command, length = _command(words[at:])
    if not guide:
        command = _meant(command) or command
    before, lacking = _read(words[:at], rkt_flags(""))
    seen: dict[str, Given] = {}
    for each in before:
        yield from _before_command(text, each, command, seen)
    yield from _lacking(text, before, lacking)
    if not command or at >= len(words):
        return
    last = words[at + length - 1]
    if command not in rkt_commands():
        yield (
            words[at + length - 1].start,
            last.end,
            f"rkt has no command {command}{_cut_short(command) or schemas.nearest(command, rkt_commands())}",
        )
        return
    if message := _only(rkt_commands()[command], tags):
        yield words[at].start, last.end, f"rkt {command} is {message}"
    yield from _rkt_flags(text, words[at + length :], command, tags)


def _first_argument(words: Sequence) -> int:
    """The number of words before the first that is neither a global flag of rkt nor the value of one."""
    known, at = rkt_flags(""), 0
    while at < len(words) and str(words[at].value).startswith("-"):
        name, equals, _ = str(words[at].value).lstrip("-").partition("=")
        at += 1 if equals or name not in known or bare(known[name]) else 2
    return min(at, len(words))


def _command(words: Sequence) -> tuple[str, int]:
    """The command of rkt that words start with, and of how many words it is; empty where nothing can be said."""
    if not words or str(words[0].value) in ("help", "") or "$" in str(words[0].value):
        return "", 0
    name = str(words[0].value)
    if not any(other.startswith(f"{name} ") for other in rkt_commands()):
        return name, 1
    return (f"{name} {words[1].value}", 2) if len(words) > 1 else ("", 1)


def _cut_short(command: str) -> str:
    """The words for a command that is cut short."""
    return f"; it takes this for {_meant(command)}, so write that" if _meant(command) else ""


def _meant(command: str) -> str:
    """The command that rkt takes for one that is cut short, where only one can be meant."""
    meant = [
        name for name in rkt_commands() if all(map(str.startswith, name.split(), command.split())) and name.count(" ") == command.count(" ")
    ]
    return meant[0] if len(meant) == 1 else ""


def _before_command(text: str, each: Given, command: str, seen: dict[str, Given]) -> Iterator:
    """A flag before the command that is none of every command."""
    known, flag = rkt_flags(""), each.dashes + each.name
    where = span(text, each.word, flag)
    if each.name in known and each.dashes == "--":
        yield from _value(text, each, known[each.name])
        yield from _twice(text, each, seen, known[each.name], "rkt")
    elif each.name in known:
        yield *where, f"{flag} is written --{each.name}"
    elif each.name in rkt_flags(command):
        yield *where, f"--{each.name} belongs to rkt {command}; write it behind that"
    elif each.name not in ("help", "h"):
        yield *where, unknown(each.name, "rkt", known)


def _rkt_flags(text: str, words: Sequence, command: str, tags: tuple[str, ...]) -> Iterator:
    """What is wrong behind the name of an rkt command."""
    known, per_image = rkt_flags(command), facts("rkt-cli")["per_image"]
    given, lacking = _own(words, known, command)
    seen: dict[str, Given] = {}
    images = 0
    for before, each in zip([None, *given], given):
        flag = known.get(each.name)
        if not each.name:
            images += 1
            stray = known.get(before.name) if before and before.holder is None else None
            if stray and stray["type"] == "bool" and str(each.word.value) in ("true", "false"):
                yield *span(text, each.word, str(each.word.value)), _blank(before.name, each.word.value)
            continue
        where = span(text, each.word, each.dashes + each.name)
        if flag is None or each.dashes != "--":
            if each.name not in ("help", "h") and "$" not in each.name:
                said = f"{each.dashes}{each.name} is written --{each.name}" if flag else unknown(each.name, f"rkt {command}", known)
                yield *where, said
            continue
        if message := _only(flag["tags"], tags):
            yield *where, f"rkt {command} --{each.name} is {message}"
        if each.name in per_image["flags"] and command in per_image["commands"] and not images:
            yield *where, f"--{each.name} speaks of an image and stands behind its name; before it rkt ends with an error"
        yield from _value(text, each, flag)
        if flag["default"] is not None or each.name.startswith("stage1-"):
            yield from _twice(text, each, seen, flag, "rkt")
    yield from _lacking(text, given, lacking)


def _own(words: Sequence, known: dict, command: str) -> tuple[list[Given], str]:
    """The flags and arguments that are rkt's own, without those of programs in a pod."""
    given: list[Given] = []
    lacking, rest = "", list(words)
    while rest:
        stop = next((at for at, word in enumerate(rest) if word.value == "--"), len(rest))
        part, none = _read(rest[:stop], known)
        given, lacking = given + part, lacking or none
        again = next((at for at in range(stop, len(rest)) if rest[at].value == "---"), len(rest))
        rest = rest[again + 1 :]
    if command in _ENDS_AT_ARGUMENT:
        first = next((at for at, each in enumerate(given) if not each.name), len(given))
        return given[:first], lacking if any(each.name == lacking for each in given[:first]) else ""
    return given, lacking


def _only(has: tuple[str, ...], tags: tuple[str, ...]) -> str:
    """That not each of the tags has something, or nothing. Between two tags that one of them has it is enough."""
    without = [tag[1:] for tag in tags if tag != "between" and tag not in has]
    if not without or (tags[0] == "between" and has):
        return ""
    return f"in rkt {', '.join(tag[1:] for tag in has)} only, not in {', '.join(without)}; name that release, or do without"


def unknown(name: str, program: str, known) -> str:
    """The words for a flag that a program does not have: whose it is, or which one is meant."""
    shown = schemas.shown(name)
    near = _nearest(name, known)
    if owners := whose(name):
        return f"{program} has no flag --{shown}, which belongs to {' and '.join(owners[:2])}{near and f' (did you mean --{near}?)'}"
    if near:
        return f"{program} has no flag --{shown} (did you mean --{near}?)"
    near = _nearest(name, all_flags(), 0.8)
    return f"{program} has no flag --{shown}{f' (did you mean --{near} of {whose(near)[0]}?)' if near else '; delete it'}"


def _nearest(name: str, known, cutoff: float = 0.6) -> str:
    """The known name most like this one, or of which this is the beginning."""
    begun = [each for each in known if each.startswith(f"{name}-")]
    return begun[0] if len(begun) == 1 else next(iter(difflib.get_close_matches(name[:60], list(known), 1, cutoff)), "")


def fault_of_value(value: str, flag: dict, *, surely: bool = False) -> str:
    """What to write in place of a value that a flag does not take, or nothing; with `surely`, lists that may be longer are left aside."""
    if "$" in value:
        return ""
    if "values" in flag:
        return "" if surely and flag["open"] else literals.one_of(value, flag["values"], others=flag["open"])
    kind = flag["type"]
    return literals.wanted(value, "port" if flag["name"].endswith("port") and kind.lstrip("u").startswith("int") else kind)


def _value(text: str, each: Given, flag: dict) -> Iterator:
    if each.value is not None and (message := fault_of_value(each.value, flag)):
        where = span(text, each.holder, each.value, last=True) if each.value else span(text, each.word, each.dashes + each.name)
        yield *where, f"--{flag['name']} is {schemas.shown(each.value)}; {message}"


def _twice(text: str, each: Given, seen: dict[str, Given], flag: dict, program: str) -> Iterator:
    """A flag that is given again, where the second value takes the place of the first."""
    family = "stage1-" if flag["name"].startswith("stage1-") else flag["name"]
    if family in seen and flag["type"] not in _REPEATED and not flag["type"].startswith("custom:"):
        where, first = span(text, each.word, each.dashes + each.name), seen[family].name
        if family == "stage1-":
            yield *where, f"--{first} names the stage1 image already, and rkt takes one such flag only; delete one"
        else:
            yield *where, f"a second --{flag['name']}, which {program} takes instead of the first; delete one"
    seen.setdefault(family, each)


def _lacking(text: str, given: list[Given], name: str) -> Iterator:
    each = next((each for each in given if name and each.name == name and each.value is None), None)
    if each:
        yield *span(text, each.word, each.dashes + name), f"--{name} has no value; write --{name}= and the value"
