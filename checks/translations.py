"""Checks that the two languages say the same: same pages, headings, includes, tables, links and inline code."""

import posixpath
from collections import Counter

from checks.findings import check
from checks.tree import LANGUAGES

ENGLISH, CHINESE = LANGUAGES


def _pairs(tree):
    """Each page that both languages have, as (English page, Chinese page)."""
    english = {page.name: page for page in tree.pages(ENGLISH)}
    for page in tree.pages(CHINESE):
        if page.name in english:
            yield english[page.name], page


def _lang_of(target: str) -> str:
    """A link's target as both languages write it: kubernetes.io has its Chinese pages below /zh-cn/."""
    return target.replace("://kubernetes.io/zh-cn/", "://kubernetes.io/")


@check(whole=True)
def page_exists_in_both_languages(tree):
    """A page in `docs/en/` has a page of the same name in `docs/zh/`, and the reverse.

    A reader who switches the language stays on their page. Write the missing page, or ask for help with it in the same change.
    """
    names = {lang: {page.name for page in tree.pages(lang)} for lang in LANGUAGES}
    for page in tree.pages():
        other = CHINESE if page.lang == ENGLISH else ENGLISH
        if page.name not in names[other]:
            yield page.place(0), f"docs/{other}/{page.name} does not exist; a page stands in both languages"


@check()
def front_matter_holds_a_description(tree):
    """A page starts with front matter that holds a `description:` and nothing else.

    The description is what search engines show. Front matter that YAML cannot read is printed on the page as text. Write
    `---`, `description: One plain sentence.`, `---` at the top of the page.
    """
    from checks.documents import Broken, parse_yaml

    for page in tree.pages():
        start, end = page.front_matter
        try:
            roots = parse_yaml(page.text[start:end])
        except Broken as fault:
            place = page.place(start + fault.start, start + fault.end if fault.end else None)
            yield place, f"the front matter cannot be read: {fault.message}"
            continue
        members = [(member.key, type(member.node.value)) for root in roots for member in root.members]
        if members != [("description", str)]:
            yield page.place(start, end - 1), "the front matter does not hold just `description:` with one sentence"


@check()
def heading_has_an_id(tree):
    """A page has one first-level heading, at its top; every heading below it has an explicit `{#id}`, unique in the page, and no level is skipped.

    Without an id, a Chinese heading gets `_1`, `_2` in the order of the page, and a link to it breaks as soon as one is added. Write the
    id in lower-case English words with dashes behind the heading: `## Known traps {#known-traps}`.
    """
    import re

    for page in tree.pages():
        seen, level = set(), 0
        if not page.headings:
            yield page.place(0), "has no heading; a page starts with # and its title"
        for heading in page.headings:
            place = page.place(heading.start, heading.end)
            if (heading.level == 1) != (level == 0):
                yield (
                    place,
                    "is a second title" if heading.level == 1 else "stands before the page's title; a page starts with # and its title",
                )
            elif heading.level > level + 1:
                yield place, f"skips a level: {'#' * heading.level} below {'#' * level}"
            if heading.level > 1 and not heading.id:
                yield place, "has no {#id} behind it"
            elif heading.id and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", heading.id):
                yield page.place(heading.id_start, heading.id_start + len(heading.id)), f"#{heading.id} is not lower-case words with dashes"
            elif heading.id and heading.id in seen:
                yield page.place(heading.id_start, heading.id_start + len(heading.id)), f"#{heading.id} stands twice in this page"
            seen.add(heading.id)
            level = max(1, heading.level)


@check(whole=True)
def headings_are_the_same(tree):
    """The headings of a page have the same ids and levels in both languages, in the same order.

    A link with an anchor works in both languages, and who compares the two finds the same section at the same place. Give both headings the same
    id, or add the missing section.
    """
    for english, chinese in _pairs(tree):
        yield from _compare(
            [(heading, ("#" * heading.level, heading.id or heading.text)) for heading in english.headings if heading.level > 1],
            [(heading, ("#" * heading.level, heading.id or heading.text)) for heading in chinese.headings if heading.level > 1],
            english,
            chinese,
            lambda key: f"{key[0]} … {{#{key[1]}}}",
        )


@check(whole=True)
def includes_are_the_same(tree):
    """A page includes the same snippets in the same order in both languages.

    Both readers copy the same file. Only tables (`flags/`) and diagrams hold words and have a file for each language, `.zh.` where the
    other has `.en.`. Add the missing include, or move it to where the other page has it.
    """
    for english, chinese in _pairs(tree):
        yield from _compare(
            [(include, (include.name or "").replace(".en.", ".zh.")) for include in english.includes],
            [(include, include.name or "") for include in chinese.includes],
            english,
            chinese,
            lambda key: f'--8<-- "{key}"',
        )


def _compare(ours: list, theirs: list, english, chinese, shown):
    """Yield the first place at which two lists of (thing with start and end, key) part, in the Chinese page."""
    for (thing, key), (other, other_key) in zip(ours, theirs):
        if key != other_key:
            line = english.place(thing.start).line
            yield chinese.place(other.start, other.end), f"is {shown(other_key)} where line {line} of {english.path} has {shown(key)}"
            return
    if len(ours) > len(theirs):
        thing, key = ours[len(theirs)]
        yield (
            chinese.place(len(chinese.text) - 1),
            f"lacks {shown(key)}, which stands at line {english.place(thing.start).line} of {english.path}",
        )
    elif len(theirs) > len(ours):
        thing, key = theirs[len(ours)]
        yield chinese.place(thing.start, thing.end), f"{shown(key)} has no counterpart in {english.path}"


