r"""The parts of a Markdown page, as offsets into its text.

The guide's pages are Python-Markdown with the extensions that `mkdocs.yml` names. No parser for that flavour tells where
things stand, so this module knows just the forms that the guide uses; what hides text (front matter, fences, comments,
inline code) is blanked with spaces, never removed, so that an offset into blanked text is an offset into the file.

```python
from checks.markdown import headings, links

page = "# Title\n\nSee [stage1](stage1.md#choosing).\n"
print([heading.text for heading in headings(page)], [link.target for link in links(page)])
#> ['Title'] ['stage1.md#choosing']
```
"""

import bisect
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

# Nothing here takes more time than grows with the length of the text: what could be given back to a repetition, and never helps, is
# possessive (`*+`), and no pattern starts in the middle of what it has seen to be wrong.
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})(?P<info>[^\n]*)")
# Any spelling that pymdownx.snippets acts on, or that an author may have meant for it.
_INCLUDE = re.compile(r"^[ \t]*+(?P<mark>;?-++8<-++)[ \t]*+(?P<rest>[^\n]*)", re.M)
_HEADING = re.compile(r"^(?P<marks>#{1,6})[ \t]++(?P<text>[^\n]*)", re.M)
_UNDERLINED = re.compile(r"^(?P<text>[^\s|#>*+\-\d:!=?][^\n]*+)\n(?P<marks>=++|-++)[ \t]*+\r?$", re.M)
_TICKS = re.compile(r"`+")
_EMPTY_LINE = re.compile(r"\n(?=[ \t]*+\n)")
_TARGET = r"(?:[^\s()<>]++|\([^\s()]*+\))*+"
_LINK = re.compile(
    rf"(?P<image>!?)\[(?P<text>(?:[^\[\]]++|\[[^\[\]]*+\])*+)\]\([ \t]*+<?(?P<target>{_TARGET})>?(?:[ \t]++\"[^\"]*+\")?+[ \t]*+\)"
)
_AUTOLINK = re.compile(r"<(?P<target>https?://[^\s<>]++)>")
_BARE = re.compile(r"(?<![\w(<\"'=/])(?P<target>https?://[^\s<>()\[\]，。；：、）]+)")
_REFERENCE = re.compile(r"(?<![\]\\])\[(?P<text>(?:[^\[\]\n]++|\[[^\[\]\n]*+\])++)\]\[(?P<label>[^\[\]\n]*+)\]")
_TAG = re.compile(r"<(?P<name>[A-Za-z][A-Za-z0-9-]*+)(?=[\s/>])(?P<attributes>[^<>]*+)>")
_DELIMITER = re.compile(r"[ \t]*+\|?+[ \t]*+:?+-++:?+[ \t]*+(?:\|[ \t]*+:?+-++:?+[ \t]*+)*+\|?+[ \t]*+")
_ID = re.compile(r"(?:^|\s)#(?P<id>[^\s#.]+)")


@dataclass(frozen=True)
class Fence:
    """A fenced block: `start`, `end` of the whole; `info` after the opening ticks; `body` between the fence's lines."""

    start: int
    end: int
    indent: str
    info: str
    body_start: int
    body: str
    closed: bool


@dataclass(frozen=True)
class Include:
    """A line that includes a file; `name` is what stands in quotes, None where the line is not in the one form used."""

    start: int
    end: int
    name: str | None


@dataclass(frozen=True)
class Heading:
    """A heading with its level, its text without attributes, its explicit id (None without one)."""

    start: int
    end: int
    level: int
    text: str
    id: str | None
    id_start: int


