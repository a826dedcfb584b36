"""Asking other hosts whether an address answers: politely, once, and with a memory.

This module knows nothing of pages and findings. It sends requests when `ask` is called, and at no other time.
"""

import json
import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

DAY = 24 * 60 * 60
_REDIRECTS, _PERMANENT = (301, 302, 303, 307, 308), (301, 308)
_UNJUDGED = (401, 403, 429, 999)  # said to programs; a browser may see the page
_ID = re.compile(rb"""\b(?:id|name)\s*=\s*(?:\\?"([^"\\]*)|\\?'([^'\\]*)|([^\s"'>\\]+))""", re.I)
_BY_SCRIPT = re.compile(r"L\d+(?:C\d+)?(?:-L\d+(?:C\d+)?)?|readme|:~:.*")  # fragments that stand in no HTML


@dataclass(frozen=True)
class Manners:
    """How hosts are asked. Times are in seconds."""

    pause: float = 1.0  # between two requests to one host
    at_once: int = 2  # requests to one host
    timeout: float = 20.0  # until a host says something
    whole: float = 60.0  # for reading one page
    longest_wait: float = 120.0  # obeyed when a host asks for a pause; longer is left for another day
    attempts: int = 3
    hops: int = 10  # redirects followed
    most_bytes: int = 4 * 1024 * 1024  # read of one page
    keep: float = 7 * DAY  # a good answer is remembered
    keep_bad: float = DAY / 24  # a bad one


@dataclass(frozen=True)
class Answer:
    """What came of asking one address: what is wrong with it, or why it could not be judged; both empty when it is alive."""

    problem: str = ""
    unjudged: str = ""


class _Stop(Exception):
    """Ends the asking of one address; holds the entry for the memory."""


def ask(addresses: Iterable[str], cache: Path | None = None, manners: Manners | None = None) -> dict[str, Answer]:
    """Ask each address whether it answers, and whether its fragment is on the page.

    Each page is asked once, however many fragments of it are wanted. `cache` is a file that remembers the answers
    from one run to the next. An address is `http` or `https`.
    """
    manners, addresses = manners or Manners(), list(addresses)
    wanted: dict[str, set[str]] = defaultdict(set)
    for address in addresses:
        page, fragment = urldefrag(address)
        wanted[page] |= {fragment} if fragment and not _BY_SCRIPT.fullmatch(fragment) else set()
    memory = _remembered(cache, manners)
    gates: dict[str, _Gate] = {}
    unknown = {page: fragments for page, fragments in wanted.items() if not _knows(memory.get(page), fragments)}
    pool = ThreadPoolExecutor(max_workers=16)
    try:
        asked = {pool.submit(_page, page, fragments, gates, manners): page for page, fragments in unknown.items()}
        for future in as_completed(asked):
            memory[asked[future]] = {**future.result(), "asked": time.time()}
    finally:
        pool.shutdown(cancel_futures=True)
        _remember(cache, memory)
    return {address: _answer(memory[urldefrag(address)[0]], urldefrag(address)[1]) for address in addresses}


def _answer(entry: dict, fragment: str) -> Answer:
    if entry.get("problem") or entry.get("unjudged"):
        return Answer(entry.get("problem", ""), entry.get("unjudged", ""))
    if entry.get("write"):
        return Answer(f"moved for good; write `{entry['write']}{'#' + fragment if fragment else ''}`")
    if fragment in entry.get("missing", ()):
        return Answer(f"the page answers, but nothing on it is called `#{unquote(fragment)}`")
    if fragment in entry.get("unread", ()):
        return Answer(unjudged="the page is so long that its fragment was not reached")
    return Answer()


class _Gate:
    """Lets requests through to one host: few at once, and one after a pause."""

    def __init__(self, manners: Manners):
        self._few = threading.BoundedSemaphore(manners.at_once)
        self._lock = threading.Lock()
        self._next = 0.0
        self._pause = manners.pause

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn; the turn lasts as long as the context."""
        with self._few:
            with self._lock:
                now = time.monotonic()
                start = max(now, self._next)
                self._next = start + self._pause
            time.sleep(start - now)
            yield

    def rest(self, seconds: float) -> None:
        """Let nobody through for a while."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


def _page(page: str, fragments: set[str], gates: dict, manners: Manners) -> dict:
    """Ask for one page and the fragments wanted of it; the entry for the memory."""
    import requests

    with requests.Session() as session:
        session.auth = lambda request: request  # none, not even what a .netrc offers
        session.headers.update({"User-Agent": "rktnetes-guide-link-check/1.0", "Accept": "text/html,*/*;q=0.8"})
        try:
            if not fragments:
                try:
                    answer, write = _follow(session, "HEAD", page, gates, manners)
                    answer.close()
                    if answer.ok or answer.status_code in (429, 503):
                        return _entry(answer.status_code, write)
                except requests.RequestException:
                    pass  # some hosts hang up on HEAD; GET decides
            answer, write = _follow(session, "GET", page, gates, manners)
            with answer:
                entry = _entry(answer.status_code, write)
                return entry | (_fragments(answer, fragments, manners) if answer.ok and fragments else {})
        except _Stop as stop:
            return stop.args[0]
        except Exception as error:  # whatever a stranger's server makes requests, urllib3 or idna raise is said of its address
            return {"problem": _said(error, manners)}


