"""Checks of command lines: `rkt` and `kubelet`, in transcripts and in units, against the facts."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from checks.arguments import faults
from checks.facts import load
from checks.findings import check
from checks.shell import Word, commands, program, simple_commands

_EXEC = re.compile(r"^Exec\w+=[-@+!:|]*(?P<line>(?:[^\n]*\\\n)*[^\n]*)", re.M)
# After these, the first word that is no flag ends rkt's own part: the rest belongs to a program in a pod.
_ENDS_AT_ARGUMENT = ("enter", "app exec")


@check()
def rkt_command_agrees_with_facts(tree):
    """Each `rkt` command and each of its flags exists in rkt 1.13.0 or in rkt 1.30.0.

    Looked at are the commands of transcripts and the `Exec…=` lines of units, also behind `sudo` or `systemd-run`
    and inside `$(…)`. A flag has to belong to its command: `rkt list` has no `--stage1-name`. Write the name that
    the message offers, or look it up in the [reference of rkt](../reference/rkt.md). rkt accepts commands that are
    cut short; this guide writes them out. The facts are in `checks/facts/rkt-cli.json`, taken from rkt's source at
    both tags.
    """
    for file, words in _programs(tree, "rkt"):
        for start, end, message in _rkt(words):
            yield file.place(start, end), message


@check()
def kubelet_command_agrees_with_facts(tree):
    """Each flag of a `kubelet` command exists in the kubelet of Kubernetes 1.3, with a value that it takes.

    The guide shows commands for Kubernetes 1.3, the release that rktnetes came with, in transcripts and in the
    `Exec…=` lines of units. A flag that came later, or that is misspelt, makes the kubelet of 1.3 end at once.
    Flags are written with two dashes before them and with dashes inside, as everywhere in the guide. The facts are
    in `checks/facts/kubelet-flags.json`; the table of the [kubelet's flags](../reference/kubelet-flags.md) says from
    which version on a flag exists.
    """
    for file, words in _programs(tree, "kubelet"):
        for word, message in faults(words[1:]):
            yield file.place(word.start, word.end), message


def _programs(tree, name: str) -> Iterator[tuple]:
    """Each call of a program in transcripts and units: the file, and the words from the program's name on, placed in the file."""
    for file in tree.snippets("shell"):
        for command in commands(file.text):
            for simple in simple_commands(command.text):
                words = [Word(command.offset(w.start), command.offset(w.end), w.value) for w in program(simple.words)]
                yield from ((file, part) for part in _calls(words, name))
    for file in tree.snippets("units"):
        for match in _EXEC.finditer(file.text):
            for simple in simple_commands(match["line"], match.start("line")):
                yield from ((file, part) for part in _calls(list(program(simple.words)), name))


def _calls(words: list[Word], name: str) -> Iterator[list[Word]]:
    """The words from the program on where they call the program of that name; `hyperkube kubelet` counts as `kubelet`."""
    names = [PurePosixPath(word.value).name for word in words[:2]]
    if names and names[0] == name:
        yield words
    elif names == ["hyperkube", name]:
        yield words[1:]


def _rkt(words: list[Word]) -> Iterator[tuple[int, int, str]]:
    """What is unknown in an rkt command line, as (start, end, message)."""
    tags = load("rkt-cli")["tags"].values()
    everywhere = {flag["name"]: flag for tag in tags for flag in tag["global_flags"]}
    known: dict[str, dict] = {}
    for tag in tags:
        for name, command in tag["commands"].items():
            known.setdefault(name, {}).update({flag["name"]: flag for flag in command["flags"]})
    rest = yield from _flags(words[1:], everywhere, "rkt", stop=True)
    if not rest or rest[0].value == "help" or "$" in rest[0].value:
        return
    name, end = rest[0].value, rest[0]
    if name in known and any(other.startswith(f"{name} ") for other in known):
        if len(rest) == 1:
            return
        name, end = f"{name} {rest[1].value}", rest[1]
    if name not in known:
        yield rest[0].start, end.end, f"rkt has no command `{name}`{_nearest(name, known)}"
        return
    rest = rest[len(name.split()) :]
    yield from _flags(rest, known[name] | everywhere, f"rkt {name}", stop=name in _ENDS_AT_ARGUMENT)


def _flags(words: list[Word], known: dict, name: str, stop: bool) -> Iterator:
    """What is wrong with the flags of a command; returns the words from its first argument on, where `stop` is set."""
    at, theirs = 0, False  # theirs: behind `--`, the words are those of an image's own program, up to `---`
    while at < len(words):
        word = words[at]
        flag, equals, _ = word.value.partition("=")
        if word.value in ("--", "---"):
            theirs = word.value == "--"
        elif not theirs and flag.startswith("-") and len(flag) > 2:
            bare = flag.lstrip("-")
            if bare not in known or not flag.startswith("--"):
                near = f"; write `--{bare}`" if bare in known else _nearest(bare, known, "--")
                yield word.start, word.start + len(flag), f"`{name}` has no flag `{flag}`{near}"
            elif not equals and known[bare]["type"] != "bool" and "no_value_default" not in known[bare]:
                at += 1
        elif stop and not flag.startswith("-"):
            return words[at:]
        at += 1
    return []


def _nearest(name: str, known, dashes: str = "") -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean `{dashes}{near[0]}`?)" if near else ""
