"""Checks of the diagrams: a diagram can be put into a page as it is, and both languages see the same picture."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from checks.findings import Place, check
from checks.svg import Broken, Element, parse
from checks.tree import File

# What a diagram is drawn with. Styles, scripts, pictures and links are not in the list.
ELEMENTS = {
    "svg", "title", "desc", "defs", "marker", "g",
    "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
}  # fmt: skip
NAMESPACE = "http://www.w3.org/2000/svg"
# The diagram stands in a paragraph, where Python-Markdown reads what is between the tags.
MARKDOWN = re.compile(r"[*`\[\\]|(?<!\w)_|_(?!\w)")
_ATTRIBUTE = re.compile(r"""\s(?P<all>(?P<name>[^\s=<>"'/]+)\s*=\s*(?:"[^"]*"|'[^']*'))""")
MISMATCH = "the picture is then another in one language"


@check()
def diagram_is_self_contained(tree):
    """A diagram is well-formed SVG that needs nothing beside itself, can be read out, and passes through Markdown unharmed.

    It starts with `<svg` and has `class="diagram"`, `role="img"`, `viewBox`, a `width` and `height` of the same size, and a title and a
    description that `aria-labelledby` names, both with text. The site forbids styles in a page, so colours are classes. No line is
    empty, since an empty line would end the block; a character that Markdown would read, such as an asterisk, is written `&#42;`. Ids start
    with the name of the diagram, because two diagrams may stand in one page.
    """
    for file in tree.snippets("diagrams"):
        try:
            elements = parse(file.text)
        except Broken as broken:
            yield file.place(broken.offset), broken.message
            continue
        yield from _lines(file)
        yield from _root(file, elements)
        ids = Counter(element.attributes.get("id") for element in elements)
        for element in elements:
            yield from _element(file, element, ids)


@check(whole=True)
def diagrams_differ_only_in_words(tree):
    """The two files of a diagram have the same elements with the same attributes in the same order; only words and `lang` differ.

    What is moved or coloured in one language is moved and coloured in the other. Text of the class `code` (names of programs, flags,
    addresses) is the same as well. The place is in the Chinese file; change whichever of the two is wrong.
    """
    for file in tree.snippets("diagrams"):
        name, lang = _name_and_lang(file)
        if lang is None:
            yield file.place(0), "names no language; the files of a diagram end in .en.svg and .zh.svg"
            continue
        other = tree.snippet(f"diagrams/{name}.{'zh' if lang == 'en' else 'en'}.svg")
        if other is None:
            yield file.place(0), f"has no diagram in the other language; add snippets/diagrams/{name}.{'zh' if lang == 'en' else 'en'}.svg"
        elif lang == "zh":
            yield from _differences(file, other)


def _name_and_lang(file: File) -> tuple[str, str | None]:
    match = re.fullmatch(r"(?:.*/)?([^/]+)\.(en|zh)\.svg", file.path)
    return (match[1], match[2]) if match else (file.path, None)


def _lines(file: File) -> Iterator[tuple[Place, str]]:
    """What Markdown would stumble over."""
    if not file.text.startswith("<svg "):
        yield file.place(0), "does not start with <svg; nothing stands before it, so that a page can include the file"
    for match in re.finditer(r"^[ \t]*\n", file.text, re.M):
        yield file.place(match.start()), "empty line; in a page it would end the diagram, so delete it"
    for between in re.finditer(r">([^<]+)<", file.text):
        for match in MARKDOWN.finditer(between[1]):
            sign = f"&#{ord(match[0])};"
            yield file.place(between.start(1) + match.start()), f"Markdown would read this {match[0]} as a sign of its own; write {sign}"


def _root(file: File, elements: list[Element]) -> Iterator[tuple[Place, str]]:
    """What the outermost element has to say."""
    root, place = elements[0], _tag(file, elements[0])
    has = root.attributes
    name, lang = _name_and_lang(file)
    wanted = {"xmlns": NAMESPACE, "class": "diagram", "role": "img"} | ({"lang": lang} if lang else {})
    for attribute, value in wanted.items():
        if has.get(attribute) != value:
            yield _attribute(file, root, attribute), f'has no {attribute}="{value}"'
    size = re.fullmatch(r"0 0 ([\d.]+) ([\d.]+)", has.get("viewBox", ""))
    if not size:
        yield _attribute(file, root, "viewBox"), 'has no viewBox in the form "0 0 WIDTH HEIGHT"'
    elif (has.get("width"), has.get("height")) != size.groups():
        yield _attribute(file, root, "width"), f'is not as large as its viewBox; write width="{size[1]}" height="{size[2]}"'
    texts = {(e.name, e.attributes.get("id")) for e in elements if e.depth == 1 and e.text.strip()}
    for tag in ("title", "desc"):
        if (tag, f"{name}-{tag}") not in texts and lang:
            yield place, f'has no <{tag} id="{name}-{tag}"> with text directly below <svg>'
    if lang and has.get("aria-labelledby") != f"{name}-title {name}-desc":
        yield _attribute(file, root, "aria-labelledby"), f'is not named by its texts; write aria-labelledby="{name}-title {name}-desc"'


def _element(file: File, element: Element, ids: Counter) -> Iterator[tuple[Place, str]]:
    """What no element may be or have."""
    if element.name not in ELEMENTS:
        yield _tag(file, element), f"<{element.name}> may not stand in a diagram; it is drawn with {', '.join(sorted(ELEMENTS - {'svg'}))}"
    for attribute, value in element.attributes.items():
        place = _attribute(file, element, attribute)
        if attribute == "style":
            yield place, "the site forbids styles in a page; colour with a class of diagrams.css"
        elif attribute.startswith("on"):
            yield place, f"{attribute}= would run a script, which the site forbids; delete it"
        elif attribute == "font-family" and value != "inherit":
            yield place, "names a font; leave it out, so that the diagram takes that of the page"
        elif attribute.split(":")[-1] in ("href", "src"):
            yield place, "refers to something; a diagram shows only what it holds"
        elif attribute == "id" and ids[value] > 1:
            yield place, f"the id {value} is used twice"
        elif attribute == "id" and not value.startswith(f"{_name_and_lang(file)[0]}-"):
            yield place, f"the id {value} does not start with the name of the diagram; another diagram of the page may use it too"
        for target in re.findall(r"url\(([^()]*)\)", value):
            if target.removeprefix("#") not in ids or not target.startswith("#"):
                yield place, f"url({target}) refers to nothing in this file"


def _differences(file: File, other: File) -> Iterator[tuple[Place, str]]:
    """The first difference in shape, or every difference in code."""
    try:
        mine, theirs = parse(file.text), parse(other.text)
    except Broken:
        return  # diagram_is_self_contained says where
    code = None  # how deep the element stands that holds code
    for here, there in zip(mine, theirs, strict=False):
        if (here.name, here.depth) != (there.name, there.depth):
            line = other.place(there.start).line
            yield _tag(file, here), f"is <{here.name}> where line {line} of {other.path} has <{there.name}>; {MISMATCH}"
            return
        for attribute in sorted(set(here.attributes) | set(there.attributes)):
            value, wanted = here.attributes.get(attribute), there.attributes.get(attribute)
            if value != wanted and attribute != "lang":
                line = other.place(there.start).line
                yield (
                    _attribute(file, here, attribute),
                    f"{_written(attribute, value)} where line {line} of {other.path} {_written(attribute, wanted)}; {MISMATCH}",
                )
        if code is not None and here.depth > code:
            continue  # its text is part of that of the code around it
        code = here.depth if "code" in here.attributes.get("class", "").split() else None
        if code is not None and here.text != there.text:
            yield _tag(file, here), f"is the code {here.text} where line {other.place(there.start).line} of {other.path} has {there.text}"
    if len(mine) != len(theirs):
        longer, elements, first = (file, mine, len(theirs)) if len(mine) > len(theirs) else (other, theirs, len(mine))
        yield (
            _tag(longer, elements[first]),
            f"<{elements[first].name}> is missing in {(other if longer is file else file).path}; {MISMATCH}",
        )


def _written(attribute: str, value: str | None) -> str:
    return f"has no {attribute}" if value is None else f'has {attribute}="{value}"'


def _tag(file: File, element: Element) -> Place:
    """The place of an element's `<name`."""
    return file.place(element.start, element.start + 1 + len(element.name))


def _attribute(file: File, element: Element, attribute: str) -> Place:
    """The place of an attribute, or of the element that lacks it."""
    if attribute not in element.attributes:
        return _tag(file, element)
    return file.place(*_spans(file.text, element.start, len(element.attributes))[attribute])


@lru_cache(maxsize=4)
def _spans(text: str, start: int, number: int) -> dict[str, tuple[int, int]]:
    """Where so many attributes of the element that starts there stand, by their names."""
    return {match["name"]: match.span("all") for match in itertools.islice(_ATTRIBUTE.finditer(text, start), number)}