def _entry(status: int, write: str) -> dict:
    """The entry for a final status."""
    if status in _UNJUDGED:
        return {"unjudged": f"the host answers {status} to a program; look at it in a browser"}
    if not 200 <= status < 300:
        return {"problem": f"answers {status}"}
    return {"write": write} if write else {}


def _said(error: Exception, manners: Manners) -> str:
    """An error in words that stay the same from run to run."""
    import requests
    import urllib3

    for kind, words in (
        (requests.exceptions.SSLError, "its certificate is not accepted"),
        ((requests.exceptions.Timeout, urllib3.exceptions.TimeoutError), f"does not answer within {manners.timeout:g} seconds"),
        (TimeoutError, f"is not read to its end within {manners.whole:g} seconds"),
        ((requests.exceptions.ConnectionError, urllib3.exceptions.ProtocolError), "no connection can be made, or it breaks off"),
        (requests.exceptions.InvalidURL, "is no valid address"),
        (requests.exceptions.InvalidSchema, "leads to an address that is neither http nor https"),
        (UnicodeError, "is no valid address"),
    ):
        if isinstance(error, kind):
            return words
    return f"the answer cannot be read ({type(error).__name__})"


def _follow(session, method: str, address: str, gates: dict, manners: Manners) -> tuple:
    """Ask, follow redirects, wait where asked to; the last response, and the address to write if the first one moved for good."""
    seen, write, permanent = [address], "", True
    while True:
        response = _patiently(session, method, address, gates, manners)
        target = session.get_redirect_target(response) if response.status_code in _REDIRECTS else None
        if not target:
            return response, write
        response.close()
        address = urldefrag(urljoin(address, target))[0]
        permanent = permanent and response.status_code in _PERMANENT
        write = address if permanent else write
        if address in seen:
            raise _Stop({"problem": "is redirected in a circle"})
        seen.append(address)
        if len(seen) > manners.hops + 1:
            raise _Stop({"problem": f"is redirected more than {manners.hops} times"})


def _patiently(session, method: str, address: str, gates: dict, manners: Manners):
    """One request, repeated while the host asks for patience (429, 503) and does not ask for too much."""
    gate = gates.setdefault(urlsplit(address).netloc, _Gate(manners))
    for attempt in range(1, manners.attempts + 1):
        with gate.turn():
            response = session.request(method, address, allow_redirects=False, stream=True, timeout=manners.timeout)
        if response.status_code not in (429, 503):
            return response
        wait = retry_after(response.headers.get("Retry-After", ""))
        wait = manners.pause * 2**attempt if wait is None else wait
        if wait > manners.longest_wait:
            response.close()
            raise _Stop({"unjudged": f"the host wants to be left alone for {wait:.0f} seconds"})
        if attempt < manners.attempts:
            response.close()
            gate.rest(wait)
    return response


def retry_after(value: str) -> float | None:
    """The seconds that a `Retry-After` header asks for, given as seconds or as a date; None where it says neither."""
    from email.utils import parsedate_to_datetime

    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _fragments(response, fragments: set[str], manners: Manners) -> dict:
    """Which fragments are on a page. GitHub puts `user-content-` before the ids of a rendered document."""
    from html import unescape

    body, whole = _body(response, manners)
    ids = {unescape(next(filter(None, groups), b"").decode("utf-8", "replace")) for groups in _ID.findall(body)}
    absent = sorted(f for f in fragments if not {f, unquote(f), "user-content-" + unquote(f)} & ids and unquote(f) != "top")
    return {"found": sorted(fragments - set(absent)), "missing" if whole else "unread": absent}


def _body(response, manners: Manners) -> tuple[bytes, bool]:
    """What a page holds, up to a limit of size and of time; and whether that is all of it."""
    body, until = bytearray(), time.monotonic() + manners.whole
    while chunk := response.raw.read1(65536, decode_content=True):
        body += chunk
        if len(body) >= manners.most_bytes:
            return bytes(body), False
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(body), True


def _remembered(cache: Path | None, manners: Manners) -> dict[str, dict]:
    """The entries of the memory that are young enough."""
    try:
        entries = json.loads(cache.read_text("utf-8")) if cache else {}
        return {
            page: entry
            for page, entry in entries.items()
            if 0 <= time.time() - entry["asked"] < (manners.keep_bad if entry.get("problem") or entry.get("missing") else manners.keep)
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # none yet, or not ours: ask again


def _knows(entry: dict | None, fragments: set[str]) -> bool:
    """Whether a remembered entry answers for these fragments too; what could not be judged is asked again."""
    if entry is None or entry.get("unjudged") or entry.get("unread"):
        return False
    return bool(entry.get("problem") or entry.get("write")) or fragments <= {*entry.get("found", ()), *entry.get("missing", ())}


def _remember(cache: Path | None, memory: dict[str, dict]) -> None:
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        beside = cache.with_name(f"{cache.name}.{os.getpid()}.{threading.get_ident()}")
        beside.write_text(json.dumps(memory, ensure_ascii=False, indent=1), "utf-8")
        beside.replace(cache)
