"""What a pull request changes, as git tells it."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

# No comparison takes that long, and nobody waits for the order of annotations.
_SECONDS = 30
_HUNK = re.compile(rb"^@@ -\S+ \+(?P<first>\d+)(?:,(?P<number>\d+))? @@", re.M)


def lines(root: Path) -> Callable[[str], set[int]]:
    """A function that tells which lines of a file the pull request of this run on GitHub adds or changes; it takes the path relative to `root`.

    Compared are the files as they stand with where the branch left its base, or, where a shallow clone lacks that, with the base
    itself. Nothing is changed outside of a pull request, and where git cannot tell: no repository, no base, no git.
    """
    for base in _bases():
        for how in (["--merge-base", base], [base]):
            names = _git(root, "--name-status", "-z", *how)
            if names is not None:
                return cache(partial(_numbers, root, how, _changed(names)))
    return lambda path: set()


def _bases() -> list[str]:
    """What may name the base of the pull request, the surest first: the commit that the event tells, and the branch."""
    names = []
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        names.append(event["pull_request"]["base"]["sha"])
    except (KeyError, TypeError, ValueError, OSError):
        pass  # no event, or one of another kind
    if branch := os.environ.get("GITHUB_BASE_REF"):
        names += [f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"]
    return [name for name in names if isinstance(name, str) and re.match(r"[\w/]", name)]  # nothing that git would take for an option


def _changed(status: bytes) -> dict[str, list[str]]:
    """The files that `--name-status -z` names: the path as it is now → it, and the path that it had before where it was moved."""
    fields = iter(status.decode("utf-8", "surrogateescape").split("\0"))
    found = {}
    for letter in fields:
        if letter:
            paths = [next(fields) for _ in range(2 if letter[0] in "RC" else 1)]
            found[paths[-1]] = paths
    return found


def _numbers(root: Path, how: list[str], changed: dict[str, list[str]], path: str) -> set[int]:
    """The lines that a comparison adds to one file."""
    if path not in changed:
        return set()
    patch = _git(root, "--unified=0", *how, "--", *changed[path]) or b""
    hunks = [(int(hunk["first"]), int(hunk["number"] or 1)) for hunk in _HUNK.finditer(patch)]
    return {number for first, count in hunks for number in range(first, first + count)}


def _git(root: Path, *arguments: str) -> bytes | None:
    """What `git diff` prints, paths relative to a folder; None where it fails. No setting of a user changes what is printed."""
    options = ["--relative", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv"]
    call = ["git", "--literal-pathspecs", "-C", os.fspath(root), "diff", *options, *arguments]
    try:
        done = subprocess.run(call, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
