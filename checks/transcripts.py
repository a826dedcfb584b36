"""Checks of console transcripts: their form, their shell, their output, and where they write."""

import difflib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from checks import cache, recordings
from checks.findings import check
from checks.process import unfinished
from checks.sessions import can_run
from checks.shell import LONGEST, MOST_COMMANDS, Command, beyond, commands, program, simple_commands

# `cd` in a terminal needs no `|| exit`, and shellcheck cannot follow a file that is read on the reader's machine.
_NOT_ASKED = "SC1090,SC1091,SC2103,SC2164"
# So many scripts are handed to one bash or shellcheck, which takes longer for each the more it has.
_AT_A_TIME = 200
# Seconds of CPU and KiB of memory after which bash or shellcheck has to give up: some nestings take shellcheck for ever. A transcript needs a tenth.
_LIMITS = "ulimit -t {}; ulimit -d 400000"
_FOREIGN_PROMPT = re.compile(r"(?:\[[\w.@:~/ -]+\]|[\w.-]+@[\w.-]+:?\S*)[#$%>] ?")
_IN_COMMANDS = (
    (
        re.compile(r"<[A-Za-z][\w-]*(?: [\w-]+)*>"),
        "`{}` is a placeholder; write a plausible value, or a variable that an earlier line sets",
    ),
    (re.compile(r"(?<!\S)(?:\[?\.\.\.\]?|\[?…\]?)(?!\S)"), "`{}` stands for something left out; write the command in full"),
)


@check()
def transcript_has_the_form(tree):
    """A transcript starts with `$ `, goes on with `> `, and holds no root prompt, comment, placeholder or ellipsis.

    The copy button copies the commands only, so the form has to tell commands from output. A command line starts
    with `$ `, for an ordinary user: what needs root says `sudo`. The further lines of a here-document or after a
    backslash start with `> `. Everything else is output. What a command does is said in the prose, so there are no
    comments. A reader should be able to run each command as it stands: a value that is the reader's own is written
    as a plausible value, or comes from a variable that an earlier line sets, but never as `<placeholder>` or
    `...`.

    Lines of an output that a recording confirms are not judged: a program may print what it likes.
    """
    for file in tree.snippets("shell"):
        found = commands(file.text)
        if not found or found[0].start > 2:
            yield file.place(0), "starts with no command; the first line begins with `$ `"
        for command in found:
            yield from _form_of_command(file, command)
            if not recordings.matching(command.text, command.output):
                yield from _form_of_output(file, command)


def _form_of_command(file, command: Command) -> Iterator:
    """What is wrong with the form of a command line."""
    at = command.start
    if not command.text.strip():
        yield file.place(at - 1 if file.text[at - 1 : at] == "$" else at - 2, at), "a prompt without a command; delete the line"
    elif command.text.startswith(("$ ", "# ")) and command.text[2:].strip():
        said = "the prompt is typed twice; delete one" if command.text[0] == "$" else "a comment; say it in the prose"
        yield file.place(at, at + 1), said
    if re.search(r"(?<!\\)(?:\\\\)*\\\Z", command.text):
        yield file.place(command.spans[-1][1] - 1), "the command goes on after the backslash, so the next line starts with `> `"
    for pattern, message in _IN_COMMANDS:
        for match in pattern.finditer(command.text):
            yield file.place(command.offset(match.start()), command.offset(match.end())), message.format(match[0])


def _form_of_output(file, command: Command) -> Iterator:
    """Lines of an output that look like commands in another form."""
    for match in re.finditer(r"^.+$", command.output, re.M):
        at = command.output_start + match.start()
        if match[0].startswith("#"):
            yield (
                file.place(at, at + 1),
                "neither a command nor recorded output; a command starts with `$ ` and says `sudo`, a remark belongs to the prose",
            )
        elif match[0].startswith("$"):
            yield file.place(at, at + 1), "no blank stands behind the prompt; a command starts with `$ `"
        elif prompt := _FOREIGN_PROMPT.match(match[0]):
            yield file.place(at, at + len(prompt[0].rstrip())), "a prompt in another form; a command starts with `$ `"


