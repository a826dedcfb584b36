"""Findings as people and programs want them: text, JSON, GitHub annotations, SARIF, JUnit."""

import json
import os
import re
import unicodedata
from collections import defaultdict

from checks.findings import Finding, printable

# The longest source line that is shown whole, in characters.
_WINDOW = 240


def text(findings: list[Finding], tree) -> str:
    """`path:line:column: message [check]`, the source line, and a caret under the span."""
    blocks = []
    for finding in findings:
        place = finding.place
        lines = [f"{place}: {finding.message} [{finding.check}]"]
        if place.source.strip():
            lines += ["  " + line for line in _pointed(place)]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _pointed(place) -> tuple[str, str]:
    """The source line and, below it, carets under the span; of a line that fills no window only what stands around the span.

    Tabs stay tabs and wide characters count two columns, so that the carets stand right in a terminal.
    """
    start = max(0, place.column - 1 - _WINDOW // 2) if len(place.source) > _WINDOW else 0
    line = place.source[start : start + _WINDOW]
    before, span = line[: place.column - 1 - start], line[place.column - 1 - start :][: place.width]
    cut = ("…" if start else "", "…" if start + _WINDOW < len(place.source) else "")
    shown = "".join(char if char == "\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    blanks = "".join("\t" if char == "\t" else " " * _columns(char) for char in before)
    return cut[0] + shown + cut[1], " " * len(cut[0]) + blanks + "^" * max(1, sum(map(_columns, span)))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def json_(findings: list[Finding], tree) -> str:
    """One object: `findings`, what was `checked`, and the `verification` of each snippet."""
    from checks import verification

    report = json.dumps(
        {
            "findings": [
                {
                    "path": f.place.path,
                    "line": f.place.line,
                    "column": f.place.column,
                    "check": f.check,
                    "message": f.message,
                    "help": f.help,
                }
                for f in findings
            ],
            "checked": {"pages": len(tree.pages()), "snippets": len(tree.snippets())},
            "verification": verification.levels(tree),
        },
        ensure_ascii=False,
        indent=1,
    )
    return re.sub("[\ud800-\udfff]", lambda char: f"\\u{ord(char[0]):04x}", report)  # of a name that is no UTF-8


def github(findings: list[Finding], tree) -> str:
    """Annotations of a pull request on GitHub (see `checks.github`)."""
    from checks import github as workflow

    return workflow.commands(findings, tree)


def sarif(findings: list[Finding], tree) -> str:
    """A SARIF 2.1.0 log (see `checks.sarif`)."""
    from checks import sarif

    return sarif.log(findings, tree, status(findings, tree))


def junit(findings: list[Finding], tree) -> str:
    """JUnit XML (Jenkins xUnit plugin, `junit-10.xsd`), with a case for each snippet, each page, and what else findings are in.

    A page without findings is a case too, because one that comes and goes with its failure has no history. What a case found is in one
    failure, because readers of JUnit show one only. Skipped are snippets that nothing can check, and what could not be run.
    No time is said: a check reads many files at once, so none is the time of one file.
    """
    from xml.sax.saxutils import escape, quoteattr

    cases = _cases(findings, tree)
    counts = {"tests": len(cases)} | {name: sum(each[2] == kind for each in cases) for name, kind in _KINDS.items()}
    head = " ".join(f'{name}="{count}"' for name, count in counts.items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuite name="checks" {head}>']
    for group, name, kind, message, details in cases:
        inner = f"<{kind} message={quoteattr(_xml(message))}>{escape(_xml(details))}</{kind}>" if kind else ""
        lines.append(f" <testcase classname={quoteattr(_xml(group))} name={quoteattr(_xml(name))}>{inner}</testcase>")
    return "\n".join([*lines, "</testsuite>"])


# The attribute of a suite that counts an outcome → the element that a case has then.
_KINDS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _cases(findings: list[Finding], tree) -> list[tuple[str, str, str, str, str]]:
    """Group (folders, parted by dots), name, outcome ("": passed), message and details of each case."""
    from checks import verification

    found = defaultdict(list)
    for finding in findings:
        found[finding.place.path].append(finding)
    reasons = {each["path"]: each["reason"]["en"] for each in verification.levels(tree) if each["reason"]}
    reasons |= {place.path: message for place, message in tree.unreadable}
    names = {file.path for file in tree.files()} | {place.path for place, _ in tree.unreadable}
    cases = []
    for path in sorted({name for name in names if tree.wanted is None or name in tree.wanted} | set(found)):
        named = (".".join(filter(None, printable(path).split("/")[:-1])) or "checks", printable(path))
        if path in found:
            first = f"{found[path][0].message} [{found[path][0].check}]"
            more = len(found[path]) - 1
            cases.append((*named, "failure", first + f" (and {more} more)" * (more > 0), text(found[path], tree)))
        else:
            cases.append((*named, "skipped", reasons[path], "") if path in reasons else (*named, "", "", ""))
    return cases + [("not run", sentence, "skipped", sentence, "") for sentence in map(printable, tree.not_run)]


def _xml(value: str) -> str:
    """XML 1.0 has no form for most control characters, for surrogates and for two others; they become a visible stand-in."""
    return re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", value)


def status(findings: list[Finding], tree) -> int:
    """The exit status of a run that came to its end: 0 without findings, 1 with some, 2 where something could not be run and `CI` forbids that."""
    return 2 if tree.not_run and os.environ.get("CI") else 1 if findings else 0


FORMATS = {"text": text, "json": json_, "github": github, "sarif": sarif, "junit": junit}
