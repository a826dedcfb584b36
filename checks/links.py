"""Checks of links in pages: their form, where they lead, and whether the world still answers."""

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from checks.facts import load
from checks.findings import check
from checks.tree import once

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_WITH_BLANK = re.compile(r"\]\([ \t]*<?(?P<target>https?://[^()\n\"<>]*?[^\s()\"<>][ \t]+[^\s()\"<>][^()\n\"<>]*)>?\)")
_DEFINITION = re.compile(r"^[ \t]*\[(?P<label>[^\]\n]+)\]:[ \t]*\S[^\n]*$", re.M)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9](?::\d+)?", re.I)
_IN_UNIT = re.compile(r"(?<=[=\s])[a-z]+://[^\s\"']+")
_ATTRIBUTES = re.compile(r"\{[^{}\n]*#(?P<id>[^\s#.{}]+)[^{}\n]*\}")


def _markdown_files(tree) -> Iterator[tuple]:
    """Each page and each included Markdown table, with its blanked text and its links."""
    for page in tree.pages():
        yield page, page.prose, page.links
    for snippet in tree.snippets("flags"):
        yield snippet, snippet.prose, snippet.links


def external_links(tree) -> Iterator[tuple]:
    """Each link to another host, as (file, offset, address): of pages, tables, units and manifests."""
    for file, _, links in _markdown_files(tree):
        for link in links:
            if link.form != "reference" and _SCHEME.match(link.target):
                yield file, link.target_start, link.target
    for kind in ("units", "pods"):
        for snippet in tree.snippets(kind):
            for line in re.finditer(r"[^\n]+", snippet.text):
                # An address in a manifest is mostly an argument of a program; one in a comment is for readers.
                comment = re.search(r"(?:^|\s)#" if kind == "pods" else "", line[0])
                behind = line.start() + comment.end() if comment else line.end()
                for match in _IN_UNIT.finditer(snippet.text, behind, line.end()):
                    yield snippet, match.start(), match[0]


@check()
def external_link_is_well_formed(tree):
    """An address of another host is complete, starts with `https://`, and is not known to be dead.

    Not well-formed are an address without a host, with a blank in it, with a variable that was never filled in
    (`{{page.githubbranch}}`), or with a punctuation mark at its end that belongs to the sentence. Known to be dead
    are the pages of coreos.com and others that the original guide links to; the message says what took their
    place. The list, with the evidence for each replacement, is in `checks/facts/links.json`. Of files that are not the
    guide's only pages are looked at: what a unit or a Pod of a node asks for is its own affair.
    """
    for file, _, _ in _markdown_files(tree):
        for match in _WITH_BLANK.finditer(file.plain):
            blank = re.search(r"[ \t]+", match["target"])
            at = match.start("target") + blank.start()
            yield file.place(at, at + len(blank[0])), "a blank in an address; write it as `%20`, or close the link before it"
    for file, start, address in external_links(tree):
        if not tree.whole and file.kind != "page":
            continue
        if problem := _problem(address) or dead(address, getattr(file, "lang", "en")):
            at, length, message = problem
            yield file.place(start + at, start + at + length), message


def _problem(address: str) -> tuple[int, int, str] | None:
    """What is wrong with the form of an address, as (offset, length, message)."""
    scheme = _SCHEME.match(address)[0]
    if scheme.lower() == "http:":
        return 0, 7, f"write `https://{address[7:]}`"
    if scheme.lower() != "https:" or not address[len(scheme) :].startswith("//"):
        return 0, len(scheme), "an address of another host starts with `https://`"
    if "{{" in address or "{%" in address:
        at = min(i for i in (address.find("{{"), address.find("{%")) if i >= 0)
        return at, len(address) - at, "a variable that nobody fills in; write the address in full"
    if last := re.search(r"[.,;:!?'\"，。、；：！？）】”’]+$", address):
        return last.start(), len(last[0]), f"`{last[0]}` at the end of an address; move it behind the link"
    try:
        host = urlsplit(address).netloc
    except ValueError:
        host = ""
    if not _HOST.fullmatch(host):
        return 8, max(1, len(host)), f"`{host}` is no name of a host" if host else "an address without a host"
    return None


def dead(address: str, lang: str = "en") -> tuple[int, int, str] | None:
    """What `facts/links.json` says of an address that is dead or has moved, as (offset, length, message)."""
    bare, hash_, fragment = re.sub(r"^https?://(?:www\.)?", "", address, flags=re.I).partition("#")
    bare = re.sub(r"^(kubernetes\.io)/(?:zh-cn|zh|cn)/", r"\1/", bare)
    low = bare.lower()
    fitting = [
        each
        for each in load("links")["moved"]
        if low.startswith(start := each["address"].lower()) and low[len(start) :][:1] in ("", "/", "?")
    ]
    if not fitting:
        return None
    entry = max(fitting, key=lambda each: len(each["address"]))
    if entry["write"] is None:
        return 0, len(address), f"is dead: {entry['why']}"
    write = entry["write"]
    if keep := entry.get("keep"):
        rest = bare[len(entry["address"]) :]
        write += (re.sub(r"\.html$", ".md", rest) if keep == "markdown" else rest) + hash_ + fragment
    if lang == "zh":
        write = write.replace("//kubernetes.io/docs/", "//kubernetes.io/zh-cn/docs/")
    return 0, len(address), f"is dead or has moved: {entry['why']}; write `{write}`"


