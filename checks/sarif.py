"""Findings as a SARIF 2.1.0 log, for viewers and for code scanning (OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0").

The sections that comments name are those of the standard.
"""

import hashlib
import json
import os
import re
from collections import Counter
from urllib.parse import quote

from checks.findings import CHECKS, Check, Finding, page

# What addresses of files are relative to, by its usual name.
_ROOT = "%SRCROOT%"
# The most that code scanning shows of a description, in characters (GitHub Docs, "SARIF support for code scanning").
_LONGEST = 1024


def log(findings: list[Finding], tree, status: int) -> str:
    """A log with one run, as JSON: what was found, the rules that say so, and how the run ended (`status` is its exit status)."""
    rules = sorted({finding.check for finding in findings})
    seen = Counter()
    run = {
        "tool": {
            "driver": {
                "name": "checks",
                **({"informationUri": f"{_site()}/checks/"} if _site() else {}),
                "rules": [_rule(CHECKS[name]) for name in rules],
            }
        },
        "invocations": [_invocation(tree, status)],
        "columnKind": "unicodeCodePoints",  # as `Place` counts; without it columns are in UTF-16 (§3.14.17)
        # Whoever reads the log knows where the files are; where they were in this run is nobody's business (§3.14.14).
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that the checks ran in"}}},
        "results": [_result(finding, rules.index(finding.check), tree, seen) for finding in findings],
    }
    address = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": address, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _rule(check: Check) -> dict:
    """What a check means: its statement, why, and how to mend what it finds (§3.49)."""
    paragraphs = [re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", each) for each in check.explanation]  # its links lead from page to page
    full, whole = (_message(each) for each in (" ".join(paragraphs[:2]), "\n\n".join(paragraphs)))
    rule = {
        "id": check.name,
        "shortDescription": {"text": _message(paragraphs[0])},
        "fullDescription": {"text": full if len(full) <= _LONGEST else full[: full.rindex(". ", 0, _LONGEST) + 1]},
        "help": {"text": whole, "markdown": whole},
    }
    return rule | ({"helpUri": f"{_site()}/{page(check.name)}"} if _site() else {})


def _site() -> str:
    """The address of the site, which whoever publishes it knows, as mkdocs.yml does; empty where nobody says it. No other address is whole (§3.49.12)."""
    site = os.environ.get("URL", "").removesuffix("/")
    return site if re.fullmatch(r"https?://[\w.:\[\]-]+(?:/[\w.~/-]*)?", site, re.A) else ""


def _invocation(tree, status: int) -> dict:
    """How the run ended, and what it had to leave out (§3.20). Findings are no failure of the tool."""
    level = "error" if status == 2 else "warning"
    left_out = [{"level": level, "message": {"text": _message(f"not run: {sentence}")}} for sentence in tree.not_run]
    invocation = {"executionSuccessful": status != 2, "exitCode": status}
    return invocation | ({"toolExecutionNotifications": left_out} if left_out else {})


def _result(finding: Finding, index: int, tree, seen: Counter) -> dict:
    """One finding (§3.27). `seen` counts those that nothing but their order tells apart."""
    place = finding.place
    key = hashlib.sha256(place.source.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]
    seen[place.path, finding.check, key] += 1
    end = min(place.column + place.width, len(place.source) + 1)
    region = {"startLine": place.line, "startColumn": place.column, "endLine": place.line, "endColumn": max(place.column, end)}
    return {
        "ruleId": finding.check,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": _message(finding.message)},
        "locations": [{"physicalLocation": {"artifactLocation": location(place.path, tree.root), "region": region}}],
        # The text of the line, so that a finding stays the same one when lines are added above it (§3.27.17); by the name that GitHub asks for.
        "partialFingerprints": {"primaryLocationLineHash": f"{key}:{seen[place.path, finding.check, key]}"},
    }


def location(path: str, root) -> dict:
    """Where a file is: relative to the tree, or as a whole address where it lies outside of it (§3.4). Each byte that is no plain character is escaped."""
    if path.startswith("/") or path.split("/")[0] == "..":
        return {"uri": "file://" + quote(os.fsencode(os.path.abspath(os.path.join(root, path))))}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}


def _message(text: str) -> str:
    """A text as a message string, in which braces stand for what is put in later unless they are doubled (§3.11.5); no lone surrogates."""
    return text.replace("{", "{{").replace("}", "}}").encode("utf-8", "replace").decode("utf-8")
