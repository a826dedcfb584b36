"""The variables that the start scripts of Kubernetes read: which script reads which, and with what values.

```python
from checks.variables import fault_of_variable

print(fault_of_variable("CONTAINER_RUNTIME", "rocket"))
#> CONTAINER_RUNTIME is rocket; write docker or rkt
```
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from checks import arguments, literals, names, releases, schemas
from checks.facts import load
from checks.findings import check
from checks.shell import Word, placed_commands
from checks.tree import once

# The scripts, each with the table that holds its variables.
SCRIPTS = {"hack/local-up-cluster.sh": "local-up-cluster", "cluster/kube-up.sh": "gce"}
# What the facts say of values in words, and the type that is meant.
_KINDS = {
    "integer": "int", "integer tries": "int", "port": "port", "IP": "ip", "float": "float64", "duration": "duration",
    "rkt version without v": "version", "name=domain": "key=value",
}  # fmt: skip
_SWITCH = "any non-empty value = on"
_OFF = ("false", "0", "no", "off", "n", "f")


@check()
def exported_variable_is_read_by_its_script(tree):
    """A variable that a transcript sets for a script is one that this script reads, with a value that it knows.

    `hack/local-up-cluster.sh` reads `CONTAINER_RUNTIME`, the scripts for GCE read `KUBE_CONTAINER_RUNTIME`. The
    wrong one of the two does nothing, and no program complains. Looked at are lines with `export`, and what is set in front
    of a script on its own line. A variable that is set alone, without `export`, does not reach the script. A transcript that
    names neither script may export a variable of either; one that it uses itself is its own.

    Source: `checks/facts/env-vars.json`.
    """
    for file in tree.snippets("shell"):
        scripts = [script for script in SCRIPTS if re.search(rf"^[$>] .*{re.escape(script)}", file.text, re.M)]
        found = list(assignments(file.text))
        used = used_in(file)
        exported = {word.value.partition("=")[0] for form, word in found if form == "export"}
        for form, word in found:
            name, _, value = word.value.partition("=")
            start = word.start + file.text[word.start : word.end].find(name)
            if (form != "export" and not scripts) or name == "PATH" or name in used:
                continue
            read = {each["name"] for script in scripts or SCRIPTS for each in of_script(script)}
            if name not in names.variables() and (form == "export" or not is_nearly_one_of(name, read)):
                continue  # exported, it is a finding of `name_is_in_the_facts`; before a script it may be for a program that this runs
            if name not in read:
                reads = f"{scripts[0]} reads no" if len(scripts) == 1 else f"neither {' nor '.join(SCRIPTS)} reads a"
                yield file.place(start, start + len(name)), f"{reads} variable {name}{schemas.nearest(name, read)}"
            elif form == "alone" and name not in exported:
                yield file.place(start, start + len(name)), f"{name} does not reach the script; write export {name}"
            elif "=" in word.value and (message := fault_of_variable(name, value, scripts)):
                yield file.place(*arguments.span(file.text, word, value, last=True)), message


@once
def used_in(file) -> set[str]:
    """The variables that a transcript uses itself."""
    return set(re.findall(r"\$\{?(\w+)", file.text))


def is_nearly_one_of(name: str, known: Iterable[str]) -> bool:
    """Whether a name that nobody knows is so like a known one that it is a misspelling of that rather than the name of something else."""
    return bool(difflib.get_close_matches(name[:60], list(known), 1, 0.85))


def of_script(script: str) -> list[dict]:
    """The facts of each variable that a script reads."""
    return [each for each in load("env-vars")["variables"] if SCRIPTS[script] == each["table"] or script == each["script"]]


def fault_of_variable(name: str, value: str, scripts: Sequence[str] = (), *, surely: bool = False) -> str:
    """What is wrong with the value of a variable, for one of the scripts (all of them when empty); nothing where one takes it.

    With `surely`, nothing is said of values that other settings may make right, nor of a switch that its value turns on though it says off,
    since a text may speak of just that.
    """
    if not value or "$" in value:
        return ""  # the scripts take their default for an empty one
    known = [each for script in scripts or SCRIPTS for each in of_script(script) if each["name"] == name]
    faults = [_fault(each["values"], name, value, surely) for each in known]
    return f"{name} is {schemas.shown(value)}; {faults[0]}" if faults and all(faults) else ""


def _fault(kind: str | list, name: str, value: str, surely: bool) -> str:
    if isinstance(kind, list):
        return "" if "..." in kind else literals.one_of(value, kind)
    if kind == _SWITCH and value in _OFF:
        return "" if surely else f"any value that is not empty turns it on; leave it out, or write {name}="
    if "stage1 image" in kind.lower():
        flag = releases.kubelet_flags(releases.RELEASE)["rkt-stage1-image"]
        return arguments.fault_of_value(value, flag, surely=surely)
    return literals.wanted(value, _KINDS[kind]) if kind in _KINDS else ""


def assignments(text: str) -> Iterator[tuple[str, Word]]:
    """The variables that a transcript sets, each as `NAME=value` in its file, and how: `export`, `prefix` (of a script) or `alone`."""
    for simple in placed_commands(text):
        words = simple.words
        if words and words[0].value == "export":
            yield from (("export", word) for word in words[1:] if not word.value.startswith("-"))
            continue
        rest = next((at for at, word in enumerate(words) if word.value.endswith(tuple(SCRIPTS))), None)
        assigned = [word for word in words[:rest] if re.match(r"[A-Za-z_]\w*=", word.value)]
        if rest is not None or len(assigned) == len(words):  # in front of another program they are for that
            yield from (("alone" if rest is None else "prefix", word) for word in assigned)
