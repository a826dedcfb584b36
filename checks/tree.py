"""The files of the guide, and where in them everything stands.

This is the only module that computes lines and columns: parsers hand over offsets (in characters from the start of the
file), `File.place()` turns them into a place that an author's editor shows.

```python
from pathlib import Path

from checks.tree import Tree

tree = Tree(Path("."))
page = next(page for page in tree.pages("en") if page.name == "networking.md")
heading = page.headings[0]
print(heading.level, page.place(heading.start).line > 1)
#> 1 True
```
"""

import bisect
import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from functools import cached_property, wraps
from pathlib import Path

from checks import markdown
from checks.findings import Place
from checks.kinds import KIND_NAMES, KINDS, LARGEST, LARGEST_LIST
from checks.process import unfinished

LANGUAGES = ("en", "zh")


def once(function):
    """A function of a file that is asked once: its answer is kept as long as the file, so nobody changes it."""

    @wraps(function)
    def asked(file):
        if function not in file.kept:
            file.kept[function] = function(file)
        return file.kept[function]

    return asked


class File:
    """One text file: `path` as findings name it, `kind` (a key of `KINDS`, or `page`), `text` in full."""

    def __init__(self, path: str, kind: str, text: str):
        self.path, self.kind, self.text = path, kind, text
        self._line = (-1, "")  # the line of the last place: many findings on one long line share its text
        self.kept: dict = {}  # by function, what has been found out about the file (see `once`)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    @property
    def name(self) -> str:
        """The path below the language's folder (of a page) or below `snippets/` (of a snippet)."""
        return self.path.removeprefix("snippets/")

    @property
    def prose(self) -> str:
        """The text as Markdown is read: of a page with much blanked, of a table that pages include, all of it."""
        return self.text

    @cached_property
    def plain(self) -> str:
        """The prose with inline code blanked as well."""
        return markdown.blanked(self.prose, [(code.start, code.end) for code in self.codes])

    @cached_property
    def codes(self) -> list[markdown.Code]:
        """The inline code of the prose."""
        return markdown.codes(self.prose)

    @cached_property
    def links(self) -> list[markdown.Link]:
        """The links of the prose."""
        return markdown.links(self.prose, self.plain)

    @cached_property
    def tables(self) -> list[markdown.Table]:
        """The tables of the prose."""
        return markdown.tables(self.prose)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0] + [match.end() for match in re.finditer("\n", self.text)]

    def place(self, start: int, end: int | None = None) -> Place:
        """The place of the characters from offset `start` to `end` (one character when left out).

        What runs over the end of its line is marked to the end of the line. A carriage return before a line feed
        belongs to the line's end, not to the line.
        """
        start = max(0, min(start, len(self.text)))
        number = bisect.bisect_right(self._line_starts, start) - 1
        first = self._line_starts[number]
        if self._line[0] != number:
            last = self.text.find("\n", first)
            self._line = (number, self.text[first : len(self.text) if last < 0 else last].removesuffix("\r"))
        line = self._line[1]
        stop = min(end if end is not None else start + 1, first + len(line))
        return Place(self.path, number + 1, start - first + 1, max(1, stop - start), line)


class Page(File):
    """A Markdown page of one language, taken apart on first use (see `checks.markdown`)."""

    def __init__(self, path: str, text: str, lang: str):
        super().__init__(path, "page", text)
        self.lang = lang

    @property
    def name(self) -> str:
        return self.path.removeprefix(f"docs/{self.lang}/")

    @cached_property
    def front_matter(self) -> tuple[int, int]:
        """Offsets of what stands between the two `---` lines; equal where there is none."""
        return markdown.front_matter(self.text)

    @cached_property
    def fences(self) -> list[markdown.Fence]:
        return markdown.fences(self.text)

    @cached_property
    def prose(self) -> str:
        """The text with front matter, fences and comments blanked: offsets stay true."""
        return markdown.prose(self.text, self.fences)

    @cached_property
    def includes(self) -> list[markdown.Include]:
        return markdown.includes(self.text)

    @cached_property
    def headings(self) -> list[markdown.Heading]:
        return markdown.headings(self.prose)

    @cached_property
    def _sections(self) -> list[tuple[int, str]]:
        return [(heading.start, heading.id) for heading in self.headings if heading.id]

    def section(self, offset: int) -> str:
        """The id of the section that an offset stands in; empty before the first heading with an id."""
        number = bisect.bisect_right(self._sections, offset, key=lambda section: section[0])
        return self._sections[number - 1][1] if number else ""


