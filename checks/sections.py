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

from collections.abc import Iterator


def near(file, offset: int, name: str) -> str:
    """What a reader sees with a name: the row of a table that it stands in, below the table's header, or else the section of a page.

    Of tables in the section only the rows with that name count, since the others speak of something else.
    """
    end = file.text.find("\n", offset)
    lines = file.text[: end if end >= 0 else len(file.text)].split("\n")
    if _is_row(lines[-1]):
        header = next((at for at in range(len(lines) - 1, 0, -1) if not _is_row(lines[at - 1])), 0)
        return f"{lines[header]}\n{lines[-1]}"
    said = section(file, offset) if file.kind == "page" else lines[-1]
    return "\n".join(line for line in said.split("\n") if not _is_row(line) or name in line)


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def section(page, offset: int) -> str:
    """The text of the section that an offset stands in, from its heading on, without the sections below it."""
    starts = [0, *(heading.start for heading in page.headings), len(page.text)]
    start = max(at for at in starts[:-1] if at <= offset)
    return page.text[start : min(at for at in starts if at > start)] if page.text else ""


def around(tree, snippet) -> Iterator[tuple]:
    """The pages that show a snippet, each with the section that includes it."""
    for page in tree.pages():
        for include in page.includes:
            if include.name == snippet.name:
                yield page, section(page, include.start)