@check()
def link_is_inline(tree):
    """A link is written `[text](address)`.

    Bare addresses and `<https://…>` have no text that says where they lead, and a reference link whose definition
    is missing is printed as it stands, brackets and all, without a warning of MkDocs. So there is one form only:
    `[text](address)` with the address where it is used.
    """
    for file, _, links in _markdown_files(tree):
        definitions = list(_DEFINITION.finditer(file.plain))
        defined = {match["label"].lower() for match in definitions}
        for match in definitions:
            yield (
                file.place(match.start("label") - 1, match.end("label") + 2),
                "a definition of a reference link; write the address into the link",
            )
        for link in links:
            if any(match.start() <= link.start < match.end() for match in definitions):
                continue
            shown = file.text[link.start + 1 : link.start + 1 + len(link.text)]  # with its inline code
            if link.form in ("auto", "bare"):
                address = link.target.rstrip(".,;:!?'\"")
                end = link.end if link.form == "auto" else link.start + len(address)
                yield file.place(link.start, end), f"an address without a text; write `[text]({address})`"
            elif link.form == "reference" and (link.target or link.text).lower() in defined:
                yield file.place(link.start, link.end), f"a reference link; write `[{shown}](address)`"
            elif link.form == "reference":
                said = f"`[{link.target or shown}]` is defined nowhere, so the link is printed as it stands"
                yield file.place(link.start, link.end), f"{said}; write `[{shown}](address)`"


@check(whole=True)
def page_link_resolves(tree):
    """A link to a page of the guide names its file, and an anchor that is there, in the same language.

    Links are relative to the page that they stand in and name the Markdown file: `networking.md#net-d-rules`,
    `../running.md`. MkDocs makes addresses of them and the language switcher keeps them in their language, so a
    link never names `docs/zh/`, a folder, or an address from the site's root. An anchor is the `{#id}` of a
    heading. In a table that pages include, a link is relative to the page that includes it.
    """
    for lang in ("en", "zh"):
        pages = {page.name: page for page in tree.pages(lang)}
        for page in pages.values():
            for link in page.links:
                yield from _internal(tree, pages, page, page, link)
            for include in page.includes:
                table = tree.snippet(include.name) if include.name and include.name.startswith("flags/") else None
                for link in table.links if table else []:
                    yield from _internal(tree, pages, page, table, link)


def _internal(tree, pages: dict, page, file, link) -> Iterator:
    """What is wrong with one link of `file`, as it is seen from `page`."""
    if link.form not in ("inline", "image") or _SCHEME.match(link.target):
        return
    path, hash_, anchor = link.target.partition("#")
    place = file.place(link.target_start, link.target_start + max(1, len(path)))
    folder = posixpath.dirname(page.name)
    target = posixpath.normpath(posixpath.join(folder, unquote(path))) if path else page.name
    if not link.target:
        yield file.place(link.start, link.end), "a link without an address"
    elif path.startswith("/"):
        yield place, "starts at the site's root; write the page's file, relative to this page"
    elif target.startswith("../"):
        yield place, f"leads out of docs/{page.lang}/; link to pages of the same language"
    elif target in pages:
        ids = _ids(pages[target])
        if hash_ and unquote(anchor) not in ids:
            start = link.target_start + len(path)
            said = f"docs/{page.lang}/{target} has no `{{#{unquote(anchor)}}}`{_nearest(unquote(anchor), ids, '#')}"
            yield file.place(start, start + 1 + len(anchor)), said
    elif path.endswith("/") or not posixpath.splitext(target)[1]:
        name = f"{target}.md" if f"{target}.md" in pages else None
        hint = f"`{posixpath.relpath(name, folder or '.')}`" if name else "one that ends in `.md`"
        yield place, f"names no file; write {hint}"
    elif not os.path.isfile(tree.root / "docs" / page.lang / target):
        near = {posixpath.relpath(name, folder or "."): name for name in pages}
        yield place, f"docs/{page.lang}/{target} does not exist{_nearest(path, near)}"


@once
def _ids(page) -> list[str]:
    """The anchors of a page."""
    return [heading.id for heading in page.headings if heading.id] + [match["id"] for match in _ATTRIBUTES.finditer(page.plain)]


def _nearest(name: str, known, before: str = "") -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean `{before}{near[0]}`?)" if near else ""


@check(needs="online")
def external_link_answers(tree):
    """An address of another host answers, has not moved for good, and has the fragment that a link names.

    This is asked with `--online` only, because another host's bad day is no fault of the guide. Each page is asked
    once, at most two of a host at a time and with a pause between them; a host that asks for patience gets it.
    Answers are remembered in `.cache/links.json`, good ones for a week, bad ones for an hour. Addresses that are
    known to be dead are not asked. A host that refuses programs cannot be judged: such an address is reported as
    *not run*, to be looked at in a browser.

    Write the address that the message offers; where a page is gone, look for its successor, and add the old
    address to `checks/facts/links.json`.
    """
    from checks import online

    places = defaultdict(list)
    for file, start, address in external_links(tree):
        if urlsplit(address).scheme in ("http", "https") and not _problem(address) and not dead(address):
            places[address].append(file.place(start, start + len(address)))
    answers = online.ask(places, tree.root / ".cache" / "links.json")
    for address, answer in answers.items():
        if answer.problem:
            yield from ((place, answer.problem) for place in places[address])
        elif answer.unjudged:
            tree.not_run.append(f"{address} ({places[address][0]}): {answer.unjudged}")
