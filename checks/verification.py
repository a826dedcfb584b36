"""How each snippet is verified: the record that the site shows to readers.

```python
from pathlib import Path

from checks.tree import Tree
from checks.verification import levels

record = levels(Tree(Path(".")))
print(next(entry["level"] for entry in record if entry["path"] == "snippets/cni/10-k8s-bridge.conf"))
#> validated
```
"""

import hashlib
import json
import os
from pathlib import Path

from checks import recordings
from checks.facts import load
from checks.findings import check
from checks.shell import commands

# What the checks of a kind compare with. A kind that is not named here is judged by no check.
VALIDATED_WITH = {
    "cni": "jsonschema; rules confirmed by CNI plugins 0.3.0, 0.9.0, 1.1.1",
    "env": "facts of flannel",
    "pods": "jsonschema; Pod API of Kubernetes 1.3 and of a current release",
    "units": "facts of systemd 219 and 252, rkt 1.13.0 and 1.30.0",
    "shell": "bash, shellcheck; facts of rkt 1.13.0 and 1.30.0, kubelet 1.3",
    "flags": "facts of kubelet, rkt, CNI and the start scripts",
    "diagrams": "XML; names in the facts",
}


def levels(tree) -> list[dict]:
    """The entry of each snippet, in the order of their paths.

    `path`, `sha256` of the bytes, `level` (`recorded`, `validated`, `excused`; None where there is none), `with` (component and
    version), `date` (of the recording, as `YYYY-MM-DD`), `reason` (of an excuse). A level says what the checks compare a
    snippet with; it is worth something when they have found nothing.
    """
    return [_entry(snippet) for snippet in sorted(tree.snippets(), key=lambda each: each.path)]


def _entry(snippet) -> dict:
    reason = load("excused")["snippets"].get(snippet.path)
    level, compared, date = ("excused", None, None) if reason else _judged(snippet)
    digest = hashlib.sha256(snippet.text.encode("utf-8")).hexdigest()
    return {"path": snippet.path, "sha256": digest, "level": level, "with": compared, "date": date, "reason": reason}


def _judged(snippet) -> tuple[str | None, str | None, str | None]:
    """The level of a snippet that needs no excuse, what it was compared with, and the day of its recording."""
    shown = [command for command in commands(snippet.text) if command.output.strip()] if snippet.kind == "shell" else []
    if not shown:
        compared = VALIDATED_WITH.get(snippet.kind)
        return ("validated" if compared else None), compared, None
    found = [recordings.matching(command.text, command.output) for command in shown]
    if not all(found):
        return None, None, None
    sources = [recordings.index()[each.file] for same in found for each in same]
    programs = sorted({f"{name} {version}" for source in sources for name, version in source["programs"].items()})
    return "recorded", ", ".join(programs), max(source["day"] for source in sources)


def write(tree, path: Path) -> None:
    """Write the record of a tree as JSON, all of it or nothing."""
    text = json.dumps(levels(tree), ensure_ascii=False, indent=1) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, "utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@check()
def snippet_has_a_level(tree):
    """Every snippet has a level of verification: recorded, validated, or excused with a reason.

    A snippet is `recorded` when all output in it was recorded from the real program, and `validated` when the
    checks of its kind compare it with a schema or with facts. What no check can judge is `excused` in
    `checks/facts/excused.json`, with a reason that readers see. A snippet with none of these would be shown as if
    somebody had looked at it. Correct its output, move it into the folder of its kind, write a check for its kind,
    or excuse it.
    """
    for snippet in tree.snippets():
        if _entry(snippet)["level"] is None:
            missing = "an output in it was never recorded" if snippet.kind == "shell" else "no check judges this kind of file"
            yield snippet.place(0), f"has no level of verification: {missing}"
