"""What varies by nature in the output of a program: named patterns, declared here and nowhere else.

An output in the guide is a real example, of one machine and one moment. Where a pattern matches in the shown line, the line
of a run has to match the same pattern; everything else is compared to the letter.

```python
from checks.patterns import PATTERNS, alike

print(", ".join(PATTERNS))
#> MAC address, UUID, time, process, interface, link-local address, version of systemd, build options of systemd
print(alike("-rw-r--r-- 1 root root 303 Nov 23 10:24 10-a.conf", "-rw-r--r-- 1 root root 303 Dec  1 07:00 10-a.conf"))
#> True
```
"""

import difflib
import re
from functools import cache

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

PATTERNS = {
    "MAC address": r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])",
    "UUID": r"(?<![0-9a-f-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f-])",
    "time": rf"\b{_MONTH} [ \d]\d (?:\d\d:\d\d(?::\d\d)?| \d{{4}})\b|\b\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?[+-]\d{{4}}| UTC|Z)*",
    "process": r"(?<=\w\[)\d+(?=\])|(?<=\bpid=)\d+",
    "interface": r"^\d+(?=: [\w@.-]+: <)|(?<=@if)\d+",
    "link-local address": r"\bfe80::[0-9a-f:]+",
    "version of systemd": r"(?<=^systemd )\d+ \([^()]+\)",
    "build options of systemd": r"^[+-][A-Z0-9_]+ .*\bdefault-hierarchy=\w+",
}
_ANY = re.compile("|".join(f"({pattern})" for pattern in PATTERNS.values()))


@cache
def shape(line: str) -> str:
    """A line with the name of the pattern in place of each part that varies."""
    return _ANY.sub(lambda match: f"\0{list(PATTERNS)[match.lastindex - 1]}\0", line.rstrip())


def alike(shown: str, real: str) -> bool:
    """Whether two lines differ in nothing but what varies by nature."""
    return shape(shown) == shape(real)


def changes(shown: list[str], real: list[str]) -> list[tuple[int, int, int, int]]:
    """What would have to change: lines `a` to `b` of `shown` for lines `c` to `d` of `real`, as (a, b, c, d), in order."""
    matcher = difflib.SequenceMatcher(None, [shape(line) for line in shown], [shape(line) for line in real], autojunk=False)
    return [(a, b, c, d) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal"]
