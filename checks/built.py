"""Checks of the built site: every address in it, and what was left unrendered."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from checks import markdown
from checks.findings import Place, check
from checks.tree import LANGUAGES, File, Page, below, read, relative

_NOWHERE = "https://site.invalid/"  # stands for the site's own address where no page names it
_LOADED = {"img", "script", "iframe", "source", "audio", "video", "embed", "track", "object", "use", "image", "input"}
_LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "manifest"}
# Of more ids than a page has, none is suggested for a misspelt one: to compare them all would take too long.
_MANY = 500


@dataclass(frozen=True)
class Document:
    """One HTML file of the site, its address, and the page that it was made from (None: the theme alone made it).

    What it holds is read when it is asked for and not kept, so that a large site needs no more memory than a small one.
    """

    path: str
    url: str
    page: Page | None
    read: Callable[[str], tuple]

    @property
    def root(self):
        """The root element; of an empty document where the file cannot be read."""
        return self.read(self.path)[0]

    @property
    def problem(self) -> tuple[Place, str] | None:
        """Why the file, or all of it, cannot be looked at; None where it can."""
        return self.read(self.path)[1]

    @cached_property
    def ids(self) -> set[str]:
        """What a fragment may name."""
        return {str(each) for each in self.root.xpath("//@id | //a/@name") if each}

    def elements(self, having: str) -> list:
        """The elements in their order; `having` is the condition of an XPath."""
        return self.root.xpath(f"//*[{having}]")


class Site:
    """The built site: its documents by path, its own address (`base`), and where addresses lead."""

    def __init__(self, tree):
        self.tree, self.folder = tree, Path(tree.site)
        self._sources = {_path_of(page): page for page in tree.pages()}
        read = lru_cache(2)(self._parsed)  # the one that is looked at, and one that it links to
        # What is no file, such as a folder that cannot be read, is among them: somebody has to say so.
        found = [path for path in sorted(below(self.folder)) if path.suffix == ".html" or not os.path.isfile(path)]
        paths = [path.relative_to(self.folder).as_posix() for path in found]
        self.base = next(iter(_canonical(read("index.html")[0]) if "index.html" in paths else ()), _NOWHERE)
        self.documents = {path: Document(path, urljoin(self.base, _url_of(path)), self._page(path), read) for path in paths}
        self.problem = lru_cache(10_000)(self._problem)  # all pages have the same links beside their text

    def _page(self, path: str) -> Page | None:
        return self._sources.get(path) or self._sources.get(path.replace(".html", "/index.html"))

    def name(self, path: str) -> str:
        """A file of the site as findings name it."""
        return relative(self.folder / path, self.tree.root)

    def _parsed(self, path: str) -> tuple:
        """The root element of an HTML file and None, or that of an empty document and what is wrong."""
        import lxml.etree
        import lxml.html

        text, problem = read(self.folder / path, self.name(path))
        parser = lxml.html.HTMLParser(encoding="utf-8")
        try:
            root = lxml.html.document_fromstring(text.encode(), parser=parser)
        except lxml.etree.ParserError:
            root, problem = lxml.html.document_fromstring("<html></html>"), problem or (Place(self.name(path)), "holds no HTML")
        for error in parser.error_log.filter_from_fatals():  # the parser reads no further, and says it here only
            problem = problem or (Place(self.name(path), error.line), f"cannot be read from this line on: {error.message}")
        if not problem and self._page(path) and root.find(".//article") is None:
            problem = Place(self.name(path)), "holds no `<article>`, so nothing of its page is in it; build the site again"
        return root, problem

    def _problem(self, url: str) -> str:
        """What is wrong with an address of the site itself; empty where it leads somewhere."""
        address, fragment = urldefrag(url)
        name = unquote(urlsplit(address).path)[len(unquote(urlsplit(self.base).path)) :]
        path = Path(f"{self.folder}/{name}")  # also where the name begins with a slash
        if os.path.isfile(path / "index.html"):
            name, path = f"{name.rstrip('/')}/index.html".lstrip("/"), path / "index.html"
        if not os.path.isfile(path) or ".." in path.parts[len(self.folder.parts) :]:
            return f"leads to `/{name}`, which the built site does not have"
        if fragment and fragment != "top" and not fragment.startswith(":~:"):
            known = self._ids(name, path)
            if known is not None and not {fragment, unquote(fragment)} & known:
                return f"leads to `/{name.removesuffix('index.html')}`, where nothing is called `#{unquote(fragment)}`{_nearest(fragment, known)}"
        return ""

    def _ids(self, name: str, path: Path) -> set[str] | None:
        """The ids of an HTML or SVG file; None for other kinds, whose fragments nobody checks, and for a page that is reported itself."""
        if name in self.documents:
            return None if self.documents[name].problem else self.documents[name].ids
        if path.suffix == ".svg":
            return set(re.findall(r"""\bid\s*=\s*["']([^"']+)""", read(path, name)[0]))
        return None


def _canonical(root) -> list[str]:
    found = [element.get("href", "") for element in root.iter("link") if element.get("rel") == "canonical"]
    return [address for address in found if re.fullmatch(r"https?://[\w.:-]+/\S*", address)]


def _joined(base: str, address: str) -> str:
    """The whole address that a relative one means; empty where it is none."""
    try:
        url = urljoin(base, address)
        urlsplit(url)
    except ValueError:
        return ""
    return url


def _path_of(page: Page) -> str:
    """The file that MkDocs makes of a page, in the folder of its language."""
    name = page.name.removesuffix(".md")
    name = "index.html" if name == "index" else f"{name.removesuffix('/index')}/index.html"
    return name if page.lang == LANGUAGES[0] else f"{page.lang}/{name}"


def _url_of(path: str) -> str:
    """The address of a file below the site's root. A 404 page is shown at any address, so it is looked at from a deep one."""
    return path.replace("404.html", "no/such/page") if path.endswith("404.html") else path.removesuffix("index.html")


# Of the attributes that hold an address those of SVG have a colon in their name, which XPath takes for something else.
_WITH_ADDRESS = "@href or @src or @poster or @action or @data or @srcset or @imagesrcset or @http-equiv or @*[contains(name(), 'href')]"


def _addresses(element) -> Iterator[str]:
    """Each address that an element holds."""
    for name in ("href", "src", "poster", "action", "xlink:href", "{http://www.w3.org/1999/xlink}href"):
        if element.get(name) is not None:
            yield element.get(name).strip()
    if element.tag == "object" and element.get("data"):
        yield element.get("data").strip()
    for candidate in re.split(r",\s+|,$", element.get("srcset") or element.get("imagesrcset") or ""):
        if candidate.strip():
            yield candidate.split()[0]
    if element.tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh" and "=" in element.get("content", ""):
        yield element.get("content").split("=", 1)[1].strip(" '\"")


@check(whole=True, needs="site")
def built_link_resolves(tree):
    """Every link, anchor, image, script and stylesheet of the built site leads to something in it.

    MkDocs looks at Markdown links only. This check reads the finished HTML, so it also sees raw HTML, images in
    SVG, `srcset`, the theme's own links and what a hook added. Addresses below the site's own address count as its
    own, and the 404 pages are looked at as if they stood in for a page deep in the site, as they do. Whatever a
    page loads must come from the site itself: a picture or a script of another host would tell that host who reads
    what.

    The place is the Markdown line of the page in which the address stands, or that of the included snippet; what
    the theme makes is reported at `mkdocs.yml`. The check needs a built site: `python -m checks --site site`, as
    `make site` calls it.
    """
    site = Site(tree)
    for document in site.documents.values():
        if document.problem:
            yield document.problem
            continue
        for element in document.elements(_WITH_ADDRESS):
            for address in _addresses(element):
                if problem := _address_problem(site, document, element, address):
                    for place in _places(site, document, element, address):
                        theme = place.path == "mkdocs.yml" and problem.startswith("leads")  # one finding, however deep the page
                        yield place, f"{'an address in the theme' if theme else f'`{address}`'} {problem}"


def _address_problem(site: Site, document: Document, element, address: str) -> str:
    """What is wrong with an address; empty where nothing is."""
    if re.match(r"(?:data|mailto|tel|about|blob):", address, re.I):
        return ""
    if re.match(r"javascript:", address, re.I):
        return "is a script, not an address"
    if document.path.endswith("404.html") and not re.match(r"[/?#]|[a-z][a-z0-9+.-]*:", address, re.I):
        return "is relative, but a 404 page is shown at any address; begin it with `/`"
    url = _joined(document.url, address)
    if not url:
        return "is no valid address"
    if url.startswith(site.base) or url == site.base.rstrip("/"):
        return site.problem(url)
    if urlsplit(url).netloc == urlsplit(site.base).netloc and element.tag != "a":
        return f"lies outside of the site, which begins at `{urlsplit(site.base).path}`"
    rel = set((element.get("rel") or "").split())
    if element.tag in _LOADED or (element.tag == "link" and rel & _LOADED_LINKS):
        return "is loaded from another host; put the file into the repository"
    return ""


def _places(site: Site, document: Document, element, address: str) -> list[Place]:
    """Where an address of a document stands in the sources: in its page, in an included snippet, or in mkdocs.yml."""
    page = document.page
    if page is None or not any(parent.tag == "article" for parent in element.iterancestors()):
        return [_in_config(site.tree, address)]
    raw = re.compile(rf"""(?<=["'(=\s]){re.escape(address)}(?=["')\s>]|$)""", re.M)
    found = [page.place(*match.span()) for match in raw.finditer(page.text)]
    url = _joined(document.url, address)
    meant = [link for link in page.links if unquote(_meant(site, page, link)) == unquote(url)]
    found += [page.place(link.target_start, link.target_start + len(link.target)) for link in meant]
    for include in page.includes:
        snippet = site.tree.snippet(include.name or "")
        if include.name and urlsplit(url).path.endswith(f"/snippets/{include.name}"):
            found.append(page.place(include.start, include.end))
        elif snippet and snippet.kind in ("flags", "diagrams"):
            found += [snippet.place(*match.span()) for match in raw.finditer(snippet.text)]
    return found or [page.place(0)]


def _meant(site: Site, page: Page, link: markdown.Link) -> str:
    """The address that MkDocs makes of a Markdown link."""
    target, hash_, fragment = link.target.partition("#")
    here = urljoin(site.base, _url_of(_path_of(page)))
    if target.endswith(".md"):
        folder = urljoin(site.base, "" if page.lang == LANGUAGES[0] else f"{page.lang}/")
        target = _joined(urljoin(folder, page.name), target).removesuffix(".md")
        target = target.removesuffix("index") if target.endswith("/index") else f"{target}/"
    return _joined(here, target) + hash_ + fragment


def _in_config(tree, address: str) -> Place:
    """The line of mkdocs.yml that names the file of an address; its first line where none does."""
    config = tree.file("mkdocs.yml") or File("mkdocs.yml", "config", "")
    name = re.split(r"[?#]", address)[0].rstrip("/").rpartition("/")[2]
    found = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", config.text) if name else None
    return config.place(*found.span()) if found else config.place(0)


# What Markdown would have consumed, had it been written right; and what is then to be said.
_LEFT = (
    (re.compile(r"(?:;|(?<!-))-++8<-+"), "an include that was not carried out; the line is `--8<-- \"KIND/FILE\"`, with blank lines around it"),
    (re.compile(r"!?\[[^\[\]\n]+\]\[[^\[\]\n]*\]"), "a reference link without a definition; write `[text](address)`"),
    (re.compile(r"\*\*|(?<!\w)__(?=\w)"), "emphasis that was not rendered; let the marks touch the words and not a punctuation mark"),
    (re.compile(r"(?m)^[ \t]*(?:!!!|\?\?\?\+?|===)[ \t]+\S+"), "a block that was not rendered; it needs a blank line above and four blanks before its body"),
    (re.compile(r"\{:?[ \t]*[#.][\w-][^{}\n]*\}"), "attributes that were not taken; they stand at the end of a heading's line"),
    (re.compile(r"(?:`{3,}|~{3,})[^\n]*"), "a fence that was not rendered; it needs a closing line with the same marks"),
    (re.compile(r"(?m)^[ \t]*+(?:\|[ \t]*+)?:?-{3,}+:?[ \t]*\|.*$"), "a table that was not rendered; it needs a blank line above"),
    (re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}"), "a template variable that nobody filled in"),
)  # fmt: skip


@check(whole=True, needs="site")
def built_page_is_complete(tree):
    """Every page was built, nothing in it was left unrendered, and its ids are unique.

    Markdown prints what it does not understand: an include in the wrong form, a `[text][reference]` without
    definition, an admonition whose body is not indented, `{#id}` in the wrong place. Nothing of that is an error
    to MkDocs. This check looks for it in the text of the finished page, code set aside. An id that stands twice
    sends a link to the wrong place.

    A page that cannot be read to its end is a finding too: one that is empty, holds no `<article>`, is not UTF-8, is larger than 1 MiB, or is
    nested so deep that the parser stops. What is not read would be checked by nothing.
    """
    site = Site(tree)
    for page in tree.pages():
        if site.documents.keys().isdisjoint({_path_of(page), _path_of(page).replace("/index.html", ".html")}):
            yield page.place(0), f"was not built: the site has no {_path_of(page)}"
    for document in site.documents.values():
        if document.problem:
            yield document.problem
            continue
        if document.page is not None:
            yield from _left(site, document)
        yield from _double_ids(site, document)


def _left(site: Site, document: Document) -> Iterator[tuple[Place, str]]:
    """Markdown that is still to be seen in a document's article."""
    for text, code in (pair for article in document.root.xpath("//article[not(ancestor::article)]") for pair in _texts(article, False)):
        for pattern, message in _LEFT[:1] if code else _LEFT:
            for match in pattern.finditer(text):
                wanted = re.compile(re.escape(match[0].strip()))
                places = [place for file in _sources(site, document.page) for place in _found(file, wanted)]
                yield from ((place, message) for place in places or [document.page.place(0)])


def _texts(element, code: bool) -> Iterator[tuple[str, bool]]:
    """The text below an element, each piece with whether it stands in a block of code; inline code and scripts are left out."""
    if not isinstance(element.tag, str) or element.tag in ("script", "style") or (element.tag in ("code", "kbd") and not code):
        return
    code = code or element.tag == "pre"
    yield element.text or "", code
    for child in element:
        yield from _texts(child, code)
        yield child.tail or "", code


def _double_ids(site: Site, document: Document) -> Iterator[tuple[Place, str]]:
    """An id that stands more than once in a document, at its second place in the sources."""
    seen = set()
    for element in document.elements("@id"):
        name = element.get("id")
        if name in seen:
            pattern = re.compile(rf"""(?<=\{{)[^{{}}\n]*#{re.escape(name)}(?=[\s}}])|\bid=["']{re.escape(name)}["']""")
            places = [place for file in _sources(site, document.page) for place in _found(file, pattern)] if document.page else []
            place = places[min(1, len(places) - 1)] if places else document.page.place(0) if document.page else _in_config(site.tree, "")
            yield place, f"the id `{name}` stands more than once on {document.path}"
        seen |= {name} if name else set()


def _sources(site: Site, page: Page) -> list[File]:
    """A page and what it includes."""
    return [page, *filter(None, (site.tree.snippet(include.name or "") for include in page.includes))]


def _found(file: File, pattern: re.Pattern) -> list[Place]:
    """Where a pattern stands in a source: in the prose of a page, or else anywhere in it."""
    texts = [markdown.without_codes(file.prose), file.text] if isinstance(file, Page) else [file.text]
    found = ([file.place(*match.span()) for match in pattern.finditer(text)] for text in texts)
    return next((places for places in found if places), [])


def _nearest(name: str, known) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1) if len(known) <= _MANY else ()
    return f" (did you mean `#{near[0]}`?)" if near else ""
