"""Which checks there are, without importing them: their names and statements, as their sources have them.

```python
from checks.contents import statements

print(statements()["cni_is_json"])
#> A network configuration is JSON, as strict as the plugins read it.
```
"""

import os
import re

# The modules that hold checks, in the order in which a reader would look for trouble.
MODULES = (
    "files", "fences", "cni", "attachments", "pods", "annotations", "containers", "values", "volumes", "stages", "flags", "variables", "tables", "transcripts", "commands", "units", "runs", "diagrams", "translations", "links", "built",
    "verification",
)  # fmt: skip

_CHECK = re.compile(r'^@check\([^)]*\)\ndef (?P<name>\w+)\([^)]*\):\n    r?"""(?P<statement>[^\n]*?)(?:""")?$', re.M)


def statements() -> dict[str, str]:
    """The first line of each check's docstring, by the check's name, in the order of the register (`checks.findings.load`)."""
    found = {}
    for module in MODULES:
        with open(os.path.join(os.path.dirname(__file__), f"{module}.py"), encoding="utf-8") as source:
            found |= {match["name"]: match["statement"] for match in _CHECK.finditer(source.read())}
    return found