@dataclass(frozen=True)
class Code:
    """Inline code: `text` between the backticks."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Link:
    """A link or image; `form` is one of `inline`, `image`, `auto`, `bare`, `reference`; a reference's target is its label."""

    start: int
    end: int
    form: str
    text: str
    target: str
    target_start: int


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text without the blanks around it."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Offset behind the cell's text."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Table:
    """A table: `header` and `rows` of cells (the line of dashes left out); `marks` is the offset of an alignment colon."""

    start: int
    header: list[Cell]
    rows: list[list[Cell]]
    colon: int | None


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with everything but line ends between pairs of offsets made a space."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        if end > at:
            pieces += [text[at : max(start, at)], _blanks(text[max(start, at) : end])]
            at = end
    return "".join([*pieces, text[at:]])


def _blanks(text: str) -> str:
    """As many spaces, with the line ends where they are."""
    return "\n".join(" " * len(line) for line in text.split("\n"))


def front_matter(text: str) -> tuple[int, int]:
    """Offsets of the lines between two `---` lines at the top; `(0, 0)` where there are none."""
    found = re.match(r"---[ \t]*\r?\n(?P<body>.*?)^---[ \t]*\r?$", text, re.S | re.M)
    return found.span("body") if found else (0, 0)


def fences(text: str) -> list[Fence]:
    """The fenced blocks, in order; one that is never closed runs to the end of the text."""
    found, opening = [], None
    for line in _LINE.finditer(text):
        match = _FENCE.match(line[0])
        if opening is None:
            if match and not (match["ticks"][0] == "`" and "`" in match["info"]):
                opening, start, body = match, line.start(), line.end()
        elif match and match["indent"] == opening["indent"] and match["ticks"] == opening["ticks"] and not match["info"].strip():
            found.append(_fence(text, opening, start, body, line.start(), line.end(), True))
            opening = None
    if opening is not None:
        found.append(_fence(text, opening, start, body, len(text), len(text), False))
    return found


def _fence(text, opening, start, body, body_end, end, closed) -> Fence:
    return Fence(start + len(opening["indent"]), end, opening["indent"], opening["info"].strip(), body, text[body:body_end], closed)


def prose(text: str, blocks: list[Fence]) -> str:
    """The text with front matter, fences, comments and include lines blanked."""
    _, end = front_matter(text)
    if end:
        stop = text.find("\n", end)
        text = blanked(text, [(0, stop if stop >= 0 else len(text))])
    text = blanked(text, [(fence.start, fence.end) for fence in blocks])
    text = blanked(text, [comment.span() for comment in re.finditer(r"<!--.*?(-->|\Z)", text, re.S)])
    return blanked(text, [(include.start, include.end) for include in includes(text)])


def includes(text: str) -> list[Include]:
    """Every line that includes a file, or looks as if it should."""
    found = []
    for match in _INCLUDE.finditer(text):
        rest = match["rest"].rstrip(" \t\r")
        quoted = re.fullmatch(r'"([^"\n]+)"', rest)
        name = quoted[1] if quoted and match["mark"] == "--8<--" else None
        found.append(Include(match.start("mark"), match.start("rest") + len(rest), name))
    return found


def headings(text: str) -> list[Heading]:
    """The headings of blanked text; an underlined one counts too (and has no id)."""
    found = []
    for match in _HEADING.finditer(text):
        shown = match["text"].removesuffix("\r").rstrip(" \t")
        opening = _attributes(shown)
        named = _ID.search(shown[opening + 1 : -1])
        start = match.start("text") + opening + 1 + named.start("id") if named else match.start()
        title = shown[:opening].rstrip(" \t")
        found.append(Heading(match.start(), match.end(), len(match["marks"]), title, named and named["id"], start))
    for match in _UNDERLINED.finditer(text):
        level = 1 if match["marks"][0] == "=" else 2
        found.append(Heading(match.start(), match.end("text"), level, match["text"], None, match.start()))
    return sorted(found, key=lambda heading: heading.start)


def _attributes(shown: str) -> int:
    """Where the `{` of a heading's attributes stands; the length of the heading where it has none."""
    opening = shown.rfind("{")
    has = opening > 0 and shown[opening - 1] in " \t" and shown.find("}", opening) == len(shown) - 1
    return opening if has else len(shown)


