"""JSON and YAML with the place of every key and value.

Both become the same small tree of nodes. Offsets count characters from the start of the text, so that `File.place()`
can show them; nothing is thrown away, not even a doubled key.

```python
from checks.documents import parse_json

root = parse_json('{"ipam": {"subnet": "10.22.0.0/16"}}')
print(root.plain())
#> {'ipam': {'subnet': '10.22.0.0/16'}}
print(root.key_span(["ipam", "subnet"]), root.span(["ipam", "subnet"]))
#> (10, 18) (20, 34)
```
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

# No configuration and no manifest is nested so deep; what is would only make checkers recurse without end.
DEEPEST = 100
# Nor has any so many keys and values, all counted; what has would only make checkers work without end.
MOST = 100_000

Span = tuple[int, int]


class Broken(Exception):
    """A text that is not JSON or YAML: what is wrong, and from which character to which."""

    def __init__(self, message: str, start: int, end: int | None = None):
        super().__init__(message)
        self.message, self.start, self.end = message, start, end


class Member(NamedTuple):
    """A key of an object with its value."""

    key: str
    start: int
    end: int
    node: "Node"


@dataclass(slots=True)
class Node:
    """A value: `kind` is `object`, `list` or `scalar`; `members`, `items` or `value` hold what it is made of."""

    kind: str
    start: int
    end: int
    value: object = None
    members: list[Member] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    def plain(self) -> object:
        """The value as Python has it. Of doubled keys the last one counts; a key that holds null counts as absent."""
        if self.kind == "object":
            return {member.key: member.node.plain() for member in self.unique() if not member.node.is_null}
        return [item.plain() for item in self.items] if self.kind == "list" else self.value

    @property
    def is_null(self) -> bool:
        return self.kind == "scalar" and self.value is None

    def unique(self) -> Iterable[Member]:
        """The members without those that a later one of the same key overrides."""
        return {member.key: member for member in self.members}.values()

    def member(self, key: str) -> Member | None:
        """The (last) member of that key."""
        return next((member for member in reversed(self.members) if member.key == key), None)

    def at(self, path: Iterable[str | int]) -> "Node | None":
        """The node that keys and indices lead to, or None."""
        node = self
        for step in path:
            if isinstance(step, int):
                node = node.items[step] if step < len(node.items) else None
            else:
                member = node.member(step)
                node = member.node if member else None
            if node is None:
                return None
        return node

    def span(self, path: Iterable[str | int] = ()) -> Span:
        """From where to where the value at a path stands; where there is none, the nearest value around it."""
        path = list(path)
        while (node := self.at(path)) is None:
            path.pop()
        return node.start, node.end

    def key_span(self, path: Iterable[str | int]) -> Span:
        """Where the key of the value at a path stands. What has no key (an item of a list) is shown by its first character."""
        path = list(path)
        parent = self.at(path[:-1]) if path else None
        if parent and isinstance(path[-1], str) and (member := parent.member(path[-1])):
            return member.start, member.end
        start, _ = self.span(path)
        return start, start + 1

    def doubled(self) -> Iterable[Member]:
        """Every member, at any depth, whose key stood before in the same object."""
        open_nodes = [self]
        while open_nodes:
            node = open_nodes.pop()
            seen = set()
            for member in node.members:
                if member.key in seen:
                    yield member
                seen.add(member.key)
            open_nodes += node.items + [member.node for member in node.members]


# ---- JSON (RFC 8259, as strict as Go's encoding/json) ----

_BLANKS = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![\w.+-])")
_WORD = re.compile(r"[^\s,:\[\]{}\"']+")
_CONSTANTS = {"true": True, "false": False, "null": None}
_CLOSER = {"object": "}", "list": "]"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def parse_json(text: str) -> Node:
    """The tree of a JSON text. Raises `Broken` at the first fault.

    Without recursion, and in time that grows with the length of the text alone.
    """
    opened: list[Node] = []
    key: Span | None = None
    number, at = 0, _blanks(text, 0)
    while True:
        node, at = _value(text, at, opened)
        number += 1 if key is None else 2
        if number > MOST:
            raise _too_many(node.start)
        if opened:
            _attach(text, opened[-1], key, node)
        if node.kind != "scalar":
            opened.append(node)
            if len(opened) > DEEPEST:
                raise Broken(f"nested more than {DEEPEST} deep; no configuration is", node.start)
            at = _blanks(text, at)
            if text[at : at + 1] != _CLOSER[node.kind]:
                key, at = _key(text, at, opened) if node.kind == "object" else (None, at)
                continue
            at = _close(opened, at)
        root, at = _after_value(text, at, opened, node)
        if root:
            _nothing_more(text, at, root)
            return root
        key, at = _key(text, at, opened) if opened[-1].kind == "object" else (None, at)


def _too_many(at: int) -> Broken:
    return Broken(f"more than {MOST:,} keys and values; take the file apart", at)


def _blanks(text: str, at: int) -> int:
    return _BLANKS.match(text, at).end()


def _attach(text: str, parent: Node, key: Span | None, node: Node) -> None:
    if parent.kind == "list":
        parent.items.append(node)
    else:
        parent.members.append(Member(_unescaped(text[key[0] + 1 : key[1] - 1]), *key, node))


def _close(opened: list[Node], at: int) -> int:
    opened.pop().end = at + 1
    return at + 1


def _after_value(text: str, at: int, opened: list[Node], node: Node) -> tuple[Node | None, int]:
    """Go over what closes, and over a comma. Returns the root when it is closed, else None, and where the next value starts."""
    while opened:
        node = opened[-1]
        last = at - 1
        at = _blanks(text, at)
        char = text[at : at + 1]
        if char == _CLOSER[node.kind]:
            at = _close(opened, at)
        elif char == ",":
            comma, at = at, _blanks(text, at + 1)
            if text[at : at + 1] in tuple("]},"):
                raise Broken(f"comma with nothing behind it before {text[at]}; delete it", comma)
            return None, at
        else:
            raise _no_comma(text, at, last, opened)
    return node, at


def _no_comma(text: str, at: int, last: int, opened: list[Node]) -> Broken:
    """What is wrong where a comma or a closing bracket should stand."""
    char, closer = text[at : at + 1], _CLOSER[opened[-1].kind]
    if not char:
        return _end(text, opened)
    if char in "]}":
        return Broken(f"{char} closes nothing here; write {closer}", at)
    if comment := _comment(text, at):
        return comment
    if char == ":":
        return Broken("colon where a comma should stand; only a key is followed by a colon", at)
    if char in "\"'{[" or _WORD.match(text, at):
        return Broken("no comma after this; write one", last)
    return Broken(f"{char!r} where a comma or {closer} should stand", at)


def _nothing_more(text: str, at: int, root: Node) -> None:
    at = _blanks(text, at)
    if at < len(text):
        what = "object" if root.kind == "object" else "value"
        raise _comment(text, at) or Broken(f"more text after the end of the {what}; delete it", at, len(text))


def _end(text: str, opened: list[Node]) -> Broken:
    """What is missing at the end of the text."""
    at = max(0, len(text.rstrip()) - 1)
    if not opened:
        return Broken("nothing stands here; write one object, { … }", at)
    closers = "".join(_CLOSER[node.kind] for node in reversed(opened))
    if text[at] == ",":
        return Broken(f"the text ends before everything is closed; write {closers} in place of this comma", at)
    return Broken(f"the text ends before everything is closed; write {closers} after this", at)


def _comment(text: str, at: int) -> Broken | None:
    if text.startswith(("//", "/*", "#"), at):
        return Broken("comment; JSON has none, delete it", at, text.find("\n", at) if "\n" in text[at:] else len(text))
    return None


def _key(text: str, at: int, opened: list[Node]) -> tuple[Span, int]:
    """The span of a key, and where its value starts."""
    if text[at : at + 1] != '"':
        raise _no_key(text, at, opened)
    end = _string_end(text, at)
    colon = _blanks(text, end)
    if text[colon : colon + 1] != ":":
        raise Broken("no colon after this key; write one, and a value", at, end)
    return (at, end), _blanks(text, colon + 1)


def _no_key(text: str, at: int, opened: list[Node]) -> Broken:
    if at >= len(text):
        return _end(text, opened)
    if text[at] == "'":
        return _single_quoted(text, at)
    if word := _WORD.match(text, at):
        return _comment(text, at) or Broken(f'key without quotes; write "{_short(word[0])}"', *word.span())
    return Broken(f"{text[at]!r} where a key in double quotes should stand", at)


def _single_quoted(text: str, at: int) -> Broken:
    string = re.compile(r"'[^'\n]*'").match(text, at)
    return Broken("single quotes; JSON takes double quotes", at, string.end() if string else at + 1)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _value(text: str, at: int, opened: list[Node]) -> tuple[Node, int]:
    """The value that starts here: a scalar, or an object or list still to be filled. And where it ends."""
    char = text[at : at + 1]
    if char == "{":
        return Node("object", at, at + 1), at + 1
    if char == "[":
        return Node("list", at, at + 1), at + 1
    if char == '"':
        end = _string_end(text, at)
        return Node("scalar", at, end, _unescaped(text[at + 1 : end - 1])), end
    if number := _NUMBER.match(text, at):
        return Node("scalar", at, number.end(), _number(number[0])), number.end()
    word = _WORD.match(text, at)
    if word and word[0] in _CONSTANTS:
        return Node("scalar", at, word.end(), _CONSTANTS[word[0]]), word.end()
    raise _no_value(text, at, opened)


def _no_value(text: str, at: int, opened: list[Node]) -> Broken:
    if at >= len(text):
        return _end(text, opened)
    if text[at] == "'":
        return _single_quoted(text, at)
    if text[at] == "\ufeff":
        return Broken("byte order mark; save the file without one", at)
    word = _WORD.match(text, at)
    if not word:
        return Broken(f"{text[at]!r} where a value should stand", at)
    known = {"none": "null", "nil": "null", "yes": "true", "no": "false", "on": "true", "off": "false"}
    right = word[0].lower() if word[0].lower() in _CONSTANTS else known.get(word[0].lower())
    if right:
        return Broken(f"{word[0]} is no value of JSON; write {right}", *word.span())
    if re.match(r"[-+.\d]", word[0]):
        return Broken(
            f"{_short(word[0])} is no number of JSON, which has neither leading zeros, nor a plus sign, nor a bare dot", *word.span()
        )
    return _comment(text, at) or Broken(f'text without quotes; write "{_short(word[0])}"', *word.span())


def _number(digits: str) -> int | float:
    """A number of JSON; one with more digits than any number in use becomes infinite, which fits no limit."""
    if re.search(r"[.eE]", digits):
        return float(digits)
    return int(digits) if len(digits) < 300 else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


def _string_end(text: str, at: int) -> int:
    string = _STRING.match(text, at)
    if string:
        return string.end()
    stop = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+').match(text, at).end()
    char = text[stop : stop + 1]
    if char == "\\" and text[stop + 1 : stop + 2] not in ("", "\n"):
        raise Broken(f"\\{text[stop + 1]} is no escape of JSON; a backslash itself is written \\\\", stop, stop + 2)
    if char == "\t":
        raise Broken("tab inside a string; write \\t", stop)
    if char and char not in "\r\n\\":
        raise Broken(f"control character U+{ord(char):04X} inside a string; delete it", stop)
    raise Broken("string without closing quote; write a double quote at its end", at, stop)


def _unescaped(text: str) -> str:
    """What a string of JSON says. Half of a surrogate pair becomes a replacement character, as in Go."""
    if "\\" not in text:
        return text
    said = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES.get(m[2], m[2]), text)
    return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# ---- YAML 1.1 (as the YAML library of Kubernetes reads it) ----

_TAG = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[-+]?(?:0b[01]+|0x[0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?+")
_WORDS = {
    **{word: None for word in ("", "~", "null", "Null", "NULL")},
    **{form: True for word in ("y", "yes", "on", "true") for form in (word, word.capitalize(), word.upper())},
    **{form: False for word in ("n", "no", "off", "false") for form in (word, word.capitalize(), word.upper())},
    **{word: math.inf for word in (".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")},
    **{word: -math.inf for word in ("-.inf", "-.Inf", "-.INF")},
    **{word: math.nan for word in (".nan", ".NaN", ".NAN")},
}
_YAML_WORDS = {
    "mapping values are not allowed in this context": "a second colon in one line; put the value in quotes, or on a line of its own",
    "did not find expected key": "neither a key of this level nor of another; look at the indentation of this line and the one before",
    "did not find expected '-' indicator": "an item of a list starts with a dash; look at the indentation of this line",
    "found character that cannot start any token": "a value cannot start with this character; put the value in quotes",
}
# Faults that show only where the text goes on, and are mended where the thing at fault starts.
_YAML_EARLIER = {
    "could not find expected ':'": "no colon after this key; write one, and a value",
    "found unexpected end of stream": "no closing quote; write one",
    "did not find expected ',' or ']'": "neither a comma nor ] after an item of this list; write one",
    "did not find expected ',' or '}'": "neither a comma nor } after a value of this object; write one",
}


def parse_yaml(text: str) -> list[Node]:
    """The trees of the documents in a YAML text. Raises `Broken` at the first fault.

    Plain words are read as Kubernetes reads them: `yes` and `on` are booleans, `0644` is octal, times and dates are
    text. Refused are aliases and merge keys (the value belongs where it counts; aliases of aliases grow without end), tags
    that make objects, and keys that are no text.
    """
    import yaml

    if bad := _UNPRINTABLE.search(text):
        raise Broken(f"character U+{ord(bad[0]):04X} has no place in YAML; delete it", bad.start())
    roots: list[Node] = []
    opened: list[tuple[Node, Span | None, str]] = []
    try:
        number = 0
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            number += isinstance(event, yaml.NodeEvent)
            if number > MOST:
                raise _too_many(event.start_mark.index)
            _take(event, opened, roots)
    except yaml.MarkedYAMLError as error:
        raise _yaml_fault(error, text) from error
    return roots


def _yaml_fault(error, text: str) -> Broken:
    problem = error.problem or "cannot be read"
    mark = error.context_mark if problem in _YAML_EARLIER and error.context_mark else error.problem_mark or error.context_mark
    at = min(mark.index, max(0, len(text.rstrip()) - 1))
    if text[at : at + 1] == "\t":
        return Broken("tab in the indentation; YAML takes blanks", at)
    return Broken(_YAML_EARLIER.get(problem) or _YAML_WORDS.get(problem) or f"is not YAML: {problem}", at)


def _take(event, opened: list, roots: list[Node]) -> None:
    """Add what an event of the parser says to the open nodes; `opened` holds each with its pending key."""
    import yaml

    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.AliasEvent):
        raise Broken("alias; write the value out where it counts", start, end)
    if isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)):
        _refuse_tag(event, start, end)
    if isinstance(event, yaml.ScalarEvent):
        if opened and opened[-1][0].kind == "object" and opened[-1][1] is None:
            opened[-1] = (opened[-1][0], (start, end), _yaml_key(event, start, end))
        else:
            _put(Node("scalar", start, end, _scalar(event)), opened, roots)
    elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
        if opened and opened[-1][0].kind == "object" and opened[-1][1] is None:
            raise Broken("a key is a list or an object; write text", start)
        kind = "object" if isinstance(event, yaml.MappingStartEvent) else "list"
        if len(opened) == DEEPEST:
            raise Broken(f"nested more than {DEEPEST} deep; no manifest is", start)
        opened.append((Node(kind, start, max(end, start + 1)), None, ""))
    elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
        node, _, _ = opened.pop()
        inner = node.items + [member.node for member in node.members]
        node.end = end if end > start else inner[-1].end if inner else node.end
        _put(node, opened, roots)


def _put(node: Node, opened: list, roots: list[Node]) -> None:
    if not opened:
        roots.append(node)
        return
    parent, key, name = opened[-1]
    if parent.kind == "list":
        parent.items.append(node)
    else:
        parent.members.append(Member(name, *key, node))
        opened[-1] = (parent, None, "")


def _refuse_tag(event, start: int, end: int) -> None:
    known = ("", "str", "int", "float", "bool", "null", "map", "seq")
    if event.tag and event.tag != "!" and event.tag not in [_TAG + word for word in known]:
        raise Broken(f"tag {_short(event.tag.replace(_TAG, '!!'))}; a manifest takes none, delete it", start, end)


def _yaml_key(event, start: int, end: int) -> str:
    if event.implicit[0] and event.value == "<<":
        raise Broken("merge key; write the values out where they count", start, end)
    return event.value


def _scalar(event) -> object:
    """The value of a scalar: text in quotes stays text, a plain word is what it looks like."""
    text = event.value
    if event.tag in ("!", _TAG + "str") or not (event.implicit[0] or event.tag):
        return text
    if text in _WORDS:
        return _WORDS[text]
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        return _yaml_integer(digits)
    return float(digits) if _FLOAT.fullmatch(digits) and digits[-1:] != "_" else text


def _yaml_integer(digits: str) -> int | float:
    unsigned = digits.lstrip("+-")
    base = {"0b": 2, "0x": 16}.get(unsigned[:2], 8 if unsigned.startswith("0") else 10)
    return int(digits, base) if len(digits) < 300 else math.copysign(math.inf, -1 if digits[0] == "-" else 1)
