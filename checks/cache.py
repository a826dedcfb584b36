"""What was found in a guide, kept until something changes.

What the static checks find depends on bytes alone, and `Fingerprint` is a hash of all of these: every file that a check reads (names,
kinds and contents, dates never), the checks themselves with their facts, Python and the packages it has, the programs that are asked, the
options. An answer is kept under this hash below the guide's `.cache/`, and an equal hash gets the equal answer. Kept is only what
static checks find: what the lab runs, what the world answers and what the built site holds are asked anew each time.

An answer is not kept where a program was missing, where a file was touched since the run began (then nobody knows which bytes the checks
have seen), or where `.cache/` is not there or cannot be written. With `CI` set nothing is kept and nothing that was kept is read.

The module imports little, because a hit should take little more than Python does to start.
"""

import contextlib
import hashlib
import json
import os
import stat
import sys

from checks.kinds import LARGEST_LIST
from checks.process import unfinished

# All that a static check reads of a guide, folders whole; tests/test_cache.py holds the checks to it.
READ = ("docs", "snippets", "mkdocs.yml", "verification.json", "checks/facts/excused.json")
# All that a static check starts.
PROGRAMS = ("bash", "sh", "shellcheck")
_CHECKS = os.path.dirname(os.path.abspath(__file__))
# So many answers are kept. Neither an answer nor a file that a check reads is larger.
_KEPT, _LARGEST = 32, LARGEST_LIST
# So much is read at once, which is more than most files hold.
_PIECE = 1 << 16
# Longer than Python takes to start, and than the system's clock for files is behind the other one, in nanoseconds.
_JUST_BEFORE = 100_000_000


def program(name: str) -> str | None:
    """The path of a program, of this environment or of `PATH`; None where it is not there."""
    folders = [os.path.dirname(sys.executable), *os.get_exec_path()]
    paths = (os.path.join(folder, name) for folder in folders)
    return next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)


class Fingerprint:
    """The hash of all that decides what static checks find in the guide at `root` with some options (anything that JSON can say).

    `digest` is in hexadecimal. `touched` is when the last of the files and folders was changed, in nanoseconds since 1970, as the system
    notes it and nobody can set it; it is no part of the digest.
    """

    def __init__(self, root: str, options: object):
        self._contents, self.touched = hashlib.sha256(), 0
        self._add(json.dumps(options).encode())
        self._add(repr((sys.version, sys.flags, sys.getfilesystemencoding(), _packages())).encode())
        for name in PROGRAMS:
            self._program(program(name))
        self._below(_CHECKS)
        for name in READ:
            self._below(os.path.join(root, name))
        self.digest = self._contents.hexdigest()

    def _add(self, *parts: bytes) -> None:
        """Hash some bytes, each with its length before it, so that no two series of parts look alike."""
        for part in parts:
            self._contents.update(b"%d:" % len(part))
            self._contents.update(part)

    def _program(self, path: str | None) -> None:
        """A program by its file and when the system saw that change: nobody can set that back, and hashing 16 MB would take longer than all else."""
        status = os.stat(path) if path else None
        seen = status and (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        self._add(repr((path, seen)).encode())

    def _below(self, top: str) -> None:
        """A file, or a folder with all that is in it; as the checks do, it goes through links to files, not through links to folders."""
        waiting = [(top, "", os.path.islink(top), os.path.isdir(top))]
        while waiting:
            path, name, is_link, is_folder = waiting.pop()
            self._entry(path, name, is_link)
            if not is_folder:
                continue
            try:
                with os.scandir(path) as entries:
                    found = sorted((each.name, each.is_symlink(), each.is_dir(follow_symlinks=False)) for each in entries)
            except OSError as error:
                self._add(b"closed %d" % (error.errno or 0))
                continue
            found = [each for each in found if each[0] != "__pycache__" or top != _CHECKS]
            self._add(b"%d in it" % len(found))
            waiting += [(f"{path}/{each}", f"{name}/{each}", *kind) for each, *kind in found]

    def _entry(self, path: str, name: str, is_link: bool) -> None:
        """What one path is: its name below the top, its kind, and of a plain file the contents, as far as a check reads them."""
        contents = b""
        try:
            said = b"%o" % stat.S_IFMT((status := os.stat(path)).st_mode) + (os.fsencode(os.readlink(path)) if is_link else b"")
            self.touched = max(self.touched, status.st_ctime_ns)
            if stat.S_ISREG(status.st_mode):
                contents = _contents(path)
        except OSError as error:
            said = b"error %d" % (error.errno or 0)
        self._add(os.fsencode(name), said, contents)


def _contents(path: str) -> bytes:
    """The bytes of a plain file, of a large one more than any check reads. It waits for nothing, should the file have become a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        found = os.read(descriptor, _PIECE)
        while len(found) <= _LARGEST and (piece := os.read(descriptor, _PIECE)):
            found += piece
        return found
    finally:
        os.close(descriptor)


def _packages() -> list[str]:
    """The packages that Python finds, each with its version, as the names of their folders say it."""
    found = []
    for folder in sys.path:
        try:
            found += sorted(name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue  # a zip file, or nothing
    return found


class Kept:
    """The `answer` kept for a guide and some options (None where there is none), and the place to keep one.

    `started` is when the process began, in nanoseconds since 1970.
    """

    def __init__(self, root: str, options: object, started: int):
        self._root, self._options, self._started = root, options, started
        self._before = Fingerprint(root, options)
        self.answer = read(root, self._before)

    def keep(self, answer: dict) -> None:
        """Keep the answer of a run that is through, unless something was touched since shortly before it began."""
        after = Fingerprint(self._root, self._options)
        if after.digest == self._before.digest and after.touched < self._started - _JUST_BEFORE:
            write(self._root, after, answer)


def read(root: str, fingerprint: Fingerprint) -> dict | None:
    """The answer that was kept under a fingerprint; None where there is none, or not one that this module wrote for this user."""
    try:
        with open(_path(root, fingerprint), "rb") as stream:
            if os.fstat(stream.fileno()).st_uid != os.geteuid():
                return None
            digest, _, text = stream.read(_LARGEST).partition(b"\n")
        if digest != _sealed(fingerprint, text):
            return None
        return json.loads(text)
    except (OSError, ValueError):
        return None


def write(root: str, fingerprint: Fingerprint, answer: dict) -> None:
    """Keep an answer, all of it or nothing, and forget the oldest ones. Where nothing can be kept, nothing is: the next run takes its time again."""
    text = json.dumps(answer, separators=(",", ":")).encode()
    if len(text) + 100 > _LARGEST or not os.path.isdir(os.path.join(root, ".cache")):
        return
    path = _path(root, fingerprint)
    beside = f"{path}.{os.getpid()}"
    unfinished.add(beside)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(beside, "xb") as stream:
            stream.write(_sealed(fingerprint, text) + b"\n" + text)
        os.replace(beside, path)
        _prune(os.path.dirname(path))
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)
    finally:
        unfinished.discard(beside)


def _path(root: str, fingerprint: Fingerprint) -> str:
    return os.path.join(root, ".cache", "checks", fingerprint.digest)


def _sealed(fingerprint: Fingerprint, text: bytes) -> bytes:
    """What stands above an answer, so that half a file, a renamed or an edited one is none."""
    return hashlib.sha256(fingerprint.digest.encode() + text).hexdigest().encode()


def _prune(folder: str) -> None:
    """Delete all but the latest answers."""
    entries = sorted(os.scandir(folder), key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    for entry in entries[_KEPT:]:
        os.unlink(entry.path)
