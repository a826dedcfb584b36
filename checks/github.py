"""Findings as annotations of a pull request on GitHub, and all of them in the summary of the step.

GitHub shows ten errors of a step and drops the others in silence, so the ten that matter most are printed, those on lines that the
pull request changes, and how many there are besides. Sources: GitHub Docs, "Workflow commands for GitHub Actions" (`error`, `notice`,
"Adding a job summary"); actions/toolkit, `packages/core/src/command.ts` (what is escaped); actions/runner, `ActionCommand.cs` (what is read back).
"""

import os
import re
import sys
from itertools import islice

from checks import changes
from checks.findings import Finding, printable

# What GitHub shows of a step, and what it takes as a summary, in bytes.
SHOWN = 10
LARGEST = 1024 * 1024


def commands(findings: list[Finding], tree) -> str:
    """Workflow commands, one a line: an `error` for each of the findings that GitHub would show, and a `notice` with the number of the others.

    Where `GITHUB_STEP_SUMMARY` names a file, all findings are added to it as a table; standard error says why that failed, if it did.
    """
    whole = bool(findings) and _summarize(findings)
    lines = [_error(finding) for finding in _first(findings, tree)]
    if more := len(findings) - len(lines):
        where = "the summary of this step lists" if whole else "`python -m checks` prints"
        text = f"{more} more finding{'s' * (more != 1)} without an annotation, because GitHub shows {SHOWN} of a step; {where} all {len(findings)}"
        lines.append(f"::notice title=checks::{_escaped(text)}")
    return "\n".join(lines)


def _first(findings: list[Finding], tree) -> list[Finding]:
    """The findings to annotate: those on changed lines first, otherwise in their order."""
    if len(findings) <= SHOWN:
        return findings
    changed = changes.lines(tree.root)
    first = list(islice((each for each in findings if each.place.line in changed(each.place.path)), SHOWN))
    return (first + [each for each in findings[: 2 * SHOWN] if each not in first])[:SHOWN]


def _error(finding: Finding) -> str:
    place = finding.place
    values = {"file": place.path, "line": place.line, "col": place.column, "title": finding.check}
    properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in values.items())
    return f"::error {properties}::{_escaped(finding.message)}"


def _escaped(value: str, also: str = "") -> str:
    """A value as a workflow command takes it; `also` names what ends a property."""
    for char in "%\r\n" + also:
        value = value.replace(char, f"%{ord(char):02X}")
    return value.encode("utf-8", "replace").decode("utf-8")


def _summarize(findings: list[Finding]) -> bool:
    """Add all findings to the summary of the step; whether they are there, all of them."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return False
    try:
        with open(path, "ab") as file:
            text, whole = summary(findings, LARGEST - file.tell())
            file.write(text.encode("utf-8"))
    except OSError as error:
        print(f"the summary of the step is not written: {error.strerror}", file=sys.stderr)
        return False
    return whole


def summary(findings: list[Finding], room: int) -> tuple[str, bool]:
    """A table of findings in GitHub's Markdown that takes at most `room` bytes of UTF-8, and whether it holds all of them; else it says how many not."""
    text = f"\n## checks: {len(findings)} finding{'s' * (len(findings) != 1)}\n\n| Place | Finding | Check |\n|---|---|---|\n"
    rows = [f"| {_cell(str(each.place))} | {_cell(each.message)} | {_cell(each.check)} |\n" for each in findings]
    if len((text + "".join(rows)).encode("utf-8")) <= room:
        return text + "".join(rows), True
    room -= len(text.encode("utf-8")) + len(_more(len(findings)).encode("utf-8"))
    if room < 0:
        return "", False
    shown = 0
    while (room := room - len(rows[shown].encode("utf-8"))) >= 0:
        shown += 1
    return text + "".join(rows[:shown]) + _more(len(findings) - shown), False


def _more(number: int) -> str:
    return f"\n… and {number} more, which this summary has no room for; `python -m checks` prints them\n"


def _cell(value: str) -> str:
    """A text as the cell of a table shows it as it is, on one line: what could be mark-up or HTML stands there by its number."""
    return re.sub(r"[\\`*_{}\[\]()#!|~<>&]", lambda char: f"&#{ord(char[0])};", printable(value).replace("\t", " "))