class Tree:
    """All pages and snippets below a root, or the given files only.

    `root` is a folder with `docs/` or `snippets/` in it. `files` (paths, also from outside of the root) restricts
    the tree to these; such a tree is not `whole`, and checks that compare files with each other leave it alone. `kind` (a
    key of `KIND_NAMES`) says what the files are, where their folder does not.

    What cannot be read as text is in `unreadable`, as `(place, message)`, and in no list of files. `not_run` collects what
    could not be run for want of a program, as sentences that say how to get it. `site` (the folder of the built site),
    `online` and `lab` are set by the caller who wants the checks that need them; `wanted` (paths; None: all) by one who wants to
    hear of some files only; `partly` by one who runs some checks only; `plugins` (of `checks.plugin_sets.SETS`; empty: all) by one who
    aims at one set of network plugins. `ran` is what the lab has run: the path of a snippet → programs with their versions.
    """

    site: Path | None = None
    online: bool = False
    lab: bool = False
    wanted: set[str] | None = None
    partly: bool = False
    plugins: str = ""

    def __init__(self, root: Path, files: list[Path] | None = None, kind: str | None = None):
        self.root = root
        self.whole = files is None
        self.seen = 0
        self.unreadable: list[tuple[Place, str]] = []
        self.not_run: list[str] = []
        self.ran: dict[str, list[str]] = {}
        self._files: list[File] = []
        if files is None:
            found = sorted(below(root / "docs")) + sorted(below(root / "snippets"))
            files = [path for path in found if path.name not in (".DS_Store",)]
        for path in files:
            self._add(path, kind)

    def files(self) -> list[File]:
        """Every readable file, pages and snippets."""
        self.seen += len(self._files) + len(self.unreadable)
        return self._files

    def pages(self, lang: str | None = None) -> list[Page]:
        """The pages, of one language or of all."""
        return self._count([page for page in self._by_kind.get("page", ()) if lang in (None, page.lang)])

    def snippets(self, kind: str | None = None) -> list[File]:
        """The snippets, of one kind (a key of `KINDS`) or of all."""
        if kind:
            return self._count(list(self._by_kind.get(kind, ())))
        return self._count([file for file in self._files if file.kind != "page"])

    def to_run(self, kind: str) -> list[File]:
        """The snippets of one kind that the lab has to run: those that somebody wants to hear of."""
        return [file for file in self.snippets(kind) if self.wanted is None or file.path in self.wanted]

    def snippet(self, name: str) -> File | None:
        """The snippet that an include names (`cni/10-k8s-bridge.conf`), or None."""
        return self._by_path.get(f"snippets/{name}")

    def file(self, name: str) -> File | None:
        """Another text file of the project, such as `mkdocs.yml`, or None."""
        text, problem = read(self.root / name, name, LARGEST_LIST)
        return None if problem else File(name, "other", text)

    def shown(self, snippet: File) -> list[tuple[Page, markdown.Include]]:
        """The pages that include a snippet, each with the include."""
        return self._shown.get(snippet.name, [])

    @cached_property
    def _shown(self) -> dict[str | None, list[tuple[Page, markdown.Include]]]:
        found: dict = {}
        for page in self._by_kind.get("page", ()):
            for include in page.includes:
                found.setdefault(include.name, []).append((page, include))
        return found

    @cached_property
    def _by_kind(self) -> dict[str, list[File]]:
        found: dict = {}
        for file in self._files:
            found.setdefault(file.kind, []).append(file)
        return found

    @cached_property
    def _by_path(self) -> dict[str, File]:
        return {file.path: file for file in self._files}

    def _count(self, files: list) -> list:
        self.seen += len(files)
        return files

    def _add(self, path: Path, kind: str | None) -> None:
        name = relative(path, self.root)
        own_kind = KIND_NAMES[kind] if kind else kind_of(name)
        plain = not self.whole or not path.is_symlink()
        if self.whole and plain and name.startswith("docs/") and path.suffix != ".md" and path.is_file():
            return  # an image or the like: MkDocs copies it
        text, problem = read(path, name) if plain else ("", (Place(name), "is a symbolic link; put a plain file in its place"))
        if self.whole and not name.isprintable():
            problem = Place(name), "has a name with characters that cannot be shown; rename it"
        if problem:
            self.unreadable.append(problem)
        elif own_kind == "page":
            lang = next((lang for lang in LANGUAGES if name.startswith(f"docs/{lang}/")), LANGUAGES[0])
            self._files.append(Page(name, text, lang))
        else:
            self._files.append(File(name, own_kind, text))


