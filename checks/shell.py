r"""Console transcripts and shell command lines, taken apart with offsets.

A transcript (`snippets/shell/*.console`) is what a reader sees in a terminal: `$ ` starts a command, `> ` goes on with it,
all other lines are output. Only the commands are copied.

```python
from checks.shell import commands, simple_commands

transcript = "$ sudo rkt list\nUUID\tAPP\n"
command = commands(transcript)[0]
print(command.text, repr(command.output))
#> sudo rkt list 'UUID\tAPP\n'
print([word.value for word in simple_commands(command.text)[0].words])
#> ['sudo', 'rkt', 'list']
```
"""

import bisect
import itertools
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

# Nobody types more commands, or more characters; what holds more would make all who read it work without end.
MOST_COMMANDS, LONGEST = 500, 64 * 1024
_TYPED = re.compile(r"^[$>](?: [^\n]*)?$", re.M)
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


@dataclass(frozen=True)
class Command:
    """A command of a transcript: `text` without prompts, and the `output` below it, which starts at `output_start`."""

    start: int
    text: str
    spans: tuple[tuple[int, int], ...]  # of each of its lines, behind the prompt
    output: str
    output_start: int

    def offset(self, index: int) -> int:
        """Where in the transcript a character of `text` stands."""
        number = bisect.bisect_right(self._before, index) - 1
        start, end = self.spans[number]
        return min(start + index - self._before[number], end)

    @cached_property
    def _before(self) -> list[int]:
        """How many characters of `text` stand before each of its lines."""
        return list(itertools.accumulate((end - start + 1 for start, end in self.spans[:-1]), initial=0))


def beyond(text: str) -> int:
    """Where a transcript holds more than anybody would type: the line of one command too many, or that makes the commands too long.

    The length of the text where it holds no more.
    """
    number = size = 0
    for line in _TYPED.finditer(text):
        number, size = number + (line[0][0] == "$"), size + len(line[0])
        if number > MOST_COMMANDS or size > LONGEST:
            return line.start()
    return len(text)


@lru_cache(maxsize=8192)  # of a transcript they are asked for again and again
def commands(text: str) -> list[Command]:
    """The commands of a transcript, in order (shared by all callers, so do not change the list); lines above the first one belong to none."""
    text = text[: beyond(text)]  # the rest is refused by `transcript_is_valid_bash`
    found: list[list] = []  # [spans, output_start, output_end] of each
    for line in _LINE.finditer(text):
        start, end = line.start(), line.start() + len(line[0].rstrip("\r\n"))
        shown = text[start:end]
        if shown == "$" or shown.startswith("$ "):
            found.append([[(min(start + 2, end), end)], line.end(), line.end()])
        elif found and found[-1][1] == start == found[-1][2] and (shown == ">" or shown.startswith("> ")):
            found[-1][0].append((min(start + 2, end), end))
            found[-1][1:] = [line.end(), line.end()]
        elif found:
            found[-1][2] = line.end()
    return [
        Command(spans[0][0], "\n".join(text[a:b] for a, b in spans), tuple(spans), text[start:end], start) for spans, start, end in found
    ]


@dataclass(frozen=True)
class Word:
    """A word of a command line; `value` is what the program gets, as far as it can be known without running."""

    start: int
    end: int
    value: str


@dataclass(frozen=True)
class SimpleCommand:
    """A program with its arguments, and the files that its output is sent to."""

    words: tuple[Word, ...]
    targets: tuple[Word, ...]


_TOKEN = re.compile(
    r"""(?P<blank>(?:[ \t]|\\\n)+)
      | (?P<here><<-?(?!<))
      | (?P<redirect>(?:\d*(?:>>|>\||>&|<&|<>|<<<|>|<)|&>>?)(?!\())
      | (?P<operator>\n|;;|;|&&|\|\||\|&|\||&|[<>]\(|\(|\))
      | (?P<word>(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|\$\((?:[^()]|\([^()]*\))*\)|\$\{[^{}]*\}|[^\s;&|<>()'"\\])+)""",
    re.S | re.X,
)
_QUOTED = re.compile(r"""\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)\"""", re.S)
_SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)", re.S)