def codes(text: str) -> list[Code]:
    """Inline code of blanked text."""
    return [Code(start, end, text[start + ticks : end - ticks].strip()) for start, end, ticks in _code_spans(text)]


def _code_spans(text: str) -> list[tuple[int, int, int]]:
    """From where to where inline code stands, and between how many backticks: runs of the same length in one paragraph belong together."""
    runs = [match.span() for match in _TICKS.finditer(text)]
    gaps = [match.start() for match in _EMPTY_LINE.finditer(text)] if runs else []
    closing: list[int | None] = [None] * len(runs)
    latest: dict[int, int] = {}
    for number in reversed(range(len(runs))):
        start, end = runs[number]
        closing[number] = latest.get(end - start)
        latest[end - start] = number
    found, number = [], 0
    while number < len(runs):
        start, end = runs[number]
        other = closing[number]
        number += 1
        escaped = text[start - 1 : start] == "\\"
        if other is not None and not escaped and bisect.bisect_left(gaps, end) == bisect.bisect_left(gaps, runs[other][0]):
            found.append((start, runs[other][1], end - start))
            number = other + 1
    return found


def without_codes(text: str) -> str:
    """Blanked text with inline code blanked as well."""
    return blanked(text, [(start, end) for start, end, _ in _code_spans(text)]) if "`" in text else text


def links(text: str, plain: str = "") -> list[Link]:
    """Every link and image of blanked text, in every form, in order. `plain` is the text without codes, from who has it already."""
    plain = plain or without_codes(text)
    found = [
        Link(m.start(), m.end(), "image" if m["image"] else "inline", text[m.start("text") : m.end("text")], m["target"], m.start("target"))
        for m in _LINK.finditer(plain)
    ]
    taken = bytearray(len(plain))  # 1 where a link stands already
    for form, pattern in (("auto", _AUTOLINK), ("reference", _REFERENCE), ("bare", _BARE)):
        for link in found:
            taken[link.start : link.end] = b"\1" * (link.end - link.start)
        for m in pattern.finditer(plain):
            if taken[m.start()]:
                continue
            groups = m.groupdict()
            target = "target" if "target" in groups else "label"
            found.append(Link(m.start(), m.end(), form, groups.get("text", m[target]), m[target], m.start(target)))
    return sorted(found, key=lambda link: link.start)


def tags(text: str) -> list[tuple[int, int, str]]:
    """Raw HTML tags of blanked text, as (start, end, name)."""
    return [(m.start(), m.end(), m["name"].lower()) for m in _TAG.finditer(without_codes(text))]


def tables(text: str) -> list[Table]:
    """The tables of blanked text."""
    lines = [(match.start(), match[0].rstrip("\r\n")) for match in _LINE.finditer(text)]
    found, i = [], 1
    while i < len(lines):
        if "|" in lines[i - 1][1] and "|" in lines[i][1] and _DELIMITER.fullmatch(lines[i][1]):
            body = i + 1
            while body < len(lines) and "|" in lines[body][1]:
                body += 1
            colon = lines[i][1].find(":")
            found.append(
                Table(
                    lines[i - 1][0],
                    _cells(*lines[i - 1]),
                    [_cells(*line) for line in lines[i + 1 : body]],
                    lines[i][0] + colon if colon >= 0 else None,
                )
            )
            i = body
        i += 1
    return found


def _cells(offset: int, line: str) -> list[Cell]:
    """Split a line at its bars, but not at one that is escaped or stands in inline code."""
    hidden = without_codes(line)
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", hidden)]
    stripped = hidden.strip()
    edges = (
        ([] if stripped.startswith("|") else [-1]) + bars + ([] if stripped.endswith("|") and not stripped.endswith("\\|") else [len(line)])
    )
    cells = []
    for left, right in itertools.pairwise(edges):
        inner = line[left + 1 : right]
        cells.append(Cell(offset + left + 1 + len(inner) - len(inner.lstrip()), inner.strip()))
    return cells or [Cell(offset + len(line), "")]  # a bar alone
