"""Places, findings, and the register of checks.

A check is a generator that reads a tree and yields `(place, message)`. `@check` puts it on the register under
its own name, which is a true statement about a good tree; `run()` stamps that name on what it yields and sorts.

```python
from checks.findings import check


@check()
def page_says_hello(tree):
    for page in tree.pages():
        if "hello" not in page.text:
            yield page.place(0), "says no hello; write one"
```
"""

import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from checks.contents import MODULES

# Longer than any message: what quotes a text of a hostile file is cut here.
_LONGEST = 600
# So many findings of one check in one file are shown; who makes more has one thing to mend first, not thousands.
MANY = 200


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands, as an author's editor counts it.

    `path` is relative to the root of the tree, with forward slashes (or as it was given, for a file from outside);
    `line` and `column` start at 1 and count characters; `width` is the number of characters meant, on that line;
    `source` is the text of the line, for the report.
    """

    path: str
    line: int = 1
    column: int = 1
    width: int = 1
    source: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{printable(self.path)}:{self.line}:{self.column}"


def printable(text: str) -> str:
    """A text on one line, with an escape for each character that a terminal would act on or could not show; tabs stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\t" else char.encode("unicode_escape", "surrogatepass").decode() for char in text)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where, which check says so, and what would be right."""

    place: Place
    check: str
    message: str

    @property
    def help(self) -> str:
        """The address, below the site's root, of the page that explains the check."""
        return page(self.check)


def page(check: str) -> str:
    """The address, below the site's root, of the page that explains a check, by the check's name."""
    return f"checks/{check.replace('_', '-')}/"


@dataclass(frozen=True)
class Check:
    """A check on the register: its name, its function, and what it needs to judge (see `check`)."""

    name: str
    function: Callable[..., Iterable[tuple[Place, str]]]
    whole: bool
    needs: str
    of_runs: bool

    @property
    def statement(self) -> str:
        """The first line of the check's docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0]

    @property
    def explanation(self) -> list[str]:
        """The paragraphs of the check's docstring, each on one line; the first is the statement."""
        return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", (self.function.__doc__ or "").strip())]


CHECKS: dict[str, Check] = {}


class NothingSeen(Exception):
    """A check looked at nothing, so that its silence would prove nothing."""

    def __str__(self) -> str:
        return f"the check {self.args[0]} found nothing to look at, so its silence would prove nothing"


def check(*, whole: bool = False, needs: str = "", of_runs: bool = False) -> Callable:
    """Register the decorated generator as a check.

    `whole=True` is for a check that compares files with each other (is every snippet used?): it is left out where
    only files from outside of the tree were asked for. `needs` names an attribute of the tree that has to be set: `site`
    (the folder of a built site), `online` (external addresses may be asked) or `lab` (snippets may be run); the check is
    left out without it. `of_runs=True` is for a check that looks at what the lab has run before it.
    """

    def register(function):
        CHECKS[function.__name__] = Check(function.__name__, function, whole, needs, of_runs)
        return function

    return register


def load() -> dict[str, Check]:
    """Import every module of `MODULES` and return the register, by name in the modules' order."""
    for module in MODULES:
        imported = importlib.import_module(f"checks.{module}").__name__
        for each in [each for each in CHECKS.values() if each.function.__module__ == imported]:
            CHECKS[each.name] = CHECKS.pop(each.name)  # in its turn, though it may have been imported earlier
    return CHECKS


def is_static(each: Check, tree) -> bool:
    """Whether what a check finds in a tree is decided by files alone."""
    return not each.needs and not (each.of_runs and tree.lab)


def run(tree, only: Iterable[str] = (), known: Iterable[Finding] | None = None) -> list[Finding]:
    """Run the checks named in `only` (all of them when empty) on a tree.

    With `known`, what the static ones of them found before in the same files, these are not run again (see `checks.cache`).
    Returns the findings, sorted by place. Raises `KeyError` for an unknown name, and `NothingSeen` when the tree is
    whole and a check found nothing to look at.
    """
    load()
    chosen = [CHECKS[name] for name in only] or list(CHECKS.values())
    tree.partly = bool(only)
    if known is not None:
        chosen = [each for each in chosen if not is_static(each, tree)]
    return sorted({*(known or ()), *_findings(tree, chosen)})


def _findings(tree, chosen: list[Check]) -> Iterator[Finding]:
    for each in chosen:
        if (each.whole and not tree.whole) or (each.needs and not getattr(tree, each.needs)):
            continue
        tree.seen = 0
        found = Counter()
        for place, message in each.function(tree):
            found[place.path] += 1
            if found[place.path] > MANY:
                yield Finding(
                    place, each.name, f"has more than {MANY} findings of this check, which looked no further; mend some and look again"
                )
                break
            yield Finding(place, each.name, printable(message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"))
        if tree.whole and not tree.seen:
            raise NothingSeen(each.name)
