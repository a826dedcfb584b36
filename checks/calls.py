"""Where the snippets call a program: the command lines of transcripts, units and Pods, word by word, with offsets in the file.

```python
from checks.calls import in_transcript

for words in in_transcript("$ sudo sh -c 'rkt gc --mark-only' && ls"):
    print([word.value for word in words])
    #> ['sh', '-c', 'rkt gc --mark-only']
    #> ['rkt', 'gc', '--mark-only']
    #> ['ls']
```
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from checks import manifests, units
from checks.shell import Word, commands, placed_commands, program, simple_commands
from checks.tree import File, once

_SHELLS = ("sh", "bash", "dash", "ash")
# Variables whose value is a piece of a command line: those of packages for nodes (KUBELET_ARGS, KUBELET_EXTRA_ARGS, …), and those that
# kubelet-wrapper of CoreOS hands to rkt, which runs the kubelet's image.
_PIECES = {
    r"KUBELET_(?:\w+_)?(?:ARGS|OPTS|OPTIONS|FLAGS)|KUBELET_(?:ADDRESS|PORT|HOSTNAME|API_SERVER)": ("kubelet",),
    r"RKT_OPTS|RKT_RUN_ARGS": ("rkt", "run"),
    r"RKT_GLOBAL_ARGS": ("rkt",),
}

_DOCUMENT = re.compile(r"""<<-?[ \t]*(?P<quote>["']?)(?P<end>\w+)(?P=quote)""")


class Call(NamedTuple):
    """A command line: the file, its words from the program on, and the text that says which release is meant."""

    file: File
    words: list[Word]
    said: str


def calls(tree) -> Iterator[Call]:
    """Every command line of the snippets."""
    return (call for kind in ("shell", "units", "pods") for file in tree.snippets(kind) for call in of_file(file))


@once
def of_file(file: File) -> list[Call]:
    """The command lines of a transcript, a unit or a manifest; also of a unit or a Pod that a transcript writes in a here-document."""
    if file.kind == "pods":
        return [Call(file, words, image) for words, image in in_pods(file.text)]
    if file.kind == "units":
        return [Call(file, words, file.text) for words in in_unit(file.text)]
    return [*(Call(file, words, file.text) for words in in_transcript(file.text)), *_in_documents(file)]


def _in_documents(file: File) -> Iterator[Call]:
    for command in commands(file.text):
        for at, body in _documents(command.text):
            found = ((words, body) for words in in_unit(body)) if re.search(r"^\[Service\]", body, re.M) else ()
            if re.search(r"^kind: *Pod\b", body, re.M):
                found = in_pods(body)
            for words, said in found:
                yield Call(file, [Word(command.offset(at + w.start), command.offset(at + w.end), w.value) for w in words], said)


def _documents(text: str) -> Iterator[tuple[int, str]]:
    """The bodies of the here-documents of a command, each with its offset. After one that has no end nothing follows."""
    start = _DOCUMENT.search(text)
    while start:
        body = text.find("\n", start.end()) + 1
        end = re.compile(rf"^\t*{start['end']}$", re.M).search(text, body) if body else None
        if not end:
            return
        yield body, text[body : end.start()]
        start = _DOCUMENT.search(text, end.end())


def in_transcript(text: str) -> Iterator[list[Word]]:
    """The command lines of a transcript, each from its program on."""
    for simple in placed_commands(text):
        yield from _with_inner(text, list(program(simple.words)))


def in_unit(text: str) -> Iterator[list[Word]]:
    """The command lines of a unit. A variable that the unit sets stands for its words, at their own place."""
    pieces = {name: words for name, words in units.environment(text)}
    used: set[str] = set()
    for setting in units.settings(text):
        if setting.key.startswith("Exec"):
            for line in units.command_lines(setting):
                words: list[Word] = []
                for word in program(tuple(line)):
                    name = word.value.removeprefix("$").strip("{}") if word.value.startswith("$") else ""
                    words += [word] if name in used else pieces.get(name, [word])  # once is enough, wherever it is used
                    used |= {name} - {""}
                yield from _with_inner(text, words)
    for name, words in pieces.items():  # in a drop-in, of which the command line stands in another file
        before = next((start for form, start in _PIECES.items() if re.fullmatch(form, name)), ())
        if name not in used and before and words:
            yield [*(Word(words[0].start, words[0].start, word) for word in before), *words]


def in_pods(text: str) -> Iterator[tuple[list[Word], str]]:
    """The command lines of the containers of Pods, init containers too, each with the container's image."""
    for pod in manifests.pods(text):
        for container in pod.every("Container"):
            words = [word for key in ("command", "args") for word in manifests.items(container, key)]
            strings = [Word(word.start, word.end, word.value) for word in words if isinstance(word.value, str)]
            for line in _with_inner(text, list(program(tuple(strings)))):
                yield line, manifests.string(container, "image")


def _with_inner(text: str, words: list[Word]) -> Iterable[list[Word]]:
    """A command line, and where it is `sh -c '…'`, the command lines in the quotes."""
    if not words:
        return
    yield words
    if PurePosixPath(words[0].value).name in _SHELLS:
        flag = next((at for at, word in enumerate(words) if re.fullmatch(r"-[a-z]*c", word.value)), len(words))
        for script in words[flag + 1 : flag + 2]:
            at = text.find(script.value, script.start, script.end)
            for simple in simple_commands(script.value, max(at, 0)):
                inner = list(program(simple.words))
                if at < 0:  # escapes in it: the whole word is the place
                    inner = [Word(script.start, script.end, word.value) for word in inner]
                yield from _with_inner(text, inner)