@check()
def transcript_is_valid_bash(tree):
    """The commands of a transcript are valid bash, and shellcheck has nothing to say about them.

    A typing error in a command is found by `bash -n`; what is valid but does not do what it seems to do (a
    variable without quotes, a pattern that the shell expands) is found by
    [shellcheck](https://www.shellcheck.net/wiki/), whose number stands at the end of the message and is the name
    of a page of its wiki. The commands of one file are read together, as a reader would type them one after the
    other. `SC2164` and `SC2103` are not asked, because in a terminal a `cd` that fails is seen, and `SC1090` and
    `SC1091` are not, because the files that they speak of are on the reader's machine.

    Nobody types more than 500 commands, or 64 KiB of them. Such a transcript is refused before the two programs see
    it, and so is one that shellcheck comes to no end with.
    """
    yield from (_too_long(file) for file in tree.snippets("shell") if _is_too_long(file))
    files = [file for file in tree.snippets("shell") if not _is_too_long(file)]
    bash, shellcheck = cache.program("bash"), cache.program("shellcheck")
    if files and not bash:
        tree.not_run.append("bash -n of shell/*: bash is not installed; on Debian and Ubuntu: apt-get install bash")
    if files and not shellcheck:
        tree.not_run.append("shellcheck of shell/*: shellcheck is not installed; `make site` puts it into .venv/")
    with tempfile.TemporaryDirectory() as folder:
        unfinished.add(folder)
        for number, file in enumerate(files):
            Path(folder, str(number)).write_text("".join(command.text + "\n" for command in commands(file.text)), "utf-8")
        broken = {number: list(_syntax_errors(files[number], bash)) for number in _suspect(len(files), bash, folder)} if bash else {}
        for problems in broken.values():
            yield from problems
        sound = {str(number): file for number, file in enumerate(files) if not broken.get(number)}
        yield from _shellcheck(sound, shellcheck, folder) if shellcheck else ()


def _is_too_long(file) -> bool:
    return beyond(file.text) < len(file.text)


def _too_long(file):
    at = beyond(file.text)
    words = f"more than {MOST_COMMANDS} commands or {LONGEST >> 10} KiB of them; nobody types so much, so cut the transcript into several"
    return file.place(at, at + len(file.text[at:].split("\n", 1)[0])), words


# Reads each script in a subshell that runs nothing of it, as `bash -n` does, and names those of which it says anything.
_READ = """
for script; do
  IFS= read -r -d '' text <"$script"
  said=$(eval "set -n
$text" 2>&1) && [ -z "$said" ] || echo "$script"
done
exit 0
"""


def _suspect(number: int, bash: str, folder: str) -> list[int]:
    """Which of the scripts 0, 1, … in a folder `bash -n` has something to say of: asked of all at once, because starting bash is what takes time."""
    found = []
    for at in range(0, number, _AT_A_TIME):
        some = [str(each) for each in range(at, min(number, at + _AT_A_TIME))]
        ran = _run([bash, "-c", _READ, "bash", *some], cwd=folder)
        found += map(int, some if ran.returncode else ran.stdout.split())  # it was ended: each is asked by itself
    return found


def _syntax_errors(file, bash: str) -> Iterator:
    """What `bash -n` says: of all commands together, and where it says something, of each by itself."""
    found = commands(file.text)
    if not _bash(bash, "\n".join(command.text for command in found)):
        return
    for command in found:
        if said := _bash(bash, command.text):
            number, message = said
            start, end = command.spans[min(number, len(command.spans)) - 1]
            yield file.place(start, end), f"bash: {message}"


def _bash(bash: str, script: str) -> tuple[int, str] | None:
    """The line and words of the first thing that `bash -n` says of a script."""
    ran = _run([bash, "-n"], input=script + "\n")
    match = re.search(r"line (\d+): (?:warning: )?(.*)", ran.stderr)
    if not match:
        return (1, ran.stderr.strip() or "comes to no end; write simpler commands") if ran.returncode else None
    began = re.search(r" at line (\d+)", match[2])  # of a here-document that has no end
    return int((began or match)[1]), match[2]


