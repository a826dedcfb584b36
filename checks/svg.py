"""SVG taken apart: the elements of a file, in document order, with the offset of each.

```python
from checks.svg import parse

svg, text = parse('<svg lang="en"><text x="8">rkt</text></svg>')
print(text.name, text.attributes, text.start, text.depth, text.text)
#> text {'x': '8'} 15 1 rkt
```
"""

from dataclasses import dataclass, field
from xml.parsers import expat


@dataclass
class Element:
    """An element: its name and attributes, the offset of its `<`, and how deep it stands (the outermost: 0)."""

    name: str
    attributes: dict[str, str]
    start: int
    depth: int
    _all_text: list[str] = field(repr=False)
    _first: int = 0
    _last: int = 0

    @property
    def text(self) -> str:
        """All text in the element, also that of the elements in it."""
        return "".join(self._all_text[self._first : self._last])


class Broken(Exception):
    """The text is no XML that a page could hold; `offset` and `message` say where and why."""

    def __init__(self, offset: int, message: str):
        super().__init__(message)
        self.offset, self.message = offset, message


def parse(text: str) -> list[Element]:
    """The elements of a file. Raises `Broken` where it is not well-formed, or has a document type."""
    raw = text.encode()
    offset = _offsets(raw)
    parser = expat.ParserCreate("UTF-8")
    elements: list[Element] = []
    above: list[Element] = []
    words: list[str] = []

    def start(name, attributes):
        above.append(Element(name, attributes, offset(parser.CurrentByteIndex), len(above), words, len(words)))
        elements.append(above[-1])

    def end(_):
        above.pop()._last = len(words)

    def doctype(*_):
        raise Broken(max(0, text.find("<!DOCTYPE")), "has a document type; a page cannot hold one, so delete it")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = words.append
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Broken(
            offset(parser.ErrorByteIndex) if text.strip() else 0, f"is not well-formed XML: {expat.ErrorString(error.code)}"
        ) from None
    return elements


def _offsets(raw: bytes):
    """A function from rising positions in bytes to positions in characters."""
    known = [0, 0]

    def offset(index: int) -> int:
        known[1] += len(raw[known[0] : index].decode(errors="ignore"))
        known[0] = index
        return known[1]

    return offset
