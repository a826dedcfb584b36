"""JSON that stands in a string of a manifest, with the places that it has in the file.

```python
from checks.documents import parse_yaml
from checks.embedded import embedded

text = "affinity: '{\"nodeAffinity\": {}}'"
root = embedded(text, parse_yaml(text)[0].at(["affinity"]))
print(root.key_span(["nodeAffinity"]), text[12:26])
#> (12, 26) "nodeAffinity"
```
"""

import re

from checks.documents import Broken, Member, Node, parse_json

_BLANK = (" ", "\t", "\r", "\n")
# The pieces of a quoted string of YAML that mean one character each.
_PIECES = {"'": r"(?s)''|.", '"': r"(?s)\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|."}


def embedded(text: str, node: Node) -> Node | Broken:
    """The JSON in a string of a manifest, as nodes that know their places in the file, or what is wrong with it, there."""
    at = _places(text, node)
    try:
        root = parse_json(node.value)
    except Broken as fault:
        end = fault.end if fault.end is not None else fault.start + 1
        if not at or not node.value:
            return Broken(fault.message, node.start, node.end)
        start = min(fault.start, len(at) - 1)
        return Broken(fault.message, at[start], at[min(max(end, start + 1), len(at)) - 1] + 1)
    return _moved(root, at, node)


def _moved(node: Node, at: list[int], holder: Node) -> Node:
    """A copy of a tree with each place replaced by the one it has in the file; all of the string where that is not known."""
    start, end = (at[node.start], at[node.end - 1] + 1) if at else (holder.start, holder.end)
    copy = Node(node.kind, start, end, node.value)
    copy.items = [_moved(item, at, holder) for item in node.items]
    for member in node.members:
        place = (at[member.start], at[member.end - 1] + 1) if at else (holder.start, holder.end)
        copy.members.append(Member(member.key, *place, _moved(member.node, at, holder)))
    return copy


def _places(text: str, node: Node) -> list[int]:
    """Where each character of a YAML string stands in the file; empty where that is unclear.

    Blanks and line ends may be written otherwise in the file than they are read (folded, indented), so the other characters are matched, and a
    blank is where the one before it is.
    """
    raw = text[node.start : node.end]
    if raw[:1] in ("|", ">"):
        pieces = re.finditer(r"(?s).", raw[raw.find("\n") :])
        first = node.start + raw.find("\n")
    else:
        pieces = re.finditer(_PIECES.get(raw[:1], r"(?s)."), raw[1:-1] if raw[:1] in _PIECES else raw)
        first = node.start + (raw[:1] in _PIECES)
    written = [(said, first + piece.start()) for piece in pieces if (said := _said(piece[0], raw[:1])) not in _BLANK]
    if [char for char, _ in written] != [char for char in node.value if char not in _BLANK]:
        return []
    places, at, number = [], node.start, 0
    for char in node.value:
        if char not in _BLANK:
            at = written[number][1]
            number += 1
        places.append(at)
    return places


def _said(piece: str, quote: str) -> str:
    """The character that a piece of a quoted YAML string means; a blank for a line end."""
    if quote == "'":
        return piece[0]
    if quote != '"' or piece[0] != "\\":
        return piece
    return chr(int(piece[2:], 16)) if piece[1] in "xuU" else piece[1] if piece[1] in '"\\/' else " "
