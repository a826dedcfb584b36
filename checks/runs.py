"""Checks that run transcripts in the lab, and hold the list of what nothing can judge."""

import json
from collections.abc import Iterator

from checks import lab, programs
from checks.findings import check
from checks.patterns import changes
from checks.recordings import matching
from checks.sessions import Session, absent, can_run, components, lacking, leading, run
from checks.shell import commands

EXCUSED = "checks/facts/excused.json"
_WORKERS = 2
_LONGEST = 160


@check(needs="lab")
def transcript_runs_as_shown(tree):
    """The commands of a transcript, run one after the other in one shell, succeed and print what is shown.

    The real programs run them in the lab, exactly as printed. The node is as the guide assumes it: a snippet that a command
    names has been downloaded, the journal holds what was recorded, a bridge that is named has a pod. The run ends above
    the first command that cannot be run: `rkt`, `kubelet`, `kubectl`, and whatever asks a running systemd, a cluster,
    a checkout or another machine. A transcript without such a command has the level `ran`.

    An output is compared line by line. What varies by nature (times, UUIDs, MAC addresses) is compared by the patterns in
    `checks/patterns.py`: the page shows an example, and the run has to print something of the same form. A command that is
    shown without output may print anything.

    Each command has to succeed. One that is meant to fail has the command `echo $?` below it, with the status as output:
    this is what a reader would type, and the run compares it like any output.

    Mend the command. Where only the output has changed, `python -m checks --update FILE` rewrites the lines that do not
    agree. `python -m checks --shell FILE` opens a shell in the lab where the transcript ends.
    """
    for file, session in sessions(tree):
        yield from problems(file, session)
        if can_run(file.text):
            tree.ran[file.path] = components(file.text)


def sessions(tree) -> Iterator[tuple]:
    """Each transcript that can be run, or the start of which can, with what came of it; what could not be run is reported."""
    files = [file for file in tree.to_run("shell") if leading(file.text)]
    if files and (reason := lab.unavailable()):
        tree.not_run.append(f"transcripts: {reason}")
        return
    lacked = {file: lacking(tree, file.text) for file in files}
    for file, program in lacked.items():
        if program:
            programs.missing(tree, program, file.path)
    able = [file for file, program in lacked.items() if not program]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_WORKERS) as workers:
        yield from zip(able, workers.map(lambda file: run(tree, file.text), able), strict=True)


def problems(file, session: Session) -> Iterator:
    """What is wrong with a transcript, going by a run of its commands."""
    typed = commands(file.text)
    for number, step in enumerate(session.steps):
        if step.status and not _shows_status(typed[number + 1 : number + 2]):
            said = _said(typed[number].output, step.output)
            how = "a command succeeds, or `echo $?` below it shows its status"
            yield _command(file, typed[number]), f"ends with status {step.status}{said}; {how}"
        yield from _output(file, typed[number], step.output)
    last = typed[min(len(session.steps), len(leading(file.text)) - 1)]
    if session.stopped:
        yield _command(file, last), session.stopped
    elif session.left is not None:
        said = _said("", session.rest)
        yield _command(file, last), f"ends the shell, with status {session.left}{said}, so that nothing below it is run"


def _shows_status(following: list) -> bool:
    """Whether a command is followed by one that shows its status, and by the status."""
    return any(command.text.strip() == "echo $?" and command.output.strip() for command in following)


def _command(file, command):
    return file.place(command.start, command.spans[0][1])


def _said(shown: str, output: str) -> str:
    """The last words of a command, in brackets; nothing where they are shown, and so compared."""
    return f" (`{_cut(lines(output)[-1])}`)" if lines(output) and not lines(shown) else ""


def _output(file, command, output: str) -> Iterator:
    """The first line of an output that is not what the run printed."""
    shown, real = lines(command.output), lines(output)
    found = changes(shown, real) if shown else []
    if not found:
        return
    a, b, c, d = found[0]
    at = min(a, len(shown) - 1)
    start = command.output_start + sum(len(line) + 1 for line in shown[:at])
    place = file.place(start, start + max(1, len(shown[at])))
    how = f"`python -m checks --update {file.path}` rewrites it"
    if a == b:
        yield place, f"{'above' if at == a else 'below'} this line the run printed `{_cut(real[c])}`, which is not shown; {how}"
    elif c == d:
        yield place, f"shown is `{_cut(shown[a])}`, which the run did not print; {how}"
    else:
        yield place, f"shown is `{_cut(shown[a])}`, but the run printed `{_cut(real[c])}`; {how}"


def lines(output: str) -> list[str]:
    """The lines of an output; empty ones at the end do not count."""
    return output.rstrip().split("\n") if output.strip() else []


def _cut(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


@check(whole=True)
def excuse_is_needed(tree):
    """A snippet is excused only where nothing can judge it, and with a reason in both languages.

    `checks/facts/excused.json` names the snippets that are neither run nor recorded nor compared with the facts, each with
    the reason that readers see (`en` and `zh`). An excuse is wrong for a snippet that does not exist, that can be run to
    its end, whose output was recorded, or whose commands are compared with the facts: it would hide that the snippet is
    verified. Delete the excuse, or correct the path.
    """
    snippets = {file.path: file for file in tree.snippets()}
    file = tree.file(EXCUSED)
    if file is None:
        return
    try:
        excuses = json.loads(file.text)["snippets"]
        listed = {path: (reason.get("en"), reason.get("zh")) for path, reason in excuses.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        yield file.place(0), 'is not what it has to be: {"snippets": {PATH: {"en": REASON, "zh": REASON}}} in JSON'
        return
    for path, reasons in listed.items():
        start = file.text.find(json.dumps(path))
        words = _needless(snippets.get(path)) or ("" if all(reasons) else "has no reason in both languages, `en` and `zh`")
        if words:
            yield file.place(start + 1, start + 1 + len(path)), f"{path} {words}"


def _needless(snippet) -> str:
    """Why a snippet needs no excuse; empty where it needs one."""
    if snippet is None:
        return "is no snippet; delete the excuse"
    if snippet.kind != "shell":
        return "is judged by the checks of its kind; delete the excuse"
    if can_run(snippet.text):
        return "can be run in the lab; delete the excuse"
    typed = commands(snippet.text)
    shown = [command for command in typed if command.output.strip()]
    if shown and all(matching(command.text, command.output) for command in shown):
        return "shows recorded output; delete the excuse"
    cannot = {name for command in typed for name in absent(command)}
    return "is compared with the facts; delete the excuse" if cannot <= {"rkt", "kubelet"} else ""