def kind_of(name: str) -> str:
    """The kind that a path says: its folder below `snippets/`, `page` below `docs/`; elsewhere `cni` for what lies in a folder `net.d`,
    else by its ending, else `unknown`."""
    parts = name.split("/")
    if parts[0] == "docs":
        return "page"
    if parts[0] == "snippets":
        return parts[1] if len(parts) > 2 and parts[1] in KINDS else "unknown"
    if "net.d" in parts[:-1]:
        return "cni"  # also what rkt skips there, so that somebody says so
    if re.search(r"\.service\.d/[^/]+\.conf$", name):
        return "units"  # a drop-in, as on a node
    endings = {ending: kind for kind, ending in reversed(KINDS.items())} | {".md": "page", ".yml": "pods"}
    return endings.get(os.path.splitext(name)[1], "unknown")


def read(path: Path, name: str, largest: int = LARGEST) -> tuple[str, tuple[Place, str] | None]:
    """The text of a file, or what is wrong with it.

    Only plain files of at most `largest` bytes in UTF-8 without byte order mark and without NUL are text. Returns
    `(text, None)` or `("", (place, message))`; a place in a broken file counts the characters before the fault.
    """
    try:
        raw = _bytes(path, largest)
    except OSError as error:
        return "", (Place(name), f"cannot be read: {error.strerror or error}")
    if raw is None:
        return "", (Place(name), "is not a plain file; pages and snippets are plain text files")
    if len(raw) > largest:
        return "", (Place(name), f"is larger than {largest // 1024} KiB; no page or snippet is")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", (Place(name), "is UTF-16 or the like; save it as UTF-8")
    if raw.startswith(b"\xef\xbb\xbf"):
        return "", (Place(name), "starts with a byte order mark; save it as UTF-8 without one")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        return "", (File(name, "", before + "?").place(len(before)), f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8")
    if text.count("\0") > len(text) // 3:
        return "", (Place(name), "is UTF-16 or the like; save it as UTF-8")
    if "\0" in text:
        return "", (File(name, "", text).place(text.index("\0")), "holds a NUL character; it is not a text file")
    return text, None


def write(path: Path, text: str) -> None:
    """Write a text file, all of it or nothing: whatever happens, the file holds the old text or the new one.

    A file that is there keeps its mode. Raises `OSError` where that cannot be done, also for what is no plain file.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is not a plain file, so nothing is written to it", str(path))
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.add(str(beside))
    try:
        with beside.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
        unfinished.discard(str(beside))


def _bytes(path: Path, largest: int) -> bytes | None:
    """The first `largest` bytes of a plain file and one more; None where it is none. Never waits, whatever takes the file's place meanwhile."""
    if path.is_dir():
        os.scandir(path).close()  # raises where the folder cannot be read, which is then what is wrong
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY)) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return None
        data = bytearray()
        while len(data) <= largest and (piece := stream.read(largest + 1)):
            data += piece
    return None if piece is None else bytes(data)  # None: of some files of /proc the text has to be waited for


def below(folder: Path) -> Iterator[Path]:
    """Every entry below a folder that is not a folder itself, and every folder that cannot be read: `read` says why.

    Symbolic links are named, not followed. A folder that is not there holds nothing.
    """
    waiting = [folder] if os.path.lexists(folder) else []
    while waiting:
        at = waiting.pop()
        try:
            with os.scandir(at) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        yield Path(entry.path)
        except OSError:
            yield at


def relative(path: Path, root: Path) -> str:
    """A path as findings name it: from the root on, or as it was given where it lies outside."""
    try:
        return Path(os.path.abspath(path)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        return str(path)