def _run(call: list[str], **options) -> subprocess.CompletedProcess:
    """Run a program; what it says is in English and in UTF-8, and no variable of the caller (`SHELLCHECK_OPTS`, `BASH_ENV`) changes it."""
    env = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)}
    call = [cache.program("sh") or "/bin/sh", "-c", _LIMITS.format(2 + len(call) // 10) + '; exec "$@"', "sh", *call]
    return subprocess.run(call, capture_output=True, encoding="utf-8", errors="replace", env=env, timeout=300, **options)


def _shellcheck(files: dict, program: str, folder: str) -> Iterator:
    """What shellcheck says of scripts in a folder, by name, each with the transcript that its commands stand in; some at a time, on each core."""
    from concurrent.futures import ThreadPoolExecutor

    call = [program, "--norc", "--shell=bash", "--format=json1", f"--exclude={_NOT_ASKED}"]
    names, cores = list(files), os.cpu_count() or 1
    many = max(1, min(_AT_A_TIME, -(-len(names) // cores)))
    some = [names[at : at + many] for at in range(0, len(names), many)]
    with ThreadPoolExecutor(cores) as workers:
        for scripts, ran in zip(some, workers.map(lambda scripts: _run([*call, *scripts], cwd=folder), some), strict=True):
            if ran.returncode in (0, 1) and ran.stdout:  # without memory it ends with 1 too, and says nothing
                yield from _comments(ran, files)
            elif len(scripts) > 1:  # one of them is too much for it, or all together are
                for name in scripts:
                    yield from _shellcheck({name: files[name]}, program, folder)
            else:
                first, said = commands(files[scripts[0]].text)[0], ran.stderr.strip().split("\n")[0]
                said = f" ({said})" if said and "memory" not in said else ""  # which limit it meets first, the machine decides
                words = f"shellcheck came to no end{said}; write simpler commands, or cut the transcript into two"
                yield files[scripts[0]].place(first.start, first.spans[0][1]), words


def _comments(ran: subprocess.CompletedProcess, files: dict) -> Iterator:
    """What one run of shellcheck says."""
    import json

    spans: dict[str, list] = {}
    for each in json.loads(ran.stdout)["comments"]:
        file = files[each["file"]]
        if each["file"] not in spans:
            spans[each["file"]] = [span for command in commands(file.text) for span in command.spans]
        lines = spans[each["file"]]
        start, end = lines[min(each["line"], len(lines)) - 1]
        until = start + each["endColumn"] - 1 if each["endLine"] == each["line"] else end
        message = " ".join(each["message"].split()).removesuffix(".")
        yield file.place(start + each["column"] - 1, until), f"{message} (SC{each['code']})"


@check()
def output_was_recorded(tree):
    """An output in a transcript is, byte for byte, all that the real program printed for the same command.

    The recordings are the files in `checks/facts/recordings/`; their `README.md` says how and where they were
    made. A leading `sudo` may be added to a recorded command; nothing else of it may change, and no line of its
    output may be left out. A command that was not recorded is shown without output, except in a transcript whose commands
    can all be run: there `transcript_runs_as_shown` judges the output. Compare with the recording that the message
    names, and copy its lines, tabs included; or record the command anew.
    """
    for file in tree.snippets("shell"):
        runs = can_run(file.text)
        for command in commands(file.text):
            if runs and not recordings.of_command(command.text):
                continue
            if command.output.strip() and not recordings.matching(command.text, command.output):
                yield _unrecorded(file, command)


def _unrecorded(file, command: Command):
    """The place of the first line that differs from the nearest recording, and what would be right."""
    same = recordings.of_command(command.text)
    if not same:
        known = {each.command: each for each in recordings.all_recordings()}
        near = difflib.get_close_matches(command.text.removeprefix("sudo "), known, 1, 0.5)
        hint = f"; the nearest that was: `{near[0]}` ({known[near[0]].file}, line {known[near[0]].line})" if near else ""
        place = file.place(command.start, command.spans[0][1])
        return place, f"this command was never recorded, so it is shown without output{hint}"
    shown = command.output.rstrip("\n").split("\n")
    nearest = max(same, key=lambda each: (_agreed(shown, each.output.split("\n")), _likeness(command.output, each.output)))
    real = nearest.output.rstrip("\n").split("\n")
    agreed = _agreed(shown, real)
    before = command.output_start + sum(len(line) + 1 for line in shown[:agreed])
    source = f"{nearest.file}, line {nearest.line + 1 + agreed}"
    if agreed == len(shown):
        last = command.output_start + command.output.rstrip("\n").rfind("\n") + 1
        return file.place(last, last + len(shown[-1])), f"the recorded output goes on below this line ({source}): `{real[agreed]}`"
    place = file.place(before, before + max(1, len(shown[agreed])))
    if agreed == len(real):
        return place, f"the recorded output ends above this line ({nearest.file}, line {nearest.line + agreed})"
    return place, f"is not what was recorded ({source}): `{real[agreed]}`"


def _agreed(shown: list[str], real: list[str]) -> int:
    """How many lines are the same from the start."""
    return next((i for i, (one, other) in enumerate(zip(shown, real, strict=False)) if one != other), min(len(shown), len(real)))


def _likeness(shown: str, real: str) -> float:
    return difflib.SequenceMatcher(None, shown, real).ratio()


# Folders that a Debian or CoreOS system has before anything is installed on it.
_PLAIN = {
    "/", "/bin", "/boot", "/dev", "/etc", "/etc/default", "/etc/profile.d", "/etc/systemd", "/etc/systemd/system", "/home", "/lib",
    "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/run/systemd", "/run/systemd/system", "/sbin", "/srv", "/sys", "/tmp", "/usr",
    "/usr/bin", "/usr/lib", "/usr/lib/systemd/system", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/usr/share",
    "/var", "/var/cache", "/var/lib", "/var/log", "/var/tmp",
}  # fmt: skip


@check()
def folder_is_made_before_it_is_written(tree):
    """A transcript makes a folder before it writes into it, unless each system has that folder.

    `tee /etc/rkt/net.d/10-x.conf` fails on a fresh node, because `/etc/rkt/net.d` is not there. Put
    `$ sudo install -d -m 0755 /etc/rkt/net.d` above it, or use `install -D`, which makes the folders that it
    needs. Looked at are redirections, `tee`, `cp`, `mv`, `install` and `mkdir` with an absolute path; folders that
    a plain Debian or CoreOS system has (`/etc`, `/tmp`, `/etc/systemd/system` and the like) are there already.
    """
    for file in tree.snippets("shell"):
        made: set[str] = set()
        for command in commands(file.text):
            for simple in simple_commands(command.text):
                creates, writes = _folders(simple)
                for word, folder in writes:
                    if folder not in made | _PLAIN:
                        place = file.place(command.offset(word.start), command.offset(word.end))
                        yield place, f"`{folder}` may not be there yet; make it above, with `sudo install -d -m 0755 {folder}`"
                for folder in creates:
                    made |= {folder, *map(str, PurePosixPath(folder).parents)}


def _folders(simple) -> tuple[list[str], list[tuple]]:
    """The folders that a simple command makes, and those that must be there for it, each with the word that says so."""
    words = program(simple.words)
    name = PurePosixPath(words[0].value).name if words else ""
    options = [word.value for word in words[1:] if word.value.startswith("-")]
    paths = [word for word in words[1:] if not word.value.startswith("-")]
    short = "".join(option[1:] for option in options if not option.startswith("--"))
    creates, written = [], [*simple.targets]
    if name == "mkdir":
        creates = [_clean(word.value) for word in paths]
        written += [] if "p" in short or "--parents" in options else paths
    elif name == "install" and ("d" in short or "--directory" in options):
        creates = [_clean(word.value) for word in paths]
    elif name == "install" and "D" in short:
        creates = [_parent(paths[-1].value)] if paths else []
    elif name == "tee":
        written += paths
    elif name in ("cp", "mv", "install") and len(paths) > 1:
        written.append(paths[-1])
    absolute = [word for word in written if word.value.startswith("/") and not re.search(r"[$*?]", word.value)]
    return [folder for folder in creates if folder.startswith("/")], [(word, _parent(word.value)) for word in absolute]


def _clean(path: str) -> str:
    return str(PurePosixPath(path))


def _parent(path: str) -> str:
    """The folder that a file is written to: the path itself where it ends with a slash."""
    return _clean(path) if path.endswith("/") else str(PurePosixPath(path).parent)
