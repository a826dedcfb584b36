"""Findings as people and programs want them: text, JSON, GitHub annotations, SARIF, JUnit."""

import json
import unicodedata
from collections import defaultdict
from xml.sax.saxutils import quoteattr

from checks.findings import CHECKS, Finding

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

    return json.dumps(
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


def github(findings: list[Finding], tree) -> str:
    """One workflow command a finding (GitHub: "Workflow commands for GitHub Actions", `error`)."""

    def escaped(value: str, also: str = "") -> str:
        for char in "%\r\n" + also:
            value = value.replace(char, f"%{ord(char):02X}")
        return value

    return "\n".join(
        f"::error file={escaped(f.place.path, ':,')},line={f.place.line},col={f.place.column},title={f.check}::{escaped(f.message)}"
        for f in findings
    )


def sarif(findings: list[Finding], tree) -> str:
    """A SARIF 2.1.0 log with one run (OASIS, "Static Analysis Results Interchange Format Version 2.1.0")."""
    used = sorted({f.check for f in findings})
    rules = [{"id": name, "shortDescription": {"text": CHECKS[name].statement}} for name in used]
    results = [
        {
            "ruleId": f.check,
            "level": "error",
            "message": {"text": f.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": f.place.path},
                        "region": {"startLine": f.place.line, "startColumn": f.place.column, "endColumn": f.place.column + f.place.width},
                    }
                }
            ],
        }
        for f in findings
    ]
    run = {"tool": {"driver": {"name": "checks", "rules": rules}}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1
    )


def junit(findings: list[Finding], tree) -> str:
    """JUnit XML with one case a file; a file with findings is one failed case that lists them."""
    by_path = defaultdict(list)
    for finding in findings:
        by_path[finding.place.path].append(finding)
    names = sorted({file.path for file in tree.files()} | set(by_path))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuite name="checks" tests="{len(names)}" failures="{len(by_path)}">']
    for name in names:
        lines.append(f' <testcase classname="checks" name={quoteattr(_xml(name))}>')
        if by_path[name]:
            message = "\n".join(f"{f.place}: {f.message} [{f.check}]" for f in by_path[name])
            lines.append(f"  <failure message={quoteattr(_xml(message))}/>")
        lines.append(" </testcase>")
    return "\n".join([*lines, "</testsuite>"])


def _xml(value: str) -> str:
    """XML 1.0 has no form for most control characters; they become a visible stand-in."""
    return "".join(char if char in "\t\n" or char >= " " else "\N{REPLACEMENT CHARACTER}" for char in value)


FORMATS = {"text": text, "json": json_, "github": github, "sarif": sarif, "junit": junit}
