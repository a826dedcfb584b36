"""What stands near by: the section of a page, or the row of a table, around a place; and where pages show a snippet.

```python
from pathlib import Path

from checks.sections import around
from checks.tree import Tree

tree = Tree(Path("."))
page, text = next(around(tree, tree.snippet("shell/running-kubelet.console")))
print(page.name, text.startswith("## "))
#> running.md True
```
"""

import bisect
import re
from collections.abc import Iterator

from checks.tree import once

_ROW = re.compile(r"[ \t]*\|")
# What stands between two paragraphs, items of a list or rows of a table.
_BETWEEN = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*|]|[0-9]+\.)[ \t])")


def says(file, offset: int, name: str, pattern: re.Pattern) -> bool:
    """Whether a pattern is found in what is said of a name near by: in the row of a table that it stands in, or else in the section of a page.

    Of a row the table's header counts as well where the name is what the row is about. Of a section those paragraphs, items of lists and
    rows count that have the name, since the others speak of something else. A long section is read once for each name.
    """
    start = file.text.rfind("\n", 0, offset) + 1
    is_row = _ROW.match(file.text, start)
    key = ("says", start if is_row or file.kind != "page" else section(file, offset)[0], name, pattern)
    if key not in file.kept:
        if is_row:
            text = _row(file.text, start, name)
        else:
            text = with_name(file.text[slice(*section(file, offset))], name) if file.kind == "page" else _line(file.text, start)
        file.kept[key] = bool(pattern.search(text))
    return file.kept[key]


def _row(text: str, start: int, name: str) -> str:
    """A row of a table, below its header where one of its first two cells has the name."""
    row = _line(text, start)
    header = row if any(name in cell for cell in row.split("|")[1:3]) else ""
    while header and start:
        start = text.rfind("\n", 0, start - 1) + 1
        if not _ROW.match(text, start):
            break
        header = _line(text, start)
    return f"{header}\n{row}"


def _line(text: str, start: int) -> str:
    """The line that starts at an offset."""
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)]


def with_name(text: str, name: str) -> str:
    """The paragraphs, items and rows of a section that have a name."""
    return "\n".join(part for part in _BETWEEN.split(text) if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", part))


def section(page, offset: int) -> tuple[int, int]:
    """From where to where the section of an offset goes: from its heading on, without the sections below it."""
    starts = _starts(page)
    at = bisect.bisect_right(starts, offset) - 1
    return starts[at], starts[at + 1] if at + 1 < len(starts) else len(page.text)


@once
def _starts(page) -> list[int]:
    return sorted({0, *(heading.start for heading in page.headings)})


def around(tree, snippet) -> Iterator[tuple]:
    """The pages that show a snippet, each with the section that includes it."""
    for page, include in tree.shown(snippet):
        yield page, page.text[slice(*section(page, include.start))]
