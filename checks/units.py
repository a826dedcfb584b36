"""Checks of systemd units."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks import lab, programs
from checks.facts import load
from checks.findings import check
from checks.shell import Word

_LINE = re.compile(r"^(?P<line>(?:[^\n]*\\\n)*[^\n]*)$", re.M)
_SECTION = re.compile(r"\[(?P<name>[^\]\n]*)\]")
_PREFIXES = "-@+!:|"  # of a command line, systemd.service(5), "Special executable prefixes"


@dataclass(frozen=True)
class Setting:
    """A line `key=value` of a unit, and the section that it stands in."""

    section: str
    key: str
    start: int
    value: str
    value_start: int


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a unit that say something, those that end in a backslash joined with the next; each with its offset."""
    for match in _LINE.finditer(text):
        stripped = match["line"].strip()
        if stripped and stripped[0] not in "#;":
            yield match.start() + len(match["line"]) - len(match["line"].lstrip()), stripped


def settings(text: str) -> list[Setting]:
    """The settings of a unit, in order."""
    found, section = [], ""
    for start, line in _lines(text):
        if match := _SECTION.fullmatch(line):
            section = match["name"]
        elif "=" in line:
            key, value = line.split("=", 1)
            behind = start + len(key) + 1 + len(value) - len(value.lstrip())
            found.append(Setting(section, key.rstrip(), start, value.strip(), behind))
    return found