def simple_commands(text: str, base: int = 0) -> list[SimpleCommand]:
    """The simple commands of a command line, also those in `$(…)`; bodies of here-documents and comments are left out.

    Offsets are in `text`, plus `base`. What bash would refuse is read as far as it goes.
    """
    found: list[SimpleCommand] = []
    words: list[Word] = []
    targets: list[Word] = []
    delimiters: list[str] = []
    pending, at = "", 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        kind = match.lastgroup if match else ""
        at = match.end() if match else at + 1
        if kind == "word" and match[0].startswith("#"):
            at = stop if (stop := text.find("\n", at)) >= 0 else len(text)
        elif kind == "word":
            word = Word(base + match.start(), base + at, _value(match[0]))
            if pending == "<<":
                delimiters.append(word.value)
            elif pending:
                targets += [word] if ">" in pending and not pending.endswith("&") else []
            else:
                words.append(word)
            pending = ""
            for inner in _SUBSTITUTION.finditer(match[0]):
                found += simple_commands(inner[1], base + match.start() + inner.start(1))
        elif kind in ("here", "redirect"):
            pending = "<<" if kind == "here" else match[0]
        elif kind == "operator":
            found += [SimpleCommand(tuple(words), tuple(targets))] if words or targets else []
            words, targets, pending = [], [], ""
            if match[0] == "\n":
                at = _behind_documents(text, at, delimiters)
                delimiters = []
    return found + ([SimpleCommand(tuple(words), tuple(targets))] if words or targets else [])


@lru_cache(maxsize=64)
def placed_commands(text: str) -> list[SimpleCommand]:
    """The simple commands of a transcript, in order, with offsets in the transcript. They are shared by all callers, so do not change them."""
    found: list[SimpleCommand] = []
    for command in commands(text):
        if len(command.spans) == 1:
            found += simple_commands(command.text, command.start)
            continue
        for simple in simple_commands(command.text):
            parts = (
                [Word(command.offset(w.start), command.offset(w.end), w.value) for w in part] for part in (simple.words, simple.targets)
            )
            found.append(SimpleCommand(*map(tuple, parts)))
    return found


def _value(word: str) -> str:
    """A word without its quotes."""
    return _QUOTED.sub(lambda m: next((group for group in m.groups() if group is not None), ""), word)


def _behind_documents(text: str, at: int, delimiters: list[str]) -> int:
    """The offset behind the bodies of here-documents that start at `at`."""
    for delimiter in delimiters:
        end = re.compile(rf"^\t*{re.escape(delimiter)}$\n?", re.M).search(text, at)
        at = end.end() if end else len(text)
    return at


# Words that may stand before the program that is run, and their options that take a word of their own.
_BEFORE = {
    "sudo": ("-u", "-g", "-C", "-h", "-p"),
    "systemd-run": ("-p", "--property", "-u", "--unit", "-M", "--machine", "-E", "--slice"),
    "env": ("-u",),
    "nice": ("-n",),
    "exec": (),
    "nohup": (),
    "time": (),
    "if": (), "then": (), "else": (), "elif": (), "do": (), "while": (), "until": (), "!": (), "{": (),
}  # fmt: skip


def program(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words from the program on: assignments, keywords, and programs that only start another one are left out."""
    at, options = 0, ()
    while at < len(words):
        value = words[at].value
        name = value.rsplit("/", 1)[-1]
        if name in _BEFORE:
            options = _BEFORE[name]
        elif value in options:
            at += 1
        elif not (options and value.startswith("-")) and not re.match(r"[A-Za-z_]\w*\+?=", value):
            return words[at:]
        at += 1
    return ()