@check(whole=True)
def tables_have_the_same_shape(tree):
    """A table has as many columns and rows in both languages, and a page as many tables.

    A row that one language lacks is a fact that one language lacks. This holds for the files of `flags/` too. Add the missing row.
    """
    pairs = [(english, english.tables, chinese, chinese.tables) for english, chinese in _pairs(tree)]
    files = {snippet.name: snippet for snippet in tree.snippets("flags")}
    pairs += [
        (file, file.tables, files[other], files[other].tables)
        for name, file in files.items()
        if name.endswith(".en.md") and (other := name.replace(".en.", ".zh.")) in files
    ]
    for english, ours, chinese, theirs in pairs:
        if len(ours) != len(theirs):
            yield chinese.place(theirs[-1].start if theirs else 0), f"has {len(theirs)} tables, {english.path} has {len(ours)}"
        for one, two in zip(ours, theirs):
            shape, other = (len(one.header), len(one.rows)), (len(two.header), len(two.rows))
            if shape != other:
                line = english.place(one.start).line
                yield (
                    chinese.place(two.start, two.header[-1].end),
                    f"the table has {other[0]} columns and {other[1]} rows; at line {line} of {english.path} it has {shape[0]} and {shape[1]}",
                )


@check(whole=True)
def links_and_inline_code_are_the_same(tree):
    """Each section has the same links and the same inline code in both languages, in whatever order the sentences need.

    A flag or an address that one language lacks is a sentence that one language lacks. Pages of kubernetes.io are linked in the reader's
    language, with `/zh-cn/` in Chinese. Write the missing sentence, or give the code in both.
    """
    for english, chinese in _pairs(tree):
        ours, theirs = _words(english), _words(chinese)
        for section in ours.keys() | theirs.keys():
            mine, other = ours.get(section, {}), theirs.get(section, {})
            missing = Counter(key for key, _ in mine) - Counter(key for key, _ in other)
            surplus = Counter(key for key, _ in other) - Counter(key for key, _ in mine)
            for key, thing in mine:
                if missing[key]:
                    missing[key] -= 1
                    at = f"docs/{CHINESE}/{chinese.name}"
                    yield english.place(thing.start, thing.end), f"{key} is missing in this section of {at}"
            for key, thing in other:
                if surplus[key]:
                    surplus[key] -= 1
                    yield chinese.place(thing.start, thing.end), f"{key} is missing in this section of {english.path}"


def _words(page) -> dict[str, list]:
    """By section, the inline code (in backticks) and the link targets of a page, each with its part of the page."""
    found: dict[str, list] = {}
    for code in page.codes:
        found.setdefault(page.section(code.start), []).append((f"`{code.text}`", code))
    for link in page.links:
        if link.form in ("inline", "image", "auto"):
            found.setdefault(page.section(link.start), []).append((_lang_of(link.target), link))
    return found


@check(whole=True)
def nav_is_complete(tree):
    """`mkdocs.yml` lists every page, or the `index.md` of its folder that links to it, once, and gives each section's title in Chinese too.

    A page that nothing leads to is found by nobody. A title without translation appears in English on Chinese pages, and MkDocs says nothing,
    neither of a missing nor of a stale one. Add the page to `nav` (or a link to its folder's `index.md`), the title to `nav_translations`.
    """
    config = tree.file("mkdocs.yml")
    if config is None:
        return
    tree.seen += 1
    listed, titles, translated = _nav(config.text)
    names = {page.name for page in tree.pages(ENGLISH)}
    for name, start in listed.items():
        if name not in names:
            yield config.place(start, start + len(name)), f"docs/{ENGLISH}/{name} does not exist"
    linked = {name for page in tree.pages(ENGLISH) if page.name in listed and page.name.endswith("/index.md") for name in _linked(page)}
    for page in tree.pages(ENGLISH):
        if page.name not in listed and page.name not in linked:
            index = posixpath.join(posixpath.dirname(page.name), "index.md")
            said = f", and docs/{ENGLISH}/{index} does not link to it" if index in listed and "/" in index else ""
            yield page.place(0), f"is not in the nav of mkdocs.yml{said}"
    for title, start in titles.items():
        if title not in translated:
            yield config.place(start, start + len(title)), f"{title} has no Chinese title in nav_translations"
    for title, start in translated.items():
        if title not in titles:
            yield config.place(start, start + len(title)), f"{title} is translated but is no section's title"


def _linked(index) -> set[str]:
    """The names of the pages in its own folder that an `index.md` links to."""
    folder = posixpath.dirname(index.name)
    targets = {posixpath.join(folder, link.target.partition("#")[0]) for link in index.links if link.form == "inline"}
    return {name for name in targets if posixpath.dirname(name) == folder}


def _nav(text: str) -> tuple[dict, dict, dict]:
    """Pages, section titles and translated titles of a mkdocs.yml, each with the offset where it stands."""
    import yaml

    pages, titles, translated = {}, {}, {}

    def listed(node):
        if isinstance(node, yaml.ScalarNode):
            pages[node.value] = node.start_mark.index
        for item in node.value if isinstance(node, yaml.SequenceNode) else ():
            listed(item)
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            titles[key.value] = key.start_mark.index
            listed(value)

    def searched(node):
        for item in node.value if isinstance(node, yaml.SequenceNode) else ():
            searched(item)
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value == "nav_translations":
                translated.update({title.value: title.start_mark.index for title, _ in value.value})
            searched(value)

    # `!ENV` and the like are tags of MkDocs; only the shape matters here.
    config = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in config.value:
        if key.value == "nav":
            listed(value)
    searched(config)
    return pages, titles, translated