# A word of a command line: quoted as a whole or in part, or plain; a backslash at the end of a line only joins it with the next.
_WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\(?!\n).|[^\s"'\\]|["'])+""", re.S)
_QUOTED = re.compile(r"""\\(.)|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'""", re.S)


def _words(text: str, base: int) -> Iterator[Word]:
    """The words of a setting, as systemd splits them (systemd.service(5), "Command lines"): quotes are as in a shell, nothing else is."""
    for match in _WORD.finditer(text):
        value = _QUOTED.sub(lambda m: next((group for group in m.groups() if group is not None), ""), match[0])
        yield Word(base + match.start(), base + match.end(), value.replace("$$", "$"))


def command_lines(setting: Setting) -> Iterator[list[Word]]:
    """The command lines of an `Exec…=` setting, without their prefixes; a lone semicolon stands between two."""
    line: list[Word] = []
    for word in [*_words(setting.value, setting.value_start), Word(0, 0, ";")]:
        if word.value != ";":
            line.append(word)
        elif line:
            bare = line[0].value.lstrip(_PREFIXES)
            at = line[0].start + len(line[0].value) - len(bare)
            yield [Word(at, line[0].end, bare), *line[1:]]
            line = []


def environment(text: str) -> Iterator[tuple[str, list[Word]]]:
    """The variables that a unit sets with `Environment=`: the name, and the words of the value, placed in the text."""
    for setting in settings(text):
        for word in _words(setting.value, setting.value_start) if setting.key == "Environment" else ():
            name, equals, value = word.value.partition("=")
            at = text.find(value, word.start, word.end) if value else -1
            if equals:
                yield name, list(_words(value, at)) if at >= 0 else [Word(word.start, word.end, part) for part in value.split()]


@check()
def unit_has_the_form(tree):
    """A service unit has sections and keys that systemd 219 knows, and starts a program by its absolute path.

    systemd ignores a key that it does not know and says so only in the journal, so a misspelt key looks as if it
    worked. 219 is the least version that the kubelet accepts: a key that came later does nothing on such a node. A
    line is a `[Section]`, a `key=value` or a comment, and a section whose name starts with `X-` is for others than
    systemd. `ExecStart` is required and names the program with its whole path, as systemd 219 demands. A drop-in
    (`kubelet.service.d/10-rkt.conf`) adds to a unit that has an `ExecStart`, so it may do without.

    The names are in `checks/facts/systemd-directives.json`; systemd describes them in `systemd.unit(5)`,
    `systemd.service(5)` and `systemd.exec(5)`.
    """
    for file in tree.snippets("units"):
        section = ""
        for start, line in _lines(file.text):
            if match := _SECTION.fullmatch(line):
                section = match["name"]
                yield from _section(file, start, section)
            elif "=" not in line:
                yield file.place(start, start + len(line)), "is neither `[Section]` nor `key=value`"
            elif not section:
                yield file.place(start, start + line.index("=")), "stands above the first section, where systemd ignores it"
        for setting in settings(file.text):
            yield from _key(file, setting)
            if setting.key.startswith("Exec") and setting.section == "Service":
                yield from _executable(file, setting)
        if not _is_drop_in(file) and not any((each.section, each.key) == ("Service", "ExecStart") for each in settings(file.text)):
            yield file.place(0), "has no `ExecStart` in `[Service]`, so there is nothing to start"


def _is_drop_in(file) -> bool:
    """Whether a file only adds to a unit: those are in folders such as kubelet.service.d and end in .conf."""
    return file.path.endswith(".conf")


def _section(file, start: int, name: str) -> Iterator:
    """A section whose name systemd does not know."""
    known = load("systemd-directives")["sections"]
    if name not in known and not name.startswith("X-"):
        yield file.place(start + 1, start + 1 + len(name)), f"a service unit has no section `[{name}]`{_nearest(name, known)}"


def _key(file, setting: Setting) -> Iterator:
    """A key that systemd does not know, in its section or at all."""
    sections = load("systemd-directives")["sections"]
    names = sections.get(setting.section)
    if names is None or setting.key in names["219"]:
        return
    elsewhere = [name for name, keys in sections.items() if setting.key in keys["219"]]
    if setting.key in names["later"]:
        said = f"`{setting.key}` is newer than systemd 219, which ignores it"
    elif elsewhere:
        said = f"`{setting.key}` belongs into `[{elsewhere[0]}]`"
    else:
        said = f"`[{setting.section}]` has no key `{setting.key}`{_nearest(setting.key, names['219'])}"
    yield file.place(setting.start, setting.start + len(setting.key)), said


def _executable(file, setting: Setting) -> Iterator:
    """A command line whose program is not an absolute path. An empty one is allowed: it resets the list."""
    path = re.match(rf"[{re.escape(_PREFIXES)}]*(?P<path>\S*)", setting.value)
    start = setting.value_start + path.start("path")
    if setting.value and not path["path"].lstrip('"').startswith("/"):
        yield file.place(start, start + len(path["path"])), f"`{path['path']}` is no absolute path, which systemd 219 demands"


@check()
def socket_is_opened_once(tree):
    """A unit of the rkt API service has either `--listen` or a socket unit, not both.

    With socket activation systemd opens the socket and hands it to `rkt api-service`. If `--listen` is given too,
    that is an error and the service quits, so a kubelet that is started then fails. Delete `--listen`, or the line
    that names the socket unit (`Requires=`, `Wants=`, `BindsTo=` or `Sockets=`). Source: `rkt/api_service.go` of
    rkt 1.13.0 and 1.30.0.
    """
    for file in tree.snippets("units"):
        found = settings(file.text)
        sockets = [s for s in found if s.key in ("Requires", "Wants", "BindsTo", "Sockets") and re.search(r"\.socket\b", s.value)]
        for setting in found:
            listen = re.search(r"--?listen\b\S*", setting.value)
            if setting.key == "ExecStart" and "api-service" in setting.value and listen and sockets:
                start = setting.value_start + listen.start()
                name = re.search(r"\S+\.socket\b", sockets[0].value)[0]
                yield (
                    file.place(start, start + len(listen[0])),
                    f"`{name}` opens the socket already, and the service quits when it gets both; delete `{listen[0]}`",
                )


@check(needs="lab")
def unit_is_accepted_by_systemd(tree):
    """`systemd-analyze verify` has nothing to say about a service unit.

    The unit lies in `/etc/systemd/system` of the lab, beside the other units of the guide, and an empty program stands
    where it starts one that is not there. systemd then reads the unit as it would on a node. It finds values that it does
    not understand and required units that do not exist, which the names of the keys do not show. Mend what it says.

    It is the systemd of this machine that is asked, and it is newer than those of the guide's time. Whether a key is old
    enough is judged by `unit_has_the_form`. A drop-in is read together with a unit of its name that holds nothing else.
    """
    files, version = tree.to_run("units"), programs.version_of("systemd-analyze")
    if files and (reason := lab.unavailable()):
        tree.not_run.append(f"units: {reason}")
    elif files and not version:
        programs.missing(tree, "systemd-analyze", "units")
    else:
        for file in files:
            yield from _verified(tree, file)
            tree.ran[file.path] = [f"systemd-analyze {version}"]


# Makes an empty program of each path behind the unit's name, also where only root of the host may write.
_VERIFY = """
unit=/etc/systemd/system/$1
shift
for path; do
  [ -e "$path" ] && continue
  folder=$(dirname "$path")
  mkdir -p "$folder" /run/over$folder /run/work$folder
  [ -w "$folder" ] || mount -t overlay -o "lowerdir=$folder,upperdir=/run/over$folder,workdir=/run/work$folder" over "$folder"
  install -m 0755 /dev/null "$path"
done
exec systemd-analyze verify --man=no "$unit"
"""


def _verified(tree, file) -> Iterator:
    """What `systemd-analyze verify` says of a unit, placed at what it speaks of."""
    name, found = file.path.rsplit("/", 1)[-1], settings(file.text)
    units = {f"/etc/systemd/system/{each.path.rsplit('/', 1)[-1]}": each.text for each in tree.snippets("units") if not _is_drop_in(each)}
    unit = name
    if _is_drop_in(file):
        folder = re.search(r"([^/]+\.service)\.d/[^/]+$", file.path)
        unit, starts = folder[1] if folder else "kubelet.service", any(each.key == "ExecStart" and each.value for each in found)
        units[f"/etc/systemd/system/{unit}"] = "[Service]\n" + "ExecStart=/bin/true\n" * (not starts)
        units[f"/etc/systemd/system/{unit}.d/{name}"] = file.text
    else:
        units[f"/etc/systemd/system/{name}"] = file.text
    paths = [match[0] for each in found if each.key.startswith("Exec") and (match := re.search(r"/[\w./-]+", each.value.split(" ")[0]))]
    result = lab.run(["bash", "-c", _VERIFY, "verify", unit, *dict.fromkeys(paths)], files=units)
    if result.stopped:
        yield file.place(0), result.stopped
        return
    said = result.output.splitlines()
    own = [line for line in said if name in line and "has a bad unit file setting" not in line]  # which says no more than the line above
    for line in own or (said[-1:] if result.status else []):
        match = re.match(r"(?:\S*?:(?P<line>\d+): )?(?:\S+\.\w+: )?(?P<words>.*)", line)
        yield _place(file, found, match["line"], match["words"]), f"systemd-analyze: {match['words'].removesuffix('.')}"


def _place(file, found, line: str | None, words: str):
    """The line of a unit that is meant, or the setting that holds the first name that the words quote, or the whole unit."""
    if line:
        start = sum(len(each) for each in file.text.splitlines(keepends=True)[: int(line) - 1])
        return file.place(start, start + len(file.text[start:].split("\n")[0]))
    names = re.findall(r"[\w./@-]+\.\w+|/[\w./-]+", words)
    setting = next((each for name in names for each in found if name in each.value), None)
    return file.place(setting.value_start, setting.value_start + len(setting.value)) if setting else file.place(0)


def _nearest(name: str, known) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean `{near[0]}`?)" if near else ""
